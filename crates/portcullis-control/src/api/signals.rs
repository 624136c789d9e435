//! Signals: watches that hit, newest first.
//!
//! Must not know how a signal is measured.

use axum::Json;
use axum::extract::State;
use portcullis_registry::{Event, LoggedEvent, SignalAction};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Ctx, before, limit, partners, refused};
use crate::extract::Params;
use crate::problem::{Document, Problem};
use crate::views::Page;

/// Which signals.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Only of this partner.
    partner: Option<String>,
    /// Only of this watch, with its tier: `newsroom/places-in-order`.
    rule: Option<String>,
    /// The `next` of the part before.
    after: Option<String>,
    /// At most this many, 1 to 1000; 100 when absent.
    limit: Option<usize>,
}

/// A watch that hit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SignalView {
    /// Its event.
    revision: u64,
    /// When, RFC 3339.
    ts: String,
    /// Whose calls.
    partner: String,
    /// The key it was seen with; null where it was no single one.
    key: Option<String>,
    /// The other partner, where two are compared.
    with: Option<String>,
    /// The watch, with its tier.
    rule: String,
    /// Which signal.
    signal: String,
    /// What was measured: figures, and never a target or an account.
    evidence: String,
    /// What is allowed of it; null of signals of earlier versions.
    limit: Option<String>,
    /// How far back it was counted, such as `7d`; null of signals of earlier versions.
    window: Option<String>,
    /// What the rule wants: `flag`, `open_case`, `restrict`, `hold`; nothing where it is in shadow.
    then: Vec<&'static str>,
    /// What of it was not done by the gate and waits for a person.
    wanted: Vec<&'static str>,
    /// Whether it put the partner on hold.
    held: bool,
    /// Why it did not, where the rule wants it: `observed`, `held_already` or `capped`.
    not_held: Option<&'static str>,
    /// The case that it opened, or belongs to, where its rule wants one.
    case: Option<String>,
}

impl SignalView {
    fn new(logged: LoggedEvent) -> Option<Self> {
        let Event::SignalRaised {
            partner,
            key,
            with,
            rule,
            signal,
            evidence,
            limit,
            window,
            then,
            wanted,
            not_held,
            case,
        } = logged.event
        else {
            return None;
        };
        let names = |list: &[SignalAction]| list.iter().map(|action| action.name()).collect();
        Some(Self {
            revision: logged.revision.0,
            ts: logged.ts,
            partner: partner.to_string(),
            key: key.map(|key| key.to_string()),
            with: with.map(|with| with.to_string()),
            rule,
            signal,
            evidence,
            limit,
            window: window.map(|window| window.to_string()),
            held: then.contains(&SignalAction::Hold) && not_held.is_none(),
            then: names(&then),
            wanted: names(&wanted),
            not_held: not_held.map(portcullis_registry::NotHeld::name),
            case,
        })
    }
}

/// Signals, newest first
#[utoipa::path(get, path = "/v1/signals", tag = "signals", security(("admin_token" = [])),
    params(Which),
    responses((status = 200, body = Page<SignalView>), (status = "4XX", body = Document)))]
pub(crate) async fn list(
    State(shared): Ctx,
    Params(which): Params<Which>,
) -> Result<Json<Page<SignalView>>, Problem> {
    let count = limit(which.limit)?;
    let partner = which.partner.map(|id| partners::position(&shared, &id)).transpose()?;
    let before = before(which.after.as_deref())?;
    let found = {
        let snapshot = shared.control.office.snapshot();
        let signals = snapshot.signals();
        let marks = signals.newest(before).filter(|mark| {
            partner.is_none_or(|partner| partner == mark.partner)
                && which.rule.as_deref().is_none_or(|rule| signals.rule(*mark) == Some(rule))
        });
        marks.map(|mark| mark.revision).take(count + 1).collect::<Vec<_>>()
    };
    let mut data = Vec::with_capacity(found.len().min(count));
    for revision in found.iter().take(count) {
        let event = shared.control.office.event(*revision).await.map_err(refused)?;
        data.extend(SignalView::new(event));
    }
    let last = found.get(count.saturating_sub(1)).filter(|_| found.len() > count);
    Ok(Json(Page { data, next: last.map(|revision| revision.0.to_string()) }))
}
