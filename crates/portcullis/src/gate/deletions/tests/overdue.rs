//! A deadline that passes, over a platform and the ledger itself: the clocks of one gate are turned.

use std::sync::atomic::Ordering;

use portcullis_plaza::{Plaza, Settings};

use super::*;
use crate::clock::ahead;

const CREDENTIAL: &str = "plaza-token-0123456789abcdef-only-the-gate-knows";
const HOUR: u64 = 3_600_000;
/// The account that `me` stands for.
const ACCOUNT: &str = "17841400000006647";

impl Bed {
    /// Both partners receive the account.
    fn deliver(&self) {
        let gate = self.gate.as_ref().unwrap();
        let url = format!("http://{}/v21.0/me?fields=id,username", gate.public());
        for (id, key) in &self.keys {
            let partner = PartnerId::new(id).unwrap();
            gate.grant(actor(), bootstrap::granted(&partner, &[ACCOUNT.to_owned()])).unwrap();
            let (status, answer) = self.get(&url, key);
            assert_eq!((status, &answer["id"]), (200, &json!(ACCOUNT)), "{answer}");
        }
    }

    /// Turns the clocks of the gate, and has it look at them: what is over is said before a wish is heard.
    fn turn(&self, milliseconds: u64) {
        ahead().fetch_add(milliseconds, Ordering::Relaxed);
        self.add(&format!("at-{}", ahead().load(Ordering::Relaxed)));
    }

    /// Events of a kind.
    fn events(&self, kind: &str) -> Vec<Value> {
        let (_, page) = self.get(&self.admin(&format!("/v1/audit/query?type={kind}")), &self.token);
        page["data"].as_array().unwrap_or_else(|| panic!("{page}")).clone()
    }

    /// The one list of a partner, as the report has it.
    fn list_of(&self, who: &str) -> Value {
        let report = self.admin(&format!("/v1/deletions/report?partner={who}"));
        let (_, report) = self.get(&report, &self.token);
        assert_eq!(report["data"].as_array().unwrap().len(), 1, "{report}");
        report["data"][0].clone()
    }

    /// Lists of the second partner that were overdue, and those among them that wait.
    fn overdue(&self) -> [Value; 2] {
        let (_, partner) = self.get(&self.admin("/v1/partners/other"), &self.token);
        ["overdue", "overdue_open"].map(|name| partner["deletions"][name].clone())
    }
}

#[test]
fn who_did_not_attest_when_the_clock_says_so_is_overdue_once_and_the_platform_sees_it() {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
    let platform = runtime.block_on(Plaza::start(Settings::new(CREDENTIAL))).unwrap();
    let upstream = format!("http://{}", platform.addr());
    let more = "\ndeletions:\n  overdue: [flag, open_case]\n";
    let mut bed = Bed::before((&upstream, Some(CREDENTIAL)), more, None);
    bed.deliver();
    let at = "2026-01-01T00:00:00Z";
    let closed = json!({"id": "e1", "what": "account_closed", "owner": ACCOUNT, "at": at});
    assert_eq!(bed.post(&[closed]).0, 200);
    let list = |who| bed.polled(who)["lists"][0]["batch"].as_str().unwrap().to_owned();
    let (own, others) = (list("acme"), list("other"));
    assert_eq!(bed.attest("other", &own, &json!({"done": "deleted"})).0, 404, "a list of another");
    assert_eq!(bed.attest("acme", &own, &json!({"done": "deleted"})).0, 200);

    // After a closed account partners have 72 hours.
    bed.turn(71 * HOUR);
    assert_eq!(bed.events("deletion.overdue"), Vec::<Value>::new());
    assert_eq!(bed.list_of("other")["state"], "waiting");
    bed.turn(2 * HOUR);
    let overdue = bed.events("deletion.overdue");
    let said = &overdue[0]["event"];
    assert_eq!((&said["partner"], &said["batch"]), (&json!("other"), &json!(others)), "{said}");
    let (_, signals) = bed.get(&bed.admin("/v1/signals?rule=deletions/overdue"), &bed.token);
    let signals = signals["data"].as_array().unwrap_or_else(|| panic!("{signals}"));
    let partners = signals.iter().map(|signal| &signal["partner"]);
    assert_eq!(partners.collect::<Vec<_>>(), ["other"]);
    let (_, cases) = bed.get(&bed.admin("/v1/cases"), &bed.token);
    assert!(cases["data"].as_array().is_some_and(|cases| cases.len() == 1), "{cases}");
    assert_eq!(bed.list_of("other")["state"], "overdue");
    let attested = bed.list_of("acme");
    assert_eq!((&attested["state"], &attested["deleted"]), (&json!("attested"), &json!(1)));

    // Once, whatever time passes and however often the gate starts.
    bed.turn(HOUR);
    bed.stop();
    bed.start(None);
    bed.turn(24 * HOUR);
    assert_eq!(bed.events("deletion.overdue").len(), 1);
    assert_eq!(bed.overdue(), [1, 1]);
    // It can be attested all the same, and is told from what came in time.
    assert_eq!(bed.attest("other", &others, &json!({"done": "never_stored"})).0, 200);
    assert_eq!(bed.list_of("other")["state"], "attested_late");
    assert_eq!(bed.overdue(), [1, 0]);
    bed.stop();
    runtime.block_on(platform.stop());
}
