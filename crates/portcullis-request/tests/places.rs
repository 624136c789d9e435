//! What is wrong with one entry of a batch alone is said in its place.

use crate::common::{Call, refused};
use crate::plaza::{entries, entry_asked, filled};
use serde_json::{Value, json};

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The batch in a form, its JSON escaped.
fn form(batch: &Value) -> Call {
    Call::post("/v21.0/").form(&format!("batch={}", escaped(&batch.to_string())))
}

fn one(entry: Value) -> Value {
    json!([entry])
}

fn get(url: &str) -> Value {
    json!({ "method": "GET", "relative_url": filled(url) })
}

/// What the only entry asks for.
#[track_caller]
fn only(call: &Call) -> String {
    let entries = entries(call).unwrap_or_else(|refusal| panic!("{}", refused(&refusal)));
    assert_eq!(entries.len(), 1);
    entry_asked(&entries[0], None)
}

#[track_caller]
fn check(entry: Value, expected: &str) {
    assert_eq!(only(&form(&one(entry.clone()))), expected, "{entry}");
}

#[test]
fn what_is_wrong_with_one_entry_alone_is_said_in_its_place() {
    check(
        json!({ "method": "POST", "relative_url": "me/media", "attached_files": "cat" }),
        "not judged: files of a batch entry",
    );
    check(
        json!({ "method": "GET", "relative_url": "me", "headers": [{"name": "X", "value": "y"}] }),
        "not judged: header fields of a batch entry",
    );
    check(
        json!({ "method": "GET", "relative_url": "me", "body": 5 }),
        "not judged: a body of a batch entry that is neither text nor object",
    );
    check(
        json!({ "method": "GET", "relative_url": "me", "else": 5 }),
        "not judged: an unknown member of a batch entry",
    );
    check(
        json!({ "method": "GET", "relative_url": "me", "body": null, "headers": [], "attached_files": "", "name": null }),
        "profile.basic me {id,username}?",
    );
    check(
        get("me%3Ffields%3"),
        "unreadable: a parameter holds a `%` that two hexadecimal digits don't follow; write a percent sign as `%25`",
    );
    check(
        get("m%2565%3Ffields%3Did"),
        "unreadable: the path is percent-encoded twice, or holds a percent sign; encode it once",
    );
}
