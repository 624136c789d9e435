//! What a caller's key and the platform's credential never touch.

use std::sync::Arc;

use portcullis_keys::{Pepper, Peppers, Secret};
use portcullis_types::Now;

use super::{arrivals, bed::*};
use crate::{Bounds, Judge, PlatformCredential, SentTarget};

const CREDENTIAL: &str = "platform-credential-4711";

#[test]
fn the_platforms_credential_is_in_what_is_sent_and_nowhere_else() {
    let mut bed = Bed::with(TIER);
    let query = PlatformCredential::Query {
        name: "access_token".into(),
        value: Secret::new(CREDENTIAL.into()),
    };
    let key = secret("a1");
    let asked = format!("access_token={key}&fields=id");
    let arrival = arrivals::get(PROFILE, Some(&asked), &[]);
    let verdict = bed.desks[0].judge(&arrival, bed.now, &query);
    for printed in [format!("{verdict:?}"), format!("{query:?}"), format!("{:?}", bed.judge)] {
        assert!(!printed.contains(CREDENTIAL) && !printed.contains(&key), "{printed}");
    }
    let (_, target, _) = verdict.outcome.unwrap().call().unwrap().into_outbound().into_parts();
    let SentTarget::Written(target) = target else { panic!("the key had to be taken out") };
    assert!(target.contains(&format!("access_token={CREDENTIAL}")), "{target}");
    assert!(!target.contains(&key), "{target}");

    let verdict = bed.desks[0].judge(&arrival, bed.now, &PlatformCredential::Header);
    let (_, target, _) = verdict.outcome.unwrap().call().unwrap().into_outbound().into_parts();
    let SentTarget::Written(target) = target else { panic!("the key had to be taken out") };
    assert_eq!(target, format!("{PROFILE}?fields=id"));
}

#[test]
fn a_key_is_found_under_either_pepper() {
    let mut bed = Bed::with(TIER);
    let new = PEPPER.replace('8', "7");
    let pepper = |text: &str| Pepper::from_text(text).unwrap();
    let table = [
        (Peppers::new(pepper(&new), Some(pepper(PEPPER))), "permitted"),
        (Peppers::new(pepper(&new), None), "key_unknown"),
    ];
    for (peppers, expected) in table {
        let judge = Arc::new(Judge::new(peppers, Bounds::default()));
        judge.set_rules(bed.judge.rules().unwrap());
        judge.publish(bed.state.snapshot());
        bed.desks[0] = judge.desk();
        bed.check("a1", PROFILE, expected);
    }
}

#[test]
fn a_key_that_is_indexed_but_not_in_the_snapshot_is_unknown() {
    let mut bed = Bed::with(TIER);
    let before = bed.state.snapshot();
    bed.issue("early", "acme", None, None, None);
    bed.check("early", PROFILE, "permitted");
    bed.judge.publish(before);
    assert_eq!(code(&bed.judge_on(0, &secret("early"), PROFILE)), "key_unknown");
}

#[test]
fn a_hundred_thousand_bad_keys_leave_no_trace_in_memory() {
    let mut bed = Bed::with(TIER);
    let before = bed.state.current().key_bytes();
    for number in 0..100_000 {
        let key = format!("bad-{number}");
        let keys: [&[u8]; 1] = [key.as_bytes()];
        let arrival = arrivals::get(PROFILE, None, &keys);
        let verdict = bed.desks[0].judge(&arrival, Now::default(), &PlatformCredential::Header);
        assert_eq!(code(&verdict), "key_unknown");
    }
    assert_eq!((bed.state.current().key_bytes(), bed.state.current().keys().count()), (before, 3));
}
