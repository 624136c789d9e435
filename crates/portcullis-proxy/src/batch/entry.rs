//! One entry of a batch on its way: the call it is alone, and its answer as a text.
//!
//! Must not know the other entries.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Response, Uri, response};
use http_body::Body;
use portcullis_judge::Trace;
use portcullis_request::Entry;
use portcullis_types::{LedgerRecords, Refusal};

use crate::arrival::{Pieces, Share};
use crate::body::{Flow, Kind};
use crate::forward::{Bodies, Came};
use crate::inward::Inward;
use crate::sending::Sending;
use crate::sieving::Sieving;
use crate::thread::Thread;
use crate::trace::Way;
use crate::upstream::Arriving;

/// Answers below this are copied.
const SMALL: usize = 8 * 1024;

/// The body of an entry's answer.
pub(super) struct Content {
    /// UTF-8, as was seen to.
    bytes: Bytes,
    ours: bool,
}

impl Content {
    /// The gate's own.
    pub(super) fn ours(bytes: Vec<u8>) -> Self {
        Self { bytes: bytes.into(), ours: true }
    }

    /// Whether the gate made it: a refusal.
    pub(super) const fn is_ours(&self) -> bool {
        self.ours
    }

    pub(super) fn text(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap_or_default()
    }
}

/// What all answers of a batch may take together.
#[derive(Clone)]
pub(super) struct Room(Rc<Inner>);

struct Inner {
    left: Cell<u64>,
    max: u64,
    share: RefCell<Share>,
    thread: Rc<Thread>,
}

impl Room {
    pub(super) fn new(thread: &Rc<Thread>) -> Self {
        let max = thread.settings.limits.buffered_answer_bytes;
        let share = RefCell::new(Share::nothing(thread, true));
        Self(Rc::new(Inner { left: Cell::new(max), max, share, thread: Rc::clone(thread) }))
    }

    /// Takes room for an answer, or for more of it.
    fn take(&self, bytes: usize) -> Result<(), Refusal> {
        let inner = &self.0;
        let left = inner.left.get().checked_sub(bytes as u64).ok_or_else(|| self.full())?;
        // Once for the answer, once for the array that it is written into.
        inner.share.borrow_mut().take(2 * bytes as u64)?;
        inner.left.set(left);
        Ok(())
    }

    fn left(&self) -> u64 {
        self.0.left.get()
    }

    fn full(&self) -> Refusal {
        Refusal::AnswerTooLarge { max: self.0.max }
    }

    /// What was taken, to be held until the answer is out.
    pub(super) fn into_share(self) -> Share {
        self.0.share.replace(Share::nothing(&self.0.thread, true))
    }
}

/// The fields of the call that brought the batch which also speak for each entry: not those about
/// the batch's own body, nor its conditions.
pub(super) fn fields(mut headers: HeaderMap) -> HeaderMap {
    crate::hygiene::keep(&mut headers, |name, _| {
        let name = name.as_str();
        let about_body = name.starts_with("content-") || name.ends_with("digest");
        let condition = name.starts_with("if-") || matches!(name, "range" | "prefer");
        !about_body && !condition && name != "idempotency-key"
    });
    headers
}

/// The entry as a call that came in.
pub(super) fn came(entry: Entry, headers: &HeaderMap) -> Result<Came, Refusal> {
    let mut headers = headers.clone();
    if let Some(kind) = entry.content_type {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    }
    let uri = Uri::try_from(entry.target).map_err(|_| Refusal::Unreadable {
        why: "the relative_url of a batch entry is no path with a query",
    })?;
    let has_body = entry.body.is_some();
    let received = entry.body.map(Bytes::from).unwrap_or_default();
    let bodies = Bodies { has_body, received, upload: None };
    Ok(Came { headers, uri, prefixed: false, bodies })
}

/// An entry's answer.
pub(super) struct Fetched {
    pub(super) parts: response::Parts,
    pub(super) content: Content,
    /// Items that were dropped from it.
    pub(super) dropped: u64,
    /// What it holds, for the ledger; none: nobody looked.
    pub(super) seen: Option<Box<LedgerRecords>>,
}

/// Waits for the answer, all of it; also tells which way the call went. What is noted of it goes to its
/// trace.
pub(super) async fn fetch(
    thread: &Rc<Thread>,
    mut sending: Sending,
    room: Room,
    trace: &mut Trace,
) -> (Way, Result<Fetched, Refusal>) {
    let answer = poll_fn(|cx| sending.poll(cx, thread)).await;
    (sending.way(&answer), fetched(thread, sending, answer, room, trace).await)
}

async fn fetched(
    thread: &Rc<Thread>,
    sending: Sending,
    answer: Result<Response<Arriving>, Refusal>,
    room: Room,
    trace: &mut Trace,
) -> Result<Fetched, Refusal> {
    if let Ok(response) = &answer {
        let hits = sending.found(response, thread, thread.now());
        if !hits.is_empty() {
            trace.notes.get_or_insert_default().signals.extend(hits);
        }
    }
    let (mut dropped, mut seen) = (0, None);
    let (parts, kind) = match sending.inward(answer, thread)? {
        Inward::Now(parts, kind) => (parts, kind),
        // Refused where it was judged.
        Inward::Switched(_) => return Err(Refusal::Internal),
        Inward::Held(mut held) => {
            // All of it, as long as there is room.
            held.hold(room.left() + 1).await?;
            held.release(thread)
        }
    };
    let bytes = match kind {
        Kind::Full(bytes) => {
            let bytes = bytes.unwrap_or_default();
            room.take(bytes.len())?;
            bytes
        }
        Kind::Kept(kept) => {
            room.take(kept.bytes.len())?;
            kept.bytes
        }
        Kind::Sieved(mut sieved) => {
            dropped = sieved.sieving.noted().put(Some(trace));
            seen = sieved.sieving.recorded();
            sifted(sieved.sieving, &room)?
        }
        Kind::Flow(flow) => flowing(thread, *flow, &room).await?,
    };
    // A text is all that an answer inside of an answer can be.
    std::str::from_utf8(&bytes).map_err(|_| Refusal::UpstreamMalformed)?;
    // A small one must not keep all of what it was read with.
    let bytes = if bytes.len() < SMALL { Bytes::copy_from_slice(&bytes) } else { bytes };
    Ok(Fetched { parts, content: Content { bytes, ours: false }, dropped, seen })
}

/// What the sieve left of an answer that is all there.
fn sifted(mut sieving: Sieving, room: &Room) -> Result<Bytes, Refusal> {
    let length = sieving.length().and_then(|length| usize::try_from(length).ok());
    room.take(length.ok_or_else(|| room.full())?)?;
    let mut pieces = Pieces::default();
    while let Some(piece) = sieving.take_held() {
        pieces.push(piece);
    }
    Ok(pieces.join())
}

async fn flowing(thread: &Rc<Thread>, flow: Flow, room: &Room) -> Result<Bytes, Refusal> {
    let Flow { mut body, first, alarm, mut tail, .. } = flow;
    let mut pieces = Pieces::default();
    if let Some(first) = first {
        room.take(first.len())?;
        pieces.push(first);
    }
    loop {
        alarm.set(thread.settings.timeouts.answer_idle);
        let frame = alarm.guard(poll_fn(|cx| Pin::new(&mut body).poll_frame(cx))).await;
        let Some(frame) = frame.ok_or(Refusal::UpstreamSlow)? else { break };
        let Ok(data) = frame.map_err(|_| Refusal::UpstreamMalformed)?.into_data() else { continue };
        if thread.leak.is_in(&mut tail, &data) {
            return Err(Refusal::UpstreamMalformed);
        }
        room.take(data.len())?;
        pieces.push(data);
    }
    body.settle();
    Ok(pieces.join())
}
