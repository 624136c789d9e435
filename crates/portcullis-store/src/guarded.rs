//! What the guard knows and the log does not, put in force again at a start.
//!
//! Must not know how the guard is kept.

use portcullis_registry::{Actor, ActorKind, Event, GuardEvent, Guarded, Place, State};
use portcullis_types::{Revision, Wall};

use crate::append::Log;
use crate::database;
use crate::error::StoreError;
use crate::guard::{Kept, Record, Taken};
use crate::open::Opened;

/// Who puts narrowings in force again.
pub(crate) fn actor() -> Actor {
    Actor { kind: ActorKind::Gate, id: "guard".to_owned() }
}

impl Opened {
    /// Compares the guard with the log as it was found, `events` long; what was lost becomes an event,
    /// and narrowings among it are in force before anybody is judged. What the log knows and the
    /// guard does not is added to it.
    pub(crate) async fn put_back(
        &mut self,
        mut kept: Kept,
        (events, mut narrowings): (u64, Taken),
        now: Wall,
    ) -> Result<(), StoreError> {
        let path = self.store.log.path.clone();
        let not_written = |error| StoreError::not_writable(&crate::guard::path_of(&path), error);
        let lost = kept.size.checked_sub(1).filter(|last| *last >= events);
        let apart = |record: &Record| record.waits || record.rev >= events;
        let any = lost.is_some() || kept.taken.records.iter().any(apart);
        let erased = self.forget_erased(&mut kept.taken);
        let whole = any || erased || kept.is_new() || kept.is_idle();
        if whole {
            kept.take(std::mem::take(&mut narrowings));
        }
        if any {
            // First they are marked: a crash on the way must not let their old revisions pass for
            // those of the log as it goes on.
            kept.taken.records.iter_mut().for_each(|record| record.waits = apart(record));
            kept.write(&path).map_err(not_written)?;
            let gone = lost.map(|to| Event::Guard(GuardEvent::Lost { from: events, to }));
            let waits = kept.taken.records.extract_if(.., |record| record.waits).collect();
            let (due, waits) = sorted(&self.state, waits, now);
            let due = told(&mut self.store.log, due, &mut kept.taken).await;
            let batch: Vec<Event> = gone.into_iter().chain(due.iter().map(again)).collect();
            self.recovered.lost = lost.map(|to| (events, to));
            self.recovered.put_back = due.len();
            if !batch.is_empty() {
                let first = self.store.log.next().0 + u64::from(lost.is_some());
                let blobs = kept.taken.blobs(&due);
                self.record(actor(), (batch, blobs), now).await?;
                let renewed = (first..).zip(due).map(|(rev, due)| Record { rev, ..due });
                kept.taken.records.extend(renewed);
            }
            kept.taken.records.extend(waits);
        }
        let log = &self.store.log;
        let head = (log.next().0, log.note.as_str());
        let grown = kept.size != head.0;
        if whole {
            (kept.size, kept.note) = (head.0, head.1.to_owned());
            kept.write(&path).map_err(not_written)?;
        }
        let mut guard = kept.guard(&path);
        if grown && !whole {
            guard.keep(narrowings, head).map_err(not_written)?;
        }
        self.store.guard = Some(guard);
        Ok(())
    }
}

impl Opened {
    /// Drops statements that the log says were erased; whether there were any.
    fn forget_erased(&self, taken: &mut Taken) -> bool {
        let (before, bodies) = (taken.statements.len(), self.state.current().bodies());
        taken.statements.retain(|sha256, _| bodies.gone(sha256).is_none());
        taken.statements.len() < before
    }
}

/// What is to be put in force, and what is of nobody who is known; the rest is known already.
pub(crate) fn sorted(state: &State, waits: Vec<Record>, now: Wall) -> (Vec<Record>, Vec<Record>) {
    let (mut due, mut unknown) = (Vec::new(), Vec::new());
    for record in waits {
        let revision = state.current().revision().unwrap_or(Revision(0));
        let place = Place { revision, ts: now, by: &record.by, approver: None };
        match state.guarded(&record.event, place) {
            Guarded::Known => {}
            Guarded::Due(event) => due.push(Record { waits: false, event: *event, ..record }),
            Guarded::Unknown => unknown.push(record),
        }
    }
    (due, unknown)
}

/// What is to be put in force, with its statements of reasons; one whose text is nowhere any more is
/// not named, so that it can be given anew.
pub(crate) async fn told(log: &mut Log, due: Vec<Record>, taken: &mut Taken) -> Vec<Record> {
    let mut told = Vec::with_capacity(due.len());
    for mut record in due {
        if let Some(sha256) = record.event.statement().filter(|one| !taken.has(one)) {
            let body = database::blob(&mut log.connection, &log.path, sha256).await.ok().flatten();
            taken.keep(sha256, body.as_deref());
            if body.is_none() {
                record.event = record.event.untold();
            }
        }
        told.push(record);
    }
    told
}

/// The event that puts a narrowing in force again.
pub(crate) fn again(record: &Record) -> Event {
    let Record { rev, by, approver, event, .. } = record.clone();
    Event::Guard(GuardEvent::Applied { lost: rev, by, approver, event: Box::new(event) })
}
