//! Which answers are taken, how they are framed, and why the others are not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use bytes::BytesMut;
use http::HeaderMap;
use portcullis_h1::{
    AnswerBody, Asked, Decoder, EXTENSIONS_MAX, FIELDS_MAX, Fault, HEAD_MAX, Head, HeadReader,
    INTERIM_MAX, TRAILERS_MAX,
};

fn head(asked: Asked, text: &str) -> (Result<Option<Head>, Fault>, HeaderMap, BytesMut) {
    let mut buffer = BytesMut::from(text);
    let mut fields = HeaderMap::new();
    let head = HeadReader::default().read(&mut buffer, asked, &mut fields, |_, _| true);
    (head, fields, buffer)
}

#[track_caller]
fn refused(text: &str, fault: Fault) {
    assert_eq!(head(Asked::Other, text).0, Err(fault), "{}", text.escape_debug());
}

#[test]
fn a_status_line_has_one_form() {
    for line in [
        "",
        " HTTP/1.1 200 OK",
        "nonsense",
        "HTTP/1.1",
        "HTTP/1.1 ",
        "HTTP/1.1 20",
        "HTTP/1.1 2000 OK",
        "HTTP/1.1 2x0 OK",
        "HTTP/1.1 +20 OK",
        "HTTP/1.1  200 OK",
        "HTTP/1.1\t200 OK",
        "HTTP/1.1 200\tOK",
        "HTTP/1.2 200 OK",
        "HTTP/2.0 200 OK",
        "HTTP/1 200 OK",
        "HTTP/11 200 OK",
        "http/1.1 200 OK",
        "ICY 200 OK",
        "HTTP/1.1 200 a\u{0}b",
        "HTTP/1.1 200 a\rb",
        "HTTP/1.1 200 a\u{7f}b",
    ] {
        refused(&format!("{line}\r\nA: b\r\n\r\n"), Fault::StatusLine);
    }
    for status in ["000", "099", "600", "999"] {
        refused(&format!("HTTP/1.1 {status} x\r\n\r\n"), Fault::Status);
    }
    for (line, status) in [
        ("HTTP/1.1 200 OK", 200),
        ("HTTP/1.1 200 ", 200),
        ("HTTP/1.1 200", 200),
        ("HTTP/1.0 599 x", 599),
        ("HTTP/1.1 404 Not\tFound \u{e9}", 404),
    ] {
        let (head, ..) = head(Asked::Other, &format!("{line}\r\n\r\n"));
        assert_eq!(head.unwrap().unwrap().status, status, "{line}");
    }
}

#[test]
fn every_line_of_a_head_ends_with_both_bytes_and_is_a_field() {
    for (text, fault) in [
        ("HTTP/1.1 200 OK\n\n", Fault::LineEnd),
        ("HTTP/1.1 200 OK\nA: b\r\n\r\n", Fault::LineEnd),
        ("HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n", Fault::LineEnd),
        ("HTTP/1.1 200 OK\r\nA: b\r\n\n", Fault::LineEnd),
        ("HTTP/1.1 200 OK\r\nA: b\rC: d\r\n\r\n", Fault::FieldValue),
        ("HTTP/1.1 200 OK\r\nA: b\r\r\n\r\n", Fault::FieldValue),
        ("HTTP/1.1 200 OK\r\nA: \0\r\n\r\n", Fault::FieldValue),
        ("HTTP/1.1 200 OK\r\nA: \u{7f}\r\n\r\n", Fault::FieldValue),
        ("HTTP/1.1 200 OK\r\nA : b\r\n\r\n", Fault::FieldName),
        ("HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n", Fault::FieldName),
        ("HTTP/1.1 200 OK\r\nA: b\r\n folded: yes\r\n\r\n", Fault::FieldName),
        ("HTTP/1.1 200 OK\r\n\tA: b\r\n\r\n", Fault::FieldName),
        ("HTTP/1.1 200 OK\r\n: b\r\n\r\n", Fault::FieldName),
        ("HTTP/1.1 200 OK\r\nA\r\n\r\n", Fault::FieldName),
        ("HTTP/1.1 200 OK\r\nA(: b\r\n\r\n", Fault::FieldName),
        ("HTTP/1.1 200 OK\r\nA\0: b\r\n\r\n", Fault::FieldName),
    ] {
        refused(text, fault);
    }
}

#[test]
fn a_head_is_bounded() {
    let fields = |count| format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(count));
    assert!(head(Asked::Other, &fields(FIELDS_MAX)).0.unwrap().is_some());
    refused(&fields(FIELDS_MAX + 1), Fault::TooManyFields);
    refused(&format!("HTTP/1.1 200 OK\r\nA: {}", "b".repeat(HEAD_MAX)), Fault::HeadTooLong);
    refused(&format!("HTTP/1.1 200 OK\r\nA: {}\r\n\r\n", "b".repeat(HEAD_MAX)), Fault::HeadTooLong);
    let interim =
        |count| format!("{}HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.1 100 x\r\n\r\n".repeat(count));
    assert!(head(Asked::Other, &interim(INTERIM_MAX)).0.unwrap().is_some());
    refused(&interim(INTERIM_MAX + 1), Fault::TooManyInterim);
}

#[test]
fn informational_answers_are_read_over_and_checked() {
    let text = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 x\r\nA: b\r\n\r\nrest";
    let (head, fields, rest) = head(Asked::Other, text);
    assert_eq!(head.unwrap().unwrap().status, 204);
    assert_eq!((fields.len(), &fields["a"], &rest[..]), (1, &"b".parse().unwrap(), &b"rest"[..]));
    for line in ["Content-Length: 0", "Transfer-Encoding: chunked"] {
        refused(&format!("HTTP/1.1 100 x\r\n{line}\r\n\r\n"), Fault::InterimBody);
    }
    refused("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", Fault::Switched);
    refused("HTTP/1.1 100 x\r\nA : b\r\n\r\n", Fault::FieldName);
}

#[test]
fn a_switch_of_protocols_is_one_that_was_asked_for_and_says_so() {
    let read = |text: &str| head(Asked::WebSocket, text);
    let fine = "HTTP/1.1 101 x\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\nA: b\r\n\r\n\x01";
    let (got, fields, rest) = read(fine);
    let got = got.unwrap().unwrap();
    assert_eq!((got.status.as_u16(), got.body, got.keep_alive), (101, AnswerBody::None, false));
    assert_eq!((&fields["a"], &rest[..]), (&"b".parse().unwrap(), &b"\x01"[..]));
    for odd in [
        fine.replace("Upgrade: WebSocket", "Upgrade: h2c"),
        fine.replace("Connection: Upgrade", "Connection: close"),
        fine.replace("A: b", "Content-Length: 0"),
        fine.replace("A: b", "Transfer-Encoding: chunked"),
        fine.replace("HTTP/1.1", "HTTP/1.0"),
    ] {
        assert_eq!(read(&odd).0, Err(Fault::Switched), "{odd}");
    }
    let plain = read("HTTP/1.1 200 x\r\nContent-Length: 0\r\n\r\n").0.unwrap().unwrap();
    assert!(!plain.keep_alive, "who was asked to switch may have");
}

#[test]
fn a_body_is_framed_in_one_way_or_refused() {
    for (lines, fault) in [
        ("Content-Length: +5", Fault::Length),
        ("Content-Length: -5", Fault::Length),
        ("Content-Length: 5, 5", Fault::Length),
        ("Content-Length: 5 5", Fault::Length),
        ("Content-Length: 0x5", Fault::Length),
        ("Content-Length:", Fault::Length),
        ("Content-Length: 1000000000000000000", Fault::Length),
        ("Content-Length: 5\r\nContent-Length: 5", Fault::Lengths),
        ("Content-Length: 5\r\nContent-Length: 6", Fault::Lengths),
        ("Content-Length: 5\r\nTransfer-Encoding: chunked", Fault::TwoFramings),
        ("Transfer-Encoding: chunked\r\nContent-Length: 0", Fault::TwoFramings),
        ("Transfer-Encoding: gzip", Fault::Coding),
        ("Transfer-Encoding: gzip, chunked", Fault::Coding),
        ("Transfer-Encoding: chunked, chunked", Fault::Coding),
        ("Transfer-Encoding: chunked;q=1", Fault::Coding),
        ("Transfer-Encoding: xchunked", Fault::Coding),
        ("Transfer-Encoding:", Fault::Coding),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", Fault::Coding),
    ] {
        refused(&format!("HTTP/1.1 200 OK\r\n{lines}\r\n\r\n"), fault);
        // Even where no body follows: others may read one.
        refused(&format!("HTTP/1.1 304 x\r\n{lines}\r\n\r\n"), fault);
    }
    refused("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Fault::OldCoding);
}

/// Asked, the answer after `HTTP/1.`; how it is framed and whether the connection lasts.
#[track_caller]
fn framed(asked: Asked, text: &str, body: AnswerBody, keep_alive: bool) {
    let (head, ..) = head(asked, &format!("HTTP/1.{text}\r\n\r\n"));
    let head = head.unwrap().unwrap();
    assert_eq!((head.body, head.keep_alive), (body, keep_alive), "{text}");
}

#[test]
fn what_follows_a_head_and_whether_the_connection_lasts() {
    use AnswerBody::{Chunked, Close, Length, None};
    for (text, body, keeps) in [
        ("1 200 OK\r\nContent-Length: 5", Length(5), true),
        ("1 200 OK\r\nContent-Length: 05", Length(5), true),
        ("1 200 OK\r\nContent-Length: 999999999999999999", Length(999_999_999_999_999_999), true),
        ("1 200 OK\r\ntransfer-encoding: CHUNKED", Chunked, true),
        ("1 200 OK", Close, false),
        ("1 200 OK\r\nConnection: keep-alive", Close, false),
        ("0 200 OK\r\nContent-Length: 5", Length(5), false),
        ("0 200 OK\r\nContent-Length: 5\r\nConnection: Keep-Alive", Length(5), true),
        ("1 200 OK\r\nContent-Length: 5\r\nConnection: close", Length(5), false),
        ("1 200 OK\r\nContent-Length: 5\r\nConnection: x, CLOSE ,keep-alive", Length(5), false),
        ("0 200 OK\r\nContent-Length: 5\r\nConnection: keep-alive,\u{eb} close", Length(5), false),
        (
            "1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\nConnection: keep-alive",
            Length(5),
            false,
        ),
        ("1 200 OK\r\nContent-Length: 5\r\nConnection: closed", Length(5), true),
        ("1 204 x", None, true),
        ("1 204 x\r\nContent-Length: 0", None, true),
        ("1 204 x\r\nContent-Length: 5", None, false),
        ("1 204 x\r\nTransfer-Encoding: chunked", None, false),
        ("1 304 x\r\nContent-Length: 5", None, true),
        ("1 304 x\r\nTransfer-Encoding: chunked", None, true),
    ] {
        framed(Asked::Other, text, body, keeps);
    }
    framed(Asked::Head, "1 200 OK\r\nContent-Length: 5", None, true);
    framed(Asked::Head, "1 200 OK\r\nTransfer-Encoding: chunked", None, true);
    framed(Asked::Head, "1 200 OK", None, true);
}

#[test]
fn what_speaks_of_the_connection_ends_here_unless_it_names_a_field() {
    let text = "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\nA: b\r\n\r\n";
    let (read, fields, _) = head(Asked::Other, text);
    assert!(!read.unwrap().unwrap().nominates);
    assert_eq!(fields.keys().map(http::HeaderName::as_str).collect::<Vec<_>>(), ["a"]);
    let (read, fields, _) =
        head(Asked::Other, "HTTP/1.1 200 OK\r\nConnection: a, close\r\nA: b\r\n\r\n");
    assert!(read.unwrap().unwrap().nominates && fields.contains_key("connection"));
}

/// The pieces of a chunked body, whether it ended, and what is left.
fn chunked(text: &str) -> Result<(Vec<String>, bool, String), Fault> {
    let mut decoder = Decoder::new(AnswerBody::Chunked);
    let mut buffer = BytesMut::from(text);
    let mut pieces = Vec::new();
    while let Some(piece) = decoder.next(&mut buffer)? {
        pieces.push(String::from_utf8(piece.to_vec()).unwrap());
    }
    Ok((pieces, decoder.is_end(), String::from_utf8(buffer.to_vec()).unwrap()))
}

#[test]
fn chunks_are_exact() {
    for (text, fault) in [
        ("\r\n", Fault::ChunkSize),
        ("g\r\n", Fault::ChunkSize),
        ("+5\r\nhello\r\n", Fault::ChunkSize),
        ("-5\r\nhello\r\n", Fault::ChunkSize),
        ("0x5\r\nhello\r\n", Fault::ChunkSize),
        (" 5\r\nhello\r\n", Fault::ChunkSize),
        ("5 \r\nhello\r\n", Fault::ChunkSize),
        ("5\nhello\r\n", Fault::ChunkSize),
        ("5\rhello\r\n", Fault::ChunkSize),
        (";x\r\n", Fault::ChunkSize),
        ("0000000000000005\r\nhello\r\n", Fault::ChunkSize),
        ("ffffffffffffffff\r\n", Fault::ChunkSize),
        ("5;a\nb\r\n", Fault::ChunkExtension),
        ("5;a\0\r\n", Fault::ChunkExtension),
        ("5;a\rb\r\n", Fault::ChunkSize),
        ("5\r\nhelloX", Fault::ChunkEnd),
        ("5\r\nhello\n", Fault::ChunkEnd),
        ("5\r\nhello\rX", Fault::ChunkEnd),
        ("0\r\nX", Fault::Trailers),
        ("0\r\nA : b\r\n\r\n", Fault::Trailers),
        ("0\r\n folded\r\n\r\n", Fault::Trailers),
        ("0\r\nA: b\n\r\n", Fault::Trailers),
        ("0\r\nA: \0\r\n\r\n", Fault::Trailers),
        ("0\r\n: b\r\n\r\n", Fault::Trailers),
        ("0\r\n\rX", Fault::Trailers),
        ("0\r\n\n", Fault::Trailers),
    ] {
        let got = chunked(text);
        // A line that is not complete yet is no fault yet.
        let got =
            if text.ends_with('X') && got.is_ok() { chunked(&format!("{text}\r\n")) } else { got };
        assert_eq!(got.unwrap_err(), fault, "{}", text.escape_debug());
    }
}

#[test]
fn extensions_and_trailers_are_bounded_and_dropped() {
    let text = "5;a=\"b;c\"\r\nhello\r\nA;x\r\n, world!!!\r\n0\r\nEtag: x\r\nContent-Length: 7\r\n\r\nrest";
    let (pieces, ended, rest) = chunked(text).unwrap();
    assert_eq!((pieces.concat().as_str(), ended, rest.as_str()), ("hello, world!!!", true, "rest"));
    let long = |count| format!("1;{}\r\na\r\n0\r\n\r\n", "x".repeat(count));
    assert!(chunked(&long(EXTENSIONS_MAX - 1)).is_ok());
    assert_eq!(chunked(&long(EXTENSIONS_MAX)).unwrap_err(), Fault::ChunkExtension);
    let many = "1;x\r\na\r\n".repeat(EXTENSIONS_MAX);
    assert_eq!(chunked(&many).unwrap_err(), Fault::ChunkExtension, "over all chunks together");
    let long = format!("0\r\nA: {}\r\n\r\n", "x".repeat(TRAILERS_MAX));
    assert_eq!(chunked(&long).unwrap_err(), Fault::Trailers);
    assert_eq!(
        chunked(&format!("0\r\n{}\r\n", "A: b\r\n".repeat(33))).unwrap_err(),
        Fault::Trailers
    );
}

#[test]
fn an_end_that_came_with_the_last_piece_is_known_with_it() {
    let mut decoder = Decoder::new(AnswerBody::Chunked);
    let mut buffer = BytesMut::from("5\r\nhello\r\n0\r\n\r\nHTTP");
    assert_eq!(decoder.next(&mut buffer).unwrap().unwrap(), "hello");
    assert!(decoder.is_end());
    assert_eq!(&buffer[..], b"HTTP", "what follows is left for whoever asks why");
    let mut decoder = Decoder::new(AnswerBody::Chunked);
    let mut buffer = BytesMut::from("5\r\nhelloX");
    assert_eq!(
        decoder.next(&mut buffer),
        Err(Fault::ChunkEnd),
        "a fault that is there is told at once"
    );
}

#[test]
fn only_a_body_without_a_length_may_end_with_its_connection() {
    for (body, text, whole) in [
        (AnswerBody::Close, "hello", true),
        (AnswerBody::Close, "", true),
        (AnswerBody::Length(5), "hell", false),
        (AnswerBody::Length(5), "hello", true),
        (AnswerBody::Length(0), "", true),
        (AnswerBody::None, "", true),
        (AnswerBody::Chunked, "5\r\nhello\r\n", false),
        (AnswerBody::Chunked, "0\r\n", false),
        (AnswerBody::Chunked, "0\r\n\r\n", true),
    ] {
        let mut decoder = Decoder::new(body);
        let mut buffer = BytesMut::from(text);
        while decoder.next(&mut buffer).unwrap().is_some() {}
        assert_eq!(decoder.closed().is_ok(), whole, "{body:?} {text}");
        assert_eq!(decoder.is_end(), whole);
    }
}
