//! What a batch is told: refusals in their places, and all of it at the end.
//!
//! Must not know how an entry is sent.

use std::rc::Rc;

use portcullis_judge::{RateReading, Trace};
use portcullis_types::{Now, Refusal};

use super::entry::Content;
use super::{Done, Run, envelope};
use crate::body::Reader;
use crate::counts::Count;
use crate::ledger::Left;
use crate::sending::Answered;
use crate::ticket::since;

impl Run<'_> {
    /// Answers an entry with a refusal, in its place.
    pub(super) fn refused(
        &mut self,
        at: usize,
        refusal: &Refusal,
        trace: Option<Trace>,
        start: Now,
    ) {
        let thread = &self.conn.thread;
        let total_ns = since(thread.now(), start);
        let status = refusal.row().status;
        self.count(Count {
            trace: trace.as_ref().or(self.ticket.trace.as_ref()),
            refusal: Some(refusal.row().code),
            status,
            total_ns,
            upstream_ns: None,
            judge_ns: None,
            parted: false,
        });
        let done = self.refusal(refusal, trace);
        self.put(at, done);
    }

    fn refusal(&self, refusal: &Refusal, trace: Option<Trace>) -> Done {
        let of = trace.as_ref().or(self.ticket.trace.as_ref());
        let id = self.ticket.id.to_str().unwrap_or_default();
        let out = crate::refuse::render(refusal, of, id, self.conn.thread.style());
        let content = Content::ours(out.body);
        let (code, headers) = (out.status.as_u16(), out.headers);
        Done { code, headers, content, read: None, trace, leaving: None }
    }

    /// Puts an outcome in its place, and on record what was noted on the way.
    pub(super) fn put(&mut self, at: usize, mut done: Done) {
        if let Some(notes) = done.trace.as_mut().and_then(|trace| trace.notes.take()) {
            self.ticket.more.get_or_insert_default().take(*notes);
        }
        if let Some(place) = self.done.get_mut(at) {
            *place = Some(done);
        }
    }

    pub(super) fn count(&self, count: Count<'_>) {
        if let Ok(mut counts) = self.conn.thread.counts.try_borrow_mut() {
            counts.add(&count);
        }
    }

    pub(super) fn read_rate(&mut self, trace: &Trace) {
        let left = |reading: &RateReading| (reading.remaining, reading.max);
        let tightest = self.tightest.as_ref().map(left);
        if let Some(reading) = &trace.reading
            && tightest.is_none_or(|known| left(reading) < known)
        {
            self.tightest = Some(reading.clone());
        }
    }

    /// Makes one answer of all.
    pub(super) fn answer(mut self, with_headers: bool) -> Answered {
        self.settle_reads();
        let refused = |done: &Option<Done>| done.as_ref().is_none_or(|done| done.content.is_ours());
        let refused = self.done.iter().filter(|done| refused(done)).count();
        self.ticket.entries_refused = u32::try_from(refused).unwrap_or(u32::MAX);
        if let (Some(trace), Some(reading)) = (&mut self.ticket.trace, self.tightest.take()) {
            trace.reading = Some(reading);
        }
        let read = self.done.iter().flatten().filter_map(|done| done.read.clone());
        let read = read.reduce(|all, one| all.and(&one));
        let reader = read.map(|read| Reader { key: self.key, read });
        let fault = self.refusal(&Refusal::Internal, None);
        let rows = self.entries.iter().zip(&self.done).map(|(entry, done)| {
            let done = done.as_ref().unwrap_or(&fault);
            (!(entry.omit_response_on_success && done.is_success())).then_some(done)
        });
        let bytes = envelope::write(rows, with_headers);
        self.tell_ledger();
        envelope::answer(&self.conn.thread, bytes, reader, self.room)
    }

    /// Has the ledger told of what each entry gives that is not left out.
    fn tell_ledger(&mut self) {
        let id = self.ticket.id.to_str().unwrap_or_default();
        for (entry, done) in self.entries.iter().zip(&mut self.done) {
            let Some(done) = done else { continue };
            if entry.omit_response_on_success && done.is_success() {
                continue;
            }
            let (Some(leaving), Some(trace)) = (done.leaving.take(), &done.trace) else { continue };
            let left = Left {
                at: self.ticket.start.wall,
                id,
                trace,
                status: done.code,
                bytes: done.content.text().len() as u64,
                whole: true,
            };
            self.ticket.left.extend(leaving.ended(&left));
        }
    }

    /// Whoever lost its access while the batch ran gets none of what was read for it.
    fn settle_reads(&mut self) {
        let conn = Rc::clone(&self.conn);
        let now = conn.thread.now();
        for at in 0..self.done.len() {
            let Some(Some(done)) = self.done.get_mut(at) else { continue };
            let Some(read) = &done.read else { continue };
            if let Err(refusal) = conn.thread.bench.standing(self.key, read, now) {
                let trace = done.trace.take();
                let told = self.refusal(&refusal, trace);
                self.put(at, told);
            }
        }
    }
}

impl Done {
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.code)
    }
}
