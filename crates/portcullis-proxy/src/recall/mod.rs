//! The last calls of one thread, kept so that they can be explained by their id.
//!
//! Two rings: one of fixed rows, one of bytes for what was asked, so that long calls push out older
//! ones and memory stays what it is. Nothing of it is shared: whoever asks, asks the thread. Must not
//! hold a key.

mod texts;
mod told;

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::VecDeque;

use portcullis_judge::{AskedText, CredentialAt, NotKept, Trace};
use portcullis_types::{KeyIx, Method, Wall};

use self::texts::Texts;
pub use self::told::{Recalled, RecalledAsk, RecalledMore, RecalledOutcome, RecalledWay};
use crate::records::More;
use crate::trace::Way;

/// Bytes of ids and of what was asked that are kept for each call, on average.
const BYTES_PER_CALL: usize = 256;
/// Bytes that are kept at least, so that the longest call has room.
const BYTES_MIN: usize = 64 * 1024;

/// Where the texts of a call are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place {
    start: u64,
    id: u32,
    target: u32,
    kind: u32,
    body: u32,
    method: Method,
    has_body: bool,
    is_read: bool,
    not_kept: Option<NotKept>,
    credential: Option<CredentialAt>,
}

/// What came of a call.
pub(crate) struct Outcome<'a> {
    pub(crate) at: Wall,
    pub(crate) trace: &'a Trace,
    pub(crate) verdict: &'static str,
    pub(crate) status: u16,
    pub(crate) whole: bool,
    pub(crate) more: Option<&'a More>,
    pub(crate) entries: (u32, u32),
    pub(crate) items_dropped: u64,
    pub(crate) spent: Spent,
}

/// Which way a call went, and how long that took, in microseconds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Spent {
    pub(crate) way: Way,
    pub(crate) total_us: u32,
    /// Until its body was there; 0: that was not waited for.
    pub(crate) body_us: u32,
    /// To judge it, in nanoseconds; 0: that was not timed.
    pub(crate) judge_ns: u32,
    /// Until the head of the platform's answer.
    pub(crate) answer_us: Option<u32>,
}

/// The last calls of one thread.
pub(crate) struct Recall(RefCell<Rings>);

struct Rings {
    max: usize,
    calls: VecDeque<Row>,
    texts: Texts,
}

struct Row {
    place: Place,
    came: RecalledOutcome,
    spent: Spent,
}

impl Recall {
    /// Keeps so many calls; none for none.
    pub(crate) fn new(max: usize) -> Option<Self> {
        let texts = Texts::new(max.saturating_mul(BYTES_PER_CALL).max(BYTES_MIN));
        let calls = VecDeque::with_capacity(max);
        (max > 0).then(|| Self(RefCell::new(Rings { max, calls, texts })))
    }

    /// Takes in what a call asks; what becomes of it follows.
    pub(crate) fn ask(&self, id: &[u8], asked: Option<&AskedText>) -> Place {
        let texts = &mut self.0.borrow_mut().texts;
        let start = texts.end;
        texts.push(id);
        let mut place = Place {
            start,
            id: length(id),
            target: 0,
            kind: 0,
            body: 0,
            method: Method::Get,
            has_body: false,
            is_read: asked.is_some(),
            not_kept: None,
            credential: None,
        };
        if let Some(asked) = asked {
            texts.push(asked.target().as_bytes());
            texts.push(asked.kind());
            texts.push(asked.body());
            place.target = length(asked.target().as_bytes());
            place.kind = length(asked.kind());
            place.body = length(asked.body());
            (place.method, place.has_body) = (asked.method(), asked.has_body());
            (place.not_kept, place.credential) = (asked.not_kept(), asked.credential());
        }
        place
    }

    /// Takes in what became of it.
    pub(crate) fn outcome(&self, place: Place, key: KeyIx, outcome: Outcome<'_>) {
        let trace = outcome.trace;
        let came = RecalledOutcome {
            at: outcome.at,
            key,
            operation: trace.operation,
            class: trace.class_ix,
            passed: trace.passed,
            verdict: outcome.verdict,
            status: outcome.status,
            whole: outcome.whole,
            policy: trace.policy_revision,
            state: trace.state_revision,
            more: more(&outcome),
        };
        let rings = &mut *self.0.borrow_mut();
        if rings.calls.len() >= rings.max {
            rings.calls.pop_front();
        }
        rings.calls.push_back(Row { place, came, spent: outcome.spent });
    }

    /// The newest call of that id.
    pub(crate) fn find(&self, id: &[u8]) -> Option<Recalled> {
        let rings = self.0.borrow();
        let texts = &rings.texts;
        let is = |row: &&Row| texts.is(row.place.start, row.place.id, id);
        let Row { place, came, spent } = rings.calls.iter().rev().find(is)?;
        let asked = (place.is_read && place.target > 0).then(|| place.read(texts));
        let way = RecalledWay { credential: place.credential, ..spent.told() };
        let (asked, not_kept) = (asked.flatten(), place.not_kept);
        Some(Recalled { came: came.clone(), way, asked, not_kept })
    }
}

impl Spent {
    fn told(&self) -> RecalledWay {
        let Way { upstream, sent, opened, connect_us, queue_us } = &self.way;
        let some = |number: u32| Some(number).filter(|number| *number > 0);
        RecalledWay {
            credential: None,
            total_us: self.total_us,
            body_us: some(self.body_us),
            judge_ns: some(self.judge_ns),
            queue_us: some(*queue_us),
            connect_us: some(*connect_us),
            answer_us: self.answer_us,
            upstream: upstream.as_deref().map(str::to_owned),
            sent: *sent,
            opened: *opened,
        }
    }
}

impl Place {
    /// What was asked, unless longer calls have pushed it out.
    fn read(&self, texts: &Texts) -> Option<RecalledAsk> {
        let target = self.start + u64::from(self.id);
        let kind = target + u64::from(self.target);
        let body = kind + u64::from(self.kind);
        Some(RecalledAsk {
            method: self.method,
            target: String::from_utf8(texts.get(target, self.target)?).ok()?,
            kind: texts.get(kind, self.kind)?,
            body: if self.has_body { Some(texts.get(body, self.body)?) } else { None },
        })
    }
}

/// What few calls have to tell, if this one does.
fn more(outcome: &Outcome<'_>) -> Option<Box<RecalledMore>> {
    let Outcome { trace, entries, items_dropped, .. } = *outcome;
    let told = outcome.more.filter(|more| more.has_notes());
    let told_in = outcome.more.and_then(|more| more.trace.as_ref());
    if !trace.refused && told.is_none() && told_in.is_none() && entries.0 == 0 && items_dropped == 0
    {
        return None;
    }
    let observed = told.and_then(|more| more.observed);
    let trace_id = told_in.cloned();
    let mut out =
        RecalledMore { observed, entries, items_dropped, trace_id, ..RecalledMore::default() };
    if trace.refused || observed.is_some() {
        out.rule.clone_from(&trace.rule);
    }
    if let Some(more) = told {
        out.rules.clone_from(&more.rules);
        out.shadowed.clone_from(&more.shadowed);
        out.signals.clone_from(&more.signals);
    }
    Some(Box::new(out))
}

fn length(text: &[u8]) -> u32 {
    u32::try_from(text.len()).unwrap_or(u32::MAX)
}
