//! What each kind of filter takes out, and what is known of it without an answer.

use std::sync::Arc;

use portcullis_registry::Command;
use portcullis_sieve::Sieve;
use portcullis_types::Facts;

use super::super::{arrivals, bed::partner};
use super::answers::*;
use crate::Names;

#[test]
fn what_the_answer_cannot_tell_is_refused_before_it_is_asked() {
    let blind = |class: &str| {
        tier(&format!("  - {{ id: blind, class: {class}, drop_items: {{ expired: true }} }}\n"))
    };
    let mut answers = Answers::of(&blind("[figures]"));
    answers.check(&format!("{USER}/insights"), "answer_withheld by standard/blind", "", "");
    let mut answers = Answers::of(&blind("[post.list]"));
    answers.check(&format!("{USER}/media"), "answer_withheld by standard/blind", "", "");
    // A filter over everything means what has such a member.
    let mut answers = Answers::of(&blind("any"));
    answers.check(&format!("{USER}/insights"), "as received", "", "as it is");
    let story = r#"{"data":[{"id":"1","expires_at":"2024-01-01T00:00:00Z"}]}"#;
    let sent = format!("{USER}/stories?fields=id,expires_at");
    answers.check(&format!("{USER}/stories"), &sent, story, r#"{"data":[]}"#);
}

#[test]
fn fields_go_under_whatever_name_they_come() {
    let mut answers = Answers::of(&tier(
        "  - { id: f, class: [post.list, post.single], drop_fields: [caption, owner.id] }\n",
    ));
    answers.check(
        &format!("{USER}/media?fields=caption.as(text),id,owner.as(o)%7Busername%7D,caption"),
        "as received",
        r#"{"data":[{"text":"a","id":"1","o":{"id":"9","username":"u"},"caption":"a"}]}"#,
        r#"{"data":[{"id":"1","o":{"username":"u"}}]}"#,
    );
    answers.check(POST, "as received", r#"{"id":"1","caption":"a"}"#, r#"{"id":"1"}"#);
}

#[test]
fn items_stay_whose_owner_authorised_the_partner() {
    let mut answers = Answers::of(&tier(OURS));
    let acme = answers.bed.state.snapshot().partners().next().unwrap().0;
    answers.bed.judge.grants().put("178410007", (acme, None), None, None);
    let call = format!("{PLACE}/media?fields=id");
    let sent = format!("{PLACE}/media?fields=owner%7Bid,username%7D,id");
    let item = |owner: &str, id: &str| {
        format!(r#"{{"owner":{{"id":"{owner}","username":"u"}},"id":"{id}"}}"#)
    };
    let page = format!(
        r#"{{"data":[{},{},{{"id":"3"}}]}}"#,
        item("178410007", "1"),
        item("178410008", "2")
    );
    answers.check(&call, &sent, &page, r#"{"data":[{"id":"1"}]}"#);
    answers.bed.judge.grants().withdraw("178410007", acme, None);
    answers.check(&call, &sent, &page, r#"{"data":[]}"#);
}

#[test]
fn items_stay_whose_owner_was_declared_by_id_or_name() {
    let mut answers = Answers::of(&tier(DECLARED));
    let brands = ["brand_a", "178410007", "Brand_C"].map(str::to_owned).to_vec();
    let facts = Facts { lists: [("brands".to_owned(), brands)].into(), ..Facts::default() };
    answers.bed.command(Command::DeclareFacts { subject: partner("acme"), facts });
    let mut names = Names::default();
    names.insert("user", "brand_c", "178410009");
    answers.bed.judge.set_names(names);
    let items =
        [("178410001", "Brand_A"), ("178410007", "x"), ("178410009", "y"), ("178410008", "z")];
    let items = items.map(|(id, name)| {
        format!(r#"{{"owner":{{"id":"{id}","username":"{name}"}},"id":"{id}"}}"#)
    });
    answers.check(
        &format!("{PLACE}/media?fields=id"),
        &format!("{PLACE}/media?fields=owner%7Bid,username%7D,id"),
        &format!(r#"{{"data":[{}]}}"#, items.join(",")),
        r#"{"data":[{"id":"178410001"},{"id":"178410007"},{"id":"178410009"}]}"#,
    );
    let sent = format!("{POST}?fields=owner%7Bid,username%7D,id");
    answers.check(&format!("{POST}?fields=id"), &sent, &items[3], "Withheld");
}

#[test]
fn a_filter_in_shadow_counts_and_drops_nothing() {
    let shadow = |filter: &str| filter.replace(" }\n", ", shadow: true }\n");
    let mut answers = Answers::of(&tier(&shadow(&format!("{FRESH}{BUSINESS}"))));
    let (_, duties, key) = answers.call(&format!("{USER}/stories")).unwrap();
    let (now, duties) = (answers.bed.now, duties.unwrap());
    let items = answers.bed.desks[0].items(key, &duties, None, now);
    let mut sieve = Sieve::new(Arc::clone(&duties.program), Arc::default(), 0, items);
    let mut out = Vec::new();
    let page = r#"{"data":[{"id":"1","expires_at":"2024-01-01T00:00:00Z","owner":{"account_type":"BUSINESS"}},{"id":"2"}]}"#;
    sieve.push(page.as_bytes(), &mut out).unwrap();
    sieve.finish().unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), r#"{"data":[{"id":"1"},{"id":"2"}]}"#);
    let counts: Vec<(String, u64)> =
        sieve.items().shadowed().iter().map(|(name, count)| (name.to_string(), *count)).collect();
    assert_eq!(counts, [("standard/fresh".into(), 2), ("standard/business".into(), 1)]);
}

#[test]
fn what_vanishes_is_kept_by_nobody() {
    let mut answers = Answers::of(&tier(NO_STORIES));
    let mut no_store =
        |call: &str| answers.call(call).unwrap().1.is_some_and(|duties| duties.no_store);
    assert!(no_store(STORY) && no_store(&format!("{USER}/stories")));
    assert!(no_store(&format!("{USER}?fields=stories%7Bid%7D")));
    assert!(!no_store(USER) && !no_store(&format!("{USER}/media")));
}

#[test]
fn a_rule_that_is_excepted_is_not_filtered() {
    let rules = r#"version: 1
tier: standard
about: For tests
rates: []
allow:
  - { id: own, class: [post.list], target: granted, fields: [id, caption] }
  - { id: all, class: [post.list], target: any, fields: [id] }
filter:
  - { id: no-stories, class: [post.list], drop_items: { product_type: [STORY] }, except: [own] }
"#;
    let mut answers = Answers::of(rules);
    let acme = answers.bed.state.snapshot().partners().next().unwrap().0;
    answers.bed.judge.grants().put("178410001", (acme, None), None, None);
    let page = r#"{"data":[{"id":"1","media_product_type":"STORY"}]}"#;
    answers.check(&format!("{USER}/media?fields=id"), "as received", page, page);
    let other = "/v21.0/178410002/media";
    let sent = format!("{other}?fields=id,media_product_type");
    answers.check(other, &sent, page, r#"{"data":[]}"#);
}

#[test]
fn calls_of_one_shape_share_their_duties() {
    let mut answers = Answers::of(&tier(NO_STORIES));
    let one = answers.call(&format!("{USER}/media?fields=id")).unwrap().1.unwrap();
    let two = answers.call("/v21.0/178410002/media?fields=id&after=b").unwrap().1.unwrap();
    let other = answers.call(&format!("{USER}/media?fields=caption")).unwrap().1.unwrap();
    assert!(Arc::ptr_eq(&one, &two) && !Arc::ptr_eq(&one, &other));
    for n in 0..1000 {
        answers.call(&format!("{USER}/media?fields=caption.as(c{n})")).unwrap();
    }
    let again = answers.call(&format!("{USER}/media?fields=id")).unwrap().1.unwrap();
    assert!(!Arc::ptr_eq(&one, &again), "forgotten, and made anew");
}

#[test]
fn rules_that_change_bring_other_duties() {
    let mut answers = Answers::of(&tier(NO_STORIES));
    let call = format!("{USER}/media?fields=id,media_product_type");
    let page = r#"{"data":[{"id":"1","media_product_type":"STORY"}]}"#;
    answers.check(&call, "as received", page, r#"{"data":[]}"#);
    answers.rules(&tier(&NO_STORIES.replace("STORY", "REELS")));
    answers.check(&call, "as received", page, page);
}

#[test]
fn what_happens_to_an_answer_is_explained() {
    let mut answers = Answers::of(&tier(&format!("{FRESH}{NO_STORIES}")));
    let key = answers.call(USER).unwrap().2;
    let mut last = |path: &str, query: Option<&str>| {
        let now = answers.bed.now;
        let arrival = arrivals::get(path, query, &[]);
        let explained = answers.bed.desks[0].explain(key, &arrival, now);
        let told = explained.steps.iter().filter(|step| step.stage == "answer");
        told.map(|step| format!("{}: {}\n", step.what, step.outcome)).collect::<String>()
    };
    insta::assert_snapshot!(last(&format!("{USER}/stories"), Some("fields=id")), @r"
        rule `standard/fresh`: looks at each item
        asked of the platform for that: fields=expires_at,id
        ");
    assert_eq!(last(USER, None), "");
    answers.rules(&tier("  - { id: f, class: [figures], drop_items: { expired: true } }\n"));
    let mut last = |path: &str| {
        let now = answers.bed.now;
        let explained = answers.bed.desks[0].explain(key, &arrivals::get(path, None, &[]), now);
        let step = explained.steps.last().unwrap();
        format!("{}: {}: {}", step.stage, step.what, step.outcome)
    };
    insta::assert_snapshot!(last(&format!("{USER}/insights")), @"answer: refused with `answer_withheld`: The platform's answer could not be cut down to what your agreement covers: the answer does not tell whether it holds what your agreement leaves out.");
}
