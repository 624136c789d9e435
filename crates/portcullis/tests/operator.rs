//! What an operator does in the night: rotates secrets, mistypes them, looks at the state.

use crate::common::http::{Connection, once};
use crate::common::{FOUND, House, Platform, SLOW, portcullis, text};

#[test]
fn a_key_known_under_the_pepper_before_is_not_taken_in_twice() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let keys = house.dir().join("keys");
    let keys = keys.to_str().unwrap();
    std::fs::write(keys, "old-key-0001 first-partner\nold-key-0002 first-partner revoked\n")
        .unwrap();
    let mut gate = house.serve();
    assert!(house.ok(&["key", "import", keys]).contains("2 keys imported"));
    gate.terminate();

    std::fs::rename(house.dir().join("secrets/pepper"), house.dir().join("secrets/old")).unwrap();
    let copied =
        std::fs::copy(house.dir().join("secrets/log-key"), house.dir().join("secrets/pepper"));
    assert!(copied.is_ok(), "any 32 random bytes are a pepper");
    let both = "pepper: { file: secrets/pepper }\n  pepper_previous: { file: secrets/old }";
    house.edit("portcullis.yaml", "pepper: { file: secrets/pepper }", both);
    let gate = house.serve();
    gate.wait_for("rotation of the pepper").unwrap();
    let again = house.cli(&["key", "import", keys]);
    assert_eq!(again.status.code(), Some(1));
    let said = text(&again);
    assert!(said.contains("line 1: the key is known already as `imp_"), "{said}");
    assert!(said.contains("line 2: the key is known already as `imp_"), "{said}");
    std::fs::write(keys, format!("{} first-partner\n", house.key)).unwrap();
    let ours = text(&house.cli(&["key", "import", keys]));
    assert!(ours.contains(&format!("known already as `{}`", house.key_id())), "{ours}");
    assert_eq!(once(house.public, "/v21.0/me?fields=id", "old-key-0001").status, 200);
    assert_eq!(once(house.public, "/v21.0/me?fields=id", "old-key-0002").code(), "key_revoked");
    drop(gate);
}

#[test]
fn revoked_keys_need_no_pepper() {
    let house = House::init("http://127.0.0.1:9");
    let mut gate = house.serve();
    let id = house.key_id();
    let why = ["--reason", "mistake", "--tell", "Never mind this key."];
    house.ok(&[&["key", "revoke", &id], &why[..], &FOUND].concat());
    gate.terminate();
    std::fs::copy(house.dir().join("secrets/log-key"), house.dir().join("secrets/pepper")).unwrap();
    let _gate = house.serve();
    let status = house.ok(&["status"]);
    assert!(status.contains("pepper"), "{status}");
}

#[test]
fn secrets_that_cant_be_used_are_all_named_before_anything_is_written() {
    let house = House::init("http://127.0.0.1:9");
    let secrets = house.dir().join("secrets");
    let log = std::fs::read(house.dir().join("data/portcullis.db")).unwrap();
    std::fs::write(secrets.join("pepper"), "short\n").unwrap();
    std::fs::write(secrets.join("log-key"), "zz\n").unwrap();
    std::fs::write(secrets.join("admin-token.sha256"), "sha256:zz\n").unwrap();
    std::fs::write(secrets.join("platform-credential"), "two\u{1}words\n").unwrap();
    for command in ["serve", "check"] {
        let output = house.cli(&[command]);
        assert_eq!(output.status.code(), Some(1), "{command}: {}", text(&output));
        let said = text(&output);
        for word in ["pepper is too short", "log key must be 32 bytes", "digest of admin token"] {
            assert!(said.contains(word), "{command}: no `{word}` in {said}");
        }
        assert_eq!(said.matches("PC0017").count(), 4, "{command}: {said}");
    }
    assert_eq!(std::fs::read(house.dir().join("data/portcullis.db")).unwrap(), log);
}

#[test]
fn init_looks_at_what_was_typed_before_it_writes_anything() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("gate");
    let output = portcullis(&[
        "init",
        dir.to_str().unwrap(),
        "--upstream",
        "127.0.0.1:9",
        "--public",
        "nonsense",
        "--admin-listen",
        "localhost:1",
        "--public-url",
        "ftp://x",
    ]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output);
    for option in ["`--upstream`", "`--public`", "`--admin-listen`", "`--public-url`"] {
        assert!(said.contains(option), "no {option} in {said}");
    }
    assert!(!dir.exists(), "nothing was written");
}

#[test]
fn init_tells_programs_what_it_made() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("gate");
    let dir = dir.to_str().unwrap();
    let output = portcullis(&["init", dir, "--upstream", "http://127.0.0.1:9", "-o", "json"]);
    let made: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(made["partner"], "first-partner");
    assert!(made["call_that_passes"].as_str().unwrap().contains(made["key"].as_str().unwrap()));
}

#[test]
fn check_reads_the_folders_that_the_configuration_names() {
    let house = House::init("http://127.0.0.1:9");
    std::fs::rename(house.dir().join("policies"), house.dir().join("tiers")).unwrap();
    house.edit("portcullis.yaml", "policies: policies", "policies: tiers");
    house.edit("tiers/publishing.yaml", "tier: publishing", "tiar: publishing");
    let dir = house.dir();
    for output in [house.cli(&["check"]), portcullis(&["check", dir.to_str().unwrap()])] {
        assert_eq!(output.status.code(), Some(1));
        let said = text(&output);
        assert!(said.contains("tiers/publishing.yaml:3:1"), "{said}");
        assert!(said.contains("21 files read"), "{said}");
    }
}

#[test]
fn faulty_files_on_disk_are_told_of_at_the_start() {
    let house = House::init("http://127.0.0.1:9");
    house.edit("policies/publishing.yaml", "tier: publishing", "tiar: publishing");
    let gate = house.serve();
    let status = house.ok(&["status"]);
    assert!(status.contains("! files"), "{status}");
    assert!(status.contains("policies/publishing.yaml:3:1"), "{status}");
    assert!(gate.talk().contains("can't be put in force"), "{}", gate.talk());
}

#[test]
fn a_key_that_could_not_be_shown_is_named_so_that_it_can_be_revoked() {
    let house = House::init("http://127.0.0.1:9");
    let _gate = house.serve();
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let config = house.config();
    let output = crate::common::command(&["--config", config.to_str().unwrap()])
        .args(["key", "issue", "--partner", "first-partner"])
        .stdout(full)
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output);
    assert!(said.contains("undo: portcullis key revoke "), "{said}");
    assert!(said.contains("could not be shown"), "{said}");
}

#[test]
fn operators_are_served_until_the_last_call_has_ended() {
    let platform = Platform::start(Some(SLOW));
    let house = House::init(&platform.url());
    let params = "since: plain, until: plain, summary: plain }\n";
    house.edit("routes/plaza.yaml", &format!("{params}    links: true"), params);
    let mut gate = house.serve();
    house.ok(&["apply"]);
    let user = platform.ids().paging_user;
    let mut connection = Connection::open(house.public);
    let target = format!(
        "/v21.0/{user}/insights?metric=reach,impressions,profile_views&period=day&since=1&until=1700000000"
    );
    connection.send(crate::common::http::get(&target, &house.key).as_bytes());
    assert!(connection.head().starts_with("HTTP/1.1 200"));
    gate.ask_to_stop();
    gate.wait_for("stopping").unwrap();
    let draining = text(&house.cli(&["status"]));
    assert!(draining.contains("NOT READY") && draining.contains("stopping"), "{draining}");
    let id = house.key_id();
    let why = ["--reason", "investigation", "--tell", "We are looking into it."];
    house.ok(&[&["key", "hold", &id], &why[..], &FOUND].concat());
    drop(connection);
    let database = house.dir().join("data/portcullis.db");
    assert_eq!(gate.child.wait().unwrap().code(), Some(0));
    assert!(house.ok(&["audit", "verify", "--db", database.to_str().unwrap()]).contains("clean"));
}

#[test]
fn the_public_listener_is_not_taken_for_the_admin_api() {
    let house = House::init("http://127.0.0.1:9");
    let _gate = house.serve();
    let public = format!("http://{}", house.public);
    let output = house.cli(&["--admin", &public, "key", "list"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(text(&output).contains("public listener"), "{}", text(&output));
}
