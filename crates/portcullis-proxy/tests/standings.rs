//! What each shape of a hold closes, over sockets: reads, publishing and what stays open, calls under way
//! among them.

use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

use crate::support::{Answer, Gate, Reply, Upstream, World};
use portcullis_registry::{Command, SubjectId, Wish};
use portcullis_types::{ClassName, Closes, PartnerId, ReasonCode};
use serde_json::{Value, json};

const ROUTES: &str = include_str!("../../../policies/plaza/routes/plaza.yaml");
const SCOPES: &str = r##"
version: 1
scopes:
  all:
    about: Much
    classes:
      - profile.basic
      - media.by_account
      - post.basic
      - post.counts
      - publish.container
      - publish.status
      - publish.post
      - publish.limit
"##;
const TIER: &str = r##"
version: 1
tier: standard
about: For tests
scopes: [all]
batch: true
rates: []
"##;

const LIST: &str = "GET /v21.0/17841000000000001/media";
const COUNTS: &str = "GET /v21.0/17841000000000001/media?fields=id,like_count";
const PUBLISH: &str = "POST /v21.0/17841000000000001/media_publish?creation_id=1";
const STATUS: &str = "GET /v21.0/17890000000000001?fields=status_code";
const LIMIT: &str = "GET /v21.0/17841000000000001/content_publishing_limit";
const NOWHERE: &str = "GET /v21.0/private/sweep";

fn gate(up: &Upstream) -> Gate {
    Gate::within(up, World { routes: ROUTES, scopes: SCOPES, tier: TIER }, |_| {})
}

fn classes(names: &[&str]) -> std::sync::Arc<[ClassName]> {
    names.iter().map(|name| ClassName::new(name).unwrap()).collect()
}

/// Puts the partner on hold in that shape.
fn hold(gate: &mut Gate, closes: Closes, even: &[&str]) {
    let even = classes(even).to_vec();
    let to = match closes {
        Closes::Classes(classes) => Wish::Restricted { classes: classes.to_vec(), factor: None },
        closes => Wish::Suspended { closes, even, fallback: Vec::new(), review_by: None },
    };
    gate.office.command(Command::Stand {
        subject: SubjectId::Partner(PartnerId::new("acme").unwrap()),
        to,
        reason: ReasonCode::new("investigation").unwrap(),
        tell: "We look at your reads.".to_owned(),
        case: None,
    });
    gate.running().cutter().cut();
    // Whoever answers this has taken up the cut, so that nothing more goes out first.
    assert!(gate.running().recaller().recall("none", crate::support::PATIENCE).is_none());
}

fn request(call: &str) -> String {
    let (method, target) = call.split_once(' ').unwrap();
    match method {
        "GET" => crate::support::get(target, ""),
        _ => crate::support::post(target, "Content-Length: 0\r\n", "").replacen("POST", method, 1),
    }
}

fn said(answer: &Answer) -> String {
    match answer.status {
        200 => "passes".to_owned(),
        _ => answer.code(),
    }
}

#[test]
fn each_shape_closes_what_it_says_and_leaves_the_rest() {
    let up = Upstream::plain();
    let shapes: [(&str, Closes, &[&str]); 8] = [
        ("all", Closes::All, &[]),
        ("all, even publish.status", Closes::All, &["publish.status"]),
        ("reads", Closes::Reads, &[]),
        ("reads, even publish.limit", Closes::Reads, &["publish.limit"]),
        ("reads_of media.by_account", Closes::ReadsOf(classes(&["media.by_account"])), &[]),
        ("reads_of post.counts", Closes::ReadsOf(classes(&["post.counts"])), &[]),
        ("writes", Closes::Writes, &[]),
        ("restricted publish.post", Closes::Classes(classes(&["publish.post"])), &[]),
    ];
    let calls = [
        ("list", LIST.to_owned()),
        ("counts", COUNTS.to_owned()),
        ("publish", PUBLISH.to_owned()),
        ("publish id", format!("{PUBLISH}&fields=id")),
        ("publish link", format!("{PUBLISH}&fields=id,permalink")),
        ("publish text", format!("{PUBLISH}&fields=id,caption")),
        ("status", STATUS.to_owned()),
        ("limit", LIMIT.to_owned()),
        ("nowhere", NOWHERE.to_owned()),
    ];
    let mut table = String::new();
    for (name, closes, even) in shapes {
        let mut gate = gate(&up);
        assert_eq!(gate.call(&request(LIST)).status, 200);
        hold(&mut gate, closes, even);
        table.push_str(&format!("{name}\n"));
        for (call, text) in &calls {
            table.push_str(&format!("  {call:13} {}\n", said(&gate.call(&request(text)))));
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn a_refusal_says_what_is_closed_and_what_still_works() {
    let up = Upstream::plain();
    let mut gate = gate(&up);
    hold(&mut gate, Closes::Reads, &["publish.limit"]);
    let answer = gate.call(&request(LIST)).json();
    let told = ["code", "state", "reason", "since", "review_by", "closed", "works"];
    let told: Vec<String> = told.iter().map(|name| format!("{name}: {}", answer[name])).collect();
    insta::assert_snapshot!(told.join("\n"));
    let back = gate.call(&request(&format!("{PUBLISH}&fields=id,caption"))).json();
    insta::assert_snapshot!(back["detail"].as_str().unwrap());
    // Who is on hold does not learn what is listed.
    let nowhere = gate.call(&request(NOWHERE)).json();
    assert_eq!(nowhere["detail"], answer["detail"]);
}

type Going = std::sync::Arc<Mutex<Vec<Sender<()>>>>;

/// A platform that answers each call by halves, the second when it is told to.
fn halves() -> (Upstream, Going) {
    let going: Going = Going::default();
    let kept = std::sync::Arc::clone(&going);
    let up = Upstream::new(move |_| {
        let (go, steps): (Sender<()>, Receiver<()>) = channel();
        kept.lock().unwrap().push(go);
        let head = "HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: 10\r\n\r\n12345";
        Reply::Steps(vec![head.into(), b"67890".to_vec()], steps)
    });
    (up, going)
}

/// Whether the answer to a call goes on when the partner is put on hold in its middle.
fn goes_on(call: &str, closes: Closes, even: &[&str]) -> bool {
    let (up, going) = halves();
    let mut gate = gate(&up);
    let mut peer = gate.connect();
    peer.send(request(call));
    assert_eq!(peer.head().unwrap().0, 200, "{call}");
    assert_eq!(peer.read(5), b"12345", "{call}");
    hold(&mut gate, closes, even);
    for go in going.lock().unwrap().iter() {
        let _ = go.send(());
    }
    peer.read(5) == b"67890"
}

#[test]
fn an_answer_under_way_is_cut_by_what_it_reads_and_never_for_a_write() {
    let check = |call: &str, closes: Closes, even: &[&str], expected: bool| {
        assert_eq!(goes_on(call, closes.clone(), even), expected, "{call} {closes:?} {even:?}");
    };
    check(LIST, Closes::Reads, &[], false);
    check(LIST, Closes::Writes, &[], true);
    check(LIST, Closes::ReadsOf(classes(&["media.by_account"])), &[], false);
    check(LIST, Closes::ReadsOf(classes(&["post.counts"])), &[], true);
    check(COUNTS, Closes::ReadsOf(classes(&["post.counts"])), &[], false);
    check(STATUS, Closes::All, &[], true);
    check(STATUS, Closes::All, &["publish.status"], false);
    check(PUBLISH, Closes::Reads, &[], true);
    check(PUBLISH, Closes::All, &[], true);
}

#[test]
fn each_entry_of_a_batch_is_closed_in_its_place() {
    let up = Upstream::plain();
    let mut gate = gate(&up);
    hold(&mut gate, Closes::Reads, &[]);
    let entry = |call: &str| {
        let (method, target) = call.split_once(" /v21.0/").unwrap();
        json!({ "method": method, "relative_url": target })
    };
    let entries = [LIST, PUBLISH, STATUS, NOWHERE].map(entry);
    let body = json!({ "batch": entries }).to_string();
    let lines = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    let rows = gate.call(&crate::support::post("/v21.0", &lines, &body)).json();
    let codes: Vec<Value> =
        rows.as_array().unwrap().iter().map(|row| row["code"].clone()).collect();
    assert_eq!(codes, [403, 200, 200, 403].map(Value::from));
    for at in [0, 3] {
        let told: Value = serde_json::from_str(rows[at]["body"].as_str().unwrap()).unwrap();
        assert_eq!(told["code"], "partner_held");
    }
}
