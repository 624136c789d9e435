//! A partner is told of changes of its access: signed, once each, and only where it may be.

use crate::common::hook;
use crate::common::{FOUND, House, PATIENCE, text};
use portcullis_hooks::HookSecret;
use serde_json::Value;

#[test]
fn a_hold_reaches_the_partners_hook_signed_and_is_tried_until_it_is_taken() {
    let house = House::init("http://127.0.0.1:9");
    hook::allow_here(&house);
    let gate = house.serve();
    let (at, told) = hook::listen(1);
    let url = format!("http://{at}/in/secret-path");
    let added = house.ok(&["hook", "add", "first-partner", &url, "--output", "json"]);
    let added: Value = serde_json::from_str(&added[..=added.rfind('}').unwrap()]).unwrap();
    let secret = HookSecret::from_text(added["secret"].as_str().unwrap()).unwrap();
    let id = added["id"].as_str().unwrap();

    let why = ["--reason", "investigation", "--tell", "We look at how places were read."];
    house.ok(&[&["partner", "hold", "first-partner"], &why[..], &FOUND].concat());
    let (first, again) = (told.recv_timeout(PATIENCE).unwrap(), told.recv_timeout(PATIENCE));
    let again = again.unwrap();
    assert_eq!(first.head["webhook-id"], again.head["webhook-id"], "the same message again");
    assert_eq!(first.body, again.body);
    for got in [&first, &again] {
        assert!(got.is_signed_by(&secret), "{:?}", got.head);
    }
    let message: Value = serde_json::from_str(&again.body).unwrap();
    assert_eq!(message["type"], "standing.held");
    assert_eq!(message["data"]["partner"], "first-partner");
    assert_eq!(message["data"]["change"]["tell"], "We look at how places were read.");

    house.ok(&["hook", "test", id]);
    let test = told.recv_timeout(PATIENCE).unwrap();
    assert!(test.body.contains("hook.test"), "{}", test.body);
    let deliveries = house.ok(&["hook", "deliveries", id]);
    assert!(deliveries.contains("standing.held"), "{deliveries}");
    let log = house.ok(&["audit", "export"]);
    assert!(log.contains("hook.added"), "{log}");
    assert!(!log.contains("secret-path") && !log.contains("whsec_"), "neither is in the log");
    let new = house.ok(&["hook", "rotate", id, "--overlap", "1h", "--output", "json"]);
    let new: Value = serde_json::from_str(&new[..=new.rfind('}').unwrap()]).unwrap();
    let new = HookSecret::from_text(new["secret"].as_str().unwrap()).unwrap();
    house.ok(&["hook", "test", id]);
    let both = told.recv_timeout(PATIENCE).unwrap();
    let seconds = both.head["webhook-timestamp"].parse().unwrap();
    let signed = [&new, &secret].map(|one| one.sign(&both.head["webhook-id"], seconds, &both.body));
    assert_eq!(both.head["webhook-signature"], signed.join(" "), "the new one first");
    assert!(house.ok(&["audit", "list"]).contains("hook.rotated"));
    house.ok(&["hook", "remove", id]);
    drop(gate);
}

#[test]
fn a_hook_in_a_private_network_is_refused_where_nobody_allowed_it() {
    let house = House::init("http://127.0.0.1:9");
    let gate = house.serve();
    let rows = [
        ("https://10.0.0.1/", "not on the open internet"),
        ("https://169.254.169.254/latest", "not on the open internet"),
        ("https://localhost/", "not on the open internet"),
        ("http://127.0.0.1:8080/", "without TLS"),
        ("ftp://a.example/", "begins with `https://`"),
    ];
    for (url, expected) in rows {
        let output = house.cli(&["hook", "add", "first-partner", url]);
        assert_eq!(output.status.code(), Some(1), "{url}");
        assert!(text(&output).contains(expected), "{url}: {}", text(&output));
    }
    let nobody = house.cli(&["hook", "add", "nobody", "https://1.1.1.1/"]);
    assert!(text(&nobody).contains("nobody"), "{}", text(&nobody));
    let none = text(&house.cli(&["hook", "list"]));
    assert!(none.contains("no hook yet"), "what the log refused is not kept: {none}");
    drop(gate);
}
