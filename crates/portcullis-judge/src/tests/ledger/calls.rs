//! Which records are noted of the answer to which call.

use super::world::*;

const USER: &str = "17841000000000001";
const OTHER: &str = "17841000000000002";
const PLACE: &str = "100000000001";

fn v(rest: &str) -> String {
    format!("/v21.0/{rest}")
}

#[test]
fn what_belongs_to_the_account_that_is_named_is_not_asked_whose_it_is() {
    let mut noting = Noting::new();
    let own = |class: &str, id: &str| format!("{class} {id} {USER} - -");
    let posts = r#"{"data":[{"id":"17900000000000001"},{"id":17900000000000003}]}"#;
    let told = noting.check(
        &v(&format!("{USER}/media?fields=id")),
        "as received",
        (posts, posts),
        &[
            &own("media.by_account", "17900000000000001"),
            &own("media.by_account", "17900000000000003"),
        ],
    );
    assert_eq!((told.rows, told.counted), (2, true));
    let digested = told.digested.as_ref().unwrap();
    assert_eq!((digested.owners(), digested.places(), digested.day()), (1, 0, TODAY));
    let stories = r#"{"data":[{"id":"18000000000000001"}]}"#;
    noting.check(
        &v(&format!("{USER}/stories?fields=id,timestamp")),
        "as received",
        (stories, stories),
        &[&own("story.by_account", "18000000000000001")],
    );
    let nested = format!(r#"{{"media":{{"data":[{{"id":"17900000000000001"}}]}},"id":"{USER}"}}"#);
    noting.check(
        &v(&format!("{USER}?fields=id,media%7Bid%7D")),
        "as received",
        (&nested, &nested),
        &[&own("media.by_account", "17900000000000001"), &own("profile.basic", USER)],
    );
}

#[test]
fn what_an_item_says_of_itself_counts_for_more_than_what_the_call_tells() {
    let shown = format!(
        r#"{{"data":[{{"owner":{{"id":"{OTHER}"}},"id":"17900000000000001"}},{{"id":"17900000000000002"}}]}}"#
    );
    Noting::new().check(
        &v(&format!("{USER}/media?fields=id,owner")),
        "as received",
        (&shown, &shown),
        &[
            &format!("media.by_account 17900000000000001 {OTHER} - -"),
            &format!("media.by_account 17900000000000002 {USER} - -"),
        ],
    );
}

#[test]
fn whose_it_is_is_asked_where_the_call_does_not_tell() {
    let mut noting = Noting::new();
    let given = format!(
        r#"{{"data":[{{"owner":{{"id":"{OTHER}"}},"id":"17900000000000001"}},{{"id":"17900000000000002"}}]}}"#
    );
    let left = r#"{"data":[{"id":"17900000000000001"},{"id":"17900000000000002"}]}"#;
    for (target, class, unseen) in [
        // A word is no account that is named.
        ("me/media", "media.by_account", "-"),
        // Of what others made: who is tagged is told by the call, and so far as nothing else is seen.
        ("17841000000000001/tags", "media.tagged", USER),
    ] {
        noting.check(
            &v(&format!("{target}?fields=id")),
            &v(&format!("{target}?fields=owner%7Bid%7D,id")),
            (&given, left),
            &[
                &format!("{class} 17900000000000001 {OTHER} - -"),
                &format!("{class} 17900000000000002 {unseen} - -"),
            ],
        );
    }
    // One text of `fields` is for all ids: it is asked for the sake of the one that is no account.
    let both = format!(
        r#"{{"me":{{"media":{{"data":[{{"owner":{{"id":"{OTHER}"}},"id":"17900000000000001"}}]}},"id":"{OTHER}"}},"{USER}":{{"media":{{"data":[{{"owner":{{"id":"{USER}"}},"id":"17900000000000002"}}]}},"id":"{USER}"}}}}"#
    );
    let left = format!(
        r#"{{"me":{{"media":{{"data":[{{"id":"17900000000000001"}}]}},"id":"{OTHER}"}},"{USER}":{{"media":{{"data":[{{"id":"17900000000000002"}}]}},"id":"{USER}"}}}}"#
    );
    noting.check(
        &v(&format!("?ids=me,{USER}&fields=media%7Bid%7D")).replace("/?", "?"),
        &v(&format!("?ids=me,{USER}&fields=media%7Bowner%7Bid%7D,id%7D")).replace("/?", "?"),
        (&both, &left),
        &[
            &format!("media.by_account 17900000000000001 {OTHER} - -"),
            &format!("profile.basic {OTHER} {OTHER} - -"),
            &format!("media.by_account 17900000000000002 {USER} - -"),
            &format!("profile.basic {USER} {USER} - -"),
        ],
    );
}

#[test]
fn without_a_declaration_it_is_asked_whose_each_post_of_an_account_is() {
    let routes = include_str!("../../../../../policies/plaza/routes/plaza.yaml");
    let undeclared = routes.replace("  owned: [media.by_account, story.by_account]\n", "");
    assert_ne!(routes, undeclared);
    let passed = Noting::of(TIER, &undeclared).call(&v(&format!("{USER}/media?fields=id")));
    assert_eq!(passed.unwrap().sent, v(&format!("{USER}/media?fields=owner%7Bid%7D,id")));
}

#[test]
fn a_place_is_noted_where_the_call_names_it_or_the_item_shows_it_and_asked_for_never() {
    let mut noting = Noting::new();
    let hidden = r#"{"data":[{"id":"17900000000000001"}]}"#;
    let named = r#"{"data":[{"location":{"id":"100000000001"},"id":"17900000000000001"}]}"#;
    let spot = r#"{"data":[{"location":{"latitude":48.25,"longitude":"16.37"},"id":"17900000000000001"}]}"#;
    for (fields, answer, place) in [
        ("id", hidden, "- -"),
        ("id,location", named, "100000000001 -"),
        ("id,location%7Blatitude,longitude%7D", spot, "- 4977163"),
        // What the platform shows unasked left, too.
        ("id", named, "100000000001 -"),
    ] {
        let record = format!("media.by_account 17900000000000001 {USER} {place}");
        let call = v(&format!("{USER}/media?fields={fields}"));
        noting.check(&call, "as received", (answer, answer), &[&record]);
    }
    noting.check(
        &v(&format!("{PLACE}/posts?fields=owner,location%7Bname%7D")),
        "as received",
        (
            r#"{"data":[{"owner":{"id":"17841000000000002"},"location":{"name":"n","id":"100000000009"},"id":"17900000000000001"},{"id":"17900000000000002"}]}"#,
            r#"{"data":[{"owner":{"id":"17841000000000002"},"location":{"name":"n","id":"100000000009"},"id":"17900000000000001"},{"id":"17900000000000002"}]}"#,
        ),
        &[
            &format!("place.posts 17900000000000001 {OTHER} 100000000009 -"),
            &format!("place.posts 17900000000000002 - {PLACE} -"),
        ],
    );
}

#[test]
fn a_place_that_a_filter_takes_out_did_not_leave() {
    let tier = format!(
        "{TIER}filter:\n  - {{ id: nowhere, class: [media.by_account], drop_fields: [location.id] }}\n"
    );
    let routes = include_str!("../../../../../policies/plaza/routes/plaza.yaml");
    Noting::of(&tier, routes).check(
        &v(&format!("{USER}/media?fields=id,location%7Bid,name%7D")),
        "as received",
        (
            r#"{"data":[{"location":{"id":"100000000001","name":"n"},"id":"17900000000000001"}]}"#,
            r#"{"data":[{"location":{"name":"n"},"id":"17900000000000001"}]}"#,
        ),
        &[&format!("media.by_account 17900000000000001 {USER} - -")],
    );
}

#[test]
fn what_leaves_under_another_name_is_noted_all_the_same() {
    let answer = r#"{"data":[{"o":{"id":"17841000000000002"},"l":{"id":"100000000001"},"id":"17900000000000001"}]}"#;
    Noting::new().check(
        &v(&format!("{USER}/tags?fields=id,owner.as(o),location.as(l)")),
        "as received",
        (answer, answer),
        &[&format!("media.tagged 17900000000000001 {OTHER} {PLACE} -")],
    );
}

#[test]
fn an_account_is_its_own_owner_and_a_place_its_own_place() {
    let mut noting = Noting::new();
    let one = format!(r#"{{"username":"x","id":"{USER}"}}"#);
    let record = format!("profile.basic {USER} {USER} - -");
    noting.check(&v(USER), "as received", (&one, &one), &[&record]);
    let me = r#"{"id":"17841000000000009"}"#;
    let record = "profile.basic 17841000000000009 17841000000000009 - -";
    noting.check("/v21.0/me", "as received", (me, me), &[record]);
    noting.check(
        &v("search?q=cafe&center=48.25,16.37&distance=500&fields=name"),
        "as received",
        (
            r#"{"data":[{"location":{"latitude":1.05,"longitude":2},"name":"a","id":"100000000001"},{"name":"b","id":"100000000002"}]}"#,
            r#"{"data":[{"location":{"latitude":1.05,"longitude":2},"name":"a","id":"100000000001"},{"name":"b","id":"100000000002"}]}"#,
        ),
        &[
            &format!("place.search {PLACE} - {PLACE} 3277820"),
            // Found around the point that the call asked about.
            "place.search 100000000002 - 100000000002 4977163",
        ],
    );
}

#[test]
fn nested_asks_are_noted_each_at_its_own_place() {
    let mut noting = Noting::new();
    noting.check(
        &v(&format!(
            "{USER}?fields=business_discovery.username(shop)%7Bid,media%7Bid,comments%7Btext%7D%7D%7D"
        )),
        &v(&format!(
            "{USER}?fields=business_discovery.username(shop)%7Bid,media%7Bowner%7Bid%7D,id,comments%7Bfrom%7Bid%7D,text%7D%7D%7D"
        )),
        (
            r#"{"business_discovery":{"id":"17841000000000002","media":{"data":[{"owner":{"id":"17841000000000002"},"id":"17900000000000001","comments":{"data":[{"from":{"id":"17841000000000003"},"text":"t","id":"17870000000000001"},{"text":"u","id":"17870000000000002"}]}}]}},"id":"17841000000000001"}"#,
            r#"{"business_discovery":{"id":"17841000000000002","media":{"data":[{"id":"17900000000000001","comments":{"data":[{"text":"t","id":"17870000000000001"},{"text":"u","id":"17870000000000002"}]}}]}},"id":"17841000000000001"}"#,
        ),
        &[
            &format!("discovery.by_username {OTHER} {OTHER} - -"),
            "comment.list 17870000000000001 17841000000000003 - -",
            "comment.list 17870000000000002 - - -",
            &format!("media.by_account 17900000000000001 {OTHER} - -"),
        ],
    );
}

#[test]
fn ids_and_entries_of_batches_are_noted_alike() {
    let mut noting = Noting::new();
    let answer = r#"{"17900000000000001":{"owner":{"id":"17841000000000002"},"id":"17900000000000001"},"17841000000000001":{"id":"17841000000000001"}}"#;
    // An account has no owner to ask for, so of the post nobody asks for one either.
    noting.check(
        "/v21.0?ids=17900000000000001,17841000000000001&fields=id",
        "as received",
        (answer, answer),
        &[
            "media.single 17900000000000001 17841000000000002 - -",
            "profile.basic 17841000000000001 17841000000000001 - -",
        ],
    );
    noting.check(
        "/v21.0?ids=17900000000000001,17900000000000002",
        "/v21.0?ids=17900000000000001,17900000000000002&fields=id,owner%7Bid%7D",
        (
            r#"{"17900000000000001":{"owner":{"id":"17841000000000002"},"id":"17900000000000001"},"17900000000000002":{"id":"17900000000000002"}}"#,
            r#"{"17900000000000001":{"id":"17900000000000001"},"17900000000000002":{"id":"17900000000000002"}}"#,
        ),
        &[
            "media.single 17900000000000001 17841000000000002 - -",
            "media.single 17900000000000002 - - -",
        ],
    );
    let passed = noting.entry(&format!("{USER}/stories?fields=id"));
    noting.check_passed(
        USER,
        passed,
        "as received",
        (r#"{"data":[{"id":"18000000000000001"}]}"#, r#"{"data":[{"id":"18000000000000001"}]}"#),
        &[&format!("story.by_account 18000000000000001 {USER} - -")],
    );
}

#[test]
fn what_a_write_reads_back_is_noted_and_a_write_alone_is_not() {
    let mut noting = Noting::new();
    noting.check(
        &format!("POST {}", v(&format!("{USER}/media_publish?creation_id=1&fields=id,caption"))),
        &v(&format!("{USER}/media_publish?creation_id=1&fields=owner%7Bid%7D,id,caption")),
        (
            r#"{"owner":{"id":"17841000000000001"},"id":"17900000000000001","caption":"c"}"#,
            r#"{"id":"17900000000000001","caption":"c"}"#,
        ),
        &[&format!("publish.post 17900000000000001 {USER} - -")],
    );
    let plain = noting.call(&format!("POST {}", v(&format!("{USER}/media_publish?creation_id=1"))));
    assert!(plain.unwrap().told.is_none());
}
