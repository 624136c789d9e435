//! Coarse timers of one thread: one tick looks at every deadline.
//!
//! Two runtime timers per call cost 0.3 µs; setting a deadline here is a store. A deadline never
//! fires early and at most one tick late. Must not know what waits for it.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use portcullis_types::{Effect, KeyIx};

use crate::reach::UnderWay;

/// Never.
const OFF: u64 = u64::MAX;

/// All deadlines of a thread.
pub(crate) struct Ticker {
    slots: RefCell<Vec<Slot>>,
    free: RefCell<Vec<usize>>,
    now_ms: Cell<u64>,
    tick_ms: u64,
}

struct Slot {
    due_ms: u64,
    /// No deadline is later than this.
    end_ms: u64,
    waker: Option<Waker>,
    flow: bool,
    /// Whose call waits, and whether it reads; none: something else does.
    call: Option<(KeyIx, Effect)>,
}

impl Ticker {
    pub(crate) fn new(tick: Duration) -> Rc<Self> {
        let tick_ms = u64::try_from(tick.as_millis()).unwrap_or(100).max(1);
        Rc::new(Self {
            slots: RefCell::default(),
            free: RefCell::default(),
            now_ms: Cell::new(0),
            tick_ms,
        })
    }

    /// The time between two ticks.
    pub(crate) fn every(&self) -> Duration {
        Duration::from_millis(self.tick_ms)
    }

    /// Milliseconds since the thread began, as of the last tick.
    pub(crate) fn now_ms(&self) -> u64 {
        self.now_ms.get()
    }

    /// Goes on to a moment and wakes whoever is due.
    pub(crate) fn advance(&self, now_ms: u64) {
        self.now_ms.set(now_ms);
        self.wake(|slot| slot.due_ms <= now_ms);
    }

    /// Wakes every waiter, such as when the thread begins to drain.
    pub(crate) fn wake_all(&self) {
        self.wake(|_| true);
    }

    /// Wakes the answers that are under way, such as when a key was put on hold.
    pub(crate) fn wake_flows(&self) {
        self.wake(|slot| slot.flow);
    }

    fn wake(&self, which: impl Fn(&Slot) -> bool) {
        let mut due = Vec::new();
        for slot in self.slots.borrow_mut().iter_mut() {
            if slot.waker.is_some() && which(slot) {
                due.extend(slot.waker.take());
            }
        }
        // Woken after the borrow ended, since a waker may drop a task and with it an alarm.
        due.into_iter().for_each(Waker::wake);
    }

    /// The calls of these keys, which come in order, that are under way.
    pub(crate) fn under_way(&self, keys: &[KeyIx]) -> UnderWay {
        let mut found = UnderWay::default();
        for (key, effect) in self.slots.borrow().iter().filter_map(|slot| slot.call) {
            if keys.binary_search(&key).is_ok() {
                match effect {
                    Effect::Read => found.reads += 1,
                    Effect::Write => found.writes += 1,
                }
            }
        }
        found
    }

    /// A new alarm, off.
    pub(crate) fn alarm(self: &Rc<Self>) -> Alarm {
        self.put(None)
    }

    /// The same for a call on its way to the platform and back.
    pub(crate) fn alarm_of(self: &Rc<Self>, key: KeyIx, effect: Effect) -> Alarm {
        self.put(Some((key, effect)))
    }

    fn put(self: &Rc<Self>, call: Option<(KeyIx, Effect)>) -> Alarm {
        let slot = Slot { due_ms: OFF, end_ms: OFF, waker: None, flow: false, call };
        let mut slots = self.slots.borrow_mut();
        let at = match self.free.borrow_mut().pop() {
            Some(at) => {
                if let Some(old) = slots.get_mut(at) {
                    *old = slot;
                }
                at
            }
            None => {
                slots.push(slot);
                slots.len().saturating_sub(1)
            }
        };
        Alarm { ticker: Rc::clone(self), at }
    }
}

/// One deadline.
pub(crate) struct Alarm {
    ticker: Rc<Ticker>,
    at: usize,
}

impl Alarm {
    fn with<R>(&self, work: impl FnOnce(&mut Slot) -> R) -> Option<R> {
        self.ticker.slots.borrow_mut().get_mut(self.at).map(work)
    }

    /// Sets the deadline, from now.
    pub(crate) fn set(&self, after: Duration) {
        let after = u64::try_from(after.as_millis()).unwrap_or(OFF);
        // The last tick was up to one tick ago.
        let due = self.ticker.now_ms().saturating_add(after).saturating_add(self.ticker.tick_ms);
        self.with(|slot| slot.due_ms = due.min(slot.end_ms));
    }

    /// Sets an end, from now, which no deadline that is set later outlasts.
    pub(crate) fn end(&self, after: Duration) {
        let after = u64::try_from(after.as_millis()).unwrap_or(OFF);
        let end = self.ticker.now_ms().saturating_add(after).saturating_add(self.ticker.tick_ms);
        self.with(|slot| slot.end_ms = end);
    }

    /// Whether the end has come.
    #[inline]
    pub(crate) fn is_over(&self) -> bool {
        self.with(|slot| slot.end_ms).is_some_and(|end_ms| end_ms <= self.ticker.now_ms())
    }

    /// No deadline.
    pub(crate) fn off(&self) {
        self.with(|slot| slot.due_ms = OFF);
    }

    /// Whether a deadline is set.
    pub(crate) fn is_set(&self) -> bool {
        self.with(|slot| slot.due_ms != OFF).unwrap_or(false)
    }

    /// Marks the waiter as an answer under way.
    pub(crate) fn is_flow(&self) {
        self.with(|slot| slot.flow = true);
    }

    /// Ready once the deadline passed; else the task is woken then.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        let now_ms = self.ticker.now_ms();
        self.with(|slot| {
            if slot.due_ms <= now_ms {
                return Poll::Ready(());
            }
            match &slot.waker {
                Some(waker) if waker.will_wake(cx.waker()) => {}
                _ => slot.waker = Some(cx.waker().clone()),
            }
            Poll::Pending
        })
        .unwrap_or(Poll::Pending)
    }

    /// Waits for a future until the deadline; none: it passed first.
    pub(crate) async fn guard<F: Future>(&self, work: F) -> Option<F::Output> {
        let mut work = std::pin::pin!(work);
        std::future::poll_fn(|cx| {
            if let Poll::Ready(out) = work.as_mut().poll(cx) {
                return Poll::Ready(Some(out));
            }
            self.poll(cx).map(|()| None)
        })
        .await
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        self.with(|slot| {
            slot.due_ms = OFF;
            slot.waker = None;
            slot.call = None;
        });
        self.ticker.free.borrow_mut().push(self.at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn poll(alarm: &Alarm) -> bool {
        alarm.poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn an_alarm_never_fires_early() {
        let ticker = Ticker::new(Duration::from_millis(10));
        let alarm = ticker.alarm();
        assert!(!poll(&alarm), "an alarm is off at first");
        alarm.set(Duration::from_millis(50));
        for (now, fired) in [(0, false), (50, false), (59, false), (60, true), (70, true)] {
            ticker.advance(now);
            assert_eq!(poll(&alarm), fired, "at {now}");
        }
        alarm.off();
        assert!(!poll(&alarm));
    }

    #[test]
    fn no_deadline_outlasts_the_end() {
        let ticker = Ticker::new(Duration::from_millis(10));
        let alarm = ticker.alarm();
        alarm.end(Duration::from_millis(100));
        for (now, after, over) in [(0, 50, false), (60, 500, false), (110, 500, true)] {
            ticker.advance(now);
            alarm.off();
            alarm.set(Duration::from_millis(after));
            assert_eq!((poll(&alarm), alarm.is_over()), (over, over), "at {now}");
        }
    }

    #[test]
    fn a_call_is_under_way_as_long_as_its_alarm_is_kept() {
        let ticker = Ticker::new(Duration::from_millis(10));
        let _other = ticker.alarm();
        let read = ticker.alarm_of(KeyIx(1), Effect::Read);
        let _write = ticker.alarm_of(KeyIx(3), Effect::Write);
        let keys = |keys: &[u32]| {
            let keys: Vec<KeyIx> = keys.iter().copied().map(KeyIx).collect();
            let UnderWay { reads, writes } = ticker.under_way(&keys);
            (reads, writes)
        };
        assert_eq!((keys(&[1, 3]), keys(&[2, 3]), keys(&[])), ((1, 1), (0, 1), (0, 0)));
        drop(read);
        assert_eq!(keys(&[1, 3]), (0, 1));
    }

    #[test]
    fn a_slot_is_used_again() {
        let ticker = Ticker::new(Duration::from_millis(10));
        for _ in 0..100 {
            let alarm = ticker.alarm();
            alarm.set(Duration::ZERO);
        }
        assert_eq!(ticker.slots.borrow().len(), 1);
        assert!(!ticker.alarm().is_set(), "nothing is left of the last use");
    }
}
