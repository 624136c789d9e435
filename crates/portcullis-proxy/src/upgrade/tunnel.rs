//! A WebSocket under way: what a partner sends is judged by message, what comes back is watched, and both
//! end by a frame that says why.
//!
//! Must not know how a call is judged.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::BytesMut;
use http::request::Parts;
use portcullis_judge::Granted;
use portcullis_types::Refusal;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::frames::{self, Fault, Frames};
use super::side::{End, Fail, Side};
use crate::body::Access;
use crate::forward::Forward;
use crate::leak::Tail;
use crate::thread::Thread;
use crate::ticker::Alarm;
use crate::ticket::Ticket;
use crate::upstream::{Arriving, Wire};

/// How long a partner is still listened to.
const LINGER: Duration = Duration::from_secs(2);

/// What the platform granted.
pub(crate) struct Opened {
    line: Wire,
    alarm: Alarm,
    silent: Duration,
    access: Access,
}

impl Opened {
    /// Takes the connection of an answer that switched protocols.
    ///
    /// # Errors
    /// Nobody asked for that, or the answer would have to be cut down.
    pub(crate) fn new(
        thread: &Thread,
        body: Arriving,
        alarm: Alarm,
        forward: &Forward,
    ) -> Result<Self, Refusal> {
        let untouched = forward.duties.as_ref().is_none_or(|duties| duties.program.is_empty());
        let line = body.into_wire().filter(|_| forward.websocket && untouched);
        let line = line.ok_or(Refusal::UpstreamMalformed)?;
        Ok(Self { line, alarm, silent: forward.silent(thread), access: forward.access(thread) })
    }
}

/// A WebSocket that the platform granted and the partner is told of.
pub(crate) struct Tunnel {
    opened: Opened,
    /// As it was opened, for each message to be judged by.
    asked: Parts,
    ticket: Box<Ticket>,
    up: Side,
    down: Side,
    tail: Tail,
}

impl Tunnel {
    pub(crate) fn new(mut opened: Opened, asked: Parts, ticket: Box<Ticket>) -> Self {
        let max = ticket.conn.thread.settings.limits.judged_body_bytes;
        let early = std::mem::take(&mut opened.line.buffer);
        opened.alarm.is_flow();
        Self {
            opened,
            asked,
            ticket,
            up: Side::new(Frames::new(true, max), BytesMut::new()),
            down: Side::new(Frames::new(false, u64::MAX), early),
            tail: Tail::default(),
        }
    }

    /// Passes messages on until one side has enough, or the partner may not go on.
    pub(crate) async fn run<T: AsyncRead + AsyncWrite + Unpin>(
        mut self: Box<Self>,
        mut partner: T,
    ) {
        self.opened.alarm.set(self.opened.silent);
        // Over HTTP/2 its connection has as long, and whoever else is on it.
        self.ticket.conn.watch.waits_for(self.opened.silent);
        let end = poll_fn(|cx| self.poll(&mut partner, cx)).await;
        let gone = matches!(end, End::Gone);
        self.ticket.whole = matches!(end, End::Done);
        if let End::Told(code, reason) = end {
            self.tell(code, &reason);
        }
        if !gone {
            self.opened.alarm.set(self.ticket.conn.thread.settings.timeouts.send);
            poll_fn(|cx| self.poll_out(&mut partner, cx)).await;
            self.opened.alarm.set(LINGER);
            poll_fn(|cx| self.poll_linger(&mut partner, cx)).await;
        }
        self.ticket.bytes_in = self.up.bytes;
        self.ticket.bytes_out = self.down.bytes;
    }

    fn poll<T: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        partner: &mut T,
        cx: &mut Context<'_>,
    ) -> Poll<End> {
        loop {
            match self.turn(partner, cx) {
                Ok(true) => {
                    self.opened.alarm.set(self.opened.silent);
                    self.ticket.conn.watch.waits();
                }
                Ok(false) => break,
                Err(end) => return Poll::Ready(end),
            }
        }
        if self.opened.alarm.poll(cx).is_ready() {
            let long =
                if self.opened.alarm.is_over() { "it lasted" } else { "nothing was said for" };
            return Poll::Ready(End::Told(1001, format!("{long} too long")));
        }
        Poll::Pending
    }

    /// Whether anything moved.
    fn turn<T: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        partner: &mut T,
        cx: &mut Context<'_>,
    ) -> Result<bool, End> {
        let thread = &self.ticket.conn.thread;
        if let Some(refusal) = self.opened.access.lost(thread) {
            return Err(refused(&refusal));
        }
        if thread.closing.get() {
            return Err(End::Told(1001, "the gate restarts: connect again".to_owned()));
        }
        let mut moved = self.up.read(&mut *partner, cx);
        moved |= self.down.read(&mut self.opened.line.read, cx);
        self.pass_up()?;
        self.pass_down()?;
        moved |= self.up.write(&mut self.opened.line.write, cx)?;
        moved |= self.down.write(&mut *partner, cx)?;
        // Known as well should it be cut off at any moment.
        self.ticket.bytes_out = self.down.bytes;
        let (up, down) = (&self.up, &self.down);
        if !(up.out.is_empty() && down.out.is_empty()) {
            return Ok(moved);
        }
        match (up.closed || up.ended, down.closed || down.ended) {
            // Who closed is answered by the other side, which may end without a word then.
            (true, true) if up.closed || down.closed => Err(End::Done),
            (true, _) if !up.closed => Err(End::Gone),
            (_, true) if !down.closed => Err(End::Gone),
            _ => Ok(moved),
        }
    }

    fn pass_up(&mut self) -> Result<(), End> {
        let (ticket, asked) = (&self.ticket, &self.asked);
        let bytes = self.up.bytes;
        let passed = self.up.pass(|| judge(ticket, asked));
        let most = ticket.conn.thread.settings.limits.streamed_body_bytes;
        match passed {
            Ok(()) if bytes <= most => Ok(()),
            Ok(()) | Err(Fail::Fault(Fault::TooLarge)) => {
                Err(End::Told(1009, "body_too_large: a message, or all of them".to_owned()))
            }
            Err(Fail::Fault(Fault::Malformed)) => {
                Err(End::Told(1002, "a frame that can be read in two ways".to_owned()))
            }
            Err(Fail::End(end)) => Err(end),
        }
    }

    fn pass_down(&mut self) -> Result<(), End> {
        let (before, between) = (self.down.out.len(), self.down.frames.is_between());
        let passed = self.down.pass(|| Ok(()));
        let thread = &self.ticket.conn.thread;
        let new = self.down.out.get(before..).unwrap_or_default();
        if thread.leak.is_in(&mut self.tail, new) || passed.is_err() {
            thread.metrics.upstreams.failures.inc();
            self.down.out.truncate(before);
            if !between {
                return Err(End::Gone);
            }
            return Err(End::Told(1011, "upstream_malformed".to_owned()));
        }
        Ok(())
    }

    /// Ends both directions by a frame that says why, where none is under way.
    fn tell(&mut self, code: u16, reason: &str) {
        self.up.read.clear();
        self.down.read.clear();
        if self.down.frames.is_between() && !self.down.closed {
            self.down.out.extend_from_slice(&frames::close(false, code, reason));
        }
        if self.up.frames.is_between() && !self.up.closed {
            self.up.out.extend_from_slice(&frames::close(true, 1001, ""));
        }
    }

    /// Lets out what is left, within the time for it, and ends both connections.
    fn poll_out<T: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        partner: &mut T,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let up = self.up.write(&mut self.opened.line.write, cx).is_err() || self.up.out.is_empty();
        let down = self.down.write(&mut *partner, cx).is_err() || self.down.out.is_empty();
        if !(up && down) {
            return self.opened.alarm.poll(cx);
        }
        let _ = ready!(Pin::new(&mut self.opened.line.write).poll_shutdown(cx));
        Pin::new(&mut *partner).poll_shutdown(cx).map(|_| ())
    }

    /// Reads what the partner still sends, for a while: to close with bytes unread would send a reset, and
    /// that discards what was just written.
    fn poll_linger<T: AsyncRead + Unpin>(
        &mut self,
        partner: &mut T,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let mut sink = [0; 4096];
        loop {
            let mut into = ReadBuf::new(&mut sink);
            match Pin::new(&mut *partner).poll_read(cx, &mut into) {
                Poll::Ready(Ok(())) if !into.filled().is_empty() => {}
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return self.opened.alarm.poll(cx),
            }
        }
    }
}

/// Judges a message as the call that opened the socket was.
fn judge(ticket: &Ticket, asked: &Parts) -> Result<(), End> {
    let thread = &ticket.conn.thread;
    let outcome = thread.bench.judge(&ticket.conn, asked, &[], false, thread.now()).outcome;
    match outcome {
        Ok(Granted::Call(permit)) if permit.websocket => Ok(()),
        Ok(_) => Err(refused(&Refusal::Internal)),
        Err(refusal) => Err(refused(&refusal)),
    }
}

fn refused(refusal: &Refusal) -> End {
    let row = refusal.row();
    End::Told(1008, format!("{}: {}", row.code, row.title))
}
