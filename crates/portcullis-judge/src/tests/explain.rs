//! What `explain` says of a call, as a person reads it.

use portcullis_types::KeyId;

use super::{arrivals, bed::*};

const RULES: &str = r##"
version: 1
tier: standard
about: For tests
rates: []
limits:
  - { id: places-per-day, count: targets, max: 1, window: 24h }
allow:
  - { id: own-places, class: [place.posts], target: { declared: locations } }
  - { id: other-places, class: [place.posts], target: any, limits: [places-per-day] }
"##;

pub(super) fn explained(bed: &mut Bed, path: &str) -> String {
    let key = bed.state.snapshot().key_ix(&KeyId::new("a1").unwrap()).unwrap();
    let (path, query) = path.split_once('?').map_or((path, None), |(path, q)| (path, Some(q)));
    let arrival = arrivals::get(path, query, &[]);
    let now = bed.now;
    let explanation = bed.desks[0].explain(key, &arrival, now);
    let mut text = String::new();
    for step in &explanation.steps {
        text.push_str(&format!("{}: {}: {}\n", step.stage, step.what, step.outcome));
    }
    text + &match explanation.verdict {
        Ok(rule) => format!("passes by {rule}"),
        Err(refusal) => format!("refused: {}", refusal.row().code),
    }
}

#[test]
fn a_call_that_passes_is_explained_and_debits_nothing() {
    let mut bed = Bed::with(RULES);
    for _ in 0..3 {
        explained(&mut bed, "/v21.0/100000000011/posts");
    }
    bed.check("a1", "/v21.0/100000000012/posts", "permitted");
    insta::assert_snapshot!(explained(&mut bed, "/v21.0/100000000012/posts"), @r"
        request: read in one way: parameters: none
        key: key `a1`: partner `acme`
        standing: partner, client and key: none is on hold or at its end
        catalogue: operation `listPlacePosts`: /{version}/{node_id}/posts
        policy: tier `standard`: For tests
        policy: call: asks for `place.posts` of place `100000000012`
        policy: rule `standard/own-places`: is for declared locations, and place `100000000012` is not
        policy: rule `standard/other-places`: grants it
        policy: call: debits `places-per-day` 1 target, at most 1 in 1d
        limits: budgets and rolling rates: all leave room for this call
        passes by standard/other-places
        ");
}

#[test]
fn a_call_beyond_a_budget_is_explained_to_its_last_step() {
    let mut bed = Bed::with(RULES);
    bed.check("a1", "/v21.0/100000000011/posts", "permitted");
    insta::assert_snapshot!(explained(&mut bed, "/v21.0/100000000012/posts"), @r"
        request: read in one way: parameters: none
        key: key `a1`: partner `acme`
        standing: partner, client and key: none is on hold or at its end
        catalogue: operation `listPlacePosts`: /{version}/{node_id}/posts
        policy: tier `standard`: For tests
        policy: call: asks for `place.posts` of place `100000000012`
        policy: rule `standard/own-places`: is for declared locations, and place `100000000012` is not
        policy: rule `standard/other-places`: grants it
        policy: call: debits `places-per-day` 1 target, at most 1 in 1d
        limits: budgets and rolling rates: one is used up
        limits: refused with `budget_reached`: `places-per-day` allows 1 different targets in 1d, and they are used up. Try again in 86400 s.
        refused: budget_reached
        ");
}

#[test]
fn a_call_that_nothing_grants_is_explained() {
    let mut bed = Bed::with(RULES);
    insta::assert_snapshot!(explained(&mut bed, &format!("{PROFILE}?fields=id,biography")), @r"
        request: read in one way: parameters: fields
        key: key `a1`: partner `acme`
        standing: partner, client and key: none is on hold or at its end
        catalogue: operation `getNode`: /{version}/{node_id}
        policy: tier `standard`: For tests
        policy: call: asks for `profile.basic` of user `17841000000000001`, fields `biography`, `id`
        policy: refused with `class_not_granted`: Your agreement does not cover `profile.basic`. Ask the platform's partner team if you need it.
        refused: class_not_granted
        ");
    insta::assert_snapshot!(explained(&mut bed, NOWHERE), @r"
        request: read in one way: parameters: none
        key: key `a1`: partner `acme`
        standing: partner, client and key: none is on hold or at its end
        standing: refused with `operation_unlisted`: Nobody has classified this path, so it is closed. Use a documented operation of your agreement.
        refused: operation_unlisted
        ");
}
