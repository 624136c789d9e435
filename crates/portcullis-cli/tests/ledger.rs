//! What the ledger tells, as a person types and reads it.

use std::sync::Arc;

use crate::gate::{Gate, TOKEN};
use crate::hand::Machine;
use portcullis_control::{ControlSettings, LedgerDesk, LedgerFault, LedgerQuestion, LedgerTaken};
use portcullis_registry::Anchor;
use portcullis_types::Wall;
use serde_json::{Map, Value, json};

const FIRST: &str = "2024-03-30T08:00:00.000Z";
const LAST: &str = "2024-03-31T09:30:00.000Z";

/// Answers each question with the same, whoever asks.
#[derive(Debug)]
struct Told;

impl LedgerDesk for Told {
    fn status(&self) -> Value {
        json!({
            "ok": true, "wrong": null, "dir": "data/portcullis.ledger", "written_until": LAST,
            "journals": 1, "files": 96, "bytes": 1_234_567, "answers": 40_000, "records": 900_000,
            "days": ["2024-03-29", "2024-03-30", "2024-03-31"], "shredded": ["2024-02-28"],
            "preserved": [
                { "case": "sweep", "until": null, "sets": 12, "days": ["2024-02-29", "2024-03-01"] },
                { "case": "complaint", "until": "2030-01-01T00:00:00.000Z", "sets": 3, "days": [] },
            ],
            "damaged": [], "unreadable": [], "missing": ["2024-03-30T07.gate-1"],
            "not_in_log": ["2024-03-30T08.gate-1", "2024-03-30T09.gate-1"],
        })
    }

    fn ask(&self, question: &LedgerQuestion) -> Result<Value, LedgerFault> {
        Ok(match question {
            LedgerQuestion::Who { .. } => who(),
            LedgerQuestion::What { .. } => what(),
            LedgerQuestion::Between { .. } => between(),
            LedgerQuestion::Affected { people, list, .. } => affected(people.len() as u64, *list),
            LedgerQuestion::Verify => verified(),
        })
    }

    fn evidence(&self, question: &LedgerQuestion) -> Result<LedgerTaken, LedgerFault> {
        let mut members = Map::new();
        members.insert("answer".to_owned(), self.ask(question)?);
        members.insert("not_anchored".to_owned(), json!(4));
        Ok(LedgerTaken { members, sets: 2 })
    }

    fn unanchored(&self, set: &str) -> Result<Anchor, LedgerFault> {
        if set.ends_with("known") {
            return Err(LedgerFault::InLog);
        }
        if set.starts_with("copy") {
            return Err(LedgerFault::NotWhole("it is a copy".to_owned()));
        }
        if !set.starts_with("2024") {
            return Err(LedgerFault::NoSuchSet(format!("no set `{set}` is there")));
        }
        let (hour, writer) = (Wall(0), "gate-1".to_owned());
        Ok(Anchor { hour, writer, files: Vec::new(), answers: 2, records: 50, why: None })
    }
}

fn who() -> Value {
    let receipt = |partner: &str, client: Value, records: u64| {
        json!({
            "partner": partner, "client": client, "key": "k1", "class": "place.posts",
            "operation": "listPlacePosts", "rule": "partner-standard", "policy": 7,
            "policy_digest": "sha256:aa", "answers": 2, "records": records, "first": FIRST, "last": LAST,
        })
    };
    json!({
        "since": FIRST, "until": LAST, "records": 5, "answers": 4,
        "received": [receipt("acme", json!("bakery"), 3), receipt("zenith", Value::Null, 2)],
        "deliveries": [{ "at": FIRST, "request": "req_1", "node": "gate-1", "partner": "acme",
            "operation": "listPlacePosts", "records": 3 }],
        "more": true, "shredded": ["2024-02-28"], "damaged": ["2024-03-30T08.gate-1.journal.damaged"],
        "missing": ["2024-03-30T07.gate-1"], "unwritten_since": LAST,
    })
}

fn sums() -> Value {
    json!({
        "answers": 40, "rows": 900, "bytes": 70_000, "first": FIRST, "last": LAST,
        "classes": [{ "partner": "acme", "client": null, "class": "place.posts", "level": "digests",
            "answers": 40, "rows": 900, "bytes": 70_000, "first": FIRST, "last": LAST }],
        "days": [{ "day": "2024-03-30", "records": 900, "owners": 120, "places": 7 }],
        "owner_days": 120, "place_days": 7, "cells": [{ "cell": 4_977_163, "records": 900 }],
        "cells_count": 1, "more": false, "shredded": [], "damaged": [],
    })
}

fn what() -> Value {
    let mut told = sums();
    told["since"] = FIRST.into();
    told["until"] = LAST.into();
    told
}

fn between() -> Value {
    let mut told = sums();
    told["from"] = FIRST.into();
    told["to"] = LAST.into();
    told
}

fn affected(asked: u64, list: bool) -> Value {
    let person = json!({ "id": "17", "region": "EU", "records": 6, "first": FIRST, "last": LAST });
    let people = if list { vec![person] } else { Vec::new() };
    let sums = |name: &str, value: &str| json!({ name: value, "affected": 1, "records": 6, "first": FIRST, "last": LAST });
    let mut region = sums("region", "EU");
    region["asked_about"] = asked.into();
    json!({
        "partner": "acme", "client": null, "since": FIRST, "until": LAST, "asked_about": asked,
        "affected": 1, "records": 6, "first": FIRST, "last": LAST, "regions": [region],
        "partners": [sums("partner", "acme")], "classes": [sums("class", "place.posts")],
        "days": [sums("day", "2024-03-30")], "people": people, "shredded": ["2024-02-28"],
        "damaged": [],
    })
}

fn verified() -> Value {
    json!({
        "clean": false, "files": 96, "bytes": 1_234_567, "removed": 4, "journals": 1, "more": false,
        "faults": [{ "file": "2024-03-30T08.gate-1.records.parquet", "event": 17, "piece": 3,
            "from": 196_608, "what": "piece 3 (from byte 196608) is not as it was written" }],
        "hashes": ["2024-03-30T09.gate-1.terms.parquet.pieces"],
    })
}

fn opened() -> (Gate, Machine) {
    let ledger = Some(Arc::new(Told) as Arc<dyn LedgerDesk>);
    let gate = Gate::with(ControlSettings { ledger, ..ControlSettings::default() });
    let machine = Machine::at(&gate.url, TOKEN);
    for words in
        ["partner add acme --tier basic --use travel_search", "case open sweep --title 'A sweep'"]
    {
        assert_eq!(machine.types(words).code, 0, "{words}");
    }
    (gate, machine)
}

fn transcript(machine: &Machine, commands: &[&str]) -> String {
    let told = commands
        .iter()
        .map(|words| format!("$ portcullis {words}\n{}", machine.types(words).whole()));
    told.collect::<Vec<_>>().join("\n\n")
}

#[test]
fn each_question_is_told_as_tables_and_sheets_with_what_is_not_known() {
    let (_gate, machine) = opened();
    machine.write("people.csv", "id,region\n17,EU\n18,EU\n19,US\n");
    insta::assert_snapshot!(transcript(
        &machine,
        &[
            "ledger who --owner 17 --since 7d --purpose 'complaint 17'",
            "ledger who --owner 17 --since 7d --purpose 'complaint 17' --answers",
            "ledger who --owner 17 --since 7d --purpose 'complaint 17' --csv",
            "ledger what --partner acme --since 7d",
            "ledger between --breach 7d --stop 1d",
            "ledger between --breach 7d --partner acme --csv",
            "ledger affected --people people.csv --region EU --partner acme --since 7d --purpose 'a breach'",
            "ledger affected --people people.csv --since 7d --purpose 'a breach' --list",
            "ledger affected --people people.csv --since 7d --purpose 'a breach' --csv",
            "ledger affected --people people.csv --since 7d --purpose 'a breach' --list --csv",
            "ledger status",
            "ledger verify",
        ],
    ));
}

#[test]
fn what_can_not_be_asked_is_told_before_anything_is_asked() {
    let (_gate, machine) = opened();
    machine.write("people.csv", "17,EU\n\"18\",EU\n17,US\n");
    machine.write("good.csv", "17,EU\n");
    insta::assert_snapshot!(transcript(
        &machine,
        &[
            "ledger affected --people people.csv --since 7d --purpose x",
            "ledger affected --people nobody.csv --since 7d --purpose x",
            "ledger affected --people good.csv --region US --since 7d --purpose x",
            "ledger affected --people good.csv --partner acne --since 7d --purpose x",
            "ledger affected --people good.csv --since 7d --purpose ' '",
        ],
    ));
}

#[test]
fn an_answer_becomes_evidence_and_its_file_is_written_once() {
    let (_gate, machine) = opened();
    machine.write("people.csv", "17,EU\n");
    insta::assert_snapshot!(transcript(
        &machine,
        &[
            "ledger what --partner acme --since 7d --evidence sweep --save what.json",
            "ledger what --partner acme --since 7d --evidence sweep --save what.json",
            "ledger affected --people people.csv --since 7d --purpose x --evidence sweep --save affected.json",
            "ledger who --owner 17 --since 7d --purpose x --evidence swoop --save who.json",
        ],
    ));
    assert!(!machine.dir.path().join("who.json").exists(), "what was not added is not kept");
    let file: Value =
        serde_json::from_slice(&std::fs::read(machine.dir.path().join("what.json")).unwrap())
            .unwrap();
    assert_eq!(file["case"], "sweep");
    let case = machine.types("case show sweep").data;
    assert!(case.contains("what.json") && case.contains("digest only"), "{case}");
}

#[test]
fn sets_that_the_log_lost_are_taken_up_one_after_the_other_with_a_reason() {
    let (_gate, machine) = opened();
    insta::assert_snapshot!(transcript(
        &machine,
        &[
            "ledger adopt 2024-03-30T08.gate-1 2024-03-30T09.gate-1 --why 'The log was put back.'",
            "ledger adopt 2024-03-30T08.gate-1 other copy 2024-03-30T08.known 2024-03-30T09.gate-1 --why 'The log was put back.'",
            "ledger adopt --all --why 'The log was put back.'",
            "ledger adopt 2024-03-30T08.gate-1 --why ' '",
            "ledger adopt 2024-03-30T08.gate-1 --why 'The log was put back.' -o json",
        ],
    ));
}
