//! Rates of partner, client and key, with a clock turned by hand.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use portcullis_policy::Per;

use super::{arrivals, bed::*};
use crate::PlatformCredential;

fn tier(rates: &str) -> String {
    TIER.replace("rates: []", &format!("rates: {rates}"))
}

#[test]
fn all_keys_of_a_partner_count_together_and_another_partner_spends_none_of_it() {
    let mut bed = Bed::with(&tier("[{ id: calls, per: partner, max: 2, window: 1m, burst: 2 }]"));
    bed.check("a1", PROFILE, "permitted");
    bed.check("a2", PROFILE, "permitted");
    bed.check("a1", PROFILE, "rate_reached");
    bed.check("z1", PROFILE, "permitted");
    bed.seconds_pass(30);
    bed.check("a1", PROFILE, "permitted");
    bed.check("a1", PROFILE, "rate_reached");
}

#[test]
fn each_key_has_its_own() {
    let mut bed = Bed::with(&tier("[{ id: calls, per: key, max: 1, window: 1m, burst: 1 }]"));
    for id in ["a1", "a2", "z1"] {
        bed.check(id, PROFILE, "permitted");
        bed.check(id, PROFILE, "rate_reached");
    }
}

#[test]
fn keys_without_a_client_count_as_one_client() {
    let mut bed = Bed::with(&tier("[{ id: calls, per: client, max: 1, window: 1m, burst: 1 }]"));
    bed.issue("a3", "acme", None, None, None);
    bed.check("a1", PROFILE, "permitted");
    bed.check("a3", PROFILE, "rate_reached");
    bed.check("a2", PROFILE, "permitted");
    bed.check("z1", PROFILE, "permitted");
}

#[test]
fn zero_means_none() {
    let mut bed = Bed::with(&tier("[{ id: none, per: key, max: 0, window: 1h }]"));
    let refusal = bed.judge_on(0, &secret("a1"), PROFILE).outcome.unwrap_err();
    assert_eq!(refusal.retry_after_seconds(), None);
    assert_eq!(refusal.detail(), "`none` allows no calls at all. Waiting will not help.");
}

#[test]
fn a_class_has_its_price_and_its_own_rate() {
    let rates = "[{ id: all, per: key, max: 60, window: 1m, burst: 10 },
                  { id: posts, per: key, max: 60, window: 1m, burst: 8, classes: [media.list] }]
costs: { media.list: 4 }";
    let mut bed = Bed::with(&tier(rates));
    bed.check("a1", MEDIA, "permitted");
    bed.check("a1", MEDIA, "permitted");
    let verdict = bed.judge_on(0, &secret("a1"), MEDIA);
    assert_eq!(verdict.trace.rule.as_deref(), Some("standard/posts"), "4 s beats 2 s");
    assert_eq!(verdict.outcome.unwrap_err().retry_after_seconds().map(|s| s.get()), Some(4));
    bed.check("a1", PROFILE, "permitted");
    bed.check("a1", PROFILE, "permitted");
    bed.check("a1", PROFILE, "rate_reached");
}

#[test]
fn the_most_restrictive_wins_and_a_refused_call_debits_nothing() {
    let rates = "[{ id: partner-calls, per: partner, max: 60, window: 1m, burst: 3 },
                  { id: key-calls, per: key, max: 2, window: 1m, burst: 1 }]";
    let mut bed = Bed::with(&tier(rates));
    bed.check("a1", PROFILE, "permitted");
    for _ in 0..50 {
        let verdict = bed.judge_on(0, &secret("a1"), PROFILE);
        assert_eq!(verdict.trace.rule.as_deref(), Some("standard/key-calls"));
    }
    let reading = bed.judge_on(0, &secret("a2"), PROFILE).trace.reading.unwrap();
    assert_eq!((reading.rate.as_str(), reading.per, reading.remaining), ("key-calls", Per::Key, 0));
    bed.issue("a3", "acme", None, None, None);
    bed.check("a3", PROFILE, "permitted");
    bed.issue("a4", "acme", None, None, None);
    bed.check("a4", PROFILE, "rate_reached");
}

#[test]
fn refused_calls_of_other_kinds_debit_nothing() {
    let mut bed = Bed::with(&tier("[{ id: calls, per: partner, max: 1, window: 1h, burst: 1 }]"));
    bed.check("a1", PLACE, "class_not_granted");
    bed.check("a1", NOWHERE, "operation_unlisted");
    bed.command(hold(key("a2")));
    bed.check("a2", PROFILE, "key_held");
    bed.check("a1", PROFILE, "permitted");
}

#[test]
fn what_was_used_stays_used_when_the_policy_changes() {
    let rate = |max: u32, burst: u32| {
        tier(&format!("[{{ id: calls, per: partner, max: {max}, window: 1h, burst: {burst} }}]"))
    };
    let mut bed = Bed::with(&rate(10, 3));
    for _ in 0..3 {
        bed.check("a1", PROFILE, "permitted");
    }
    bed.rules(&rate(10, 3));
    bed.check("a1", PROFILE, "rate_reached");
    bed.rules(&rate(100, 4));
    bed.check("a1", PROFILE, "permitted");
    bed.check("a1", PROFILE, "rate_reached");
    bed.check("z1", PROFILE, "permitted");
}

#[test]
fn a_state_change_leaves_the_count_alone() {
    let mut bed = Bed::with(&tier("[{ id: calls, per: key, max: 1, window: 1h, burst: 1 }]"));
    bed.check("a1", PROFILE, "permitted");
    bed.command(hold(key("a1")));
    bed.command(restore(key("a1")));
    bed.check("a1", PROFILE, "rate_reached");
}

#[test]
fn no_debit_is_lost_while_policies_change_under_running_calls() {
    let text = tier("[{ id: calls, per: partner, max: 300, window: 1d, burst: 300 }]");
    let mut bed = Bed::with(&text);
    let (done, permitted) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut desks: Vec<_> = (0..3).map(|_| bed.judge.desk()).collect();
    let now = bed.now;
    std::thread::scope(|scope| {
        for desk in &mut desks {
            let (done, permitted) = (&done, &permitted);
            scope.spawn(move || {
                let key = secret("a1");
                let keys: [&[u8]; 1] = [key.as_bytes()];
                let arrival = arrivals::get(PROFILE, None, &keys);
                while !done.load(Ordering::Relaxed) {
                    let verdict = desk.judge(&arrival, now, &PlatformCredential::Header);
                    match code(&verdict) {
                        "permitted" => permitted.fetch_add(1, Ordering::Relaxed),
                        "rate_reached" => 0,
                        other => panic!("{other}"),
                    };
                }
            });
        }
        // The same quota again and again, so that the account is carried while calls debit it.
        for _ in 0..200 {
            bed.rules(&text);
        }
        done.store(true, Ordering::Relaxed);
    });
    while bed.code("a2", PROFILE) == "permitted" {
        permitted.fetch_add(1, Ordering::Relaxed);
    }
    assert_eq!(permitted.load(Ordering::Relaxed), 300);
}
