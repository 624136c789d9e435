//! What a step would do, as somebody reads it who has to decide at once.

use std::sync::Arc;

use crate::gate::{Gate, NOON, TOKEN};
use crate::hand::Machine;
use portcullis_control::{ControlSettings, Left, Plane, UnderWay};
use portcullis_registry::{Office as _, UsageCells, UsageSink, UsageVerdict};
use portcullis_types::{ClassIx, KeyIx, Revision, Span, Wall};

const HOUR: u64 = 3_600_000;
const WHY: &str = "--reason investigation --tell 'We look into unusual calls.'";
const FOUND: &str = "--fact '12,304 places were read in one night.' --period 9h --indefinite-because 'nobody knows when the calls are explained'";
const SORRY: &str = "--reason mistake --tell 'The hold was our mistake and is lifted.'";

/// A data plane with calls under way and much left behind; or one that does not answer.
#[derive(Debug)]
struct Busy(bool);

impl Plane for Busy {
    fn under_way(&self, keys: &[KeyIx]) -> Option<UnderWay> {
        self.0.then_some(UnderWay { reads: 3, writes: keys.len() as u64 })
    }

    fn left(&self, _: &[KeyIx]) -> Left {
        Left {
            since: Wall(NOON.0 - 30 * HOUR),
            media_works: self.0.then(|| Span::from_seconds(36 * 3600)),
            media_until: self.0.then_some(Wall(NOON.0 + 35 * HOUR)),
            subscriptions: self.0.then_some(1),
        }
    }

    fn continuity(&self) -> Vec<String> {
        vec!["profile.bio".to_owned(), "profile.basic".to_owned()]
    }
}

fn typed(words: &str) -> String {
    words.replace("WHY", WHY).replace("FOUND", FOUND).replace("SORRY", SORRY)
}

/// A partner with a client and two keys.
fn open(answers: bool) -> (Gate, Machine) {
    let plane = Some(Arc::new(Busy(answers)) as Arc<dyn Plane>);
    let gate = Gate::with(ControlSettings { plane, ..ControlSettings::default() });
    let machine = Machine::at(&gate.url, TOKEN);
    for words in [
        "partner add acme --tier basic --use travel_search",
        "client add board --partner acme --purpose 'dashboards for brands' --category agency",
        "key issue --partner acme",
        "key issue --partner acme --client board",
    ] {
        assert_eq!(machine.types(words).code, 0, "{words}");
    }
    (gate, machine)
}

fn transcript(answers: bool, commands: &[&str]) -> String {
    let (gate, machine) = open(answers);
    gate.usage.classes(Revision(1), ["place.posts", "profile.basic"].into_iter());
    let mut cells = UsageCells::new(Arc::clone(&gate.usage) as Arc<dyn UsageSink>);
    for _ in 0..41 {
        cells.count(Some(Revision(1)), (KeyIx(0), Some(ClassIx(0))), UsageVerdict::Permit, None);
    }
    let refused = UsageVerdict::Refused("budget_reached");
    cells.count(Some(Revision(1)), (KeyIx(1), Some(ClassIx(1))), refused, None);
    cells.flush(Wall(NOON.0 - HOUR));
    let told = commands
        .iter()
        .map(|words| format!("$ portcullis {words}\n{}", machine.types(&typed(words)).whole()));
    told.collect::<Vec<_>>().join("\n\n")
}

#[test]
fn a_step_is_shown_before_it_is_taken() {
    insta::assert_snapshot!(transcript(
        true,
        &[
            "partner hold acme --shape reads --even profile.bio --dry-run WHY FOUND",
            "client hold board --dry-run WHY FOUND",
            "key revoke 000000000000 --dry-run WHY FOUND",
            "partner hold acme WHY FOUND",
            "partner restore acme --dry-run SORRY",
        ]
    ));
}

#[test]
fn what_nobody_knows_is_called_unknown() {
    let told = transcript(false, &["partner hold acme --dry-run WHY FOUND"]);
    let (_, rest) = told.split_once("calls now").unwrap();
    let (shown, _) = rest.split_once("partner acme would read").unwrap();
    insta::assert_snapshot!(shown.trim());
}

#[test]
fn every_dry_run_says_that_nothing_was_done_and_does_nothing() {
    let (gate, machine) = open(true);
    for words in [
        "client hold board --review-by 7d WHY FOUND",
        "key issue --partner acme --start activated --label later",
    ] {
        let said = machine.types(&typed(words));
        assert_eq!(said.code, 0, "{}", said.whole());
    }
    let keys = machine.types("key list -o json").json();
    let pending = keys.as_array().unwrap().last().unwrap()["id"].as_str().unwrap().to_owned();
    let newest = gate.office.snapshot().revision();
    for words in [
        "partner hold acme WHY FOUND",
        "partner warn acme WHY FOUND",
        "partner restrict acme --class place.posts WHY FOUND",
        "partner terminate acme WHY FOUND",
        "partner observe acme --why 'to see what it does'",
        "client restore board SORRY",
        "client extend board --review-by 13d WHY",
        "client probation board --stage 1 SORRY",
        "key hold 000000000000 WHY FOUND",
        "key revoke 000000000000 WHY FOUND",
        "key rotate 000000000000",
        "key compromised 000000000000 --reissue WHY FOUND",
        &format!("key activate {pending}"),
    ] {
        let said = machine.types(&typed(&format!("{words} --dry-run"))).whole();
        assert!(said.starts_with("nothing was done; it would be: "), "{words}\n{said}");
        assert_eq!(gate.office.snapshot().revision(), newest, "{words}");
    }
}

#[test]
fn a_change_of_an_agreement_is_shown_with_whom_it_leaves_less() {
    let (_gate, machine) = open(true);
    let edit = "partner edit acme --use research --dry-run --reason agreement-changed --tell 'Your agreement was changed.' --fact 'Agreement 12 was signed on 2024-03-30.' --period now";
    let said = machine.types(edit);
    assert!(said.data.contains("less for acme: lose `posts`\n"), "{}", said.whole());
    let done = machine.types(&edit.replace(" --dry-run", ""));
    assert_eq!(done.code, 0, "{}", done.whole());
    assert!(!done.data.contains("less for"), "{}", done.whole());
}
