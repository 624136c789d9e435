//! Calls that wait for an upstream: in turn, bounded, and judged again when their turn comes.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use crate::support::{Gate, KEY, MEDIA, PROFILE, PUBLISH, Peer, Reply, TIER, Upstream, get, post};
use portcullis_proxy::{Bounds, Codec, Pressure};
use portcullis_registry::{Command, Facts, KeyStart, Use};
use portcullis_types::{KeyId, PartnerId, TierName};

const BOTH: [Codec; 2] = [Codec::Own, Codec::Hyper];
const OTHER: &str = "other-key-0123456789";

/// A platform that keeps calls for media until it is told to go on, and what tells it.
fn keeping() -> (Upstream, mpsc::Sender<()>) {
    let (go, steps) = mpsc::channel();
    let steps = Arc::new(Mutex::new(steps));
    let up = Upstream::new(move |seen| {
        if seen.line().contains("media") {
            steps.lock().unwrap().recv().unwrap();
        }
        Reply::json("{}")
    });
    (up, go)
}

fn gate(up: &Upstream, codec: Codec, bounds: Bounds) -> Gate {
    Gate::start(&up.url(), TIER, |settings| {
        settings.codec = codec;
        settings.upstreams.bounds = bounds;
    })
}

/// Room for so many calls, all of which one partner may have.
fn room(calls: usize) -> Bounds {
    Bounds { calls, partner_percent: 100, wait: crate::support::PATIENCE, ..Bounds::default() }
}

fn sent(gate: &Gate, call: &str) -> Peer {
    let mut peer = gate.connect();
    peer.send(call);
    peer
}

fn wait_for(gate: &Gate, waiting: u64) {
    let line = format!("portcullis_requests_waiting {waiting}");
    while !gate.metrics.render().lines().any(|shown| shown == line) {
        std::thread::yield_now();
    }
}

fn wait_for_seen(up: &Upstream, count: usize) {
    while up.seen().len() < count {
        std::thread::yield_now();
    }
}

#[test]
fn calls_beyond_what_an_upstream_may_have_wait_and_go_on() {
    for codec in BOTH {
        let (up, go) = keeping();
        let gate = gate(&up, codec, room(1));
        let mut first = sent(&gate, &get(MEDIA, ""));
        wait_for_seen(&up, 1);
        let mut read = sent(&gate, &get(PROFILE, ""));
        wait_for(&gate, 1);
        let mut write = sent(&gate, &post(PUBLISH, "Content-Length: 9\r\n", "caption=x"));
        wait_for(&gate, 2);
        assert_eq!(up.seen().len(), 1, "{codec:?}");
        go.send(()).unwrap();
        for peer in [&mut first, &mut read, &mut write] {
            assert_eq!(peer.answer().status, 200, "{codec:?}");
        }
        wait_for(&gate, 0);
        let connections: Vec<usize> = up.seen().iter().map(|seen| seen.connection).collect();
        assert_eq!(connections, [0, 0, 0], "{codec:?}: one after the other");
    }
}

#[test]
fn the_line_is_bounded_and_so_is_the_wait() {
    let (up, _go) = keeping();
    let gate = gate(&up, Codec::Own, Bounds { waiting: 1, ..room(1) });
    let _first = sent(&gate, &get(MEDIA, ""));
    wait_for_seen(&up, 1);
    let _second = sent(&gate, &get(PROFILE, ""));
    wait_for(&gate, 1);
    let refused = gate.get(PROFILE);
    assert_eq!((refused.status, refused.code().as_str()), (503, "upstream_busy"));
    assert!(matches!(refused.header("retry-after"), Some("1" | "2" | "3")), "{refused:?}");
    let (up, _go) = keeping();
    let wait = Duration::from_millis(50);
    let gate = self::gate(&up, Codec::Own, Bounds { wait, ..room(1) });
    let _first = sent(&gate, &get(MEDIA, ""));
    wait_for_seen(&up, 1);
    assert_eq!(gate.get(PROFILE).code(), "upstream_busy");
    wait_for(&gate, 0);
    assert_eq!(up.seen().len(), 1, "what was refused was never sent");
}

#[test]
fn a_call_that_waited_is_judged_again_before_it_is_sent() {
    for call in [get(PROFILE, ""), post(PUBLISH, "Content-Length: 9\r\n", "caption=x")] {
        let (up, go) = keeping();
        let mut gate = gate(&up, Codec::Own, room(1));
        let _first = sent(&gate, &get(MEDIA, ""));
        wait_for_seen(&up, 1);
        let mut waiting = sent(&gate, &call);
        wait_for(&gate, 1);
        gate.office.hold();
        gate.running().cutter().cut();
        go.send(()).unwrap();
        let answer = waiting.answer();
        assert_eq!((answer.status, answer.code().as_str()), (403, "key_held"), "{call}");
        assert_eq!(up.seen().len(), 1, "{call}");
    }
}

#[test]
fn who_leaves_while_it_waits_takes_no_place() {
    let (up, go) = keeping();
    let gate = gate(&up, Codec::Own, room(1));
    let mut first = sent(&gate, &get(MEDIA, ""));
    wait_for_seen(&up, 1);
    let leaves = sent(&gate, &get(PROFILE, ""));
    wait_for(&gate, 1);
    drop(leaves);
    wait_for(&gate, 0);
    let mut last = sent(&gate, &get(PROFILE, ""));
    wait_for(&gate, 1);
    go.send(()).unwrap();
    assert_eq!((first.answer().status, last.answer().status), (200, 200));
    assert_eq!(up.seen().len(), 2);
}

/// Adds a partner with a key.
fn add_other(gate: &mut Gate) {
    let digest = gate.office.judge.peppers().digest(OTHER.as_bytes()).to_string();
    let pepper = gate.office.judge.peppers().current().fingerprint().to_owned();
    let partner = PartnerId::new("other").unwrap();
    gate.office.command(Command::AddPartner {
        id: partner.clone(),
        name: "Other".into(),
        tier: Some(TierName::new("standard").unwrap()),
        r#use: Use::Research,
        declared_use: String::new(),
        scopes: None,
        facts: Facts::default(),
    });
    gate.office.command(Command::IssueKey {
        id: KeyId::new("k2").unwrap(),
        partner,
        client: None,
        scopes: None,
        start: KeyStart::AtOnce,
        expires: None,
        digest,
        pepper,
        label: String::new(),
        binding: Default::default(),
        identity: None,
    });
}

#[test]
fn one_partner_with_many_slow_calls_leaves_room_for_another() {
    let (up, go) = keeping();
    let bounds = Bounds { partner_percent: 50, ..room(4) };
    let mut gate = gate(&up, Codec::Own, bounds);
    add_other(&mut gate);
    let mut slow: Vec<Peer> = (0..6).map(|_| sent(&gate, &get(MEDIA, ""))).collect();
    wait_for(&gate, 4);
    // Half of what the upstream may have.
    wait_for_seen(&up, 2);
    let others = get(PROFILE, "").replace(KEY, OTHER);
    assert_eq!(gate.call(&others).status, 200, "the other passes those that wait");
    assert_eq!(up.seen().len(), 3);
    (0..6).for_each(|_| go.send(()).unwrap());
    assert!(slow.iter_mut().all(|peer| peer.answer().status == 200));
}

#[test]
fn while_memory_is_short_the_gate_takes_on_less() {
    let (up, go) = keeping();
    let pressure = Pressure::default();
    let told = pressure.clone();
    let gate = Gate::with(&up, |settings| {
        settings.limits.in_flight = 64;
        settings.timeouts.first_byte = crate::support::PATIENCE;
        settings.pressure = told;
    });
    let shown = |short: u8| {
        let line = format!("portcullis_memory_short {short}");
        while !gate.metrics.render().lines().any(|shown| shown == line) {
            std::thread::yield_now();
        }
    };
    let mut first = sent(&gate, &get(MEDIA, ""));
    wait_for_seen(&up, 1);
    pressure.set(true);
    shown(1);
    // One call is what always may be, and that one is there.
    let refused = gate.get(PROFILE);
    assert_eq!((refused.status, refused.code().as_str()), (503, "overloaded"));
    go.send(()).unwrap();
    assert_eq!(first.answer().status, 200, "what is under way goes on");
    let form = "Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n";
    let body = |chunks: &str| gate.call(&post(PUBLISH, form, &format!("{chunks}0\r\n\r\n")));
    assert_eq!(body("9\r\ncaption=x\r\n").status, 200, "a body that is there is held");
    let refused = body("7\r\ncaption\r\n2\r\n=x\r\n");
    assert_eq!(
        (refused.status, refused.code().as_str()),
        (503, "overloaded"),
        "more of one is not"
    );
    pressure.set(false);
    shown(0);
    while gate.get(PROFILE).status != 200 {}
}
