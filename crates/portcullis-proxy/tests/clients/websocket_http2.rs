//! tungstenite's WebSockets over streams of HTTP/2 (RFC 8441): several on one connection, beside calls.

use std::net::SocketAddr;
use std::time::Duration;

use futures_util::SinkExt;
use http::{Method, Request, Response};
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http2::{SendRequest, handshake};
use hyper::ext::Protocol;
use hyper::upgrade::Upgraded;
use hyper_util::rt::{TokioExecutor, TokioIo};
use portcullis_proxy::Settings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::support::{FEW, Gate, KEY, TIER, World};
use crate::websocket::{Echo, ROUTES, SCOPES, end, says};

type Sender = SendRequest<Empty<Bytes>>;
type Socket = WebSocketStream<TokioIo<Upgraded>>;

async fn connect(gate: &Gate) -> Sender {
    let stream = TcpStream::connect(gate.running().addr()).await.unwrap();
    let (sender, connection) = handshake(TokioExecutor::new(), TokioIo::new(stream)).await.unwrap();
    tokio::spawn(connection);
    sender
}

fn wish(target: &str, key: &str) -> Request<Empty<Bytes>> {
    Request::connect(format!("http://gate.test{target}"))
        .extension(Protocol::from_static("websocket"))
        .header("authorization", format!("Bearer {key}"))
        .header("sec-websocket-version", "13")
        .header("sec-websocket-extensions", "permessage-deflate")
        .body(Empty::new())
        .unwrap()
}

async fn open(sender: &mut Sender) -> Socket {
    let answer = sender.send_request(wish("/live", KEY)).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.headers().contains_key("x-request-id"));
    for name in ["upgrade", "connection", "sec-websocket-accept", "sec-websocket-extensions"] {
        assert!(!answer.headers().contains_key(name), "{name} belongs to HTTP/1.1");
    }
    let stream = TokioIo::new(hyper::upgrade::on(answer).await.unwrap());
    WebSocketStream::from_raw_socket(stream, Role::Client, None).await
}

async fn told(answer: Response<Incoming>) -> (u16, String) {
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_all_sizes_come_back_and_a_close_reaches_the_platform() {
    let mut echo = Echo::start().await;
    let gate = echo.gate(|_| {});
    let mut socket = open(&mut connect(&gate).await).await;
    for size in [0, 1, 125, 126, 65_535, 65_536, 200_000] {
        says(&mut socket, Message::binary(vec![0xA5; size])).await;
    }
    socket.send(Message::text("leave")).await.unwrap();
    assert_eq!(end(&mut socket).await, (4001, "left".to_owned()));
    let mut socket = open(&mut connect(&gate).await).await;
    socket.close(None).await.unwrap();
    assert!(echo.ends.recv().await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_share_a_connection_with_calls_and_a_hold_ends_the_sockets_alone() {
    let mut echo = Echo::start().await;
    let mut gate = echo.gate(|_| {});
    let mut sender = connect(&gate).await;
    let mut sockets = Vec::new();
    for at in 0..5 {
        let mut socket = open(&mut sender).await;
        says(&mut socket, Message::text(format!("{at}"))).await;
        sockets.push(socket);
        let (status, body) = told(sender.send_request(wish("/plain", KEY)).await.unwrap()).await;
        assert_eq!(status, 400, "{body}");
    }
    for (at, socket) in sockets.iter_mut().enumerate().rev() {
        says(socket, Message::text(format!("{at} again"))).await;
    }
    gate.office.hold();
    gate.running().cutter().cut();
    for socket in &mut sockets {
        let (code, reason) = end(socket).await;
        assert!(code == 1008 && reason.starts_with("key_held: "), "{code} {reason}");
        let frame = echo.ends.recv().await.unwrap().unwrap();
        assert_eq!(frame.code, CloseCode::Away, "the platform is told that its partner left");
    }
    let (status, body) = told(sender.send_request(wish("/live", KEY)).await.unwrap()).await;
    assert!(status == 403 && body.contains("key_held"), "the connection goes on: {status} {body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_message_counts_as_a_call() {
    let echo = Echo::start().await;
    let world = World { routes: ROUTES, scopes: SCOPES, tier: FEW };
    let gate = Gate::at(&echo.url, world, |_| {});
    let mut socket = open(&mut connect(&gate).await).await;
    for at in 0..3 {
        says(&mut socket, Message::text(format!("{at}"))).await;
    }
    socket.send(Message::text("one too many")).await.unwrap();
    let (code, reason) = end(&mut socket).await;
    assert!(code == 1008 && reason.starts_with("rate_reached: "), "{code} {reason}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_whole_wish_is_refused_with_a_reason() {
    let echo = Echo::start().await;
    let gate = echo.gate(|_| {});
    let mut sender = connect(&gate).await;
    let other = |change: fn(&mut Request<Empty<Bytes>>)| {
        let mut request = wish("/live", KEY);
        change(&mut request);
        request
    };
    let table = [
        ("an unknown key", wish("/live", "no-such-key"), 401, "key_unknown"),
        ("a class that is not granted", wish("/places", KEY), 403, "class_not_granted"),
        ("what is no WebSocket", wish("/plain", KEY), 400, "does not switch protocols here"),
        ("an unlisted path", wish("/sweep", KEY), 403, "operation_unlisted"),
        ("the gate's own page", wish("/.portcullis/usage", KEY), 403, "operation_unlisted"),
        (
            "a plain call",
            other(|request| {
                *request.method_mut() = Method::GET;
                request.extensions_mut().clear();
            }),
            400,
            "RFC 8441",
        ),
        (
            "an unknown key that would read a status of gRPC",
            other(|request| {
                let headers = request.headers_mut();
                headers.insert("authorization", "Bearer no-such-key".parse().unwrap());
                headers.insert("content-type", "application/grpc".parse().unwrap());
            }),
            401,
            "key_unknown",
        ),
        (
            "another protocol",
            other(|request| {
                request.extensions_mut().insert(Protocol::from_static("connect-udp"));
            }),
            400,
            "The gate is no tunnel",
        ),
        (
            "no version",
            other(|request| drop(request.headers_mut().remove("sec-websocket-version"))),
            400,
            "sec-websocket-version 13",
        ),
        (
            "a version that is over",
            other(|request| {
                request.headers_mut().insert("sec-websocket-version", "8".parse().unwrap());
            }),
            400,
            "sec-websocket-version 13",
        ),
    ];
    for (what, request, status, says) in table {
        let (got, body) = told(sender.send_request(request).await.unwrap()).await;
        assert!(got == status && body.contains(says), "{what}: {got} {body}");
    }
    let mut socket = open(&mut sender).await;
    says(&mut socket, Message::text("the connection is as before")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_opens_nothing_is_no_success() {
    for answer in [
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n",
    ] {
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", tcp.local_addr().unwrap());
        let platform = tokio::spawn(async move {
            let (mut stream, _) = tcp.accept().await.unwrap();
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.push(stream.read_u8().await.unwrap());
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
            (String::from_utf8(head).unwrap().to_ascii_lowercase(), stream)
        });
        let world = World { routes: ROUTES, scopes: SCOPES, tier: TIER };
        let gate = Gate::at(&url, world, |_| {});
        let mut sender = connect(&gate).await;
        let (status, body) = told(sender.send_request(wish("/live", KEY)).await.unwrap()).await;
        assert!(status == 502 && body.contains("upstream_malformed"), "{answer}: {status} {body}");
        let (head, _stream) = platform.await.unwrap();
        for line in ["get /live http/1.1\r\n", "upgrade: websocket\r\n", "sec-websocket-key: "] {
            assert!(head.contains(line), "{line} in {head}");
        }
        assert!(!head.contains("permessage-deflate"), "{head}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_waits_for_a_conversation_and_ends_one_that_outlasts_it() {
    let echo = Echo::start().await;
    let mut gate = echo.gate(|_| {});
    let mut sender = connect(&gate).await;
    let mut socket = open(&mut sender).await;
    let draining = gate.drain();
    // Told by GOAWAY, after which a client begins nothing; what is open goes on.
    while sender.send_request(wish("/plain", KEY)).await.is_ok() {}
    says(&mut socket, Message::text("still here")).await;
    socket.close(None).await.unwrap();
    assert_eq!(tokio::task::spawn_blocking(|| draining.join().unwrap().cut).await.unwrap(), 0);

    let mut gate = echo.gate(|_| {});
    let mut socket = open(&mut connect(&gate).await).await;
    says(&mut socket, Message::text("here")).await;
    let running = gate.running.take().unwrap();
    let ending = std::thread::spawn(move || running.drain(Duration::from_millis(40)));
    assert_eq!(end(&mut socket).await, (1001, "the gate restarts: connect again".to_owned()));
    tokio::task::spawn_blocking(|| drop(ending.join())).await.unwrap();
}

/// Little time for a connection that gets on with none of its streams, and more for one that only came.
fn short(settings: &mut Settings) {
    let waits = Duration::from_secs(1);
    let times = &mut settings.timeouts;
    (times.first_byte, times.answer_idle, times.body, times.body_idle) =
        (waits, waits, waits, waits);
    (times.send, times.head) = (waits / 10, waits * 3 / 2);
}

/// Waits until the gate ends a connection that sends no head, which has more time than one that gets on with
/// none of its streams.
async fn outlast(gate: SocketAddr) {
    let mut quiet = TcpStream::connect(gate).await.unwrap();
    let _ = quiet.read(&mut [0; 1]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_goes_on_as_long_as_something_is_said() {
    let echo = Echo::start().await;
    let routes = ROUTES.replace(", stream: 10m", "");
    let gate = Gate::at(&echo.url, World { routes: &routes, scopes: SCOPES, tier: TIER }, short);
    let mut sender = connect(&gate).await;
    let mut socket = open(&mut sender).await;
    let quiet = tokio::spawn(outlast(gate.running().addr()));
    while !quiet.is_finished() {
        says(&mut socket, Message::text("still here")).await;
    }
    assert_eq!(end(&mut socket).await, (1001, "nothing was said for too long".to_owned()));
    let (status, body) = told(sender.send_request(wish("/plain", KEY)).await.unwrap()).await;
    assert_eq!(status, 400, "the connection goes on: {body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_may_be_quiet_for_as_long_as_its_operation_says() {
    let echo = Echo::start().await;
    let gate = echo.gate(short);
    let mut socket = open(&mut connect(&gate).await).await;
    outlast(gate.running().addr()).await;
    says(&mut socket, Message::text("nothing was said for long")).await;
}
