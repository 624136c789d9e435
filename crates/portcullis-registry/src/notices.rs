//! What a partner is told of the log: the events that concern its own access, without what is nobody
//! else's business.
//!
//! Members are let through by name, so that a new one of an event stays inside until somebody decides.
//! Must not know who sends a notice, or how.

use portcullis_types::{PartnerId, Revision, Wall};
use serde_json::{Map, Value, json};

use crate::office::LoggedEvent;
use crate::snapshot::Snapshot;
use crate::words::SubjectId;

/// Members of an event that its partner reads.
const SHOWN: &[&str] = &[
    "subject",
    "key",
    "client",
    "name",
    "from",
    "closes",
    "even",
    "factor",
    "stage",
    "reason",
    "tell",
    "mode",
    "successor",
    "statement",
    "answer",
    "about",
    "outcome",
    "announced",
    "binding",
    "identity",
    "batch",
    "cause",
    "count",
];
/// Those among them that are moments.
const MOMENTS: &[&str] =
    &["review_by", "acknowledge_by", "until", "at", "expires", "effective", "due_by"];
/// Events that concern access and are between the people of the platform.
const INSIDE: &[&str] = &["standing.ratified", "standing.ran_out"];

/// A notice for a partner.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct PartnerNotice {
    /// The same wherever and however often it is sent.
    pub id: String,
    /// The event.
    pub revision: Revision,
    /// When it happened.
    pub at: Wall,
    /// Whose.
    pub partner: PartnerId,
    /// What happened: the event's name.
    pub kind: String,
    /// What is sent.
    pub body: Value,
}

impl PartnerNotice {
    /// The notice that an event is for its partner; none where it is for nobody.
    #[must_use]
    pub fn of(logged: &LoggedEvent, snapshot: &Snapshot) -> Option<Self> {
        let event = logged.event.again();
        let kind = event.name();
        let concerns = kind.starts_with("standing.")
            || kind.starts_with("key.")
            || kind.starts_with("agreement.")
            || ["deletion.due", "deletion.overdue"].contains(&kind)
            || (kind.starts_with("restore.") && kind != "restore.staged")
            || ["partner.mode_set", "client.added", "answer.replied"].contains(&kind);
        if !concerns || INSIDE.contains(&kind) {
            return None;
        }
        let Value::Object(members) = serde_json::to_value(event).ok()? else {
            return None;
        };
        let partner = partner_of(&members, snapshot)?;
        let mut data = Map::new();
        for name in SHOWN {
            if let Some(value) = members.get(*name) {
                data.insert((*name).to_owned(), value.clone());
            }
        }
        for name in MOMENTS {
            if let Some(ms) = members.get(*name).and_then(Value::as_u64) {
                data.insert((*name).to_owned(), Wall(ms).rfc3339().into());
            }
        }
        let revision = logged.revision;
        let body = json!({
            "type": kind,
            "timestamp": logged.at.rfc3339(),
            "data": {"partner": partner, "revision": revision.0, "change": data},
        });
        let id = format!("ntc_{}", revision.0);
        Some(Self { id, revision, at: logged.at, partner, kind: kind.to_owned(), body })
    }
}

/// Whose access an event is about, by its members.
fn partner_of(members: &Map<String, Value>, snapshot: &Snapshot) -> Option<PartnerId> {
    let read = |name: &str| members.get(name).cloned();
    if let Some(partner) = read("partner") {
        return serde_json::from_value(partner).ok();
    }
    let subject = match (read("subject"), read("key")) {
        (Some(subject), _) => serde_json::from_value(subject).ok()?,
        (None, key) => SubjectId::Key(serde_json::from_value(key?).ok()?),
    };
    let at = match &subject {
        SubjectId::Partner(id) => snapshot.partner_ix(id),
        SubjectId::Client(id) => {
            snapshot.client_ix(id).and_then(|at| snapshot.client(at)).map(|found| found.partner)
        }
        SubjectId::Key(id) => {
            snapshot.key_ix(id).and_then(|at| snapshot.key(at)).map(|found| found.partner)
        }
    };
    snapshot.partner(at?).map(|partner| partner.id.clone())
}
