//! Calls of one thread that wait until an upstream can take them.
//!
//! Partners take turns, each with the call it sent first, so that one with many waits no shorter than
//! one with few. The line is bounded: where it is full, the partner that has most in it makes room.
//! Must not know what a call is or why it waits.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use super::Failure;

/// A partner, for who waits.
pub(super) type Who = u32;

/// The line; a waiter is given a `T` in the end.
pub(super) struct Line<T> {
    rows: RefCell<Rows<T>>,
    max: usize,
}

struct Rows<T> {
    /// Whose turn is next.
    ring: VecDeque<Who>,
    of: HashMap<Who, VecDeque<Rc<Waiter<T>>>>,
    count: usize,
}

struct Waiter<T>(RefCell<Turn<T>>);

enum Turn<T> {
    Waits(Option<Waker>),
    Came(Result<T, Failure>),
    /// It was told.
    Over,
}

/// A place in the line; dropped, it is given up.
pub(super) struct Waiting<T> {
    line: Rc<Line<T>>,
    who: Who,
    waiter: Rc<Waiter<T>>,
}

impl<T> Line<T> {
    pub(super) fn new(max: usize) -> Rc<Self> {
        let rows = Rows { ring: VecDeque::new(), of: HashMap::new(), count: 0 };
        Rc::new(Self { rows: RefCell::new(rows), max })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.borrow().count == 0
    }

    pub(super) fn len(&self) -> usize {
        self.rows.borrow().count
    }

    /// Takes a call in.
    ///
    /// # Errors
    /// There is no room, and nobody has more in it than this partner.
    pub(super) fn enter(self: &Rc<Self>, who: Who) -> Result<Waiting<T>, Failure> {
        if self.len() >= self.max {
            self.make_room(who)?;
        }
        let waiter = Rc::new(Waiter(RefCell::new(Turn::Waits(None))));
        self.rows.borrow_mut().push(who, Rc::clone(&waiter));
        Ok(Waiting { line: Rc::clone(self), who, waiter })
    }

    /// Sends away the last call of whoever has most, unless that is whoever comes.
    fn make_room(&self, who: Who) -> Result<(), Failure> {
        let sent_away = self.rows.borrow_mut().pop_longest(who).ok_or(Failure::Busy)?;
        sent_away.tell(Err(Failure::Busy));
        Ok(())
    }

    /// Has the next one that may come be given what there is for it; whether there was one.
    pub(super) fn call(&self, may: impl Fn(Who) -> bool, give: impl FnOnce(Who) -> T) -> bool {
        let next = self.rows.borrow_mut().pop(may);
        // Told after the borrow ended, since a waker may drop a task, and with it a place in the line.
        if let Some((who, waiter)) = next {
            waiter.tell(Ok(give(who)));
            return true;
        }
        false
    }

    /// Sends all of them away.
    pub(super) fn send_away(&self, why: Failure) {
        loop {
            let next = self.rows.borrow_mut().pop(|_| true);
            let Some((_, waiter)) = next else { return };
            waiter.tell(Err(why));
        }
    }
}

impl<T> Rows<T> {
    fn push(&mut self, who: Who, waiter: Rc<Waiter<T>>) {
        let row = self.of.entry(who).or_default();
        if row.is_empty() {
            self.ring.push_back(who);
        }
        row.push_back(waiter);
        self.count += 1;
    }

    fn pop(&mut self, may: impl Fn(Who) -> bool) -> Option<(Who, Rc<Waiter<T>>)> {
        let at = self.ring.iter().position(|who| may(*who))?;
        let who = self.ring.remove(at)?;
        let row = self.of.get_mut(&who)?;
        let waiter = row.pop_front()?;
        self.count -= 1;
        if row.is_empty() {
            self.of.remove(&who);
        } else {
            self.ring.push_back(who);
        }
        Some((who, waiter))
    }

    /// The last call of whoever has most, where that is at least two more than `who` has.
    fn pop_longest(&mut self, who: Who) -> Option<Rc<Waiter<T>>> {
        let own = self.of.get(&who).map_or(0, VecDeque::len);
        let (longest, row) = self.of.iter_mut().max_by_key(|(_, row)| row.len())?;
        if row.len() < own + 2 {
            return None;
        }
        let (longest, last) = (*longest, row.pop_back());
        self.count -= 1;
        self.tidy(longest);
        last
    }

    fn leave(&mut self, who: Who, waiter: &Rc<Waiter<T>>) {
        let Some(row) = self.of.get_mut(&who) else { return };
        if let Some(at) = row.iter().position(|other| Rc::ptr_eq(other, waiter)) {
            row.remove(at);
            self.count -= 1;
            self.tidy(who);
        }
    }

    /// Takes a partner out that has none in the line any more.
    fn tidy(&mut self, who: Who) {
        if self.of.get(&who).is_some_and(VecDeque::is_empty) {
            self.of.remove(&who);
            self.ring.retain(|other| *other != who);
        }
    }
}

impl<T> Waiter<T> {
    fn tell(&self, turn: Result<T, Failure>) {
        let before = self.0.replace(Turn::Came(turn));
        if let Turn::Waits(Some(waker)) = before {
            waker.wake();
        }
    }
}

impl<T> Waiting<T> {
    /// Waits for its turn.
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, Failure>> {
        let mut turn = self.waiter.0.borrow_mut();
        if let Turn::Waits(waker) = &mut *turn {
            if !waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
                *waker = Some(cx.waker().clone());
            }
            return Poll::Pending;
        }
        match std::mem::replace(&mut *turn, Turn::Over) {
            Turn::Came(turn) => Poll::Ready(turn),
            Turn::Waits(_) | Turn::Over => Poll::Ready(Err(Failure::Busy)),
        }
    }
}

impl<T> Drop for Waiting<T> {
    fn drop(&mut self) {
        self.line.rows.borrow_mut().leave(self.who, &self.waiter);
        // What it was given and never took goes back after the borrow ended.
        let given = self.waiter.0.replace(Turn::Over);
        drop(given);
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn poll(waiting: &mut Waiting<u32>) -> Poll<Result<u32, Failure>> {
        waiting.poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn partners_take_turns_however_many_calls_each_has() {
        let line = Line::new(100);
        let mut places = [1, 1, 1, 2, 3, 2].map(|who| line.enter(who).unwrap());
        let order = Cell::new(0);
        let next = |_| order.replace(order.get() + 1);
        while line.call(|_| true, next) {}
        let came = places.each_mut().map(|place| match poll(place) {
            Poll::Ready(Ok(at)) => at,
            _ => panic!("not told"),
        });
        assert_eq!(came, [0, 3, 5, 1, 2, 4]);
    }

    #[test]
    fn who_may_not_come_yet_is_passed_over_and_keeps_its_turn() {
        let line = Line::<u32>::new(10);
        let _places = [1, 2].map(|who| line.enter(who).unwrap());
        assert!(!line.call(|who| who == 3, |who| who));
        assert!(line.call(|who| who != 1, |who| who));
        assert_eq!(line.rows.borrow().ring, [1]);
    }

    #[test]
    fn a_full_line_is_made_room_in_by_whoever_has_most() {
        let line = Line::<u32>::new(4);
        let mut many: Vec<_> = (0..4).map(|_| line.enter(1).unwrap()).collect();
        assert!(
            matches!(line.enter(1), Err(Failure::Busy)),
            "who has most makes no room for itself"
        );
        let _two = line.enter(2).unwrap();
        assert!(matches!(poll(&mut many[3]), Poll::Ready(Err(Failure::Busy))), "the last of them");
        let _three = line.enter(3).unwrap();
        assert!(line.enter(2).is_err(), "two at the most have as many");
        assert_eq!(line.len(), 4);
    }

    #[test]
    fn who_leaves_is_forgotten_and_what_it_was_given_goes_back() {
        let line = Line::<Rc<()>>::new(4);
        let given = Rc::new(());
        let left = line.enter(1).unwrap();
        drop(left);
        assert!(line.is_empty() && line.rows.borrow().ring.is_empty());
        assert!(!line.call(|_| true, |_| Rc::clone(&given)));
        let told = line.enter(1).unwrap();
        assert!(line.call(|_| true, |_| Rc::clone(&given)));
        assert_eq!(Rc::strong_count(&given), 2);
        drop(told);
        assert_eq!(Rc::strong_count(&given), 1);
    }
}
