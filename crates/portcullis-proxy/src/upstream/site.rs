//! The upstreams as one thread sees them, and which of them takes a call.
//!
//! Of two drawn by weight, the one with fewer calls under way; or always the same for the same
//! attribute. One that does not fare well is passed over as long as another does. Must not know what is
//! spoken to them.

use std::cell::Cell;
use std::ops::Deref;
use std::rc::Rc;

use super::Failure;
use super::dial::{Crew, Dial};
use super::repeats::Repeats;
use crate::random::Random;
use crate::upstreams::{Spread, mixed};

/// One upstream, and the connections to it.
pub(super) struct Site<C> {
    pub(super) dial: Dial,
    pub(super) connections: C,
    /// Calls under way.
    calls: Cell<u32>,
}

/// All of them.
pub(super) struct Sites<C> {
    list: Box<[Rc<Site<C>>]>,
    spread: Spread,
    random: Random,
    repeats: Repeats,
}

/// A call's place at an upstream; dropped, it is free.
pub(super) struct Place<C>(Rc<Site<C>>);

impl<C> Sites<C> {
    pub(super) fn new(crew: &Crew, make: impl Fn(&Dial) -> C) -> Self {
        let site = |dial: Dial| {
            let connections = make(&dial);
            Rc::new(Site { dial, connections, calls: Cell::new(0) })
        };
        Self {
            list: crew.dials().map(site).collect(),
            spread: crew.settings.upstreams.spread,
            random: Random::new(),
            repeats: Repeats::new(crew.settings.upstreams.repeats_percent),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Rc<Site<C>>> {
        self.list.iter()
    }

    /// A place for a call of that attribute.
    ///
    /// # Errors
    /// No connection can be made to any.
    #[inline]
    pub(super) fn place(&self, attribute: u64) -> Result<Place<C>, Failure> {
        self.repeats.sent();
        match &*self.list {
            [only] if only.dial.is_open() => Ok(Place::at(only)),
            [_] => Err(Failure::Closed),
            _ => self.choose(attribute, None).ok_or(Failure::Closed),
        }
    }

    /// A place at another upstream for a call that can be sent again.
    pub(super) fn another(&self, attribute: u64, than: &Place<C>) -> Option<Place<C>> {
        let other = self.choose(attribute, Some(than))?;
        self.may_repeat(&than.dial).then_some(other)
    }

    /// Whether a call may be sent once more.
    pub(super) fn may_repeat(&self, dial: &Dial) -> bool {
        let may = self.repeats.take(dial.ticker.now_ms());
        if !may {
            dial.metrics.upstream_repeats_spared.inc();
        }
        may
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

    fn choose(&self, attribute: u64, not: Option<&Place<C>>) -> Option<Place<C>> {
        let other = |site: &Rc<Site<C>>| not.is_none_or(|not| !Rc::ptr_eq(&not.0, site));
        let well = |site: &Rc<Site<C>>| other(site) && site.dial.is_well();
        // Where none fares well, all that can be connected to are tried.
        let open = |site: &Rc<Site<C>>| other(site) && site.dial.is_open();
        let site = match self.spread {
            Spread::Least => self.least(well).or_else(|| self.least(open)),
            Spread::By(_) => self.steady(attribute, well).or_else(|| self.steady(attribute, open)),
        };
        site.map(Place::at)
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

/// How much an attribute likes an upstream: weighted rendezvous.
#[expect(clippy::cast_precision_loss, reason = "53 bits are kept, and weights are small")]
fn liking(attribute: u64, upstream: u64, weight: u32) -> f64 {
    let drawn = mixed(mixed(attribute) ^ upstream) >> 11;
    let part = (drawn as f64 + 0.5) / (1_u64 << 53) as f64;
    -f64::from(weight) / part.ln()
}

impl<C> Place<C> {
    fn at(site: &Rc<Site<C>>) -> Self {
        site.calls.set(site.calls.get().saturating_add(1));
        Self(Rc::clone(site))
    }

    /// The upstream itself, for what outlives the call.
    pub(super) fn site(&self) -> Rc<Site<C>> {
        Rc::clone(&self.0)
    }
}

impl<C> Deref for Place<C> {
    type Target = Site<C>;

    fn deref(&self) -> &Site<C> {
        &self.0
    }
}

impl<C> Drop for Place<C> {
    fn drop(&mut self) {
        self.0.calls.set(self.0.calls.get().saturating_sub(1));
    }
}

#[cfg(test)]
#[path = "site_tests.rs"]
mod tests;
