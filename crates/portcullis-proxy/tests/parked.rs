//! Connections between two calls, which keep no buffers.

use std::time::Duration;

use crate::support::certs::{Authority, Client, front, listener, material};
use crate::support::{Gate, PROFILE, Peer, Upstream, get};
use portcullis_proxy::Settings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const SHORT: Duration = Duration::from_millis(40);

fn parking(settings: &mut Settings) {
    settings.timeouts.park = SHORT;
}

/// Until so many are parked. The harness bounds it.
fn parked(gate: &Gate, count: usize) {
    let line = format!("portcullis_parked_connections {count}\n");
    while !gate.metrics.render().contains(&line) {
        std::thread::yield_now();
    }
}

fn called(gate: &Gate) -> Peer {
    let mut peer = gate.connect();
    peer.send(get(PROFILE, ""));
    assert_eq!(peer.answer().status, 200);
    peer
}

#[test]
fn a_connection_that_was_quiet_takes_calls_as_before() {
    let up = Upstream::plain();
    let gate = Gate::with(&up, parking);
    let mut peer = called(&gate);
    let call = get(PROFILE, "");
    for at in [0, 1, call.len() / 2, call.len()] {
        parked(&gate, 1);
        peer.send(&call[..at]);
        if (1..call.len()).contains(&at) {
            parked(&gate, 0);
        }
        peer.send(call[at..].to_owned() + &call);
        for _ in 0..2 {
            let answer = peer.answer();
            assert_eq!((answer.status, answer.header("connection")), (200, None));
        }
    }
    parked(&gate, 1);
    peer.send("GET / HTTP/1.1\nHost: a\r\n\r\n");
    assert_eq!(peer.answer().status, 400, "each head is guarded");
    assert!(peer.is_closed());
    parked(&gate, 0);
}

#[test]
fn a_connection_that_never_called_is_not_parked_and_one_that_waits_for_its_answer_neither() {
    let (go, steps) = std::sync::mpsc::channel();
    let steps = std::sync::Mutex::new(Some(steps));
    // By the connection: a call is seen before it is decided what becomes of it.
    let up = Upstream::new(move |seen| match seen.connection {
        0 => {
            let steps = steps.lock().unwrap().take().unwrap();
            crate::support::Reply::Steps(vec![Vec::new(), Vec::new()], steps)
        }
        _ => crate::support::Reply::json("{}"),
    });
    let gate = Gate::with(&up, parking);
    let (_silent, mut waits) = (gate.connect(), gate.connect());
    waits.send(get(PROFILE, ""));
    while up.seen().is_empty() {
        std::thread::yield_now();
    }
    let _other = called(&gate);
    parked(&gate, 1);
    drop(go);
    assert!(waits.answer().whole);
    parked(&gate, 2);
}

#[test]
fn a_quiet_connection_is_not_kept_for_ever() {
    let up = Upstream::plain();
    let gate = Gate::with(&up, |settings| {
        parking(settings);
        settings.timeouts.idle = 3 * SHORT;
    });
    assert!(called(&gate).is_closed());
    assert!(gate.metrics.render().contains(r#"portcullis_connections_cut_total{at="idle"} 1"#));
    let gate = Gate::with(&up, parking);
    let peer = called(&gate);
    parked(&gate, 1);
    drop(peer);
    parked(&gate, 0);
    assert!(!gate.metrics.render().contains(r#"portcullis_connections_cut_total{at="idle"}"#));
}

#[test]
fn a_quiet_connection_hears_that_the_gate_drains() {
    let up = Upstream::plain();
    let mut gate = Gate::with(&up, |settings| {
        parking(settings);
        settings.timeouts.last_call = 5 * SHORT;
    });
    let (mut calls, mut stays) = (called(&gate), called(&gate));
    parked(&gate, 2);
    let draining = gate.drain();
    calls.send(get(PROFILE, ""));
    if let Some(answer) = calls.try_answer() {
        assert_eq!((answer.status, answer.header("connection")), (200, Some("close")));
    }
    assert!(calls.is_closed() && stays.is_closed());
    assert_eq!(draining.join().unwrap().cut, 0);
    assert!(!gate.metrics.render().contains(r#"portcullis_connections_cut_total{at="idle"}"#));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_connection_over_tls_serves_on_and_ends_with_a_last_word() {
    let up = Upstream::plain();
    let authority = Authority::new();
    let paper = authority.for_names(&["api.example"]);
    let mut gate = Gate::with(&up, |settings| {
        parking(settings);
        settings.timeouts.last_call = SHORT;
        settings.listeners = vec![listener(&front(&material(&[&paper])))];
    });
    let client = Client::plain(&authority).asking_for(&["http/1.1"]);
    let mut stream = client.connect(gate.running().addr(), "api.example").await.unwrap();
    for _ in 0..2 {
        stream.write_all(get(PROFILE, "").as_bytes()).await.unwrap();
        let mut text = Vec::new();
        while !text.ends_with(b"{}") {
            assert!(stream.read_buf(&mut text).await.unwrap() > 0);
        }
        tokio::task::block_in_place(|| parked(&gate, 1));
    }
    let running = gate.running.take().unwrap();
    let draining = tokio::task::spawn_blocking(move || running.drain(crate::support::PATIENCE));
    assert_eq!(stream.read(&mut [0; 8]).await.unwrap(), 0, "it is told that nothing follows");
    assert_eq!(draining.await.unwrap().cut, 0);
}
