//! The method that is meant is judged and sent.

use crate::common::{Call, POST};

#[test]
fn methods_are_told_apart() {
    let check = |call: Call, expected: &str| assert_eq!(call.asked(), expected, "{call:?}");
    let one = format!("/v21.0/{POST}");
    check(Call::new("HEAD", &one), "getNode: media.single{id}? owner>media.single{id}?");
    check(Call::new("DELETE", &one), "deleteNode: comment.delete");
    check(Call::new("PUT", &one), "method_unlisted");
    for method in ["get", "TRACE", "CONNECT", "FOO", "", "GET ", "DELETE/x"] {
        check(Call::new(method, &one), "method_unlisted");
    }
    assert_eq!(Call::new("HEAD", &one).sent_text(), format!("HEAD {one}"));
}

#[test]
fn post_may_be_turned_into_another_method_and_then_is_that_method() {
    let check = |call: Call, asked: &str, sent: &str| {
        assert_eq!(call.asked(), asked, "{call:?}");
        assert_eq!(call.sent_text(), sent, "{call:?}");
    };
    let one = format!("/v21.0/{POST}");
    let delete = (String::from("deleteNode: comment.delete"), format!("DELETE {one}"));
    check(Call::post(&format!("{one}?method=delete")), &delete.0, &delete.1);
    check(Call::post(&format!("{one}?method=DeLeTe")), &delete.0, &delete.1);
    check(Call::post(&format!("{one}?%6dethod=%64elete")), &delete.0, &delete.1);
    check(Call::post(&one).form("method=delete"), &delete.0, &delete.1);
    check(Call::post(&one).body(None, "method=DELETE"), &delete.0, &delete.1);
    check(Call::post(&one).json("{\"method\":\"delete\"}"), &delete.0, &delete.1);
    check(Call::post(&format!("{one}?method=delete")).form("method=DELETE"), &delete.0, &delete.1);
    let part = "--XX\nContent-Disposition: form-data; name=\"method\"\n\ndelete\n--XX--\n";
    check(Call::post(&one).multipart(part), &delete.0, &delete.1);
    check(
        Call::post(&one).form("method=get&fields=caption"),
        "getNode: media.single{caption}",
        &format!("GET {one}?fields=caption"),
    );
    check(
        Call::post(&format!("{one}?method=post")).form("hide=true"),
        "updateNode: media.publish",
        &format!("POST {one} [application/x-www-form-urlencoded] hide=true"),
    );
    check(
        Call::get(&format!("{one}?method=get&fields=id")),
        "getNode: media.single{id}",
        &format!("GET {one}?fields=id"),
    );
}

#[test]
fn an_override_that_some_may_read_otherwise_is_refused() {
    let one = format!("/v21.0/{POST}");
    for call in [
        Call::get(&format!("{one}?method=delete")),
        Call::get(&format!("{one}?method=post")),
        Call::new("DELETE", &format!("{one}?method=get")),
        Call::post(&format!("{one}?method=delete&method=get")),
        Call::post(&format!("{one}?method=get")).form("method=delete"),
        Call::post(&format!("{one}?method=")),
        Call::post(&format!("{one}?method=put")),
        Call::post(&format!("{one}?method=delete%20")),
        Call::post(&format!("{one}?method=+delete")),
        Call::post(&format!("{one}?Method=delete")),
        Call::post(&format!("{one}?METHOD=delete")),
        Call::post(&format!("{one}?method[]=delete")),
        Call::post(&format!("{one}?_method=delete")),
        Call::post(&format!("{one}?X-HTTP-Method-Override=delete")),
        Call::post(&one).json("{\"method\":[\"delete\"]}"),
        Call::post(&one).json("{\"method\":\"delete\",\"method\":\"get\"}"),
        Call::get("/v21.0/loose?_method=delete"),
    ] {
        assert!(call.asked().starts_with("unreadable"), "{call:?}: {}", call.asked());
    }
}
