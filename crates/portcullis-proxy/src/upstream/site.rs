//! The upstreams as one thread sees them, and which of them takes a call.
//!
//! Of two drawn by weight, the one with fewer calls under way; or always the same for the same
//! attribute. One that does not fare well, or has no room, is passed over as long as another does; where
//! none has room, calls wait. Must not know what is spoken to them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::atomic::Ordering;

use http::StatusCode;

use super::Failure;
use super::dial::{Crew, Dial};
use super::line::{Waiting, Who};
use super::pace::Pace;
use super::place::Place;
use super::repeats::Repeats;
use super::turns::Turns;
use crate::random::Random;
use crate::upstreams::{Spread, liking};

/// One upstream, and the connections to it.
pub(super) struct Site<C: Connections> {
    pub(super) dial: Dial,
    pub(super) connections: C,
    /// Calls under way, and how many may be.
    pub(super) calls: Cell<u32>,
    room: Cell<u32>,
    /// How many may be, by how it answers; none: always as many.
    pace: Option<Box<RefCell<Pace>>>,
    /// Connections that are being opened.
    pub(super) opening: Cell<u32>,
    pub(super) turns: Rc<Turns<Place<C>>>,
}

/// The connections to one upstream.
pub(super) trait Connections {
    /// How many calls they can take at once, without another being opened.
    fn free(&self) -> usize;
}

/// All of them.
pub(super) struct Sites<C: Connections> {
    list: Box<[Rc<Site<C>>]>,
    spread: Spread,
    random: Random,
    repeats: Repeats,
    turns: Rc<Turns<Place<C>>>,
}

/// Where a call stands at first.
pub(super) enum Placed<C: Connections> {
    At(Place<C>),
    Waiting(Waiting<Place<C>>),
}

impl<C: Connections> Sites<C> {
    pub(super) fn new(crew: &Crew, make: impl Fn(&Dial) -> C) -> Self {
        let turns = Turns::new(&crew.settings);
        let site = |dial: Dial| Rc::new(Site::new(crew, dial, &make, Rc::clone(&turns)));
        Self {
            list: crew.dials().map(site).collect(),
            spread: crew.settings.upstreams.spread,
            random: Random::new(),
            repeats: Repeats::new(crew.settings.upstreams.repeats_percent),
            turns,
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Rc<Site<C>>> {
        self.list.iter()
    }

    /// A place for a call of that partner and attribute, or one in the line.
    ///
    /// # Errors
    /// No connection can be made to any, or the line is full.
    #[inline]
    pub(super) fn place(&self, who: Who, attribute: u64) -> Result<Placed<C>, Failure> {
        self.repeats.sent();
        if let [only] = &*self.list
            && only.dial.is_open()
            && only.has_room()
            && self.may_pass(who)
        {
            return Ok(Placed::At(Place::at(only, who)));
        }
        self.placed(who, attribute)
    }

    fn placed(&self, who: Who, attribute: u64) -> Result<Placed<C>, Failure> {
        if self.may_pass(who)
            && let Some(place) = self.choose(who, attribute, None)
        {
            return Ok(Placed::At(place));
        }
        if !self.list.iter().any(|site| site.dial.is_open()) {
            return Err(Failure::Closed);
        }
        let waiting = self.turns.line.enter(who)?;
        // Where only others wait, who may not come yet, it comes at once.
        self.admit();
        Ok(Placed::Waiting(waiting))
    }

    fn may_pass(&self, who: Who) -> bool {
        self.turns.line.is_empty() && self.turns.may(who)
    }

    /// Calls that wait.
    pub(super) fn waiting(&self) -> usize {
        self.turns.line.len()
    }

    /// Gives each as much room as fits it by now, and lets in whoever can be taken.
    pub(super) fn tick(&self) {
        // Each of them, not up to the first.
        if self.list.iter().filter(|site| site.adapt()).count() > 0 {
            self.turns.may_be(self.list.iter().map(|site| u64::from(site.room.get())).sum());
        }
        self.admit();
    }

    /// Lets in whoever waits and can be taken; where nobody can, sends all away.
    pub(super) fn admit(&self) {
        if self.turns.line.is_empty() {
            return;
        }
        let open = || self.list.iter().filter(|site| site.dial.is_open());
        if open().next().is_none() {
            self.turns.line.send_away(Failure::Closed);
        }
        open().for_each(Site::admit);
    }

    /// A place at another upstream for a call that can be sent again.
    pub(super) fn another(&self, attribute: u64, than: &Place<C>) -> Option<Place<C>> {
        let other = self.choose(than.who, attribute, Some(than))?;
        self.may_repeat(&than.dial).then_some(other)
    }

    /// Whether a call may be sent once more.
    pub(super) fn may_repeat(&self, dial: &Dial) -> bool {
        let may = self.repeats.take(dial.ticker.now_ms());
        if !may {
            dial.metrics.upstreams.repeats_spared.inc();
        }
        may
    }

    /// Notes how a call was answered: what whoever stands before the platform answers in its place is no
    /// good answer.
    #[inline]
    pub(super) fn answered(&self, site: &Site<C>, status: StatusCode) {
        if matches!(status.as_u16(), 502..=504) {
            self.bad(site);
        } else {
            site.dial.health().good();
        }
    }

    /// Notes that a call was answered badly or not at all. One whose calls all are is left out for a
    /// while, but never most of them: then it is what is asked for that ails, and not who answers.
    #[cold]
    pub(super) fn bad(&self, site: &Site<C>) {
        let now_ms = site.dial.ticker.now_ms();
        let well = self.list.iter().filter(|site| site.dial.is_well()).count();
        if site.dial.health().bad() && site.dial.is_well() && well > self.list.len().div_ceil(2) {
            site.dial.health().spare(now_ms);
        }
    }

    fn choose(&self, who: Who, attribute: u64, not: Option<&Place<C>>) -> Option<Place<C>> {
        let fits = |site: &Rc<Site<C>>| {
            site.has_room() && not.is_none_or(|not| !Rc::ptr_eq(&not.site, site))
        };
        let well = |site: &Rc<Site<C>>| site.dial.is_well() && fits(site);
        // Where none fares well, all that can be connected to are tried.
        let open = |site: &Rc<Site<C>>| site.dial.is_open() && fits(site);
        let site = match self.spread {
            Spread::Least => self.least(well).or_else(|| self.least(open)),
            Spread::By(_) => self.steady(attribute, well).or_else(|| self.steady(attribute, open)),
        };
        site.map(|site| Place::at(site, who))
    }

    fn least(&self, fits: impl Fn(&Rc<Site<C>>) -> bool) -> Option<&Rc<Site<C>>> {
        let one = self.draw(&fits)?;
        let Some(two) = self.draw(|site| fits(site) && !Rc::ptr_eq(site, one)) else {
            return Some(one);
        };
        let load = |site: &Site<C>, beside: &Site<C>| {
            u64::from(site.calls.get()) * u64::from(beside.dial.weight)
        };
        Some(if load(two, one) < load(one, two) { two } else { one })
    }

    /// One of those that fit, by weight.
    fn draw(&self, fits: impl Fn(&Rc<Site<C>>) -> bool) -> Option<&Rc<Site<C>>> {
        let fitting = || self.list.iter().filter(|site| fits(site));
        let all: u64 = fitting().map(|site| u64::from(site.dial.weight)).sum();
        let mut at = self.random.below(all)?;
        fitting().find(|site| {
            let weight = u64::from(site.dial.weight);
            let here = at < weight;
            at = at.saturating_sub(weight);
            here
        })
    }

    /// The one that this attribute likes best: where one goes, only its own calls move.
    fn steady(&self, attribute: u64, fits: impl Fn(&Rc<Site<C>>) -> bool) -> Option<&Rc<Site<C>>> {
        let liked = |site: &Rc<Site<C>>| liking(attribute, site.dial.name, site.dial.weight);
        self.list
            .iter()
            .filter(|site| fits(site))
            .max_by(|one, two| liked(one).total_cmp(&liked(two)))
    }
}

impl<C: Connections> Site<C> {
    fn new(crew: &Crew, dial: Dial, make: impl Fn(&Dial) -> C, turns: Rc<Turns<Place<C>>>) -> Self {
        let (settings, room) = (&crew.settings, turns.calls);
        let pace = settings.upstreams.bounds.adaptive.as_ref();
        dial.known().room.fetch_add(room, Ordering::Relaxed);
        Self {
            connections: make(&dial),
            dial,
            calls: Cell::new(0),
            room: Cell::new(room),
            pace: pace.map(|pace| Box::new(RefCell::new(Pace::new(pace, room, settings.threads)))),
            opening: Cell::new(0),
            turns,
        }
    }

    /// An answer's head came so many microseconds after its call was sent, where that tells anything.
    #[inline]
    pub(super) fn took(&self, us: impl FnOnce() -> Option<u32>) {
        if let Some(pace) = &self.pace
            && let Some(us) = us()
        {
            pace.borrow_mut().took(us, self.calls.get());
        }
    }

    /// Gives it as much room as fits it by now; whether that is another.
    fn adapt(&self) -> bool {
        let Some(pace) = &self.pace else { return false };
        let Some(room) = pace.borrow_mut().tick(self.dial.ticker.now_ms()) else { return false };
        let before = self.room.replace(room);
        self.dial.known().room.fetch_add(room.wrapping_sub(before), Ordering::Relaxed);
        room != before
    }

    #[inline]
    fn has_room(&self) -> bool {
        self.calls.get() < self.room.get()
            && (self.opening.get() < self.turns.connects || self.connections.free() > 0)
    }

    /// Gives free places to those that wait.
    pub(super) fn admit(self: &Rc<Self>) {
        let connects = self.turns.connects.saturating_sub(self.opening.get()) as usize;
        let calls = self.room.get().saturating_sub(self.calls.get()) as usize;
        for _ in 0..calls.min(connects.saturating_add(self.connections.free())) {
            let give = |who| Place::at(self, who);
            if !self.turns.line.call(|who| self.turns.may(who), give) {
                return;
            }
        }
    }
}

#[cfg(test)]
#[path = "site_tests.rs"]
mod tests;
