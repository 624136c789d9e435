//! Whom a change touches, and what it leaves open to them.
//!
//! Must not know calls.

use std::collections::BTreeSet;

use portcullis_registry::{Snapshot, SubjectId, SubjectIx};
use portcullis_types::{Closes, Effect, KeyIx, Notice, StandingName};
use serde::Serialize;
use utoipa::ToSchema;

/// Ids that are named; of more there is only the count.
const NAMED: usize = 20;

/// Keys or clients.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Touched {
    /// How many.
    count: u64,
    /// The first 20 of their ids.
    ids: Vec<String>,
}

impl Touched {
    fn of(ids: impl Iterator<Item = String>) -> Self {
        let mut touched = Self { count: 0, ids: Vec::new() };
        for id in ids {
            touched.count += 1;
            if touched.ids.len() < NAMED {
                touched.ids.push(id);
            }
        }
        touched
    }

    pub(super) fn keys(keys: &[KeyIx], snapshot: &Snapshot) -> Self {
        Self::of(keys.iter().filter_map(|key| Some(snapshot.key(*key)?.id().to_string())))
    }

    /// Those of the keys, and those that are concerned themselves or by their partner.
    pub(super) fn clients(keys: &[KeyIx], subjects: &[SubjectId], snapshot: &Snapshot) -> Self {
        let of_keys = keys.iter().filter_map(|key| snapshot.key(*key)?.client);
        let mut clients: BTreeSet<_> = of_keys.collect();
        for at in subjects.iter().filter_map(|subject| snapshot.subject_ix(subject)) {
            match at {
                SubjectIx::Client(at) => {
                    clients.insert(at);
                }
                SubjectIx::Partner(at) => {
                    let own = snapshot.clients().filter(|(_, client)| client.partner == at);
                    clients.extend(own.map(|(client, _)| client));
                }
                SubjectIx::Key(_) => {}
            }
        }
        Self::of(clients.iter().filter_map(|at| Some(snapshot.client(*at)?.id.to_string())))
    }
}

/// Every key of the subjects, in order.
pub(super) fn keys_of(subjects: &[SubjectId], snapshot: &Snapshot) -> Vec<KeyIx> {
    let found: Vec<_> = subjects.iter().filter_map(|id| snapshot.subject_ix(id)).collect();
    let single = |at: &SubjectIx| match at {
        SubjectIx::Key(key) => Some(*key),
        SubjectIx::Partner(_) | SubjectIx::Client(_) => None,
    };
    // Keys alone need no walk over all there are.
    if let Some(mut keys) = found.iter().map(single).collect::<Option<Vec<_>>>() {
        keys.sort_unstable();
        keys.dedup();
        return keys;
    }
    let all = snapshot.keys().filter(|(at, key)| {
        found.iter().any(|subject| match subject {
            SubjectIx::Partner(partner) => key.partner == *partner,
            SubjectIx::Client(client) => key.client == Some(*client),
            SubjectIx::Key(key) => key == at,
        })
    });
    all.map(|(at, _)| at).collect()
}

/// What none of the notices closes, in words, and the continuity classes that stay open.
pub(super) fn open(
    notices: &[&Notice],
    continuity: Vec<String>,
    subjects: &[SubjectId],
) -> (String, Vec<String>) {
    let ended = |notice: &&Notice| notice.state == StandingName::Terminated;
    if subjects.is_empty() {
        return (String::new(), Vec::new());
    }
    if notices.iter().all(|notice| notice.closes.is_nothing()) {
        return ("everything".to_owned(), Vec::new());
    }
    if notices.iter().any(ended) {
        let words = if subjects.iter().all(|subject| matches!(subject, SubjectId::Key(_))) {
            "nothing with this key but `me` of the partner API; the partner's other keys are as they were"
        } else {
            "nothing but the partner API"
        };
        return (words.to_owned(), Vec::new());
    }
    let shut = |class: &str| {
        let bars = |effect| notices.iter().any(|notice| notice.bars(class, effect, true));
        bars(Effect::Read) || bars(Effect::Write)
    };
    let open: Vec<String> = continuity.into_iter().filter(|class| !shut(class)).collect();
    let words = if notices.iter().any(|notice| notice.closes == Closes::All) {
        "nothing but the partner API and the continuity classes"
    } else {
        "everything else, the partner API, and the continuity classes"
    };
    (words.to_owned(), open)
}
