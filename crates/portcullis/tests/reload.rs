//! Policies change as a whole or not at all.

use crate::common::http::once;
use crate::common::{House, Platform, text};

#[test]
fn a_changed_set_comes_into_force_at_once_and_a_faulty_one_changes_nothing() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    let call = || once(house.public, "/v21.0/me?fields=id", &house.key);
    assert_eq!(call().status, 200);
    house.edit("policies/publishing.yaml", "version: 1", "version: 1\nqouta: 4");
    let output = house.cli(&["apply"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    assert!(
        text(&output).contains("qouta") && text(&output).contains("publishing.yaml"),
        "{}",
        text(&output)
    );
    assert_eq!(call().status, 200, "the set before stays in force");
    house.edit("policies/publishing.yaml", "version: 1\nqouta: 4", "version: 1");
    drop(gate);
}

#[test]
fn files_that_differ_at_the_start_are_named_and_the_logged_set_is_served() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    house.edit("policies/publishing.yaml", "version: 1", "version: 1 # changed by hand");
    let gate = house.serve();
    assert!(gate.talk().contains("publishing.yaml"), "{}", gate.talk());
    assert!(once(house.admin, "/readyz", "").body.contains("publishing.yaml"));
    assert_eq!(once(house.public, "/v21.0/me?fields=id", &house.key).status, 200);
    house.ok(&["apply"]);
    assert!(!once(house.admin, "/readyz", "").body.contains("publishing.yaml"));
    drop(gate);
}

#[test]
fn a_set_elsewhere_leaves_the_files_on_disk_named_as_not_in_force() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    let elsewhere = house.copied("elsewhere");
    let file = elsewhere.join("policies/publishing.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen("version: 1", "version: 1 # of elsewhere", 1)).unwrap();
    house.ok(&["apply", elsewhere.to_str().unwrap()]);
    gate.wait_for("`policies/publishing.yaml` on disk is not the one in force").unwrap();
    let ready = once(house.admin, "/readyz", "");
    assert!(ready.body.contains("policies/publishing.yaml (changed)"), "{}", ready.body);
    drop(gate);
}

#[test]
fn files_by_which_the_ledger_keeps_less_are_said_as_such_when_they_come_into_force() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    house.edit("routes/plaza.yaml", "    - place.*\n", "");
    gate.wait_for("the ledger no longer digests what leaves of `place.single`").unwrap();
    drop(gate);
}

#[test]
fn upstreams_are_exchanged_at_sighup_and_a_faulty_list_changes_nothing() {
    let platform = Platform::start(None);
    let house = House::init("http://127.0.0.1:9");
    let gate = house.serve();
    let call = || once(house.public, "/v21.0/me?fields=id", &house.key).status;
    assert_eq!(call(), 502);
    let list = format!("upstream:\n  addresses: [{{ url: '{}', weight: 1 }}]\n", platform.url());
    house.edit("portcullis.yaml", "upstream:\n", &list);
    gate.hang_up();
    gate.wait_for("the changed upstreams are in force, 1 of them").unwrap();
    assert_eq!(call(), 200);
    house.edit("portcullis.yaml", "weight: 1 }", "weight: 0 }");
    gate.hang_up();
    gate.wait_for("the changed upstreams are not in force").unwrap();
    gate.wait_for("PC0012").unwrap();
    assert_eq!(call(), 200, "those before stay");
    drop(gate);
}

#[test]
fn a_gate_that_says_it_serves_watches_for_every_signal() {
    let house = House::init("http://127.0.0.1:9");
    let mut gate = house.serve();
    let status = std::fs::read_to_string(format!("/proc/{}/status", gate.child.id())).unwrap();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
    let caught = u64::from_str_radix(caught.trim(), 16).unwrap();
    for (name, number) in [("HUP", 1), ("INT", 2), ("USR2", 12), ("TERM", 15)] {
        assert!(caught >> (number - 1) & 1 == 1, "SIG{name} would end it");
    }
    gate.hang_up();
    assert_eq!(gate.terminate(), Some(0));
}
