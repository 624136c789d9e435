//! A service of tonic's without generated code, and the client that calls it.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use bytes::{Buf, BufMut};
use futures_util::{Stream, StreamExt, stream};
use http::HeaderMap;
use http::uri::PathAndQuery;
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::metadata::MetadataValue;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Response, Status, Streaming};
use tower::service_fn;

/// Messages of plain text, so that no schema is compiled.
#[derive(Clone, Copy)]
pub struct Text;

impl Codec for Text {
    type Encode = String;
    type Decode = String;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }
    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Text {
    type Item = String;
    type Error = Status;

    fn encode(&mut self, text: String, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put_slice(text.as_bytes());
        Ok(())
    }
}

impl Decoder for Text {
    type Item = String;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<String>, Status> {
        let bytes = from.copy_to_bytes(from.remaining());
        Ok(Some(String::from_utf8(bytes.to_vec()).unwrap()))
    }
}

/// A platform that speaks gRPC.
#[derive(Clone)]
pub struct Posts {
    pub url: String,
    /// The head of each call as it came.
    heads: Arc<Mutex<Vec<HeaderMap>>>,
    /// What `Feed` waits for before each of its messages.
    steps: Arc<tokio::sync::Mutex<mpsc::UnboundedReceiver<()>>>,
    pub go: mpsc::UnboundedSender<()>,
}

impl Posts {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (go, steps) = mpsc::unbounded_channel();
        let steps = Arc::new(tokio::sync::Mutex::new(steps));
        let posts = Self { url, heads: Arc::default(), steps, go };
        let served = posts.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let served = served.clone();
                let service = hyper::service::service_fn(move |request| {
                    let served = served.clone();
                    async move { Ok::<_, Infallible>(served.answer(request).await) }
                });
                let builder = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                tokio::spawn(builder.serve_connection(TokioIo::new(stream), service));
            }
        });
        posts
    }

    pub fn heads(&self) -> Vec<HeaderMap> {
        self.heads.lock().unwrap().clone()
    }

    async fn answer(self, request: http::Request<Incoming>) -> http::Response<tonic::body::Body> {
        self.heads.lock().unwrap().push(request.headers().clone());
        let mut grpc = tonic::server::Grpc::new(Text);
        match request.uri().path() {
            "/plaza.Posts/Get" => grpc.unary(service_fn(get), request).await,
            "/plaza.Posts/Feed" => {
                let feed = move |_: Request<String>| {
                    let steps = Arc::clone(&self.steps);
                    async move { Ok(Response::new(stepped(steps))) }
                };
                grpc.server_streaming(service_fn(feed), request).await
            }
            "/plaza.Posts/Add" => grpc.client_streaming(service_fn(add), request).await,
            "/plaza.Posts/Talk" => grpc.streaming(service_fn(talk), request).await,
            other => panic!("nobody should ask for {other}"),
        }
    }
}

type Answers = std::pin::Pin<Box<dyn Stream<Item = Result<String, Status>> + Send>>;

/// A post, unless its name says what goes wrong.
async fn get(request: Request<String>) -> Result<Response<String>, Status> {
    match request.into_inner().as_str() {
        "missing" => Err(Status::with_details(Code::NotFound, "no such post: ä", "why"[..].into())),
        "secret" => Err(Status::internal(format!("with {}", crate::support::PLATFORM))),
        name => Ok(Response::new(format!("post {name}"))),
    }
}

/// One message for each step, and a status at the end.
fn stepped(steps: Arc<tokio::sync::Mutex<mpsc::UnboundedReceiver<()>>>) -> Answers {
    let all = stream::unfold(0, move |number| {
        let steps = Arc::clone(&steps);
        async move {
            steps.lock().await.recv().await.unwrap();
            match number {
                0..3 => Some((Ok(format!("post {number}")), number + 1)),
                3 => {
                    let end = "that was all";
                    let why = "why"[..].into();
                    Some((Err(Status::with_details(Code::ResourceExhausted, end, why)), 4))
                }
                _ => None,
            }
        }
    });
    Box::pin(all)
}

/// All that was sent, in one.
async fn add(request: Request<Streaming<String>>) -> Result<Response<String>, Status> {
    let mut all = Vec::new();
    let mut posts = request.into_inner();
    while let Some(post) = posts.message().await? {
        all.push(post);
    }
    Ok(Response::new(all.join("+")))
}

/// An answer to each message as it comes.
async fn talk(request: Request<Streaming<String>>) -> Result<Response<Answers>, Status> {
    let answers = request.into_inner().map(|said| said.map(|said| format!("{said}?")));
    Ok(Response::new(Box::pin(answers)))
}

/// Calls them as generated code would.
pub struct Client {
    grpc: tonic::client::Grpc<Channel>,
    key: String,
}

impl Client {
    pub async fn new(gate: &crate::support::Gate, key: &str) -> Self {
        let url = format!("http://{}", gate.running().addr());
        let channel = Endpoint::from_shared(url).unwrap().connect().await.unwrap();
        Self { grpc: tonic::client::Grpc::new(channel), key: format!("Bearer {key}") }
    }

    /// A call's head and body.
    pub fn with<B>(&self, body: B) -> Request<B> {
        let mut request = Request::new(body);
        let key = MetadataValue::try_from(&self.key).unwrap();
        request.metadata_mut().insert("authorization", key);
        request
    }

    pub async fn get(&mut self, name: &str) -> Result<Response<String>, Status> {
        let request = self.with(name.to_owned());
        self.grpc.ready().await.unwrap();
        self.grpc.unary(request, path("Get"), Text).await
    }

    pub async fn unary(&mut self, method: &'static str) -> Status {
        let request = self.with(String::new());
        self.grpc.ready().await.unwrap();
        self.grpc.unary::<_, String, _>(request, path(method), Text).await.unwrap_err()
    }

    pub async fn feed(&mut self) -> Streaming<String> {
        let request = self.with(String::new());
        self.grpc.ready().await.unwrap();
        let answer = self.grpc.server_streaming(request, path("Feed"), Text).await;
        answer.unwrap().into_inner()
    }

    pub async fn add(&mut self, posts: &[&str]) -> Result<Response<String>, Status> {
        let posts: Vec<String> = posts.iter().map(ToString::to_string).collect();
        let request = self.with(stream::iter(posts));
        self.grpc.ready().await.unwrap();
        self.grpc.client_streaming(request, path("Add"), Text).await
    }

    pub async fn talk(
        &mut self,
        said: impl Stream<Item = String> + Send + 'static,
    ) -> Streaming<String> {
        let request = self.with(said);
        self.grpc.ready().await.unwrap();
        self.grpc.streaming(request, path("Talk"), Text).await.unwrap().into_inner()
    }
}

fn path(method: &'static str) -> PathAndQuery {
    format!("/plaza.Posts/{method}").parse().unwrap()
}
