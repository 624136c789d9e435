//! What left becomes evidence of a case, is checked without a gate, and each way in which it may have been
//! touched is named.

use std::path::{Path, PathBuf};

use crate::common::http::once;
use crate::common::{ACCOUNT, House, Platform, reaches, text, until};
use serde_json::{Value, json};

const PARTNER: &str = "first-partner";
const ME: &str = "/v21.0/me?fields=id,username";

fn files(dir: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(dir).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.to_str().unwrap().ends_with(ending));
    files.sort();
    files
}

/// Three answers, in files that the log anchors.
fn left(house: &House) {
    for _ in 0..3 {
        assert_eq!(once(house.public, ME, &house.key).status, 200);
    }
    let folder = house.dir().join("data/portcullis.ledger");
    reaches(house, "portcullis_ledger_written_total", 3);
    until("journals are files", || {
        files(&folder, ".journal").is_empty() && !files(&folder, ".terms.parquet").is_empty()
    });
}

/// What a person has who checks: the file, the log, the folder.
struct Copy<'a> {
    house: &'a House,
    dir: PathBuf,
}

impl Copy<'_> {
    fn at(&self, name: &str) -> String {
        self.dir.join(name).to_str().unwrap().to_owned()
    }

    fn check(&self, file: &str) -> (Option<i32>, String) {
        let (file, log, folder) = (self.at(file), self.at("log.jsonl"), self.at("ledger"));
        let args = ["ledger", "check", &file, "--export", &log, "--ledger", &folder];
        let output = self.house.cli(&args);
        (output.status.code(), text(&output))
    }

    #[track_caller]
    fn differs(&self, file: &str, word: &str) {
        let (code, told) = self.check(file);
        assert_eq!(code, Some(1), "{told}");
        assert!(told.contains(word), "{told}");
    }

    fn read(&self, file: &str) -> Value {
        serde_json::from_slice(&std::fs::read(self.at(file)).unwrap()).unwrap()
    }

    /// A file that was made up, and that somebody added to the case as it is.
    fn forged(&self, name: &str, evidence: &Value) {
        std::fs::write(self.at(name), evidence.to_string()).unwrap();
        let file = self.at(name);
        self.house.ok(&["case", "evidence", "add", "sweep", &file, "--digest-only"]);
        self.export();
    }

    fn export(&self) {
        let log = self.at("log.jsonl");
        let _old = std::fs::remove_file(&log);
        self.house.ok(&["audit", "export", "--out", &log]);
    }
}

#[test]
fn an_answer_that_is_evidence_is_checked_without_a_gate_and_what_differs_is_named() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    house.edit("portcullis.yaml", "\nledger:\n", "\nledger:\n  roll: 1s\n");
    let gate = house.serve();
    house.ok(&["case", "open", "sweep", "--subject", "partner:first-partner"]);
    let dir = house.dir().join("copy");
    std::fs::create_dir(&dir).unwrap();
    let copy = Copy { house: &house, dir };
    let who = copy.at("who.json");
    let ask = ["ledger", "who", "--owner", ACCOUNT, "--since", "1h", "--purpose", "A complaint."];
    let take = ["--evidence", "sweep", "--save", &who];
    let early = house.cli(&[&ask[..], &take].concat());
    assert!(text(&early).contains("is anchored in the log yet"), "{}", text(&early));
    assert!(!Path::new(&who).exists(), "what is no evidence is not kept");
    left(&house);
    let told = house.ok(&[&ask[..], &take].concat());
    assert!(told.contains("3 records of the account left in 3 answers"), "{told}");
    // By region too, with the ids in the file and not in the log.
    let people = copy.at("people.csv");
    std::fs::write(&people, format!("{ACCOUNT},EU\n17841499999999999,EU\n1,US\n")).unwrap();
    let (affected, since) = (copy.at("affected.json"), ["--since", "1h", "--purpose", "A breach."]);
    let ask = ["ledger", "affected", "--people", &people, "--region", "EU", "--partner", PARTNER];
    let plain = house.ok(&[&ask[..], &since, &["--list"]].concat());
    assert!(plain.contains("1 of 2 people of region EU are affected: 3 records"), "{plain}");
    assert!(plain.contains(ACCOUNT), "{plain}");
    let take = ["--evidence", "sweep", "--save", &affected];
    let quiet = house.ok(&[&ask[..], &since, &take].concat());
    assert!(!quiet.contains(ACCOUNT), "{quiet}");
    copy.export();
    let log = std::fs::read_to_string(copy.at("log.jsonl")).unwrap();
    assert!(!log.contains(ACCOUNT), "the log names nobody");
    assert!(log.contains("ledger.evidence_taken"), "{log}");
    copy_folder(&house.dir().join("data/portcullis.ledger"), &copy.dir.join("ledger"));

    for file in ["who.json", "affected.json"] {
        let (code, told) = copy.check(file);
        assert_eq!(code, Some(0), "{told}");
        assert!(told.contains("the question gives the same answer"), "{told}");
    }
    changed_files_and_logs(&copy);
    forged_files(&copy);
    folders(&copy);
    drop(gate);
}

fn changed_files_and_logs(copy: &Copy<'_>) {
    let whole = std::fs::read_to_string(copy.at("who.json")).unwrap();
    std::fs::write(copy.at("touched.json"), whole.replacen("3", "4", 1)).unwrap();
    copy.differs("touched.json", "no event of the log adds a file of this digest");
    let log = std::fs::read_to_string(copy.at("log.jsonl")).unwrap();
    let touched = log.replacen("ledger.anchored", "ledger.anchorex", 1);
    std::fs::write(copy.at("log.jsonl"), touched).unwrap();
    copy.differs("who.json", "the log is not what it was");
    std::fs::write(copy.at("log.jsonl"), log).unwrap();
    std::fs::write(copy.at("other.json"), "{}").unwrap();
    copy.differs("other.json", "is no evidence of the ledger");
}

/// The digest is in the log, and what the file says is not so.
fn forged_files(copy: &Copy<'_>) {
    // Not even a file that says what is so is the gate's.
    let mut other = copy.read("who.json");
    other["salt"] = json!("another");
    copy.forged("salt.json", &other);
    copy.differs("salt.json", "somebody else made it");
    let mut other = copy.read("who.json");
    other["answer"]["records"] = json!(2);
    copy.forged("answer.json", &other);
    copy.differs(
        "answer.json",
        "another answer: `records` is 2 in the evidence, and 3 by the files",
    );
    let mut other = copy.read("who.json");
    other["case"] = json!("another");
    copy.forged("case.json", &other);
    copy.differs("case.json", "it names case another, and event");
    let mut other = copy.read("who.json");
    other["sets"][0]["files"][1]["root"] = json!("ab".repeat(32));
    copy.forged("root.json", &other);
    copy.differs("root.json", "in the evidence, and event");
    let mut other = copy.read("who.json");
    other["sets"][0]["event"] = json!(0);
    copy.forged("event.json", &other);
    copy.differs("event.json", "event 0 of the log anchors no files");
    let mut other = copy.read("who.json");
    other["sets"].as_array_mut().unwrap().remove(0);
    copy.forged("sets.json", &other);
    copy.differs("sets.json", "it holds answers of that time, and the evidence does not name it");
    // A set is not passed over for being called gone, nor is one read in place of another.
    let gone = copy.read("who.json")["sets"][0]["set"].clone();
    other["gone"] = json!([gone]);
    copy.forged("gone.json", &other);
    copy.differs("gone.json", "it holds answers of that time, and the evidence does not name it");
    let mut other = copy.read("who.json");
    other["sets"][0]["set"] = json!("2020-01-01T07.old-1");
    copy.forged("set.json", &other);
    copy.differs("set.json", "anchors the files of another set");
}

/// The folder is not what it was.
fn folders(copy: &Copy<'_>) {
    let folder = copy.dir.join("ledger");
    let file = files(&folder, ".records.parquet").remove(0);
    let whole = std::fs::read(&file).unwrap();
    let mut touched = whole.clone();
    touched[whole.len() / 2] ^= 1;
    std::fs::write(&file, touched).unwrap();
    copy.differs("who.json", "piece 0 (from byte 0) is not as it was written");
    std::fs::remove_file(&file).unwrap();
    copy.differs("who.json", "it is gone before its time");
    std::fs::write(&file, whole).unwrap();
    // Of a file that is what it was it does not matter what lies beside it.
    std::fs::remove_file(file.with_extension("parquet.pieces")).unwrap();
    let (code, told) = copy.check("who.json");
    assert_eq!(code, Some(0), "{told}");
    assert!(told.contains("the question gives the same answer"), "{told}");
    for key in files(&folder.join("keys"), ".key") {
        std::fs::remove_file(key).unwrap();
    }
    let (code, told) = copy.check("who.json");
    assert_eq!(code, Some(0), "{told}");
    assert!(
        told.contains("NOT ASKED ANEW: the keys of these days are not in the folder"),
        "{told}"
    );
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[test]
fn what_an_open_case_may_need_stays_over_a_restart_and_goes_once_the_case_is_closed() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let mut gate = house.serve();
    house.ok(&["case", "open", "sweep", "--subject", "partner:first-partner"]);
    assert_eq!(gate.terminate(), Some(0));
    let folder = house.dir().join("data/portcullis.ledger");
    let key = folder.join("keys/2020-01-01.key");
    let file = folder.join("2020-01-01T07.old-1.terms.parquet");
    std::fs::write(&key, [7; 32]).unwrap();
    // Nobody can look into it, so that it may be about anybody.
    std::fs::write(&file, "of long ago").unwrap();
    house.believes(0);
    let status = || -> Value {
        serde_json::from_str(&house.ok(&["ledger", "status", "-o", "json"])).unwrap()
    };
    let kept = || status()["preserved"].clone();
    let expected = json!([{ "case": "sweep", "until": null, "sets": 1, "days": ["2020-01-01"] }]);
    for _ in 0..2 {
        let mut gate = house.serve();
        until("a case keeps something", || kept() != json!([]));
        assert_eq!(kept(), expected);
        assert!(key.exists() && file.exists());
        let told = house.ok(&["ledger", "status"]);
        assert!(told.contains("since a case preserves them"), "{told}");
        assert_eq!(gate.terminate(), Some(0));
    }
    // What a gate had begun to remove goes no further, and is told as gone.
    let name = "2020-01-01T07.old-1";
    std::fs::write(folder.join("going"), json!([name]).to_string()).unwrap();
    let mut gate = house.serve();
    until("it is told", || status()["missing"] == json!([name]));
    let expected = json!([{ "case": "sweep", "until": null, "sets": 0, "days": ["2020-01-01"] }]);
    assert_eq!(kept(), expected);
    assert!(key.exists() && file.exists());
    house.ok(&["case", "close", "sweep", "--why", "It is explained."]);
    assert_eq!(gate.terminate(), Some(0));
    let _gate = house.serve();
    until("key and file are gone", || !key.exists() && !file.exists());
    assert_eq!(kept(), json!([]));
}
