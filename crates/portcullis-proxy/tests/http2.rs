//! HTTP/2 with prior knowledge in front, HTTP/1.1 behind.

use crate::support::{
    Gate, KEY, MEDIA, NOWHERE, PLATFORM, PROFILE, PUBLISH, Reply, UPLOAD, Upstream,
};
use http::{Request, Version};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper_util::rt::{TokioExecutor, TokioIo};

type Sender = SendRequest<Full<Bytes>>;

async fn connect(gate: &Gate) -> Sender {
    let stream = tokio::net::TcpStream::connect(gate.running().addr()).await.unwrap();
    let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

fn call(
    method: &str,
    target: &str,
    headers: &[(&str, &str)],
    body: &'static str,
) -> Request<Full<Bytes>> {
    let mut request = Request::builder().method(method).uri(format!("http://gate.test{target}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Full::from(body)).unwrap()
}

async fn answer(sender: &mut Sender, request: Request<Full<Bytes>>) -> (u16, String) {
    let answer = sender.send_request(request).await.unwrap();
    assert_eq!(answer.version(), Version::HTTP_2);
    assert!(answer.headers().contains_key("x-request-id"));
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test]
async fn many_streams_share_a_connection() {
    let up = Upstream::new(|seen| Reply::json(&format!("{:?}", seen.line())));
    let gate = Gate::before(&up);
    let sender = connect(&gate).await;
    let bearer = format!("Bearer {KEY}");
    let calls = (0..50).map(|at| {
        let (mut sender, bearer) = (sender.clone(), bearer.clone());
        let target = if at % 2 == 0 { PROFILE } else { NOWHERE };
        tokio::spawn(async move {
            let got =
                answer(&mut sender, call("GET", target, &[("authorization", &bearer)], "")).await;
            assert_eq!(got.0, if at % 2 == 0 { 200 } else { 403 }, "{}", got.1);
        })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
    for seen in up.seen() {
        assert_eq!(seen.header("host"), Some(up.addr.to_string().as_str()));
        assert_eq!(seen.header("authorization"), Some(format!("Bearer {PLATFORM}").as_str()));
        assert_eq!(seen.header("x-forwarded-host"), Some("gate.test"));
    }
}

#[tokio::test]
async fn bodies_and_links_are_treated_as_in_http_1() {
    let up = Upstream::new(|seen| match seen.line().contains("media") {
        true => Reply::json(r#"{"paging":{"next":"http://up/v21.0/1"}}"#),
        false => Reply::json("{}"),
    });
    let gate = Gate::before(&up);
    let mut sender = connect(&gate).await;
    let key = [("x-api-key", KEY)];
    let got = answer(&mut sender, call("GET", MEDIA, &key, "")).await;
    assert_eq!(got, (200, r#"{"paging":{"next":"http://gate.test/v21.0/1"}}"#.to_owned()));
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let body = "caption=x&access_token=partner-key-0123456789";
    assert_eq!(answer(&mut sender, call("POST", PUBLISH, &form, body)).await.0, 200);
    let video = [("x-api-key", KEY), ("content-type", "video/mp4")];
    assert_eq!(answer(&mut sender, call("POST", UPLOAD, &video, "bytes")).await.0, 200);
    let seen = up.seen();
    assert_eq!(seen[1].body, b"caption=x");
    assert_eq!(seen[2].body, b"bytes");
    assert!(!up.bytes().contains(KEY));
}

#[tokio::test]
async fn a_call_that_names_two_hosts_or_nominates_a_field_is_refused() {
    let up = Upstream::plain();
    let gate = Gate::before(&up);
    let mut sender = connect(&gate).await;
    let got =
        answer(&mut sender, call("GET", PROFILE, &[("x-api-key", KEY), ("host", "other")], ""))
            .await;
    assert_eq!(got.0, 400, "{}", got.1);
    let two = [("x-api-key", KEY), ("x-api-key", "another")];
    assert_eq!(answer(&mut sender, call("GET", PROFILE, &two, "")).await.0, 401);
    assert!(up.seen().is_empty());
}

#[tokio::test]
async fn a_hold_cuts_a_stream_and_leaves_the_connection() {
    let (_go, steps) = std::sync::mpsc::channel();
    let steps = std::sync::Mutex::new(Some(steps));
    let up = Upstream::new(move |_| {
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: 10\r\n\r\n12345"
            .to_vec();
        Reply::Steps(vec![head], steps.lock().unwrap().take().unwrap())
    });
    let mut gate = Gate::before(&up);
    let mut sender = connect(&gate).await;
    let streaming =
        sender.send_request(call("GET", PROFILE, &[("x-api-key", KEY)], "")).await.unwrap();
    let mut body = streaming.into_body();
    assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "12345");
    gate.office.hold();
    gate.running().cutter().cut();
    assert!(body.frame().await.unwrap().is_err());
    let got = answer(&mut sender, call("GET", PROFILE, &[("x-api-key", KEY)], "")).await;
    assert!(got.0 == 403 && got.1.contains("key_held"), "{}", got.1);
}
