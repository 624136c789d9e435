//! Questions to the ledger: who may ask, what is demanded first, and what stands in the log of it.

use std::sync::{Arc, Mutex};

use crate::gate::{Gate, NOON, TOKEN};
use portcullis_control::{
    ControlSettings, LEDGER_PEOPLE_MAX, LedgerDesk, LedgerFault, LedgerPerson, LedgerQuestion,
    LedgerTaken,
};
use portcullis_registry::Anchor;
use portcullis_types::Wall;
use serde_json::{Value, json};

/// Remembers what it was asked; answers nothing while it is busy.
#[derive(Debug, Default)]
struct Asked {
    questions: Mutex<Vec<LedgerQuestion>>,
    busy: bool,
}

impl LedgerDesk for Asked {
    fn status(&self) -> Value {
        json!({ "ok": true })
    }

    fn ask(&self, question: &LedgerQuestion) -> Result<Value, LedgerFault> {
        if self.busy {
            return Err(LedgerFault::Busy(2));
        }
        self.questions.lock().unwrap().push(question.clone());
        Ok(json!({ "records": 3 }))
    }

    fn evidence(&self, question: &LedgerQuestion) -> Result<LedgerTaken, LedgerFault> {
        let answer = self.ask(question)?;
        if question.time().1 < NOON {
            return Err(LedgerFault::NotAnchored);
        }
        let members = json!({ "answer": answer, "not_anchored": 2, "sets": [1, 2] });
        let Value::Object(members) = members else { panic!() };
        Ok(LedgerTaken { members, sets: 2 })
    }

    fn unanchored(&self, set: &str) -> Result<Anchor, LedgerFault> {
        if set.ends_with("known") {
            return Err(LedgerFault::InLog);
        }
        if !set.starts_with("2024") {
            return Err(LedgerFault::NoSuchSet(format!("no set `{set}` is there")));
        }
        let (hour, writer) = (Wall(0), "gate-1".to_owned());
        Ok(Anchor { hour, writer, files: Vec::new(), answers: 2, records: 50, why: None })
    }
}

fn open(busy: bool) -> (Gate, Arc<Asked>) {
    let asked = Arc::new(Asked { busy, ..Asked::default() });
    let ledger = Some(Arc::clone(&asked) as _);
    (Gate::with(ControlSettings { ledger, ..ControlSettings::default() }), asked)
}

fn get(gate: &Gate, path: &str) -> (u16, Value) {
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    let request = agent.get(format!("{}{path}", gate.url));
    let mut answer = request.header("authorization", format!("Bearer {TOKEN}")).call().unwrap();
    (answer.status().as_u16(), answer.body_mut().read_json().unwrap())
}

fn post(gate: &Gate, path: &str, body: &Value) -> (u16, Value) {
    let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
    let request = agent.post(format!("{}{path}", gate.url));
    let request = request.header("authorization", format!("Bearer {TOKEN}"));
    let mut answer = request.send_json(body).unwrap();
    (answer.status().as_u16(), answer.body_mut().read_json().unwrap())
}

#[test]
fn a_question_about_a_person_stands_in_the_log_with_what_it_is_for_before_it_is_answered() {
    let (gate, asked) = open(false);
    let ask = "/v1/ledger/who?owner=17841&since=7d";
    assert_eq!(get(&gate, ask).0, 400, "without a purpose");
    let (status, refused) = get(&gate, &format!("{ask}&purpose=%20"));
    assert_eq!((status, refused["code"].as_str()), (422, Some("text_missing")), "{refused}");
    let (status, refused) = get(&gate, &format!("{ask}&purpose=x&case=sweep"));
    assert!(status >= 400, "an unknown case: {refused}");
    assert!(asked.questions.lock().unwrap().is_empty(), "nothing was answered");
    let (status, told) = get(&gate, &format!("{ask}&purpose=a%20complaint"));
    assert_eq!((status, &told["records"]), (200, &json!(3)), "{told}");
    let event = get(&gate, &format!("/v1/audit/{}", told["asked"])).1;
    assert_eq!(event["event"]["type"], "ledger.asked", "{event}");
    assert_eq!(event["event"]["purpose"], "a complaint", "{event}");
    let since = Wall(NOON.0 - 7 * 86_400_000);
    let owner = "17841".to_owned();
    let question = LedgerQuestion::Who { owner, since, until: NOON };
    assert_eq!(*asked.questions.lock().unwrap(), [question]);
}

#[test]
fn a_question_that_can_not_be_answered_says_why() {
    let (gate, asked) = open(false);
    for (path, word) in [
        ("/v1/ledger/what?partner=acme&since=1d&until=2d", "ends after its beginning"),
        ("/v1/ledger/what?partner=acme", "missing field `since`"),
        ("/v1/ledger/between?from=then", "is no moment"),
        ("/v1/ledger/who?owner=&since=1d&purpose=x", "is no id of an account"),
    ] {
        let (status, told) = get(&gate, path);
        assert_eq!(status, 400, "{path}: {told}");
        assert!(told["detail"].as_str().unwrap().contains(word), "{path}: {told}");
    }
    assert!(asked.questions.lock().unwrap().is_empty());
    assert_eq!(get(&gate, "/v1/ledger").0, 200);
    let (busy, _) = open(true);
    let (status, told) = get(&busy, "/v1/ledger/verify");
    assert_eq!((status, told["code"].as_str()), (503, Some("ledger_busy")), "{told}");
    let (status, told) = get(&Gate::open(), "/v1/ledger/verify");
    assert_eq!((status, told["code"].as_str()), (409, Some("ledger_off")), "{told}");
}

fn people(people: &Value) -> Value {
    json!({ "since": "7d", "purpose": "a breach", "people": people })
}

#[test]
fn who_asks_about_many_people_says_what_for_and_the_log_names_none_of_them() {
    let (gate, asked) = open(false);
    let some = json!([{ "id": "2", "region": "EU" }, { "id": "1" }, { "id": "1" }]);
    let (status, told) = post(&gate, "/v1/ledger/affected", &people(&some));
    assert_eq!((status, &told["records"]), (200, &json!(3)), "{told}");
    let event = get(&gate, &format!("/v1/audit/{}", told["asked"])).1;
    assert_eq!(event["event"]["question"], "affected", "{event}");
    // This office seals nothing; the store's does.
    assert_eq!(event["event"]["person"], "1, 2", "{event}");
    let crowd: Vec<Value> = (0..500).map(|id| json!({ "id": id.to_string() })).collect();
    let told = post(&gate, "/v1/ledger/affected", &people(&crowd.into())).1;
    let event = get(&gate, &format!("/v1/audit/{}", told["asked"])).1;
    let person = event["event"]["person"].as_str().unwrap();
    assert!(person.starts_with("500 accounts; SHA-256 of their ids, sorted"), "{person}");
    asked.questions.lock().unwrap().pop();
    let questions = asked.questions.lock().unwrap().clone();
    let [LedgerQuestion::Affected { people: found, list: false, .. }] = &questions[..] else {
        panic!("{questions:?}")
    };
    let person = |id: &str, region: Option<&str>| LedgerPerson {
        id: id.to_owned(),
        region: region.map(str::to_owned),
    };
    assert_eq!(*found, [person("1", None), person("2", Some("EU"))], "each once");
    let many: Vec<Value> =
        (0..=LEDGER_PEOPLE_MAX).map(|id| json!({ "id": id.to_string() })).collect();
    for (some, word) in [
        (json!([]), "`people` has 0 entries: send 1 to 100000"),
        (many.into(), "`people` has 100001 entries"),
        (json!([{ "id": "1" }, { "id": "" }]), "`people[1].id` is no id of an account"),
        (json!([{ "id": "1", "region": "" }]), "`people[0].region` is no region"),
        (json!([{ "id": "1", "region": "EU" }, { "id": "1" }]), "somebody twice, with two regions"),
    ] {
        let (status, told) = post(&gate, "/v1/ledger/affected", &people(&some));
        assert_eq!(status, 400, "{told}");
        assert!(told["detail"].as_str().unwrap().contains(word), "{told}");
    }
    let unknown =
        json!({ "since": "7d", "purpose": "x", "people": [{ "id": "1" }], "partner": "nobody" });
    let (status, told) = post(&gate, "/v1/ledger/affected", &unknown);
    assert_eq!((status, told["code"].as_str()), (404, Some("unknown_partner")), "{told}");
    assert_eq!(asked.questions.lock().unwrap().len(), 1, "nothing else was answered");
}

#[test]
fn an_answer_becomes_evidence_of_an_open_case_by_the_digest_of_the_file_that_is_handed_out() {
    let (gate, _asked) = open(false);
    let ask = json!({ "who": { "owner": "17841", "since": "7d", "purpose": "a complaint" } });
    let wanted = json!({ "case": "sweep", "ask": ask });
    let (status, told) = post(&gate, "/v1/ledger/evidence", &wanted);
    assert!(status >= 400, "there is no such case: {told}");
    assert_eq!(post(&gate, "/v1/cases", &json!({ "id": "sweep", "title": "A sweep" })).0, 201);
    let (status, told) = post(&gate, "/v1/ledger/evidence", &wanted);
    assert_eq!(status, 200, "{told}");
    let case = get(&gate, "/v1/cases/sweep").1;
    assert_eq!(case["evidence"][0]["sha256"], told["sha256"], "{case}");
    assert_eq!(case["evidence"][0]["name"], "ledger who");
    assert_eq!(case["evidence"][0]["kept"], false, "the gate has its digest alone");
    let file: Value = serde_json::from_str(told["file"].as_str().unwrap()).unwrap();
    assert_eq!((&file["case"], &file["not_anchored"]), (&json!("sweep"), &json!(2)), "{file}");
    assert_eq!(told["answer"]["records"], 3, "{told}");
    let asked = get(&gate, &format!("/v1/audit/{}", file["asked"])).1;
    assert_eq!(asked["event"]["case"], "sweep", "{asked}");
    let before = json!({ "what": { "partner": "acme", "since": "7d", "until": "6d" } });
    let wanted = json!({ "case": "sweep", "name": "before", "ask": before });
    let (status, told) = post(&gate, "/v1/ledger/evidence", &wanted);
    assert_eq!((status, told["code"].as_str()), (409, Some("ledger_not_anchored")), "{told}");
}

#[test]
fn a_set_that_the_log_lost_is_taken_up_by_an_event_that_says_why_and_no_other_one_is() {
    let (gate, _asked) = open(false);
    let adopt = |set: &str, why: &str| {
        post(&gate, "/v1/ledger/adoptions", &json!({ "set": set, "why": why }))
    };
    let (status, told) = adopt("2024-03-30T08.gate-1", "put back from a copy");
    assert_eq!(
        (status, &told["answers"], &told["records"]),
        (200, &2.into(), &50.into()),
        "{told}"
    );
    let (_, event) = get(&gate, &format!("/v1/audit/{}", told["revision"]));
    assert!(event.to_string().contains("put back from a copy"), "{event}");
    let (status, told) = adopt("2024-03-30T08.gate-1", " ");
    assert!(status == 422 && told.to_string().contains("reason"), "{status} {told}");
    let (status, told) = adopt("2024-03-30T08.known", "put back from a copy");
    assert_eq!((status, &told["revision"]), (200, &Value::Null), "{told}");
    let (status, told) = adopt("of-nobody", "put back from a copy");
    assert_eq!((status, &told["code"]), (409, &"ledger_no_such_set".into()), "{told}");
}
