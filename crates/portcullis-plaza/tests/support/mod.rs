//! A client of a few lines over real sockets, and a platform whose clock stands still.
#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::io::Read as _;

use portcullis_plaza::{Plaza, Running, Settings, Showcase};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub(crate) const TOKEN: &str = "platform-token";
pub(crate) const NOW: &str = "2024-03-31T12:00:00Z";

/// A platform at a fixed time, and ids to try.
pub(crate) async fn plaza() -> (Running, Showcase) {
    let running = Plaza::start(settings()).await.unwrap();
    let show = running.showcase().unwrap();
    (running, show)
}

pub(crate) fn settings() -> Settings {
    let mut settings = Settings::new(TOKEN);
    settings.now = Some(NOW.parse().unwrap());
    settings
}

/// An answer as it came.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }

    /// The body as JSON, unpacked if it is packed.
    pub(crate) fn json(&self) -> Value {
        let mut body = self.body.clone();
        if self.header("content-encoding") == Some("gzip") {
            body.clear();
            flate2::read::GzDecoder::new(&self.body[..]).read_to_end(&mut body).unwrap();
        }
        serde_json::from_slice(&body).unwrap()
    }

    pub(crate) fn code(&self) -> i64 {
        self.json()["error"]["code"].as_i64().unwrap()
    }
}

/// Sends exactly these bytes after the request line and reads to the end.
pub(crate) async fn send(plaza: &Running, line: &str, headers: &[&str], body: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(plaza.addr()).await.unwrap();
    let mut head = format!("{line} HTTP/1.1\r\nHost: plaza\r\nConnection: close\r\n");
    for header in headers {
        head.push_str(header);
        head.push_str("\r\n");
    }
    if !body.is_empty() || line.starts_with("POST") {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    parse(&bytes)
}

fn parse(bytes: &[u8]) -> Answer {
    let end = bytes.windows(4).position(|w| w == b"\r\n\r\n").unwrap();
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let mut answer = Answer { status, head, body: bytes[end + 4..].to_vec() };
    if answer.header("transfer-encoding") == Some("chunked") {
        answer.body = unchunked(&answer.body);
    }
    answer
}

fn unchunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    loop {
        let end = bytes.windows(2).position(|w| w == b"\r\n").unwrap();
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).unwrap(), 16).unwrap();
        if size == 0 {
            return out;
        }
        out.extend_from_slice(&bytes[end + 2..end + 2 + size]);
        bytes = &bytes[end + 4 + size..];
    }
}

/// GET with the token in a header.
pub(crate) async fn get(plaza: &Running, target: &str) -> Answer {
    let bearer = format!("Authorization: Bearer {TOKEN}");
    send(plaza, &format!("GET {target}"), &[&bearer], b"").await
}

/// As [`get`], and it must succeed.
pub(crate) async fn read(plaza: &Running, target: &str) -> Value {
    let answer = get(plaza, target).await;
    assert_eq!(answer.status, 200, "{target}: {}", String::from_utf8_lossy(&answer.body));
    answer.json()
}

/// POST of a form with the token in a header.
pub(crate) async fn post(plaza: &Running, target: &str, form: &str) -> Answer {
    let bearer = format!("Authorization: Bearer {TOKEN}");
    let kind = "Content-Type: application/x-www-form-urlencoded";
    send(plaza, &format!("POST {target}"), &[&bearer, kind], form.as_bytes()).await
}

/// The path and query of an absolute link, which must name the platform itself.
pub(crate) fn target(plaza: &Running, link: &Value) -> String {
    let link = link.as_str().unwrap();
    assert!(link.contains(&format!("access_token={TOKEN}")), "{link}");
    link.strip_prefix(plaza.base()).unwrap().to_owned()
}

/// How many rows a page has.
pub(crate) fn rows(page: &Value) -> usize {
    page["data"].as_array().unwrap().len()
}

/// The ids of a page.
pub(crate) fn ids(page: &Value) -> Vec<String> {
    let data = page["data"].as_array().unwrap();
    data.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}
