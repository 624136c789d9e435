//! What a case keeps of the ledger, from files that are written here.

use std::fs::File;

use portcullis_ledger::{HourSinks, HourWriter, Row, Table};
use portcullis_registry::{
    Actor, CaseCommand, Command, Facts, LedgerCommand, Place, State, SubjectId, Taking, Use,
};
use portcullis_types::{LedgerDigest, Revision};

use super::*;
use crate::gate::ledger::folder::{DAY, Folder};
use crate::gate::ledger::keys::Keys;
use crate::gate::ledger::rows::{record, row as made};

const HOUR: u64 = 3_600_000;
const NOW: Wall = Wall(20_100 * DAY);

/// A folder, and a log.
struct Bed {
    _dir: tempfile::TempDir,
    folder: Folder,
    keys: Arc<Keys>,
    state: State,
    events: u64,
}

impl Bed {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(&dir.path().join("gate.ledger")).unwrap();
        let keys = Arc::new(Keys::new(&folder));
        let mut bed = Self { _dir: dir, folder, keys, state: State::new(), events: 0 };
        for partner in ["acme", "zenith"] {
            bed.ask(&partner_added(partner));
        }
        bed
    }

    fn ask(&mut self, command: &Command) {
        let by = Actor::clock();
        let planned = self.state.handle(&by, command, NOW).unwrap();
        for event in &planned.events {
            let revision = Revision(self.events);
            let place = Place { revision, ts: NOW, by: &by, approver: None };
            self.state.apply(place, event, &|_| None).unwrap();
            self.events += 1;
        }
    }

    fn open(&mut self, case: &str, partner: Option<&str>) {
        let about = |id: &str| SubjectId::Partner(id.parse().unwrap());
        self.ask(&Command::Case(CaseCommand::Open {
            id: Some(case.parse().unwrap()),
            title: "A sweep".to_owned(),
            owner: None,
            subjects: partner.map(about).into_iter().collect(),
            signals: Vec::new(),
            review_by: None,
        }));
    }

    fn close(&mut self, case: &str) {
        let (case, why) = (case.parse().unwrap(), "it is explained".to_owned());
        self.ask(&Command::Case(CaseCommand::Close { case, why }));
    }

    /// An hour with one answer of a partner, whose record is digested or not.
    fn hour(&self, hour: u64, partner: &str, digested: bool) -> Part {
        let part = Part { start: Wall(hour * HOUR), writer: "gate-1".to_owned() };
        let file = |table: Table| File::create(self.folder.at(&part.table(table.name()))).unwrap();
        let sinks = HourSinks {
            terms: file(Table::Terms),
            keys: file(Table::Keys),
            answers: file(Table::Answers),
            records: file(Table::Records),
            digests: file(Table::Digests),
        };
        let mut writer = HourWriter::new("gate", &part.hour(), sinks).unwrap();
        writer.push(&row(Wall(hour * HOUR + 5), partner, digested)).unwrap();
        writer.finish().unwrap();
        part
    }

    fn needed(&self) -> Needed {
        let snapshot = self.state.snapshot();
        let look = || Ok(Shelf::look(&self.folder, &self.keys).unwrap());
        let unread = |_: &LedgerError| {};
        Looker::default().needed(look, &snapshot, NOW, &unread).unwrap()
    }
}

fn partner_added(id: &str) -> Command {
    Command::AddPartner {
        id: id.parse().unwrap(),
        name: id.to_owned(),
        tier: Some("basic".parse().unwrap()),
        r#use: Use::Publishing,
        declared_use: String::new(),
        scopes: None,
        facts: Facts::default(),
    }
}

fn row(at: Wall, partner: &str, digested: bool) -> Row {
    let record = digested.then(|| record(None, LedgerDigest::new([7; 16])));
    made(at, partner, record.into_iter().collect())
}

#[test]
fn an_open_case_keeps_what_holds_answers_of_its_partners_and_the_keys_that_tell_of_them() {
    let mut bed = Bed::new();
    let told = bed.hour(20_000 * 24, "acme", true);
    let counted = bed.hour(20_001 * 24, "acme", false);
    let other = bed.hour(20_002 * 24, "zenith", true);
    assert_eq!(bed.needed(), Needed::default(), "without a case nothing stays");
    bed.open("sweep", Some("acme"));
    let needed = bed.needed();
    assert!(needed.part(&told) && needed.part(&counted) && !needed.part(&other));
    let days = [20_000, 20_001, 20_002].map(|day| needed.day(day));
    assert_eq!(days, [true, false, false], "no key stays that tells nothing of the partner");
    let report = needed.report(&[told.clone(), other].into(), &[20_000, 20_002]);
    let kept = Preserved { case: "sweep".to_owned(), sets: 1, days: vec![20_000] };
    assert_eq!(report, std::slice::from_ref(&kept));
    assert_eq!(
        kept.view(&bed.state.snapshot()),
        json!({ "case": "sweep", "until": null, "sets": 1, "days": ["2024-10-04"] })
    );
    // As after a restart: who looks anew finds the same.
    assert_eq!(bed.needed(), needed);
    bed.close("sweep");
    assert_eq!(bed.needed(), Needed::default(), "nor with one that is closed");
    let until = Wall(NOW.0 + DAY);
    bed.ask(&Command::Case(CaseCommand::Preserve { case: "sweep".parse().unwrap(), until }));
    assert_eq!(bed.needed(), needed, "until the day that it is preserved to");
}

#[test]
fn an_open_case_keeps_what_its_evidence_was_read_from_whosever_it_is() {
    let mut bed = Bed::new();
    let read = bed.hour(20_000 * 24, "zenith", true);
    let before = bed.hour(20_000 * 24 - 1, "zenith", true);
    bed.open("complaint", None);
    assert_eq!(bed.needed(), Needed::default());
    bed.ask(&Command::Ledger(LedgerCommand::Take(Taking {
        case: "complaint".parse().unwrap(),
        name: "who received it".to_owned(),
        sha256: "ab".repeat(32),
        bytes: 9,
        question: "who".to_owned(),
        since: read.start,
        until: Wall(read.start.0 + HOUR),
        sets: 1,
    })));
    let needed = bed.needed();
    assert!(needed.part(&read) && !needed.part(&before));
    assert!(needed.day(20_000) && !needed.day(19_999));
    bed.close("complaint");
    assert_eq!(bed.needed(), Needed::default());
}

#[test]
fn what_can_not_be_looked_into_stays_as_long_as_any_case_is_open() {
    let mut bed = Bed::new();
    let part = bed.hour(20_000 * 24, "zenith", true);
    std::fs::write(bed.folder.at(&part.table("terms")), "not what it was").unwrap();
    assert!(!bed.needed().part(&part));
    bed.open("sweep", Some("acme"));
    let needed = bed.needed();
    assert!(needed.part(&part) && needed.day(20_000) && !needed.day(20_002));
}

#[test]
fn what_was_half_gone_when_a_case_was_opened_goes_no_further_where_the_case_needs_it() {
    let mut bed = Bed::new();
    let parts = [(20_000, "acme"), (20_010, "zenith"), (20_020, "zenith"), (20_030, "acme")];
    let parts = parts.map(|(day, partner)| bed.hour(day * 24, partner, true));
    // As a process leaves it that ended there: of one whose it was can't be told any more, one is whole.
    let going = serde_json::to_vec(&parts.each_ref().map(Part::hour)).unwrap();
    bed.folder.write("going", &going).unwrap();
    for (part, table) in parts.iter().zip(["digests", "digests", "terms"]) {
        bed.folder.remove(&part.table(table)).unwrap();
    }
    bed.open("sweep", Some("acme"));
    let look = || Ok(Shelf::look_whole(&bed.folder, &bed.keys).unwrap());
    let unread = |why: &LedgerError| panic!("{why}");
    let needed = Looker::default().needed(look, &bed.state.snapshot(), NOW, &unread).unwrap();
    assert_eq!(parts.each_ref().map(|part| needed.part(part)), [true, false, true, true]);
    let days = [20_000, 20_010, 20_020, 20_030].map(|day| needed.day(day));
    assert_eq!(days, [true, false, true, true]);
}

#[test]
fn what_goes_by_its_age_between_a_look_and_the_next_is_gone_and_not_damaged() {
    let mut bed = Bed::new();
    let part = bed.hour(20_000 * 24, "acme", true);
    let there = bed.hour(20_001 * 24, "acme", true);
    bed.open("sweep", Some("acme"));
    let look = || {
        let shelf = Shelf::look(&bed.folder, &bed.keys).unwrap();
        for name in bed.folder.names().unwrap() {
            if Part::of_file(&name).as_ref() == Some(&part) {
                bed.folder.remove(&name).unwrap();
            }
        }
        Ok(shelf)
    };
    let unread = |why: &LedgerError| panic!("{why}");
    let needed = Looker::default().needed(look, &bed.state.snapshot(), NOW, &unread).unwrap();
    assert!(needed.part(&there) && !needed.part(&part));
}
