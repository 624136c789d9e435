//! A panic, wherever it strikes, ends one call and no other.

use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};

use crate::support::posts::{self, NO_STORIES};
use crate::support::{
    BATCHING, Failing, Gate, KEY, PROFILE, Reply, TIER, Upstream, World, get, post,
};
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};

/// What the second entry of a batch asks for.
const SECOND: &str = "/v21.0/17841000000000002";

/// A gate in that world, and the clock that strikes.
fn gate(up: &Upstream, world: World<'_>) -> (Gate, Arc<Failing>) {
    let clock = Arc::new(Failing::default());
    (Gate::made(&up.url(), world, Arc::clone(&clock) as _, |_| {}), clock)
}

/// What it counted, once all is over.
fn one_panic(mut gate: Gate) {
    gate.end();
    let metrics = gate.metrics.render();
    for line in ["portcullis_panics_total 1", "portcullis_requests_in_flight 0"] {
        assert!(metrics.contains(line), "{line} in {metrics}");
    }
}

/// A platform whose answers stop half-way, each until it is told to go on.
fn halting() -> (Upstream, Arc<Mutex<Vec<Sender<()>>>>) {
    let goes: Arc<Mutex<Vec<Sender<()>>>> = Arc::default();
    let kept = Arc::clone(&goes);
    let head = "HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: 10\r\n\r\n12345";
    let up = Upstream::new(move |_| {
        let (go, steps) = channel();
        kept.lock().unwrap().push(go);
        Reply::Steps(vec![head.into(), b"67890".to_vec()], steps)
    });
    (up, goes)
}

fn go_on(goes: &Mutex<Vec<Sender<()>>>) {
    for go in goes.lock().unwrap().iter() {
        // One whose answer was struck may be gone.
        let _ = go.send(());
    }
}

#[test]
fn before_the_answer() {
    let up = Upstream::plain();
    let (gate, clock) = gate(&up, World::of(TIER));
    clock.arm(2);
    let mut peer = gate.connect();
    peer.send(get(PROFILE, ""));
    let answer = peer.answer();
    assert_eq!((answer.status, answer.code().as_str()), (500, "internal"));
    assert_eq!(Some(answer.json()["request_id"].as_str().unwrap()), answer.header("x-request-id"));
    peer.send(get(PROFILE, ""));
    assert_eq!(peer.answer().status, 200, "on the same connection");
    drop(peer);
    one_panic(gate);
}

#[test]
fn where_an_answer_is_cut_down() {
    let due: Arc<Mutex<Option<Arc<Failing>>>> = Arc::default();
    let strikes = Arc::clone(&due);
    let up = Upstream::new(move |_| {
        // The first look is at when the head came, the second the sieve's.
        strikes.lock().unwrap().take().into_iter().for_each(|clock: Arc<Failing>| clock.arm(2));
        Reply::json(r#"{"data":[{"id":"1","media_product_type":"STORY"}]}"#)
    });
    let (gate, clock) = gate(&up, posts::world(NO_STORIES));
    *due.lock().unwrap() = Some(clock);
    let target = format!("{}?fields=id", posts::MEDIA);
    let answer = gate.get(&target);
    assert_eq!((answer.status, answer.code().as_str()), (500, "internal"));
    assert_eq!(gate.get(&target).text(), r#"{"data":[]}"#);
    one_panic(gate);
}

#[test]
fn in_one_of_several_calls_in_one() {
    let due: Arc<Mutex<Option<Arc<Failing>>>> = Arc::default();
    let strikes = Arc::clone(&due);
    let up = Upstream::new(move |seen| {
        if seen.line().contains(SECOND) {
            strikes.lock().unwrap().take().into_iter().for_each(|clock| clock.arm(1));
        }
        Reply::json("{}")
    });
    let (gate, clock) = gate(&up, World::of(BATCHING));
    *due.lock().unwrap() = Some(clock);
    // One after the other, so that it strikes the one that it is meant for.
    let entries = json!([
        {"method": "GET", "relative_url": "/v21.0/17841000000000001", "name": "first",
            "omit_response_on_success": false},
        {"method": "GET", "relative_url": SECOND, "depends_on": "first"},
    ]);
    let body = json!({"batch": entries}).to_string();
    let lines = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
    let answer = gate.call(&post("/v21.0", &lines, &body));
    let rows = answer.json();
    let codes: Vec<&Value> = rows.as_array().unwrap().iter().map(|row| &row["code"]).collect();
    assert_eq!(codes, [200, 500], "{rows}");
    one_panic(gate);
}

#[test]
fn in_an_answer_that_is_under_way() {
    let (up, goes) = halting();
    let (gate, clock) = gate(&up, World::of(TIER));
    let mut struck = gate.connect();
    struck.send(get(PROFILE, ""));
    assert_eq!(struck.head().unwrap().0, 200);
    assert_eq!(struck.read(5), b"12345");
    // Each answer is looked at again when access may have been lost.
    clock.arm(1);
    gate.running().cutter().cut();
    assert!(struck.is_closed());
    let mut next = gate.connect();
    next.send(get(PROFILE, ""));
    assert_eq!(next.head().unwrap().0, 200);
    go_on(&goes);
    assert_eq!(next.read(10), b"1234567890");
    goes.lock().unwrap().clear();
    drop(next);
    one_panic(gate);
}

async fn streaming(sender: &mut SendRequest<Full<Bytes>>) -> Incoming {
    let request = Request::get(format!("http://gate.test{PROFILE}")).header("x-api-key", KEY);
    let answer = sender.send_request(request.body(Full::default()).unwrap()).await.unwrap();
    let mut body = answer.into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "12345");
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn in_one_of_several_answers_on_a_connection() {
    let (up, goes) = halting();
    let (gate, clock) = gate(&up, World::of(TIER));
    let stream = tokio::net::TcpStream::connect(gate.running().addr()).await.unwrap();
    let (mut sender, connection) =
        handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let bodies = [streaming(&mut sender).await, streaming(&mut sender).await];
    clock.arm(1);
    gate.running().cutter().cut();
    let mut outcomes = Vec::new();
    for mut body in bodies {
        let reading = tokio::spawn(async move { body.frame().await.unwrap().is_ok() });
        outcomes.push(reading);
    }
    // The one that is struck ends by itself; the other goes on when the platform does.
    while !gate.metrics.render().contains("portcullis_panics_total 1") {
        tokio::task::yield_now().await;
    }
    go_on(&goes);
    let mut went_on = 0;
    for outcome in outcomes {
        went_on += usize::from(outcome.await.unwrap());
    }
    assert_eq!(went_on, 1);
    drop(sender);
    goes.lock().unwrap().clear();
    one_panic(gate);
}
