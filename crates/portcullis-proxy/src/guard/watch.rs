//! What the guard, the connection's task and its calls tell each other, and the time they all have.
//!
//! Must not know bytes.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use portcullis_h1::CallFault;

use crate::settings::Timeouts;
use crate::ticker::Alarm;

/// What the guard, the connection's task and its calls tell each other.
pub(crate) struct Watch {
    /// The one deadline of the connection: head, idle or send.
    pub(crate) alarm: Alarm,
    /// Why the last head was refused.
    pub(crate) fault: Cell<Option<CallFault>>,
    /// Calls of this connection that are not fully answered.
    pub(crate) in_flight: Cell<usize>,
    /// Whether the peer sent bytes that nobody read.
    pub(crate) unread: Cell<bool>,
    /// Whether it speaks HTTP/2.
    pub(crate) http2: Cell<bool>,
    phase: Cell<&'static str>,
    /// For an HTTP/2 connection to get on with any of its streams: the longest that one of them was given.
    stream: Cell<Duration>,
    times: Rc<Times>,
}

/// Times that concern a connection; all of them share it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Times {
    pub(crate) head: Duration,
    pub(crate) idle: Duration,
    /// Which part of it a connection of HTTP/1.1 keeps its buffers.
    pub(crate) park: Duration,
    pub(crate) send: Duration,
    /// For an HTTP/2 connection to get on with any of its streams.
    pub(crate) stream: Duration,
}

impl Times {
    pub(crate) fn new(set: &Timeouts) -> Self {
        let waits = set.first_byte.max(set.answer_idle).max(set.body).max(set.body_idle);
        let (idle, park) = (set.idle, set.park.min(set.idle));
        Self { head: set.head, idle, park, send: set.send, stream: waits + set.send }
    }
}

impl Watch {
    /// A connection that was just accepted: its first head is due.
    pub(crate) fn new(alarm: Alarm, times: Rc<Times>) -> Rc<Self> {
        alarm.set(times.head);
        Rc::new(Self {
            alarm,
            fault: Cell::new(None),
            in_flight: Cell::new(0),
            unread: Cell::new(false),
            http2: Cell::new(false),
            phase: Cell::new("head"),
            stream: Cell::new(times.stream),
            times,
        })
    }

    /// What the connection is waiting for, should its time be over.
    pub(crate) fn phase(&self) -> &'static str {
        self.phase.get()
    }

    /// Between two calls.
    pub(crate) fn is_idle(&self) -> bool {
        self.phase.get() == "idle" && self.in_flight.get() == 0
    }

    fn expect(&self, phase: &'static str, within: Duration) {
        self.phase.set(phase);
        self.alarm.set(within);
    }

    /// A call begins. With HTTP/1 it is the only one, and keeps its own time.
    pub(crate) fn begin(&self) {
        self.in_flight.set(self.in_flight.get() + 1);
        if self.http2.get() {
            self.expect("stream", self.stream.get());
        } else if self.phase.get() == "idle" {
            self.alarm.off();
        }
    }

    /// A call was answered.
    pub(crate) fn finish(&self) {
        self.in_flight.set(self.in_flight.get().saturating_sub(1));
        match (self.http2.get(), self.in_flight.get()) {
            (true, 1..) => self.expect("stream", self.stream.get()),
            (true, 0) => self.expect("idle", self.times.idle),
            // The next head may be coming in already, or the answer going out too slowly.
            (false, _) if self.alarm.is_set() => {}
            (false, _) => self.expect("idle", self.times.park),
        }
    }

    /// The rest of an idle connection's time begins, which it spends without buffers; none: it had all.
    pub(crate) fn parks(&self) -> Option<()> {
        let rest = self.times.idle.checked_sub(self.times.park).filter(|rest| !rest.is_zero())?;
        self.alarm.set(rest);
        Some(())
    }

    /// The first bytes of a call came to a connection that had been idle.
    pub(crate) fn wakes(&self) {
        self.expect("head", self.times.head);
    }

    /// A call that was answered is read on.
    pub(crate) fn reads_on(&self) {
        self.expect("body", self.times.stream);
    }

    /// A piece of it was.
    pub(crate) fn read_on(&self) {
        if self.phase.get() == "body" {
            self.reads_on();
        }
    }

    /// Nothing is under way.
    pub(crate) fn rests(&self) {
        self.expect("idle", self.times.park);
    }

    /// A part of a head came.
    pub(crate) fn head_began(&self) {
        if self.phase.get() == "idle" {
            self.wakes();
        }
    }

    /// Writing stalled.
    pub(crate) fn sends(&self) {
        self.expect("send", self.times.send);
    }

    /// All was said, and what the peer still sends is read for a while.
    pub(crate) fn lingers(&self, within: Duration) {
        self.expect("linger", within);
    }

    /// The peer took what it had stopped to take.
    pub(crate) fn took(&self) {
        match (self.http2.get(), self.in_flight.get()) {
            (true, _) => self.waits(),
            (false, 0) => self.expect("idle", self.times.park),
            (false, _) => self.alarm.off(),
        }
    }

    /// A stream of the connection waits for others than the peer.
    pub(crate) fn waits(&self) {
        if self.http2.get() {
            self.expect("stream", self.stream.get());
        }
    }

    /// The same; the others may say nothing for so long.
    pub(crate) fn waits_for(&self, silent: Duration) {
        self.stream.set(self.stream.get().max(silent + self.times.send));
        self.waits();
    }

    /// A piece of an answer was handed over; the peer is to take it.
    pub(crate) fn handed_over(&self) {
        if self.http2.get() {
            self.expect("send", self.times.send);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};

    use super::*;
    use crate::ticker::Ticker;

    #[test]
    fn a_stream_gives_its_connection_the_time_it_was_given() {
        let ticker = Ticker::new(Duration::from_millis(10));
        let second = Duration::from_secs(1);
        let times =
            Times { head: second, idle: second, park: second, send: second, stream: 2 * second };
        let watch = Watch::new(ticker.alarm(), Rc::new(times));
        watch.http2.set(true);
        watch.begin();
        watch.waits_for(10 * second);
        watch.begin();
        watch.finish();
        let fired = |now| {
            ticker.advance(now);
            watch.alarm.poll(&mut Context::from_waker(Waker::noop())).is_ready()
        };
        assert_eq!([2_500, 10_500, 11_010].map(fired), [false, false, true]);
    }
}
