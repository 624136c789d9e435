//! A platform that records every byte and answers by script.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex};

use socket2::{Domain, Socket, Type};

/// What the script does with a request.
pub enum Reply {
    /// These bytes, and on with the connection.
    Bytes(Vec<u8>),
    /// These bytes, then the end.
    Last(Vec<u8>),
    /// Each piece when it is told to go on; then on with the connection.
    Steps(Vec<Vec<u8>>, Receiver<()>),
    /// Nothing, until the gate closes.
    Never,
    /// The end, at once.
    Close,
}

impl Reply {
    /// 200 with a JSON body.
    pub fn json(body: &str) -> Self {
        let length = body.len();
        Self::Bytes(format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}").into())
    }
}

/// One request as it came.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Which connection, from 0.
    pub connection: usize,
    pub head: String,
    pub body: Vec<u8>,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub fn line(&self) -> &str {
        self.head.lines().next().unwrap()
    }
}

pub struct Upstream {
    pub addr: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    bytes: Arc<Mutex<Vec<u8>>>,
}

type Script = dyn Fn(&Seen) -> Reply + Send + Sync;

impl Upstream {
    /// Answers `{}` to everything.
    pub fn plain() -> Self {
        Self::new(|_| Reply::json("{}"))
    }

    pub fn new(script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").unwrap(), script)
    }

    /// Behind a listener that is there.
    pub fn on(
        listener: TcpListener,
        script: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let addr = listener.local_addr().unwrap();
        let (seen, bytes) = (Arc::default(), Arc::default());
        let up = Self { addr, seen: Arc::clone(&seen), bytes: Arc::clone(&bytes) };
        let script: Arc<Script> = Arc::new(script);
        std::thread::spawn(move || {
            for (connection, stream) in listener.incoming().enumerate() {
                let (seen, bytes, script) =
                    (Arc::clone(&seen), Arc::clone(&bytes), Arc::clone(&script));
                std::thread::spawn(move || {
                    let mut link =
                        Link { connection, stream: stream.unwrap(), buffer: Vec::new(), bytes };
                    while let Some(request) = link.request() {
                        seen.lock().unwrap().push(request.clone());
                        if !link.reply(script(&request)) {
                            return;
                        }
                    }
                });
            }
        });
        up
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Every request so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// The only request.
    pub fn one(&self) -> Seen {
        let seen = self.seen();
        assert_eq!(seen.len(), 1, "{seen:?}");
        seen[0].clone()
    }

    /// Every byte that ever came.
    pub fn bytes(&self) -> String {
        String::from_utf8_lossy(&self.bytes.lock().unwrap()).into_owned()
    }
}

/// An address at which nobody listens, nor will as long as this is there: it is taken, and no more.
pub struct Nobody {
    pub addr: SocketAddr,
    held: Socket,
}

impl Nobody {
    pub fn new() -> Self {
        let held = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        held.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        Self { addr: held.local_addr().unwrap().as_socket().unwrap(), held }
    }

    /// From now on somebody listens; the address was never free in between.
    pub fn serve(self, script: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Upstream {
        self.held.listen(128).unwrap();
        Upstream::on(self.held.into(), script)
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }
}

struct Link {
    connection: usize,
    stream: TcpStream,
    buffer: Vec<u8>,
    bytes: Arc<Mutex<Vec<u8>>>,
}

impl Link {
    fn more(&mut self) -> bool {
        let mut piece = [0; 64 * 1024];
        match self.stream.read(&mut piece) {
            Ok(count @ 1..) => {
                self.buffer.extend_from_slice(&piece[..count]);
                self.bytes.lock().unwrap().extend_from_slice(&piece[..count]);
                true
            }
            _ => false,
        }
    }

    fn until(&mut self, mark: &[u8]) -> Option<Vec<u8>> {
        loop {
            if let Some(at) = self.buffer.windows(mark.len()).position(|part| part == mark) {
                return Some(self.buffer.drain(..at + mark.len()).collect());
            }
            if !self.more() {
                return None;
            }
        }
    }

    fn exactly(&mut self, count: usize) -> Option<Vec<u8>> {
        while self.buffer.len() < count {
            if !self.more() {
                return None;
            }
        }
        Some(self.buffer.drain(..count).collect())
    }

    fn request(&mut self) -> Option<Seen> {
        let head = String::from_utf8_lossy(&self.until(b"\r\n\r\n")?).into_owned();
        let mut seen = Seen { connection: self.connection, head, body: Vec::new() };
        let length = seen.header("content-length").map(|length| length.parse().unwrap());
        if let Some(length) = length {
            seen.body = self.exactly(length)?;
        } else if seen.header("transfer-encoding").is_some() {
            loop {
                let line = self.until(b"\r\n")?;
                let size = std::str::from_utf8(&line).unwrap().trim();
                let size = usize::from_str_radix(size, 16).unwrap();
                let data = self.exactly(size)?;
                seen.body.extend(data);
                self.until(b"\r\n")?;
                if size == 0 {
                    break;
                }
            }
        }
        Some(seen)
    }

    fn reply(&mut self, reply: Reply) -> bool {
        match reply {
            Reply::Bytes(bytes) => self.stream.write_all(&bytes).is_ok(),
            Reply::Last(bytes) => {
                let _ = self.stream.write_all(&bytes);
                false
            }
            Reply::Steps(steps, go) => {
                for step in steps {
                    if self.stream.write_all(&step).is_err() {
                        return false;
                    }
                    if go.recv().is_err() {
                        return false;
                    }
                }
                true
            }
            Reply::Never => {
                while self.more() {}
                false
            }
            Reply::Close => false,
        }
    }
}
