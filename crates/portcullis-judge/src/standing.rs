//! Whether a key may be judged at all: the stricter of live word and snapshot.
//!
//! Order of severity: revoked, expired, then a hold on the partner, the client, the key. Must not
//! know policies or requests.

use std::sync::Arc;

use portcullis_registry::{KeyRecord, NarrowKind, Snapshot, Standing, SubjectIx};
use portcullis_types::{Held, KeyIx, Notice, Refusal, Subject, Wall};

use crate::live::Live;

/// Refuses a key that is revoked, expired or on hold.
pub(crate) fn check(
    live: &Live,
    snapshot: &Snapshot,
    (ix, key): (KeyIx, &KeyRecord),
    now: Wall,
) -> Result<(), Refusal> {
    let logged = snapshot.standing(ix, now);
    if live.narrowed(SubjectIx::Key(ix)) == Some(NarrowKind::Revoke) {
        return match logged {
            // The snapshot knows the event's number too.
            Standing::Revoked(notice) => Err(Refusal::KeyRevoked(notice)),
            _ => Err(told(live, SubjectIx::Key(ix), NarrowKind::Revoke)),
        };
    }
    match logged {
        Standing::Revoked(notice) => Err(Refusal::KeyRevoked(notice)),
        Standing::Expired { at } => Err(Refusal::KeyExpired { at }),
        Standing::Unknown => Err(Refusal::KeyUnknown),
        Standing::Pending { from } => Err(Refusal::KeyPending { from }),
        Standing::Narrowed { by } => {
            let Some((subject, notice)) = by.iter().next() else { return Err(Refusal::Internal) };
            // A wider hold may be live already.
            widest_live(live, ix, key, Some(subject))?;
            Err(held(subject, Arc::clone(notice)))
        }
        Standing::Good => widest_live(live, ix, key, None),
    }
}

/// The widest live hold, of those wider than `below`.
fn widest_live(
    live: &Live,
    ix: KeyIx,
    key: &KeyRecord,
    below: Option<Subject>,
) -> Result<(), Refusal> {
    let subjects = [
        Some((Subject::Partner, SubjectIx::Partner(key.partner))),
        key.client.map(|client| (Subject::Client, SubjectIx::Client(client))),
        Some((Subject::Key, SubjectIx::Key(ix))),
    ];
    let wider = subjects.into_iter().flatten().take_while(|(subject, _)| Some(*subject) != below);
    for (_, subject) in wider {
        if let Some(kind) = live.narrowed(subject) {
            return Err(told(live, subject, kind));
        }
    }
    Ok(())
}

/// The refusal of a live narrowing.
fn told(live: &Live, subject: SubjectIx, kind: NarrowKind) -> Refusal {
    let Some(notice) = live.notice(subject, kind) else {
        // A word is never written without its reason; should it be, the call is refused all the same.
        return Refusal::Internal;
    };
    match (kind, subject) {
        (NarrowKind::Revoke, SubjectIx::Key(_)) => Refusal::KeyRevoked(notice),
        (_, SubjectIx::Partner(_)) => held(Subject::Partner, notice),
        (_, SubjectIx::Client(_)) => held(Subject::Client, notice),
        (NarrowKind::Hold, SubjectIx::Key(_)) => held(Subject::Key, notice),
    }
}

fn held(subject: Subject, notice: Arc<Notice>) -> Refusal {
    Refusal::Held(Box::new(Held::of(subject, notice)))
}
