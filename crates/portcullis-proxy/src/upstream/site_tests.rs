//! Which upstream takes a call.

use std::sync::Arc;
use std::time::Duration;

use portcullis_types::{Clock, Mono, Now, Wall};

use super::*;
use crate::metrics::Metrics;
use crate::settings::Settings;
use crate::ticker::Ticker;
use crate::upstream::Known;
use crate::upstreams::{Adaptive, Attribute, Bounds, Weighted};
use crate::{PlatformCredential, Upstream};

/// Upstreams of these weights.
fn sites(weights: &[u32], spread: Spread) -> Sites<Free> {
    bounded(weights, spread, Bounds::default())
}

fn bounded(weights: &[u32], spread: Spread, bounds: Bounds) -> Sites<Free> {
    let at = |ix: usize| format!("http://10.0.0.{ix}:80").parse::<Upstream>().unwrap();
    let listen = "127.0.0.1:0".parse().unwrap();
    let mut settings = Settings::new(listen, at(0), PlatformCredential::none());
    let list =
        weights.iter().enumerate().map(|(ix, weight)| Weighted { at: at(ix), weight: *weight });
    settings.upstreams.list = list.collect();
    settings.upstreams.spread = spread;
    settings.upstreams.bounds = bounds;
    let known = Known::of(&settings);
    let crew = Crew {
        clock: Arc::new(Stopped),
        settings: Arc::new(settings),
        ticker: Ticker::new(Duration::from_millis(10)),
        metrics: Arc::new(Metrics::new()),
        known,
    };
    Sites::new(&crew, |_| Free::default())
}

/// How many calls connections can take at once.
type Free = Cell<usize>;

impl Connections for Free {
    fn free(&self) -> usize {
        self.get()
    }
}

impl Sites<Free> {
    /// A place for a call of that attribute.
    fn go(&self, attribute: u64) -> Result<Place<Free>, Failure> {
        match self.place(1, attribute)? {
            Placed::At(place) => Ok(place),
            Placed::Waiting(_) => panic!("it waits"),
        }
    }

    fn at(&self, place: &Place<Free>) -> usize {
        self.list.iter().position(|site| Rc::ptr_eq(site, &place.site)).unwrap()
    }

    fn break_down(&self, ix: usize) {
        (0..10).for_each(|_| self.list[ix].dial.health().refused());
    }

    fn spare(&self, ix: usize) {
        self.list[ix].dial.health().spare(0);
    }
}

#[test]
fn without_load_each_gets_calls_by_its_weight() {
    let sites = sites(&[1, 1, 2], Spread::Least);
    let mut counts = [0_u32; 3];
    for _ in 0..4000 {
        counts[sites.at(&sites.go(0).unwrap())] += 1;
    }
    for (count, expected) in counts.iter().zip([1000, 1000, 2000]) {
        assert!(count.abs_diff(expected) < 250, "{counts:?}");
    }
}

#[test]
fn the_one_with_fewer_calls_takes_the_next() {
    let sites = sites(&[1, 1], Spread::Least);
    let first = sites.go(0).unwrap();
    let mut places = Vec::new();
    for _ in 0..9 {
        places.push(sites.go(0).unwrap());
    }
    let with_first = places.iter().filter(|place| sites.at(place) == sites.at(&first)).count() + 1;
    assert_eq!(with_first, 5, "ten calls, five at each");
    drop(places);
    assert_ne!(sites.at(&sites.go(0).unwrap()), sites.at(&first), "what ended counts no more");
}

#[test]
fn one_that_does_not_fare_well_is_passed_over_as_long_as_another_does() {
    for spread in [Spread::Least, Spread::By(Attribute::Key)] {
        let sites = sites(&[1, 1, 1], spread);
        let taken = |sites: &Sites<Free>| {
            let mut taken: Vec<usize> =
                (0..200).filter_map(|key| Some(sites.at(&sites.go(key).ok()?))).collect();
            taken.sort_unstable();
            taken.dedup();
            taken
        };
        assert_eq!(taken(&sites), [0, 1, 2], "{spread:?}");
        sites.spare(1);
        assert_eq!(taken(&sites), [0, 2], "{spread:?}");
        sites.break_down(0);
        assert_eq!(taken(&sites), [2], "{spread:?}");
        sites.spare(2);
        assert_eq!(taken(&sites), [1, 2], "none is well: all that can be connected to");
        sites.break_down(1);
        sites.break_down(2);
        assert!(taken(&sites).is_empty(), "none can be connected to");
    }
}

#[test]
fn bad_answers_never_spare_most_of_them() {
    for (count, left) in [(1, 1), (2, 1), (3, 2), (5, 3)] {
        let sites = sites(&vec![1; count], Spread::Least);
        for _ in 0..10 {
            sites.list.iter().for_each(|site| sites.bad(site));
        }
        let well = sites.list.iter().filter(|site| site.dial.is_well()).count();
        assert_eq!(well, left, "of {count}");
    }
}

#[test]
fn an_attribute_keeps_its_upstream_and_only_those_of_a_lost_one_move() {
    let sites = sites(&[1, 1, 2], Spread::By(Attribute::Path));
    let places = |sites: &Sites<Free>| -> Vec<usize> {
        (0..2000).map(|key| sites.at(&sites.go(key).unwrap())).collect()
    };
    let before = places(&sites);
    assert_eq!(places(&sites), before);
    let of = |ix: usize| before.iter().filter(|at| **at == ix).count();
    assert!(of(2).abs_diff(1000) < 150 && of(0).abs_diff(500) < 120, "{} {}", of(0), of(2));
    sites.break_down(1);
    for (before, after) in before.iter().zip(places(&sites)) {
        assert!(after != 1 && (*before == 1 || *before == after), "{before} became {after}");
    }
}

#[test]
fn a_call_that_is_sent_again_goes_to_another() {
    let sites = sites(&[1, 1], Spread::By(Attribute::Key));
    let first = sites.go(7).unwrap();
    let other = sites.another(7, &first).unwrap();
    assert_ne!(sites.at(&first), sites.at(&other));
    sites.break_down(sites.at(&other));
    assert!(sites.another(7, &first).is_none());
}

/// Who comes from the line, if anybody does.
fn came(waiting: &mut Waiting<Place<Free>>) -> Option<Place<Free>> {
    match waiting.poll(&mut std::task::Context::from_waker(std::task::Waker::noop())) {
        std::task::Poll::Ready(turn) => Some(turn.unwrap()),
        std::task::Poll::Pending => None,
    }
}

fn wait(sites: &Sites<Free>, who: Who) -> Waiting<Place<Free>> {
    match sites.place(who, 0).unwrap() {
        Placed::At(_) => panic!("it comes at once"),
        Placed::Waiting(waiting) => waiting,
    }
}

#[test]
fn a_place_that_is_left_is_taken_by_who_waits_and_by_nobody_else() {
    let bounds = Bounds { calls: 2, partner_percent: 100, ..Bounds::default() };
    let sites = bounded(&[1], Spread::Least, bounds);
    let (one, two) = (sites.go(0).unwrap(), sites.go(0).unwrap());
    let mut first = wait(&sites, 2);
    assert!(came(&mut first).is_none());
    drop(one);
    let mut second = wait(&sites, 3);
    let first = came(&mut first).unwrap();
    assert!(came(&mut second).is_none(), "no room beside the first");
    drop((two, first));
    assert!(came(&mut second).is_some());
    assert!(sites.go(0).is_ok(), "the line is empty");
}

#[test]
fn a_partner_has_its_part_and_others_pass_it_in_the_line() {
    let bounds = Bounds { calls: 4, partner_percent: 50, ..Bounds::default() };
    let sites = bounded(&[1], Spread::Least, bounds);
    let own = [sites.go(0).unwrap(), sites.go(0).unwrap()];
    let mut more = wait(&sites, 1);
    assert!(came(&mut more).is_none(), "half of them and no more");
    let mut other = wait(&sites, 2);
    assert!(came(&mut other).is_some(), "it comes at once");
    drop(own);
    assert!(came(&mut more).is_some());
}

#[test]
fn so_many_connections_are_opened_at_once_and_others_are_used_meanwhile() {
    let bounds = Bounds { connects: 2, ..Bounds::default() };
    let sites = bounded(&[1], Spread::Least, bounds);
    let place = sites.go(0).unwrap();
    let opening = [place.open(), place.open()];
    let mut first = wait(&sites, 1);
    assert!(came(&mut first).is_none());
    drop(opening);
    assert!(came(&mut first).is_some());
    let _opening = [place.open(), place.open()];
    place.connections.set(1);
    assert!(sites.go(0).is_ok(), "one is there");
}

#[test]
fn who_waits_is_sent_away_when_nobody_can_be_connected_to() {
    let bounds = Bounds { calls: 1, ..Bounds::default() };
    let sites = bounded(&[1], Spread::Least, bounds);
    let _place = sites.go(0).unwrap();
    let mut waiting = wait(&sites, 2);
    sites.break_down(0);
    sites.admit();
    let told = waiting.poll(&mut std::task::Context::from_waker(std::task::Waker::noop()));
    assert!(matches!(told, std::task::Poll::Ready(Err(Failure::Closed))));
}

/// No time passes.
struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Now {
        Now { wall: Wall(0), mono: Mono(0) }
    }
}

#[test]
fn what_an_upstream_may_have_follows_its_answers_and_so_does_a_partner_s_part() {
    let adaptive = Adaptive { least: 1, slower_percent: 50, every: Duration::from_millis(1000) };
    let bounds =
        Bounds { calls: 8, partner_percent: 50, adaptive: Some(adaptive), ..Bounds::default() };
    let sites = bounded(&[1, 1], Spread::By(Attribute::Path), bounds);
    let site = Rc::clone(&sites.go(0).unwrap().site);
    let now_ms = Cell::new(0);
    let window = |us| {
        (0..16).for_each(|_| site.took(|| Some(us)));
        now_ms.set(now_ms.get() + 1000);
        site.dial.ticker.advance(now_ms.get());
        sites.tick();
        site.dial.known().room.load(Ordering::Relaxed)
    };
    let take = |count: usize| (0..count).map(|_| sites.go(0).unwrap()).collect::<Vec<_>>();
    let busy = take(8);
    assert_eq!([10_000, 10_000, 90_000].map(window), [8, 8, 4]);
    drop(busy);
    let half = take(6);
    assert_eq!(half.iter().filter(|place| Rc::ptr_eq(&place.site, &site)).count(), 4);
    let mut more = wait(&sites, 1);
    assert!(came(&mut more).is_none(), "half of 4 + 8 is what one partner may have");
    let mut other = wait(&sites, 2);
    assert!(came(&mut other).is_some(), "the other upstream has room");
    assert_eq!(window(10_000), 5);
    assert!(came(&mut more).is_some(), "seven of 5 + 8 may be its own");
}
