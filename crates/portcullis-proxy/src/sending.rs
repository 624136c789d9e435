//! A call on its way to the platform, and its answer on the way back, up to the first piece.
//!
//! Must not know how the call was judged or how a refusal is rendered.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::{Response, response};
use portcullis_judge::{Permit, Settlement, SignalHit, Touched};
use portcullis_sieve::LinkKey;
use portcullis_types::{Effect, Now, Refusal};
use tower::Service;

use crate::asked;
use crate::body::Kind;
use crate::conn::Conn;
use crate::forward::{self, Came, Forward, Given};
use crate::inward::{self, Inward};
use crate::records::More;
use crate::thread::Thread;
use crate::ticker::Alarm;
use crate::ticket::{Ticket, since};
use crate::trace::{Way, micros};
use crate::upload::UploadState;
use crate::upstream::{Answering, Arriving, Failure};

/// The head of an answer for the partner, and what follows it.
pub(crate) type Answered = (response::Parts, Kind);

/// A call on its way to the platform.
pub(crate) struct Sending {
    answer: Answering,
    forward: Forward,
    /// What it has debited.
    settlement: Settlement,
    state: Option<Rc<UploadState>>,
    /// When it was sent.
    since: Now,
    /// Set for the first byte of the answer.
    alarm: Alarm,
    /// What goes on record of what was asked, where that is wanted.
    pub(crate) asked: Option<Box<More>>,
    /// Bytes of the upload that were sent when the alarm was set.
    uploaded: u64,
    /// Microseconds that it waited until an upstream could take it.
    queue_us: u32,
}

impl Sending {
    /// Sends on what was permitted.
    pub(crate) fn begin(
        conn: &Conn,
        came: Came,
        permit: Permit,
        given: Given<'_>,
        now: Now,
    ) -> Result<Self, Refusal> {
        let thread = &conn.thread;
        let Given { id, partner, host, plain, trace, look } = given;
        let (key, subscribes) = (permit.key, permit.subscribes);
        let websocket = permit.websocket;
        let stream = permit.stream.map_or(0, |silent| silent.milliseconds());
        let stream = u32::try_from(stream).unwrap_or(u32::MAX);
        let link_key = permit.link_key.as_ref().and_then(|key| LinkKey::new(key.expose()));
        let (outbound, settlement, duties) = permit.into_parts();
        let effect = outbound.method().effect();
        let asked = asked::on_record(thread, &came, &outbound);
        let plain = plain || duties.as_ref().is_some_and(|duties| !duties.program.is_empty());
        let cuts = thread.cuts.get();
        // Nothing was judged on this thread since the permit was given.
        let read = thread.bench.touched();
        let forward = Forward {
            duties,
            look,
            plain,
            key,
            partner,
            cuts,
            effect,
            subscribes,
            websocket,
            stream,
            read,
            host,
            link_key,
        };
        let (call, state) =
            match forward::outward(conn, came, outbound, &forward, (id, trace.as_ref())) {
                Ok(made) => made,
                Err(refusal) => {
                    settlement.release();
                    return Err(refusal);
                }
            };
        let answer = (&*thread.pool.borrow()).call(call);
        let alarm = thread.ticker.alarm_of(key, effect);
        alarm.end(thread.settings.timeouts.total);
        let waits = answer.waits();
        alarm.set(if waits {
            thread.crew.borrow().settings.upstreams.bounds.wait
        } else {
            thread.settings.timeouts.first_byte
        });
        let (uploaded, queue_us, since) = (0, 0, now);
        Ok(Self { answer, forward, settlement, state, since, alarm, asked, uploaded, queue_us })
    }

    /// Waits for the head of the answer. As long as an upload goes on, so may the wait.
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        thread: &Thread,
    ) -> Poll<Result<Response<Arriving>, Refusal>> {
        if self.answer.waits()
            && let Err(refusal) = ready!(self.poll_turn(cx, thread))
        {
            // It was never sent, so it has cost nothing.
            std::mem::take(&mut self.settlement).release();
            return Poll::Ready(Err(refusal));
        }
        if let Poll::Ready(answer) = Pin::new(&mut self.answer).poll(cx) {
            if matches!(answer, Err(Failure::Unreachable | Failure::Closed | Failure::Busy)) {
                // It was never sent, so it has cost nothing.
                std::mem::take(&mut self.settlement).release();
            }
            // Where the partner's side of an upload failed, that is what the partner should read.
            let fault = || self.state.as_ref().and_then(|state| state.fault.get());
            return Poll::Ready(
                answer.map_err(|failure| fault().map_or_else(|| failure.into(), Refusal::from)),
            );
        }
        while self.alarm.poll(cx).is_ready() {
            let now = self.state.as_ref().map_or(0, |state| state.bytes.get());
            if now == self.uploaded || self.alarm.is_over() {
                self.answer.slow(self.told_by(thread.now()));
                return Poll::Ready(Err(Refusal::UpstreamSlow));
            }
            self.uploaded = now;
            self.alarm.set(thread.settings.timeouts.first_byte);
        }
        Poll::Pending
    }

    /// Waits until an upstream can take it, and sends it, if its key may still send it then.
    #[cold]
    fn poll_turn(&mut self, cx: &mut Context<'_>, thread: &Thread) -> Poll<Result<(), Refusal>> {
        let turn = match self.answer.poll_turn(cx) {
            Poll::Ready(turn) => turn.map_err(Refusal::from),
            Poll::Pending => {
                ready!(self.alarm.poll(cx));
                Err(Refusal::UpstreamBusy)
            }
        };
        let begun = std::mem::replace(&mut self.since, thread.now());
        self.queue_us = micros(since(self.since, begun)).max(1);
        let turn = turn?;
        self.forward.may_be_sent(thread)?;
        self.answer.send(turn);
        self.alarm.set(thread.settings.timeouts.first_byte);
        Poll::Ready(Ok(()))
    }

    /// Which way it went.
    pub(crate) fn way(&self, answer: &Result<Response<Arriving>, Refusal>) -> Way {
        let way = answer.as_ref().map_or_else(|_| self.answer.way(), |got| got.body().way());
        Way { queue_us: self.queue_us, ..way }
    }

    /// What it reads, where it reads: who does may lose its access before the answer is out.
    pub(crate) fn read(&self) -> Option<Touched> {
        (self.forward.effect == Effect::Read).then(|| self.forward.read.clone())
    }

    /// Makes the answer the partner's.
    pub(crate) fn arrived(
        self,
        answer: Result<Response<Arriving>, Refusal>,
        ticket: &mut Ticket,
    ) -> Result<Inward, Refusal> {
        let head = ticket.conn.thread.now();
        ticket.upstream_ns = Some(since(head, self.since));
        ticket.end = Some(head);
        ticket.way = self.way(&answer);
        ticket.answered((self.since, head), answer.as_ref().map(|got| got.status().as_u16()));
        if let Some(state) = &self.state {
            ticket.bytes_in = state.bytes.get();
        }
        if let Ok(response) = &answer {
            let hits = self.found(response, &ticket.conn.thread, head);
            ticket.note(hits);
        }
        if answer.is_ok() && (self.forward.stream > 0 || self.forward.websocket) {
            let end = ticket.conn.thread.settings.timeouts.stream;
            self.alarm.end(end.unwrap_or(Duration::MAX));
        }
        self.inward(answer, &ticket.conn.thread)
    }

    /// How many microseconds it has taken, where that tells how the platform fares: not where the
    /// partner's own pace is in it, or the answer is a stream that may well begin late.
    fn told_by(&self, now: Now) -> Option<u32> {
        let Forward { websocket, stream, .. } = &self.forward;
        let tells = self.state.is_none() && !websocket && *stream == 0;
        tells.then(|| micros(since(now, self.since)))
    }

    /// Notes what was answered and how fast, and tells whether the platform knew what was asked for; gives the
    /// watches that hit.
    pub(crate) fn found(
        &self,
        answer: &Response<Arriving>,
        thread: &Thread,
        now: Now,
    ) -> Vec<SignalHit> {
        let status = answer.status();
        // A failure may come at once and says nothing of the work.
        answer.body().took(|| self.told_by(now).filter(|_| status.is_success()));
        self.forward.leaves(status, thread, now);
        let found = !matches!(status.as_u16(), 400 | 404 | 410);
        thread.bench.answered(self.forward.key, found, now)
    }

    /// Makes the answer one that may go on.
    pub(crate) fn inward(
        self,
        answer: Result<Response<Arriving>, Refusal>,
        thread: &Rc<Thread>,
    ) -> Result<Inward, Refusal> {
        self.alarm.off();
        let made =
            answer.and_then(|response| inward::inward(thread, response, self.alarm, self.forward));
        made.inspect_err(|refusal| {
            if refusal.row().status >= 500 {
                thread.metrics.upstreams.failures.inc();
            }
        })
    }
}
