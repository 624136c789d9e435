//! Several calls in one: each entry judged and sent on as if it had come alone.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};

use crate::support::{Answer, BATCHING, Gate, KEY, PLATFORM, Reply, Seen, Upstream, post};
use portcullis_proxy::{Placement, PlatformCredential};
use serde_json::{Value, json};

const ME: &str = "17841000000000001";

fn gate(up: &Upstream) -> Gate {
    Gate::start(&up.url(), BATCHING, |_| {})
}

/// What goes up, by its line, whatever the order it came in.
fn lines(up: &Upstream) -> Vec<String> {
    let mut lines: Vec<String> = up.seen().iter().map(|seen| seen.line().to_owned()).collect();
    lines.sort();
    lines
}

/// Tells what it was asked, as the platform's own batches would.
fn echo(seen: &Seen) -> Reply {
    let target = seen.line().split(' ').nth(1).unwrap();
    Reply::json(&json!({ "asked": target }).to_string())
}

fn encode(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn form(entries: &Value) -> String {
    let body = format!("batch={}", encode(&entries.to_string()));
    let lines = format!(
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
        body.len()
    );
    post("/v21.0", &lines, &body)
}

fn run(gate: &Gate, entries: &Value) -> Vec<Value> {
    rows(&gate.call(&form(entries)))
}

fn rows(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"));
    answer.json().as_array().unwrap().clone()
}

fn get(target: &str) -> Value {
    json!({ "method": "GET", "relative_url": target })
}

fn body(row: &Value) -> Value {
    serde_json::from_str(row["body"].as_str().unwrap()).unwrap()
}

#[test]
fn a_batch_in_every_encoding_becomes_calls_of_its_own() {
    let entries = json!([get(&format!("{ME}?fields=id")), get(&format!("/v21.0/{ME}"))]);
    let text = entries.to_string();
    let whole = |kind: &str, body: &str| {
        let lines = format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", body.len());
        post("/v21.0/", &lines, body)
    };
    let inside = |value: &Value| json!({ "batch": value }).to_string();
    let part =
        format!("--b\r\nContent-Disposition: form-data; name=\"batch\"\r\n\r\n{text}\r\n--b--\r\n");
    let bare = format!("batch={}", encode(&text));
    let escaped =
        json!([get(&encode(&format!("{ME}?fields=id"))), get(&encode(&format!("/v21.0/{ME}"))),]);
    for call in [
        form(&entries),
        form(&escaped),
        post("/v21.0", &format!("Content-Length: {}\r\n", bare.len()), &bare),
        whole("application/json", &inside(&entries)),
        whole("application/json", &inside(&Value::String(text.clone()))),
        whole("multipart/form-data; boundary=b", &part),
        post(&format!("/v21.0?{bare}"), "Content-Length: 0\r\n", ""),
    ] {
        let up = Upstream::new(echo);
        let rows = rows(&gate(&up).call(&call));
        let expected = [format!("/v21.0/{ME}?fields=id"), format!("/v21.0/{ME}")];
        for (row, target) in rows.iter().zip(&expected) {
            assert_eq!(row["code"], 200, "{call}\n{row}");
            assert_eq!(body(row), json!({ "asked": target }), "{call}");
        }
        let sent = lines(&up);
        assert_eq!(
            sent,
            expected.iter().rev().map(|t| format!("GET {t} HTTP/1.1")).collect::<Vec<_>>()
        );
        for seen in up.seen() {
            assert_eq!(seen.header("authorization"), Some(format!("Bearer {PLATFORM}").as_str()));
            assert_eq!(
                seen.header("content-type"),
                None,
                "the batch's own says nothing of an entry"
            );
            assert_eq!(seen.header("accept-encoding"), Some("identity"));
        }
        assert!(!up.bytes().contains(KEY));
    }
}

#[test]
fn a_refused_entry_says_so_in_its_place_and_the_others_run() {
    let up = Upstream::new(echo);
    let gate = gate(&up);
    let entries = json!([
        get(ME),
        get("private/sweep"),
        get(&format!("{ME}/posts")),
        { "method": "POST", "relative_url": "", "body": format!("batch={}", encode(&json!([get(ME)]).to_string())) },
        { "method": "GET", "relative_url": ME, "access_token": "somebody-elses-key-0123" },
        { "method": "GET", "relative_url": format!("{ME}?access_token=somebody-elses") },
        { "method": "POST", "relative_url": format!("{ME}/publish"), "attached_files": "a" },
        { "method": "GET", "relative_url": ME, "depends_on": "nobody" },
        { "method": "GET", "relative_url": format!("{ME}?access_token={KEY}"), "access_token": KEY },
    ]);
    let rows = run(&gate, &entries);
    let codes: Vec<_> = rows
        .iter()
        .map(|row| {
            (row["code"].as_u64().unwrap(), body(row)["code"].as_str().unwrap_or("").to_owned())
        })
        .collect();
    let expected = [
        (200, ""),
        (403, "operation_unlisted"),
        (403, "class_not_granted"),
        (403, "not_judged"),
        (401, "key_conflict"),
        (401, "key_conflict"),
        (403, "not_judged"),
        (400, "request_unreadable"),
        (200, ""),
    ];
    assert_eq!(codes, expected.map(|(code, reason)| (code, reason.to_owned())));
    assert_eq!(lines(&up), vec![format!("GET /v21.0/{ME} HTTP/1.1"); 2]);
    let refusal = &rows[2];
    assert_eq!(
        refusal["headers"][0],
        json!({ "name": "content-type", "value": "application/problem+json" })
    );
    assert!(body(refusal)["error"]["message"].as_str().unwrap().contains("place.posts"));
    assert_eq!(body(refusal)["rule"], "standard/scopes");
}

#[test]
fn a_batch_is_refused_whole_where_it_is_not_agreed_or_cannot_be_read() {
    let up = Upstream::plain();
    let answer = Gate::before(&up).call(&form(&json!([get(ME)])));
    assert_eq!((answer.status, answer.code().as_str()), (403, "batch_not_agreed"));
    let gate = gate(&up);
    let many: Vec<Value> = (0..51).map(|_| get(ME)).collect();
    for entries in [json!([]), json!({}), json!([{ "method": "GET" }]), json!(many)] {
        let answer = gate.call(&form(&entries));
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "request_unreadable"),
            "{entries}"
        );
    }
    let root = form(&json!([get(ME)])).replacen("/v21.0", "/v20.0", 1);
    assert_eq!(gate.call(&root).status, 403);
    assert!(up.seen().is_empty());
}

#[test]
fn fifty_entries_keep_their_order_and_cost_fifty() {
    let up = Upstream::new(echo);
    let gate = gate(&up);
    let target = |at: usize| format!("{ME}/media?limit={}", at + 1);
    let entries: Vec<Value> = (0..50).map(|at| get(&target(at))).collect();
    let answer = gate.call(&form(&json!(entries)));
    for (at, row) in rows(&answer).iter().enumerate() {
        assert_eq!(body(row)["asked"], format!("/v21.0/{}", target(at)));
    }
    assert_eq!(answer.header("ratelimit"), Some(r#""calls-per-hour";r=10;t=3000"#));
    let codes: Vec<_> = run(&gate, &json!(entries)).iter().map(|row| row["code"].clone()).collect();
    assert_eq!(
        codes[..10],
        [
            json!(200),
            json!(200),
            json!(200),
            json!(200),
            json!(200),
            json!(200),
            json!(200),
            json!(200),
            json!(200),
            json!(200)
        ]
    );
    assert!(codes[10..].iter().all(|code| *code == 429), "{codes:?}");
    assert_eq!(up.seen().len(), 60);
}

#[test]
fn an_entry_takes_values_from_the_answer_of_another() {
    let up = Upstream::new(|seen| match seen.line() {
        line if line.contains("/media") => {
            Reply::json(r#"{"data":[{"id":"17841000000000002"},{"id":"private"}]}"#)
        }
        _ => echo(seen),
    });
    let gate = gate(&up);
    let dependent = |path: &str| json!({ "method": "GET", "relative_url": format!("{{result=posts:$.data{path}.id}}") });
    let entries = json!([
        dependent("[0]"),
        { "method": "GET", "relative_url": format!("{ME}/media"), "name": "posts" },
        // What it turns out to ask is judged when it is known.
        dependent("[1]"),
        dependent("[7]"),
        { "method": "GET", "relative_url": format!("{ME}/posts"), "name": "refused" },
        { "method": "GET", "relative_url": ME, "depends_on": "refused" },
    ]);
    let rows = run(&gate, &entries);
    assert_eq!(body(&rows[0])["asked"], "/v21.0/17841000000000002");
    assert_eq!(rows[1], Value::Null, "it only feeds others");
    assert_eq!(body(&rows[2])["code"], "node_unclassified");
    assert_eq!(body(&rows[3])["code"], "request_unreadable");
    assert_eq!(body(&rows[4])["code"], "class_not_granted");
    assert_eq!(body(&rows[5])["code"], "request_unreadable");
    let sent =
        [format!("GET /v21.0/{ME}/media HTTP/1.1"), "GET /v21.0/17841000000000002 HTTP/1.1".into()];
    assert_eq!(lines(&up), {
        let mut sent = sent.to_vec();
        sent.sort();
        sent
    });
}

#[test]
fn an_answer_is_left_out_where_it_succeeds_and_is_not_wanted() {
    let up = Upstream::new(|seen| {
        match seen.line() {
        line if line.contains("limit=9") => {
            Reply::Bytes(b"HTTP/1.1 400 Bad\r\nContent-Type: application/json\r\nContent-Length: 12\r\n\r\n{\"error\":{}}".to_vec())
        }
        _ => echo(seen),
    }
    });
    let gate = gate(&up);
    let silent = |target: String, omit: bool| json!({ "method": "GET", "relative_url": target, "omit_response_on_success": omit });
    let rows = run(
        &gate,
        &json!([
            silent(ME.into(), true),
            silent(ME.into(), false),
            silent(format!("{ME}/media?limit=9"), true),
            silent("private".into(), true),
        ]),
    );
    let codes: Vec<_> = rows.iter().map(|row| row["code"].as_u64()).collect();
    assert_eq!(codes, [None, Some(200), Some(400), Some(403)]);
    assert_eq!(rows[2]["body"], r#"{"error":{}}"#, "the platform's own word");
}

#[test]
fn fields_of_answers_are_shown_unless_the_batch_says_no() {
    let up = Upstream::new(|_| {
        Reply::Bytes(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-App-Usage: {}\r\nSet-Cookie: a=b\r\nETag: \"e\"\r\nContent-Length: 2\r\n\r\n{}".to_vec())
    });
    let gate = gate(&up);
    let rows = run(&gate, &json!([get(ME)]));
    let names: Vec<_> = rows[0]["headers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| f["name"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["content-type", "set-cookie", "etag"]);
    let call = form(&json!([get(ME)])).replacen("/v21.0", "/v21.0?include_headers=false", 1);
    let answer = gate.call(&call);
    assert_eq!(answer.text(), r#"[{"code":200,"body":"{}"}]"#);
}

#[test]
fn links_and_tokens_inside_of_bodies_are_the_gates() {
    let up = Upstream::new(|seen| {
        let target = seen.line().split(' ').nth(1).unwrap();
        if target.contains("limit=2") {
            return Reply::json(&json!({ "debug": PLATFORM }).to_string());
        }
        let next = format!("https://graph.plaza.example{target}&appsecret_proof=ab&after=x");
        Reply::json(&json!({ "data": [], "paging": { "next": next } }).to_string())
    });
    let gate = Gate::start(&up.url(), BATCHING, |settings| {
        let place = Placement::Query("access_token".into());
        settings.credential = PlatformCredential::new(PLATFORM, place).unwrap();
        settings.public_url = Some("https://api.example.com/graph".parse().unwrap());
    });
    let call = form(&json!([get(&format!("{ME}/media")), get(&format!("{ME}/media?limit=2"))]));
    let answer = gate.call(&call.replacen("/v21.0", "/graph/v21.0", 1));
    assert!(!answer.text().contains(PLATFORM) && !answer.text().contains("plaza"));
    let rows = rows(&answer);
    let next = body(&rows[0])["paging"]["next"].clone();
    assert_eq!(next, format!("https://api.example.com/graph/v21.0/{ME}/media?after=x"));
    assert_eq!(
        (rows[1]["code"].as_u64(), body(&rows[1])["code"].as_str()),
        (Some(502), Some("upstream_malformed"))
    );
    assert_eq!(lines(&up)[0], format!("GET /v21.0/{ME}/media?access_token={PLATFORM} HTTP/1.1"));
}

#[test]
fn writes_carry_their_bodies() {
    let up = Upstream::plain();
    let gate = gate(&up);
    let publish = |body: Value| json!({ "method": "post", "relative_url": format!("{ME}/publish"), "body": body });
    let rows = run(
        &gate,
        &json!([
            publish(json!("caption=hi%20you")),
            publish(json!({ "caption": "ho" })),
            publish(json!("caption=x&fields=bio"))
        ]),
    );
    assert_eq!(
        rows.iter().map(|row| row["code"].as_u64().unwrap()).collect::<Vec<_>>(),
        [200, 200, 400]
    );
    let mut seen: Vec<_> = up
        .seen()
        .iter()
        .map(|seen| {
            (
                seen.header("content-type").unwrap().to_owned(),
                String::from_utf8(seen.body.clone()).unwrap(),
            )
        })
        .collect();
    seen.sort();
    assert_eq!(
        seen,
        [
            ("application/json".to_owned(), r#"{"caption":"ho"}"#.to_owned()),
            ("application/x-www-form-urlencoded".to_owned(), "caption=hi%20you".to_owned()),
        ]
    );
}

#[test]
fn what_the_platform_does_wrong_to_one_entry_is_told_in_its_place() {
    let up = Upstream::new(|seen| match seen.line() {
        line if line.contains("limit=1 ") => Reply::Close,
        line if line.contains("limit=2 ") => Reply::json("<html>"),
        line if line.contains("limit=3 ") => Reply::json(&format!("[1{}]", ",1".repeat(5000))),
        line if line.contains("/media") => Reply::Bytes(
            b"HTTP/1.1 503 Busy\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
                .to_vec(),
        ),
        _ => Reply::Bytes(
            b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 2\r\n\r\n\xff\xfe"
                .to_vec(),
        ),
    });
    let gate =
        Gate::start(&up.url(), BATCHING, |settings| settings.limits.buffered_answer_bytes = 4096);
    let media = |limit: u8| get(&format!("{ME}/media?limit={limit}"));
    let rows = run(&gate, &json!([media(1), media(2), media(3), media(4), get(ME)]));
    let codes: Vec<_> = rows
        .iter()
        .map(|row| {
            (row["code"].as_u64().unwrap(), body(row)["code"].as_str().unwrap_or("").to_owned())
        })
        .collect();
    let expected = [
        (502, "upstream_malformed"),
        (502, "upstream_malformed"),
        (502, "answer_too_large"),
        (503, ""),
        (502, "upstream_malformed"),
    ];
    assert_eq!(codes, expected.map(|(code, reason)| (code, reason.to_owned())));
}

/// An upstream each of whose answers waits until it is told to come.
fn waiting() -> (Upstream, Arc<Mutex<Vec<Sender<()>>>>) {
    let going: Arc<Mutex<Vec<Sender<()>>>> = Arc::default();
    let waiters = Arc::clone(&going);
    let up = Upstream::new(move |_| {
        let (go, steps) = channel();
        waiters.lock().unwrap().push(go);
        let answer =
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
                .to_vec();
        // The first step is nothing, and the next comes when it is told to.
        Reply::Steps(vec![Vec::new(), answer], steps)
    });
    (up, going)
}

fn until(what: impl Fn() -> bool) {
    while !what() {
        std::thread::yield_now();
    }
}

fn let_go(going: &Mutex<Vec<Sender<()>>>) {
    for go in going.lock().unwrap().iter() {
        go.send(()).unwrap();
        // After the last step, too.
        let _ = go.send(());
    }
}

#[test]
fn a_hold_ends_what_is_read_and_what_was_not_sent_and_no_write_under_way() {
    let (up, going) = waiting();
    let mut gate = gate(&up);
    let publish =
        json!({ "method": "POST", "relative_url": format!("{ME}/publish"), "body": "caption=a" });
    let mut peer = gate.connect();
    peer.send(form(&json!([get(ME), publish, get(ME), publish, publish, get(ME)])));
    until(|| going.lock().unwrap().len() == 4);
    gate.office.hold();
    gate.running().cutter().cut();
    let_go(&going);
    let rows = rows(&peer.answer());
    let codes: Vec<_> = rows.iter().map(|row| row["code"].as_u64().unwrap()).collect();
    assert_eq!(codes, [403, 200, 403, 200, 403, 403]);
    assert_eq!(body(&rows[0])["code"], "key_held");
    assert_eq!(body(&rows[5])["reason"], "investigation");
    assert_eq!(up.seen().len(), 4);
}

#[test]
fn a_client_that_leaves_ends_what_was_not_sent() {
    let (up, going) = waiting();
    let gate = gate(&up);
    let mut peer = gate.connect();
    peer.send(form(&json!([get(ME), get(ME), get(ME), get(ME), get(ME), get(ME)])));
    until(|| going.lock().unwrap().len() == 4);
    drop(peer);
    until(|| gate.log.text().contains("client_gone"));
    for go in going.lock().unwrap().drain(..) {
        let _ = go.send(());
    }
    let mut other = gate.connect();
    other.send(crate::support::get(&format!("/v21.0/{ME}?fields=id"), ""));
    until(|| !going.lock().unwrap().is_empty());
    let_go(&going);
    assert_eq!(other.answer().status, 200);
    assert_eq!(up.seen().len(), 5);
}

#[test]
fn one_record_tells_of_a_batch_and_each_entry_is_counted() {
    let up = Upstream::new(echo);
    let mut gate = gate(&up);
    run(&gate, &json!([get(ME), get("private/sweep"), get(ME)]));
    gate.end();
    let log = gate.log.text();
    let record: Value = serde_json::from_str(log.trim()).unwrap();
    assert_eq!((&record["operation"], &record["verdict"]), (&json!("batch"), &json!("permit")));
    assert_eq!((&record["entries"], &record["entries_refused"]), (&json!(3), &json!(1)));
    let metrics = gate.metrics.render();
    for line in [
        r#"portcullis_requests_total{code_class="2xx",operation="getNode",verdict="permit"} 2"#,
        r#"portcullis_requests_total{code_class="2xx",operation="batch",verdict="permit"} 1"#,
        r#"portcullis_refusals_total{reason="operation_unlisted"} 1"#,
    ] {
        assert!(metrics.contains(line), "{line} in\n{metrics}");
    }
}
