//! The decision against a tiny model: a call passes if and only if every class it asks is granted.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use portcullis_catalogue::Catalogue;
use portcullis_policy::{Caller, FigureIx, Known, ListIx, Per, PolicySet, Ruling, Tier};
use portcullis_types::asked::{Ask, Asks, Params, Rows, Target, Via};
use portcullis_types::{
    ClassIx, ClassSet, Effect, FieldSet, OperationIx, Refusal, ScopeSet, Span, Wall,
};
use portcullis_yaml::{Faults, Source};
use proptest::prelude::*;

const CLASSES: u16 = 8;

fn catalogue() -> &'static Catalogue {
    static ONE: OnceLock<Catalogue> = OnceLock::new();
    ONE.get_or_init(|| {
        let classes: String = (1..CLASSES).map(|n| format!("  c{n}: x\n")).collect();
        let text = format!(
            "version: 1\nclasses:\n{classes}operations:\n  op: {{ method: GET, path: /a, class: c1 }}\n"
        );
        Catalogue::compile(&[Source::new("r", text)]).unwrap_or_else(|f| panic!("{}", Faults(f)))
    })
}

fn set() -> &'static PolicySet {
    static ONE: OnceLock<PolicySet> = OnceLock::new();
    ONE.get_or_init(|| {
        let scopes = "version: 1\nscopes:\n  a: { about: x, classes: [c1, c2] }\n  b: { about: x, classes: [c2, c3] }\n  c: { about: x, classes: [c4] }\n";
        let tier = "version: 1\ntier: t\nabout: x\nscopes: [a, b]\nrates:\n  - { id: all, per: partner, max: 9, window: 1m }\n  - { id: some, per: key, max: 0, window: 1d, classes: [c2, c3] }\ncosts: { c2: 3, c3: 7 }\n";
        PolicySet::compile(&[Source::new("s", scopes), Source::new("t", tier)], catalogue())
            .unwrap_or_else(|f| panic!("{}", Faults(f)))
    })
}

fn tier() -> &'static Tier {
    set().tier_at(set().tier("t").unwrap()).unwrap()
}

fn asks(classes: &[u16]) -> Asks<'static> {
    let ask = |(at, class): (usize, &u16)| Ask {
        class: ClassIx(*class),
        effect: Effect::Read,
        target: Target::None,
        gives: None,
        fields: FieldSet::EMPTY,
        fields_named: false,
        rows: Rows::One,
        via: if at == 0 { Via::Operation } else { Via::Edge("edge", 0) },
    };
    Asks {
        operation: OperationIx(0),
        effect: Effect::Read,
        ids: 0,
        params: Params::default(),
        asks: classes.iter().enumerate().map(ask).collect(),
    }
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

#[test]
fn the_dearest_class_sets_the_price() {
    let check = |classes: &[u16], want: u32| assert_eq!(tier().cost(&asks(classes)), want);
    check(&[1], 1);
    check(&[1, 2], 3);
    check(&[3, 2, 1], 7);
    check(&[], 1);
}

#[test]
fn a_rate_concerns_the_calls_that_ask_one_of_its_classes() {
    let check = |classes: &[u16], want: &[usize]| {
        let asked = asks(classes);
        let rates = tier().rates.iter().enumerate();
        let got: Vec<usize> =
            rates.filter(|(_, rate)| rate.concerns(&asked)).map(|(at, _)| at).collect();
        assert_eq!(got, want, "{classes:?}");
    };
    check(&[1], &[0]);
    check(&[1, 3], &[0, 1]);
    let zero = &tier().rates[1];
    assert_eq!((zero.max, zero.burst, zero.per), (0, 0, Per::Key));
    assert_eq!(zero.window, Span::from_seconds(86_400));
    assert_eq!(tier().rates[0].burst, 9, "the whole of it where no burst is given");
}

#[test]
fn scopes_are_found_by_name_and_granted_together() {
    let set = set();
    let mut scopes = ScopeSet::EMPTY;
    scopes.insert(set.scope("a").unwrap());
    scopes.insert(set.scope("c").unwrap());
    let classes = set.classes_of(scopes);
    let granted: Vec<u16> = (0..CLASSES).filter(|n| classes.contains(ClassIx(*n))).collect();
    assert_eq!(granted, [1, 2, 4]);
    assert_eq!(set.scope("d"), None);
    assert!(set.classes_of(ScopeSet::ALL).contains(ClassIx(4)));
    assert!(!set.classes_of(ScopeSet::ALL).contains(ClassIx(0)), "unclassified is never granted");
    assert!(set.classes_of(ScopeSet::EMPTY).is_empty());
}

proptest! {
    #[test]
    fn a_call_passes_if_and_only_if_all_it_asks_is_granted(
        granted in proptest::collection::btree_set(0..CLASSES, 0..8),
        parts in proptest::collection::vec(0..CLASSES, 0..6),
    ) {
        let mut held = ClassSet::EMPTY;
        granted.iter().for_each(|class| held.insert(ClassIx(*class)));
        // The model: classes 1, 2 and 3 are the tier's, 0 is closed whatever anyone holds.
        let tier_has: BTreeSet<u16> = [1, 2, 3].into();
        let open = |class: &u16| tier_has.contains(class) && granted.contains(class);
        let first_closed = parts.iter().position(|class| !open(class));
        let who = Caller { granted: &held, known: &Nobody, now: Wall(0) };
        let got = tier().judge(&asks(&parts), &who, catalogue(), &mut Ruling::default());
        match (parts.is_empty(), first_closed.map(|at| parts[at])) {
            (true, _) => prop_assert_eq!(got, Err(Refusal::OperationUnlisted)),
            (false, None) => prop_assert_eq!(got, Ok(())),
            (false, Some(0)) => prop_assert!(got.is_err()),
            (false, Some(closed)) => match got {
                Err(Refusal::ClassNotGranted { class, .. }) => {
                    prop_assert_eq!(&*class, format!("c{closed}"));
                }
                other => prop_assert!(false, "{:?}", other),
            },
        }
    }
}

#[test]
fn the_editor_schema_knows_every_kind_of_file() {
    let schema = portcullis_policy::schema();
    assert_eq!(schema["anyOf"].as_array().map(Vec::len), Some(3));
    let text = schema.to_string();
    for word in ["burst", "window", "costs", "scopes", "field_sets", "additionalProperties"] {
        assert!(text.contains(word), "{word}");
    }
}
