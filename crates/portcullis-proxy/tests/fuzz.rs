//! Bytes of clients and of platforms, mutated, through a gate: what reaches the other side is cleaned and
//! framed, whatever came.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod support;

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portcullis_testkit::fuzz_slowly;
use support::{Gate, KEY, MEDIA, PLATFORM, PROFILE, Reply, Upstream, get};

const DIR: &str = env!("CARGO_MANIFEST_DIR");
/// One whose rates end no run.
const ENDLESS: &str = r##"
version: 1
tier: standard
about: For tests
scopes: [all]
rates: [{ id: endless, per: key, max: 1000000000, window: 1h, burst: 1000000000 }]
"##;
const HTTP: &[&str] = &[
    "\r\n",
    "\n",
    "\r",
    " ",
    "\t",
    ":",
    ",",
    ";",
    "\u{0}",
    "\u{b}",
    "é",
    "0\r\n\r\n",
    "\r\nContent-Length: 3",
    "\r\nContent-Length: 0",
    "\r\nTransfer-Encoding: chunked",
    "\r\nTransfer-Encoding: x, chunked",
    "\r\nConnection: close",
    "\r\nConnection: x-copy, content-type",
    "\r\n folded",
    "HTTP/1.1",
    "HTTP/1.0",
    "%2e%2e/",
    "%00",
    "//",
    "?",
    "#",
];
const ASKED: &[&str] = &[
    "\r\nHost: evil.test",
    "\r\nAuthorization: Bearer partner-key-0123456789",
    "\r\nX-Api-Key: partner-key-0123456789",
    "\r\nX-Copy: partner-key-0123456789",
    "\r\nX-Original-Method: DELETE",
    "\r\nX-Rewrite-Url: /private",
    "\r\nX-Forwarded-For: 9.9.9.9",
    "\r\nAccess_Token: x",
    "\r\nUpgrade: websocket",
    "GET /private HTTP/1.1\r\nHost: gate.test\r\n\r\n",
];
const ANSWERED: &[&str] = &[
    "platform-secret-42",
    "\r\nX-Debug: platform-secret-42",
    "\r\nUpgrade: h2c",
    "\r\nKeep-Alive: timeout=1",
    "\r\nX-Request-Id: theirs",
    "\r\nAlt-Svc: h3",
    "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
];

/// What no head that the gate passes on may name: what is between two hops only, and by which a platform
/// would take another call, or a partner another gate, than the one that was judged.
const NEVER_ON: &[&str] = &[
    "keep-alive",
    "proxy-authorization",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "forwarded-for",
    "x-real-ip",
    "via",
    "x-http-method-override",
    "x-original-method",
    "x-original-url",
    "x-rewrite-url",
];
const NEVER_BACK: &[&str] =
    &["keep-alive", "proxy-authenticate", "te", "trailer", "upgrade", "alt-svc"];

/// The fields of a head: names in lower case.
fn fields(head: &str) -> Vec<(String, &str)> {
    let lines = head.split("\r\n").skip(1).filter(|line| !line.is_empty());
    let fields = lines.map(|line| line.split_once(':').expect(head));
    fields.map(|(name, value)| (name.to_ascii_lowercase(), value.trim())).collect()
}

fn only<'f>(fields: &'f [(String, &str)], name: &str) -> &'f str {
    let all: Vec<_> = fields.iter().filter(|(found, _)| found == name).collect();
    assert_eq!(all.len(), 1, "{name} in {fields:?}");
    all[0].1
}

/// A head as the platform got it.
fn check_asked(head: &str, host: &str) {
    let (line, _) = head.split_once("\r\n").unwrap();
    assert!(line.starts_with("GET /v21.0/") || line.starts_with("POST /v21.0/"), "{head}");
    assert!(line.ends_with(" HTTP/1.1") && line.split(' ').count() == 3, "{head}");
    let fields = fields(head);
    assert_eq!(only(&fields, "host"), host);
    assert_eq!(only(&fields, "authorization"), format!("Bearer {PLATFORM}"));
    for (name, value) in &fields {
        assert!(!NEVER_ON.contains(&name.as_str()) && !name.contains('_'), "{name} in {head}");
        assert!(!value.contains(KEY), "the key in {head}");
        assert!(value.bytes().all(|byte| byte >= b' ' && byte != 0x7f || byte == b'\t'), "{head}");
    }
    let framed = |name: &str| fields.iter().filter(|(found, _)| found == name).count();
    assert!(framed("content-length") + framed("transfer-encoding") <= 1, "{head}");
}

/// What a client that sends bytes and then a call of its own gets, to the end.
fn exchange(gate: &Gate, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(gate.running().addr()).unwrap();
    stream.set_read_timeout(Some(Duration::from_millis(5))).unwrap();
    // The gate may have closed already.
    let _ = stream.write_all(bytes);
    let _ = stream.write_all(get(PROFILE, "Connection: close\r\n").as_bytes());
    let (mut all, mut piece, mut shut) = (Vec::new(), [0; 16 * 1024], false);
    loop {
        match stream.read(&mut piece) {
            Ok(0) => return all,
            Ok(count) => all.extend_from_slice(&piece[..count]),
            Err(error) if [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind()) => {
                // What is not answered by now waits for more, of which there is none.
                if !std::mem::replace(&mut shut, true) {
                    let _ = stream.shutdown(Shutdown::Write);
                    stream.set_read_timeout(Some(support::PATIENCE)).unwrap();
                    continue;
                }
                panic!("the gate neither answers nor closes");
            }
            Err(_) => return all,
        }
    }
}

/// The heads of answers in what a client got, by the lengths that they say; a last one may be cut.
fn heads(mut bytes: &[u8]) -> Vec<String> {
    let mut heads = Vec::new();
    while let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
        let head = String::from_utf8_lossy(&bytes[..end + 2]).into_owned();
        assert!(head.starts_with("HTTP/1."), "{head}");
        let fields = fields(&head);
        let length = fields.iter().find(|(name, _)| name == "content-length");
        let length = length.map(|(_, length)| length.parse::<usize>().unwrap());
        let bare = head.starts_with("HTTP/1.1 100") || head.starts_with("HTTP/1.1 304");
        let length = if bare { Some(0) } else { length };
        heads.push(head);
        let Some(length) = length else { return heads };
        bytes = bytes.get(end + 4 + length..).unwrap_or_default();
    }
    heads
}

#[test]
fn what_reaches_the_platform_is_clean_and_framed_whatever_was_sent() {
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = Arc::clone(&asked);
    let up = Upstream::new(move |request| {
        seen.lock().unwrap().push(request.head.clone());
        Reply::json("{}")
    });
    let host = up.addr.to_string();
    let mut gate = Gate::start(&up.url(), ENDLESS, |_| {});
    let (mut reached, mut answered) = (0, 0);
    fuzz_slowly(DIR, "requests", &[HTTP, ASKED].concat(), |bytes| {
        let got = exchange(&gate, bytes);
        for head in heads(&got) {
            let status: u16 = head.split(' ').nth(1).unwrap().parse().unwrap();
            assert!(status < 500, "{head}");
            answered += 1;
        }
        let heads = std::mem::take(&mut *asked.lock().unwrap());
        reached += heads.len();
        heads.iter().for_each(|head| check_asked(head, &host));
    });
    gate.end();
    assert!(reached > 10, "{reached} of {answered} reached the platform");
}

#[test]
fn what_comes_back_is_clean_and_framed_whatever_was_answered() {
    let answer: Arc<Mutex<Vec<u8>>> = Arc::default();
    let next = Arc::clone(&answer);
    let up = Upstream::new(move |_| Reply::Last(next.lock().unwrap().clone()));
    let mut gate = Gate::start(&up.url(), ENDLESS, |_| {});
    let mut passed = 0;
    fuzz_slowly(DIR, "answers", &[HTTP, ANSWERED].concat(), |bytes| {
        *answer.lock().unwrap() = bytes.to_vec();
        let got = exchange(&gate, get(MEDIA, "").as_bytes());
        for head in heads(&got) {
            passed += usize::from(head.starts_with("HTTP/1.1 200"));
            let fields = fields(&head);
            assert_ne!(only(&fields, "x-request-id"), "theirs");
            for (name, value) in &fields {
                assert!(!NEVER_BACK.contains(&name.as_str()), "{name} in {head}");
                assert!(!value.contains(PLATFORM), "{head}");
            }
            assert!(!head.starts_with("HTTP/1.1 101"), "{head}");
        }
    });
    gate.end();
    assert!(passed > 10, "only {passed} passed");
}
