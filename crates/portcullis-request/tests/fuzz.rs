//! Calls, mutated byte by byte: path, query, form, JSON, multipart and batch. What is read is sent
//! as it was judged, and the rest is refused.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod common;

use common::Call;
use portcullis_testkit::fuzz;

const PARTS: &[&str] = &[
    "%2F",
    "%2e",
    "%00",
    "%25",
    "%",
    "%zz",
    "//",
    "/../",
    "/./",
    ";",
    "\\",
    "?",
    "&",
    "=",
    "#",
    "+",
    "access_token=k",
    "ids=1,2",
    "fields=id{a}",
    "fields=",
    ".limit(3)",
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "\"",
    ",",
    ":",
    "null",
    "\\u0000",
    "\\ud800",
    "é",
    "\u{0}",
    "\r\n",
    "--XX",
    "--XX--",
    "Content-Disposition: form-data; name=\"a\"",
    "method=DELETE",
    "batch=[",
    "\"relative_url\":",
];

/// A target, a media type and a body, each a line.
fn call(bytes: &[u8]) -> Option<Call> {
    let text = std::str::from_utf8(bytes).ok()?;
    let mut lines = text.splitn(3, '\n');
    let (method, target) = lines.next()?.split_once(' ')?;
    let call = Call::new(method, target);
    let (media, body) = (lines.next()?, lines.next()?);
    if body.is_empty() {
        return Some(call);
    }
    Some(call.body((!media.is_empty()).then_some(media), body.replace('\n', "\r\n")))
}

#[test]
fn a_call_is_sent_as_it_was_judged_or_not_at_all() {
    let mut passed = 0;
    fuzz(env!("CARGO_MANIFEST_DIR"), "calls", PARTS, |bytes| {
        let Some(call) = call(bytes) else { return };
        let asks = call.asks();
        let Ok(sent) = call.sent() else { return };
        assert_eq!(sent.key(), Ok(None), "a key is sent on");
        if let Ok(asks) = asks {
            passed += 1;
            assert_eq!(sent.asks().as_ref(), Ok(&asks), "judged one thing, sent another");
        }
    });
    assert!(passed > 100, "only {passed} calls got through: is the corpus of another form?");
}
