//! The two-person rule over a whole gate: tokens of people, an approval, an emergency, a restart.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use crate::common::http::once;
use crate::common::{FOUND, House, Platform, command, text};
use sha2::{Digest, Sha256};

const ME: &str = "/v21.0/me?fields=id";

struct Office {
    house: House,
    _platform: Platform,
}

impl Office {
    /// A deployment whose people have tokens: `ana`, `ben` and `vic`.
    fn open() -> Self {
        let platform = Platform::start(None);
        let house = House::init(&platform.url());
        let mut tokens = "admin_tokens:\n".to_owned();
        for who in ["ana", "ben", "vic"] {
            let token = format!("{who}-token-{}", "0123456789".repeat(4));
            let digest: String =
                Sha256::digest(&token).iter().map(|byte| format!("{byte:02x}")).collect();
            secret(&house, &format!("{who}.sha256"), &format!("sha256:{digest}"));
            secret(&house, who, &token);
            tokens
                .push_str(&format!("    {who}: {{ file: secrets/{who}.sha256, person: {who} }}\n"));
        }
        house.edit("portcullis.yaml", "admin_tokens:\n", &tokens);
        Self { house, _platform: platform }
    }

    fn says(&self, who: &str, args: &[&str]) -> (Option<i32>, String) {
        let token: PathBuf = self.house.dir().join("secrets").join(who);
        let output = command(args)
            .args(["--config", self.house.config().to_str().unwrap()])
            .args(["--token-file", token.to_str().unwrap()])
            .output()
            .unwrap();
        (output.status.code(), text(&output))
    }

    #[track_caller]
    fn ok(&self, who: &str, args: &[&str]) -> String {
        let (code, said) = self.says(who, args);
        assert_eq!(code, Some(0), "{who} {args:?}: {said}");
        said
    }

    fn reads(&self) -> u16 {
        once(self.house.public, ME, &self.house.key).status
    }
}

/// Writes a secret that nobody else may read.
fn secret(house: &House, name: &str, text: &str) {
    let path = house.dir().join("secrets").join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// The number after a word.
fn number(said: &str, after: &str) -> String {
    let rest = said.split(after).nth(1).unwrap_or_else(|| panic!("{said}"));
    rest.chars().take_while(char::is_ascii_digit).collect()
}

#[test]
fn giving_access_back_takes_two_persons_and_taking_it_takes_one() {
    let office = Office::open();
    let mut gate = office.house.serve();
    for (who, role) in [("ana", "investigator"), ("ben", "admin")] {
        office.ok("admin-token", &["person", "add", who, "--role", role, "--role", "approver"]);
    }
    office.ok("admin-token", &["person", "add", "vic", "--role", "viewer"]);
    gate.terminate();
    office.house.edit("portcullis.yaml", "two_persons: false", "two_persons: true");
    let mut gate = office.house.serve();
    gate.wait_for("takes two persons from here on").unwrap();
    assert!(office.ok("vic", &["whoami"]).contains("person vic"), "vic is known");
    let why = ["--reason", "investigation", "--tell", "We look into unusual calls."];
    let key = office.house.key_id();
    let hold = [&["key", "hold", &key][..], &why, &FOUND].concat();
    let restore = [&["key", "restore", &key][..], &why].concat();
    let (code, said) = office.says("vic", &hold);
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("needs the role `investigator`"), "{said}");
    assert_eq!(office.reads(), 200);
    office.ok("ana", &hold);
    assert_ne!(office.reads(), 200, "held by one");
    let (code, said) = office.says("ana", &restore);
    assert_eq!(code, Some(8), "{said}");
    assert!(said.contains("proposed, not done"), "{said}");
    assert_ne!(office.reads(), 200, "proposed is not done");
    let id = number(&said, "proposal approve ");
    let (_, own) = office.says("ana", &["proposal", "approve", &id]);
    assert!(own.contains("the same person"), "{own}");
    let list = office.ok("ben", &["proposal", "list"]);
    assert!(list.contains("ana"), "{list}");
    // What waits survives a restart.
    gate.terminate();
    let gate = office.house.serve();
    office.ok("ben", &["proposal", "approve", &id]);
    assert_eq!(office.reads(), 200, "approved by another");
    let (_, again) = office.says("ben", &["proposal", "approve", &id]);
    assert!(again.contains("no proposal"), "{again}");

    office.ok("ana", &hold);
    let mut alone = restore.clone();
    alone.extend(["--break-glass", "their customers' posts look deleted"]);
    let said = office.ok("ana", &alone);
    assert!(said.contains("another person must ratify it"), "{said}");
    assert_eq!(office.reads(), 200, "at once");
    let list = office.ok("ben", &["proposal", "list"]);
    let emergency = number(&list, "proposal ratify ");
    assert_eq!(office.says("ana", &["proposal", "ratify", &emergency]).0, Some(4));
    office.ok("ben", &["proposal", "ratify", &emergency]);
    let verdict = office.ok("admin-token", &["audit", "verify"]);
    assert!(verdict.contains("clean") || verdict.contains("verif"), "{verdict}");
    drop(gate);
}

#[test]
fn a_changed_file_waits_for_two_persons_unless_it_is_narrower() {
    let office = Office::open();
    let mut gate = office.house.serve();
    for who in ["ana", "ben"] {
        office.ok(
            "admin-token",
            &["person", "add", who, "--role", "policy-author", "--role", "approver"],
        );
    }
    gate.terminate();
    office.house.edit("portcullis.yaml", "two_persons: false", "two_persons: true");
    let gate = office.house.serve();
    let file = office.house.dir().join("policies/strictest.yaml");
    let before = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{before}\n# nothing but a remark\n")).unwrap();
    gate.wait_for("in force").unwrap();
    let talk = gate.talk();
    assert!(!talk.contains("takes two persons here"), "a remark widens nothing: {talk}");
    drop(gate);
}
