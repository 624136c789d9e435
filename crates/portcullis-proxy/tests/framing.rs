//! Bytes from partners that could be read in two ways, over real sockets.

use crate::support::{Gate, KEY, NOWHERE, PROFILE, PUBLISH, UPLOAD, Upstream, get, post};

/// A second request, hidden in what may or may not be the body of the first.
const HIDDEN: &str = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn what_can_be_read_in_two_ways_is_refused_and_ends_the_connection() {
    let up = Upstream::plain();
    let gate = Gate::before(&up);
    for lines in [
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
        "Content-Length: 4\r\nContent-Length: 40\r\n",
        "Content-Length: +4\r\n",
        "Content-Length: 4, 4\r\n",
        "Content-Length:\r\n",
        "Content-Length: 4\r\n\tX: folded\r\n",
        "Content-Length : 4\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding:\tchunked\r\nTransfer-Encoding: identity\r\n",
        "X: a\nContent-Length: 4\r\n",
        "X: a\rb\r\nContent-Length: 4\r\n",
        "X: a\0b\r\n",
        "Host: b\r\n",
        "Upgrade: websocket\r\nConnection: upgrade\r\n",
        "Connection: content-length\r\nContent-Length: 4\r\n",
        "Connection: host\r\n",
        "Connection: authorization\r\n",
        "Expect: 200-ok\r\n",
    ] {
        let mut peer = gate.connect();
        peer.send(post(PUBLISH, lines, &format!("0\r\n\r\n{HIDDEN}")));
        let answer = peer.answer();
        assert_eq!((answer.status, answer.code().as_str()), (400, "request_unreadable"), "{lines}");
        assert!(answer.header("x-request-id").is_some());
    }
    assert!(up.seen().is_empty(), "{:?}", up.seen());
}

#[test]
fn a_refused_head_ends_the_connection_after_the_answers_before_it() {
    let up = Upstream::plain();
    let gate = Gate::before(&up);
    let mut peer = gate.connect();
    let bad = "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n";
    peer.send(format!(
        "{}{}{bad}{}",
        get(PROFILE, ""),
        get("/portcullis-guard", ""),
        get(PROFILE, "")
    ));
    assert_eq!(peer.answer().status, 200);
    peer.answer();
    let last = peer.try_answer();
    assert!(last.is_none_or(|answer| answer.status == 400 || answer.status == 401));
    assert!(peer.is_closed());
    assert_eq!(up.seen().len(), 1);
}

#[test]
fn a_body_that_nobody_read_never_becomes_a_request() {
    let up = Upstream::plain();
    let gate = Gate::before(&up);
    let length = HIDDEN.len();
    let requests = [
        format!("POST {NOWHERE} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{HIDDEN}"),
        format!("POST {PUBLISH} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{HIDDEN}"),
        format!("POST {UPLOAD} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{HIDDEN}"),
        format!("GET {PROFILE} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n{HIDDEN}"),
        format!(
            "POST {NOWHERE} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n{length:x}\r\n{HIDDEN}\r\n0\r\n\r\n"
        ),
        format!("POST {UPLOAD} HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n{HIDDEN}"),
        get(NOWHERE, "Upgrade: h2c\r\nConnection: upgrade\r\n"),
    ];
    for request in &requests {
        let mut peer = gate.connect();
        peer.send(request);
        peer.send(get(PROFILE, ""));
        let mut statuses = vec![peer.answer().status];
        peer.shut();
        statuses.extend(std::iter::from_fn(|| peer.try_answer()).map(|answer| answer.status));
        assert!(statuses[0] >= 400, "{request}: {statuses:?}");
        assert!(
            statuses.len() <= 2 && statuses[1..].iter().all(|s| *s == 200),
            "{request}: {statuses:?}"
        );
    }
    assert!(!up.bytes().contains("hidden"), "{}", up.bytes());
    assert!(up.seen().iter().all(|seen| seen.line() == format!("GET {PROFILE} HTTP/1.1")));
}

#[test]
fn a_malformed_chunk_breaks_the_call_and_never_reaches_the_platform_as_whole() {
    let up = Upstream::plain();
    let gate = Gate::before(&up);
    for (after, target) in [
        ("3;x=y\r\nabc\r\n0\r\n\r\n", PUBLISH),
        ("3\r\nabcd\r\n0\r\n\r\n", PUBLISH),
        ("3\nabc\r\n0\r\n\r\n", PUBLISH),
        ("-3\r\nabc\r\n0\r\n\r\n", PUBLISH),
        ("3\r\nabc\r\nzz\r\n\r\n", UPLOAD),
        ("FFFFFFFFFFFFFFFF\r\nabc\r\n", UPLOAD),
    ] {
        let mut peer = gate.connect();
        peer.send(post(target, "Transfer-Encoding: chunked\r\n", after));
        if let Some(answer) = peer.try_answer() {
            assert_eq!(answer.code(), "request_unreadable", "{after}");
        }
        assert!(peer.is_closed(), "{after}");
    }
    assert!(up.seen().is_empty(), "{:?}", up.seen());
}

#[test]
fn one_authority_and_a_path_make_a_target() {
    let up = Upstream::plain();
    let gate = Gate::before(&up);
    let auth = format!("Authorization: Bearer {KEY}\r\n");
    let request = |line: &str, host: &str| format!("{line} HTTP/1.1\r\nHost: {host}\r\n{auth}\r\n");
    for (line, host, status) in [
        (format!("GET http://gate.test{PROFILE}"), "gate.test", 200),
        (format!("GET http://GATE.test{PROFILE}"), "gate.test", 200),
        (format!("GET http://other.test{PROFILE}"), "gate.test", 400),
        (format!("GET http://u@gate.test{PROFILE}"), "gate.test", 400),
        ("GET gate.test".to_owned(), "gate.test", 400),
        ("CONNECT gate.test:80".to_owned(), "gate.test", 400),
        ("TRACE /".to_owned(), "gate.test", 400),
        ("OPTIONS *".to_owned(), "gate.test", 403),
        (format!("GET {PROFILE}#x"), "gate.test", 400),
        (format!("GET {PROFILE}\\x"), "gate.test", 400),
        ("BREW /".to_owned(), "gate.test", 400),
    ] {
        let mut peer = gate.connect();
        peer.send(request(&line, host));
        let Some(answer) = peer.try_answer() else { panic!("no answer to {line}") };
        let refused = status >= 400 && answer.status >= 400;
        assert!(answer.status == status || refused, "{line}: {answer:?}");
        assert!(answer.header("content-type").is_some(), "{line}: {answer:?}");
    }
    for seen in up.seen() {
        assert_eq!(seen.line(), format!("GET {PROFILE} HTTP/1.1"));
        assert_eq!(seen.header("host"), Some(up.addr.to_string().as_str()));
    }
}

#[test]
fn an_http_1_0_client_is_served_and_let_go() {
    let up = Upstream::plain();
    let gate = Gate::before(&up);
    let mut peer = gate.connect();
    peer.send(format!("GET {PROFILE} HTTP/1.0\r\nAuthorization: Bearer {KEY}\r\n\r\n"));
    assert_eq!(peer.answer().status, 200);
    assert!(peer.is_closed());
    assert!(up.one().line().ends_with("HTTP/1.1"));
}

#[test]
fn a_client_that_waits_for_leave_to_send_gets_it_once_it_is_needed() {
    let up = Upstream::plain();
    let gate = Gate::before(&up);
    let mut peer = gate.connect();
    let lines = "Expect: 100-continue\r\nContent-Length: 9\r\n";
    peer.send(post(PUBLISH, lines, ""));
    peer.send("caption=x");
    assert_eq!(peer.answer().status, 200);
    assert_eq!(up.one().header("expect"), None);
}

#[test]
fn pipelined_calls_are_answered_in_order() {
    let up = Upstream::new(|seen| crate::support::Reply::json(&format!("{:?}", seen.line())));
    let gate = Gate::before(&up);
    let mut peer = gate.connect();
    let calls: Vec<String> = (0..20).map(|n| format!("{PROFILE}?fields=id&n={n}")).collect();
    let calls: Vec<String> =
        calls.iter().map(|call| call.split("&n=").next().unwrap().to_owned()).collect();
    peer.send(calls.iter().map(|target| get(target, "")).collect::<String>());
    for target in &calls {
        assert_eq!(peer.answer().text(), format!("{:?}", format!("GET {target} HTTP/1.1")));
    }
}

#[test]
fn a_body_that_two_readers_would_unpack_differently_is_refused() {
    let up = Upstream::plain();
    let gate = Gate::before(&up);
    for lines in [
        "Content-Encoding: gzip\r\n",
        "Content-Type: application/json\r\nContent-Type: application/x-www-form-urlencoded\r\n",
    ] {
        let answer =
            gate.call(&post(PUBLISH, &format!("{lines}Content-Length: 9\r\n"), "caption=x"));
        assert_eq!((answer.status, answer.code().as_str()), (400, "request_unreadable"), "{lines}");
    }
    assert!(up.seen().is_empty());
}
