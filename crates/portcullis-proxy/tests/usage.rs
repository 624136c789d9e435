//! What is counted of each key's calls.

use std::sync::Arc;

use crate::support::{BATCHING, Gate, MEDIA, NOWHERE, Nobody, PROFILE, Upstream, post};
use portcullis_types::Wall;
use serde_json::json;

/// Everything a gate has counted when it ends, in order.
fn counted(mut gate: Gate) -> Vec<String> {
    gate.end();
    let mut rows = Vec::new();
    let usage = Arc::clone(&gate.usage);
    usage.read(Wall(0), Wall(u64::MAX), |row| {
        let (class, rule) = (row.class.unwrap_or("none"), row.rule.unwrap_or("none"));
        rows.push(format!("{} {class} {} by {rule}", row.calls, row.verdict));
    });
    rows.sort();
    rows
}

const DENYING: &str = "batch: true\ndeny:\n  - { id: no-posts, class: [media.list] }\n";

#[test]
fn calls_are_counted_by_class_and_verdict_once_each_and_a_batch_as_its_entries() {
    let up = Upstream::plain();
    let gate = Gate::start(&up.url(), &BATCHING.replace("batch: true\n", DENYING), |_| {});
    assert_eq!(gate.get(&format!("{PROFILE}?fields=id")).status, 200);
    assert_eq!(gate.get(MEDIA).code(), "rule_denied");
    assert_eq!(gate.get(NOWHERE).code(), "operation_unlisted");
    let stranger = format!("GET {PROFILE} HTTP/1.1\r\nHost: a\r\nx-api-key: nobody\r\n\r\n");
    assert_eq!(gate.call(&stranger).status, 401, "nobody's call is nobody's usage");
    let entry = |target: &str| json!({ "method": "GET", "relative_url": target });
    let nested = json!({ "method": "POST", "relative_url": "v21.0/", "body": "batch=[]" });
    let entries = [entry(PROFILE), entry(MEDIA), entry(MEDIA), nested];
    let body = json!({ "batch": entries }).to_string();
    let lines = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    let answer = gate.call(&post("/v21.0", &lines, &body));
    assert_eq!(answer.status, 200, "{}", answer.text());
    insta::assert_snapshot!(counted(gate).join("\n"), @r"
    1 none not_judged by catalogue
    1 none operation_unlisted by catalogue
    2 profile.basic permit by none
    3 media.list rule_denied by standard/no-posts
    ");
}

#[test]
fn what_the_platform_does_not_do_is_no_rules_refusal() {
    let nobody = Nobody::new();
    let gate = Gate::start(&nobody.url(), BATCHING, |_| {});
    assert_eq!(gate.get(MEDIA).code(), "upstream_unreachable");
    assert_eq!(counted(gate), ["1 media.list upstream_unreachable by none"]);
}
