//! A partner's hook: what reaches it is handed to the test as it came.
//!
//! Must not know what a message says.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, channel};

use portcullis_hooks::HookSecret;
use serde_json::Value;

use super::House;

/// A message as the hook got it.
pub struct Got {
    pub head: HashMap<String, String>,
    pub body: String,
}

impl Got {
    /// Whether it is signed as whoever has the secret would sign it.
    pub fn is_signed_by(&self, secret: &HookSecret) -> bool {
        let seconds = self.head["webhook-timestamp"].parse().unwrap();
        let signature = secret.sign(&self.head["webhook-id"], seconds, &self.body);
        self.head["webhook-signature"] == signature
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A hook that fails so often, and then takes everything.
pub fn listen(failures: usize) -> (SocketAddr, Receiver<Got>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for (count, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(&stream);
            let mut head = HashMap::new();
            let mut line = String::new();
            while reader.read_line(&mut line).unwrap() > 2 {
                if let Some((name, value)) = line.trim_end().split_once(": ") {
                    head.insert(name.to_ascii_lowercase(), value.to_owned());
                }
                line.clear();
            }
            let mut body = vec![0; head["content-length"].parse().unwrap()];
            reader.read_exact(&mut body).unwrap();
            let status = if count < failures { "500 No" } else { "204 Yes" };
            write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n").unwrap();
            if tell.send(Got { head, body: String::from_utf8(body).unwrap() }).is_err() {
                return;
            }
        }
    });
    (at, told)
}

/// Has the gate take hooks on this machine.
pub fn allow_here(house: &House) {
    let file = house.config();
    let with = std::fs::read_to_string(&file).unwrap() + "\nhooks:\n  allow: [127.0.0.0/8]\n";
    std::fs::write(&file, with).unwrap();
}

/// Adds a hook for a partner; its secret.
pub fn add(house: &House, partner: &str, at: SocketAddr) -> HookSecret {
    let url = format!("http://{at}/in");
    let added = house.ok(&["hook", "add", partner, &url, "--output", "json"]);
    let added: Value = serde_json::from_str(&added[..=added.rfind('}').unwrap()]).unwrap();
    HookSecret::from_text(added["secret"].as_str().unwrap()).unwrap()
}
