//! The path of a decision and the schema for editors, as people read them.

use portcullis_policy::Caller;
use portcullis_types::{ScopeSet, Wall};

#[test]
fn the_path_of_a_decision_names_every_rule_and_its_values() {
    let catalogue = crate::desk::catalogue();
    let set = crate::desk::compile(&crate::desk::USES, &catalogue);
    let mut said = String::new();
    let tests = [
        "posts at a declared branch, whatever was offered elsewhere",
        "not a sixth",
        "no authors",
        "never around a point",
        "another account for comparison",
        "no captions of another account",
        "a page beyond fifty rows is served as fifty",
        "what was declared is closed when its review lapsed",
        "posts of one creator at a time",
        "stories of a creator who authorised it",
        "comments nested in a page count every post of the page",
    ];
    for name in tests {
        let found = set.tiers().find_map(|tier| {
            tier.tests().iter().find(|case| case.name == name).map(|case| (tier, case))
        });
        let (tier, case) = found.unwrap();
        let now = case.at.unwrap_or_default();
        let partner =
            crate::desk::Partner { set: &set, facts: &case.facts, grants: &case.grants, now };
        let granted = set.narrowed(ScopeSet::ALL);
        let caller = Caller { granted: &granted, known: &partner, now };
        let steps = crate::desk::unfold(&catalogue, &case.method, &case.target, None, |asks| {
            tier.explain(asks, &caller, &catalogue)
        });
        said.push_str(&format!("# {name}\n{} {}\n", case.method, case.target));
        for step in steps.unwrap() {
            said.push_str(&format!("{step}\n"));
        }
        said.push('\n');
    }
    insta::assert_snapshot!(said);
}

#[test]
fn a_list_longer_than_agreed_is_told_with_both_figures() {
    let catalogue = crate::desk::catalogue();
    let set = crate::desk::table::set(
        "lists: { locations: 0 }\nallow:\n  - { id: here, class: [place.posts], target: { declared: locations }, fields: [id] }\n",
    );
    let (facts, now) = (crate::desk::table::facts(), Wall::default());
    let partner = crate::desk::Partner { set: &set, facts: &facts, grants: &[], now };
    let granted = set.narrowed(ScopeSet::ALL);
    let caller = Caller { granted: &granted, known: &partner, now };
    let call = "/v21.0/200300014810/posts?fields=id";
    let steps = crate::desk::unfold(&catalogue, "GET", call, None, |asks| {
        set.tiers().next().unwrap().explain(asks, &caller, &catalogue)
    });
    let said: Vec<String> = steps.unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(
        said.get(1..).unwrap().join("\n"),
        "  `t/here` is closed: the agreement allows 0 declared locations, and there are 1\n  \
         refused as `terms_not_met`: Your agreement covers `place.posts` with at most 0 declared \
         locations (1 are declared) only."
    );
}

#[test]
fn the_schema_for_editors_is_the_one_that_is_published() {
    insta::assert_snapshot!(serde_json::to_string_pretty(&portcullis_policy::schema()).unwrap());
}
