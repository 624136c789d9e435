//! Rules over targets, limits over windows, grants and observation, from bytes to verdict.

use portcullis_registry::{Command, Mode};
use portcullis_types::{Facts, PartnerId, PartnerIx};

use super::{arrivals, bed::*};
use crate::{Granted, Names};

/// Places that were declared, two others a day, and accounts that authorised the partner.
const RULES: &str = r##"
version: 1
tier: standard
about: For tests
rates:
  - { id: calls-per-hour, per: key, max: { figure: calls_per_hour }, window: 1h, rolling: true }
limits:
  - { id: others-per-day, count: targets, max: 2, window: 24h }
  - { id: others-linked, count: targets, max: 3, window: 24h, per: group }
  - { id: calls-per-place, count: calls, each: target, max: 3, window: 24h }
  - { id: watched, count: targets, max: 1, window: 24h, shadow: true }
allow:
  - id: own-places
    class: [place.posts]
    target: { declared: locations }
    limits: [calls-per-place]
  - id: other-places
    class: [place.posts]
    target: any
    limits: [others-per-day, others-linked, watched]
  - id: accounts
    class: [profile.basic]
    target: granted
    fields: [id, username]
"##;

pub(super) const OTHER: [&str; 4] = [
    "/v21.0/100000000011/posts",
    "/v21.0/100000000012/posts",
    "/v21.0/100000000013/posts",
    "/v21.0/100000000014/posts",
];

pub(super) fn facts(locations: &[&str], calls: u64, group: Option<&str>) -> Facts {
    let locations: Vec<_> = locations.iter().map(|id| (*id).to_owned()).collect();
    Facts {
        figures: [("calls_per_hour".to_owned(), calls)].into(),
        lists: [("locations".to_owned(), locations)].into(),
        group: group.map(str::to_owned),
        ..Facts::default()
    }
}

pub(super) fn bed(calls: u64) -> Bed {
    let mut bed = Bed::with(RULES);
    bed.declare("acme", facts(&["100000000001"], calls, None));
    bed
}

impl Bed {
    pub(super) fn declare(&mut self, id: &str, facts: Facts) {
        self.command(Command::DeclareFacts { subject: partner(id), facts });
    }

    fn index(&self, id: &str) -> PartnerIx {
        self.state.snapshot().partner_ix(&PartnerId::new(id).unwrap()).unwrap()
    }
}

#[test]
fn a_wrong_wall_clock_frees_no_budget_and_keeps_nobody_out_for_longer_than_its_window() {
    const DAY: u64 = 86_400;
    let mut bed = bed(1000);
    let use_up = |bed: &mut Bed| {
        for (place, expected) in OTHER.iter().zip(["permitted", "permitted", "budget_reached"]) {
            bed.check("a1", place, expected);
        }
    };
    use_up(&mut bed);
    bed.now.wall.0 -= 3 * DAY * 1000;
    bed.check("a1", OTHER[2], "budget_reached");
    bed.seconds_pass(DAY);
    use_up(&mut bed);
    // It stands, and only the count goes on.
    bed.now.mono.0 += DAY * 1_000_000_000;
    use_up(&mut bed);
    // Put right, it frees nothing.
    bed.now.wall.0 += 4 * DAY * 1000;
    bed.check("a1", OTHER[2], "budget_reached");
}

#[test]
fn declared_places_are_free_and_others_few() {
    let mut bed = bed(100);
    bed.check("a1", OTHER[0], "permitted");
    bed.check("a1", OTHER[0], "permitted");
    bed.check("a2", OTHER[1], "permitted");
    bed.check("a1", OTHER[2], "budget_reached");
    bed.check("a1", OTHER[0], "permitted");
    bed.check("a1", PLACE, "permitted");
    bed.seconds_pass(86_400);
    bed.check("a1", OTHER[2], "permitted");
}

#[test]
fn a_place_that_is_declared_counts_no_more_and_one_that_is_not_again() {
    let mut bed = bed(100);
    bed.declare("acme", facts(&["100000000011", "100000000012", "100000000013"], 100, None));
    for path in [OTHER[0], OTHER[1], OTHER[2], PLACE, OTHER[3]] {
        bed.check("a1", path, "permitted");
    }
    bed.check("a1", "/v21.0/100000000015/posts", "budget_reached");
}

#[test]
fn a_limit_for_each_target_leaves_the_others_alone() {
    let mut bed = bed(100);
    bed.declare("acme", facts(&["100000000001", "100000000011"], 100, None));
    for _ in 0..3 {
        bed.check("a1", PLACE, "permitted");
    }
    bed.check("a1", PLACE, "budget_reached");
    bed.check("a1", OTHER[0], "permitted");
}

#[test]
fn a_refused_call_counts_for_nothing() {
    let mut bed = bed(3);
    bed.check("a1", OTHER[0], "permitted");
    bed.check("a1", OTHER[1], "permitted");
    bed.check("a1", OTHER[2], "budget_reached");
    bed.check("a1", PROFILE, "target_not_agreed");
    bed.check("a1", PLACE, "permitted");
    bed.check("a1", PLACE, "rate_reached");
    bed.check("a2", PLACE, "permitted");
}

#[test]
fn a_figure_that_was_not_declared_is_none() {
    let mut bed = Bed::with(RULES);
    bed.check("z1", PLACE, "rate_reached");
}

#[test]
fn a_limit_in_shadow_is_named_and_refuses_nothing() {
    let mut bed = bed(100);
    let shadowed = |bed: &mut Bed, path| {
        let verdict = bed.judge_on(0, &secret("a1"), path);
        assert!(verdict.outcome.is_ok());
        verdict.trace.shadowed().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert!(shadowed(&mut bed, OTHER[0]).is_empty());
    assert_eq!(shadowed(&mut bed, OTHER[1]), ["standard/watched"]);
}

#[test]
fn an_account_is_read_while_it_lets_the_partner() {
    let mut bed = bed(100);
    bed.check("a1", PROFILE, "target_not_agreed");
    let acme = bed.index("acme");
    bed.judge.grants().put("17841000000000001", (acme, None), None, None);
    bed.check("a1", PROFILE, "permitted");
    bed.check("z1", PROFILE, "target_not_agreed");
    bed.judge.grants().withdraw("17841000000000001", acme, None);
    bed.check("a1", PROFILE, "target_not_agreed");
}

#[test]
fn what_was_declared_by_name_is_found_by_id() {
    let mut bed = bed(100);
    bed.declare("acme", facts(&["Grand-Hotel"], 100, None));
    bed.check("a1", OTHER[0], "permitted");
    bed.check("a1", OTHER[1], "permitted");
    bed.check("a1", PLACE, "budget_reached");
    let mut names = Names::default();
    names.insert("place", "GRAND-hotel", "100000000001");
    bed.judge.set_names(names);
    bed.check("a1", PLACE, "permitted");
}

#[test]
fn under_observation_only_key_and_hold_refuse() {
    let mut bed = bed(1);
    let mode = |mode| Command::SetMode {
        partner: PartnerId::new("acme").unwrap(),
        mode,
        why: "to see what it would hit".into(),
    };
    bed.command(mode(Mode::Observe));
    for (path, observed) in [
        (OTHER[0], None),
        (PROFILE, Some("target_not_agreed")),
        (OTHER[0], Some("rate_reached")),
        (NOWHERE, Some("operation_unlisted")),
    ] {
        let verdict = bed.judge_on(0, &secret("a1"), path);
        assert!(verdict.outcome.is_ok(), "{path}");
        let code = verdict.trace.observed().map(|refusal| refusal.row().code);
        assert_eq!(code, observed, "{path}");
    }
    bed.command(hold(partner("acme")));
    bed.check("a1", OTHER[0], "partner_held");
    bed.command(restore(partner("acme")));
    bed.command(mode(Mode::Enforce));
    bed.check("a1", PROFILE, "target_not_agreed");
}

#[test]
fn rules_that_change_keep_what_was_counted() {
    let mut bed = bed(100);
    bed.check("a1", OTHER[0], "permitted");
    bed.check("a1", OTHER[1], "permitted");
    bed.rules(&RULES.replace("max: 2,", "max: 3,"));
    bed.check("a1", OTHER[2], "permitted");
    bed.check("a1", OTHER[3], "budget_reached");
    bed.rules(RULES);
    bed.check("a1", OTHER[3], "budget_reached");
    bed.check("a1", OTHER[2], "permitted");
}

#[test]
fn a_call_that_was_never_sent_gives_back_what_it_took() {
    let mut bed = bed(100);
    for path in OTHER {
        let verdict = bed.judge_on(0, &secret("a1"), path);
        let Ok(Granted::Call(permit)) = verdict.outcome else { panic!("{path}") };
        let (_, settlement, _) = permit.into_parts();
        settlement.release();
    }
}

#[test]
fn a_known_caller_may_not_bring_anothers_key() {
    let mut bed = bed(100);
    let ix = |bed: &Bed, id: &str| {
        bed.state.snapshot().key_ix(&portcullis_types::KeyId::new(id).unwrap()).unwrap()
    };
    let (a1, z1) = (ix(&bed, "a1"), ix(&bed, "z1"));
    let (secret, now) = (secret("a1"), bed.now);
    let mut code = |key, keys: &[&[u8]]| {
        let arrival = arrivals::get(PLACE, None, keys);
        let platform = crate::PlatformCredential::Header;
        code(&bed.desks[0].judge_known(key, &arrival, now, &platform))
    };
    assert_eq!(code(a1, &[]), "permitted");
    assert_eq!(code(a1, &[secret.as_bytes()]), "permitted");
    assert_eq!(code(z1, &[secret.as_bytes()]), "key_conflict");
}

#[test]
fn a_restart_forgets_nothing_that_was_counted() {
    let mut before = bed(100);
    before.check("a1", OTHER[0], "permitted");
    before.check("a1", OTHER[1], "permitted");
    let saved = before.judge.save();
    let mut after = bed(100);
    assert_eq!(after.judge.restore(&saved), Ok(3), "partner, partner alone, key");
    let again = after.judge.save();
    assert_eq!(again, saved, "what waits is saved again");
    after.check("a1", OTHER[0], "permitted");
    after.check("a1", OTHER[2], "budget_reached");
    assert_eq!(after.judge.budgets_lost(), 0);
}

#[test]
fn damaged_budgets_are_refused_whole() {
    let mut before = bed(100);
    before.check("a1", OTHER[0], "permitted");
    let saved = before.judge.save();
    let after = bed(100);
    for cut in 0..saved.len() {
        // Cut between two subjects it is whole, and shorter.
        if let Err(fault) = after.judge.restore(&saved[..cut]) {
            assert_eq!(fault, crate::RestoreError::Damaged, "{cut}");
        }
    }
    let mut other = saved.clone();
    other[6] ^= 1;
    assert_eq!(after.judge.restore(&other), Err(crate::RestoreError::OtherPepper));
    assert_eq!(after.judge.restore(b"PK"), Err(crate::RestoreError::Damaged));
}

#[test]
fn the_tightest_of_rates_and_limits_is_read() {
    let mut bed = bed(4);
    let mut read = |path: &str| {
        let trace = bed.judge_on(0, &secret("a1"), path).trace;
        trace
            .reading
            .map(|read| (read.rate.to_string(), read.max, read.remaining, read.reset_seconds))
    };
    let told = |rate: &str, max, remaining, reset| Some((rate.to_owned(), max, remaining, reset));
    // Half of the places a day, beside three quarters of the calls an hour.
    assert_eq!(read(OTHER[0]), told("others-per-day", 2, 1, Some(86_400)));
    assert_eq!(read(PLACE), told("calls-per-hour", 4, 2, Some(3600)));
    assert_eq!(read(OTHER[1]), told("others-per-day", 2, 0, Some(86_400)));
    assert_eq!(read(OTHER[2]), told("others-per-day", 2, 0, Some(86_400)));
    assert_eq!(read(PLACE), told("calls-per-hour", 4, 0, Some(3600)));
    assert_eq!(read(PLACE), told("calls-per-hour", 4, 0, Some(3600)));
}
