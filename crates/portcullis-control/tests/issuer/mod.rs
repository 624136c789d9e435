//! An issuer for tests: a real HTTP server with keys of its own.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "shared by several test binaries")]

pub mod signing;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use portcullis_control::{IssuerFetch, KeySource, Oidc};
use portcullis_keys::{SignatureAlgorithm, TokenRules};
use portcullis_registry::BoxFuture;
use serde_json::{Value, json};
pub use signing::Key;

/// What the server answers, and what it was asked.
#[derive(Default)]
pub struct Served {
    pub keys: Vec<Value>,
    pub down: bool,
    /// Instead of the discovery document.
    pub issuer: Option<String>,
    pub asked: Vec<String>,
}

pub struct Issuer {
    pub url: String,
    pub served: Arc<Mutex<Served>>,
}

impl Issuer {
    pub fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let served = Arc::new(Mutex::new(Served::default()));
        let (shared, base) = (Arc::clone(&served), url.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(mut stream) = stream else { return };
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                    head.push(byte[0]);
                }
                let head = String::from_utf8_lossy(&head).into_owned();
                let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
                let mut served = shared.lock().unwrap();
                served.asked.push(path.clone());
                let issuer = served.issuer.clone().unwrap_or_else(|| base.clone());
                let (status, body) = match path.as_str() {
                    _ if served.down => ("503 Service Unavailable", json!({})),
                    "/jwks" => ("200 OK", json!({"keys": served.keys})),
                    "/.well-known/openid-configuration" => {
                        let keys = format!("{base}/jwks");
                        ("200 OK", json!({"issuer": issuer, "jwks_uri": keys, "x": [1, 2]}))
                    }
                    _ => ("404 Not Found", json!({})),
                };
                let body = body.to_string();
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
                );
                let _ = stream.write_all(format!("{head}{body}").as_bytes());
            }
        });
        Self { url, served }
    }

    pub fn serve(&self, keys: &[&Key]) {
        self.served.lock().unwrap().keys = keys.iter().map(|key| key.public()).collect();
    }

    pub fn down(&self, down: bool) {
        self.served.lock().unwrap().down = down;
    }

    /// How often the keys were asked for.
    pub fn fetches(&self) -> usize {
        self.served.lock().unwrap().asked.iter().filter(|path| *path == "/jwks").count()
    }

    pub fn settings(&self) -> Oidc {
        let (issuer, jwks) = (self.url.clone(), Some(format!("{}/jwks", self.url)));
        Oidc {
            rules: TokenRules {
                issuer: issuer.clone(),
                audiences: vec!["portcullis".to_owned()],
                algorithms: SignatureAlgorithm::ALL.to_vec(),
                subject_claim: "sub".to_owned(),
                listed_claim: Some("groups".to_owned()),
            },
            roles: [("gate-approvers".to_owned(), portcullis_registry::Role::Approver)].into(),
            source: KeySource { issuer, jwks, fetch: Arc::new(Http) },
            told: Arc::new(|_| {}),
        }
    }
}

struct Http;

impl IssuerFetch for Http {
    fn fetch(&self, url: String) -> BoxFuture<'_, Result<Vec<u8>, String>> {
        Box::pin(async move {
            let work = move || {
                let agent = ureq::Agent::config_builder().max_redirects(0).build().new_agent();
                let mut answer = agent.get(&url).call().map_err(|error| error.to_string())?;
                answer.body_mut().read_to_vec().map_err(|error| error.to_string())
            };
            tokio::task::spawn_blocking(work).await.unwrap()
        })
    }
}
