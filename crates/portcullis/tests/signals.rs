//! A watch that hits puts a partner on hold, reversibly, and no more partners than agreed.

use crate::common::http::once;
use crate::common::{House, Platform, until};
use serde_json::Value;

const PARTNER: &str = "first-partner";
/// An account that authorised nobody.
const OTHERS: &str = "/v21.0/17841400000099999?fields=username";

/// A deployment whose tier holds who is refused more than three times.
fn house(platform: &Platform) -> House {
    let house = House::init(&platform.url());
    house.edit(
        "policies/publishing.yaml",
        "watch:\n",
        "watch:\n  - id: probing\n    signal: refused\n    over: 3\n    per: 24h\n    then: [flag, hold]\n    tell: Your calls ask again and again for accounts that authorised nobody.\n",
    );
    house.edit("portcullis.yaml", "holds_per_day: 3", "holds_per_day: 1");
    house
}

/// Calls until the answer is another one than that of the rule.
fn until_held(house: &House, key: &str) -> crate::common::http::Answer {
    loop {
        let answer = once(house.public, OTHERS, key);
        if answer.code() != "target_not_agreed" {
            return answer;
        }
    }
}

fn signals(house: &House) -> Vec<Value> {
    let list = house.ok(&["signal", "list", "--rule", "publishing/probing", "-o", "json"]);
    serde_json::from_str(&list).unwrap()
}

#[test]
fn a_signal_holds_a_partner_and_a_second_one_only_raises_the_alarm() {
    let platform = Platform::start(None);
    let house = house(&platform);
    let gate = house.serve();
    house.ok(&["apply", house.dir().to_str().unwrap()]);
    let answer = until_held(&house, &house.key);
    assert_eq!((answer.status, answer.code().as_str()), (403, "partner_held"));
    assert!(answer.body.contains("again and again") && answer.body.contains("\"signal\""));
    // A hold bites before it is written down.
    until("the signal is in the log", || !signals(&house).is_empty());
    let listed = signals(&house);
    assert_eq!(listed.len(), 1, "{listed:?}");
    assert_eq!(listed[0]["rule"], "publishing/probing");
    assert_eq!(listed[0]["key"], house.key_id().as_str());
    assert_eq!(listed[0]["held"], true);
    let log = house.ok(&["audit", "list"]);
    assert!(log.contains("signal:publishing/probing") && log.contains("standing.held"), "{log}");

    // The way back is that of any hold.
    let why = ["--reason", "mistake", "--tell", "It was a test of ours."];
    house.ok(&[["partner", "restore", PARTNER].as_slice(), &why].concat());
    assert_eq!(once(house.public, "/v21.0/me?fields=id", &house.key).status, 200);

    house.ok(&["partner", "add", "second", "--use", "publishing"]);
    let key = house.ok(&["key", "issue", "--partner", "second"]).trim().to_owned();
    let capped = |house: &House| signals(house).iter().any(|signal| signal["not_held"] == "capped");
    until("it is capped", || {
        assert_eq!(once(house.public, OTHERS, &key).code(), "target_not_agreed");
        capped(&house)
    });
    assert!(house.ok(&["audit", "list"]).contains("signal.capped"));
    let ready = once(house.admin, "/readyz", "");
    assert!(ready.status == 200 && ready.body.contains("CAPPED: signals"), "{}", ready.body);
    let metrics = once(house.admin, "/metrics", "").body;
    for line in [
        "portcullis_signals_total{signal=\"refused\"} ",
        "portcullis_signal_holds_total 1",
        "portcullis_signal_holds_day 1",
        "portcullis_signal_holds_day_max 1",
        "portcullis_signal_holds_capped 1",
    ] {
        assert!(metrics.contains(line), "{line} in\n{metrics}");
    }
    gate.kill();

    // A restart is no way around the cap.
    let gate = house.serve();
    let before = signals(&house).len();
    until("there is one more", || {
        assert_eq!(once(house.public, OTHERS, &key).code(), "target_not_agreed");
        signals(&house).len() > before
    });
    assert_eq!(signals(&house)[0]["not_held"], "capped");
    drop(gate);
}

#[test]
fn who_is_observed_is_recorded_and_not_held() {
    let platform = Platform::start(None);
    let house = house(&platform);
    let gate = house.serve();
    house.ok(&["apply", house.dir().to_str().unwrap()]);
    house.ok(&["partner", "observe", PARTNER, "--why", "a month of watching"]);
    until("there is a signal", || {
        assert_ne!(once(house.public, OTHERS, &house.key).code(), "partner_held");
        !signals(&house).is_empty()
    });
    let listed = signals(&house);
    assert_eq!((&listed[0]["not_held"], &listed[0]["held"]), (&"observed".into(), &false.into()));
    assert_eq!(once(house.public, "/v21.0/me?fields=id", &house.key).status, 200);
    drop(gate);
}
