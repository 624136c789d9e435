//! What the ledger is told of answers that left: whole and cut, alone and in batches, with room and
//! without.

use crate::support::posts::{MEDIA, NO_STORIES, ROUTES, SCOPES, STORIES, USER};
use crate::support::{Gate, KEY, NOWHERE, Reply, Upstream, World, post};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo};
use portcullis_proxy::{LedgerBounds, LedgerOutlet};
use portcullis_types::{LedgerAnswer, LedgerLevel};
use serde_json::json;

const PAGE: &str = r#"{"data":[{"id":"1","media_product_type":"REELS"},{"id":"2","media_product_type":"STORY"},{"id":"3","media_product_type":"FEED"}]}"#;
const LEFT: &str = r#"{"data":[{"id":"1"},{"id":"3"}]}"#;
const ROOM: LedgerBounds = LedgerBounds { answers: 100, bytes: 100_000 };

/// Posts are digested, accounts are counted and nothing is told of stories.
fn noting(up: &Upstream, bounds: LedgerBounds) -> (Gate, LedgerOutlet) {
    noting_by("", up, bounds)
}

/// The same, with more said in `ledger`.
fn noting_by(more: &str, up: &Upstream, bounds: LedgerBounds) -> (Gate, LedgerOutlet) {
    let levels =
        format!("ledger: {{ digests: [post.*], none: [story.list, story.single]{more} }}\ntypes:");
    let routes = ROUTES.replacen("types:", &levels, 1);
    // An account is what owns something.
    let fields = "    fields: { post.single: [id, caption, media_product_type] }\n";
    let owned = format!(
        "{fields}    edges: {{ owner: {{ class: post.single, holds: user, inline: true }} }}\n"
    );
    let routes = routes.replacen(fields, &owned, 1);
    let world = World { routes: &routes, scopes: SCOPES, tier: NO_STORIES };
    Gate::noting(&up.url(), world, bounds)
}

/// A platform that answers with a page where posts are asked for.
fn platform() -> Upstream {
    Upstream::new(|seen| {
        Reply::json(if seen.line().contains("/media") { PAGE } else { r#"{"id":"178410001"}"# })
    })
}

fn posts() -> String {
    format!("{MEDIA}?fields=id")
}

/// All that was told by the end.
fn told(mut gate: Gate, outlet: &LedgerOutlet) -> Vec<LedgerAnswer> {
    gate.end();
    let mut all = Vec::new();
    outlet.take(&mut all);
    all
}

#[test]
fn what_left_is_told_with_its_digests_or_its_counts_and_what_did_not_leave_is_not() {
    let up = platform();
    let (gate, outlet) = noting(&up, ROOM);
    let page = gate.get(&posts());
    assert_eq!(page.text(), LEFT);
    let user = gate.get(USER);
    assert_eq!(user.status, 200);
    assert_eq!(gate.get(STORIES).status, 200);
    assert_eq!(gate.get(NOWHERE).code(), "operation_unlisted");
    let metrics = gate.metrics.clone();
    let all = told(gate, &outlet);
    let [posts, user_row] = &all[..] else { panic!("{all:?}") };
    assert_eq!((posts.level, posts.rows, posts.counted), (LedgerLevel::Digests, 2, true));
    assert_eq!((posts.bytes, posts.whole, posts.answers), (LEFT.len() as u64, true, 1));
    assert_eq!(page.header("x-request-id"), Some(&*posts.request.to_string()));
    // Whose they are is told by the call: these posts don't say it.
    let records: Vec<_> = posts.records().collect();
    let owner = records[0].owner;
    assert!(owner.is_some() && records.iter().all(|record| record.owner == owner));
    assert_ne!(records[0].id, records[1].id);
    let digested = posts.digested.as_ref().unwrap();
    assert_eq!((digested.owners(), digested.places(), digested.day()), (1, 0, 19_813));
    assert_eq!((user_row.level, user_row.rows), (LedgerLevel::Counts, 1));
    assert_eq!((user_row.counted, user_row.records().count()), (false, 0));
    assert_eq!(user_row.bytes, user.body.len() as u64);
    let text = metrics.render();
    for line in ["portcullis_ledger_answers_total 2", "portcullis_ledger_records_total 2"] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
}

#[test]
fn whose_posts_of_an_account_are_is_asked_of_the_platform_unless_they_are_said_to_be_its_own() {
    let target = format!("{MEDIA}?fields=id,media_product_type");
    let told_of = |more: &str| {
        let up = platform();
        let (gate, outlet) = noting_by(more, &up, ROOM);
        assert_eq!(gate.get(&target).status, 200);
        let row = told(gate, &outlet).remove(0);
        (up.one().line().to_owned(), row.records().collect::<Vec<_>>(), row.rows)
    };
    let (sent, records, rows) = told_of(", owned: [post.list]");
    assert_eq!((sent, rows), (format!("GET {target} HTTP/1.1"), 2));
    let (asked, same, _) = told_of("");
    assert!(asked.contains("owner"), "{asked}");
    assert_eq!(records, same, "these posts don't say whose they are, so the call tells");
}

#[test]
fn a_platforms_error_holds_no_records() {
    let up = Upstream::new(|_| {
        let body = r#"{"error":{"message":"no","code":100}}"#;
        let length = body.len();
        Reply::Bytes(
            format!("HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}")
                .into(),
        )
    });
    let (gate, outlet) = noting(&up, ROOM);
    assert_eq!(gate.get(&posts()).status, 400);
    assert_eq!(gate.get(USER).status, 400);
    assert_eq!(told(gate, &outlet), []);
}

#[test]
fn of_an_answer_that_is_cut_all_is_told_that_went_out_before() {
    let item = |at: usize| format!(r#"{{"id":"{at}","caption":"{}"}}"#, "x".repeat(1000));
    let items: Vec<String> = (0..200).map(item).collect();
    let body = format!(r#"{{"data":[{}"#, items.join(","));
    let up = Upstream::new(move |_| {
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len() + 100
        );
        Reply::Last([head.as_bytes(), body.as_bytes()].concat())
    });
    let (gate, outlet) = noting(&up, ROOM);
    let mut peer = gate.connect();
    peer.send(crate::support::get(&format!("{MEDIA}?fields=id,caption"), ""));
    let cut = peer.answer();
    assert!(!cut.whole);
    let out = String::from_utf8_lossy(&cut.body).into_owned();
    let whole = out.matches(r#"","caption""#).count();
    assert!(whole > 60, "{whole}");
    let all = told(gate, &outlet);
    let [row] = &all[..] else { panic!("{all:?}") };
    assert!(!row.whole);
    assert!(row.records().count() >= whole, "{} of {whole}", row.records().count());
    assert!(row.bytes > 60_000);
}

#[test]
fn of_what_is_only_counted_the_bytes_are_told_that_went_out_before_a_cut() {
    let up = Upstream::new(|_| {
        let head =
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n";
        Reply::Last(format!("{head}{{\"id\":").into())
    });
    let (gate, outlet) = noting(&up, ROOM);
    let cut = gate.get(USER);
    assert_eq!((cut.whole, cut.body.len()), (false, 6));
    let all = told(gate, &outlet);
    let [row] = &all[..] else { panic!("{all:?}") };
    assert_eq!((row.whole, row.bytes, row.rows), (false, 6, 1));
}

#[test]
fn a_partner_that_leaves_has_got_what_was_handed_over() {
    let item = |at: usize| format!(r#"{{"id":"{at}","caption":"{}"}}"#, "x".repeat(1000));
    let items: Vec<String> = (0..20_000).map(item).collect();
    let body = format!(r#"{{"data":[{}]}}"#, items.join(","));
    let up = Upstream::new(move |_| Reply::json(&body));
    let bounds = LedgerBounds { bytes: 10 << 20, ..ROOM };
    let (gate, outlet) = noting(&up, bounds);
    let mut peer = gate.connect();
    peer.send(crate::support::get(&format!("{MEDIA}?fields=id,caption"), ""));
    assert_eq!(peer.head().unwrap().0, 200);
    let got = peer.read(100_000);
    drop(peer);
    let all = told(gate, &outlet);
    let [row] = &all[..] else { panic!("{} rows", all.len()) };
    let seen = String::from_utf8_lossy(&got).matches(r#"","caption""#).count();
    assert!(!row.whole && row.bytes < 20_000_000, "{} bytes", row.bytes);
    assert!(
        row.records().count() >= seen && row.records().count() < 20_000,
        "{}",
        row.records().count()
    );
}

#[test]
fn entries_of_a_batch_are_told_one_by_one_and_those_left_out_are_not() {
    let up = platform();
    let (gate, outlet) = noting(&up, ROOM);
    let entry = |target: &str| json!({ "method": "GET", "relative_url": target });
    let silent = json!({ "method": "GET", "relative_url": posts(), "name": "a", "omit_response_on_success": true });
    let entries = [entry(&posts()), entry(USER), entry(NOWHERE), silent];
    let body = json!({ "batch": entries }).to_string();
    let lines = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    let answer = gate.call(&post("/v21.0", &lines, &body));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let mut all = told(gate, &outlet);
    all.sort_by_key(|row| row.level);
    let rows: Vec<_> = all.iter().map(|row| (row.level, row.rows, row.bytes)).collect();
    let expected = [(LedgerLevel::Counts, 1, 18), (LedgerLevel::Digests, 2, LEFT.len() as u64)];
    assert_eq!(rows, expected);
}

#[test]
fn without_room_nothing_digested_begins_and_the_rest_falls_together() {
    let up = platform();
    let (gate, outlet) = noting(&up, LedgerBounds { answers: 2, bytes: 100_000 });
    assert_eq!(gate.get(&posts()).status, 200);
    assert_eq!(gate.get(&posts()).status, 200);
    let refused = gate.get(&posts());
    assert_eq!((refused.status, refused.code().as_str()), (503, "ledger_full"));
    // Drawn for each, so that they don't come back together.
    assert!(matches!(refused.header("retry-after"), Some("1" | "2" | "3")));
    assert_eq!(up.seen().len(), 2, "it was never sent");
    assert_eq!(outlet.refused(), 1);
    for _ in 0..3 {
        assert_eq!(gate.get(USER).status, 200);
    }
    assert!(outlet.is_merging());
    // As soon as there is room again, it goes on.
    let mut taken = Vec::new();
    while taken.len() < 2 {
        outlet.take(&mut taken);
        std::thread::yield_now();
    }
    assert_eq!(gate.get(&posts()).status, 200);
    let metrics = gate.metrics.clone();
    taken.extend(told(gate, &outlet));
    let merged: Vec<_> = taken.iter().filter(|row| row.answers > 1).collect();
    let [merged] = &merged[..] else { panic!("{taken:?}") };
    assert_eq!((merged.answers, merged.rows, merged.bytes), (3, 3, 3 * 18));
    assert!(!outlet.is_merging());
    let text = metrics.render();
    for line in [
        "portcullis_ledger_answers_total 4",
        "portcullis_ledger_merged_total 3",
        "portcullis_ledger_lost_total 0",
        "portcullis_ledger_refused_total 1",
        "portcullis_refusals_total{reason=\"ledger_full\"} 1",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
}

#[test]
fn too_many_records_that_wait_keep_the_next_from_leaving() {
    let up = platform();
    let (gate, _outlet) = noting(&up, LedgerBounds { answers: 100, bytes: 100 });
    assert_eq!(gate.get(&posts()).status, 200);
    assert_eq!(gate.get(&posts()).status, 200);
    assert_eq!(gate.get(&posts()).code(), "ledger_full");
    assert_eq!(gate.get(USER).status, 200);
}

#[tokio::test]
async fn streams_of_http_2_are_told_each() {
    let up = platform();
    let (gate, outlet) = noting(&up, ROOM);
    let stream = tokio::net::TcpStream::connect(gate.running().addr()).await.unwrap();
    let (sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    for _ in 0..3 {
        let request = http::Request::get(format!("http://gate.test{}", posts()))
            .header("authorization", format!("Bearer {KEY}"))
            .body(Full::<Bytes>::default())
            .unwrap();
        let answer = sender.clone().send_request(request).await.unwrap();
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, LEFT);
    }
    drop(sender);
    let all = tokio::task::spawn_blocking(move || told(gate, &outlet)).await.unwrap();
    assert_eq!(all.len(), 3);
    assert!(all.iter().all(|row| row.whole && row.records().count() == 2), "{all:?}");
}
