//! WebSockets through the gate: how they begin, what is judged of them, and how they end.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::support::{FEW, Failing, Gate, KEY, PLATFORM, Peer, TIER, Upstream, World, get};
use portcullis_proxy::{Codec, LedgerBounds};

const ROUTES: &str = r##"
version: 1
classes: { profile.basic: Names, media.list: Posts, publish: Posting, place.posts: Places }
operations:
  live: { method: GET, path: /live, class: media.list, upgrade: websocket, stream: 10m }
  places: { method: GET, path: /places, class: place.posts, upgrade: websocket }
  plain: { method: GET, path: /plain, class: media.list }
"##;
const SCOPES: &str = r##"
version: 1
scopes:
  all: { about: All, classes: [profile.basic, media.list, publish] }
"##;
const WORLD: World<'_> = World { routes: ROUTES, scopes: SCOPES, tier: TIER };
/// That of RFC 6455 §1.3, and the answer to its key.
const WISH: &str = "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Extensions: permessage-deflate\r\n";
const GRANT: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSet-Cookie: a=b\r\n\r\n";

/// A platform that answers every call so, and then with what came, unmasked.
struct Echo {
    url: String,
    head: Arc<Mutex<String>>,
    got: Arc<Mutex<Vec<u8>>>,
}

impl Echo {
    fn new(answer: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let echo = Self { url, head: Arc::default(), got: Arc::default() };
        let (head, got) = (Arc::clone(&echo.head), Arc::clone(&echo.got));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (head, got) = (Arc::clone(&head), Arc::clone(&got));
                std::thread::spawn(move || serve(stream.unwrap(), answer, &head, &got));
            }
        });
        echo
    }
}

fn serve(mut stream: TcpStream, answer: &str, head: &Mutex<String>, got: &Mutex<Vec<u8>>) {
    let mut text = Vec::new();
    while !text.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte).unwrap_or(0) == 0 {
            return;
        }
        text.push(byte[0]);
    }
    *head.lock().unwrap() = String::from_utf8(text).unwrap();
    stream.write_all(answer.as_bytes()).unwrap();
    let (mut frames, mut piece) = (Vec::new(), [0; 4096]);
    while let Ok(count @ 1..) = stream.read(&mut piece) {
        got.lock().unwrap().extend_from_slice(&piece[..count]);
        frames.extend_from_slice(&piece[..count]);
        let echoed = unmasked(&mut frames);
        if stream.write_all(&echoed).is_err() {
            return;
        }
    }
}

/// Takes short frames out that are whole, and their masks of zeros away.
fn unmasked(frames: &mut Vec<u8>) -> Vec<u8> {
    let mut out = Vec::new();
    while let [kind, length, 0, 0, 0, 0, rest @ ..] = &frames[..]
        && let Some(payload) = rest.get(..usize::from(length & 0x7f))
    {
        out.extend_from_slice(&[*kind, payload.len() as u8]);
        out.extend_from_slice(payload);
        let whole = 6 + payload.len();
        frames.drain(..whole);
    }
    out
}

fn frame(kind: u8, payload: &str) -> Vec<u8> {
    let mut frame = vec![0x80 | kind, 0x80 | payload.len() as u8, 0, 0, 0, 0];
    frame.extend_from_slice(payload.as_bytes());
    frame
}

fn open(gate: &Gate) -> Peer {
    let mut peer = gate.connect();
    peer.send(get("/live", WISH));
    let (status, head) = peer.head().unwrap();
    assert_eq!(status, 101, "{head}");
    let head = head.to_ascii_lowercase();
    for line in ["upgrade: websocket", "connection: upgrade", "x-request-id: "] {
        assert!(head.contains(line), "{line} in {head}");
    }
    assert!(head.contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="), "{head}");
    peer
}

fn says(peer: &mut Peer, text: &str) {
    peer.send(frame(1, text));
    let back = unmasked(&mut frame(1, text));
    assert_eq!(peer.read(back.len()), back);
}

/// Reads a close, and that nothing follows.
fn closed(peer: &mut Peer) -> (u16, String) {
    let head = peer.read(2);
    assert_eq!(head.first(), Some(&0x88), "{head:?}");
    let body = peer.read(head[1].into());
    assert!(peer.is_closed());
    (u16::from_be_bytes([body[0], body[1]]), String::from_utf8(body[2..].to_vec()).unwrap())
}

#[test]
fn what_went_over_a_socket_is_told_to_the_ledger_at_its_end() {
    let echo = Echo::new(GRANT);
    let (mut gate, outlet) = Gate::noting(&echo.url, WORLD, LedgerBounds::default());
    let mut peer = open(&gate);
    says(&mut peer, "one");
    peer.send(frame(8, "\u{3}\u{0}"));
    assert_eq!(peer.read(4), b"\x88\x02\x03\x00");
    assert!(peer.is_closed());
    gate.end();
    let mut told = Vec::new();
    outlet.take(&mut told);
    let [row] = &told[..] else { panic!("{told:?}") };
    assert_eq!((row.bytes, row.rows, row.counted, row.whole), (9, 1, false, true));
}

#[test]
fn messages_go_both_ways_until_both_sides_close() {
    let echo = Echo::new(GRANT);
    let mut gate = Gate::at(&echo.url, WORLD, |_| {});
    let mut peer = open(&gate);
    for text in ["one", "two", ""] {
        says(&mut peer, text);
    }
    peer.send(frame(8, "\u{3}\u{0}"));
    assert_eq!(peer.read(4), b"\x88\x02\x03\x00");
    assert!(peer.is_closed());
    let head = echo.head.lock().unwrap().clone();
    assert!(head.starts_with("GET /live HTTP/1.1\r\n"), "{head}");
    for line in
        ["connection: upgrade\r\n", "upgrade: websocket\r\n", "sec-websocket-version: 13\r\n"]
    {
        assert_eq!(head.matches(line).count(), 1, "{line} in {head}");
    }
    assert!(head.contains(PLATFORM) && !head.contains(KEY) && !head.contains("deflate"), "{head}");
    gate.end();
    let log = gate.log.text();
    assert!(log.contains(r#""status":101"#) && log.contains(r#""bytes_in":32"#), "{log}");
}

#[test]
fn only_what_the_catalogue_says_is_a_websocket_and_only_for_whom_it_is_granted() {
    let echo = Echo::new(GRANT);
    let gate = Gate::at(&echo.url, WORLD, |_| {});
    for (request, status, code) in [
        (get("/plain", WISH), 400, "request_unreadable"),
        (get("/live", ""), 400, "request_unreadable"),
        (get("/live", &WISH.replace("13", "8")), 400, "request_unreadable"),
        (
            get("/live", &WISH.replace("Upgrade: websocket", "Upgrade: tls/1.0")),
            400,
            "request_unreadable",
        ),
        (get("/live", &format!("{WISH}Content-Length: 1\r\n")), 400, "request_unreadable"),
        (get("/places", WISH), 403, "class_not_granted"),
        (get("/live", WISH).replace(KEY, "nobody"), 401, "key_unknown"),
    ] {
        let answer = gate.call(&request);
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{request}");
    }
    assert!(echo.head.lock().unwrap().is_empty(), "nothing reaches the platform");
}

#[test]
fn an_answer_that_grants_something_else_is_not_passed_on() {
    let fine = GRANT;
    for odd in [
        fine.replace("s3pP", "AAAA"),
        fine.replace("Set-Cookie: a=b", "Sec-WebSocket-Extensions: permessage-deflate"),
        fine.replace("Upgrade: websocket", "Upgrade: h2c"),
        fine.replace("Set-Cookie: a=b", "Content-Length: 3"),
    ] {
        let echo = Echo::new(odd.leak());
        let gate = Gate::at(&echo.url, WORLD, |_| {});
        let answer = gate.call(&get("/live", WISH));
        assert_eq!((answer.status, answer.code().as_str()), (502, "upstream_malformed"));
    }
    let echo = Echo::new("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}");
    let gate = Gate::at(&echo.url, WORLD, |_| {});
    assert_eq!(gate.call(&get("/live", WISH)).status, 404, "it may decline");
}

#[test]
fn the_other_codec_opens_none() {
    let echo = Echo::new(GRANT);
    let gate = Gate::at(&echo.url, WORLD, |settings| settings.codec = Codec::Hyper);
    let answer = gate.call(&get("/live", WISH));
    assert_eq!((answer.status, answer.code().as_str()), (502, "upstream_malformed"));
}

#[test]
fn a_key_on_hold_is_told_by_a_close() {
    let echo = Echo::new(GRANT);
    let mut gate = Gate::at(&echo.url, WORLD, |_| {});
    let mut peer = open(&gate);
    says(&mut peer, "one");
    gate.office.hold();
    gate.running().cutter().cut();
    let (code, reason) = closed(&mut peer);
    assert!(code == 1008 && reason.starts_with("key_held: "), "{code} {reason}");
    drop(peer);
    gate.end();
    // It was sent; the platform reads it when it comes to that.
    while echo.got.lock().unwrap().len() < 9 + 8 {
        std::thread::yield_now();
    }
    assert_eq!(echo.got.lock().unwrap()[9..], *b"\x88\x82\0\0\0\0\x03\xe9", "the platform too");
    assert!(gate.metrics.render().contains("portcullis_answers_cut_total 1"));
}

#[test]
fn a_panic_at_a_message_ends_that_socket_and_no_other() {
    let (echo, clock) = (Echo::new(GRANT), Arc::new(Failing::default()));
    let mut gate = Gate::made(&echo.url, WORLD, Arc::clone(&clock) as _, |_| {});
    let (mut peer, mut other) = (open(&gate), open(&gate));
    says(&mut peer, "one");
    clock.arm(1);
    peer.send(frame(1, "two"));
    assert!(peer.is_closed());
    says(&mut other, "three");
    assert_eq!(gate.get("/nowhere").code(), "operation_unlisted");
    other.send(frame(8, "\u{3}\u{0}"));
    assert_eq!(other.read(4), b"\x88\x02\x03\x00");
    gate.end();
    let metrics = gate.metrics.render();
    assert!(metrics.contains("portcullis_requests_in_flight 0"), "{metrics}");
}

#[test]
fn each_message_counts_as_a_call() {
    let echo = Echo::new(GRANT);
    let gate = Gate::at(&echo.url, World { tier: FEW, ..WORLD }, |_| {});
    let mut peer = open(&gate);
    for text in ["one", "two", "three"] {
        says(&mut peer, text);
    }
    peer.send(frame(1, "four"));
    let (code, reason) = closed(&mut peer);
    assert!(code == 1008 && reason.starts_with("rate_reached: "), "{code} {reason}");
    assert!(!String::from_utf8_lossy(&echo.got.lock().unwrap()).contains("four"));
    assert_eq!(gate.get("/plain").code(), "rate_reached");
}

#[test]
fn what_is_no_message_or_too_long_ends_it() {
    for (bytes, code) in [
        (&b"\x81\x02hi"[..], 1002),
        (b"\xc1\x80\0\0\0\0", 1002),
        (b"\x80\x80\0\0\0\0", 1002),
        (b"\x82\xff\0\0\0\0\0\x11\0\0\0\0\0\0", 1009),
    ] {
        let echo = Echo::new(GRANT);
        let gate = Gate::at(&echo.url, WORLD, |_| {});
        let mut peer = open(&gate);
        peer.send(bytes);
        assert_eq!(closed(&mut peer).0, code, "{bytes:x?}");
        assert!(!echo.got.lock().unwrap().windows(2).any(|two| two == &bytes[..2]));
    }
}

#[test]
fn the_platforms_credential_does_not_come_back() {
    let echo = Echo::new(GRANT);
    let gate = Gate::at(&echo.url, WORLD, |_| {});
    let mut peer = open(&gate);
    peer.send(frame(1, &format!("echo {PLATFORM}")));
    assert_eq!(closed(&mut peer).0, 1011);
}

#[test]
fn bytes_before_the_grant_are_not_passed_on() {
    let up = Upstream::new(|_| crate::support::Reply::Never);
    let gate = Gate::at(&up.url(), WORLD, |settings| {
        settings.timeouts.first_byte = Duration::from_millis(50);
    });
    let mut peer = gate.connect();
    peer.send([get("/live", WISH).as_bytes(), b"GET /plain HTTP/1.1\r\n\r\n"].concat());
    assert_eq!(peer.answer().status, 504);
    assert!(!up.bytes().contains("/plain"), "{}", up.bytes());
}

#[test]
fn a_conversation_goes_on_while_the_gate_drains() {
    let echo = Echo::new(GRANT);
    let mut gate = Gate::at(&echo.url, WORLD, |_| {});
    let mut peer = open(&gate);
    says(&mut peer, "one");
    let mut idle = gate.connect();
    idle.send(get("/nowhere", ""));
    assert_eq!(idle.answer().status, 403);
    let ending = std::thread::spawn(move || gate.end());
    assert!(idle.is_closed(), "who is idle is told to go");
    says(&mut peer, "two");
    peer.send(frame(8, "\u{3}\u{0}"));
    assert_eq!(peer.read(4), b"\x88\x02\x03\x00");
    assert!(peer.is_closed());
    ending.join().unwrap();
}

#[test]
fn one_that_outlasts_the_drain_or_says_nothing_for_too_long_is_told_to_come_again() {
    let echo = Echo::new(GRANT);
    let mut gate = Gate::at(&echo.url, WORLD, |_| {});
    let mut peer = open(&gate);
    says(&mut peer, "one");
    gate.running.take().unwrap().drain(Duration::from_millis(40));
    let (code, reason) = closed(&mut peer);
    assert_eq!((code, reason.as_str()), (1001, "the gate restarts: connect again"));

    let routes = ROUTES.replace(", stream: 10m", "");
    let gate = Gate::at(&echo.url, World { routes: &routes, ..WORLD }, |settings| {
        settings.timeouts.answer_idle = Duration::from_millis(50);
    });
    assert_eq!(closed(&mut open(&gate)).0, 1001);

    let gate = Gate::at(&echo.url, WORLD, |settings| {
        settings.timeouts.stream = Some(Duration::from_millis(50));
    });
    assert_eq!(closed(&mut open(&gate)), (1001, "it lasted too long".to_owned()));
}
