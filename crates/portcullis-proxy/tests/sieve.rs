//! Answers that are cut down to what a partner may have, packed and unpacked, whole and broken.

use std::io::Write;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};

use crate::support::posts::{IN_SHADOW, MEDIA, NO_STORIES, POST, STORIES, USER, world};
use crate::support::{Answer, Gate, PLATFORM, Reply, Upstream, get};
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};
use portcullis_proxy::Codec;
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
use serde_json::json;

const JSON: &str = "Content-Type: application/json\r\n";
const PAGE: &str = r#"{"data":[{"id":"1","media_product_type":"REELS"},{"id":"2","media_product_type":"STORY"},{"id":"3","media_product_type":"FEED"}],"paging":{"next":"http://up/v21.0/178410001/media?access_token=x&after=y"}}"#;
const LEFT: &str = r#"{"data":[{"id":"1"},{"id":"3"}],"paging":{"next":"http://gate.test/v21.0/178410001/media?after=y&fields=id"}}"#;

/// 200 with these header lines and that body.
fn reply(lines: &str, body: &[u8]) -> Reply {
    let head = format!("HTTP/1.1 200 OK\r\n{lines}Content-Length: {}\r\n\r\n", body.len());
    Reply::Bytes([head.as_bytes(), body].concat())
}

fn chunked(lines: &str, body: &[u8], size: usize) -> Vec<u8> {
    let mut out =
        format!("HTTP/1.1 200 OK\r\n{lines}Transfer-Encoding: chunked\r\n\r\n").into_bytes();
    for piece in body.chunks(size) {
        out.extend(format!("{:x}\r\n", piece.len()).into_bytes());
        out.extend(piece);
        out.extend(b"\r\n");
    }
    out.extend(b"0\r\n\r\n");
    out
}

fn gate(up: &Upstream) -> Gate {
    Gate::within(up, world(NO_STORIES), |_| {})
}

/// The answer to a call where the platform answers so.
fn ask(target: &str, lines: &str, body: &[u8]) -> Answer {
    let (lines, body) = (lines.to_owned(), body.to_vec());
    let up = Upstream::new(move |_| reply(&lines, &body));
    gate(&up).get(target)
}

fn posts() -> String {
    format!("{MEDIA}?fields=id")
}

#[test]
fn what_a_filter_drops_does_not_leave_and_the_answer_says_so() {
    let up = Upstream::new(|_| {
        reply(
            &format!(
                "{JSON}X-Portcullis-Thinned: no\r\nETag: \"e\"\r\nDigest: x\r\nLast-Modified: y\r\n"
            ),
            PAGE.as_bytes(),
        )
    });
    let mut gate = gate(&up);
    let answer = gate.get(&posts());
    assert_eq!(answer.text(), LEFT);
    assert_eq!(answer.header("x-portcullis-thinned"), Some("standard/no-stories"));
    assert_eq!((answer.header("etag"), answer.header("digest")), (None, None));
    assert_eq!(answer.header("content-length"), Some(LEFT.len().to_string().as_str()));
    let seen = up.one();
    assert_eq!(seen.line(), format!("GET {MEDIA}?fields=media_product_type,id HTTP/1.1"));
    assert_eq!(seen.header("accept-encoding"), Some("identity"));
    gate.end();
    let record: serde_json::Value = serde_json::from_str(gate.log.text().trim()).unwrap();
    assert_eq!((&record["items_dropped"], &record["whole"]), (&json!(1), &json!(true)));
}

#[test]
fn what_no_filter_touches_stays_as_it_is_with_what_is_said_of_it() {
    let body = r#"{ "data" : [ {"id":"1","n":1.0e2} ] }"#;
    let lines = format!("{JSON}ETag: \"e\"\r\nContent-Digest: x\r\nX-Portcullis-Thinned: all\r\n");
    let answer = ask(
        &format!("{STORIES}?fields=id,expires_at"),
        &lines,
        br#"{"data":[{"id":"1","expires_at":"2024-04-01T00:00:00Z"}]}"#,
    );
    assert_eq!(answer.text(), r#"{"data":[{"id":"1","expires_at":"2024-04-01T00:00:00Z"}]}"#);
    assert_eq!(
        (answer.header("etag"), answer.header("content-digest")),
        (Some("\"e\""), Some("x"))
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"), "a story is kept by nobody");
    assert_eq!(answer.header("x-portcullis-thinned"), None);
    let answer = ask(USER, &lines, body.as_bytes());
    assert_eq!((answer.text().as_str(), answer.header("etag")), (body, Some("\"e\"")));
}

#[test]
fn stories_that_are_over_go_and_are_kept_by_nobody() {
    let body = br#"{"data":[{"id":"1","expires_at":"2024-03-31T11:59:59Z"},{"id":"2"},{"id":"3","expires_at":"2024-03-31T12:00:01+0000"}]}"#;
    let lines = format!("{JSON}Cache-Control: public, max-age=60\r\nExpires: tomorrow\r\n");
    let answer = ask(&format!("{STORIES}?fields=id"), &lines, body);
    assert_eq!(answer.text(), r#"{"data":[{"id":"3"}]}"#);
    assert_eq!(
        (answer.header("cache-control"), answer.header("expires")),
        (Some("no-store"), None)
    );
    assert_eq!(answer.header("x-portcullis-thinned"), Some("standard/fresh"));
}

type Pack = fn(&[u8]) -> Vec<u8>;

fn packs() -> [(&'static str, Pack); 5] {
    [
        ("gzip", |text| {
            let mut packed = GzEncoder::new(Vec::new(), Compression::default());
            packed.write_all(text).unwrap();
            packed.finish().unwrap()
        }),
        ("deflate", |text| {
            let mut packed = ZlibEncoder::new(Vec::new(), Compression::default());
            packed.write_all(text).unwrap();
            packed.finish().unwrap()
        }),
        ("deflate", |text| {
            let mut packed = DeflateEncoder::new(Vec::new(), Compression::default());
            packed.write_all(text).unwrap();
            packed.finish().unwrap()
        }),
        ("br", |text| {
            let mut packed = brotli::CompressorWriter::new(Vec::new(), 4096, 5, 22);
            packed.write_all(text).unwrap();
            packed.into_inner()
        }),
        ("zstd", |text| compress_to_vec(text, CompressionLevel::Fastest)),
    ]
}

#[test]
fn an_answer_that_comes_packed_all_the_same_is_read() {
    for (coding, pack) in packs() {
        let lines = format!("{JSON}Content-Encoding: {coding}\r\nETag: \"e\"\r\nVary: a\r\n");
        let packed = pack(PAGE.as_bytes());
        let answer = ask(&posts(), &lines, &packed);
        assert_eq!((answer.status, answer.text().as_str()), (200, LEFT), "{coding}");
        assert_eq!(answer.header("content-encoding"), None);
        assert_eq!(answer.header("etag"), None, "it was of the packed one");
        for broken in [&packed[..packed.len() - 2], &[packed.as_slice(), b"{}"].concat()] {
            let answer = ask(&posts(), &lines, broken);
            assert_eq!((answer.status, answer.code().as_str()), (502, "upstream_malformed"));
        }
    }
    for coding in ["compress", "gzip, gzip", "unknown"] {
        let lines = format!("{JSON}Content-Encoding: {coding}\r\n");
        let answer = ask(&posts(), &lines, PAGE.as_bytes());
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (502, "upstream_malformed"),
            "{coding}"
        );
    }
}

#[test]
fn an_answer_by_the_other_codec_is_cut_alike() {
    for size in [1, 7, 5000] {
        let up = Upstream::new(move |_| Reply::Bytes(chunked(JSON, PAGE.as_bytes(), size)));
        let gate = Gate::within(&up, world(NO_STORIES), |settings| settings.codec = Codec::Hyper);
        assert_eq!(gate.get(&posts()).text(), LEFT);
    }
}

#[test]
fn it_does_not_matter_where_an_answer_is_cut() {
    for size in [1, 2, 3, 7, 50] {
        let up = Upstream::new(move |_| Reply::Bytes(chunked(JSON, PAGE.as_bytes(), size)));
        let answer = gate(&up).get(&posts());
        assert_eq!(answer.text(), LEFT, "in pieces of {size}");
        for (coding, pack) in packs() {
            let lines = format!("{JSON}Content-Encoding: {coding}\r\n");
            let bytes = chunked(&lines, &pack(PAGE.as_bytes()), size);
            let up = Upstream::new(move |_| Reply::Bytes(bytes.clone()));
            assert_eq!(gate(&up).get(&posts()).text(), LEFT, "{coding} in pieces of {size}");
        }
    }
}

#[test]
fn what_cannot_be_read_in_one_way_does_not_leave() {
    let deep = format!("{}1{}", r#"{"a":"#.repeat(70), "}".repeat(70));
    for body in [
        br#"{"data":[{"id":"1","media_product_type":"REELS","media_product_type":"STORY"}]}"#.as_slice(),
        br#"{"data":[{"id":"1","media_product_type":"REELS"}],"data":[{"id":"2","media_product_type":"STORY"}]}"#,
        br#"{"data":[{"id":"1","media_product_type":"REELS","media_product_typ\u0065":"STORY"}]}"#,
        b"{\"data\":[]}{\"data\":[]}",
        b"{\"data\":[]} x",
        b"{\"data\":[",
        b"{'data':[]}",
        b"<html></html>",
        b"{\"data\":[{\"id\":\"\xff\"}]}",
        deep.as_bytes(),
        br#"{"paging":{"next":"mailto:x"}}"#,
        br#"{"data":[],"debug":"platform-secret-42"}"#,
        br#"{"data":[],"paging":{"cursors":{"after":"platform-secret-42"}}}"#,
    ] {
        let text = String::from_utf8_lossy(body).into_owned();
        let answer = ask(&posts(), JSON, body);
        assert_eq!((answer.status, answer.code().as_str()), (502, "upstream_malformed"), "{text}");
        assert!(!answer.text().contains(PLATFORM));
    }
    for kind in ["text/html", "image/png", "application/json; charset=utf-16", "multipart/mixed"] {
        let answer = ask(&posts(), &format!("Content-Type: {kind}\r\n"), PAGE.as_bytes());
        assert_eq!((answer.status, answer.code().as_str()), (502, "upstream_malformed"), "{kind}");
    }
    assert_eq!(
        ask(&posts(), "", PAGE.as_bytes()).text(),
        LEFT,
        "without a type it is JSON or nothing"
    );
}

#[test]
fn an_answer_that_is_itself_what_may_not_be_given_is_withheld() {
    let target = format!("{POST}?fields=id");
    let story = br#"{"id":"1790001","media_product_type":"STORY"}"#;
    let answer = ask(&target, JSON, story);
    assert_eq!(answer.code(), "answer_withheld", "{}", answer.text());
    assert!(!answer.text().contains("1790001"));
    let answer = ask(&target, JSON, br#"{"id":"1790001","media_product_type":"FEED"}"#);
    assert_eq!((answer.status, answer.text().as_str()), (200, r#"{"id":"1790001"}"#));
}

#[test]
fn what_the_platform_says_no_with_reaches_the_partner() {
    let says_no = |status: u16, body: &'static str| {
        let up = Upstream::new(move |_| {
            Reply::Bytes(
                format!(
                    "HTTP/1.1 {status} No\r\n{JSON}Content-Length: {}\r\n\r\n{body}",
                    body.len()
                )
                .into(),
            )
        });
        gate(&up).get(&format!("{STORIES}?fields=id"))
    };
    let error = r#"{"error":{"message":"Unsupported","code":100}}"#;
    for status in [400, 404, 500] {
        let answer = says_no(status, error);
        assert_eq!((answer.status, answer.text().as_str()), (status, error));
    }
    // What comes beside an error is judged as what it is.
    let mixed = says_no(
        400,
        r#"{"error":{},"data":[{"id":"1"},{"id":"2","expires_at":"2024-04-01T00:00:00Z"}]}"#,
    );
    assert_eq!(mixed.text(), r#"{"error":{},"data":[{"id":"2"}]}"#);
    assert_eq!(says_no(400, "<html>").code(), "upstream_malformed");
    assert_eq!(
        says_no(500, r#"{"error":{"debug":"platform-secret-42"}}"#).code(),
        "upstream_malformed"
    );
    assert_eq!((says_no(502, "").status, says_no(502, "").text().as_str()), (502, ""));
}

#[test]
fn an_answer_without_a_body_tells_nothing_of_the_one_that_would_be_cut() {
    let head = format!("{JSON}Content-Length: 199\r\nETag: \"e\"\r\nX-Other: y\r\n");
    for (method, status) in [("HEAD", 200), ("GET", 304), ("GET", 204)] {
        let bytes = format!(
            "HTTP/1.1 {status} X\r\n{}\r\n",
            if status == 204 { "X-Other: y\r\n" } else { &head }
        );
        let up = Upstream::new(move |_| Reply::Bytes(bytes.clone().into()));
        let gate = gate(&up);
        let mut peer = gate.connect();
        for target in [posts(), format!("{STORIES}?fields=id")] {
            peer.send(get(&target, "").replacen("GET", method, 1));
            let (got, head) = peer.head().unwrap();
            let head = head.to_lowercase();
            assert_eq!(got, status);
            assert!(!head.contains("content-length: 199") && !head.contains("etag"), "{head}");
            assert!(head.contains("x-other: y"));
            assert_eq!(
                head.contains("cache-control: no-store"),
                target.contains("stories"),
                "{head}"
            );
        }
    }
}

#[test]
fn a_filter_in_shadow_changes_nothing_and_is_on_record() {
    let up = Upstream::new(|_| reply(JSON, PAGE.as_bytes()));
    let mut gate = Gate::within(&up, world(IN_SHADOW), |_| {});
    let answer = gate.get(&format!("{MEDIA}?fields=id,media_product_type"));
    assert!(answer.text().contains("STORY"));
    assert_eq!(answer.header("x-portcullis-thinned"), None);
    gate.end();
    let record: serde_json::Value = serde_json::from_str(gate.log.text().trim()).unwrap();
    assert_eq!(record["shadowed"], json!(["standard/no-stories"]));
    let counted = r#"portcullis_shadowed_total{rule="standard/no-stories"} 1"#;
    assert!(gate.metrics.render().contains(counted));
}

/// A page of that many posts, of which every tenth is a story.
fn page(posts: usize) -> String {
    let post = |at: usize| {
        let kind = if at % 10 == 3 { "STORY" } else { "FEED" };
        format!(r#"{{"media_product_type":"{kind}","id":"{at}","caption":"{}"}}"#, "x".repeat(900))
    };
    format!(r#"{{"data":[{}]}}"#, (0..posts).map(post).collect::<Vec<_>>().join(","))
}

#[test]
fn a_huge_answer_streams_in_bounded_memory() {
    let body = page(5_000);
    for (coding, packed) in
        [("identity", body.clone().into_bytes()), ("gzip", packs()[0].1(body.as_bytes()))]
    {
        let lines = format!("{JSON}ETag: \"e\"\r\nContent-Encoding: {coding}\r\n");
        let up = Upstream::new(move |_| reply(&lines, &packed));
        let gate = Gate::within(&up, world(NO_STORIES), |settings| {
            settings.limits.buffered_total_bytes = 256 * 1024;
            settings.limits.buffered_answer_bytes = 1024;
        });
        let answer = gate.get(&format!("{MEDIA}?fields=id,caption"));
        assert!(answer.status == 200 && answer.whole, "{}", answer.head);
        let json = answer.json();
        assert_eq!(json["data"].as_array().unwrap().len(), 4_500);
        assert!(!answer.text().contains("STORY"));
        // The head went out before the end was seen.
        assert_eq!(answer.header("x-portcullis-thinned"), Some("standard/no-stories"));
        assert_eq!((answer.header("etag"), answer.header("content-length")), (None, None));
    }
}

#[test]
fn no_more_than_the_beginning_is_held_back() {
    let body = page(200);
    let (first, rest) = body.split_at(150_000);
    let head = format!("HTTP/1.1 200 OK\r\n{JSON}Content-Length: {}\r\n\r\n{first}", body.len());
    let (go, steps) = channel();
    let steps = Mutex::new(Some(steps));
    let parts = [head, rest.to_owned()];
    let up = Upstream::new(move |_| {
        let parts = parts.iter().map(|part| part.clone().into_bytes()).collect();
        Reply::Steps(parts, steps.lock().unwrap().take().unwrap())
    });
    let gate = gate(&up);
    let mut peer = gate.connect();
    peer.send(get(&format!("{MEDIA}?fields=id,caption"), ""));
    assert_eq!(peer.head().unwrap().0, 200);
    // The platform waits until this has come through.
    let begun = peer.read(66_000);
    assert_eq!(begun.len(), 66_000);
    go.send(()).unwrap();
    let _ = go.send(());
    let rest = String::from_utf8(peer.read(50_000)).unwrap();
    assert!(rest.contains("\"id\":\"120\""));
}

#[test]
fn a_fault_in_what_is_held_back_is_a_refusal_and_cuts_what_follows() {
    let post = |at: usize, kind: &str| {
        format!(r#"{{"media_product_type":{kind},"id":"{at}","caption":"{}"}}"#, "x".repeat(900))
    };
    let broken = |at: usize| {
        let one = |n: usize| {
            post(n, if n == at { r#""FEED","media_product_type":"STORY""# } else { r#""FEED""# })
        };
        format!(r#"{{"data":[{}]}}"#, (0..300).map(one).collect::<Vec<_>>().join(","))
    };
    let target = format!("{MEDIA}?fields=id,caption");
    let answer = ask(&target, JSON, broken(10).as_bytes());
    assert_eq!((answer.status, answer.code().as_str()), (502, "upstream_malformed"));
    let answer = ask(&target, JSON, broken(250).as_bytes());
    assert_eq!((answer.status, answer.whole), (200, false), "it never ends as if it were whole");
    assert!(answer.text().contains("\"id\":\"200\"") && !answer.text().contains("\"id\":\"250\""));
    let cut = ask(&target, JSON, &page(300).as_bytes()[..250_000]);
    assert_eq!((cut.status, cut.whole), (200, false), "an answer that ends in the middle");
}

#[test]
fn a_hold_cuts_an_answer_that_is_being_sieved() {
    let body = page(400);
    let (first, rest) = body.split_at(200_000);
    let head = format!("HTTP/1.1 200 OK\r\n{JSON}Content-Length: {}\r\n\r\n{first}", body.len());
    let (go, steps) = channel();
    let steps = Arc::new(Mutex::new(Some(steps)));
    let parts = [head, rest.to_owned()];
    let up = Upstream::new(move |_| {
        let parts = parts.iter().map(|part| part.clone().into_bytes()).collect();
        Reply::Steps(parts, steps.lock().unwrap().take().unwrap())
    });
    let mut gate = gate(&up);
    let mut peer = gate.connect();
    peer.send(get(&format!("{MEDIA}?fields=id,caption"), ""));
    peer.head().unwrap();
    peer.read(66_000);
    gate.office.hold();
    gate.running().cutter().cut();
    // Nothing more comes from the platform, and yet it ends.
    let rest = peer.read(usize::MAX / 2);
    assert!(!rest.ends_with(b"0\r\n\r\n"));
    assert!(gate.metrics.render().contains("portcullis_answers_cut_total 1"));
    drop(go);
}

#[test]
fn links_lead_to_the_gate_wherever_they_stand() {
    let gate_of = |body: &'static str| {
        let up = Upstream::new(move |_| reply(JSON, body.as_bytes()));
        Gate::within(&up, world(NO_STORIES), |settings| {
            settings.public_url = Some("https://gate.example/graph".parse().unwrap());
        })
        .get(&format!("/graph{USER}?fields=media%7Bid,media_product_type%7D"))
    };
    for (body, expected) in [
        (
            r#"{"paging":{"next":"http://up:9/v1/a?access_token=hush&after=x","cursors":{"after":"x"}}}"#,
            r#"{"paging":{"next":"https://gate.example/graph/v1/a?after=x","cursors":{"after":"x"}}}"#,
        ),
        (
            r#"{ "data":[ {"n":1.0e2, "edge":{"paging" : { "previous" : "https:\/\/up\/b?limit=2&appsecret_proof=ab" }}} ] }"#,
            r#"{ "data":[ {"n":1.0e2, "edge":{"paging" : { "previous" : "https://gate.example/graph/b?limit=2" }}} ] }"#,
        ),
        (
            r#"{"pag\u0069ng":{"nex\u0074":"http://up/\u0061?%61ccess_token=hush"}}"#,
            r#"{"pag\u0069ng":{"nex\u0074":"https://gate.example/graph/a"}}"#,
        ),
        (
            r#"{"next":"http://up/a","data":{"previous":"http://up/b"}}"#,
            r#"{"next":"http://up/a","data":{"previous":"http://up/b"}}"#,
        ),
        (
            r#"{"paging":{"next":null,"other":"http://up/a","deep":{"next":"http://up/b"}}}"#,
            r#"{"paging":{"next":null,"other":"http://up/a","deep":{"next":"http://up/b"}}}"#,
        ),
        (
            r#"{"paging":["next","http://up/a"],"id":17841400000000000001234,"f":1.10}"#,
            r#"{"paging":["next","http://up/a"],"id":17841400000000000001234,"f":1.10}"#,
        ),
        ("[]", "[]"),
        ("null", "null"),
        (" 1 ", " 1 "),
    ] {
        let answer = gate_of(body);
        assert_eq!((answer.status, answer.text().as_str()), (200, expected), "{body}");
    }
    for body in [
        "",
        "{",
        r#"{"a":}"#,
        r#"{"a":1,}"#,
        "[1 2]",
        "{}{}",
        "{a:1}",
        "]",
        "nul",
        "01x",
        r#"{"paging":{"next":"up/a\"}}"#,
        r#"{"paging":{"next":"http://up/\ud800"}}"#,
    ] {
        let answer = gate_of(body);
        let expected = if body.is_empty() { 200 } else { 502 };
        assert_eq!(answer.status, expected, "{body}");
    }
}

#[test]
fn entries_of_a_batch_are_cut_down_as_they_would_be_alone() {
    let up = Upstream::new(|seen| {
        if seen.line().contains("/media") {
            reply(JSON, PAGE.as_bytes())
        } else {
            reply(JSON, br#"{"id":"1","media_product_type":"STORY"}"#)
        }
    });
    let entries = json!([
        { "method": "GET", "relative_url": posts() },
        { "method": "GET", "relative_url": format!("{POST}?fields=id") },
    ]);
    let body = json!({ "batch": entries }).to_string();
    let lines = format!("{JSON}Content-Length: {}\r\n", body.len());
    let answer = gate(&up).call(&crate::support::post("/v21.0", &lines, &body));
    let rows = answer.json();
    assert_eq!(rows[0]["body"], LEFT);
    let thinned = json!({ "name": "x-portcullis-thinned", "value": "standard/no-stories" });
    assert!(rows[0]["headers"].as_array().unwrap().contains(&thinned));
    assert!(rows[1]["body"].as_str().unwrap().contains("answer_withheld"));
}
