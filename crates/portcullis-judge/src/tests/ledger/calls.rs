//! Which records are noted of the answer to which call.

use super::world::*;

const USER: &str = "17841000000000001";
const OTHER: &str = "17841000000000002";
const PLACE: &str = "100000000001";

fn v(rest: &str) -> String {
    format!("/v21.0/{rest}")
}

#[test]
fn posts_of_an_account_are_its_own_whether_they_say_so_or_not() {
    let mut noting = Noting::new();
    let told = noting.check(
        &v(&format!("{USER}/media?fields=id")),
        &v(&format!(
            "{USER}/media?fields=location%7Bid,latitude,longitude%7D,owner%7Bid%7D,id"
        )),
        (
            r#"{"data":[{"location":{"id":"100000000001","latitude":48.25,"longitude":"16.37"},"owner":{"id":"17841000000000002"},"id":"17900000000000001"},{"id":"17900000000000002"},{"id":17900000000000003}]}"#,
            r#"{"data":[{"id":"17900000000000001"},{"id":"17900000000000002"},{"id":17900000000000003}]}"#,
        ),
        &[
            &format!("media.by_account 17900000000000001 {OTHER} {PLACE} 4977163"),
            &format!("media.by_account 17900000000000002 {USER} - -"),
            &format!("media.by_account 17900000000000003 {USER} - -"),
        ],
    );
    assert_eq!((told.rows, told.counted), (3, true));
    let digested = told.digested.as_ref().unwrap();
    assert_eq!((digested.owners, digested.places, digested.day), (2, 1, TODAY));
}

#[test]
fn posts_at_a_place_were_made_there_and_what_was_asked_for_stays() {
    let mut noting = Noting::new();
    noting.check(
        &v(&format!("{PLACE}/posts?fields=owner,location%7Bname%7D")),
        &v(&format!("{PLACE}/posts?fields=owner,location%7Blatitude,longitude,name%7D")),
        (
            r#"{"data":[{"owner":{"id":"17841000000000002"},"location":{"latitude":1,"longitude":2,"name":"n","id":"100000000001"},"id":"17900000000000001"}]}"#,
            r#"{"data":[{"owner":{"id":"17841000000000002"},"location":{"name":"n","id":"100000000001"},"id":"17900000000000001"}]}"#,
        ),
        &[&format!("place.posts 17900000000000001 {OTHER} {PLACE} 3277820")],
    );
    noting.check(
        &v(&format!("{PLACE}/posts?fields=owner,location")),
        &v(&format!("{PLACE}/posts?fields=owner,location%7Bid,name,latitude,longitude%7D")),
        (r#"{"data":[{"id":"17900000000000001"}]}"#, r#"{"data":[{"id":"17900000000000001"}]}"#),
        &[&format!("place.posts 17900000000000001 - {PLACE} -")],
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
        &v("search?q=cafe&center=48.25,16.37&distance=500&fields=location%7Blatitude,longitude%7D,name"),
        (
            r#"{"data":[{"location":{"latitude":1.05,"longitude":2},"name":"a","id":"100000000001"},{"name":"b","id":"100000000002"}]}"#,
            r#"{"data":[{"name":"a","id":"100000000001"},{"name":"b","id":"100000000002"}]}"#,
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
            "{USER}?fields=business_discovery.username(shop)%7Bid,media%7Blocation%7Bid,latitude,longitude%7D,owner%7Bid%7D,id,comments%7Bfrom%7Bid%7D,text%7D%7D%7D"
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
        "/v21.0?ids=17900000000000001,17900000000000002&fields=id,location%7Bid,latitude,longitude%7D,owner%7Bid%7D",
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
        &v(&format!("{USER}/stories?fields=location%7Bid,latitude,longitude%7D,owner%7Bid%7D,id")),
        (r#"{"data":[{"id":"18000000000000001"}]}"#, r#"{"data":[{"id":"18000000000000001"}]}"#),
        &[&format!("story.by_account 18000000000000001 {USER} - -")],
    );
}

#[test]
fn what_a_write_reads_back_is_noted_and_a_write_alone_is_not() {
    let mut noting = Noting::new();
    noting.check(
        &format!("POST {}", v(&format!("{USER}/media_publish?creation_id=1&fields=id,caption"))),
        &v(&format!("{USER}/media_publish?creation_id=1&fields=location%7Bid,latitude,longitude%7D,owner%7Bid%7D,id,caption")),
        (
            r#"{"owner":{"id":"17841000000000001"},"id":"17900000000000001","caption":"c"}"#,
            r#"{"id":"17900000000000001","caption":"c"}"#,
        ),
        &[&format!("publish.post 17900000000000001 {USER} - -")],
    );
    let plain = noting.call(&format!("POST {}", v(&format!("{USER}/media_publish?creation_id=1"))));
    assert!(plain.unwrap().told.is_none());
}
