//! Platforms that are down, slow, or speak malformed HTTP.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use crate::support::{Gate, MEDIA, Nobody, PROFILE, PUBLISH, Reply, Upstream, post};
use portcullis_proxy::Codec;

/// What a malformed answer becomes.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
enum Becomes {
    /// A refusal of the gate.
    Refusal,
    /// An answer that is visibly not whole.
    Broken,
}

/// A call that gets this answer, then one that gets a good one: nothing of the first is in the second.
#[track_caller]
fn check(answer: &str, becomes: Becomes) {
    for codec in [Codec::Own, Codec::Hyper] {
        check_by(codec, answer, becomes);
    }
}

#[track_caller]
fn check_by(codec: Codec, answer: &str, becomes: Becomes) {
    let first = Arc::new(AtomicBool::new(true));
    let bad = answer.to_owned();
    let up = Upstream::new(move |_| match first.swap(false, Ordering::SeqCst) {
        true => Reply::Last(bad.clone().into()),
        false => Reply::json(r#""good""#),
    });
    let gate = Gate::with(&up, |settings| settings.codec = codec);
    let got = gate.get(PROFILE);
    match becomes {
        Becomes::Refusal => {
            assert_eq!((got.status, got.code().as_str()), (502, "upstream_malformed"), "{answer}");
        }
        Becomes::Broken => assert!(!got.whole || got.status == 502, "{answer}: {got:?}"),
    }
    let next = gate.get(PROFILE);
    assert_eq!((next.status, next.text().as_str()), (200, r#""good""#), "{answer}");
    assert_eq!(up.seen()[1].connection, 1, "the connection is not used again: {answer}");
}

#[test]
fn a_malformed_answer_becomes_a_refusal() {
    for answer in [
        "",
        "nonsense",
        "nonsense\r\n\r\n",
        "HTTP/1.1\r\n\r\n",
        "HTTP/1.1 \r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 099 Low\r\n\r\n",
        "HTTP/1.1 600 High\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 999 High\r\nContent-Length: 0\r\n\r\n",
        "HTTP/3.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        "http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "ICY 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 5",
        "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length:\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\nhello",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX : space\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\r\n folded\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: empty\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n",
        "HTTP/1.1 100 Continue\r\n\r\n",
    ] {
        check(answer, Becomes::Refusal);
    }
    check(&format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: y\r\n".repeat(200)), Becomes::Refusal);
    check(&format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "y".repeat(100_000)), Becomes::Refusal);
}

/// A good answer, whose status line is another one.
fn lined(line: &str) -> String {
    format!("{line}\r\nContent-Length: 2\r\n\r\n{{}}")
}

/// A good answer, with a header more.
fn headed(header: &str) -> String {
    lined(&format!("HTTP/1.1 200 OK\r\n{header}"))
}

#[test]
fn a_status_line_that_is_not_one_becomes_a_refusal() {
    for line in [
        "HTTP/1.1  200 OK",
        "HTTP/1.1\t200 OK",
        "HTTP/1.1 200\tOK",
        "HTTP/1.1 200\0OK",
        "HTTP/1.1 200 O\0K",
        "HTTP/1.1 200 O\rK",
        "HTTP/1.1 2 00 OK",
        "HTTP/1.1 +200 OK",
        "HTTP/1.1 -200 OK",
        "HTTP/1.1 0200 OK",
        "HTTP/1.1 2OO OK",
        "HTTP/1.1 000 OK",
        "HTTP/1.1 20",
        "HTTP/1.1 ２００ OK",
        "HTTP /1.1 200 OK",
        "HTTP/ 1.1 200 OK",
        "HTTP/1 200 OK",
        "HTTP/1. 200 OK",
        "HTTP/.1 200 OK",
        "HTTP/11 200 OK",
        "HTTP/1.10 200 OK",
        "HTTP/01.1 200 OK",
        "HTTP/0.9 200 OK",
        "HTTP/1.2 200 OK",
        "HTTP/2 200 OK",
        "HTTP/2.0 200 OK",
        "HTTPS/1.1 200 OK",
        "200 OK",
        " HTTP/1.1 200 OK",
        "\u{feff}HTTP/1.1 200 OK",
        "GET / HTTP/1.1",
        "{}",
    ] {
        check(&lined(line), Becomes::Refusal);
    }
}

#[test]
fn a_header_that_is_not_one_becomes_a_refusal() {
    for header in [
        " X: first of all",
        "X y: z",
        "X\t: y",
        "X\0: y",
        "X(: y",
        "X,Y: z",
        "X\"Y: z",
        "X@Y: z",
        "X/Y: z",
        "X[Y]: z",
        "Xé: y",
        "X: a\rb",
        "X: a\r\rb",
        "X: a\u{1}b",
        "X: a\u{7f}b",
        "X: y\r\n\tfolded",
        "X: y\r\n  : z",
        "X",
        ":",
        "=: y\r\n\0",
    ] {
        check(&headed(header), Becomes::Refusal);
    }
}

#[test]
fn a_framing_that_can_be_read_in_two_ways_becomes_a_refusal() {
    for framing in [
        "Content-Length: 2, 2",
        "Content-Length: 2;2",
        "Content-Length: 2 2",
        "Content-Length: 2.0",
        "Content-Length: 2e0",
        "Content-Length: 0x2",
        "Content-Length: 2_0",
        "Content-Length: ２",
        "Content-Length: two",
        "Content-Length: \"2\"",
        "Content-Length: 2\r\n 0",
        "Content-Length: 18446744073709551616",
        "Content-Length: -0",
        "Content-Length: 2\r\nContent-Length: 0",
        "Content-Length: 2\r\ncontent-length: 3",
        "Content-Length : 2",
        " Content-Length: 2",
        "Content-Length: 2\r\nTransfer-Encoding: identity",
        "Content-Length: 2\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: identity",
        "Transfer-Encoding:",
        "Transfer-Encoding: ,",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: chunked, gzip",
        "Transfer-Encoding: chunked, identity",
        "Transfer-Encoding: chunked;q=1",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding: chun ked",
        "Transfer-Encoding: chunked\0",
        "Transfer-Encoding: \u{b}chunked",
        "Transfer-Encoding : chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
        "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding:\r\n chunked",
    ] {
        check(&format!("HTTP/1.1 200 OK\r\n{framing}\r\n\r\n{{}}"), Becomes::Refusal);
    }
}

#[test]
fn chunks_that_are_none_are_never_ended_as_if_whole() {
    for chunks in [
        "",
        "\r\n",
        "2",
        "2\r\n{}",
        "2\r\n{}\r\n0\r\n",
        "2\r\n{}\r\n0\r\nX",
        "2\r\n{}\n0\r\n\r\n",
        "2\r\n{}0\r\n\r\n",
        "2\r\n{}}\r\n0\r\n\r\n",
        "3\r\n{}\r\n0\r\n\r\n",
        "0x2\r\n{}\r\n0\r\n\r\n",
        "+2\r\n{}\r\n0\r\n\r\n",
        "-2\r\n{}\r\n0\r\n\r\n",
        " 2\r\n{}\r\n0\r\n\r\n",
        "2g\r\n{}\r\n0\r\n\r\n",
        "２\r\n{}\r\n0\r\n\r\n",
        ";x\r\n{}\r\n0\r\n\r\n",
        "10000000000000002\r\n{}\r\n0\r\n\r\n",
        "FFFFFFFFFFFFFFFF\r\n{}\r\n0\r\n\r\n",
        "2\r\n{}\r\n0\r\nno colon\r\n\r\n",
        "2\r\n{}\r\n0\r\nX: a\0b\r\n\r\n",
        "2\r\n{}\r\n0\r\n X: folded\r\n\r\n",
    ] {
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        check(&format!("{head}{chunks}"), Becomes::Broken);
    }
}

#[test]
fn an_answer_that_breaks_off_is_never_ended_as_if_whole() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n50\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n",
    ] {
        check(answer, Becomes::Broken);
    }
}

#[test]
fn bytes_after_an_answer_are_not_the_next_answer() {
    for extra in ["X", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n\"evil\"", "\r\n"] {
        let first = AtomicBool::new(true);
        let up = Upstream::new(move |_| match first.swap(false, Ordering::SeqCst) {
            true => Reply::Bytes(
                format!("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{{}}{extra}").into(),
            ),
            false => Reply::json(r#""good""#),
        });
        let gate = Gate::before(&up);
        assert_eq!(gate.get(PROFILE).text(), "{}");
        assert_eq!(gate.get(PROFILE).text(), r#""good""#);
        assert_eq!(up.seen()[1].connection, 1, "{extra:?}");
    }
    for status in ["204 No Content", "304 Not Modified"] {
        let first = AtomicBool::new(true);
        let up = Upstream::new(move |_| match first.swap(false, Ordering::SeqCst) {
            true => {
                Reply::Bytes(format!("HTTP/1.1 {status}\r\nContent-Length: 5\r\n\r\nhello").into())
            }
            false => Reply::json(r#""good""#),
        });
        let gate = Gate::before(&up);
        assert!(gate.get(PROFILE).body.is_empty());
        assert_eq!(gate.get(PROFILE).text(), r#""good""#, "{status}");
    }
}

#[test]
fn an_answer_that_ends_with_the_connection_is_whole() {
    let up = Upstream::new(|_| Reply::Last(b"HTTP/1.0 200 OK\r\n\r\nhello".to_vec()));
    let gate = Gate::before(&up);
    assert_eq!(gate.get(PROFILE).text(), "hello");
    assert_eq!(gate.get(PROFILE).text(), "hello");
}

#[test]
fn informational_answers_are_waited_over() {
    let up = Upstream::new(|_| {
        Reply::Bytes(b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}".to_vec())
    });
    let gate = Gate::before(&up);
    let answer = gate.get(PROFILE);
    assert_eq!((answer.status, answer.text().as_str()), (200, "{}"));
}

#[test]
fn a_platform_that_is_down_is_told_and_missed_only_while_it_is() {
    let nobody = Nobody::new();
    let gate = Gate::start(&nobody.url(), crate::support::TIER, |_| {});
    for _ in 0..2 {
        let answer = gate.get(PROFILE);
        assert_eq!((answer.status, answer.code().as_str()), (502, "upstream_unreachable"));
        assert!(matches!(answer.header("retry-after"), Some("1" | "2" | "3")), "{answer:?}");
    }
    let _back = nobody.serve(|_| Reply::json("{}"));
    assert_eq!(gate.get(PROFILE).status, 200);
}

#[test]
fn a_platform_that_never_answers_is_waited_for_so_long() {
    let up = Upstream::new(|seen| match seen.line().contains("media") {
        true => Reply::Never,
        false => Reply::json("{}"),
    });
    let gate =
        Gate::with(&up, |settings| settings.timeouts.first_byte = Duration::from_millis(100));
    let answer = gate.get(MEDIA);
    assert_eq!((answer.status, answer.code().as_str()), (504, "upstream_slow"));
    // Others are not affected; on a machine with much else to do they may be as slow, once or twice.
    while gate.get(PROFILE).status != 200 {}
}

#[test]
fn a_platform_that_stops_within_an_answer_is_cut_off() {
    let (_go, steps) = mpsc::channel();
    let steps = Mutex::new(Some(steps));
    let up = Upstream::new(move |_| {
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: 10\r\n\r\n12345"
            .to_vec();
        Reply::Steps(vec![head], steps.lock().unwrap().take().unwrap())
    });
    let gate =
        Gate::with(&up, |settings| settings.timeouts.answer_idle = Duration::from_millis(100));
    let answer = gate.get(PROFILE);
    assert_eq!((answer.text().as_str(), answer.whole), ("12345", false));
}

#[test]
fn a_connection_that_the_platform_closes_is_not_used_again() {
    let up = Upstream::new(|_| {
        Reply::Last(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}".to_vec())
    });
    let gate = Gate::before(&up);
    for at in 0..20 {
        let answer = gate.call(&post(PUBLISH, "Content-Length: 9\r\n", "caption=x"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(up.seen()[at].connection, at);
    }
}
