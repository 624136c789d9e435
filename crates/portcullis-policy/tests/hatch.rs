//! `deny_when`: a condition that can only deny, and denies where it can't be evaluated.

use crate::desk::table::{USER, check};
use portcullis_policy::PolicySet;
use portcullis_yaml::{Faults, Source};

/// A tier that allows a few things, and denies `class` under a condition.
fn rules(class: &str, condition: &str) -> String {
    format!(
        "allow:\n  - {{ id: posts, class: [media.by_account, place.posts], target: any, fields: [id, caption] }}\n  - {{ id: search, class: [place.search], fields: [id, name] }}\ndeny:\n  - id: hatch\n    class: {class}\n    deny_when: >-\n      {condition}\n"
    )
}

#[track_caller]
fn denies(condition: &str, call: &str, want: bool) {
    let want = if want { "rule_denied t/hatch" } else { "by" };
    let text = rules("[media.by_account, place.posts, place.search]", condition);
    let rule = if call.contains("/search") { "search" } else { "posts" };
    let want = if want == "by" { format!("by {rule}") } else { want.to_owned() };
    check(&text, call, &want);
}

#[test]
fn a_condition_sees_what_is_asked() {
    let media = |query: &str| format!("GET /v21.0/{USER}/media?fields=id{query}");
    denies("context.rows > 10", &media("&limit=11"), true);
    denies("context.rows > 10", &media("&limit=10"), false);
    denies("context.fields.contains(\"caption\")", &media(",caption"), true);
    denies("context.fields.contains(\"caption\")", &media(""), false);
    denies("action == Action::\"media.by_account\"", &media(""), true);
    denies("action == Action::\"place.posts\"", &media(""), false);
    denies("resource is user && !context.granted", &media(""), false);
    denies("resource is user && context.granted", &media(""), true);
    denies(&format!("resource == user::\"{USER}\""), &media(""), true);
    denies("context.cursor", &media("&after=abc"), true);
    denies("context.hour >= 10 && context.hour < 11", &media(""), true);
    denies("context.weekday == 2", &media(""), true);
    denies("context.standing != \"good\"", &media(""), false);
    denies(
        "context.write || context.nested || context.batch || context.ids > 1",
        &media(""),
        false,
    );
    let search = |query: &str| format!("GET /v21.0/search?type=place&fields=id&{query}");
    denies("context has words && context.words like \"*hotel*\"", &search("q=a%20hotel"), true);
    denies("context has words && context.words like \"*hotel*\"", &search("q=a%20bar"), false);
    let far = "context has distance_m && context.distance_m > 2000";
    denies(far, &search("center=1,2&distance=2001"), true);
    denies(far, &search("center=1,2&distance=2000"), false);
    let south = "context has latitude_e6 && context.latitude_e6 < 0";
    denies(south, &search("center=-1.5,2&distance=20"), true);
    denies("resource is nothing", &search("q=x"), true);
}

#[test]
fn what_cannot_be_evaluated_denies() {
    // Beyond the range of whole numbers.
    let over = "context.rows * 9000000000000000000 > 1";
    denies(over, &format!("GET /v21.0/{USER}/media?fields=id&limit=20"), true);
}

#[test]
fn it_denies_and_never_grants() {
    let text = rules("[place.posts]", "false");
    check(&text, &format!("GET /v21.0/{USER}/media?fields=id"), "by posts");
    check(&text, &format!("GET /v21.0/{USER}/stories"), "class_not_granted story.by_account -");
    // In shadow it is only noted.
    let text = rules("[media.by_account]", "true\n    shadow: true");
    check(&text, &format!("GET /v21.0/{USER}/media?fields=id"), "by posts shadow hatch");
}

#[test]
fn a_condition_is_checked_against_the_routes() {
    let catalogue = crate::desk::catalogue();
    let said = |class: &str, condition: &str| {
        let text = format!(
            "version: 1\ntier: t\nabout: x\nrates: []\nscopes: []\n{}",
            rules(class, condition)
        );
        let faults = PolicySet::compile(&[Source::new("t.yaml", text)], &catalogue).unwrap_err();
        assert_eq!(faults.len(), 1, "{condition}\n{}", Faults(faults.clone()));
        assert_eq!((faults[0].code, faults[0].line), ("PC0323", 13), "{condition}");
        faults[0].message.clone()
    };
    let table = [
        ("any", "context.rowz > 10"),
        ("any", "context.words == \"x\""),
        ("any", "context.rows > \"10\""),
        ("any", "action == Action::\"media.by_acount\""),
        ("any", "resource is plaec"),
        ("any", "context.rows >"),
        ("any", "context.rows + 1"),
        ("any", "principal.name == \"acme\""),
        ("any", "true }; permit(principal, action, resource) when { true"),
        ("any", "true } unless { false"),
        ("[place.posts]", "context.rows > 1 // a note"),
    ];
    let mut all = String::new();
    for (class, condition) in table.into_iter().take(10) {
        all.push_str(&format!("{condition}\n  {}\n", said(class, condition)));
    }
    all.push_str(&said("any", &"true || ".repeat(600)));
    insta::assert_snapshot!(all);
    // A note at its end takes nothing with it.
    let text = rules(table[10].0, table[10].1);
    check(&text, "GET /v21.0/200300014810/posts?fields=id", "rule_denied t/hatch");
}
