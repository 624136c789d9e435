//! What a change would do, told before it is done: who is touched, what goes on, what the partner
//! would read, and what the change does not stop.
//!
//! Only what is known is told; what is not is said to be unknown. Must not know how calls are served.

mod left;
mod plane;
mod touched;

use std::collections::BTreeMap;
use std::sync::Arc;

use portcullis_registry::{Done, Foreseen, Snapshot, SubjectId, UsageBook};
use portcullis_types::{KeyIx, Notice, Wall};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::api::aside;
use crate::api::usage::Tally;
use crate::problem::Problem;
use crate::router::Shared;
use crate::views::{Change, StandingView, standing_word};
use left::NotStopped;
pub use plane::{Left, Plane, UnderWay};
use touched::{Touched, keys_of};

/// How far calls are looked back at.
const DAY: u64 = 24 * 3_600_000;

/// What a change would do.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Preview {
    /// Who would stand otherwise, and how; where nobody would, all but the notices is empty.
    steps: Vec<Step>,
    /// The keys of which something would change.
    keys: Touched,
    /// The clients of those keys, and those that are concerned themselves.
    clients: Touched,
    /// Their calls of the last 24 hours.
    calls: LastDay,
    /// Their calls under way at this moment; null: not known.
    under_way: Option<Moving>,
    /// What stays open, in words.
    open: String,
    /// The continuity classes that stay open although their kind of call is closed.
    continuity: Vec<String>,
    /// What would be told to whom.
    notices: Vec<NoticeAhead>,
    /// What a narrowing does not stop; empty where nothing is taken away.
    not_stopped: Vec<NotStopped>,
}

/// How somebody would stand.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct Step {
    /// Whom it concerns, such as `partner:acme`.
    subject: String,
    /// How it stands.
    from: &'static str,
    /// How it would stand.
    to: &'static str,
    /// What would be closed, in words.
    closed: String,
    /// What is closed and which clocks would run; null where nothing is, and for keys.
    standing: Option<StandingView>,
}

/// Calls of 24 hours.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
struct LastDay {
    /// From when on, RFC 3339; whole hours are counted.
    from: String,
    /// All of them.
    total: Tally,
    /// By class, those with most calls first.
    classes: Vec<ClassCalls>,
}

/// Calls of one class.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct ClassCalls {
    /// The class; null for calls that did not get that far.
    class: Option<String>,
    /// What became of them.
    #[serde(flatten)]
    tally: Tally,
}

/// Calls at this moment.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
struct Moving {
    /// Reads: sent to the platform or being answered. Those that would be closed are cut.
    reads: u64,
    /// Writes: they finish whatever is closed.
    writes: u64,
}

/// What somebody would be told.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct NoticeAhead {
    /// The partner.
    partner: String,
    /// What happened: the event's name.
    r#type: String,
    /// What it would read.
    #[schema(value_type = Object)]
    change: Value,
    /// The statement of reasons as it would read it.
    #[schema(value_type = Option<Object>)]
    statement: Option<Value>,
}

/// The answer to a change; with a preview, where it was only looked at.
pub(crate) async fn shown(shared: &Shared, mut done: Done) -> Result<Change, Problem> {
    let Some(foreseen) = done.foreseen.take() else { return Ok(Change::from(done)) };
    let change = Change::only_shown(done);
    if foreseen.events.is_empty() {
        return Ok(change);
    }
    let look = Look {
        now: shared.control.office.snapshot(),
        usage: Arc::clone(&shared.control.usage),
        plane: shared.control.settings.plane.clone(),
    };
    let preview = aside(move || look.preview(&foreseen)).await?;
    Ok(Change { preview: Some(Box::new(preview)), ..change })
}

/// What is looked at.
struct Look {
    now: Arc<Snapshot>,
    usage: Arc<UsageBook>,
    plane: Option<Arc<dyn Plane>>,
}

impl Look {
    fn preview(&self, foreseen: &Foreseen) -> Preview {
        let after = foreseen.after(&self.now);
        let subjects = foreseen.subjects();
        let steps = subjects.iter().filter_map(|subject| self.step(subject, &after, foreseen.at));
        let steps: Vec<Step> = steps.collect();
        let keys = keys_of(&subjects, &self.now);
        let touched: Vec<KeyIx> = keys
            .iter()
            .copied()
            .filter(|key| self.now.standing(*key, foreseen.at) != after.standing(*key, foreseen.at))
            .collect();
        let under_way = self.plane.as_ref().and_then(|plane| plane.under_way(&touched));
        let (open, continuity) = self.open(&subjects, &after);
        let not_stopped = if foreseen.takes_away() {
            let left = self.plane.as_ref().map(|plane| plane.left(&touched));
            left::not_stopped(left, under_way, foreseen.at)
        } else {
            Vec::new()
        };
        Preview {
            steps,
            calls: self.calls(&touched, foreseen.at),
            keys: Touched::keys(&touched, &self.now),
            clients: Touched::clients(&touched, &subjects, &self.now),
            under_way: under_way.map(|calls| Moving { reads: calls.reads, writes: calls.writes }),
            open,
            continuity,
            notices: notices(foreseen, &self.now),
            not_stopped,
        }
    }

    fn step(&self, subject: &SubjectId, after: &Snapshot, at: Wall) -> Option<Step> {
        let ix = self.now.subject_ix(subject)?;
        let taken = after.taken(ix);
        Some(Step {
            subject: subject.named(),
            from: standing_word(&self.now, ix, at),
            to: standing_word(after, ix, at),
            closed: taken.map_or_else(|| "nothing".to_owned(), |it| it.closes.to_string()),
            standing: after.course(ix).map(StandingView::from),
        })
    }

    /// What stays open of all those, in words, and the continuity classes among it.
    fn open(&self, subjects: &[SubjectId], after: &Snapshot) -> (String, Vec<String>) {
        let found = subjects.iter().filter_map(|subject| after.subject_ix(subject));
        let notices: Vec<&Notice> = found.filter_map(|at| after.taken(at)).collect();
        let all = self.plane.as_ref().map(|plane| plane.continuity()).unwrap_or_default();
        touched::open(&notices, all, subjects)
    }

    fn calls(&self, keys: &[KeyIx], now: Wall) -> LastDay {
        let from = Wall(now.0.saturating_sub(DAY));
        let mut total = Tally::default();
        let mut classes: BTreeMap<Option<String>, Tally> = BTreeMap::new();
        self.usage.read(from, now, |row| {
            if keys.binary_search(&row.key).is_ok() {
                total.add(&row);
                classes.entry(row.class.map(str::to_owned)).or_default().add(&row);
            }
        });
        let each = classes.into_iter().map(|(class, tally)| ClassCalls { class, tally });
        let mut classes: Vec<ClassCalls> = each.collect();
        classes.sort_by_key(|of| std::cmp::Reverse(of.tally.calls()));
        LastDay { from: from.rfc3339(), total, classes }
    }
}

fn notices(foreseen: &Foreseen, now: &Snapshot) -> Vec<NoticeAhead> {
    let told = foreseen.notices(now).into_iter().map(|(notice, statement)| NoticeAhead {
        partner: notice.partner.to_string(),
        r#type: notice.kind,
        change: notice.body.pointer("/data/change").cloned().unwrap_or_default(),
        statement,
    });
    told.collect()
}
