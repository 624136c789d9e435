//! An answer on its way through the sieve.
//!
//! Its beginning is held back until it is judged, so that a fault there is still a refusal; after
//! that it goes out as it comes, and a fault cuts it. Must not know what duties there are.

mod asked;
mod held;
mod out;
mod tell;

use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http_body::Body;
use portcullis_judge::Duties;
use portcullis_sieve::{Fault, HELD_MAX, Pieces, Sieve};
use portcullis_types::Refusal;

use self::asked::Asked;
use self::held::Held;
pub(crate) use self::out::Sieved;
use self::tell::is_only_error;
pub(crate) use self::tell::only_links;
use crate::answer;
use crate::arrival::Share;
use crate::forward::Forward;
use crate::thread::Thread;
use crate::ticker::Alarm;
use crate::unpack::Unpack;
use crate::upstream::Arriving;

/// Pieces that are read without any coming out, until others get their turn.
const TURN: usize = 32;

/// An answer on its way through the sieve.
pub(crate) struct Sieving {
    body: Arriving,
    alarm: Alarm,
    unpack: Unpack,
    sieve: Sieve<Asked>,
    /// The answer of a platform that says no, until it is known to be nothing but that.
    early: Option<BytesMut>,
    duties: Arc<Duties>,
    pieces: Pieces,
    /// What may go out.
    held: Held,
    /// Its share of what may be held at once, and what of it the sieve takes.
    share: Share,
    memory: u64,
    /// Whether any byte came.
    begun: bool,
    ended: bool,
    thread: Rc<Thread>,
    host: Option<http::HeaderValue>,
}

/// How far one look got.
enum Step {
    Piece(Bytes),
    /// More must come first.
    More,
    /// Others get their turn first.
    Rest,
    End,
}

impl Sieving {
    /// For an answer with that head, which is made ready for what will follow it.
    pub(crate) fn new(
        thread: &Rc<Thread>,
        parts: &mut http::response::Parts,
        body: Arriving,
        alarm: Alarm,
        forward: &mut Forward,
        duties: Arc<Duties>,
    ) -> Result<Self, Refusal> {
        let unpack = Unpack::new(&parts.headers)?;
        let gate = thread.sieve_gate(forward.host.as_ref());
        let now = thread.now();
        let items = Asked(Some(thread.bench.items(forward.key, &duties, forward.look.take(), now)));
        let seconds = i64::try_from(now.wall.0 / 1000).unwrap_or(i64::MAX);
        let sieve = Sieve::new(Arc::clone(&duties.program), gate, seconds, items)
            .key_links(forward.link_key.take());
        let says_no = parts.status >= StatusCode::BAD_REQUEST && duties.program.may_thin();
        parts.headers.remove(CONTENT_LENGTH);
        if unpack.is_packed() {
            parts.headers.remove(CONTENT_ENCODING);
            answer::forget_validators(&mut parts.headers);
        }
        Ok(Self {
            body,
            alarm,
            unpack,
            sieve,
            early: says_no.then(BytesMut::new),
            duties,
            pieces: Pieces::default(),
            held: Held::default(),
            share: Share::nothing(thread, true),
            memory: 0,
            begun: false,
            ended: false,
            thread: Rc::clone(thread),
            host: forward.host.clone(),
        })
    }

    /// Whether all of it is there.
    pub(crate) const fn is_whole(&self) -> bool {
        self.ended
    }

    /// Whether nothing is left to go out.
    pub(crate) fn is_out(&self) -> bool {
        self.ended && self.held.is_empty()
    }

    /// Bytes to go out, where that is known.
    pub(crate) fn length(&self) -> Option<u64> {
        self.ended.then_some(self.held.bytes())
    }

    /// Reads what came with the head.
    pub(crate) fn begin(&mut self) -> Result<(), Refusal> {
        let first = self.body.first().map_err(|_| Refusal::UpstreamMalformed)?;
        self.unpack.feed(first.unwrap_or_default());
        while self.held.bytes() < HELD_MAX as u64 {
            match self.step()? {
                Step::Piece(piece) => self.hold(piece)?,
                Step::More if self.body.is_end_stream() => self.end()?,
                Step::Rest | Step::More | Step::End => break,
            }
        }
        Ok(())
    }

    /// Holds back until so much of it is judged, or all.
    pub(crate) fn poll_held(
        &mut self,
        cx: &mut Context<'_>,
        least: u64,
        forward: &Forward,
    ) -> Poll<Result<(), Refusal>> {
        loop {
            // A hold that comes while the answer does is told as one.
            forward.may_begin(&self.thread)?;
            if self.ended || self.held.bytes() >= least {
                return Poll::Ready(Ok(()));
            }
            if let Some(piece) = ready!(self.poll_piece(cx))? {
                self.hold(piece)?;
            }
        }
    }

    /// The next piece to go out; none: that was all.
    pub(crate) fn poll_next(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Bytes>, Refusal>> {
        if let Some(piece) = self.held.take() {
            return Poll::Ready(Ok(Some(piece)));
        }
        let piece = ready!(self.poll_piece(cx))?;
        // The last pieces are held, so that whoever takes them learns that they are.
        Poll::Ready(Ok(piece.or_else(|| self.held.take())))
    }

    /// The next piece of what is held.
    pub(crate) fn take_held(&mut self) -> Option<Bytes> {
        self.held.take()
    }

    fn hold(&mut self, piece: Bytes) -> Result<(), Refusal> {
        self.share.take(piece.len() as u64)?;
        self.held.keep(piece);
        Ok(())
    }

    /// Reads on until a piece comes out; none: the end.
    fn poll_piece(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Refusal>> {
        loop {
            match self.step()? {
                Step::Piece(piece) => return Poll::Ready(Ok(Some(piece))),
                Step::End => return Poll::Ready(Ok(None)),
                Step::Rest => {
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Step::More => {}
            }
            match Pin::new(&mut self.body).poll_frame(cx) {
                Poll::Ready(Some(Ok(frame))) => {
                    if self.alarm.is_over() {
                        return Poll::Ready(Err(Refusal::UpstreamSlow));
                    }
                    self.alarm.off();
                    // Trailers are dropped: what they name could not be cleaned any more.
                    if let Ok(data) = frame.into_data() {
                        self.unpack.feed(data);
                    }
                }
                Poll::Ready(Some(Err(_))) => return Poll::Ready(Err(Refusal::UpstreamMalformed)),
                Poll::Ready(None) => self.end()?,
                Poll::Pending => return self.wait(cx).map(|()| Err(Refusal::UpstreamSlow)),
            }
        }
    }

    fn wait(&self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.alarm.is_set() {
            self.alarm.set(self.thread.settings.timeouts.answer_idle);
            self.alarm.is_flow();
        }
        self.alarm.poll(cx)
    }

    fn step(&mut self) -> Result<Step, Refusal> {
        for _ in 0..TURN {
            if let Some(piece) = self.pieces.pop() {
                return Ok(Step::Piece(piece));
            }
            if self.ended {
                return Ok(Step::End);
            }
            let share = &mut self.share;
            let chunk = self.unpack.next(|more| share.take(more))?;
            let Some(chunk) = chunk else { return Ok(Step::More) };
            self.sift(chunk)?;
        }
        Ok(Step::Rest)
    }

    fn sift(&mut self, chunk: Bytes) -> Result<(), Refusal> {
        self.begun = true;
        if let Some(early) = &mut self.early {
            self.share.take(chunk.len() as u64)?;
            early.extend_from_slice(&chunk);
            return if early.len() > HELD_MAX { self.decide(false) } else { Ok(()) };
        }
        self.pieces.begin(&chunk);
        self.sieve.push(&chunk, &mut self.pieces).map_err(refusal)?;
        let memory = self.sieve.memory() as u64;
        self.share.take(memory.saturating_sub(self.memory))?;
        self.memory = self.memory.max(memory);
        Ok(())
    }

    /// The body ended.
    fn end(&mut self) -> Result<(), Refusal> {
        self.unpack.finish()?;
        self.decide(true)?;
        // No byte at all is no document, and holds nothing either.
        if self.begun {
            self.sieve.finish().map_err(refusal)?;
        }
        self.alarm.off();
        self.body.settle();
        while let Some(piece) = self.pieces.pop() {
            self.held.keep(piece);
        }
        self.ended = true;
        Ok(())
    }

    /// Settles whether an answer that says no is nothing but that. What it says then is the partner's,
    /// less links and credentials: no duty was made for it, and one that drops what it can't read would
    /// drop the reason.
    fn decide(&mut self, whole: bool) -> Result<(), Refusal> {
        let Some(early) = self.early.take() else { return Ok(()) };
        let early = early.freeze();
        if whole && is_only_error(&early) {
            let gate = self.thread.sieve_gate(self.host.as_ref());
            let links = self.thread.links.clone().ok_or(Refusal::Internal)?;
            self.sieve = Sieve::new(links, gate, 0, Asked(None));
        }
        self.sift(early)
    }
}

fn refusal(fault: Fault) -> Refusal {
    if fault.is_withheld() {
        Refusal::AnswerWithheld { why: fault.why() }
    } else {
        Refusal::UpstreamMalformed
    }
}
