//! Starting, stopping, fixtures, recording, slow mode, and the page of defaults.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portcullis_plaza::{Plaza, PlazaError, Settings, Source};
use support::{TOKEN, get, ids, plaza, post, read, rows, settings};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn seeded_fixtures_have_the_shape_and_ids_of_the_full_ones_and_are_the_same_each_time() {
    let ((one, a), (two, b)) = (plaza().await, plaza().await);
    assert_eq!(a, b);
    let target = format!(
        "/v21.0/{}?fields=username,biography,media.limit(100){{id,caption,media_url,timestamp,location}}",
        a.paging_user
    );
    let (first, second) = (read(&one, &target).await, read(&two, &target).await);
    assert_eq!(first["media"]["data"], second["media"]["data"]);
    for (id, start) in [
        (&a.paging_user, "17841"),
        (&a.post, "17900"),
        (&a.live_story, "180"),
        (&a.hashtag, "17843"),
        (&a.comment, "17870"),
    ] {
        assert!(id.starts_with(start) && id.len() == 17, "{id}");
    }
    for place in &a.places {
        assert!(place.len() == 12 && place.starts_with(['1', '2']), "{place}");
        assert!(rows(&read(&one, &format!("/v21.0/{place}/posts")).await) > 5, "{place}");
    }
}

#[tokio::test]
async fn on_the_real_clock_there_are_live_stories_too() {
    let running = Plaza::start(Settings::new(TOKEN)).await.unwrap();
    let show = running.showcase().unwrap();
    let stories = read(&running, &format!("/v21.0/{}/stories", show.business_user)).await;
    assert!(ids(&stories).contains(&show.live_story));
    running.stop().await;
}

fn write(dir: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        fs::write(dir.join(name), text).unwrap();
    }
}

const SMALL: &[(&str, &str)] = &[
    (
        "places.jsonl",
        r#"{"id":"100001796236","name":"Shanghai","category":"city","latitude":31.2,"longitude":121.4,"country_code":"CN","timezone":"Asia/Shanghai","synthetic":false}"#,
    ),
    (
        "users.jsonl",
        concat!(
            r#"{"id":"17841400000000689","username":"ana","name":"Ana","account_type":"PERSONAL","is_private":false,"biography":"b","followers_count":1,"follows_count":2,"website":null,"home_location_id":"100001796236","media_count":0}"#,
            "\n\n",
            r#"{"id":"17841400000001700","username":"shop","name":"Shop","account_type":"BUSINESS","is_private":false,"biography":null,"followers_count":1,"follows_count":2,"website":"https://shop.example","home_location_id":null,"media_count":1}"#,
            "\n",
        ),
    ),
    (
        "media.jsonl",
        r#"{"id":"17900100000000393","owner_id":"17841400000001700","username":"shop","media_type":"CAROUSEL_ALBUM","media_product_type":"FEED","caption":"so good #surf","timestamp":"2024-03-31T10:00:00+0000","media_url":"https://cdn.plaza.example/m/1.jpg?oe=660b4a80&oh=7b","permalink":"https://plaza.example/p/69f44ce67be/","like_count":2,"comments_count":1,"location_id":"100001796236","children":["179001000000003931","179001000000003932"]}"#,
    ),
    (
        "stories.jsonl",
        r#"{"id":"18010000000000655","owner_id":"17841400000000689","username":"ana","account_type":"PERSONAL","media_type":"IMAGE","media_product_type":"STORY","timestamp":"2024-03-31T11:00:00+0000","expires_at":"2024-04-01T11:00:00+0000","media_url":"https://cdn.plaza.example/s/1.jpg?oe=6602c9bf&oh=69","location_id":null}"#,
    ),
    (
        "comments.jsonl",
        r#"{"id":"17870200000000043","media_id":"17900100000000393","from_id":"17841400000000689","username":"ana","text":"price?","timestamp":"2024-03-31T10:30:00+0000","parent_id":null,"hidden":false}"#,
    ),
    ("hashtags.jsonl", r#"{"id":"17843800000001572","name":"surf"}"#),
];

#[tokio::test]
async fn fixtures_are_read_from_a_folder_of_json_lines() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), SMALL);
    write(dir.path(), &[("manifest.json", r#"{"seed":1,"paging_user":"17841400000001700"}"#)]);
    let running =
        Plaza::start(Settings { fixtures: Source::Dir(dir.path().to_owned()), ..settings() })
            .await
            .unwrap();
    assert!(running.showcase().is_none(), "too small a world for a showcase");
    let table = [
        ("/me?fields=username", "/username", "shop"),
        (
            "/17900100000000393?fields=media_url",
            "/media_url",
            "https://cdn.plaza.example/m/1.jpg?oe=660b4a80&oh=7b",
        ),
        ("/17900100000000393/children?fields=username", "/data/1/id", "179001000000003932"),
        ("/17900100000000393/comments", "/data/0/text", "price?"),
        ("/100001796236/posts", "/data/0/id", "17900100000000393"),
        ("/17843800000001572/recent_media?user_id=me", "/data/0/id", "17900100000000393"),
        (
            "/17841400000000689/stories?fields=media_url",
            "/data/0/media_url",
            "https://cdn.plaza.example/s/1.jpg?oe=6602c9bf&oh=69",
        ),
        ("/17841400000000689?fields=home_location", "/home_location/name", "Shanghai"),
        ("/oembed?url=https://plaza.example/p/69f44ce67be/", "/author_name", "shop"),
    ];
    for (target, pointer, expected) in table {
        let answer = read(&running, target).await;
        assert_eq!(
            answer.pointer(pointer).and_then(|v| v.as_str()),
            Some(expected),
            "{target}: {answer}"
        );
    }
}

#[tokio::test]
async fn a_faulty_start_says_what_to_do() {
    async fn check(settings: Settings, expected: &[&str]) {
        let Err(error) = Plaza::start(settings).await else { panic!("started") };
        let text = error.to_string();
        assert!(expected.iter().all(|part| text.contains(part)), "{text}");
    }
    let dir = tempfile::tempdir().unwrap();
    let from = |dir: &Path| Settings { fixtures: Source::Dir(dir.to_owned()), ..settings() };
    check(Settings::new(""), &["token is empty"]).await;
    check(from(dir.path()), &["cannot read `", "places.jsonl`", "check that it is there"]).await;
    write(dir.path(), SMALL);
    write(dir.path(), &[("hashtags.jsonl", "{\"id\":\"1\",\"name\":\"a\"}\n{\"id\":\"2\"}\n")]);
    check(from(dir.path()), &["hashtags.jsonl` line 2", "missing field `name`"]).await;
    write(dir.path(), &[("hashtags.jsonl", ""), ("manifest.json", "{")]);
    check(from(dir.path()), &["manifest.json` line 1"]).await;
    let (running, _) = plaza().await;
    let taken = Settings { listen: running.addr(), ..settings() };
    check(taken, &["cannot listen on `127.0.0.1:", "choose another address"]).await;
    assert!(matches!(Plaza::start(Settings::new("")).await, Err(PlazaError::EmptyToken)));
}

#[tokio::test]
async fn every_request_is_recorded_as_it_came() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = seen.clone();
    let record =
        Arc::new(move |r: &portcullis_plaza::Recorded| sink.lock().unwrap().push(r.target.clone()));
    let running = Plaza::start(Settings { record: Some(record), keep_requests: 2, ..settings() })
        .await
        .unwrap();
    get(&running, "/v21.0//me/?fields=id%2Cname").await;
    post(&running, "/v21.0/me/media", "image_url=%68i&odd=\u{e9}").await;
    get(&running, "/no/such/path").await;
    assert_eq!(
        *seen.lock().unwrap(),
        ["/v21.0//me/?fields=id%2Cname", "/v21.0/me/media", "/no/such/path"]
    );
    let kept = running.requests();
    assert_eq!(kept.len(), 2, "the oldest went");
    assert_eq!(
        (kept[0].method.as_str(), &kept[0].body[..]),
        ("POST", "image_url=%68i&odd=\u{e9}".as_bytes())
    );
    assert_eq!(kept[0].header("Content-Type"), Some("application/x-www-form-urlencoded"));
    assert!(kept[0].contains(TOKEN) && kept[0].contains("odd") && !kept[0].contains("partner"));
    assert!(!format!("{kept:?}{:?}", settings()).contains(TOKEN));
    running.forget_requests();
    assert!(running.requests().is_empty());
}

#[tokio::test]
async fn links_name_the_public_base_and_slashes_are_escaped_on_wish() {
    let public_base = Some("https://graph.plaza.example/".to_owned());
    let running =
        Plaza::start(Settings { public_base, escape_slashes: true, ..settings() }).await.unwrap();
    let answer = get(&running, "/v21.0/me/media?limit=1").await;
    let text = String::from_utf8(answer.body.clone()).unwrap();
    assert!(text.contains(r"https:\/\/graph.plaza.example\/v21.0\/"), "{text}");
    assert!(
        answer.json()["paging"]["next"]
            .as_str()
            .unwrap()
            .starts_with("https://graph.plaza.example/v21.0/")
    );
}

#[tokio::test]
async fn slow_answers_drip_and_are_cut_when_the_platform_stops() {
    let drip = Some(Duration::from_millis(1));
    let running = Plaza::start(Settings { drip, ..settings() }).await.unwrap();
    let insights = get(&running, "/v21.0/me/insights?metric=reach&since=1&until=1711886400").await;
    assert_eq!(insights.header("transfer-encoding"), Some("chunked"));
    assert_eq!(insights.json()["data"][0]["values"].as_array().unwrap().len(), 30);
    let slow = get(&running, "/_slow?chunks=5&size=10").await;
    assert_eq!(rows(&slow.json()), 5);

    let mut stream = TcpStream::connect(running.addr()).await.unwrap();
    stream.write_all(b"GET /_slow?chunks=100000 HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut first = [0; 16];
    stream.read_exact(&mut first).await.unwrap();
    running.stop().await;
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    assert!(!rest.ends_with(b"0\r\n\r\n"), "cut, not ended");
}

/// Holds the page that the catalogue is written from against the answers themselves.
#[tokio::test]
async fn the_page_of_defaults_tells_the_truth() {
    let page = include_str!("../DEFAULTS.md");
    let (plaza, s) = plaza().await;
    let container =
        post(&plaza, "/me/media", "image_url=x").await.json()["id"].as_str().unwrap().to_owned();
    let nodes = HashMap::from([
        ("user", s.paging_user.clone()),
        ("media", s.post.clone()),
        ("story", s.live_story.clone()),
        ("place", s.places[0].clone()),
        ("hashtag", s.hashtag.clone()),
        ("comment", s.comment.clone()),
        ("container", container),
    ]);
    let mut tables = 0;
    for section in page.split("\n## ").skip(1) {
        let name = section.split([' ', '\n']).next().unwrap();
        let Some(id) = nodes.get(name) else { continue };
        tables += 1;
        let mut listed = Vec::new();
        let mut defaults = Vec::new();
        for row in section.lines().filter(|line| line.starts_with("| ")).skip(2) {
            let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
            let kind = cells[1].split_whitespace().next().unwrap().trim_end_matches([':', ',']);
            for field in cells[0].split(", ") {
                let field = field.split(' ').next().unwrap();
                listed.push((field.to_owned(), kind.to_owned()));
                if cells[2].starts_with("yes") || field == "id" {
                    defaults.push(field.to_owned());
                }
            }
        }
        let answer = read(&plaza, &format!("/v21.0/{id}?metadata=1")).await;
        let mut shown: Vec<&String> =
            answer.as_object().unwrap().keys().filter(|key| *key != "metadata").collect();
        shown.sort();
        defaults.sort();
        assert_eq!(shown, defaults.iter().collect::<Vec<_>>(), "defaults of {name}");
        let mut known: Vec<(String, String)> = Vec::new();
        for (list, is_edge) in [("fields", false), ("connections", true)] {
            for field in answer["metadata"][list].as_array().unwrap() {
                let field = field.as_str().unwrap().to_owned();
                let row = listed.iter().find(|l| l.0 == field);
                let kind = &row.unwrap_or_else(|| panic!("{name}.{field} is not in DEFAULTS.md")).1;
                assert_eq!(kind == "edge", is_edge, "{name}.{field} is {kind}");
                known.push((field, kind.clone()));
            }
        }
        assert_eq!(known.len(), listed.len(), "{name}: {listed:?}");
    }
    assert_eq!(tables, nodes.len());
}
