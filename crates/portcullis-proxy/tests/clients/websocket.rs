//! tungstenite's WebSockets, plain and over TLS: messages, closes, refusals, holds.

use futures_util::{SinkExt, StreamExt};
use portcullis_proxy::Settings;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, accept_async, client_async};

use crate::support::certs::{self, Authority, front, listener, material};
use crate::support::{Gate, KEY, TIER, World};

pub(crate) const ROUTES: &str = r##"
version: 1
classes: { profile.basic: Names, media.list: Posts, publish: Posting, place.posts: Places }
operations:
  live: { method: GET, path: /live, class: media.list, upgrade: websocket, stream: 10m }
  places: { method: GET, path: /places, class: place.posts, upgrade: websocket }
  plain: { method: GET, path: /plain, class: media.list }
"##;
pub(crate) const SCOPES: &str = r##"
version: 1
scopes:
  all: { about: All, classes: [profile.basic, media.list, publish] }
"##;

/// A platform that says back what it hears, and tells how its connections are closed.
pub(crate) struct Echo {
    pub(crate) url: String,
    pub(crate) ends: mpsc::UnboundedReceiver<Option<CloseFrame>>,
}

impl Echo {
    pub(crate) async fn start() -> Self {
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", tcp.local_addr().unwrap());
        let (ended, ends) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            loop {
                let (stream, _) = tcp.accept().await.unwrap();
                tokio::spawn(serve(stream, ended.clone()));
            }
        });
        Self { url, ends }
    }

    pub(crate) fn gate(&self, change: impl FnOnce(&mut Settings)) -> Gate {
        let world = World { routes: ROUTES, scopes: SCOPES, tier: TIER };
        Gate::at(&self.url, world, change)
    }
}

async fn serve(stream: TcpStream, ended: mpsc::UnboundedSender<Option<CloseFrame>>) {
    let Ok(mut socket) = accept_async(stream).await else { return };
    while let Some(Ok(message)) = socket.next().await {
        match message {
            Message::Text(said) if said == "leave" => {
                let frame = CloseFrame { code: CloseCode::Library(4001), reason: "left".into() };
                let _ = socket.close(Some(frame)).await;
            }
            Message::Text(_) | Message::Binary(_) => drop(socket.send(message).await),
            Message::Close(frame) => drop(ended.send(frame)),
            _ => {}
        }
    }
}

fn request(target: &str, key: &str) -> Request {
    let mut request = format!("ws://gate.test{target}").into_client_request().unwrap();
    request.headers_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
    request
}

async fn open(gate: &Gate) -> WebSocketStream<TcpStream> {
    let stream = TcpStream::connect(gate.running().addr()).await.unwrap();
    let (socket, answer) = client_async(request("/live", KEY), stream).await.unwrap();
    assert_eq!(answer.status(), 101);
    socket
}

pub(crate) async fn says<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut WebSocketStream<S>,
    said: Message,
) {
    socket.send(said.clone()).await.unwrap();
    let heard = socket.next().await.unwrap().unwrap();
    assert!(heard == said, "{} bytes in place of {}", heard.len(), said.len());
}

/// How it ends, with no fault of the protocol before or after.
pub(crate) async fn end<S: AsyncRead + AsyncWrite + Unpin>(
    socket: &mut WebSocketStream<S>,
) -> (u16, String) {
    let Some(Ok(Message::Close(Some(frame)))) = socket.next().await else { panic!("no close") };
    assert!(socket.next().await.is_none_or(|last| matches!(last, Err(Error::ConnectionClosed))));
    (frame.code.into(), frame.reason.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_all_kinds_and_sizes_come_back() {
    let mut echo = Echo::start().await;
    let gate = echo.gate(|_| {});
    let mut socket = open(&gate).await;
    for size in [0, 1, 125, 126, 65_535, 65_536, 200_000] {
        says(&mut socket, Message::text("é".repeat(size / 2))).await;
        says(&mut socket, Message::binary(vec![0xA5; size])).await;
    }
    socket.send(Message::Ping("there?".into())).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::Pong("there?".into()));
    let frame = CloseFrame { code: CloseCode::Library(4000), reason: "enough".into() };
    socket.close(Some(frame.clone())).await.unwrap();
    assert_eq!(end(&mut socket).await, (4000, "enough".to_owned()));
    assert_eq!(echo.ends.recv().await.unwrap(), Some(frame));
}

#[tokio::test(flavor = "multi_thread")]
async fn both_sides_may_send_without_waiting() {
    let echo = Echo::start().await;
    let gate = echo.gate(|_| {});
    let (mut tell, mut hear) = open(&gate).await.split();
    let telling = tokio::spawn(async move {
        for number in 0..2_000 {
            tell.send(Message::text(format!("{number} {}", "x".repeat(500)))).await.unwrap();
        }
        tell
    });
    for number in 0..2_000 {
        let heard = hear.next().await.unwrap().unwrap();
        assert!(heard.to_text().unwrap().starts_with(&format!("{number} ")));
    }
    let mut socket = hear.reunite(telling.await.unwrap()).unwrap();
    socket.send(Message::text("leave")).await.unwrap();
    assert_eq!(end(&mut socket).await, (4001, "left".to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_the_same_over_tls() {
    let echo = Echo::start().await;
    let authority = Authority::new();
    let paper = authority.for_names(&["gate.test"]);
    let listens = listener(&front(&material(&[&paper])));
    let gate = echo.gate(|settings| settings.listeners.push(listens));
    let addr = gate.running().addrs()[1];
    let stream = certs::Client::plain(&authority).connect(addr, "gate.test").await.unwrap();
    let (mut socket, _) = client_async(request("/live", KEY), stream).await.unwrap();
    says(&mut socket, Message::text("over TLS")).await;
    socket.close(None).await.unwrap();
    assert!(matches!(socket.next().await, Some(Ok(Message::Close(_))) | None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_an_answer_that_says_why() {
    let echo = Echo::start().await;
    let gate = echo.gate(|_| {});
    for (target, key, status, code) in [
        ("/live", "no-such-key", 401, "key_unknown"),
        ("/places", KEY, 403, "class_not_granted"),
        ("/plain", KEY, 400, "request_unreadable"),
        ("/sweep", KEY, 403, "operation_unlisted"),
    ] {
        let stream = TcpStream::connect(gate.running().addr()).await.unwrap();
        let error = client_async(request(target, key), stream).await.unwrap_err();
        let Error::Http(answer) = error else { panic!("{target}: {error}") };
        let body = String::from_utf8(answer.body().clone().unwrap_or_default()).unwrap();
        assert_eq!(answer.status(), status, "{target}: {body}");
        assert!(body.contains(code), "{target}: {body}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_closes_every_socket_of_the_key_on_both_sides() {
    let mut echo = Echo::start().await;
    let mut gate = echo.gate(|_| {});
    let mut sockets = Vec::new();
    for _ in 0..20 {
        let mut socket = open(&gate).await;
        says(&mut socket, Message::text("here")).await;
        sockets.push(socket);
    }
    gate.office.hold();
    gate.running().cutter().cut();
    for socket in &mut sockets {
        let (code, reason) = end(socket).await;
        assert!(code == 1008 && reason.starts_with("key_held: "), "{code} {reason}");
    }
    for _ in 0..20 {
        let frame = echo.ends.recv().await.unwrap().unwrap();
        assert_eq!(frame.code, CloseCode::Away, "the platform is told that its partner left");
    }
}
