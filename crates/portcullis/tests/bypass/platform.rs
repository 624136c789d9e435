//! The platform: Plaza, behind a small relay that packs and bends answers where a case says so.
//!
//! Must not know gates.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use portcullis_plaza::{Plaza, Running, Settings, Showcase};

use crate::pack::{self, Bent};
use crate::wire::Wire;

/// What the platform believes.
pub(crate) const TOKEN: &str = "platform-secret-0123456789";
/// The moment at which everything stands.
pub(crate) const NOW: i64 = 1_711_886_400;

pub(crate) struct Platform {
    /// Where the relay listens.
    pub(crate) addr: SocketAddr,
    pub(crate) showcase: Showcase,
    how: Arc<Mutex<Bent>>,
    _plaza: Running,
    _runtime: tokio::runtime::Runtime,
}

impl Platform {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.worker_threads(1).enable_all().build().unwrap();
        let mut settings = Settings::new(TOKEN);
        settings.now = Some(jiff::Timestamp::from_second(NOW).unwrap());
        settings.public_base = Some(format!("http://{addr}"));
        let plaza = runtime.block_on(Plaza::start(settings)).unwrap();
        let (how, behind) = (Arc::new(Mutex::new(Bent::Not)), plaza.addr());
        let told = Arc::clone(&how);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let told = Arc::clone(&told);
                std::thread::spawn(move || relay(stream.unwrap(), behind, &told));
            }
        });
        let showcase = plaza.showcase().unwrap();
        Self { addr, showcase, how, _plaza: plaza, _runtime: runtime }
    }

    /// From now on answers are bent so.
    pub(crate) fn bend(&self, how: Bent) {
        *self.how.lock().unwrap() = how;
    }
}

/// Hands on one connection's requests, one by one.
fn relay(stream: TcpStream, behind: SocketAddr, how: &Mutex<Bent>) {
    let mut front = Wire::new(stream);
    let mut back = Wire::new(TcpStream::connect(behind).unwrap());
    while let Some(request) = front.message(true) {
        let mut head = String::new();
        for line in request.head.trim_end().lines() {
            let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
            if !matches!(name.as_str(), "transfer-encoding" | "content-length" | "connection") {
                head.push_str(&format!("{line}\r\n"));
            }
        }
        let length = request.body.len();
        let head = format!("{head}Content-Length: {length}\r\n\r\n");
        back.send(&[head.into_bytes(), request.body.clone()].concat());
        let asks_head = request.head.starts_with("HEAD ");
        let Some(answer) = back.message(!asks_head) else { return };
        let how = *how.lock().unwrap();
        if how == Bent::Not || asks_head || !answer.head.starts_with("HTTP/1.1 200") {
            front.send(&[answer.head.into_bytes(), answer.body].concat());
            continue;
        }
        let (lines, body) = pack::bent(how, &pack::unpacked(&answer));
        let mut head = format!("HTTP/1.1 200 OK\r\n{}\r\n", lines.join("\r\n"));
        if lines.is_empty() {
            head.truncate(head.len() - 2);
        }
        if !matches!(how, Bent::Chunks | Bent::Endless) {
            head.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        front.send(&[head.into_bytes(), b"\r\n".to_vec(), body].concat());
        if how == Bent::Endless {
            return;
        }
    }
}
