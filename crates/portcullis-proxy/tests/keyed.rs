//! Links carry the caller's own key where its own query did, and in no other answer.

use crate::support::{Answer, BATCHING, Gate, KEY, MEDIA, PLATFORM, Reply, Upstream};
use portcullis_proxy::{Placement, PlatformCredential};
use serde_json::{Value, json};

const BASE: &str = "https://api.example.com/graph";

/// A platform whose links carry the token they were asked with, as do those of its entries.
fn upstream(said: &'static str) -> Upstream {
    Upstream::new(move |_| {
        let link = |more: &str| {
            format!("https://up.example{MEDIA}?access_token={PLATFORM}&limit=1&{more}")
        };
        let paging = json!({ "next": link("after=x"), "previous": link("before=x") });
        let body = json!({
            "data": [{ "id": "1", "comments": { "data": [], "paging": paging } }],
            "paging": paging,
        });
        let body = body.to_string();
        let length = body.len();
        let head = format!("Content-Type: application/json\r\n{said}Content-Length: {length}");
        Reply::Bytes(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{body}").into())
    })
}

fn gate(upstream: &Upstream) -> Gate {
    Gate::start(&upstream.url(), BATCHING, |settings| {
        let place = Placement::Query("access_token".into());
        settings.credential = PlatformCredential::new(PLATFORM, place).unwrap();
        settings.public_url = Some(BASE.parse().unwrap());
    })
}

fn call(query: &str, lines: &str, body: &str) -> String {
    let method = if body.is_empty() { "GET" } else { "POST" };
    let length =
        if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
    format!("{method} /graph{MEDIA}{query} HTTP/1.1\r\nHost: a\r\n{lines}{length}\r\n{body}")
}

fn bearer() -> String {
    format!("Authorization: Bearer {KEY}\r\n")
}

/// Every link of that answer, also of answers inside of it.
fn links(answer: &Answer) -> Vec<String> {
    fn walk(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => members.values().for_each(|value| walk(value, found)),
            Value::Array(items) => items.iter().for_each(|value| walk(value, found)),
            Value::String(text) if text.starts_with("http") => found.push(text.clone()),
            Value::String(text) => {
                if let Ok(inner) = serde_json::from_str::<Value>(text) {
                    walk(&inner, found);
                }
            }
            _ => {}
        }
    }
    assert_eq!(answer.status, 200, "{}", answer.text());
    let mut found = Vec::new();
    walk(&answer.json(), &mut found);
    found
}

#[track_caller]
fn check(call: &str, key: Option<&str>) {
    let up = upstream("Cache-Control: public, max-age=60\r\n");
    let mut gate = gate(&up);
    let answer = gate.call(call);
    let found = links(&answer);
    assert_eq!(found.len(), 4, "{call}");
    let end = key.map_or(String::new(), |key| format!("&access_token={key}"));
    for link in found {
        let expected = ["after", "before"].map(|way| format!("{BASE}{MEDIA}?limit=1&{way}=x{end}"));
        assert!(expected.contains(&link), "{call}: {link}");
    }
    let kept = if key.is_some() { "no-store" } else { "public, max-age=60" };
    if !call.contains("batch=") {
        assert_eq!(answer.header("cache-control"), Some(kept), "{call}");
    }
    assert!(!answer.text().contains(PLATFORM));
    gate.end();
    assert!(gate.log.text().contains("\"verdict\"") && !gate.log.text().contains(KEY));
    assert!(!up.bytes().contains(KEY));
}

#[test]
fn links_carry_the_key_where_the_calls_query_did() {
    let encoded: String = KEY.bytes().map(|byte| format!("%{byte:02X}")).collect();
    check(&call(&format!("?access_token={KEY}"), "", ""), Some(KEY));
    check(&call(&format!("?access_token={KEY}&limit=1&access_token={KEY}"), "", ""), Some(KEY));
    check(&call(&format!("?access_token={KEY}"), &bearer(), ""), Some(KEY));
    check(&call(&format!("?acces%73_token={encoded}"), "", ""), Some(KEY));
}

#[test]
fn links_carry_no_key_that_came_in_a_header_or_body() {
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    check(&call("", &bearer(), ""), None);
    check(&call("", form, &format!("method=get&access_token={KEY}")), None);
    let json = json!({ "access_token": KEY, "method": "get" }).to_string();
    check(&call("", "Content-Type: application/json\r\n", &json), None);
}

#[test]
fn links_in_a_batch_carry_no_key() {
    let batch = |url: &str, query: &str| {
        let entries = json!([{ "method": "GET", "relative_url": url }]).to_string();
        let entries: String = entries.bytes().map(|byte| format!("%{byte:02X}")).collect();
        let form = "Content-Type: application/x-www-form-urlencoded\r\n";
        let call = call(query, &format!("{form}{}", bearer()), &format!("batch={entries}"));
        call.replacen(MEDIA, "/v21.0", 1)
    };
    let path = MEDIA.strip_prefix("/v21.0/").unwrap();
    check(&batch(path, ""), None);
    check(&batch(path, &format!("?access_token={KEY}")), None);
    check(&batch(&format!("{path}?access_token={KEY}"), ""), None);
}

#[test]
fn what_only_its_caller_keeps_may_be_kept() {
    let up = upstream("Cache-Control: private, max-age=5\r\n");
    let answer = gate(&up).call(&call(&format!("?access_token={KEY}"), "", ""));
    assert_eq!(answer.header("cache-control"), Some("private, max-age=5"));
    assert_eq!(links(&answer).len(), 4);
}
