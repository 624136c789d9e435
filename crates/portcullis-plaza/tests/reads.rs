//! Reads over real sockets: every operation, paging, nested fields, errors, tokens, spellings.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use std::collections::HashSet;

use serde_json::json;
use support::{TOKEN, get, ids, plaza, read, rows, send, target};

#[tokio::test]
async fn every_read_operation_answers() {
    let (plaza, s) = plaza().await;
    let code = read(&plaza, &format!("/v21.0/{}?fields=permalink", s.post)).await;
    let permalink = code["permalink"].as_str().unwrap();
    let [place, ..] = &s.places;
    let user = &s.paging_user;
    // target, a pointer into the answer that must lead somewhere
    let table = [
        (format!("/v21.0/{user}"), "/username"),
        ("/v21.0/me".to_owned(), "/username"),
        (format!("/v21.0/{user}?metadata=1"), "/metadata/connections/0"),
        (format!("/v21.0/{}", s.post), "/id"),
        (
            format!("/v21.0/{}?fields=media_product_type,expires_at,account_type", s.live_story),
            "/expires_at",
        ),
        (format!("/v21.0/{place}"), "/name"),
        (format!("/v21.0/{}", s.hashtag), "/name"),
        (format!("/v21.0/{}", s.comment), "/text"),
        (format!("/v21.0?ids={user},{place}"), "/PLACE/name"),
        (format!("/v21.0/posts?ids={place}"), "/PLACE/data/0/id"),
        (format!("/v21.0/{user}/media"), "/data/24/id"),
        (format!("/v21.0/{user}/tags"), "/data"),
        (format!("/v21.0/{user}/mentioned_media"), "/data"),
        (
            format!("/v21.0/{user}/content_publishing_limit?fields=config"),
            "/data/0/config/quota_total",
        ),
        (format!("/v21.0/{}/stories", s.business_user), "/data/0/id"),
        (format!("/v21.0/{}/stories", s.personal_user), "/data/0/id"),
        (format!("/v21.0/{place}/stories"), "/data"),
        (format!("/v21.0/{place}/posts?limit=2"), "/paging/next"),
        (format!("/v21.0/{user}/insights?metric=reach,views&period=day"), "/data/1/values/1/value"),
        (format!("/v21.0/{}/insights?metric=likes", s.post), "/data/0/values/0/value"),
        (format!("/v21.0/{}/insights?metric=exits", s.live_story), "/data/0/name"),
        (format!("/v21.0/{}/comments", s.post), "/data/0/text"),
        (format!("/v21.0/{}/replies", s.comment), "/data"),
        (format!("/v21.0/{}/children", s.post), "/data"),
        ("/v21.0/search?type=place&q=hotel".to_owned(), "/data/0/location/city"),
        ("/v21.0/search?type=place&center=31.2,121.4&distance=5000".to_owned(), "/data/0/id"),
        ("/v21.0/pages/search?q=surf".to_owned(), "/data/0/name"),
        (format!("/v21.0/ig_hashtag_search?user_id={user}&q={}", s.hashtag_name), "/data/0/id"),
        (format!("/v21.0/{}/recent_media?user_id={user}", s.hashtag), "/data/0/id"),
        (format!("/v21.0/{}/top_media?user_id={user}", s.hashtag), "/data/0/id"),
        (format!("/v21.0/{user}/recently_searched_hashtags"), "/data/0/name"),
        (format!("/v21.0/debug_token?input_token={TOKEN}"), "/data/is_valid"),
        (format!("/v21.0/oembed?url={permalink}"), "/html"),
        ("/v1/locations/search?lat=31.2&lng=121.4&distance=20000".to_owned(), "/data/0/name"),
        (format!("/v1/locations/{place}"), "/data/latitude"),
        (format!("/v1/locations/{place}/media?count=1"), "/pagination/next_url"),
        (format!("/v1/locations/{place}/media/recent"), "/data/0/user/username"),
        ("/v1/media/search?lat=31.2&lng=121.4&distance=20000".to_owned(), "/data/0/id"),
        (format!("/v1/users/{user}/media/recent?count=3"), "/pagination/next_max_id"),
        ("/api/v1/geo/search?lat=31.2&lng=121.4&radius=5000".to_owned(), "/data/0/category"),
        (format!("/api/v1/locations/{place}/story"), "/data"),
        (
            format!(
                "/api/v1/feed/reels_media?reel_ids={}&reel_ids={}",
                s.personal_user, s.business_user
            ),
            "/data/1/media_url",
        ),
        (format!("/explore/locations/{place}/?__a=1"), "/data/0/owner/username"),
        (format!("/explore/tags/{}/?__a=1", s.hashtag_name), "/data/0/caption"),
        (format!("/api/v1/users/{}/full", s.personal_user), "/stories/data/0/media_url"),
        (format!("/v1/geographies/{place}/media/recent"), "/data/0/id"),
        (
            format!("/graphql/query/?query_hash=x&variables={{\"id\":\"{place}\",\"first\":1}}")
                .replace('"', "%22"),
            "/data/location/edge_media/page_info/end_cursor",
        ),
    ];
    for (target, pointer) in table {
        let answer = read(&plaza, &target).await;
        let pointer = pointer.replace("PLACE", place);
        assert!(
            answer.pointer(&pointer).is_some_and(|v| !v.is_null()),
            "{target}: no {pointer} in {answer}"
        );
    }
}

#[tokio::test]
async fn paging_walks_exactly_57_posts_whatever_the_page_size() {
    let (plaza, s) = plaza().await;
    for size in (1..=60).chain([100, 5_000]) {
        let mut seen = Vec::new();
        let mut next = format!("/v21.0/{}/media?fields=id&limit={size}", s.paging_user);
        let last = loop {
            let page = read(&plaza, &next).await;
            seen.extend(ids(&page));
            assert!(seen.len() <= 57, "pages of {size} never end");
            match &page["paging"]["next"] {
                serde_json::Value::Null => break page,
                link => next = target(&plaza, link),
            }
        };
        assert_eq!(seen.len(), 57, "pages of {size}");
        assert_eq!(seen.iter().collect::<HashSet<_>>().len(), 57, "pages of {size}");
        if size < 57 {
            let before = read(&plaza, &target(&plaza, &last["paging"]["previous"])).await;
            let at = 57 - rows(&last);
            assert_eq!(
                ids(&before),
                seen[at.saturating_sub(size)..at],
                "back from the last page of {size}"
            );
        }
    }
}

#[tokio::test]
async fn lists_show_the_newest_first() {
    let (plaza, s) = plaza().await;
    for list in ["me/media".to_owned(), format!("{}/posts", s.places[0])] {
        let page = read(&plaza, &format!("/{list}?fields=timestamp&limit=100")).await;
        let times = page["data"].as_array().unwrap().iter().map(|row| row["timestamp"].as_str());
        let times: Vec<&str> = times.map(Option::unwrap).collect();
        assert!(times.len() > 5 && times.is_sorted_by(|a, b| a >= b), "{list}: {times:?}");
    }
}

#[tokio::test]
async fn fields_nest_to_any_depth_and_each_page_has_its_own_links() {
    let (plaza, s) = plaza().await;
    let fields = "username,media.limit(2).as(m){caption.as(c),owner{username,media.limit(1){id}},location{name,location{city}}}";
    let user = read(&plaza, &format!("/v21.0/{}?fields={fields}", s.paging_user)).await;
    assert_eq!(rows(&user["m"]), 2);
    assert!(user["m"]["data"][0]["c"].is_string());
    let inner = &user["m"]["data"][0]["owner"]["media"];
    assert_eq!(rows(inner), 1);
    let second = read(&plaza, &target(&plaza, &inner["paging"]["next"])).await;
    assert_eq!(ids(&second)[0], user["m"]["data"][1]["id"].as_str().unwrap());

    let name = &s.business_username;
    let fields = format!(
        "business_discovery.username({name}){{followers_count,media.limit(1){{id,caption}}}}"
    );
    let found = read(&plaza, &format!("/v21.0/me?fields={fields}")).await;
    assert_eq!(found["business_discovery"]["id"], json!(s.business_user));
    assert_eq!(rows(&found["business_discovery"]["media"]), 1);

    let cursor = user["m"]["paging"]["cursors"]["after"].as_str().unwrap();
    let rest =
        read(&plaza, &format!("/v21.0/me?fields=media.after({cursor}).limit(100){{id}}")).await;
    assert_eq!(rows(&rest["media"]), 55);
}

#[tokio::test]
async fn stories_are_listed_while_they_live_and_their_nodes_answer_for_ever() {
    let (plaza, s) = plaza().await;
    let live = read(&plaza, &format!("/v21.0/{}/stories?limit=100", s.business_user)).await;
    assert!(ids(&live).contains(&s.live_story));
    let gone = read(
        &plaza,
        &format!("/v21.0/{}?fields=media_url,expires_at,owner,media_product_type", s.expired_story),
    )
    .await;
    assert_eq!(gone["media_product_type"], "STORY");
    assert!(gone["expires_at"].as_str().unwrap() < "2024-03-31T12:00:00");
    let url = gone["media_url"].as_str().unwrap();
    let (_, oe) = url.split_once("oe=").unwrap();
    let oe = i64::from_str_radix(oe.split('&').next().unwrap(), 16).unwrap();
    assert!(oe < 1_711_886_400, "the signature ran out with the story");
    let owner = gone["owner"]["id"].as_str().unwrap();
    let listed = read(&plaza, &format!("/v21.0/{owner}/stories?limit=100")).await;
    assert!(!ids(&listed).contains(&s.expired_story));
}

#[tokio::test]
async fn every_fault_has_the_graph_envelope_and_its_code() {
    let (plaza, s) = plaza().await;
    let (user, post) = (&s.paging_user, &s.post);
    let table = [
        ("/v21.0/17841499999999999".to_owned(), 400, 100),
        ("/v21.0/nobody".to_owned(), 404, 803),
        (format!("/v21.0/?ids={user},nobody"), 404, 803),
        (format!("/v21.0/?ids={}", vec![&**user; 51].join(",")), 400, 100),
        ("/v21.0/".to_owned(), 400, 100),
        (format!("/v21.0/{user}?fields=nothing"), 400, 100),
        (format!("/v21.0/{user}?fields=id,"), 400, 2500),
        (format!("/v21.0/{user}?fields=media{{id"), 400, 2500),
        (format!("/v21.0/{user}?fields=username{{id}}"), 400, 100),
        (format!("/v21.0/{user}/posts"), 400, 100),
        (format!("/v21.0/{user}/media/more"), 404, 2500),
        (format!("/v21.0/{user}/media?limit=0"), 400, 100),
        (format!("/v21.0/{user}/media?limit=x"), 400, 100),
        (format!("/v21.0/{user}/media?after=x"), 400, 100),
        (format!("/v21.0/{post}/insights"), 400, 100),
        (format!("/v21.0/{post}/insights?metric=nothing"), 400, 100),
        (format!("/v21.0/{}/recent_media", s.hashtag), 400, 100),
        (format!("/v21.0/ig_hashtag_search?user_id={user}&q=nothing"), 400, 24),
        ("/v21.0/search?type=user&q=x".to_owned(), 400, 100),
        ("/v21.0/search?type=place".to_owned(), 400, 100),
        ("/v21.0/search?type=place&center=1,2&distance=50001".to_owned(), 400, 100),
        ("/v21.0/oembed?url=https://plaza.example/p/none/".to_owned(), 400, 24),
        ("/v21.0/me?fields=business_discovery.username(nobody){id}".to_owned(), 400, 110),
        ("/v21.0/me?fields=business_discovery{id}".to_owned(), 400, 100),
        ("/api/v1/nothing".to_owned(), 404, 2500),
        (
            "/v21.0/me?fields=media.limit(100){owner{media.limit(100){owner{media.limit(100)}}}}"
                .to_owned(),
            500,
            1,
        ),
    ];
    for (target, status, code) in table {
        let answer = get(&plaza, &target).await;
        assert_eq!((answer.status, answer.code()), (status, code), "{target}");
        assert!(answer.json()["error"]["fbtrace_id"].is_string(), "{target}");
    }
    let put = send(&plaza, "PUT /v21.0/me", &[], b"").await;
    assert_eq!((put.status, put.code()), (405, 100));
}

#[tokio::test]
async fn only_the_platform_token_is_believed_wherever_it_stands() {
    let (plaza, _) = plaza().await;
    let bearer = format!("Authorization: Bearer {TOKEN}");
    let form = "Content-Type: application/x-www-form-urlencoded";
    let token = format!("access_token={TOKEN}");
    let json = format!("{{\"{}\":\"{TOKEN}\"}}", "access_token");
    let multipart = format!(
        "--b\r\nContent-Disposition: form-data; name=\"access_token\"\r\n\r\n{TOKEN}\r\n--b--\r\n"
    );
    // line, headers, body, status, code
    let table: &[(&str, &[&str], &str, u16, i64)] = &[
        ("GET /me", &[], "", 401, 104),
        ("GET /me?access_token=partner", &[], "", 401, 190),
        ("GET /me", &["Authorization: Bearer partner"], "", 401, 190),
        ("GET /me?access_token=partner", &[&bearer], "", 401, 190),
        ("GET /v1/locations/1", &[], "", 401, 104),
        ("GET /me", &[&bearer], "", 200, 0),
        ("POST /me?method=get", &[form], &token, 200, 0),
        ("POST /me?method=get", &[], &token, 200, 0),
        ("POST /me?method=get", &["Content-Type: application/json"], &json, 200, 0),
        (
            "POST /me?method=get",
            &["Content-Type: multipart/form-data; boundary=b"],
            &multipart,
            200,
            0,
        ),
        ("POST /me?method=get", &[form, &bearer], "access_token=partner", 401, 190),
        ("GET /me", &[&bearer, "Content-Type: application/json"], "{}", 200, 0),
    ];
    for (line, headers, body, status, code) in table {
        let answer = send(&plaza, line, headers, body.as_bytes()).await;
        let got = answer.json()["error"]["code"].as_i64().unwrap_or(0);
        assert_eq!((answer.status, got), (*status, *code), "{line} {headers:?} {body}");
        assert_eq!(answer.header("www-authenticate").is_some(), *status == 401, "{line}");
    }
}

#[tokio::test]
async fn one_path_has_many_spellings() {
    let (plaza, s) = plaza().await;
    let id = &s.paging_user;
    for path in [
        format!("/v21.0/{id}"),
        format!("/{id}"),
        format!("/{id}/"),
        format!("/v18.0//{id}/"),
        format!("/V21.0/{id}"),
        format!("//v21.0///{id}"),
        format!("/v21.0%2F{id}"),
        format!("/v21.0/%31{}", &id[1..]),
        "/me".to_owned(),
    ] {
        assert_eq!(read(&plaza, &path).await["id"], json!(id), "{path}");
    }
}

#[tokio::test]
async fn answers_are_packed_only_when_asked() {
    let (plaza, _) = plaza().await;
    let bearer = format!("Authorization: Bearer {TOKEN}");
    for (accept, packed) in
        [("gzip, deflate, br", true), ("br", false), ("gzip;q=0", false), ("GZIP;q=0.5", true)]
    {
        let accept = format!("Accept-Encoding: {accept}");
        let answer = send(&plaza, "GET /v21.0/me", &[&bearer, &accept], b"").await;
        assert_eq!(answer.header("content-encoding") == Some("gzip"), packed, "{accept}");
        assert!(answer.json()["username"].is_string(), "{accept}");
        assert!(answer.header("x-app-usage").unwrap().starts_with('{'));
        assert_eq!(answer.header("content-type"), Some("application/json; charset=UTF-8"));
    }
}
