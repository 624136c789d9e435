//! Streams: how long they may say nothing, and how they end where a key loses its access.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::{BATCHING, Gate, Peer, Reply, TIER, Upstream, World, get, post};

const ROUTES: &str = r##"
version: 1
classes: { profile.basic: Names, media.list: Posts, publish: Posting, place.posts: Places }
operations:
  events: { method: GET, path: /events, class: media.list, stream: 10m }
  ask: { method: POST, path: /ask, class: media.list, stream: 10m, body: opaque }
  batch: { method: POST, path: /batch, batch: true, params: { batch: batch } }
  film: { method: GET, path: /film, class: media.list }
"##;
const SCOPES: &str = r##"
version: 1
scopes:
  all: { about: All, classes: [profile.basic, media.list, publish, place.posts] }
"##;
const WORLD: World<'_> = World { routes: ROUTES, scopes: SCOPES, tier: TIER };

/// An upstream that answers each call with these pieces of a stream: the first at once, each other when
/// told.
fn streaming(kind: &str, pieces: &[&str]) -> (Upstream, Vec<Sender<()>>) {
    let (goes, steps): (Vec<_>, Vec<_>) = (0..2).map(|_| channel()).unzip();
    let steps = Mutex::new(steps.into_iter());
    let head =
        format!("HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n");
    let chunk = |piece: &&str| format!("{:x}\r\n{piece}\r\n", piece.len());
    let mut parts: Vec<Vec<u8>> = pieces.iter().map(|piece| chunk(piece).into()).collect();
    parts[0] = [head.as_bytes(), &parts[0]].concat();
    let up =
        Upstream::new(move |_| Reply::Steps(parts.clone(), steps.lock().unwrap().next().unwrap()));
    (up, goes)
}

/// Reads on until that was read.
fn read_to(peer: &mut Peer, end: &str) -> String {
    let mut text = String::new();
    while !text.ends_with(end) {
        let byte = peer.read(1);
        assert!(!byte.is_empty(), "it ended after {text:?}");
        text.push(byte[0].into());
    }
    text
}

fn begun(gate: &Gate, request: &str, first: &str) -> Peer {
    let mut reader = gate.connect();
    reader.send(request);
    assert_eq!(reader.head().unwrap().0, 200);
    read_to(&mut reader, first);
    reader
}

#[test]
fn a_stream_may_say_nothing_for_longer_than_other_answers() {
    let (up, go) = streaming("text/event-stream", &["data: 1\n\n", "data: 2\n\n"]);
    let gate = Gate::within(&up, WORLD, |settings| {
        settings.timeouts.answer_idle = Duration::from_millis(50);
    });
    let mut events = begun(&gate, &get("/events", ""), "data: 1\n\n\r\n");
    let mut film = begun(&gate, &get("/film", ""), "data: 1\n\n\r\n");
    assert!(film.is_closed(), "it waits no longer than others");
    go[0].send(()).unwrap();
    read_to(&mut events, "data: 2\n\n\r\n");
}

#[test]
fn the_last_event_of_a_key_on_hold_says_why() {
    let (up, _go) = streaming("text/event-stream", &["data: 1\n\n"]);
    let mut gate = Gate::within(&up, WORLD, |_| {});
    let mut reader = begun(&gate, &get("/events", ""), "data: 1\n\n\r\n");
    gate.office.hold();
    gate.running().cutter().cut();
    let event = read_to(&mut reader, "\n\n\r\n");
    let data = event.split_once("event: portcullis.refusal\ndata: ").unwrap().1.trim();
    let problem: serde_json::Value = serde_json::from_str(data).unwrap();
    assert_eq!(problem["code"], "key_held");
    assert_eq!(problem["reason"], "investigation");
    assert!(reader.is_closed(), "no end as if it were whole");
    assert!(gate.metrics.render().contains("portcullis_answers_cut_total 1"));
}

#[test]
fn no_event_is_made_up_out_of_half_a_one() {
    for (kind, piece) in [("text/event-stream", "data: 1"), ("application/grpc", "data: 1\n\n")] {
        let (up, _go) = streaming(kind, &[piece]);
        let mut gate = Gate::within(&up, WORLD, |_| {});
        let mut reader = begun(&gate, &get("/events", ""), &format!("{piece}\r\n"));
        gate.office.hold();
        gate.running().cutter().cut();
        assert!(reader.is_closed(), "{kind}");
    }
}

#[test]
fn a_stream_that_answers_a_write_is_cut_too() {
    let (up, _go) = streaming("text/event-stream", &["data: 1\n\n"]);
    let mut gate = Gate::within(&up, WORLD, |_| {});
    let request = post("/ask", "Content-Type: video/mp4\r\nContent-Length: 1\r\n", "x");
    let mut reader = begun(&gate, &request, "data: 1\n\n\r\n");
    gate.office.hold();
    gate.running().cutter().cut();
    read_to(&mut reader, "\n\n\r\n");
    assert!(reader.is_closed());
}

#[test]
fn a_stream_is_no_entry_of_a_batch() {
    let up = Upstream::plain();
    let gate = Gate::within(&up, World { tier: BATCHING, ..WORLD }, |_| {});
    let body = r#"batch=[{"method":"GET","relative_url":"events"},{"method":"GET","relative_url":"film"}]"#;
    let length = format!("Content-Length: {}\r\n", body.len());
    let answer = gate.call(&post("/batch", &length, body)).text();
    assert!(answer.contains("a stream within a batch"), "{answer}");
    assert_eq!(up.one().line(), "GET /film HTTP/1.1");
}

#[test]
fn a_stream_outlives_what_bounds_other_calls() {
    let goes = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&goes);
    let up = Upstream::new(move |_| {
        let (go, steps) = channel();
        kept.lock().unwrap().push(go);
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
        let first = format!("{head}9\r\ndata: 1\n\n\r\n");
        Reply::Steps(vec![first.into(), b"9\r\ndata: 2\n\n\r\n".to_vec()], steps)
    });
    let gate = Gate::within(&up, WORLD, |settings| {
        settings.timeouts.total = Duration::from_millis(100);
    });
    // The beginning of a stream is bounded too: on a busy machine it may take another try.
    let begun = |path: &str| loop {
        let mut reader = gate.connect();
        reader.send(get(path, ""));
        if reader.head().unwrap().0 == 200 {
            read_to(&mut reader, "data: 1\n\n\r\n");
            return reader;
        }
    };
    let mut events = begun("/events");
    assert!(begun("/film").is_closed(), "by then the time of the one before is over too");
    // Whichever try of both it was.
    for go in goes.lock().unwrap().iter() {
        let _whose_call_is_gone: Result<_, _> = Sender::send(go, ());
    }
    read_to(&mut events, "data: 2\n\n\r\n");
}

#[test]
fn a_stream_ends_when_it_has_lasted_as_long_as_it_may() {
    let (up, _go) = streaming("text/event-stream", &["data: 1\n\n", "data: 2\n\n"]);
    let gate = Gate::within(&up, WORLD, |settings| {
        settings.timeouts.stream = Some(Duration::from_millis(50));
    });
    assert!(begun(&gate, &get("/events", ""), "data: 1\n\n\r\n").is_closed());
}
