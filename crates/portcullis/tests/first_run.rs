//! The way of a newcomer: init, serve, a call that passes and one that is refused.

use crate::common::{House, Platform, free_port, portcullis, text};

#[test]
fn three_commands_put_a_gate_in_front_of_a_platform() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    let targets: Vec<&str> = house
        .init_output
        .split('\'')
        .filter(|part| part.starts_with("http://"))
        .map(|url| url.split_once("/v21.0").map(|(_, rest)| rest).unwrap())
        .collect();
    assert_eq!(targets.len(), 2, "init prints two calls: {}", house.init_output);
    let passes =
        crate::common::http::once(house.public, &format!("/v21.0{}", targets[0]), &house.key);
    assert_eq!(passes.status, 200, "{passes:?}");
    assert_eq!(passes.json()["id"], platform.ids().paging_user);
    assert_eq!(passes.json()["id"], crate::common::ACCOUNT);
    let refused =
        crate::common::http::once(house.public, &format!("/v21.0{}", targets[1]), &house.key);
    assert_eq!((refused.status, refused.code().as_str()), (403, "class_not_granted"));
    assert!(refused.json()["error"]["message"].as_str().unwrap().contains("agreement"));
    drop(gate);
}

#[test]
fn init_never_overwrites_and_names_what_is_wrong() {
    let house = House::init("http://127.0.0.1:9");
    let again =
        portcullis(&["init", house.dir().to_str().unwrap(), "--upstream", "http://127.0.0.1:9"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again).contains("exists already"), "{}", text(&again));
    for (url, says) in [
        ("https://graph.example.com", "who vouches"),
        ("graph.example.com", "not a platform's address"),
        ("http://graph.example.com", "scheme, host and port"),
        ("http://127.0.0.1:9000/graph", "not a platform's address"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("new");
        let output = portcullis(&["init", dir.to_str().unwrap(), "--upstream", url]);
        assert!(
            !output.status.success() && text(&output).contains(says),
            "{url}: {}",
            text(&output)
        );
        assert!(!dir.exists(), "nothing is written for {url}");
    }
}

#[test]
fn a_taken_port_is_named_with_what_to_do() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let taken = std::net::TcpListener::bind(house.public).unwrap();
    let output = house.cli(&["serve"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(text(&output).contains(&house.public.to_string()), "{}", text(&output));
    drop(taken);
    let taken = std::net::TcpListener::bind(house.admin).unwrap();
    let output = house.cli(&["serve"]);
    assert!(text(&output).contains(&house.admin.to_string()), "{}", text(&output));
    drop(taken);
}

#[test]
fn a_second_gate_on_the_same_store_is_refused() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    house.edit("portcullis.yaml", &house.public.to_string(), &free_port().to_string());
    house.edit("portcullis.yaml", &house.admin.to_string(), &free_port().to_string());
    let output = house.cli(&["serve"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("portcullis.db"), "{}", text(&output));
    drop(gate);
}

#[test]
fn the_demo_sees_every_verdict_it_expects() {
    let output = portcullis(&["demo", "--once"]);
    assert!(output.status.success(), "{}", text(&output));
    let shown = text(&output);
    for word in [
        "PASS",
        "REFUSED",
        "class_not_granted",
        "field_not_agreed",
        "target_not_agreed",
        "budget_reached",
        "key_held",
        "rate_reached",
        "0 unexpected",
    ] {
        assert!(shown.contains(word), "the demo shows no {word}: {shown}");
    }
}

#[test]
fn the_story_is_told_from_the_sweep_to_a_bundle_that_verifies() {
    let output = portcullis(&["demo", "--story"]);
    let shown = text(&output);
    assert_eq!(output.status.code(), Some(0), "{shown}");
    for word in [
        "places-in-order",
        "not stopped by this:",
        "(bulk-location): Posts of places were read one after the other",
        "found: The gate counted ids in order",
        "prepares a post",
        "no attestation for client `hillside`",
        "approved by ben",
        "fell_back",
        "without the gate",
        ", 0 unexpected",
    ] {
        assert!(shown.contains(word), "the story shows no {word}: {shown}");
    }
}
