//! Questions to the ledger: who may ask, what is demanded first, and what stands in the log of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    missing_docs,
    reason = "tests"
)]

mod gate;

use std::sync::{Arc, Mutex};

use gate::{Gate, NOON, TOKEN};
use portcullis_control::{ControlSettings, LedgerDesk, LedgerFault, LedgerQuestion};
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
