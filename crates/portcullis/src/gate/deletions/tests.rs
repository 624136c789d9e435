//! Deletions through a whole gate and its two listeners: the platform posts, the partner polls and
//! attests, the platform reads who did. Who received what is known by a double; the ledger has its own
//! tests.

mod overdue;
mod vanishing;

use std::collections::BTreeMap;
use std::path::PathBuf;

use portcullis_registry::{Actor, ActorKind, Command, DeletionBacklog, Held, State, Use};
use serde_json::{Value, json};

use super::*;
use crate::config::{Secret, load};
use crate::gate::{Gate, bootstrap};
use crate::starter::{self, ConfigText, EXAMPLE_SET, Plan};

#[test]
fn what_cannot_be_matched_is_said_where_readiness_is_read() {
    let snapshot = State::new().snapshot();
    let fine = line(&DeletionHealth::default(), &snapshot);
    let none = "0 lists of deletions wait for partners, 0 of them overdue";
    assert_eq!(fine, (true, none.to_owned()));
    let backlog = DeletionBacklog { posts: 3, oldest: Some(Wall(5)), untold: 0 };
    let health = DeletionHealth { backlog, fault: Some(NO_LEDGER.to_owned()) };
    let (ok, told) = line(&health, &snapshot);
    assert!(!ok && told.contains("3 posted deletions are not matched yet: this gate keeps no"));
}

/// Knows who received what.
#[derive(Debug)]
struct Known(BTreeMap<&'static str, Vec<&'static str>>);

impl Holders for Known {
    fn holders(&self, asked: Vec<LedgerName>) -> BoxFuture<'_, Result<WhoHolds, HoldersError>> {
        let held = |partner: &&str| Held {
            partner: PartnerId::new(partner).unwrap(),
            first: Wall(1),
            last: Wall(2),
        };
        let of = |name: &str| self.0.get(name).into_iter().flatten().map(held).collect();
        let found = asked.iter().map(|(_, name)| of(name)).collect();
        Box::pin(async move { Ok(found) })
    }

    fn look_out(&self, _: Vec<(LedgerName, Wall)>) {}

    fn seen(&self) -> BoxFuture<'_, Vec<LedgerName>> {
        Box::pin(std::future::pending())
    }

    fn received(
        &self,
        _: Vec<String>,
        _: u32,
    ) -> BoxFuture<'_, Result<Vec<(PartnerId, u64)>, HoldersError>> {
        Box::pin(async { Ok(Vec::new()) })
    }
}

/// How long a test waits for what comes at once, and on a machine with much else to do later.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(120);

struct Bed {
    gate: Option<Gate>,
    config: PathBuf,
    agent: ureq::Agent,
    token: String,
    keys: BTreeMap<&'static str, String>,
    _dir: tempfile::TempDir,
}

impl Bed {
    fn new(holders: Arc<dyn Holders>) -> Self {
        Self::before(("http://127.0.0.1:9", None), "", Some(holders))
    }

    /// Before a platform, with more in its configuration.
    fn before(
        (upstream, credential): (&str, Option<&str>),
        more: &str,
        holders: Option<Arc<dyn Holders>>,
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let written = starter::write(&Plan {
            dir: dir.path().to_owned(),
            config: ConfigText {
                upstream: upstream.to_owned(),
                public_listen: "127.0.0.1:0".to_owned(),
                public_url: "http://gate.example".to_owned(),
                admin_listen: "127.0.0.1:0".to_owned(),
                records: "none",
            },
            platform_credential: credential.map(|text| Secret::new(text.to_owned())),
            set: EXAMPLE_SET.iter().map(|(n, t)| ((*n).to_owned(), (*t).to_owned())).collect(),
        })
        .unwrap();
        let text = std::fs::read_to_string(&written.config).unwrap();
        std::fs::write(&written.config, text + more).unwrap();
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let token = written.admin_token.expose().trim().to_owned();
        let (config, keys) = (written.config, BTreeMap::new());
        let mut bed = Self { gate: None, config, agent, token, keys, _dir: dir };
        bed.start(holders);
        bed.keys = ["acme", "other"].map(|id| (id, bed.add(id))).into();
        bed
    }

    /// Starts the gate, once more where it was stopped.
    fn start(&mut self, holders: Option<Arc<dyn Holders>>) {
        let config = load(&self.config).map_err(portcullis_yaml::Faults).unwrap();
        self.gate = Some(Gate::start_with(config, holders).unwrap());
    }

    fn stop(&mut self) {
        self.gate.take().into_iter().for_each(|gate| gate.stop());
    }

    /// Adds a partner; its key.
    fn add(&self, id: &str) -> String {
        self.add_for(id, Use::Publishing)
    }

    fn add_for(&self, id: &str, r#use: Use) -> String {
        let gate = self.gate.as_ref().unwrap();
        let partner = PartnerId::new(id).unwrap();
        let add = Command::AddPartner {
            id: partner.clone(),
            name: id.to_owned(),
            tier: None,
            r#use,
            declared_use: String::new(),
            scopes: None,
            facts: bootstrap::calls_per_hour(1000),
        };
        let submit = |command| gate.submit(actor(), command);
        submit(add).unwrap();
        let (_, key) = bootstrap::issue(&gate.minter(), (partner, None), submit).unwrap();
        key.expose().to_owned()
    }

    fn admin(&self, path: &str) -> String {
        format!("http://{}{path}", self.gate.as_ref().unwrap().admin())
    }

    fn metrics(&self) -> String {
        let mut page = self.agent.get(self.admin("/metrics")).call().unwrap();
        page.body_mut().read_to_string().unwrap()
    }

    fn partner(&self, path: &str) -> String {
        format!("http://{}/partner/v1/{path}", self.gate.as_ref().unwrap().public())
    }

    fn get(&self, url: &str, key: &str) -> (u16, Value) {
        read(self.agent.get(url).header("authorization", format!("Bearer {key}")).call())
    }

    fn send(&self, url: &str, key: &str, kind: &str, body: &str) -> (u16, Value) {
        let post = self.agent.post(url).header("authorization", format!("Bearer {key}"));
        read(post.header("content-type", kind).send(body))
    }

    fn post(&self, lines: &[Value]) -> (u16, Value) {
        let body: String = lines.iter().map(|line| format!("{line}\n")).collect();
        self.send(&self.admin("/v1/deletions"), &self.token, "application/x-ndjson", &body)
    }

    fn attest(&self, who: &str, batch: &str, said: &Value) -> (u16, Value) {
        let url = self.partner(&format!("deletions/{batch}/attest"));
        self.send(&url, &self.keys[who], "application/json", &said.to_string())
    }

    /// What a partner has to delete, once the report says that it was told.
    fn polled(&self, who: &str) -> Value {
        let report = self.admin(&format!("/v1/deletions/report?partner={who}"));
        until("the report says so", || self.get(&report, &self.token).1["data"] != json!([]));
        let (status, told) = self.get(&self.partner("deletions"), &self.keys[who]);
        assert_eq!(status, 200, "{told}");
        told
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Looks until something is so, and fails where it never is.
fn until(what: &str, so: impl Fn() -> bool) {
    let end = tokio::time::Instant::now() + PATIENCE;
    while !so() {
        assert!(tokio::time::Instant::now() < end, "after {PATIENCE:?} not yet: {what}");
        std::thread::yield_now();
    }
}

fn actor() -> Actor {
    Actor { kind: ActorKind::Local, id: "test".to_owned() }
}

fn read(answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> (u16, Value) {
    let mut answer = answer.unwrap();
    let text = answer.body_mut().read_to_string().unwrap();
    (answer.status().as_u16(), serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

fn deleted(id: &str, record: &str) -> Value {
    json!({"id": id, "what": "deleted", "record": record, "at": "2024-04-01T00:00:00Z"})
}

#[test]
fn the_platform_posts_the_partner_attests_and_the_report_says_so() {
    let holders = Known([("p1", vec!["acme"]), ("p2", vec!["acme"])].into());
    let bed = Bed::new(Arc::new(holders));
    let lines = [deleted("e1", "p1"), deleted("e2", "p2"), deleted("e3", "p3")];
    let (status, taken) = bed.post(&lines);
    assert_eq!((status, &taken["new"], &taken["known"]), (200, &json!(3), &json!(0)), "{taken}");
    let (status, again) = bed.post(&lines);
    assert_eq!((status, &again["new"], &again["known"]), (200, &json!(0), &json!(3)));
    let (status, otherwise) = bed.post(&[deleted("e9", "p9"), deleted("e1", "p7")]);
    assert_eq!((status, &otherwise["entries"][0]["line"]), (422, &json!(2)), "{otherwise}");
    let told = bed.polled("acme");
    let records: Vec<_> =
        told["data"].as_array().unwrap().iter().map(|one| &one["record"]).collect();
    assert_eq!(records, ["p1", "p2"]);
    let (_, none) = bed.get(&bed.partner("deletions"), &bed.keys["other"]);
    assert_eq!(
        (&none["data"], &none["lists"]),
        (&json!([]), &json!([])),
        "who has nothing hears nothing"
    );
    let batch = told["lists"][0]["batch"].as_str().unwrap();
    assert_eq!(bed.attest("other", batch, &json!({"done": "deleted"})).0, 404);
    let but = json!([{"seq": told["data"][1]["seq"], "done": "kept", "reason": "a court asked"}]);
    let said = json!({"done": "deleted", "but": but});
    let (status, done) = bed.attest("acme", batch, &said);
    assert_eq!(status, 200, "{done}");
    assert_eq!(bed.attest("acme", batch, &said).0, 404, "once");
    let (_, report) = bed.get(&bed.admin("/v1/deletions/report?partner=acme"), &bed.token);
    let list = &report["data"][0];
    assert_eq!(
        (&list["state"], &list["deleted"], &list["kept"]),
        (&json!("attested"), &json!(1), &json!(1)),
        "{report}"
    );
    let (_, whole) = bed.get(&bed.admin(&format!("/v1/deletions/lists/{batch}")), &bed.token);
    assert_eq!(
        whole["stays"],
        json!([{"id": "e2", "record": "p2", "owner": null, "reason": "a court asked"}])
    );
    let (_, partner) = bed.get(&bed.admin("/v1/partners/acme"), &bed.token);
    assert_eq!(partner["deletions"]["kept"], json!(1), "{partner}");
    let (status, receipt) =
        bed.get(&bed.partner(&format!("receipts/{}", done["revision"])), &bed.keys["acme"]);
    assert_eq!(status, 200, "{receipt}");
}

#[test]
fn without_a_ledger_a_post_is_kept_and_readiness_says_that_it_waits() {
    let bed = Bed::new(Arc::new(NoLedger));
    assert_eq!(bed.post(&[deleted("e1", "p1")]).0, 200);
    loop {
        let (_, ready) = bed.get(&bed.admin("/readyz?verbose"), "");
        if ready.to_string().contains("1 posted deletions are not matched yet") {
            break;
        }
        std::thread::yield_now();
    }
    let (_, figures) = bed.get(&bed.admin("/metrics"), "");
    assert!(figures.as_str().unwrap().contains("portcullis_deletions_unmatched 1"));
}

#[test]
fn a_line_that_is_no_deletion_is_named_and_nothing_of_its_batch_is_taken() {
    let bed = Bed::new(Arc::new(Known(BTreeMap::new())));
    let wrong = [
        json!({"id": "e2", "what": "burnt", "record": "p", "at": "2024-04-01"}),
        json!({"id": "e2", "what": "deleted", "at": "2024-04-01"}),
        json!({"id": "e2", "what": "deleted", "record": "p", "owner": "u", "at": "2024-04-01"}),
        json!({"id": "e2", "what": "account_closed", "record": "p", "at": "2024-04-01"}),
        json!({"id": "e2", "what": "deleted", "record": "p", "at": "2999-04-01"}),
        json!({"id": "e2", "what": "deleted", "record": "a b", "at": "2024-04-01"}),
    ];
    for line in wrong {
        let (status, told) = bed.post(&[deleted("e1", "p1"), line.clone()]);
        assert_eq!((status, &told["entries"][0]["line"]), (422, &json!(2)), "{line} {told}");
    }
    let (_, taken) = bed.post(&[deleted("e1", "p1")]);
    assert_eq!(taken["new"], json!(1), "nothing of those batches was taken");
}
