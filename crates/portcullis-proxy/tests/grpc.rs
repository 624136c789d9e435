//! gRPC: refusals as its clients read them, and how its streams end.

use crate::support::{Gate, KEY, Reply, TIER, Upstream, World};
use http::{HeaderMap, HeaderValue, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http2::handshake;
use hyper_util::rt::{TokioExecutor, TokioIo};
use portcullis_proxy::Codec;

const ROUTES: &str = r##"
version: 1
classes: { profile.basic: Names, media.list: Posts, publish: Posting, place.posts: Places }
operations:
  feed: { method: POST, path: /plaza.Posts/Feed, class: media.list, stream: 10m, body: opaque }
  places: { method: POST, path: /plaza.Posts/Places, class: place.posts, body: opaque }
"##;
const SCOPES: &str = r##"
version: 1
scopes:
  all: { about: All, classes: [profile.basic, media.list, publish] }
"##;
const WORLD: World<'_> = World { routes: ROUTES, scopes: SCOPES, tier: TIER };

async fn call(gate: &Gate, method: &str, kind: &str, key: &str) -> Response<Incoming> {
    let stream = tokio::net::TcpStream::connect(gate.running().addr()).await.unwrap();
    let (mut sender, connection) =
        handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    let request = Request::post(format!("http://gate.test/plaza.Posts/{method}"))
        .header("content-type", kind)
        .header("te", "trailers")
        .header("authorization", format!("Bearer {key}"));
    let body = Full::new(Bytes::from_static(b"\0\0\0\0\0"));
    sender.send_request(request.body(body).unwrap()).await.unwrap()
}

/// Status, code and message.
fn told(fields: &HeaderMap) -> [String; 3] {
    ["grpc-status", "portcullis-code", "grpc-message"]
        .map(|name| fields.get(name).unwrap().to_str().unwrap().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_a_status_of_grpc() {
    let up = Upstream::plain();
    let mut gate = Gate::within(&up, WORLD, |_| {});
    for (method, key, status, code) in [
        ("Feed", "no-such-key", "16", "key_unknown"),
        ("Places", KEY, "7", "class_not_granted"),
        ("Nothing", KEY, "7", "operation_unlisted"),
    ] {
        let answer = call(&gate, method, "application/grpc+proto", key).await;
        assert_eq!(
            (answer.status().as_u16(), answer.headers()["content-type"].to_str().unwrap()),
            (200, "application/grpc")
        );
        let [got_status, got_code, message] = told(answer.headers());
        assert_eq!((got_status.as_str(), got_code.as_str()), (status, code), "{message}");
        assert!(message.is_ascii() && !message.is_empty());
        assert!(answer.headers().contains_key("x-request-id"));
        assert!(answer.into_body().collect().await.unwrap().to_bytes().is_empty());
    }
    let other = call(&gate, "Places", "application/octet-stream", KEY).await;
    assert_eq!(other.status().as_u16(), 403, "only who speaks gRPC reads it so");
    assert!(up.seen().is_empty());
    gate.end();
    assert!(gate.log.text().contains(r#""status":403"#), "{}", gate.log.text());
}

#[tokio::test]
async fn a_stream_of_a_key_on_hold_ends_with_a_status() {
    let (_go, steps) = std::sync::mpsc::channel();
    let steps = std::sync::Mutex::new(Some(steps));
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n";
    let up = Upstream::new(move |_| {
        Reply::Steps(vec![head.into()], steps.lock().unwrap().take().unwrap())
    });
    let mut gate = Gate::within(&up, WORLD, |_| {});
    let mut answer = call(&gate, "Feed", "application/grpc", KEY).await;
    assert_eq!(answer.body_mut().frame().await.unwrap().unwrap().into_data().unwrap(), "first");
    gate.office.hold();
    gate.running().cutter().cut();
    let end = answer.body_mut().frame().await.unwrap().unwrap().into_trailers().unwrap();
    let [status, code, message] = told(&end);
    assert_eq!((status.as_str(), code.as_str()), ("7", "key_held"));
    assert!(message.contains("We look at your reads."), "{message}");
}

/// A platform that speaks gRPC: says what it was asked with, and ends with these trailers.
async fn speaking(body: &'static str, trailers: &'static [(&'static str, &'static str)]) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let service = hyper::service::service_fn(move |request: Request<Incoming>| async move {
            assert_eq!(request.headers()["te"], "trailers");
            let all = trailers
                .iter()
                .map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value)));
            let end: HeaderMap = all.collect();
            let answer = Full::new(Bytes::from_static(body.as_bytes()));
            let answer = answer.with_trailers(std::future::ready(Some(Ok(end))));
            let answer =
                Response::builder().header("content-type", "application/grpc").body(answer);
            Ok::<_, std::convert::Infallible>(answer.unwrap())
        });
        let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
        let _ = builder.serve_connection(TokioIo::new(stream), service).await;
    });
    url
}

#[tokio::test]
async fn a_status_of_the_platform_reaches_its_caller_and_nothing_else_behind_an_answer() {
    let all = &[("grpc-status", "5"), ("grpc-message", "no such post"), ("set-cookie", "a=b")];
    for body in ["message", ""] {
        let url = speaking(body, all).await;
        let gate = Gate::at(&url, WORLD, |settings| settings.codec = Codec::Http2);
        let answer = call(&gate, "Feed", "application/grpc", KEY).await;
        assert_eq!(answer.status(), 200);
        let answer = answer.into_body().collect().await.unwrap();
        let mut end: Vec<_> = answer.trailers().unwrap().iter().collect();
        end.sort_by_key(|(name, _)| name.as_str());
        let expected = [("grpc-message", "no such post"), ("grpc-status", "5")];
        assert_eq!(
            end.iter().map(|(n, v)| (n.as_str(), v.to_str().unwrap())).collect::<Vec<_>>(),
            expected
        );
        assert_eq!(answer.to_bytes(), body);
    }
}
