//! What a call looks for, how much of it, and where the gate stops reading.

use crate::common::Call;
use crate::plaza::{asked, asked_within, filled};
use portcullis_request::Bounds;

#[track_caller]
fn check(target: &str, expected: &str) {
    assert_eq!(asked(&Call::get(&filled(target))), expected, "{target}");
}

#[track_caller]
fn wrote(target: &str, form: &str, expected: &str) {
    let call = Call::post(&filled(target)).form(&filled(form));
    assert_eq!(asked(&call), expected, "{target} {form}");
}

/// What refuses a call, in short.
#[track_caller]
fn refuses(target: &str, part: &str) {
    let said = asked(&Call::get(&filled(target)));
    assert!(said.contains(part), "{target}: {said}");
}

#[test]
fn a_call_without_a_node_says_what_it_looks_for() {
    check(
        "/search?type=place&q=ho%20ch&center=10.81030,-106.55192&distance=500&fields=name",
        "place.search - {name} 25? | words=ho ch | point=10.8103/-106.55192 | within=500",
    );
    check(
        "/pages/search?q=bar&limit=10&after=x",
        "place.search_pages - {id,location.city,location.country_code,location.latitude,\
         location.longitude,location.timezone,name}? 10 | further page | words=bar",
    );
    check("/ig_hashtag_search?q=%23Berlin&user_id=USER", "hashtag.search hashtag=berlin {id}?");
    check("/TAG/recent_media?user_id=USER&limit=50", "hashtag.media TAG {id}? 50");
    check(
        "/search?fields=posts{id}",
        "place.search - {} 25? | place.posts place@0 {id} 25? <posts@0",
    );
    check("/oembed?url=https://plaza.example/p/Ab", "media.oembed post=https://plaza.example/p/ab");
    refuses("/ig_hashtag_search?user_id=USER", "unreadable");
    refuses("/ig_hashtag_search?q=%23", "unreadable");
    for center in ["10", "10,", "a,b", "91,0", "0,181", "1e1,2", "inf,nan", "1,2,3", "%2B1,2"] {
        refuses(&format!("/search?center={center}"), "unreadable");
    }
    for distance in ["-1", "1e9", "", "x", "inf", "NaN", "5km", ".5"] {
        refuses(&format!("/search?distance={distance}"), "unreadable");
    }
}

#[test]
fn page_sizes_count_wherever_they_stand() {
    check("/USER/media", "media.by_account USER {id}? 25?");
    check("/USER/media?limit=100&fields=id", "media.by_account USER {id} 100");
    check("/POST/children", "media.children POST {id}? 10?");
    check("/USER/stories?limit=7", "story.by_account USER {id}? 7");
    check("/USER/insights?metric=reach", "insight.account USER");
    for target in ["/USER/media?limit=0", "/USER?fields=media.limit(0)"] {
        refuses(target, "unreadable: a page size is 0");
    }
    for target in ["/USER/media?limit=-1", "/USER/media?limit=1e3", "/USER/media?limit="] {
        refuses(target, "unreadable: a page size is not");
    }
}

#[test]
fn what_lies_outside_stays_outside() {
    check("/v1/locations/212345678901/media/recent", "legacy.media -");
    check("/explore/tags/cats", "backchannel.media -");
    check("/api/v1/feed/reels_media?reel_ids=1", "backchannel.story -");
    refuses("/api/v1/users/1/full", "operation_unlisted");
    refuses("/graphql/query?variables={}", "operation_unlisted");
    check("/?ids=USER&fields=id", "profile.basic USER {id} | ids=1");
    refuses("/v17.0/USER", "version_unknown");
    refuses("/debug_token?input_token=x", "not judged: a key as an argument");
    assert_eq!(asked(&Call::post("/v21.0").form("batch=[]")), "not judged: a batch within a batch");
    assert_eq!(asked(&Call::post("/").form("batch=[]")), "not judged: batch");
    assert_eq!(asked(&Call::post(&filled("/POST")).form("batch=[]")), "not judged: a batch");
}

#[test]
fn parameters_that_conflict_are_refused() {
    wrote(
        "/POST?fields=id",
        "fields=caption",
        "unreadable: a parameter has one value in the query and another in the body; send it once",
    );
    for body in [
        r#"{"fields":"id","fields":"caption"}"#,
        r#"{"fields":"id","fi\u0065lds":"id"}"#,
        r#"{"fields":["id"]}"#,
        r#"{"fields":null}"#,
    ] {
        let said = asked(&Call::post(&filled("/POST")).json(body));
        assert!(said.starts_with("unreadable"), "{body}: {said}");
    }
    let said = asked(&Call::post(&filled("/POST")).multipart(
        "--XX\nContent-Disposition: form-data; name=\"fields\"\n\nid\n\
         --XX\nContent-Disposition: form-data; name=\"fields\"\n\nid\n--XX--\n",
    ));
    assert!(said.starts_with("unreadable"), "{said}");
}

#[test]
fn a_call_beyond_the_bounds_is_refused() {
    let bounds =
        Bounds { asks_max: 4, fields_depth_max: 3, fields_max: 6, ids_max: 2, ..Bounds::default() };
    let check = |target: &str, part: &str| {
        let said = asked_within(&Call::get(&filled(target)), &bounds);
        assert!(said.contains(part), "{target}: {said}");
    };
    check("/USER?fields=media{comments{id}}", "comment.list");
    check("/USER?fields=media{comments{replies{id}}}", "deeper");
    check("/USER?fields=media,tags,stories", "story.by_account");
    check("/USER?fields=media,tags,stories,insights", "more targets and edges");
    check("/v21.0?ids=USER,OTHER&fields=media", "media.by_account OTHER");
    check("/v21.0?ids=USER,OTHER&fields=media,tags", "more targets and edges");
    check("/v21.0?ids=USER,OTHER,POST", "too_many_ids");
    check("/USER?fields=id,id,id,id,id,id,id", "names more");
    let deep = format!("/USER?fields={}id{}", "media{owner{".repeat(5000), "}}".repeat(5000));
    check(&deep, "head_too_large");
    let wide = format!("/USER?fields=media{}", ".limit(1)".repeat(900));
    check(&wide, "twice");
    let odd: String = (0..900).map(|n| format!(".a{n}(1)")).collect();
    check(&format!("/USER?fields=media{odd}"), "unreadable");
}
