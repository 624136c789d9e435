//! Holds in part: what they close at partner, client and key together, and how far rates shrink.

use std::sync::Arc;

use portcullis_registry::{Command, Mode, NarrowKind, SubjectIx, Wish};
use portcullis_types::{
    ClassName, ClientIx, Closes, KeyIx, Notice, PartnerId, PartnerIx, Percent, StandingName,
};
use proptest::prelude::*;

use super::bed::*;

const ACME: SubjectIx = SubjectIx::Partner(PartnerIx(0));
const SHOP: SubjectIx = SubjectIx::Client(ClientIx(0));
/// The key `a1`.
const A1: SubjectIx = SubjectIx::Key(KeyIx(0));

fn classes(names: &[&str]) -> Arc<[ClassName]> {
    names.iter().map(|name| ClassName::new(name).unwrap()).collect()
}

fn notice(closes: Closes, factor: Option<u8>) -> Notice {
    let hold = Notice::hold(portcullis_types::Wall(1), reason("investigation"), "We look.".into());
    Notice { closes, factor: factor.map(|factor| Percent::new(factor).unwrap()), ..hold }
}

impl Bed {
    /// Narrows at once, as before any event is durable.
    fn narrow(&self, subject: SubjectIx, notice: Notice) {
        self.judge.narrow(subject, Arc::new(notice), NarrowKind::Hold);
    }

    fn codes(&mut self, id: &str, paths: &[&str]) -> Vec<&'static str> {
        paths.iter().map(|path| self.code(id, path)).collect()
    }
}

const BIO: &str = "/v21.0/17841000000000001?fields=id,biography";

#[test]
fn a_shape_closes_classes_and_the_fields_of_them() {
    let mut bed = Bed::with(TIER);
    let calls = [PROFILE, BIO, MEDIA, PLACE, NOWHERE];
    let of = |names: &[&str]| Closes::ReadsOf(classes(names));
    let held = "partner_held";
    let free = ["permitted", "permitted", "permitted", "class_not_granted", "operation_unlisted"];
    for (closes, expected) in [
        (Closes::Nothing, free),
        (Closes::Writes, ["permitted", "permitted", "permitted", "class_not_granted", held]),
        (Closes::Reads, [held; 5]),
        (Closes::All, [held; 5]),
        (of(&["media.list"]), ["permitted", "permitted", held, "class_not_granted", held]),
        (of(&["profile.bio"]), ["permitted", held, "permitted", "class_not_granted", held]),
        (
            Closes::Classes(classes(&["profile.basic", "place.posts"])),
            [held, held, "permitted", held, held],
        ),
    ] {
        bed.narrow(ACME, notice(closes.clone(), None));
        assert_eq!(bed.codes("a1", &calls), expected, "{closes:?}");
        assert_eq!(bed.codes("z1", &calls), free, "another partner");
        bed.judge.widen(ACME);
        assert_eq!(bed.codes("a1", &calls), free, "{closes:?} lifted");
    }
}

#[test]
fn what_partner_client_and_key_close_is_closed_together_and_the_widest_is_told() {
    let mut bed = Bed::with(TIER);
    bed.narrow(ACME, notice(Closes::ReadsOf(classes(&["media.list"])), None));
    bed.narrow(SHOP, notice(Closes::ReadsOf(classes(&["profile.basic", "media.list"])), None));
    assert_eq!(bed.codes("a2", &[PROFILE, MEDIA]), ["client_held", "partner_held"]);
    assert_eq!(bed.codes("a1", &[PROFILE, MEDIA]), ["permitted", "partner_held"]);
    bed.narrow(A1, notice(Closes::All, None));
    assert_eq!(bed.codes("a1", &[PROFILE, MEDIA]), ["key_held", "partner_held"]);
    bed.judge.widen(ACME);
    assert_eq!(bed.codes("a1", &[PROFILE, MEDIA]), ["key_held", "key_held"]);
    assert_eq!(bed.codes("a2", &[PROFILE, MEDIA]), ["client_held", "client_held"]);
}

#[test]
fn a_milder_narrowing_does_not_take_the_place_of_a_stricter_one() {
    let mut bed = Bed::with(TIER);
    bed.narrow(ACME, notice(Closes::All, None));
    bed.narrow(ACME, notice(Closes::Writes, None));
    bed.check("a1", PROFILE, "partner_held");
    bed.command(hold(partner("acme")));
    bed.check("a1", PROFILE, "partner_held");
    bed.command(restore(partner("acme")));
    bed.check("a1", PROFILE, "permitted");
}

#[test]
fn the_state_tells_the_code_and_access_that_ended_leaves_nothing() {
    let mut bed = Bed::with(TIER);
    for (state, code) in [
        (StandingName::Restricted, "partner_restricted"),
        (StandingName::Probation, "partner_restricted"),
        (StandingName::Terminating, "partner_held"),
        (StandingName::Terminated, "partner_terminated"),
    ] {
        bed.narrow(ACME, Notice { state, ..notice(Closes::All, None) });
        bed.check("a1", PROFILE, code);
        bed.judge.widen(ACME);
    }
}

#[test]
fn a_hold_in_part_is_enforced_under_observation_and_its_unlisted_calls_too() {
    let mut bed = Bed::with(TIER);
    bed.command(Command::SetMode {
        partner: PartnerId::new("acme").unwrap(),
        mode: Mode::Observe,
        why: "A trial before the start.".into(),
    });
    assert_eq!(bed.codes("a1", &[MEDIA, PLACE, NOWHERE]), ["permitted"; 3]);
    bed.narrow(ACME, notice(Closes::ReadsOf(classes(&["media.list"])), None));
    let expected = ["partner_held", "permitted", "partner_held"];
    assert_eq!(bed.codes("a1", &[MEDIA, PLACE, NOWHERE]), expected);
    let trace = bed.judge_on(0, &secret("a1"), MEDIA).trace;
    assert_eq!((trace.rule.as_deref(), trace.observed()), (Some("standing"), None));
}

const RATED: &str = r##"
version: 1
tier: standard
about: For tests
scopes: [profile:read, media:read]
rates:
  - { id: calls, per: partner, max: 10, window: 24h, burst: 10 }
  - { id: none, per: partner, max: 0, window: 1h, classes: [media.list] }
limits:
  - { id: places, count: targets, max: 4, window: 24h }
allow:
  - { id: places, class: [place.posts], target: any, limits: [places] }
"##;

/// How many calls pass until one is refused with that code.
fn passes(bed: &mut Bed, id: &str, path: impl Fn(usize) -> String, code: &str) -> usize {
    for count in 0..100 {
        match bed.code(id, &path(count)) {
            "permitted" => {}
            other => {
                assert_eq!(other, code);
                return count;
            }
        }
    }
    panic!("nothing is refused")
}

#[test]
fn a_factor_cuts_rates_and_what_was_used_still_counts() {
    let mut bed = Bed::with(RATED);
    let profile = |_| PROFILE.to_owned();
    for _ in 0..3 {
        bed.check("a1", PROFILE, "permitted");
    }
    bed.narrow(ACME, notice(Closes::Nothing, Some(50)));
    let reading = bed.judge_on(0, &secret("a1"), PROFILE).trace.reading.unwrap();
    assert_eq!((reading.max, reading.remaining), (5, 1));
    assert_eq!(passes(&mut bed, "a2", profile, "rate_reached"), 1, "4 of 5 were used");
    bed.check("a1", MEDIA, "rate_reached");
    bed.judge.widen(ACME);
    assert_eq!(passes(&mut bed, "a1", profile, "rate_reached"), 5, "5 of 10 were used");
    bed.narrow(SubjectIx::Partner(PartnerIx(1)), notice(Closes::Nothing, Some(1)));
    assert_eq!(passes(&mut bed, "z1", profile, "rate_reached"), 1, "never to nothing");
}

#[test]
fn a_clients_factor_is_its_share_of_what_its_partner_has_and_leaves_the_others_theirs() {
    let mut bed = Bed::with(RATED);
    let profile = |_| PROFILE.to_owned();
    bed.narrow(SHOP, notice(Closes::Nothing, Some(20)));
    assert_eq!(passes(&mut bed, "a2", profile, "rate_reached"), 2);
    assert_eq!(passes(&mut bed, "a1", profile, "rate_reached"), 8, "what the partner has left");
}

#[test]
fn a_factor_cuts_limits_and_what_was_used_still_counts() {
    let mut bed = Bed::with(RATED);
    let place = |count| format!("/v21.0/10000000000{count}/posts");
    bed.check("a1", &place(0), "permitted");
    bed.narrow(ACME, notice(Closes::Nothing, Some(50)));
    let next = |count| place(count + 1);
    assert_eq!(passes(&mut bed, "a1", next, "budget_reached"), 1);
    bed.judge.widen(ACME);
    assert_eq!(passes(&mut bed, "a1", next, "budget_reached"), 3, "two were there already");
}

#[test]
fn rules_see_how_a_partner_stands() {
    let mut bed = Bed::with(
        r##"
version: 1
tier: standard
about: For tests
rates: []
allow:
  - { id: good, class: [place.posts], target: any, when: { standing: [good] } }
  - { id: warned, class: [profile.basic], target: any, fields: [id], when: { standing: [good, warned] } }
"##,
    );
    let profile = "/v21.0/17841000000000001?fields=id";
    assert_eq!(bed.codes("a1", &[PLACE, profile]), ["permitted", "permitted"]);
    bed.command(Command::Stand {
        subject: partner("acme"),
        to: Wish::Warned { acknowledge_by: None },
        reason: reason("investigation"),
        tell: "Please look at your sweeps.".into(),
        case: None,
    });
    assert_eq!(bed.codes("a1", &[PLACE, profile]), ["terms_not_met", "permitted"]);
    bed.narrow(ACME, Notice { state: StandingName::Restricted, ..notice(Closes::Writes, None) });
    assert_eq!(bed.codes("a1", &[PLACE, profile]), ["terms_not_met", "terms_not_met"]);
    assert_eq!(bed.codes("z1", &[PLACE, profile]), ["permitted", "permitted"]);
}

#[test]
fn what_a_call_reads_is_known_by_the_rules_it_was_judged_by() {
    let mut bed = Bed::with(TIER);
    let media = || notice(Closes::ReadsOf(classes(&["media.list"])), None);
    let now = bed.now;
    let allowed =
        |bed: &mut Bed, read: &crate::Touched| bed.desks[0].still_allowed(KeyIx(0), read, now);
    bed.check("a1", PROFILE, "permitted");
    let profile = bed.desks[0].touched();
    bed.check("a1", MEDIA, "permitted");
    let list = bed.desks[0].touched();
    assert_eq!([&profile, &list].map(|read| allowed(&mut bed, read)), [true, true]);
    bed.narrow(ACME, media());
    assert_eq!([&profile, &list].map(|read| allowed(&mut bed, read)), [true, false]);
    assert!(!allowed(&mut bed, &profile.and(&list)), "together");
    bed.rules(&TIER.replace("For tests", "For other tests"));
    assert!(!allowed(&mut bed, &profile), "numbers of other rules say nothing");
    bed.judge.widen(ACME);
    assert_eq!([&profile, &list].map(|read| allowed(&mut bed, read)), [true, true]);
}

fn shapes() -> impl Strategy<Value = Closes> {
    prop_oneof![
        Just(Closes::Nothing),
        Just(Closes::All),
        Just(Closes::Reads),
        Just(Closes::Writes),
        Just(Closes::ReadsOf(classes(&["media.list"]))),
        Just(Closes::ReadsOf(classes(&["profile.bio", "profile.basic"]))),
        Just(Closes::Classes(classes(&["media.list", "profile.bio"]))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn whatever_any_live_narrowing_closes_is_closed_until_it_is_widened(
        steps in proptest::collection::vec((0usize..3, proptest::option::of(shapes())), 1..30),
    ) {
        let mut bed = Bed::with(TIER);
        let subjects = [ACME, SHOP, SubjectIx::Key(KeyIx(1))];
        let mut model: [Vec<Closes>; 3] = Default::default();
        let asked = [(PROFILE, "profile.basic"), (MEDIA, "media.list")];
        for (whom, closes) in steps {
            match closes {
                Some(closes) => {
                    bed.narrow(subjects[whom], notice(closes.clone(), None));
                    model[whom].push(closes);
                }
                None => {
                    bed.judge.widen(subjects[whom]);
                    model[whom].clear();
                }
            }
            for (path, class) in asked {
                let read = portcullis_types::Effect::Read;
                let closed = model.iter().flatten().any(|closes| closes.bars(class, read));
                prop_assert_eq!(bed.code("a2", path) != "permitted", closed, "{} {:?}", path, model);
            }
        }
    }
}
