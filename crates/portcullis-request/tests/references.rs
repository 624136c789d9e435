//! Entries that wait for others, and take values from their answers.

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

fn get(url: &str) -> Value {
    json!({ "method": "GET", "relative_url": filled(url) })
}

fn named(name: &str, url: &str) -> Value {
    json!({ "method": "GET", "relative_url": filled(url), "name": name })
}

#[test]
fn an_entry_that_needs_others_runs_after_them() {
    let batch = json!([
        get("?ids={result=b:$.data[*].id}"),
        named("b", "{result=a:$.id}/media"),
        named("a", "me"),
        { "method": "GET", "relative_url": "me", "depends_on": "a,b" },
        { "method": "GET", "relative_url": "me", "depends_on": ["a"], "omit_response_on_success": true },
        { "method": "POST", "relative_url": filled("POST"), "body": "message=%7Bresult%3Da%3A%24.id%7D" },
        { "method": "POST", "relative_url": filled("POST"), "body": {"message": "{result=b:$.id}"} },
        get(&escaped("?ids={result=a:$.id}")),
        get("me?fields=%7Bresult=nobody:$.id%7D"),
        named("loop", "me?fields={result=loop:$.id}"),
        named("x", "{result=y:$.id}"),
        named("y", "{result=x:$.id}"),
        get("{result=a}/media"),
    ]);
    let found = entries(&form(&batch)).unwrap();
    let steps: Vec<String> = found
        .iter()
        .map(|entry| match entry.refusal() {
            Some(refusal) => refused(refusal).chars().take(22).collect(),
            None => format!("{} {}", entry.step, entry.needs.join(",")),
        })
        .collect();
    assert_eq!(
        steps,
        [
            "2 b",
            "1 a",
            "0 ",
            "2 a,b",
            "1 a",
            "1 a",
            "2 b",
            "1 a",
            "unreadable: the entry ",
            "unreadable: the entry ",
            "unreadable: the entry ",
            "unreadable: the entry ",
            "unreadable: a referenc",
        ]
    );
    let omitted: Vec<bool> = found.iter().map(|entry| entry.omit_response_on_success).collect();
    assert_eq!(omitted[..5], [false, true, true, false, true]);
    assert!(!found[3].refs && found[0].refs);
}

#[test]
fn a_reference_is_judged_as_what_it_comes_to() {
    let answer = json!({
        "id": "17841400000000001",
        "name": "Acme & sons/..%2F?x=1#y",
        "data": [{ "id": "17841400000000001" }, { "id": "17841400000000002", "n": 5 }],
        "list": [1, 2],
        "fields": "stories{media_url}",
    });
    let results = |name: &str| (name == "a").then_some(&answer);
    let check = |entry: Value, expected: &str| {
        let batch = json!([named("a", "me"), entry]);
        let found = entries(&form(&batch)).unwrap();
        let said = match found[1].resolved(&results) {
            Ok(entry) => entry_asked(&entry, None),
            Err(refusal) => refused(&refusal),
        };
        assert!(said.starts_with(expected), "{entry}: {said}");
    };
    check(get("{result=a:$.id}/stories"), "story.by_account USER {id}? 25?");
    check(get("%7Bresult=a:$.id%7D/stories"), "story.by_account USER {id}? 25?");
    check(
        get("?ids={result=a:$.data[*].id}&fields=id"),
        "profile.basic USER {id} | profile.basic OTHER {id} | ids=2",
    );
    check(
        get("?ids={result=a:$.data.*.id}&fields=id"),
        "profile.basic USER {id} | profile.basic OTHER",
    );
    check(get("?ids={result=a:$['data'][1].id}"), "profile.basic OTHER");
    check(
        get("?ids={result=a:$.data[0].id},OTHER"),
        "profile.basic USER {id,username}? | profile.basic OTHER",
    );
    check(
        get("me?fields={result=a:$.fields}"),
        "profile.basic me {} | story.by_account me {media_url}",
    );
    check(
        json!({ "method": "POST", "relative_url": filled("POST"), "body": "fields=%7Bresult%3Da%3A%24.fields%7D" }),
        "field: stories",
    );
    check(
        json!({ "method": "POST", "relative_url": filled("POST"), "body": {"fields": "{result=a:$.fields}"} }),
        "field: stories",
    );
    // A value stays one value, whatever stands in it.
    check(
        get("search?q={result=a:$.name}"),
        "place.search - {id,location.city,location.country_code,location.latitude,location.longitude,location.timezone,name}? 25? | words=Acme & sons/..%2F?x=1#y",
    );
    check(get("{result=a:$.name}/stories"), "unreadable");
    check(get("me?fields={result=a:$.name}"), "unreadable");
    for path in [
        "$",
        "$.data",
        "$.nothing",
        "$.data[7].id",
        "$..id",
        "$.data[*]",
        "id",
        "$.data[",
        "$.data[x]",
    ] {
        check(get(&format!("?ids={{result=a:{path}}}")), "unreadable");
    }
    check(get("?ids={result=b:$.id}"), "unreadable");
}

#[test]
fn a_reference_that_finds_too_much_is_refused() {
    let items: Vec<Value> = (0..5000).map(|n| json!({ "id": n })).collect();
    let answer = json!({ "data": items, "long": "x".repeat(70_000), "half": "x".repeat(40_000) });
    let results = |_: &str| Some(&answer);
    for text in
        ["{result=a:$.data[*].id}", "{result=a:$.long}", "{result=a:$.half}{result=a:$.half}"]
    {
        let said = portcullis_request::resolve(text, &results);
        assert_eq!(said.map_err(|refusal| refused(&refusal)), Err("head_too_large".to_owned()));
    }
    let said = portcullis_request::resolve("a{result=x:$.data[3].id}b", &results);
    assert_eq!(said, Ok("a3b".to_owned()));
}
