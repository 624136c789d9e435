//! What is under way at a moment, and what answers leave behind that no hold ends, over sockets.

use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};

use crate::support::{Gate, PATIENCE, Reply, Still, Upstream, World};
use portcullis_proxy::UnderWay;
use portcullis_types::{Clock as _, KeyIx};

const ROUTES: &str = include_str!("../../../policies/plaza/routes/plaza.yaml");
const SCOPES: &str = r##"
version: 1
scopes:
  all:
    about: Much
    classes: [profile.basic, media.by_account, post.basic, post.counts, publish.post, platform.webhooks]
"##;
const TIER: &str = r##"
version: 1
tier: standard
about: For tests
scopes: [all]
batch: true
rates: []
"##;

const ACCOUNT: &str = "/v21.0/17841000000000001";
const OURS: &[KeyIx] = &[KeyIx(0)];
const HOUR: u64 = 3_600_000;

fn gate(up: &Upstream) -> Gate {
    Gate::within(up, World { routes: ROUTES, scopes: SCOPES, tier: TIER }, |_| {})
}

fn post(target: &str) -> String {
    crate::support::post(target, "Content-Length: 0\r\n", "")
}

#[test]
fn a_call_is_under_way_until_its_answer_is_out() {
    let going: std::sync::Arc<Mutex<Vec<Sender<()>>>> = std::sync::Arc::default();
    let kept = std::sync::Arc::clone(&going);
    let up = Upstream::new(move |_| {
        let (go, steps) = channel();
        kept.lock().unwrap().push(go);
        let head = "HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: 10\r\n\r\n12345";
        Reply::Steps(vec![head.into(), b"67890".to_vec()], steps)
    });
    let mut gate = gate(&up);
    let looker = gate.running().looker();
    let look = |keys: &[KeyIx]| looker.under_way(keys, PATIENCE).unwrap();
    assert_eq!(look(OURS), UnderWay::default());
    let mut calls = Vec::new();
    for request in [
        crate::support::get(&format!("{ACCOUNT}/media"), ""),
        crate::support::get(ACCOUNT, ""),
        post(&format!("{ACCOUNT}/media_publish?creation_id=1")),
    ] {
        let mut peer = gate.connect();
        peer.send(request);
        assert_eq!(peer.head().unwrap().0, 200);
        assert_eq!(peer.read(5), b"12345");
        calls.push(peer);
    }
    assert_eq!(look(OURS), UnderWay { reads: 2, writes: 1 });
    assert_eq!(look(&[KeyIx(7)]), UnderWay::default(), "somebody else's");
    for go in going.lock().unwrap().iter() {
        let _ = go.send(());
    }
    for peer in &mut calls {
        assert_eq!(peer.read(5), b"67890");
    }
    drop(calls);
    gate.end();
    assert_eq!(looker.under_way(OURS, PATIENCE), None, "a thread that ended tells nothing");
}

#[track_caller]
fn media(status: &str, call: &str, hours: Option<u64>) {
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{{}}"
    );
    let up = Upstream::new(move |_| Reply::Bytes(answer.clone().into()));
    let gate = gate(&up);
    gate.call(call);
    let until = gate.office.judge.media_until(OURS);
    let now = Still.now().wall.0;
    // Told a second late at most, never early.
    assert_eq!(until.map(|at| at.0), hours.map(|hours| now + hours * HOUR + 1000), "{call}");
    assert_eq!(gate.office.judge.media_until(&[KeyIx(1)]), None, "somebody else's");
}

#[test]
fn addresses_of_media_are_noted_where_an_answer_may_hold_any() {
    let get = |target: &str| crate::support::get(&format!("{ACCOUNT}{target}"), "");
    media("200 OK", &get("/media?fields=id,media_url"), Some(36));
    media("200 OK", &get("/media?fields=id,like_count"), None);
    media("200 OK", &get("/media"), None);
    media("200 OK", &get("?fields=profile_picture_url"), Some(36));
    media("404 Not Found", &get("/media?fields=id,media_url"), None);
    media("200 OK", &get("/stories?fields=id,media_url"), None);
    media("200 OK", &post(&format!("{ACCOUNT}/media_publish?creation_id=1")), None);
}

#[test]
fn each_subscription_that_the_platform_took_is_counted() {
    let up = Upstream::new(|seen| {
        match seen.line().contains("feed") {
        true => Reply::json("{\"success\":true}"),
        false => Reply::Bytes(
            b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
                .to_vec(),
        ),
    }
    });
    let gate = gate(&up);
    for fields in ["feed", "feed", "nonsense"] {
        gate.call(&post(&format!("{ACCOUNT}/subscribed_apps?subscribed_fields={fields}")));
    }
    gate.get(&format!("{ACCOUNT}?fields=id"));
    assert_eq!(gate.office.judge.subscriptions(OURS), 2);
}
