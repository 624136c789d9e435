//! Entries of a batch: each judged alone, and what they share.

use super::{arrivals, bed::*};
use crate::{Batch, Bounds, Granted, PlatformCredential, SentBody, SentTarget, Verdict};

const TIER: &str = r##"
version: 1
tier: standard
about: For tests
scopes: [profile:read, media:read]
batch: true
rates: []
limits:
  - { id: calls, count: calls, max: 3, window: 24h }
allow:
  - { id: bios, class: [place.posts], target: any, limits: [calls] }
"##;

/// Judges a batch of these entries.
fn batch(bed: &mut Bed, entries: &str) -> Verdict {
    let body = format!("batch={}", portcullis_request::escaped(entries));
    let key = secret("a1");
    let keys = [key.as_bytes()];
    let arrival = arrivals::batch(&body, &keys);
    let now = bed.now;
    bed.desks[0].judge(&arrival, now, &PlatformCredential::Header)
}

/// What comes of each entry: a code, with the rule that said no.
fn codes(bed: &mut Bed, entries: &str) -> Vec<String> {
    let Ok(Granted::Batch(batch)) = batch(bed, entries).outcome else { panic!("{entries}") };
    let Batch { entries, mut together, .. } = *batch;
    let now = bed.now;
    let told = entries.iter().map(|entry| {
        let verdict =
            bed.desks[0].judge_entry(&mut together, entry, now, &PlatformCredential::Header);
        assert!(verdict.trace.partner.is_some() && verdict.trace.key.is_some());
        match &verdict.outcome {
            Ok(_) => "permitted".to_owned(),
            Err(refusal) => format!("{} by {}", refusal.row().code, verdict.trace.rule.unwrap()),
        }
    });
    told.collect()
}

/// A GET as an entry.
fn get(url: &str) -> String {
    format!(r#"{{"method":"GET","relative_url":"{url}"}}"#)
}

fn list(entries: &[String]) -> String {
    format!("[{}]", entries.join(","))
}

#[test]
fn each_entry_is_judged_as_if_it_had_come_alone() {
    let mut bed = Bed::with(TIER);
    let entries = [
        get("17841000000000001"),
        get("17841000000000001?fields=biography"),
        get("v20.0/100000000001/posts"),
        get("private/sweep"),
    ];
    assert_eq!(
        codes(&mut bed, &list(&entries)),
        [
            "permitted",
            "class_not_granted by standard/scopes",
            "permitted",
            "operation_unlisted by catalogue"
        ]
    );
}

#[test]
fn a_limit_counts_each_entry() {
    let mut bed = Bed::with(TIER);
    let entries: Vec<String> = (0..4).map(|n| get(&format!("10000000000{n}/posts"))).collect();
    assert_eq!(
        codes(&mut bed, &list(&entries)),
        ["permitted", "permitted", "permitted", "budget_reached by standard/calls"]
    );
}

#[test]
fn an_entry_that_cannot_be_judged_is_refused_in_its_place() {
    let mut bed = Bed::with(TIER);
    let file = r#"{"method":"POST","relative_url":"me/media","attached_files":"f"}"#;
    let inner = r#"{"method":"POST","relative_url":"","body":"batch=[]"}"#;
    let entries = [file.to_owned(), inner.to_owned(), get("17841000000000001")];
    assert_eq!(
        codes(&mut bed, &list(&entries)),
        ["not_judged by request", "not_judged by catalogue", "permitted"]
    );
}

#[test]
fn an_entry_may_bring_the_callers_own_key_and_no_other() {
    let mut bed = Bed::with(TIER);
    let with = |key: &str| {
        format!(r#"{{"method":"GET","relative_url":"17841000000000001","access_token":"{key}"}}"#)
    };
    let inside = |key: &str| get(&format!("17841000000000001?access_token={key}"));
    let (own, other) = (secret("a1"), secret("a2"));
    let entries =
        [with(&own), with(&other), with("never-issued"), inside(&own), inside(&other), with("")];
    assert_eq!(
        codes(&mut bed, &list(&entries)),
        [
            "permitted",
            "key_conflict by request",
            "key_conflict by request",
            "permitted",
            "key_conflict by request",
            "permitted"
        ]
    );
}

#[test]
fn no_entry_carries_the_callers_key_out() {
    let mut bed = Bed::with(TIER);
    let entries = [get(&format!("17841000000000001/media?limit=5&note={}", secret("a1")))];
    assert_eq!(codes(&mut bed, &list(&entries)), ["not_judged by catalogue"]);
    let Ok(Granted::Batch(batch)) = batch(&mut bed, &list(&[get("17841000000000001")])).outcome
    else {
        panic!("a batch")
    };
    let shown = format!("{batch:?}");
    assert!(!shown.contains(&secret("a1")), "{shown}");
    let Batch { entries, mut together, .. } = *batch;
    let now = bed.now;
    let verdict =
        bed.desks[0].judge_entry(&mut together, &entries[0], now, &PlatformCredential::Header);
    let (outbound, ..) = verdict.outcome.unwrap().call().unwrap().into_parts();
    assert!(matches!(outbound.target(), SentTarget::AsReceived | SentTarget::Written(_)));
    assert!(matches!(outbound.body(), SentBody::None));
}

#[test]
fn the_entries_of_a_batch_ask_for_no_more_than_one_call_may() {
    let mut bed = Bed::with_bounds(TIER, Bounds { asks_max: 3, ..Bounds::default() });
    let entries: Vec<String> = (0..4).map(|n| get(&format!("1784100000000000{n}"))).collect();
    let told = codes(&mut bed, &list(&entries));
    assert_eq!(told[..3], ["permitted", "permitted", "permitted"]);
    assert_eq!(told[3], "request_unreadable by catalogue");
    assert_eq!(codes(&mut bed, &list(&entries[..2])), ["permitted", "permitted"], "another batch");
}

#[test]
fn a_batch_that_is_not_agreed_is_refused_whole_also_if_that_changes_midway() {
    let mut bed = Bed::with(TIER);
    let entries = list(&[get("17841000000000001")]);
    let Ok(Granted::Batch(found)) = batch(&mut bed, &entries).outcome else { panic!("a batch") };
    bed.rules(&TIER.replace("batch: true", "batch: false"));
    let Batch { entries: parts, mut together, .. } = *found;
    let now = bed.now;
    let verdict =
        bed.desks[0].judge_entry(&mut together, &parts[0], now, &PlatformCredential::Header);
    assert_eq!(code(&verdict), "batch_not_agreed");
    assert_eq!(code(&batch(&mut bed, &entries)), "batch_not_agreed");
}
