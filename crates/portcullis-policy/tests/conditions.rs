//! Targets and conditions, as a table of calls.

use crate::desk::table::{check, check_with, facts, set};
use portcullis_types::ScopeSet;

#[test]
fn targets_are_declared_granted_or_said_to_be_any() {
    let rules = "allow:\n  - { id: here, class: [place.single], target: { declared: locations }, fields: [id] }\n  - { id: there, class: [place.posts], target: { undeclared: locations }, fields: [id] }\n  - { id: brands, class: [discovery.by_username], target: { declared: brands }, fields: [id] }\n  - { id: posts, class: [insight.media, insight.story], target: { type: [post] } }\n";
    check(rules, "GET /v21.0/200300014810?fields=id", "by here");
    check(rules, "GET /v21.0/200300014811?fields=id", "target_not_agreed (declared locations)");
    check(rules, "GET /v21.0/200300014811/posts?fields=id", "by there");
    check(
        rules,
        "GET /v21.0/200300014810/posts?fields=id",
        "target_not_agreed (what is not in declared locations)",
    );
    check(rules, "GET /v21.0/me?fields=business_discovery.username(ACME)%7Bid%7D", "by brands");
    check(rules, "GET /v21.0/17900100000000001/insights?metric=reach", "by posts");
    check(
        rules,
        "GET /v21.0/18000000000000001/insights?metric=reach",
        "target_not_agreed (targets of type `post`)",
    );
}

#[test]
fn conditions_hold_or_the_refusal_says_which_does_not() {
    let search = |when: &str| {
        format!(
            "allow:\n  - {{ id: s, class: [place.search], when: {when}, fields: [id, name] }}\n"
        )
    };
    let get = |query: &str| format!("GET /v21.0/search?type=place&fields=id&{query}");
    let words = search("{ words: { min: 2 } }");
    check(&words, &get("q=lo"), "by s");
    check(&words, &get("q=%20%20l"), "terms_not_met (at least 2 letters to search for)");
    check(&words, &get("center=1,2"), "terms_not_met (at least 2 letters to search for)");
    let near = search("{ distance_m: { max: 5000 } }");
    check(&near, &get("center=1,2&distance=5000"), "by s");
    check(&near, &get("center=1,2&distance=5001"), "terms_not_met (at most 5000 m around a point)");
    check(&near, &get("center=1,2"), "terms_not_met (at most 5000 m around a point)");
    check(&near, &get("q=lo"), "by s");
    check(&search("{ distance_m: { max: 5000, default: 5000 } }"), &get("center=1,2"), "by s");
    check(&search("{ point: required }"), &get("q=x"), "terms_not_met (a point to search around)");
    check(
        &search("{ point: forbidden }"),
        &get("center=1,2"),
        "terms_not_met (no point to search around)",
    );
    check(&search("{ cursor: forbidden }"), &get("after=abc"), "terms_not_met (the first page)");
    check(&search("{ hour: { from: 8, to: 18 } }"), &get("q=x"), "by s");
    check(&search("{ hour: { from: 22, to: 11 } }"), &get("q=x"), "by s");
    check(
        &search("{ hour: { from: 11, to: 10 } }"),
        &get("q=x"),
        "terms_not_met (calls from 11:00 to 10:00 UTC)",
    );
    check(
        &search("{ standing: [warned, probation] }"),
        &get("q=x"),
        "terms_not_met (a standing of warned or probation)",
    );
    check(&search("{ standing: [good] }"), &get("q=x"), "by s");
    check(
        &search("{ not: { standing: [good] } }"),
        &get("q=x"),
        "terms_not_met (anything but a standing of good)",
    );
    check(&search("{ age: { min: 40d } }"), &get("q=x"), "by s");
    check(
        &search("{ age: { min: 41d } }"),
        &get("q=x"),
        "terms_not_met (a partnership of at least 41d)",
    );
    check(&search("{ age: { min: 2d, of: key } }"), &get("q=x"), "by s");
    check(
        &search("{ age: { min: 3d, of: key } }"),
        &get("q=x"),
        "terms_not_met (a key that is at least 3d old)",
    );
    check(&search("{ scope: [media:read] }"), &get("q=x"), "by s");
    check(
        &search("{ not: { scope: [media:read, places] } }"),
        &get("q=x"),
        "terms_not_met (anything but a key of the scope `media:read` or `places`)",
    );
    let either = search("{ any: [{ words: { min: 3 } }, { point: required }] }");
    check(&either, &get("center=1,2&distance=5"), "by s");
    check(
        &either,
        &get("q=lo"),
        "terms_not_met (at least 3 letters to search for or a point to search around)",
    );
    let both = search("{ words: { min: 2 }, point: forbidden }");
    check(&both, &get("q=lo&center=1,2"), "terms_not_met (no point to search around)");
    let all = search("{ all: [{ words: { min: 2 } }, { rows: { max: 30 } }] }");
    check(&all, &get("q=lo&limit=30"), "by s");
    check(&all, &get("q=lo&limit=31"), "terms_not_met (at most 30 rows a page)");
}

#[test]
fn more_than_agreed_of_what_a_rule_hangs_on_closes_it_whatever_another_gives() {
    let rules = |lists: &str| {
        format!(
            "lists: {lists}\nlimits:\n  - {{ id: few, count: targets, max: {{ for_each: locations, times: 9 }}, window: 24h }}\nallow:\n  - {{ id: here, class: [place.posts], target: {{ declared: locations }}, fields: [id] }}\n  - {{ id: any, class: [place.posts], target: any, fields: [id] }}\n  - {{ id: posts, class: [media.single], target: any, fields: [id], limits: [few] }}\n  - {{ id: own, class: [media.by_account], target: granted, fields: [id] }}\n"
        )
    };
    let here = "GET /v21.0/200300014810/posts?fields=id";
    let there = "GET /v21.0/200300014811/posts?fields=id";
    let post = "GET /v21.0/17900100000000001?fields=id";
    let own = format!("GET /v21.0/{}/media?fields=id", crate::desk::table::USER);
    let bounded = rules("{ locations: 2, grants: 1 }");
    check(&bounded, here, "by here");
    check(&bounded, &own, "by own");
    let mut more = facts();
    let places = more.lists.get_mut("locations").unwrap();
    places.extend(["200300014812".to_owned(), "200300014813".to_owned()]);
    let closed = "terms_not_met (at most 2 declared locations (3 are declared))";
    let bounded = set(&bounded);
    check_with(&bounded, ScopeSet::ALL, &more, here, closed);
    check_with(&bounded, ScopeSet::ALL, &more, post, closed);
    check_with(&bounded, ScopeSet::ALL, &more, there, "by any");
    check_with(&bounded, ScopeSet::ALL, &more, &own, "by own");
    check(
        &rules("{ grants: 0 }"),
        &own,
        "terms_not_met (at most 0 accounts that authorised you (1 did))",
    );
}

#[test]
fn limits_count_cells_and_what_answers_name() {
    let rules = "limits:\n  - { id: cells, count: cells, cell_m: 1000, max: 9, window: 24h }\n  - { id: authors, count: targets, returned: [user], max: 7, window: 24h }\n  - { id: nodes, count: targets, returned: [place, user], max: 8, window: 24h }\nallow:\n  - { id: s, class: [place.search], fields: [id], limits: [cells, nodes] }\n  - { id: posts, class: [place.posts], target: any, fields: [id], limits: [authors, nodes] }\n  - { id: post, class: [media.single], target: any, fields: [id], limits: [authors] }\n";
    let search = "GET /v21.0/search?type=place&fields=id";
    check(rules, &format!("{search}&center=48.2,16.4"), "by s cells#0=1/9 nodes#0=1/8");
    check(rules, &format!("{search}&q=hotel"), "by s nodes#0=1/8");
    // What is found, and the place itself.
    check(
        rules,
        "GET /v21.0/200300014810/posts?fields=id",
        "by posts authors#0=1/7 nodes#0=1/8 nodes#0=1/8",
    );
    check(rules, "GET /v21.0/17900100000000001?fields=id", "by post authors#0=1/7");
}
