//! What an upstream may have at once follows how long its answers take.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::support::{Gate, PATIENCE, PROFILE, Reply, Still, TIER, Upstream};
use portcullis_proxy::{Adaptive, Bounds, Codec};
use portcullis_types::{Clock, Mono, Now};

/// A clock that goes on by as much as the upstream needs for an answer, in microseconds.
#[derive(Default)]
struct Turned {
    now_us: AtomicU64,
    answer_us: AtomicU64,
}

impl Clock for Turned {
    fn now(&self) -> Now {
        let mono = Mono(Still.now().mono.0 + self.now_us.load(Ordering::SeqCst) * 1000);
        Now { mono, ..Still.now() }
    }
}

/// A gate before an upstream that needs as long as the clock says and may have three calls at once.
fn gate(codec: Codec, clock: &Arc<Turned>) -> (Gate, Upstream) {
    let turned = Arc::clone(clock);
    let up = Upstream::new(move |_| {
        turned.now_us.fetch_add(turned.answer_us.load(Ordering::SeqCst), Ordering::SeqCst);
        Reply::json("{}")
    });
    let every = Duration::from_millis(1);
    let adaptive = Some(Adaptive { least: 1, slower_percent: 50, every });
    let gate = Gate::timed(&up.url(), TIER, Arc::clone(clock) as _, |settings| {
        settings.codec = codec;
        settings.upstreams.bounds = Bounds {
            calls: 3,
            partner_percent: 100,
            wait: PATIENCE,
            adaptive,
            ..Bounds::default()
        };
    });
    (gate, up)
}

/// The sum of what a family of metrics shows.
fn shown(gate: &Gate, family: &str) -> Option<u64> {
    let text = gate.metrics.render();
    let lines = text.lines().filter(|line| line.starts_with(family));
    lines.map(|line| line.rsplit_once(' ').unwrap().1.parse::<u64>().unwrap()).reduce(|a, b| a + b)
}

/// Calls until the upstream may have so many at once.
fn call_until(gate: &Gate, call: impl Fn(), room: u64) {
    while shown(gate, "portcullis_upstream_calls_max{") != Some(room) {
        call();
    }
}

/// Calls until a window has ended in which the answers took no longer than now: it does at a tick,
/// before the calls of so far are counted there.
fn measure(gate: &Gate, call: impl Fn()) {
    (0..16).for_each(|_| call());
    while shown(gate, "portcullis_requests_total{").is_none_or(|count| count < 16) {
        std::thread::yield_now();
    }
}

#[test]
fn a_slower_upstream_gets_fewer_calls_and_more_again_once_it_is_fast() {
    for codec in [Codec::Own, Codec::Hyper] {
        let clock = Arc::new(Turned::default());
        let (gate, _up) = gate(codec, &clock);
        let call = || assert_eq!(gate.get(PROFILE).status, 200);
        let takes = |us| clock.answer_us.store(us, Ordering::SeqCst);
        takes(10);
        measure(&gate, call);
        assert_eq!(shown(&gate, "portcullis_upstream_calls_max{").unwrap_or(3), 3, "{codec:?}");
        takes(1_000_000);
        call_until(&gate, call, 1);
        takes(10);
        call_until(&gate, call, 3);
    }
}
