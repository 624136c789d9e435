//! What became durable is taken into the state and the guard, and told to everybody.
//!
//! Must not know what was asked.

use std::sync::Arc;

use portcullis_registry::{Event, Place, PublishedFile};
use portcullis_types::Revision;

use crate::append::Batch;
use crate::database;
use crate::guard::{Record, Taken};
use crate::guarded::{actor, again, sorted, told};
use crate::open::Store;
use crate::pending::Waiting;
use crate::writer::Writer;

/// Names and texts of a published set.
pub(crate) fn texts(
    files: &[PublishedFile],
    blob: impl Fn(&str) -> Option<Arc<[u8]>>,
) -> Vec<(String, Arc<str>)> {
    let text = |file: &PublishedFile| {
        let text = blob(&file.sha256).unwrap_or_default();
        (file.name.clone(), Arc::from(&*String::from_utf8_lossy(&text)))
    };
    files.iter().map(text).collect()
}

impl Writer {
    /// Folds a durable batch, guards what it narrows and tells everybody.
    pub(crate) async fn take_in(&mut self, waiting: &Waiting) {
        let folded = self.fold(&waiting.batch).await;
        if !folded || !self.narrow_again(&waiting.batch).await {
            return;
        }
        let snapshot = self.state.snapshot();
        self.shared.publish(Arc::clone(&snapshot));
        self.sink.publish(snapshot);
        if let Some(subject) = waiting.planned.widens {
            self.sink.widen(subject);
        }
    }

    /// Folds the batch that is at the end of the log; whether memory and file agree.
    async fn fold(&mut self, batch: &Batch) -> bool {
        let first = self.store.log.next().0.saturating_sub(batch.events.len() as u64);
        for (revision, event) in (first..).map(Revision).zip(&batch.events) {
            let blob = |sha256: &str| {
                let blob = batch.blobs.iter().find(|blob| blob.sha256 == sha256);
                blob.map(|blob| Arc::clone(&blob.body))
            };
            let approver = batch.approved.as_ref().map(|second| &second.by);
            let place = Place { revision, ts: batch.at, by: &batch.actor, approver };
            if let Err(error) = self.state.apply(place, event, &blob) {
                self.part(error.to_string());
                return false;
            }
            if let Event::PolicyPublished { files, .. } = event {
                self.sink.policy(revision, texts(files, blob));
            }
        }
        let taken = self.taken(batch, first, false).await;
        if !taken.records.is_empty() {
            self.guard(taken);
        }
        let gone: Vec<&str> = batch.events.iter().flat_map(Event::erases).collect();
        if let Some(Err(error)) = self.store.guard.as_mut().map(|guard| guard.forget(&gone)) {
            self.shared.failed(error.to_string());
        }
        true
    }

    /// The log is right and the memory is not: nothing more is published until a restart.
    fn part(&mut self, why: String) {
        self.shared.broke(why.clone());
        self.broken = Some(why);
    }

    /// Who was narrowed in events that were lost, and is known again by this batch, is narrowed before
    /// anybody hears of it.
    async fn narrow_again(&mut self, batch: &Batch) -> bool {
        let adds = |event: &Event| {
            matches!(
                event,
                Event::PartnerAdded { .. }
                    | Event::ClientAdded { .. }
                    | Event::KeyIssued { .. }
                    | Event::KeysImported { .. }
            )
        };
        let Some(guard) = &mut self.store.guard else { return true };
        if guard.waits.records.is_empty() || !batch.events.iter().any(adds) {
            return true;
        }
        let waits = std::mem::take(&mut guard.waits.records);
        let (due, unknown) = sorted(&self.state, waits, batch.at);
        guard.waits.records = unknown;
        if due.is_empty() {
            return true;
        }
        let due = told(&mut self.store.log, due, &mut guard.waits).await;
        let batch = Batch {
            at: batch.at,
            actor: actor(),
            approved: None,
            events: due.iter().map(again).collect(),
            blobs: guard.waits.blobs(&due),
            grants: Vec::new(),
        };
        if let Err(why) = self.append(&batch).await {
            self.part(why);
            return false;
        }
        self.fold(&batch).await
    }

    /// Guards narrowings that bite before the log has them.
    pub(crate) async fn guard_waiting(&mut self, batch: &Batch) {
        let taken = self.taken(batch, self.store.log.next().0, true).await;
        self.guard(taken);
    }

    /// What a batch narrows, as it is kept, with the statements that the guard does not know yet.
    async fn taken(&mut self, batch: &Batch, first: u64, waits: bool) -> Taken {
        let approver = batch.approved.as_ref().map(|second| &second.by);
        let numbered = (first..).zip(&batch.events);
        let narrowings = numbered.filter(|(_, event)| event.guards().is_some());
        let record = |(rev, event)| Record::of(rev, waits, (&batch.actor, approver), event);
        let records: Vec<Record> = narrowings.map(record).collect();
        let mut taken = Taken::default();
        let Store { log, guard, .. } = &mut self.store;
        for sha256 in records.iter().filter_map(|record| record.event.statement()) {
            if taken.has(sha256) || guard.as_ref().is_some_and(|guard| guard.knows(sha256)) {
                continue;
            }
            let given = batch.blobs.iter().find(|blob| blob.sha256 == sha256);
            match given {
                Some(blob) => taken.keep(sha256, Some(&*blob.body)),
                // What goes on rests on the reasons that were given before.
                None => {
                    let body = database::blob(&mut log.connection, &log.path, sha256).await;
                    taken.keep(sha256, body.ok().flatten().as_deref());
                }
            }
        }
        Taken { records, ..taken }
    }

    /// Writes to the guard, and says so where it can't.
    pub(crate) fn guard(&mut self, taken: Taken) {
        let log = &self.store.log;
        let Some(guard) = &mut self.store.guard else { return };
        if let Err(error) = guard.keep(taken, (log.next().0, &log.note)) {
            self.shared.failed(format!("the guard beside the store can't be written: {error}"));
        }
    }
}
