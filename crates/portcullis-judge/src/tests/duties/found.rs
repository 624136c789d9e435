//! What answers name is debited as it is found, and taken into account from the next call on.

use super::answers::*;

fn rules(limit: &str) -> String {
    format!(
        r#"version: 1
tier: standard
about: For tests
rates: []
batch: true
limits:
  - {{ id: authors, count: targets, returned: [user], {limit}, window: 24h }}
allow:
  - {{ id: posts, class: [post.list, post.place], target: any, fields: [id, caption], ids: 50, limits: [authors] }}
  - {{ id: users, class: [profile], target: any, fields: [id, username], ids: 50, limits: [authors] }}
filter:
  - {{ id: no-stories, class: [post.place], drop_items: {{ product_type: [STORY] }} }}
"#
    )
}

/// A page of posts of these authors, as the platform gives it.
fn page(authors: &[u32]) -> String {
    let item = |author: &u32| {
        format!(r#"{{"media_product_type":"FEED","owner":{{"id":"17841{author:04}"}},"id":"1"}}"#)
    };
    format!(r#"{{"data":[{}]}}"#, authors.iter().map(item).collect::<Vec<_>>().join(","))
}

/// What is left of it.
fn left(rows: usize) -> String {
    format!(r#"{{"data":[{}]}}"#, vec![r#"{"id":"1"}"#; rows].join(","))
}

fn sent(place: u32) -> (String, String) {
    let call = format!("/v21.0/{place}/media?fields=id");
    (call, format!("/v21.0/{place}/media?fields=media_product_type,owner%7Bid%7D,id"))
}

const REACHED: &str = "budget_reached by standard/authors";

#[test]
fn authors_of_posts_are_debited_each_once_and_what_went_over_is_refused_from_the_next_call_on() {
    let mut answers = Answers::of(&rules("max: 5"));
    let (call, asked) = sent(100);
    answers.check(&call, &asked, &page(&[1, 2, 1, 2]), &left(4));
    answers.check(&call, &asked, &page(&[2, 3]), &left(2));
    // Four, then eight: they have been read, so they count.
    answers.check(&call, &asked, &page(&[4, 5, 6, 7, 8]), &left(5));
    answers.check(&call, REACHED, "", "");
    answers.check(&sent(101).0, REACHED, "", "");
    answers.bed.seconds_pass(86_400);
    answers.check(&call, &asked, &page(&[9]), &left(1));
}

#[test]
fn what_is_asked_for_counts_with_what_is_found() {
    let mut answers = Answers::of(&rules("max: 3"));
    let (call, asked) = sent(100);
    answers.check(&call, &asked, &page(&[1, 2]), &left(2));
    // One of them by its id: it is counted already.
    let user = |n: u32| format!("/v21.0/17841{n:04}?fields=id");
    answers.check(&user(1), "as received", r#"{"id":"1"}"#, "as it is");
    answers.check(&user(3), "as received", r#"{"id":"1"}"#, "as it is");
    answers.check(&user(4), REACHED, "", "");
    answers.check(&user(3), "as received", r#"{"id":"1"}"#, "as it is");
}

#[test]
fn what_a_filter_drops_is_not_counted_and_what_cannot_be_counted_does_not_leave() {
    let mut answers = Answers::of(&rules("max: 2"));
    let (call, asked) = sent(100);
    let story = r#"{"data":[{"media_product_type":"STORY","owner":{"id":"178419999"},"id":"1"}]}"#;
    answers.check(&call, &asked, story, r#"{"data":[]}"#);
    answers.check(&call, &asked, &page(&[1]), &left(1));
    let unreadable = r#"{"data":[{"media_product_type":"FEED","owner":{"id":[1]},"id":"1"}]}"#;
    answers.check(&call, &asked, unreadable, "Cut");
    answers.check(&call, &asked, &page(&[2]), &left(1));
    answers.check(&call, REACHED, "", "");
}

#[test]
fn of_calls_under_way_no_more_pass_than_there_is_left() {
    let mut answers = Answers::of(&rules("max: 2"));
    let (call, asked) = sent(100);
    let mut waiting: Vec<_> = (0..3).map(|_| answers.held(&call)).collect();
    assert!(waiting[0].is_ok() && waiting[1].is_ok());
    assert_eq!(waiting.pop().unwrap().unwrap_err(), REACHED);
    drop(waiting);
    answers.check(&call, &asked, &page(&[1]), &left(1));
    answers.check(&call, &asked, &page(&[1, 2]), &left(2));
    answers.check(&call, REACHED, "", "");
}

#[test]
fn items_of_edges_of_ids_and_of_entries_are_counted_alike() {
    let mut answers = Answers::of(&rules("max: 4"));
    let nested = |id: u32, author: u32| {
        format!(
            r#"{{"id":"{id}","m":{{"data":[{{"owner":{{"id":"17841{author:04}"}},"id":"1"}}]}}}}"#
        )
    };
    answers.check(
        "/v21.0?ids=178410001,178410002&fields=id,media.as(m)%7Bid%7D",
        "/v21.0?ids=178410001,178410002&fields=id,media.as(m)%7Bowner%7Bid%7D,id%7D",
        &format!(r#"{{"178410001":{},"178410002":{}}}"#, nested(1, 1), nested(2, 7)),
        r#"{"178410001":{"id":"1","m":{"data":[{"id":"1"}]}},"178410002":{"id":"2","m":{"data":[{"id":"1"}]}}}"#,
    );
    // Two accounts asked for, one more found: a fourth fits.
    answers.check_entry("100/media?fields=id", &sent(100).1, &page(&[8]), &left(1));
    answers.check(&sent(100).0, REACHED, "", "");
}
