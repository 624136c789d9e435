//! What a case says, to a gate or to the platform itself, and everything that came back of it.
//!
//! Must not know what may come back.

use std::net::{SocketAddr, TcpStream};

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;

use crate::wire::{Message, Wire};

/// Where the key of the one who asks stands, in a target, a header line or a body.
pub(crate) const KEY: &str = "{key}";

/// One request.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ask {
    pub(crate) method: String,
    pub(crate) target: String,
    /// Header lines beside `Host`, `Authorization` and the body's length.
    pub(crate) lines: Vec<String>,
    pub(crate) body: Vec<u8>,
    /// Whether the key stands elsewhere.
    pub(crate) bare: bool,
}

impl Ask {
    pub(crate) fn new(method: &str, target: impl AsRef<str>) -> Self {
        Self { method: method.to_owned(), target: spelt(target.as_ref()), ..Self::default() }
    }

    pub(crate) fn get(target: impl AsRef<str>) -> Self {
        Self::new("GET", target)
    }

    pub(crate) fn post(target: impl AsRef<str>) -> Self {
        Self::new("POST", target)
    }

    /// With the key in the place that the case names, and no `Authorization`.
    pub(crate) fn bare(mut self) -> Self {
        self.bare = true;
        self
    }

    pub(crate) fn line(mut self, line: &str) -> Self {
        self.lines.push(line.to_owned());
        self
    }

    pub(crate) fn body(mut self, kind: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        if kind.is_empty() { self } else { self.line(&format!("Content-Type: {kind}")) }
    }

    pub(crate) fn form(self, body: impl Into<Vec<u8>>) -> Self {
        self.body("application/x-www-form-urlencoded", body)
    }

    pub(crate) fn json(self, body: &Value) -> Self {
        self.body("application/json", body.to_string())
    }
}

/// A target as it may stand in a request line: what is written for people is escaped.
pub(crate) fn spelt(target: &str) -> String {
    let mut out = String::new();
    let mut rest = target;
    // The place of the key is no pair of braces.
    while let Some((before, after)) = rest.split_once(KEY) {
        out.push_str(&escaped(before));
        out.push_str(KEY);
        rest = after;
    }
    out + &escaped(rest)
}

fn escaped(text: &str) -> String {
    let each = |c: char| match c {
        '{' | '}' | ' ' | '"' | '<' | '>' | '\\' | '^' | '`' | '|' | '[' | ']' | '$' => {
            format!("%{:02X}", u32::from(c))
        }
        other => other.to_string(),
    };
    text.chars().map(each).collect()
}

/// Escapes everything but letters and digits, so many times.
pub(crate) fn percent(text: &str, times: usize) -> String {
    let once = |text: String| {
        let each = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
            other => format!("%{other:02X}"),
        };
        text.bytes().map(each).collect()
    };
    (0..times).fold(text.to_owned(), |text, _| once(text))
}

/// One answer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Answer {
    /// 0: the connection was closed without one.
    pub(crate) status: u16,
    pub(crate) message: Message,
}

impl Answer {
    fn of(message: Option<Message>) -> Self {
        let Some(message) = message else { return Self::default() };
        let status = message.head.split(' ').nth(1).and_then(|code| code.parse().ok());
        Self { status: status.unwrap_or(0), message }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&crate::pack::unpacked(&self.message)).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text()).unwrap_or(Value::Null)
    }
}

/// A conversation: every answer is kept.
pub(crate) struct Talk {
    pub(crate) to: SocketAddr,
    /// The key of the one who asks, and another of theirs.
    pub(crate) keys: [String; 2],
    pub(crate) answers: Vec<Answer>,
}

impl Talk {
    pub(crate) fn new(to: SocketAddr, keys: [String; 2]) -> Self {
        Self { to, keys, answers: Vec::new() }
    }

    pub(crate) fn get(&mut self, target: impl AsRef<str>) -> &Answer {
        self.say(&Ask::get(target))
    }

    pub(crate) fn say(&mut self, ask: &Ask) -> &Answer {
        let key = self.keys[0].clone();
        self.say_as(ask, &key)
    }

    /// With the other key.
    pub(crate) fn say_otherwise(&mut self, ask: &Ask) -> &Answer {
        let key = self.keys[1].clone();
        self.say_as(ask, &key)
    }

    fn say_as(&mut self, ask: &Ask, key: &str) -> &Answer {
        let filled = |text: &str| text.replace(KEY, key);
        let body = String::from_utf8(ask.body.clone()).map(|body| filled(&body).into_bytes());
        let body = body.unwrap_or_else(|_| ask.body.clone());
        let mut head =
            format!("{} {} HTTP/1.1\r\nHost: gate.test\r\n", ask.method, filled(&ask.target));
        if !ask.bare {
            head.push_str(&format!("Authorization: Bearer {key}\r\n"));
        }
        for line in &ask.lines {
            head.push_str(&format!("{}\r\n", filled(line)));
        }
        if !body.is_empty() || ask.method == "POST" {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        let mut wire = Wire::new(TcpStream::connect(self.to).unwrap());
        wire.send(&[head.into_bytes(), body].concat());
        self.answers.push(Answer::of(wire.message(ask.method != "HEAD")));
        self.answers.last().unwrap()
    }

    /// Bytes as they are, and so many answers.
    pub(crate) fn raw(&mut self, bytes: &str, answers: usize) {
        let mut wire = Wire::new(TcpStream::connect(self.to).unwrap());
        wire.send(bytes.replace(KEY, &self.keys[0]).as_bytes());
        for _ in 0..answers {
            self.answers.push(Answer::of(wire.message(true)));
        }
    }

    /// The same over HTTP/2, with prior knowledge.
    pub(crate) fn say_h2(&mut self, ask: &Ask) -> &Answer {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let message = runtime.block_on(h2(self.to, ask, &self.keys[0]));
        self.answers.push(Answer::of(message));
        self.answers.last().unwrap()
    }

    /// Goes where the last answer's link leads to, here, if it has one.
    pub(crate) fn follow(&mut self, pointer: &str) {
        let answer = self.answers.last().unwrap().json();
        let link = answer.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
        if let Some(target) = link.splitn(4, '/').nth(3) {
            self.get(format!("/{target}"));
        }
    }
}

async fn h2(to: SocketAddr, ask: &Ask, key: &str) -> Option<Message> {
    let stream = tokio::net::TcpStream::connect(to).await.ok()?;
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .ok()?;
    let running = tokio::spawn(connection);
    let mut request = http::Request::builder()
        .method(ask.method.as_str())
        .uri(format!("http://gate.test{}", ask.target.replace(KEY, key)))
        .header("authorization", format!("Bearer {key}"));
    for line in &ask.lines {
        let (name, value) = line.split_once(": ").unwrap();
        request = request.header(name, value);
    }
    let request = request.body(Full::new(Bytes::from(ask.body.clone()))).unwrap();
    let answer = sender.send_request(request).await.ok()?;
    let mut head = format!("HTTP/2 {} \r\n", answer.status().as_u16());
    for (name, value) in answer.headers() {
        head.push_str(&format!("{name}: {}\r\n", value.to_str().unwrap_or_default()));
    }
    let body = answer.into_body().collect().await.ok()?.to_bytes().to_vec();
    drop(sender);
    running.abort();
    Some(Message { head, body })
}
