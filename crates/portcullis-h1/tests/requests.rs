//! What goes out, byte by byte.
#![allow(clippy::unwrap_used, reason = "tests")]

use http::{HeaderName, HeaderValue, Method};
use portcullis_h1::{RequestBody, RequestHead, write_chunk};

fn written(method: Method, target: &str, fields: &[(&str, &str)], body: RequestBody) -> String {
    let mut out = Vec::new();
    let mut head = RequestHead::begin(&mut out, &method, &target.parse().unwrap());
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        head.field(&name, &HeaderValue::from_str(value).unwrap());
    }
    head.end(body);
    String::from_utf8(out).unwrap()
}

#[test]
fn a_head_is_a_line_fields_and_one_framing() {
    assert_eq!(
        written(Method::GET, "/a?b=c", &[("Host", "up"), ("X-A", "1")], RequestBody::None),
        "GET /a?b=c HTTP/1.1\r\nhost: up\r\nx-a: 1\r\n\r\n"
    );
    assert_eq!(
        written(Method::POST, "/", &[], RequestBody::Length(42)),
        "POST / HTTP/1.1\r\ncontent-length: 42\r\n\r\n"
    );
    assert_eq!(
        written(Method::PUT, "/", &[], RequestBody::Chunked),
        "PUT / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n"
    );
}

#[test]
fn fields_that_frame_or_end_a_message_are_nobody_elses() {
    let others =
        [("content-length", "7"), ("Transfer-Encoding", "chunked"), ("connection", "close")];
    assert_eq!(
        written(Method::POST, "/", &others, RequestBody::Length(0)),
        "POST / HTTP/1.1\r\ncontent-length: 0\r\n\r\n"
    );
}

#[test]
fn a_target_begins_with_a_slash_or_is_a_star() {
    for (target, line) in [("?a=b", "/?a=b"), ("*", "*"), ("/", "/")] {
        let head = written(Method::OPTIONS, target, &[], RequestBody::None);
        assert_eq!(head, format!("OPTIONS {line} HTTP/1.1\r\n\r\n"), "{target}");
    }
}

#[test]
fn a_chunk_says_its_size() {
    for (size, text) in [(1, "1\r\n"), (255, "ff\r\n"), (65_536, "10000\r\n"), (0, "0\r\n\r\n")] {
        let mut out = Vec::new();
        write_chunk(&mut out, size);
        assert_eq!(String::from_utf8(out).unwrap(), text);
    }
}
