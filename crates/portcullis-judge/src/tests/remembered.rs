//! What a desk keeps of a call, so that it can be judged again: all of it but keys.

use super::bed::*;
use crate::{Arrival, NotKept, PlatformCredential};

const FORM: &[u8] = b"application/x-www-form-urlencoded";

/// A call by `a1`, whose key stands where `KEY` does; by header where it stands nowhere.
#[track_caller]
fn kept(method: &str, target: &str, body: Option<&str>) -> String {
    let mut bed = Bed::with(TIER);
    let mut desk = bed.judge.desk().remembering();
    let key = secret("a1");
    let put = |text: &str| text.replace("KEY", &key);
    let (target, body) = (put(target), body.map(put));
    let (path, query) = target.split_once('?').map_or((&*target, None), |(p, q)| (p, Some(q)));
    let in_header = !target.contains("access_token=")
        && !body.as_deref().unwrap_or("").starts_with("access_token=");
    let header: [&[u8]; 1] = [key.as_bytes()];
    let arrival = Arrival {
        method,
        path,
        query,
        content_type: body.is_some().then_some(FORM),
        header_keys: if in_header { &header } else { &[] },
        body: body.as_deref().unwrap_or_default().as_bytes(),
        has_body: body.is_some(),
    };
    desk.judge(&arrival, bed.now, &PlatformCredential::Header);
    bed.seconds_pass(1);
    let Some(asked) = desk.remembered() else { return "nothing".to_owned() };
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let body = if asked.has_body() { format!(" [{}]", text(asked.body())) } else { String::new() };
    let why = match asked.not_kept() {
        None => "",
        Some(NotKept::TooLong) => " too long",
        Some(NotKept::HoldsKey) => " holds a key",
    };
    let told = format!("{} {}{body}{why}", asked.method().as_str(), asked.target());
    assert!(!told.contains(&key) && !format!("{:?}", *asked).contains(&key), "{told}");
    told
}

#[test]
fn a_call_is_kept_as_it_was_read_permitted_or_not_without_its_key() {
    let check = |target: &str, expected: &str| assert_eq!(kept("GET", target, None), expected);
    check(PROFILE, &format!("GET {PROFILE}"));
    check(&format!("{MEDIA}?limit=5"), &format!("GET {MEDIA}?limit=5"));
    check(&format!("{MEDIA}?access_token=KEY&limit=5"), &format!("GET {MEDIA}?limit=5"));
    check(&format!("{NOWHERE}?access_token=KEY&a=b"), &format!("GET {NOWHERE}?a=b"));
    check("/v21.0/%2e%2e/x", "nothing");
    check(&format!("{PROFILE}?access_token=stranger-0123456789"), "nothing");
}

#[test]
fn what_holds_a_key_where_none_belongs_is_not_kept() {
    let check = |target: &str, expected: &str| assert_eq!(kept("GET", target, None), expected);
    check(&format!("{MEDIA}?note=KEY"), "GET  holds a key");
    check(&format!("{MEDIA}?access_token=KEY&note=xKEYx"), "GET  holds a key");
    check("/v21.0/KEY", "GET  holds a key");
    check(&format!("{MEDIA}?note=ptc_live_whose"), "GET  holds a key");
    let batch = |entry: &str| {
        kept(
            "POST",
            "/v21.0",
            Some(&format!("access_token=KEY&batch=[{{\"relative_url\":\"{entry}\"}}]")),
        )
    };
    assert_eq!(batch("me?access_token=KEY"), "POST /v21.0 [] holds a key");
    assert_eq!(batch("me?access_token=another"), "POST /v21.0 [] holds a key");
    assert!(batch("me").starts_with("POST /v21.0 [batch="), "{}", batch("me"));
}

#[test]
fn what_is_too_long_is_not_kept() {
    let long = "x".repeat(4096);
    assert_eq!(kept("GET", &format!("{MEDIA}?note={long}"), None), "GET  too long");
    let body = format!("access_token=KEY&batch={}", "[".repeat(9000));
    assert_eq!(kept("POST", "/v21.0", Some(&body)), "POST /v21.0 [] too long");
}

#[test]
fn a_desk_that_is_not_told_to_keeps_nothing() {
    let mut bed = Bed::with(TIER);
    bed.judge_on(0, &secret("a1"), PROFILE);
    assert!(bed.desks[0].remembered().is_none());
}
