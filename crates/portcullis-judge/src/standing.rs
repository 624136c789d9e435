//! Whether a key may be judged at all, and what standings take from it: live word and snapshot together.
//!
//! What is final comes first: revoked, expired, not yet there. A hold closes what it says and no more; what
//! that is of a call is known once the call is read. Must not know policies or requests.

use std::sync::Arc;

use portcullis_registry::{KeyRecord, NarrowKind, Narrowings, Snapshot, Standing, SubjectIx};
use portcullis_types::{ClientIx, KeyIx, Notice, Now, Refusal, Subject, Wall};

use crate::desk::Desk;
use crate::live::Live;
use crate::narrowed::Narrowed;
use crate::origin::Origin;
use crate::touched::Touched;

impl Desk {
    /// Whether a presented key, or the certificate in its place, is of somebody who may be judged, before
    /// anything else of the call is known.
    ///
    /// # Errors
    /// Unknown, not accepted from there, revoked, expired or not yet there.
    pub fn known(
        &mut self,
        origin: Origin<'_>,
        presented: Option<&[u8]>,
        now: Now,
    ) -> Result<(), Refusal> {
        self.renew();
        let view = self.view.as_ref().ok_or(Refusal::NotReady)?;
        let (key, record) = self.judge.caller(&view.snapshot, (presented, Some(&origin)), now)?;
        origin.suits(record)?;
        check(&self.judge.live, &view.snapshot, (key, record), now.wall).map(drop)
    }

    /// What the call that was permitted last reads; to be asked once.
    pub fn touched(&mut self) -> Touched {
        self.touched.get_mut().take()
    }

    /// Whether an answer under way that reads this may still go to a key.
    ///
    /// # Errors
    /// What the caller would be told if it called now: revoked, expired, on hold.
    pub fn standing(&mut self, key: KeyIx, read: &Touched, now: Now) -> Result<(), Refusal> {
        self.renew();
        let view = self.view.as_ref().ok_or(Refusal::NotReady)?;
        let record = view.snapshot.key(key).ok_or(Refusal::KeyUnknown)?;
        let live = &self.judge.live;
        let narrowed = check(live, &view.snapshot, (key, record), now.wall)?;
        let narrowed = with_clients(live, &view.snapshot, read.clients(), narrowed)?;
        let ground = || view.ground(record, read.clients());
        let held = narrowed.and_then(|narrowed| narrowed.closes_read(read, ground()));
        held.map_or(Ok(()), Err)
    }

    /// Whether an answer that reads this may go on streaming to a key.
    pub fn still_allowed(&mut self, key: KeyIx, read: &Touched, now: Now) -> bool {
        self.standing(key, read, now).is_ok()
    }
}

/// Refuses a key that is revoked, expired or not yet there; gives what standings take from any other, where
/// they take anything.
pub(crate) fn check(
    live: &Live,
    snapshot: &Snapshot,
    (ix, key): (KeyIx, &KeyRecord),
    now: Wall,
) -> Result<Option<Box<Narrowed>>, Refusal> {
    let logged = snapshot.standing(ix, now);
    let own = live.narrowed(SubjectIx::Key(ix));
    if own == Some(NarrowKind::Revoke) {
        let told = live.notices(SubjectIx::Key(ix));
        return Err(match (logged, told.first()) {
            // The snapshot knows the event's number too.
            (Standing::Revoked(notice), _) => Refusal::KeyRevoked(notice),
            (_, Some(notice)) => Refusal::KeyRevoked(Arc::clone(notice)),
            // A word is never written without its reason; should it be, the call is refused all the same.
            (_, None) => Refusal::Internal,
        });
    }
    let by = match logged {
        Standing::Good => None,
        Standing::Narrowed { by } => Some(by),
        Standing::Revoked(notice) => return Err(Refusal::KeyRevoked(notice)),
        Standing::Expired { at } => return Err(Refusal::KeyExpired { at }),
        Standing::Pending { from } => return Err(Refusal::KeyPending { from }),
        Standing::Unknown => return Err(Refusal::KeyUnknown),
    };
    let is_live = |subject| live.narrowed(subject).is_some();
    if by.is_none()
        && own.is_none()
        && !is_live(SubjectIx::Partner(key.partner))
        && !key.client.is_some_and(|client| is_live(SubjectIx::Client(client)))
    {
        return Ok(None);
    }
    narrowed(live, &by.unwrap_or_default(), (ix, key))
}

/// What snapshot and live word take together. The snapshot's own notice is told before a live one.
fn narrowed(
    live: &Live,
    by: &Narrowings,
    (ix, key): (KeyIx, &KeyRecord),
) -> Result<Option<Box<Narrowed>>, Refusal> {
    let subjects = [
        (Subject::Partner, Some(SubjectIx::Partner(key.partner)), &by.partner),
        (Subject::Client, key.client.map(SubjectIx::Client), &by.client),
        (Subject::Key, Some(SubjectIx::Key(ix)), &by.key),
    ];
    let mut all = Narrowed::default();
    for (subject, at, logged) in subjects {
        if let Some(at) = at {
            gather(live, &mut all, (subject, at), logged.as_ref())?;
        }
    }
    Ok((!all.is_empty()).then(|| Box::new(all)))
}

/// The same with what the standings of clients take that a call is for.
pub(crate) fn with_clients(
    live: &Live,
    snapshot: &Snapshot,
    clients: &[ClientIx],
    narrowed: Option<Box<Narrowed>>,
) -> Result<Option<Box<Narrowed>>, Refusal> {
    let mut all = narrowed;
    for client in clients {
        let at = SubjectIx::Client(*client);
        let logged = snapshot.client(*client).and_then(|client| client.narrowed.as_ref());
        if logged.is_some() || live.narrowed(at).is_some() {
            gather(live, all.get_or_insert_default(), (Subject::Client, at), logged)?;
        }
    }
    Ok(all.filter(|all| !all.is_empty()))
}

/// What snapshot and live word take of one subject.
fn gather(
    live: &Live,
    all: &mut Narrowed,
    (subject, at): (Subject, SubjectIx),
    logged: Option<&Arc<Notice>>,
) -> Result<(), Refusal> {
    if let Some(notice) = logged {
        all.add(subject, notice);
    }
    if live.narrowed(at).is_none() {
        return Ok(());
    }
    let told = live.notices(at);
    // Whoever widened it meanwhile has published the snapshot before.
    if told.is_empty() && live.narrowed(at).is_some() {
        return Err(Refusal::Internal);
    }
    let known = |notice: &Notice| logged.is_some_and(|logged| logged.covers(notice));
    told.iter().filter(|notice| !known(notice)).for_each(|notice| all.add(subject, notice));
    Ok(())
}
