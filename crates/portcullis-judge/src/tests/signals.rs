//! What raises a signal, and what never does.

use portcullis_registry::Command;
use portcullis_types::{Facts, KeyId};

use super::bed::*;

const RULES: &str = r##"
version: 1
tier: standard
about: For tests
rates: []
allow:
  - { id: places, class: [place.posts], target: any }
watch:
  - { id: in-order, signal: id_walk, class: [place.posts], undeclared_only: true, over: 5, min: 10, per: 7d, then: [flag] }
  - { id: refusals, signal: refused, over: 3, per: 24h, then: [open_case] }
  - { id: guesses, signal: not_found, over: 20, min: 10, per: 24h, then: [flag] }
  - { id: same-list, signal: overlap, class: [place.posts], undeclared_only: true, over: 80, min: 10, per: 30d, then: [flag], shadow: true }
"##;

fn place(number: u64) -> String {
    format!("/v21.0/{}/posts", 100_000_000_000 + number)
}

/// The signals a call raises, with what follows.
fn raised(bed: &mut Bed, id: &str, path: &str) -> Vec<String> {
    bed.seconds_pass(1);
    let verdict = bed.judge_on(0, &secret(id), path);
    let hits = verdict.trace.signals().iter();
    hits.map(|hit| format!("{} {:?}", hit.rule, hit.then)).collect()
}

#[test]
fn walking_ids_in_order_is_seen_and_jumping_about_is_not() {
    let mut bed = Bed::with(RULES);
    for number in [50, 10, 40, 20, 30, 5, 45, 15, 35, 25, 1, 60] {
        assert!(raised(&mut bed, "a1", &place(number)).is_empty(), "{number}");
    }
    let hits: Vec<_> = (100..110).flat_map(|n| raised(&mut bed, "z1", &place(n))).collect();
    assert_eq!(hits, ["standard/in-order [Flag]"], "once within the cool-down");
}

#[test]
fn declared_targets_raise_nothing_in_any_order() {
    let mut bed = Bed::with(RULES);
    let locations: Vec<_> = (100..120).map(|n| (100_000_000_000_u64 + n).to_string()).collect();
    let facts = Facts { lists: [("locations".to_owned(), locations)].into(), ..Facts::default() };
    bed.rules(&RULES.replace("target: any }", "target: { declared: locations } }"));
    bed.command(Command::DeclareFacts { subject: partner("acme"), facts });
    for number in 100..120 {
        assert!(raised(&mut bed, "a1", &place(number)).is_empty(), "{number}");
    }
}

#[test]
fn refusals_for_what_is_not_agreed_are_counted_and_mistakes_of_form_are_not() {
    let mut bed = Bed::with(RULES);
    for _ in 0..9 {
        assert!(raised(&mut bed, "a1", &format!("{PROFILE}?fields=,,")).is_empty());
    }
    let hits: Vec<_> = (0..4).map(|_| raised(&mut bed, "a1", PROFILE)).collect();
    assert_eq!(hits.concat(), ["standard/refusals [OpenCase]"]);
    assert!(hits[..3].iter().all(Vec::is_empty), "the fourth is over three");
}

#[test]
fn answers_of_not_found_are_counted_by_share() {
    let mut bed = Bed::with(RULES);
    let key = bed.state.snapshot().key_ix(&KeyId::new("a1").unwrap()).unwrap();
    let now = bed.now;
    let mut answered = |found| {
        let hits = bed.desks[0].answered(key, found, now);
        hits.iter().map(|hit| hit.rule.to_string()).collect::<Vec<_>>()
    };
    for _ in 0..8 {
        assert!(answered(true).is_empty());
    }
    assert!(answered(false).is_empty() && answered(false).is_empty(), "20 % is not over it");
    assert_eq!(answered(false), ["standard/guesses"]);
}

#[test]
fn what_is_raised_waits_in_a_bounded_ring_until_it_is_taken() {
    let mut bed = Bed::with(RULES);
    for number in 100..112 {
        raised(&mut bed, "z1", &place(number));
    }
    let taken = bed.judge.take_signals();
    let [one] = taken.as_slice() else { panic!("{taken:?}") };
    let snapshot = bed.state.snapshot();
    assert_eq!(snapshot.partner(one.partner).unwrap().id.as_str(), "zenith");
    assert_eq!(snapshot.key(one.key).unwrap().id().as_str(), "z1");
    assert_eq!((&*one.hit.rule, bed.judge.take_signals().len()), ("standard/in-order", 0));
    assert_eq!((&*one.hit.limit, one.hit.window.to_string()), ("5 ids in order", "7d".to_owned()));
    let always = RULES.replace(
        "over: 3, per: 24h, then: [open_case]",
        "over: 1, per: 24h, then: [flag], cool_down: 1s",
    );
    bed.rules(&always);
    for _ in 0..1100 {
        raised(&mut bed, "a1", PROFILE);
    }
    assert_eq!(bed.judge.take_signals().len(), 1024);
    assert!(bed.judge.signals_lost() > 0);
}

#[test]
fn two_partners_that_read_one_list_are_seen_and_a_watch_in_shadow_has_no_effect() {
    let mut bed = Bed::with(RULES);
    for number in [3, 14, 15, 92, 65, 35, 89, 79, 32, 38, 46, 26] {
        raised(&mut bed, "a1", &place(number));
        raised(&mut bed, "z1", &place(number));
    }
    let now = bed.now;
    let hits = bed.desks[0].overlaps(now);
    let [(one, other, hit)] = hits.as_slice() else { panic!("{hits:?}") };
    assert_ne!(one, other);
    assert_eq!((&*hit.rule, hit.signal), ("standard/same-list", "overlap"));
    assert!(hit.then.is_empty());
    assert_eq!(
        (&*hit.limit, hit.window.to_string()),
        ("80 percent common or in turn", "30d".to_owned())
    );
    insta::assert_snapshot!(hit.evidence, @"targets of the one 12, targets of the other 12, percent common 100, percent in turn 0");
}

#[test]
fn ids_that_go_one_way_are_seen_whatever_their_gaps_where_that_is_written() {
    let any = RULES.replace("over: 5, min: 10, per: 7d", "over: 5, min: 0, per: 7d");
    let walk = |rules: &str| {
        let mut bed = Bed::with(rules);
        let far = [1, 100, 250, 900, 5000, 5100, 9000, 9900];
        far.into_iter().flat_map(|n| raised(&mut bed, "z1", &place(n))).collect::<Vec<_>>()
    };
    assert!(walk(RULES).is_empty(), "further apart than ten");
    assert_eq!(walk(&any), ["standard/in-order [Flag]"]);
}

#[test]
fn two_partners_are_compared_by_the_classes_of_the_watch_only() {
    let both = RULES.replace(
        "target: any }\nwatch",
        "target: any }\n  - { id: nodes, class: [profile.basic], target: any, fields: [id] }\nwatch",
    );
    let wide = both.replace("overlap, class: [place.posts]", "overlap, class: [profile.basic]");
    for (rules, hits) in [(&both, 0), (&wide, 1)] {
        let mut bed = Bed::with(rules);
        for number in 0..12 {
            let user = format!("/v21.0/{}?fields=id", 17_841_000_000_000_000_u64 + number * 31);
            for id in ["a1", "z1"] {
                assert!(raised(&mut bed, id, &user).is_empty());
            }
        }
        let now = bed.now;
        assert_eq!(bed.desks[0].overlaps(now).len(), hits);
    }
}

#[test]
fn every_signal_is_measured_with_the_figures_that_are_usual_for_it() {
    use portcullis_limits::watch::{Measure, Signal};
    let mut rules = RULES.split("watch:").next().unwrap().to_owned();
    rules.push_str("watch:\n");
    for signal in Signal::ALL {
        rules.push_str(&format!(
            "  - {{ id: w-{}, signal: {signal}, over: 7, per: 7d, then: [flag] }}\n",
            signal.name().replace('_', "-"),
        ));
    }
    let rules = compile(&rules, portcullis_types::Revision(1));
    let specs = crate::watching::specs(rules.policies.tiers().next().unwrap());
    assert_eq!(specs.len(), Signal::ALL.len());
    for (spec, signal) in specs.iter().zip(Signal::ALL) {
        let usual = Measure::of(signal, Some(7), Some("7d".parse().unwrap()), None);
        assert_eq!(Ok(spec.measure), usual, "{signal}");
    }
}
