//! When nothing may leave, what is only counted, and what is not noted.

use portcullis_registry::{Command, Mode};
use portcullis_types::{LedgerLevel, PartnerId};

use super::world::*;
use crate::LedgerKeys;

const USER: &str = "/v21.0/17841000000000001";
const TAGS: &str = "/v21.0/ig_hashtag_search?user_id=17841000000000001&q=cafe";

#[test]
fn without_a_key_of_the_day_nothing_leaves_that_would_be_digested() {
    let mut noting = Noting::new();
    assert!(noting.call(USER).is_ok());
    noting.bed.seconds_pass(86_400);
    assert_eq!(noting.call(USER).err().as_deref(), Some("ledger_full"));
    assert!(noting.call(TAGS).is_ok(), "counts need no key");
    let keys = LedgerKeys::new(vec![day_key(TODAY), day_key(TODAY + 1)]);
    noting.bed.judge.set_ledger(Some(keys));
    assert!(noting.call(USER).is_ok());
    noting.bed.judge.set_ledger(None);
    let passed = noting.call(USER).unwrap();
    assert!(passed.told.is_none() && passed.sent == "as received");
}

#[test]
fn what_is_only_counted_is_not_looked_at() {
    let mut noting = Noting::new();
    let passed = noting.call("/v21.0/17841000000000001/content_publishing_limit").unwrap();
    assert_eq!(passed.sent, "as received");
    let told = noting.answered(passed, r#"{"data":[{"quota_usage":1}]}"#).answer.unwrap();
    assert_eq!((told.level, told.counted), (LedgerLevel::Counts, false));
    assert_eq!(told.records().count(), 0);
}

#[test]
fn a_class_that_is_off_is_told_to_nobody() {
    let routes = include_str!("../../../../../policies/plaza/routes/plaza.yaml");
    let routes = routes
        .replace("    - comment.*\n", "    - comment.*\n  none: [hashtag.search, hashtag.basic]\n");
    let mut noting = Noting::of(TIER, &routes);
    assert!(noting.call(TAGS).unwrap().told.is_none());
    assert!(noting.call(USER).unwrap().told.is_some());
}

#[test]
fn what_a_filter_drops_is_not_noted() {
    let tier = format!(
        "{TIER}filter:\n  - {{ id: no-stories, class: [place.posts], drop_items: {{ product_type: [STORY] }} }}\n"
    );
    let mut noting =
        Noting::of(&tier, include_str!("../../../../../policies/plaza/routes/plaza.yaml"));
    let told = noting.check(
        "/v21.0/100000000001/posts?fields=id,owner,location%7Blatitude,longitude%7D",
        "/v21.0/100000000001/posts?fields=media_product_type,id,owner,location%7Blatitude,longitude%7D",
        (
            r#"{"data":[{"media_product_type":"STORY","id":"17900000000000001","owner":{"id":"17841000000000002"}},{"media_product_type":"FEED","id":"17900000000000002","owner":{"id":"17841000000000003"}}]}"#,
            r#"{"data":[{"id":"17900000000000002","owner":{"id":"17841000000000003"}}]}"#,
        ),
        &["place.posts 17900000000000002 17841000000000003 100000000001 -"],
    );
    assert_eq!(told.rows, 1);
}

#[test]
fn an_item_without_an_id_is_counted_all_the_same_and_the_platforms_error_is_not() {
    let mut noting = Noting::new();
    let answer = r#"{"data":[{"owner":{"id":"17841000000000002"},"location":{"latitude":1,"longitude":2},"id":["x"]}]}"#;
    let told = noting.check(
        "/v21.0/17841000000000001/tags?fields=owner,location%7Blatitude,longitude%7D",
        "as received",
        (answer, answer),
        &["media.tagged - 17841000000000002 - 3277820"],
    );
    assert_eq!((told.rows, told.counted), (1, true));
    let error = r#"{"error":{"message":"no","code":100}}"#;
    noting.check(USER, "as received", (error, error), &[]);
}

#[test]
fn an_answer_is_cut_before_more_of_it_leaves_than_can_be_held_until_its_end() {
    let mut noting = Noting::new();
    let item = |at: u32| format!(r#"{{"id":"{at}","timestamp":"{at}"}}"#);
    let items: Vec<String> = (0..327_700).map(item).collect();
    let answer = |count: usize| format!(r#"{{"data":[{}]}}"#, items[..count].join(","));
    let call = "/v21.0/17841000000000001/media?fields=id,timestamp&limit=25";
    let passed = noting.call(call).unwrap();
    let noted = noting.answered(passed, &answer(327_000));
    assert_eq!(noted.left, answer(327_000));
    assert_eq!(noted.answer.unwrap().rows, 327_000);
    let passed = noting.call(call).unwrap();
    let noted = noting.answered(passed, &answer(327_700));
    assert_eq!(noted.left, "Cut");
    assert_eq!(noted.answer.unwrap().records().count(), 327_677);
}

#[test]
fn an_answer_of_records_without_ids_is_cut_as_well() {
    let mut noting = Noting::new();
    let answer = format!(r#"{{"data":[{}]}}"#, vec![r#"{"timestamp":"1"}"#; 327_681].join(","));
    let passed =
        noting.call("/v21.0/17841000000000001/media?fields=id,timestamp&limit=25").unwrap();
    let noted = noting.answered(passed, &answer);
    assert_eq!(noted.left, "Cut");
    assert_eq!(noted.answer.unwrap().records().count(), 327_680);
}

#[test]
fn a_partner_under_observation_is_noted_too() {
    let mut noting = Noting::of(
        "version: 1\ntier: standard\nabout: For tests\nscopes: []\nrates: []\n",
        include_str!("../../../../../policies/plaza/routes/plaza.yaml"),
    );
    assert_eq!(noting.call(USER).err().as_deref(), Some("class_not_granted"));
    noting.observe();
    let answer = r#"{"id":"17841000000000001"}"#;
    let record = "profile.basic 17841000000000001 17841000000000001 - -";
    noting.check(USER, "as received", (answer, answer), &[record]);
    noting.check(
        "/v21.0/100000000001/posts?fields=id",
        "/v21.0/100000000001/posts?fields=owner%7Bid%7D,id",
        (
            r#"{"data":[{"owner":{"id":"17841000000000002"},"id":"17900000000000001"}]}"#,
            r#"{"data":[{"id":"17900000000000001"}]}"#,
        ),
        &["place.posts 17900000000000001 17841000000000002 100000000001 -"],
    );
    let unlisted = noting.call("/v21.0/private/sweep").unwrap();
    let told = noting.answered(unlisted, "{}").answer.unwrap();
    assert_eq!((told.level, told.rows), (LedgerLevel::Counts, 1));
}

impl Noting {
    fn observe(&mut self) {
        let partner = PartnerId::new("acme").unwrap();
        let why = "new tier".to_owned();
        self.bed.command(Command::SetMode { partner, mode: Mode::Observe, why });
    }
}
