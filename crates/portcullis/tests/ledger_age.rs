//! Sets of the ledger that go by their age while questions are asked: none of these meets one half gone.

use crate::common::http::once;
use crate::common::{House, Platform, figure, text, until};

const WHAT: [&str; 6] =
    ["ledger", "what", "--partner", "first-partner", "--since", "2020-01-01T00:00:00Z"];

/// Files of sets that were journals with an old name.
fn rolled_files(names: &[String]) -> usize {
    names.iter().filter(|name| name.starts_with("2020") && name.contains(".parquet")).count()
}

#[test]
fn every_question_is_answered_while_many_sets_go_by_their_age() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    assert_eq!(once(house.public, "/v21.0/me?fields=id,username", &house.key).status, 200);
    until("it is written", || figure(&house, "portcullis_ledger_written_total") > 0);
    gate.kill();
    let folder = house.dir().join("data/portcullis.ledger");
    let names = || -> Vec<String> {
        let entries = std::fs::read_dir(&folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let journal = names().into_iter().find(|name| name.ends_with(".journal")).unwrap();
    for second in 0..60 {
        let old = format!("2020-01-01T07-01-{second:02}.old-1.journal");
        std::fs::copy(folder.join(&journal), folder.join(old)).unwrap();
    }
    // Whatever they are called, they are as old as the event that anchored them.
    let gate = house.serve();
    let rolled = || figure(&house, "portcullis_ledger_rolled_total");
    until("they are in files, and looked after", || {
        rolled() >= 61 && rolled_files(&names()) >= 600
    });
    gate.kill();
    assert!(rolled_files(&names()) >= 600, "none of them has gone");
    let gate = house.serve_after(100);
    until("all that is old is gone", || {
        let told = house.cli(&WHAT);
        assert_eq!(told.status.code(), Some(0), "{}", text(&told));
        !names().iter().any(|name| name.starts_with("2020"))
    });
    assert_eq!(figure(&house, "portcullis_ledger_unreadable"), 0);
    assert!(!gate.talk().contains("can't be read"), "{}", gate.talk());
    until("what named them is gone, too", || !names().contains(&"going".to_owned()));
}

#[test]
fn sets_that_a_case_keeps_stay_whoever_names_them_among_those_that_go() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    assert_eq!(once(house.public, "/v21.0/me?fields=id,username", &house.key).status, 200);
    until("it is written", || figure(&house, "portcullis_ledger_written_total") > 0);
    house.ok(&["case", "open", "sweep", "--subject", "partner:first-partner"]);
    gate.kill();
    let folder = house.dir().join("data/portcullis.ledger");
    let of_2020 = || -> Vec<String> {
        let entries = std::fs::read_dir(&folder).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.filter(|name| name.starts_with("2020")).collect();
        names.sort();
        names
    };
    let journals = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let journal =
        journals.into_iter().find(|path| path.extension().is_some_and(|of| of == "journal"));
    let set = "2020-01-01T07.old-1";
    std::fs::copy(journal.unwrap(), folder.join(format!("{set}.journal"))).unwrap();
    let gate = house.serve();
    until("it is in files", || of_2020().len() == 10);
    gate.kill();
    let gate = house.serve_after(100);
    until("the case keeps it", || house.ok(&["ledger", "status"]).contains("sweep"));
    gate.kill();
    let before = of_2020();
    std::fs::write(folder.join("going"), format!("[\"{set}\"]")).unwrap();
    let gate = house.serve_after(100);
    gate.wait_for("named sets that are to stay").unwrap();
    until("it is seen again", || !folder.join("going").exists());
    assert_eq!(of_2020(), before);
    let told = house.ok(&[&WHAT[..], &["-o", "json"]].concat());
    let told: serde_json::Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&told["answers"], &told["missing"]), (&2.into(), &serde_json::json!([])), "{told}");
    drop(gate);
}
