//! The sample platform with a ledger, and a look at what is sent, what leaves and what is noted of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use portcullis_catalogue::Catalogue;
use portcullis_keys::DayKey;
use portcullis_policy::PolicySet;
use portcullis_sieve::{Gate, Sieve};
use portcullis_types::{
    ClassIx, ClassSet, KeyIx, LedgerAnswer, LedgerDigest, LedgerKind, LedgerLevel, LedgerRecord,
    PartnerIx, Revision, Wall,
};
use portcullis_yaml::{Faults, Source};

use super::super::{arrivals, bed::*};
use crate::{
    Arrival, Batch, Duties, Granted, LedgerKeys, Ledgered, PlatformCredential, Rules, SentTarget,
    Verdict,
};

const PLAZA: &str = include_str!("../../../../../policies/plaza/routes/plaza.yaml");

pub(super) const TIER: &str =
    "version: 1\ntier: standard\nabout: For tests\nscopes: [all]\nbatch: true\nrates: []\n";

/// 2024-03-31, the day of the bed's clock.
pub(super) const TODAY: u32 = 19_813;

/// Where what leaves is noted.
pub(super) struct Noting {
    pub(super) bed: Bed,
    classes: Vec<String>,
}

/// A call that was permitted, and what its answer falls under.
pub(super) struct Passed {
    pub(super) sent: String,
    duties: Option<Arc<Duties>>,
    key: KeyIx,
    pub(super) told: Option<Ledgered>,
}

/// What came of an answer.
pub(super) struct Noted {
    pub(super) left: String,
    pub(super) answer: Option<LedgerAnswer>,
}

pub(super) fn day_key(day: u32) -> Arc<DayKey> {
    Arc::new(DayKey::new(day, &[7; 32]))
}

impl Noting {
    pub(super) fn new() -> Self {
        Self::of(TIER, PLAZA)
    }

    pub(super) fn of(tier: &str, routes: &str) -> Self {
        let bed = Bed::with(super::super::bed::TIER);
        let source = |name: &str, text: &str| Source { name: name.into(), text: Arc::from(text) };
        let catalogue = Catalogue::compile(&[source("r.yaml", routes)]);
        let catalogue = catalogue.unwrap_or_else(|faults| panic!("{}", Faults(faults)));
        let classes: Vec<String> =
            catalogue.classes().map(|class| class.as_str().to_owned()).collect();
        let all = classes.iter().skip(1).map(String::as_str).collect::<Vec<_>>().join(", ");
        let scopes = format!("version: 1\nscopes:\n  all: {{ about: All, classes: [{all}] }}\n");
        let policies = [source("s.yaml", &scopes), source("t.yaml", tier)];
        let policies = PolicySet::compile(&policies, &catalogue);
        let policies = policies.unwrap_or_else(|faults| panic!("{}", Faults(faults)));
        let rules = Rules { catalogue, policies, revision: Revision(0), set: "test".into() };
        bed.judge.set_rules(Arc::new(rules));
        bed.judge.publish(bed.state.snapshot());
        bed.judge.set_ledger(Some(LedgerKeys::new(vec![day_key(TODAY)])));
        Self { bed, classes }
    }

    pub(super) fn call(&mut self, call: &str) -> Result<Passed, String> {
        let (method, target) = call.split_once(' ').unwrap_or(("GET", call));
        let (path, query) = target.split_once('?').map_or((target, None), |(p, q)| (p, Some(q)));
        let key = secret("a1");
        let keys = [key.as_bytes()];
        let arrival = Arrival { method, ..arrivals::get(path, query, &keys) };
        let now = self.bed.now;
        permitted(self.bed.desks[0].judge(&arrival, now, &PlatformCredential::Header))
    }

    /// The one entry of a batch.
    pub(super) fn entry(&mut self, url: &str) -> Passed {
        let entries = format!(r#"[{{"method":"GET","relative_url":"{url}"}}]"#);
        let body = format!("batch={}", portcullis_request::escaped(&entries));
        let key = secret("a1");
        let keys = [key.as_bytes()];
        let (now, platform) = (self.bed.now, PlatformCredential::Header);
        let desk = &mut self.bed.desks[0];
        let granted = desk.judge(&arrivals::batch(&body, &keys), now, &platform).outcome;
        let Ok(Granted::Batch(batch)) = granted else { panic!("{url}") };
        let Batch { entries, mut together, .. } = *batch;
        permitted(desk.judge_entry(&mut together, &entries[0], now, &platform)).unwrap()
    }

    /// What leaves of an answer, and what is noted of it.
    pub(super) fn answered(&mut self, passed: Passed, answer: &str) -> Noted {
        let Passed { duties, key, mut told, .. } = passed;
        let look = told.as_mut().and_then(Ledgered::take_look);
        let (mut left, mut seen) = ("as it is".to_owned(), None);
        if let Some(duties) = duties {
            let now = self.bed.now;
            let items = self.bed.desks[0].items(key, &duties, look, now);
            let gate = Arc::new(Gate::new("https://gate"));
            let seconds = i64::try_from(now.wall.0 / 1000).unwrap();
            let mut sieve = Sieve::new(Arc::clone(&duties.program), gate, seconds, items);
            let mut out = Vec::new();
            let passed = sieve.push(answer.as_bytes(), &mut out).and_then(|()| sieve.finish());
            left = match passed {
                Ok(()) => String::from_utf8(out).unwrap(),
                Err(fault) => format!("{fault:?}"),
            };
            seen = sieve.items_mut().recorded();
        }
        let answer = told.map(|told| {
            let mut answer = blank();
            told.fill(seen, &mut answer);
            answer
        });
        Noted { left, answer }
    }

    /// `records`: one line each, as [`Self::shown`] writes them; ids are those of call and answer.
    #[track_caller]
    pub(super) fn check(
        &mut self,
        call: &str,
        sent: &str,
        (answer, left): (&str, &str),
        records: &[&str],
    ) -> LedgerAnswer {
        let passed = self.call(call).unwrap_or_else(|refused| panic!("{call}: {refused}"));
        self.check_passed(call, passed, sent, (answer, left), records)
    }

    #[track_caller]
    pub(super) fn check_passed(
        &mut self,
        call: &str,
        passed: Passed,
        sent: &str,
        (answer, left): (&str, &str),
        records: &[&str],
    ) -> LedgerAnswer {
        assert_eq!(passed.sent, sent, "{call}");
        let noted = self.answered(passed, answer);
        assert_eq!(noted.left, left, "{call}");
        let told = noted.answer.unwrap();
        let shown: Vec<String> =
            told.records().map(|record| self.shown(&record, &format!("{call} {answer}"))).collect();
        assert_eq!(shown, records, "{call}");
        assert_eq!(told.level, LedgerLevel::Digests);
        told
    }

    /// Class, then record, owner, place and cell; `-` where there is none, `?` where it is of no text.
    fn shown(&self, record: &LedgerRecord, texts: &str) -> String {
        let key = day_key(TODAY);
        let mut known: BTreeMap<LedgerDigest, &str> = BTreeMap::new();
        for word in texts.split(|letter: char| !letter.is_ascii_alphanumeric()) {
            for kind in [LedgerKind::Record, LedgerKind::Owner, LedgerKind::Place] {
                known.insert(key.digest(kind, word), word);
            }
        }
        let of = |kind: LedgerKind, digest: Option<LedgerDigest>| {
            let Some(digest) = digest else { return "-" };
            let word = known.get(&digest).copied().unwrap_or("?");
            // Each kind is digested apart.
            if key.digest(kind, word) == digest { word } else { "?" }
        };
        format!(
            "{} {} {} {} {}",
            self.classes[record.class.at()],
            of(LedgerKind::Record, record.id),
            of(LedgerKind::Owner, record.owner),
            of(LedgerKind::Place, record.place),
            record.cell.map_or("-".to_owned(), |cell| cell.to_string()),
        )
    }
}

fn permitted(verdict: Verdict) -> Result<Passed, String> {
    match verdict.outcome {
        Ok(Granted::Call(mut permit)) => {
            let (key, told) = (permit.key, permit.take_ledgered());
            let (outbound, _, duties) = permit.into_parts();
            let sent = match outbound.target() {
                SentTarget::AsReceived => "as received".to_owned(),
                SentTarget::Written(text) => text.clone(),
            };
            Ok(Passed { sent, duties, key, told })
        }
        Ok(Granted::Batch(_)) => panic!("a batch"),
        Err(refusal) => Err(refusal.row().code.to_owned()),
    }
}

fn blank() -> LedgerAnswer {
    LedgerAnswer {
        at: Wall(0),
        request: "req_1".into(),
        partner: PartnerIx(0),
        client: None,
        key: KeyIx(0),
        operation: None,
        class: ClassIx(0),
        passed: None,
        policy: Revision(0),
        level: LedgerLevel::Off,
        rows: 0,
        counted: false,
        fields: ClassSet::EMPTY,
        bytes: 1,
        whole: true,
        answers: 1,
        digested: None,
    }
}
