//! A batch: its entries, each judged and sent on as the call it would be alone.
//!
//! Nothing of a batch goes to the platform as a batch. Entries run step by step, a few at a time; an
//! entry that is refused says so in its place, and the others still run. Must not know how an entry is
//! read or how a call is judged.

mod entry;
mod envelope;
mod form;
mod tell;

use std::collections::HashMap;
use std::rc::Rc;

use http::{HeaderMap, HeaderValue};
use portcullis_judge::{Batch, Granted, RateReading, Together, Touched, Trace, Verdict};
use portcullis_request::Entry;
use portcullis_types::{KeyIx, Now, Refusal};
use serde_json::Value;
use tokio::task::JoinSet;

use self::entry::{Content, Fetched, Room};
pub(crate) use self::form::wants_headers;
use crate::conn::Conn;
use crate::counts::Count;
use crate::forward::Given;
use crate::ledger::Leaving;
use crate::sending::{Answered, Sending};
use crate::ticket::{Ticket, since};
use crate::trace::Way;

/// Entries of one batch that are on their way at once.
const AT_ONCE: usize = 4;
/// Longest answer that other entries can take values from: read, it takes some times as much memory.
const RESULT_BYTES_MAX: usize = 1024 * 1024;

/// A batch to be run.
pub(crate) struct Work {
    pub(crate) batch: Box<Batch>,
    /// The fields of the call that brought it.
    pub(crate) headers: HeaderMap,
    pub(crate) host: Option<HeaderValue>,
    /// Whether the partner wants the fields of each answer.
    pub(crate) with_headers: bool,
}

/// What came of an entry.
struct Done {
    code: u16,
    headers: HeaderMap,
    content: Content,
    /// What it gives to a reader, who may lose its access before it is out.
    read: Option<Touched>,
    trace: Option<Trace>,
    /// What the ledger is told of it.
    leaving: Option<Leaving>,
}

/// An entry that was sent on.
struct Landed {
    at: usize,
    read: Option<Touched>,
    leaving: Option<Leaving>,
    trace: Trace,
    judge_ns: u64,
    since: Now,
    /// Which of the calls that are traced it is, and which way it went.
    leg: Option<usize>,
    way: Way,
    fetched: Result<Fetched, Refusal>,
}

struct Run<'t> {
    ticket: &'t mut Ticket,
    conn: Rc<Conn>,
    headers: HeaderMap,
    host: Option<HeaderValue>,
    key: KeyIx,
    together: Together,
    entries: Vec<Entry>,
    done: Vec<Option<Done>>,
    /// What answers that others refer to hold, by name.
    results: HashMap<String, Value>,
    room: Room,
    under_way: JoinSet<Landed>,
    /// The rate that is nearest to its end.
    tightest: Option<RateReading>,
}

/// Runs the entries of a batch and makes the answer of theirs. When it is dropped, what was not sent
/// yet never is.
pub(crate) async fn run(work: Work, ticket: &mut Ticket) -> Answered {
    let Work { batch, headers, host, with_headers } = work;
    let Batch { entries, key, together } = *batch;
    let conn = Rc::clone(&ticket.conn);
    // Said at once: a batch is one also where its client leaves before its end.
    ticket.entries = u32::try_from(entries.len()).unwrap_or(u32::MAX);
    let headers = entry::fields(headers);
    let mut run = Run {
        ticket,
        headers,
        host,
        key,
        together,
        done: entries.iter().map(|_| None).collect(),
        entries,
        results: HashMap::new(),
        room: Room::new(&conn.thread),
        conn,
        under_way: JoinSet::new(),
        tightest: None,
    };
    let last = run.entries.iter().map(|entry| entry.step).max().unwrap_or(0);
    for step in 0..=last {
        run.step(step).await;
    }
    run.answer(with_headers)
}

impl Run<'_> {
    /// Runs the entries of a step.
    async fn step(&mut self, step: usize) {
        for at in 0..self.entries.len() {
            if self.entries.get(at).is_some_and(|entry| entry.step == step) {
                while self.under_way.len() >= AT_ONCE {
                    self.land().await;
                }
                self.begin(at);
            }
        }
        while !self.under_way.is_empty() {
            self.land().await;
        }
    }

    /// Judges an entry as of now and sends it on.
    fn begin(&mut self, at: usize) {
        let start = self.conn.thread.now();
        let entry = match self.resolved(at) {
            Ok(entry) => entry,
            Err(refusal) => return self.refused(at, &refusal, None, start),
        };
        let Verdict { trace, outcome } =
            self.conn.thread.bench.judge_entry(&mut self.together, &entry, start);
        let now = self.conn.thread.now();
        let judge_ns = since(now, start);
        self.ticket.judge_ns = Some(self.ticket.judge_ns.unwrap_or(0) + judge_ns);
        self.read_rate(&trace);
        let permit = match outcome {
            Ok(Granted::Call(mut permit)) => {
                // It came with the batch's body, if at all: no link may hold it.
                permit.link_key = None;
                permit
            }
            Ok(Granted::Batch(_)) => {
                let refusal = Refusal::NotJudged { what: "a batch inside a batch" };
                return self.refused(at, &refusal, Some(trace), start);
            }
            Err(refusal) => return self.refused(at, &refusal, Some(trace), start),
        };
        let (permit, mut leaving) = match Leaving::begin(&self.conn.thread, permit) {
            Ok(begun) => begun,
            Err(refusal) => return self.refused(at, &refusal, Some(trace), start),
        };
        let look = leaving.as_mut().and_then(Leaving::take_look);
        let onward = self.ticket.leave();
        let leg = onward.as_ref().and_then(|onward| onward.leg);
        let (id, partner) = (&self.ticket.id, trace.partner_ix);
        let host = self.host.clone();
        let given = Given { id, partner, host, plain: true, trace: onward, look };
        let sending = entry::came(entry, &self.headers)
            .and_then(|came| Sending::begin(&self.conn, came, permit, given, now));
        let sending = match sending {
            Ok(sending) => sending,
            Err(refusal) => return self.refused(at, &refusal, Some(trace), start),
        };
        let (thread, room, read) =
            (Rc::clone(&self.conn.thread), self.room.clone(), sending.read());
        self.under_way.spawn_local(async move {
            let mut trace = trace;
            let (way, fetched) = entry::fetch(&thread, sending, room, &mut trace).await;
            Landed { at, read, leaving, trace, judge_ns, since: now, leg, way, fetched }
        });
    }

    /// The entry, with what it takes from others' answers.
    fn resolved(&self, at: usize) -> Result<Entry, Refusal> {
        let entry = self.entries.get(at).ok_or(Refusal::Internal)?;
        if let Some(refusal) = entry.refusal() {
            return Err(refusal.clone());
        }
        if !entry.needs.iter().all(|name| self.succeeded(name)) {
            return Err(Refusal::Unreadable {
                why: "an entry that this one needs did not succeed",
            });
        }
        if entry.refs {
            return entry.resolved(&|name| self.results.get(name));
        }
        Ok(entry.clone())
    }

    fn succeeded(&self, name: &str) -> bool {
        let at = self.entries.iter().position(|entry| entry.name.as_deref() == Some(name));
        at.and_then(|at| self.done.get(at)?.as_ref()).is_some_and(Done::is_success)
    }

    /// Waits until one of those under way is answered.
    async fn land(&mut self) {
        let Some(landed) = self.under_way.join_next().await else { return };
        // An entry whose task failed stays undone, and is answered as a fault of the gate.
        let Ok(Landed { at, read, mut leaving, trace, judge_ns, since: sent, leg, way, fetched }) =
            landed
        else {
            self.conn.thread.metrics.calls.panics.inc();
            return;
        };
        let now = self.conn.thread.now();
        if let (Some(traced), Some(leg)) = (&mut self.ticket.traced, leg) {
            let came = fetched.as_ref().map(|got| got.parts.status.as_u16());
            traced.landed(leg, (sent, now), &way, came, &trace);
        }
        let upstream_ns = since(now, sent);
        self.ticket.upstream_ns = Some(self.ticket.upstream_ns.unwrap_or(0) + upstream_ns);
        let Fetched { parts, content, dropped, seen } = match fetched {
            Ok(fetched) => fetched,
            Err(refusal) => return self.refused(at, &refusal, Some(trace), sent),
        };
        let code = parts.status.as_u16();
        self.count(Count {
            trace: Some(&trace),
            refusal: None,
            status: code,
            total_ns: upstream_ns + judge_ns,
            upstream_ns: Some(upstream_ns),
            judge_ns: Some(judge_ns),
            parted: false,
        });
        self.ticket.items_dropped += dropped;
        if let Some(leaving) = &mut leaving {
            leaving.saw(seen);
        }
        self.keep_result(at, &content, code);
        let headers = parts.headers;
        let done = Done { code, headers, content, read, trace: Some(trace), leaving };
        self.put(at, done);
    }

    /// Reads an answer that others refer to.
    fn keep_result(&mut self, at: usize, content: &Content, code: u16) {
        let name = self.entries.get(at).and_then(|entry| entry.name.clone());
        let Some(name) = name.filter(|_| (200..300).contains(&code)) else { return };
        let wanted = self.entries.iter().any(|entry| entry.refs && entry.needs.contains(&name));
        if wanted && content.text().len() <= RESULT_BYTES_MAX {
            // What is no JSON holds nothing to refer to, and who refers to it is told so.
            if let Ok(value) = serde_json::from_str(content.text()) {
                self.results.insert(name, value);
            }
        }
    }
}
