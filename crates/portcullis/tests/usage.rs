//! Calls through the gate are told as usage, and still are after a restart.

use crate::common::http::once;
use crate::common::{House, Platform, until};
use serde_json::{Value, json};

const PARTNER: &str = "first-partner";

fn usage(house: &House) -> Value {
    serde_json::from_str(&house.ok(&["usage", PARTNER, "-o", "json"])).unwrap()
}

#[test]
fn calls_through_the_gate_are_told_as_usage_with_what_refused_them_also_after_a_restart() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let mut gate = house.serve();
    for _ in 0..3 {
        assert_eq!(once(house.public, "/v21.0/me?fields=id", &house.key).status, 200);
    }
    let others = "/v21.0/17841400000099999?fields=username";
    for _ in 0..2 {
        assert_eq!(once(house.public, others, &house.key).code(), "target_not_agreed");
    }
    // Threads hand over what they counted ten times a second.
    until("five calls are told", || usage(&house)["total"]["calls"] == 5);
    let told = usage(&house);
    assert_eq!(told["total"]["permitted"], 3);
    assert_eq!(told["total"]["refused"], json!({ "target_not_agreed": 2 }));
    assert_eq!(told["keys"], json!([{ "key": house.key_id(), "calls": 5 }]));
    let rules = told["rules"].as_array().unwrap();
    assert_eq!((rules.len(), &rules[0]["calls"]), (1, &json!(2)), "{rules:?}");
    assert!(rules[0]["rule"].as_str().unwrap().starts_with("publishing"), "{rules:?}");
    assert!(house.ok(&["usage", PARTNER]).contains("profile.basic"));
    assert_eq!(gate.terminate(), Some(0));

    let gate = house.serve();
    assert_eq!(usage(&house)["total"], told["total"]);
    assert_eq!(once(house.public, "/v21.0/me?fields=id", &house.key).status, 200);
    until("one more is told", || usage(&house)["total"]["calls"] == 6);
    drop(gate);
}
