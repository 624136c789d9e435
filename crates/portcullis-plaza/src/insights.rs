//! Metrics of users, posts and stories: figures that are made up, but stay the same.
//!
//! Must not know who may see them.

use serde_json::{Value, json};

use crate::cdn;
use crate::clock;
use crate::error::{Answer, GraphError};
use crate::model::Node;
use crate::render::{EdgeAsk, Render};

const USER: &[&str] = &[
    "reach",
    "impressions",
    "views",
    "profile_views",
    "follower_count",
    "website_clicks",
    "accounts_engaged",
    "total_interactions",
    "likes",
    "comments",
    "shares",
    "saves",
    "audience_city",
    "audience_country",
    "online_followers",
];
const MEDIA: &[&str] = &[
    "reach",
    "impressions",
    "views",
    "plays",
    "likes",
    "comments",
    "saved",
    "shares",
    "engagement",
    "total_interactions",
    "video_views",
];
const STORY: &[&str] = &[
    "reach",
    "impressions",
    "views",
    "replies",
    "exits",
    "taps_forward",
    "taps_back",
    "navigation",
    "follows",
    "shares",
    "total_interactions",
];
const PERIODS: &[&str] = &["day", "week", "days_28", "month", "lifetime"];
const DAY: i64 = 86_400;
/// The longest span of days in one answer.
const DAYS_MAX: i64 = 30;

/// `{data, paging}` of the metrics asked for.
///
/// # Errors
/// No metric, an unknown one, or an unknown period.
pub(crate) fn page(render: &Render<'_>, node: &Node, ask: &EdgeAsk<'_>) -> Answer<Value> {
    let known = match node {
        Node::User(_) => USER,
        Node::Story(_) => STORY,
        _ => MEDIA,
    };
    let default = if matches!(node, Node::User(_)) { "day" } else { "lifetime" };
    let period = ask.period.unwrap_or(default);
    if !PERIODS.contains(&period) {
        return Err(GraphError::parameter(format!(
            "period must be one of the following values: {}",
            PERIODS.join(", ")
        )));
    }
    let need = || GraphError::parameter("The parameter metric is required");
    let metrics = ask.metric.filter(|m| !m.is_empty()).ok_or_else(need)?;
    let span = Span::of(ask, render.now, period);
    let mut data = Vec::new();
    for (at, metric) in metrics.split(',').map(str::trim).enumerate() {
        if !known.contains(&metric) {
            let list = known.join(", ");
            return Err(GraphError::parameter(format!(
                "metric[{at}] must be one of the following values: {list}"
            )));
        }
        data.push(row(node, metric, period, &span));
    }
    let mut page = json!({ "data": data });
    if period == "day"
        && let Some(page) = page.as_object_mut()
    {
        page.insert("paging".into(), paging(render, node, metrics, &span));
    }
    Ok(page)
}

struct Span {
    since: i64,
    until: i64,
}

impl Span {
    fn of(ask: &EdgeAsk<'_>, now: i64, period: &str) -> Self {
        let (since, until) = ask.window.since_until();
        let until = until.unwrap_or(now - now.rem_euclid(DAY));
        let days = if period == "day" { 2 } else { 1 };
        let since = since.unwrap_or(until.saturating_sub(days * DAY));
        Self { since: since.max(until.saturating_sub(DAYS_MAX * DAY)), until }
    }
}

fn row(node: &Node, metric: &str, period: &str, span: &Span) -> Value {
    let id = node.id();
    let mut values = Vec::new();
    if period == "day" {
        let mut end = span.since.saturating_add(DAY);
        while end <= span.until {
            let value = cdn::number(&format!("{id}/{metric}/{}", end / DAY)) % 2_000;
            values.push(json!({ "value": value, "end_time": clock::text(end) }));
            end += DAY;
        }
    } else {
        let value = cdn::number(&format!("{id}/{metric}/{period}")) % 50_000;
        values.push(json!({ "value": value, "end_time": clock::text(span.until) }));
    }
    json!({
        "name": metric,
        "period": period,
        "title": metric.replace('_', " "),
        "description": format!("The {} of this {}", metric.replace('_', " "), node.kind().name().to_lowercase()),
        "values": values,
        "id": format!("{id}/insights/{metric}/{period}"),
    })
}

fn paging(render: &Render<'_>, node: &Node, metrics: &str, span: &Span) -> Value {
    let length = span.until.saturating_sub(span.since);
    let link = |since: i64, until: i64| {
        let path = format!("{}/insights", node.id());
        let (since, until) = (since.to_string(), until.to_string());
        let more = [("metric", metrics), ("period", "day"), ("since", &since), ("until", &until)];
        render.linker.link(&path, &[], &more)
    };
    json!({
        "previous": link(span.since.saturating_sub(length), span.since),
        "next": link(span.until, span.until.saturating_add(length)),
    })
}
