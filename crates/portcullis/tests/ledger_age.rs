//! Sets of the ledger that go by their age while questions are asked: none of these meets one half gone.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may stop at the first surprise"
)]

mod common;

use common::http::once;
use common::{House, Platform, figure, text, until};

const WHAT: [&str; 6] =
    ["ledger", "what", "--partner", "first-partner", "--since", "2020-01-01T00:00:00Z"];

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
    let gate = house.serve();
    until("all that is old is gone", || {
        let told = house.cli(&WHAT);
        assert_eq!(told.status.code(), Some(0), "{}", text(&told));
        !names().iter().any(|name| name.starts_with("2020"))
    });
    assert_eq!(figure(&house, "portcullis_ledger_unreadable"), 0);
    assert!(!gate.talk().contains("can't be read"), "{}", gate.talk());
    until("what named them is gone, too", || !names().contains(&"going".to_owned()));
}
