//! What one call costs on one thread: `canonicalise`, `identify`, `decide`, and `judge` for all of
//! it from bytes to permit, rates included.
//!
//! The rules are the shipped ones for Plaza; the directory holds 100,000 keys. Must not measure
//! sockets or HTTP libraries.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a bench may stop at the first surprise"
)]

use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use criterion::Criterion;
use portcullis_catalogue::Catalogue;
use portcullis_judge::{Judge, PlatformCredential, Rules};
use portcullis_keys::{KeyDirectory, Pepper, Peppers, mint};
use portcullis_policy::{Caller, FigureIx, Known, ListIx, PolicySet, Ruling};
use portcullis_registry::{Actor, ActorKind, Command, Facts, KeyStart, Place, State, Use};
use portcullis_request::{Arrival, Bounds, Texts, ask, canonicalise};
use portcullis_types::asked::Target;
use portcullis_types::{KeyId, KeyIx, Mono, Now, PartnerId, Revision, TierName, Wall};
use portcullis_yaml::Source;

const KEYS: u32 = 100_000;
const TIER: &str = "version: 1
tier: bench
about: Rates that a bench does not reach
scopes: [profile:read, media:read]
rates:
  - { id: calls-per-second, per: key, max: 1000000000, window: 1s, burst: 1000000000 }
  - { id: calls-per-minute, per: partner, max: 1000000000, window: 1m, burst: 1000000000 }
";

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    bench(&mut criterion);
    criterion.final_summary();
}

fn bench(criterion: &mut Criterion) {
    let rules = Arc::new(rules());
    let key = key(KEYS / 2);
    let header_keys: [&[u8]; 1] = [key.as_bytes()];
    let arrival = Arrival {
        method: "GET",
        path: "/v21.0/17841000000000001/media",
        query: Some("fields=id,caption,timestamp&limit=25"),
        content_type: None,
        header_keys: &header_keys,
        body: &[],
        has_body: false,
    };
    let (catalogue, bounds) = (&rules.catalogue, Bounds::default());

    criterion.bench_function("canonicalise", |b| {
        b.iter(|| canonicalise(black_box(&arrival), catalogue, &bounds).is_ok());
    });

    let (peppers, directory) = (peppers(), KeyDirectory::new());
    for ix in 0..KEYS {
        directory.insert(&peppers.digest(self::key(ix).as_bytes()), KeyIx(ix)).unwrap();
    }
    criterion.bench_function("identify", |b| {
        b.iter(|| directory.get(&peppers.digest(black_box(key.as_bytes()))));
    });

    let canonical = canonicalise(&arrival, catalogue, &bounds).unwrap();
    let tier = rules.policies.tier_at(rules.policies.tier("bench").unwrap()).unwrap();
    let who = Caller { granted: &tier.classes, known: &Nobody, now: Wall(1_711_886_400_000) };
    let mut ruling = Ruling::default();
    criterion.bench_function("decide", |b| {
        b.iter(|| {
            let texts = Texts::default();
            let asks = ask(black_box(&canonical), catalogue, &bounds, &texts).unwrap();
            tier.judge(&asks, &who, catalogue, &mut ruling).is_ok()
        });
    });

    let judge = judge(Arc::clone(&rules));
    let mut desk = judge.desk();
    let mut now = Now { wall: Wall(1_711_886_400_000), mono: Mono(3_600_000_000_000) };
    let verdict = desk.judge(&arrival, now, &PlatformCredential::Header);
    assert!(verdict.outcome.is_ok(), "{:?}", verdict.outcome);
    criterion.bench_function("judge", |b| {
        b.iter(|| {
            now.mono.0 += 1_000;
            desk.judge(black_box(&arrival), now, &PlatformCredential::Header).outcome.is_ok()
        });
    });
    let mut desk = judge.desk().remembering();
    criterion.bench_function("judge and remember", |b| {
        b.iter(|| {
            now.mono.0 += 1_000;
            desk.judge(black_box(&arrival), now, &PlatformCredential::Header).outcome.is_ok()
        });
    });
}

/// A partner that declared nothing and whom nobody authorised.
struct Nobody;

impl Known for Nobody {
    fn declared(&self, _: ListIx, _: &Target<'_>) -> bool {
        false
    }
    fn is_granted(&self, _: &Target<'_>) -> bool {
        false
    }
    fn count(&self, _: ListIx) -> u64 {
        0
    }
    fn grants(&self) -> u64 {
        0
    }
    fn figure(&self, _: FigureIx) -> Option<u64> {
        None
    }
    fn review_lapsed(&self) -> Option<Wall> {
        None
    }
}

fn peppers() -> Peppers {
    let text = "8f1d0c3b5a79e2461f0a9b8c7d6e5f40112233445566778899aabbccddeeff00";
    Peppers::new(Pepper::from_text(text).unwrap(), None)
}

/// A key like those that are issued, made of its number.
fn key(number: u32) -> String {
    let mut random = [7; 40];
    random[..4].copy_from_slice(&number.to_be_bytes());
    random[36..].copy_from_slice(&number.to_be_bytes());
    mint("live", &random).unwrap().text.expose().to_owned()
}

fn rules() -> Rules {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/plaza");
    let source = |name: &str| {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        Source { name: name.into(), text: Arc::from(text) }
    };
    let tier = Source { name: "policies/bench.yaml".into(), text: Arc::from(TIER) };
    let catalogue = Catalogue::compile(&[source("routes/plaza.yaml")]).unwrap();
    let policies = PolicySet::compile(&[source("policies/scopes.yaml"), tier], &catalogue).unwrap();
    Rules { catalogue, policies, revision: Revision(0), set: "bench".into() }
}

/// A judge with one partner and all keys.
fn judge(rules: Arc<Rules>) -> Arc<Judge> {
    let judge = Arc::new(Judge::new(peppers(), Bounds::default()));
    let (mut state, mut revision) = (State::new(), 0);
    let partner = PartnerId::new("acme").unwrap();
    let by = Actor { kind: ActorKind::Local, id: "bench".to_owned() };
    let mut submit = |command: Command| {
        for event in state.handle(&by, &command, Wall(0)).unwrap().events {
            let place =
                Place { revision: Revision(revision), ts: Wall(0), by: &by, approver: None };
            state.apply(place, &event, &|_| None).unwrap();
            revision += 1;
        }
    };
    submit(Command::AddPartner {
        id: partner.clone(),
        name: "Acme".into(),
        tier: Some(TierName::new("bench").unwrap()),
        r#use: Use::Research,
        declared_use: String::new(),
        scopes: None,
        facts: Facts::default(),
    });
    for ix in 0..KEYS {
        submit(Command::IssueKey {
            id: KeyId::new(&format!("k{ix}")).unwrap(),
            partner: partner.clone(),
            client: None,
            scopes: None,
            start: KeyStart::AtOnce,
            expires: None,
            digest: judge.peppers().digest(key(ix).as_bytes()).to_string(),
            pepper: judge.peppers().current().fingerprint().to_owned(),
            binding: Default::default(),
            identity: None,
            label: String::new(),
        });
    }
    judge.set_rules(rules);
    judge.publish(state.snapshot());
    judge
}
