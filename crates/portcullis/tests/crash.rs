//! kill -9 at random points of hold, restore and revoke: nothing acknowledged is lost, nothing is
//! half applied. A sample; the long run is `scripts/kill-loop`.

use std::time::Duration;

use crate::common::http::once;
use crate::common::{FOUND, House, Platform};

/// What whoever takes away must say too.
fn found(verb: &str) -> &'static [&'static str] {
    if verb == "hold" { &FOUND } else { &[] }
}

#[test]
fn what_was_acknowledged_before_a_kill_is_there_after_it() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let id = house.key_id();
    let mut held = false;
    for round in 0..6u64 {
        let gate = house.serve();
        let expected = if held { "key_held" } else { "" };
        let answer = once(house.public, "/v21.0/me?fields=id", &house.key);
        assert_eq!(answer.json()["code"].as_str().unwrap_or(""), expected, "round {round}");
        for _ in 0..3 {
            let (verb, reason) =
                if held { ("restore", "mistake") } else { ("hold", "investigation") };
            let step =
                ["key", verb, &id, "--reason", reason, "--tell", "A round of the kill test."];
            house.ok(&[&step[..], found(verb)].concat());
            held = !held;
        }
        // One more command may or may not be acknowledged when the kill comes.
        let verb = if held { "restore" } else { "hold" };
        let reason = if held { "mistake" } else { "investigation" };
        let config = house.config();
        let at = ["--config", config.to_str().unwrap()];
        let step = ["key", verb, &id, "--reason", reason, "--tell", "Racing the kill."];
        let mut racing = crate::common::command(&[&at[..], &step, found(verb)].concat())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        #[expect(clippy::disallowed_methods, reason = "the kill must come at no particular point")]
        std::thread::sleep(Duration::from_millis(round * 7 % 40));
        gate.kill();
        if racing.wait().unwrap().success() {
            held = !held;
        } else {
            // Not acknowledged: it may have become durable just before the kill.
            let gate = house.serve();
            held =
                once(house.public, "/v21.0/me?fields=id", &house.key).json()["code"] == "key_held";
            gate.kill();
        }
        let db = house.dir().join("data/portcullis.db");
        house.ok(&["audit", "verify", "--db", db.to_str().unwrap()]);
    }
}
