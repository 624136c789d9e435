//! Bounds on size, time and number; cuts and the drain.

use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;

use crate::support::{
    Gate, MEDIA, NOWHERE, PROFILE, PUBLISH, Peer, Reply, UPLOAD, Upstream, get, post,
};
use portcullis_proxy::Listener;

const SHORT: Duration = Duration::from_millis(100);

/// An upstream that sends a head and half a body, and the rest when told.
fn halting(content_type: &str) -> (Upstream, Sender<()>) {
    let (go, steps) = channel();
    let steps = Mutex::new(Some(steps));
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nContent-Length: 10\r\n\r\n12345"
    );
    let up = Upstream::new(move |_| match steps.lock().unwrap().take() {
        Some(steps) => Reply::Steps(vec![head.clone().into(), b"67890".to_vec()], steps),
        None => Reply::json("{}"),
    });
    (up, go)
}

#[test]
fn a_head_is_bounded_in_size() {
    let up = Upstream::plain();
    let gate = Gate::before(&up);
    for lines in [format!("X: {}\r\n", "y".repeat(40_000)), "X: y\r\n".repeat(101)] {
        let answer = gate.call(&get(PROFILE, &lines));
        assert_eq!((answer.status, answer.code().as_str()), (431, "head_too_large"));
    }
    let answer = gate.call(&format!("GET /{} HTTP/1.1\r\n", "a".repeat(40_000)));
    assert_eq!(answer.status, 431);
    assert!(gate.get(&format!("/{}", "a".repeat(9000))).status >= 400);
    assert!(up.seen().is_empty());
}

#[test]
fn a_judged_body_is_bounded_in_size_and_time() {
    let up = Upstream::plain();
    let gate = Gate::with(&up, |settings| {
        settings.limits.judged_body_bytes = 1000;
        settings.timeouts.body = SHORT;
    });
    let long = "caption=".to_owned() + &"x".repeat(2000);
    let answer = gate.call(&post(PUBLISH, "Content-Length: 2008\r\n", &long));
    assert_eq!((answer.status, answer.code().as_str()), (413, "body_too_large"));
    let chunks = format!("7d8\r\n{long}\r\n0\r\n\r\n");
    let answer = gate.call(&post(PUBLISH, "Transfer-Encoding: chunked\r\n", &chunks));
    assert_eq!((answer.status, answer.code().as_str()), (413, "body_too_large"));
    let mut peer = gate.connect();
    peer.send(post(PUBLISH, "Content-Length: 100\r\n", "caption="));
    let answer = peer.answer();
    assert_eq!((answer.status, answer.code().as_str()), (408, "body_too_slow"));
    assert!(peer.is_closed());
    assert!(up.seen().is_empty());
}

#[test]
fn a_streamed_body_is_bounded_in_size_and_time() {
    let up = Upstream::plain();
    let gate = Gate::with(&up, |settings| {
        settings.limits.streamed_body_bytes = 10;
        settings.timeouts.body_idle = SHORT;
    });
    let lines = "Content-Type: video/mp4\r\nContent-Length: 100\r\n";
    let mut peer = gate.connect();
    peer.send(post(UPLOAD, lines, "12345"));
    assert_eq!(peer.answer().code(), "body_too_slow");
    let mut peer = gate.connect();
    peer.send(post(UPLOAD, lines, "12345678901"));
    assert_eq!(peer.answer().code(), "body_too_large");
    assert!(up.seen().is_empty());
}

#[test]
fn slow_peers_are_cut() {
    let up = Upstream::plain();
    let gate = Gate::with(&up, |settings| {
        settings.timeouts.head = SHORT;
        settings.timeouts.idle = SHORT;
    });
    for begin in ["", "G", "GET / HTTP/1.1\r\n", "PRI * HTTP/2.0\r\n\r\nSM"] {
        let mut peer = gate.connect();
        peer.send(begin);
        assert!(peer.is_closed(), "{begin:?}");
    }
    assert!(answered(&gate, "").is_closed(), "an idle connection is not kept for ever");
    assert!(answered(&gate, "GET /").is_closed());
    let mut peer = gate.connect();
    peer.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    while !peer.read(1).is_empty() {}
    assert!(gate.metrics.render().contains(r#"portcullis_connections_cut_total{at="idle"}"#));
}

/// A connection on which a call was answered, and what was sent after it. A client that could not
/// send in time tries again.
fn answered(gate: &Gate, and: &str) -> Peer {
    loop {
        let mut peer = gate.connect();
        peer.send(get(PROFILE, "") + and);
        if let Some(answer) = peer.try_answer() {
            assert_eq!(answer.status, 200);
            return peer;
        }
    }
}

#[test]
fn a_reader_that_takes_nothing_is_cut() {
    let body = "x".repeat(64 * 1024 * 1024);
    let up = Upstream::new(move |_| {
        Reply::Bytes(
            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into(),
        )
    });
    let gate = Gate::with(&up, |settings| settings.timeouts.send = SHORT);
    let mut peer = gate.connect();
    peer.send(get(PROFILE, ""));
    wait(|| gate.metrics.render().contains(r#"portcullis_connections_cut_total{at="send"} 1"#));
    wait(|| gate.metrics.render().contains("portcullis_open_connections 0"));
    drop(peer);
}

/// Until something is so. The harness bounds it.
fn wait(so: impl Fn() -> bool) {
    while !so() {
        std::thread::yield_now();
    }
}

#[test]
fn calls_beyond_the_bound_are_refused_at_once() {
    let (up, go) = halting("video/mp4");
    let gate = Gate::with(&up, |settings| settings.limits.in_flight = 1);
    let mut first = gate.connect();
    first.send(get(PROFILE, ""));
    assert_eq!(first.head().unwrap().0, 200);
    let answer = gate.get(PROFILE);
    assert_eq!((answer.status, answer.code().as_str()), (503, "overloaded"));
    assert!(matches!(answer.header("retry-after"), Some("1" | "2" | "3")), "{answer:?}");
    go.send(()).unwrap();
    go.send(()).unwrap();
    assert_eq!(first.read(10), b"1234567890");
    wait(|| gate.get(PROFILE).status == 200);
}

#[test]
fn connections_beyond_the_bound_wait() {
    let up = Upstream::plain();
    let gate = Gate::with(&up, |settings| settings.limits.connections = 1);
    let mut first = gate.connect();
    first.send(get(PROFILE, ""));
    assert_eq!(first.answer().status, 200);
    let mut second = gate.connect();
    second.send(get(PROFILE, ""));
    first.send(get(PROFILE, ""));
    assert_eq!(first.answer().status, 200);
    assert_eq!(up.seen().len(), 2);
    drop(first);
    assert_eq!(second.answer().status, 200);
}

#[test]
fn an_answer_to_a_key_on_hold_is_cut_and_not_ended() {
    let (up, go) = halting("video/mp4");
    let mut gate = Gate::before(&up);
    let mut reader = gate.connect();
    reader.send(get(PROFILE, ""));
    assert_eq!(reader.head().unwrap().0, 200);
    assert_eq!(reader.read(5), b"12345");
    gate.office.hold();
    gate.running().cutter().cut();
    assert!(reader.is_closed(), "the platform still holds its half");
    assert!(gate.metrics.render().contains("portcullis_answers_cut_total 1"));
    drop(go);
    let answer = gate.get(PROFILE);
    assert_eq!((answer.status, answer.code().as_str()), (403, "key_held"));
}

#[test]
fn an_answer_that_comes_after_the_hold_does_not_begin() {
    let (go, steps) = channel();
    let (_never, first) = channel();
    let both = Mutex::new(vec![steps, first]);
    let up = Upstream::new(move |seen| {
        let steps = both.lock().unwrap().pop().unwrap();
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345".to_vec();
        match seen.line().contains("fields") {
            true => Reply::Steps(vec![Vec::new(), head], steps),
            false => Reply::Steps(vec![head], steps),
        }
    });
    let mut gate = Gate::before(&up);
    let mut streaming = gate.connect();
    streaming.send(get(PROFILE, ""));
    assert_eq!(streaming.head().unwrap().0, 200);
    let mut waiting = gate.connect();
    waiting.send(get(&format!("{PROFILE}?fields=id"), ""));
    wait(|| up.seen().len() == 2);
    gate.office.hold();
    gate.running().cutter().cut();
    assert_eq!(streaming.read(10).len(), 5, "cut, hence the cut is known to the thread");
    go.send(()).unwrap();
    assert_eq!(waiting.answer().code(), "key_held");
}

#[test]
fn an_answer_to_a_write_is_not_cut() {
    let (up, go) = halting("video/mp4");
    let mut gate = Gate::before(&up);
    let mut writer = gate.connect();
    writer.send(post(PUBLISH, "Content-Length: 9\r\n", "caption=x"));
    assert_eq!(writer.head().unwrap().0, 200);
    assert_eq!(writer.read(5), b"12345");
    gate.office.hold();
    gate.running().cutter().cut();
    go.send(()).unwrap();
    assert_eq!(writer.read(5), b"67890");
}

#[test]
fn a_cut_leaves_those_alone_who_may_go_on() {
    let (up, go) = halting("video/mp4");
    let gate = Gate::before(&up);
    let mut reader = gate.connect();
    reader.send(get(PROFILE, ""));
    assert_eq!(reader.head().unwrap().0, 200);
    for _ in 0..10 {
        gate.running().cutter().cut();
    }
    go.send(()).unwrap();
    assert_eq!(reader.read(10), b"1234567890");
}

#[test]
fn a_hold_bites_on_connections_that_are_open() {
    let up = Upstream::plain();
    let mut gate = Gate::with(&up, |settings| settings.threads = 2);
    let mut peers: Vec<Peer> = (0..50).map(|_| gate.connect()).collect();
    for peer in &mut peers {
        peer.send(get(PROFILE, ""));
        assert_eq!(peer.answer().status, 200);
    }
    gate.office.hold();
    for peer in &mut peers {
        peer.send(get(PROFILE, ""));
        assert_eq!(peer.answer().code(), "key_held");
    }
}

#[test]
fn a_drain_lets_calls_finish_and_takes_no_new_ones() {
    let (up, go) = halting("video/mp4");
    let mut gate = Gate::before(&up);
    let (mut busy, mut idle) = (gate.connect(), gate.connect());
    idle.send(get(MEDIA, "").replace("17841000000000001", "x"));
    assert!(idle.answer().status >= 400);
    busy.send(get(PROFILE, ""));
    assert_eq!(busy.head().unwrap().0, 200);
    assert_eq!(busy.read(5), b"12345");
    let draining = gate.drain();
    assert!(idle.is_closed());
    go.send(()).unwrap();
    assert_eq!(busy.read(5), b"67890");
    assert!(busy.is_closed());
    assert_eq!(draining.join().unwrap().cut, 0);
}

#[test]
fn a_call_that_comes_while_the_gate_drains_is_answered_and_told_to_be_the_last() {
    let up = Upstream::plain();
    let mut gate =
        Gate::with(&up, |settings| settings.timeouts.last_call = crate::support::PATIENCE);
    let mut peers = [gate.connect(), gate.connect(), gate.connect()];
    for peer in &mut peers {
        peer.send(get(PROFILE, ""));
        let answer = peer.answer();
        assert_eq!((answer.status, answer.header("connection")), (200, None));
    }
    let draining = gate.drain();
    // One that the platform answers, one that the gate refuses, one that can't be read.
    for (peer, call) in peers.iter_mut().zip([get(PROFILE, ""), get(NOWHERE, ""), get("//", "")]) {
        peer.send(call);
        let answer = peer.answer();
        assert_eq!(answer.header("connection"), Some("close"), "{answer:?}");
        assert_eq!(answer.head.to_ascii_lowercase().matches("connection:").count(), 1);
        assert!(answer.whole && peer.is_closed());
    }
    assert_eq!(draining.join().unwrap().cut, 0);
}

#[test]
fn a_drain_ends_when_its_time_is_over() {
    let (up, _go) = halting("video/mp4");
    let mut gate = Gate::before(&up);
    let mut busy = gate.connect();
    busy.send(get(PROFILE, ""));
    assert_eq!(busy.head().unwrap().0, 200);
    let drained = gate.running.take().unwrap().drain(SHORT);
    assert_eq!(drained.cut, 1);
    assert!(busy.read(10).len() < 10);
}

#[test]
fn a_port_that_is_taken_is_told() {
    let up = Upstream::plain();
    let gate = Gate::before(&up);
    let addr = gate.running().addr();
    let again = std::panic::catch_unwind(|| {
        Gate::with(&up, |settings| settings.listeners = vec![Listener::plain(addr)])
    });
    let text = *again.err().unwrap().downcast::<String>().unwrap();
    assert!(text.contains("PortTaken"), "{text}");
}
