//! A witness and two gates as processes of their own: what only grew is signed, and a log that was
//! set back and went on is refused.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::common::{Gate, House, PATIENCE, command, free_port, http, portcullis, text};
use portcullis_audit::{Checkpoint, LogVerifier, WitnessVerifier};
use serde_json::Value;

/// A witness that knows these logs; its address and its public key.
fn witness(folder: &Path, name: &str, at: SocketAddr, logs: &[&str]) -> (Gate, String) {
    let (key, state) = (folder.join(format!("{name}.key")), folder.join(name));
    if !key.exists() {
        let digit = name.len().to_string();
        std::fs::write(&key, digit.repeat(64)).unwrap();
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&key, private).unwrap();
    }
    let (listen, name) = (at.to_string(), format!("witness.example/{name}"));
    let mut args = vec!["witness", "--listen", &listen, "--name", &name];
    args.extend(["--key", key.to_str().unwrap(), "--state", state.to_str().unwrap()]);
    logs.iter().for_each(|log| args.extend(["--log", log]));
    let running = Gate::spawn_command(command(&args));
    running.wait_for("cosigning on").unwrap();
    let talk = running.talk();
    let key = talk.split_whitespace().last().unwrap().to_owned();
    (running, key)
}

fn log_key(house: &House) -> String {
    let db = house.dir().join("data/portcullis.db");
    let found = house.ok(&["audit", "verify", "--db", db.to_str().unwrap(), "-o", "json"]);
    serde_json::from_str::<Value>(&found).unwrap()["signed_by"].as_str().unwrap().to_owned()
}

/// What `/readyz` says of the witnesses.
fn told(house: &House) -> String {
    let answer = http::Connection::open(house.admin).get("/readyz", "");
    let lines = answer.json()["detail"].as_array().unwrap().clone();
    let line = lines.iter().find(|line| line["name"] == "witnesses").unwrap();
    format!("{} {}", line["ok"], line["detail"].as_str().unwrap())
}

/// Asks until the answer holds the word, as fast as the other side answers.
fn until(word: &str, ask: impl Fn() -> String) -> String {
    let mut said = String::new();
    for _ in 0..PATIENCE.as_millis() / 50 {
        said = ask();
        if said.contains(word) {
            return said;
        }
        // Nothing rings a bell when a checkpoint is signed.
        let (_never, bell) = std::sync::mpsc::channel::<()>();
        let _over = bell.recv_timeout(Duration::from_millis(50));
    }
    panic!("never `{word}`, but: {said}");
}

fn cosigned(house: &House) -> String {
    http::Connection::open(house.admin).get("/log/cosigned", "").body
}

fn add(house: &House, name: &str) -> String {
    house.ok(&["partner", "add", name, "--use", "publishing"])
}

/// Waits until so many have signed all there is now.
fn signed_by(house: &House, count: usize) -> String {
    let note = http::Connection::open(house.admin).get("/log/checkpoint", "").body;
    let size = Checkpoint::claimed(&note).unwrap().size;
    let word = format!("{count} of 2 have signed the newest checkpoint, of {size} events");
    until(&word, || told(house))
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

#[test]
fn checkpoints_are_cosigned_and_a_log_that_was_set_back_is_refused() {
    let house = House::init("http://127.0.0.1:9");
    let folder = house.folder.path();
    let key = log_key(&house);
    let addresses = [free_port(), free_port(), free_port(), free_port()];
    let (first, first_key) = witness(folder, "w1", addresses[0], &[&key]);
    let (mut second, second_key) = witness(folder, "two", addresses[1], &[&key]);
    let with = format!(
        "\nwitnesses:\n  list:\n    - {{ url: 'http://{}', key: '{first_key}' }}\n    - {{ url: 'http://{}/', key: '{second_key}' }}\n",
        addresses[0], addresses[1]
    );
    let config = std::fs::read_to_string(house.config()).unwrap() + &with;
    std::fs::write(house.config(), config).unwrap();
    let gate = house.serve();
    add(&house, "one");
    let said = signed_by(&house, 2);
    assert!(said.starts_with("true"), "{said}");
    let note = cosigned(&house);
    let log: LogVerifier = key.parse().unwrap();
    let signed = Checkpoint::signed_by(&note, &log).unwrap();
    for key in [&first_key, &second_key] {
        let key: WitnessVerifier = key.parse().unwrap();
        assert!(key.signed(&note).unwrap().is_some(), "{note}");
    }
    // The receipt of an event carries them, too, and is believed by the log's key.
    let receipt = folder.join("receipt");
    let path = receipt.to_str().unwrap();
    house.ok(&["audit", "receipt", "1", "--out", path]);
    let text_of = std::fs::read_to_string(&receipt).unwrap();
    assert!(text_of.contains("witness.example/w1"), "{text_of}");
    house.ok(&["audit", "verify-receipt", path, "--log-key", &key]);
    let verify = |witnesses: &[&str]| {
        let mut args = vec!["audit", "verify-receipt", path, "--log-key", &*key];
        args.extend(witnesses);
        let output = house.cli(&args);
        (output.status.code(), text(&output))
    };
    let both = ["--witness", &*first_key, "--witness", &*second_key];
    assert_eq!(verify(&both).0, Some(0), "{}", verify(&both).1);
    let (stranger, strange) = witness(folder, "strange", addresses[3], &[&key]);
    let (code, said) = verify(&["--witness", &*first_key, "--witness", &*strange]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("1 of 2 witnesses") && said.contains("strange"), "{said}");
    let one = ["--witness", &*first_key, "--witness", &*strange, "--quorum", "1"];
    assert_eq!(verify(&one).0, Some(0), "{}", verify(&one).1);
    assert_eq!(verify(&["--witness", &*first_key, "--quorum", "2"]).0, Some(2));
    assert_eq!(verify(&["--witness", &*first_key, "--witness", &*first_key]).0, Some(2));
    drop(stranger);
    let keys = http::once(house.public, "/partner/v1/keys", &house.key).json();
    let own = format!("/partner/v1/receipts/{}", keys["data"][0]["revision"]);
    let own = http::once(house.public, &own, &house.key).body;
    assert!(own.contains("witness.example/w1"), "a partner's own too: {own}");

    // What is away for a time signs again from where it was.
    assert_eq!(second.terminate(), Some(0));
    add(&house, "two");
    signed_by(&house, 1);
    let (_second, _) = witness(folder, "two", addresses[1], &[&key]);
    signed_by(&house, 2);

    // Yesterday's copy of the log goes on with another story.
    let (data, yesterday) = (house.dir().join("data"), folder.join("yesterday"));
    drop(gate);
    copy(&data, &yesterday);
    let gate = house.serve();
    add(&house, "three");
    signed_by(&house, 2);
    drop(gate);
    std::fs::remove_dir_all(&data).unwrap();
    copy(&yesterday, &data);
    let gate = house.serve();
    add(&house, "drei");
    add(&house, "vier");
    let said = until("THE LOG WAS", || told(&house));
    assert!(said.starts_with("false"), "{said}");
    let metrics = http::Connection::open(house.admin).get("/metrics", "").body;
    assert!(metrics.contains("\nportcullis_witnesses_refusing "), "{metrics}");
    first.wait_for("was not signed").unwrap();
    gate.wait_for("THE LOG WAS").unwrap();
    let kept = cosigned(&house);
    assert!(
        Checkpoint::signed_by(&kept, &log).unwrap().size > signed.size,
        "and still serves what was"
    );
    let accused: Vec<PathBuf> =
        std::fs::read_dir(folder.join("w1")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(accused.iter().any(|path| path.extension().is_some_and(|end| end == "refused")));

    // The way on where that was meant: a witness of another name and key begins with what is there.
    assert!(said.contains("\"Witnesses after a restore\" in docs/operating.md"), "{said}");
    drop(gate);
    let (_third, third_key) = witness(folder, "three", addresses[2], &[&key]);
    let old = format!("'http://{}', key: '{first_key}'", addresses[0]);
    let new = format!("'http://{}', key: '{third_key}'", addresses[2]);
    let config = std::fs::read_to_string(house.config()).unwrap().replace(&old, &new);
    let only = config.replace("\nwitnesses:\n", "\nwitnesses:\n  quorum: 1\n");
    std::fs::write(house.config(), only).unwrap();
    let _gate = house.serve();
    signed_by(&house, 1);
    let line = until("witness.example/two", || told(&house));
    assert!(!line.contains("witness.example/three` has not"), "{line}");
}

#[test]
fn a_witness_that_cannot_do_its_work_does_not_start_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let (key, state) = (folder.path().join("key"), folder.path().join("state"));
    std::fs::write(&key, "7".repeat(64)).unwrap();
    let set = |mode| {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
        std::fs::set_permissions(&key, mode).unwrap();
    };
    let log = "portcullis+dd1fb409+AYE5dw6ofRdfVqNUZsNMfszLjYqRtO43ol32D1uPybOU";
    let run = |name: &str, log: &str| {
        let state = state.to_str().unwrap();
        let args = ["--name", name, "--key", key.to_str().unwrap(), "--state", state, "--log", log];
        let output = portcullis(&[&["witness", "--listen", "127.0.0.1:0"], &args[..]].concat());
        assert!(!output.status.success());
        text(&output).replace(folder.path().to_str().unwrap(), "…")
    };
    let mut said = Vec::new();
    set(0o644);
    said.push(run("w", log));
    set(0o600);
    said.extend([run("w 1", log), run("w", "portcullis+dd1fb409+AAAA")]);
    std::fs::write(&key, "short").unwrap();
    said.push(run("w", log));
    std::fs::remove_file(&key).unwrap();
    said.push(run("w", log));
    insta::assert_snapshot!(said.concat());
}
