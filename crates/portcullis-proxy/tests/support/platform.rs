//! A platform that speaks HTTP/1.1 or HTTP/2 over TCP, TLS or a socket of this machine, and says how it
//! was asked.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio_rustls::TlsAcceptor;

use super::certs::{Authority, Paper};

/// How it is reached.
pub enum Over {
    Tcp,
    Tls(Arc<ServerConfig>),
    Unix(PathBuf),
}

/// One request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    pub version: String,
    pub host: String,
    pub path: String,
    pub body: usize,
    pub secret: Option<String>,
}

pub struct Platform {
    pub addr: Option<SocketAddr>,
    asked: Arc<Mutex<Vec<Asked>>>,
    connections: Arc<AtomicUsize>,
    _runtime: tokio::runtime::Runtime,
}

type Answer = Arc<dyn Fn(&Asked) -> Response<Bytes> + Send + Sync>;

impl Platform {
    /// Answers 200 and that text to everything.
    pub fn says(over: Over, http2: bool, text: &str) -> Self {
        let text = Bytes::copy_from_slice(text.as_bytes());
        Self::new(over, http2, move |_| Response::new(text.clone()))
    }

    pub fn new(
        over: Over,
        http2: bool,
        answer: impl Fn(&Asked) -> Response<Bytes> + Send + Sync + 'static,
    ) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let (asked, connections) = (Arc::default(), Arc::new(AtomicUsize::new(0)));
        let served = Served { asked: Arc::clone(&asked), answer: Arc::new(answer), http2 };
        let count = Arc::clone(&connections);
        let addr = match over {
            Over::Unix(path) => {
                let listener = runtime.block_on(async { UnixListener::bind(path).unwrap() });
                runtime.spawn(async move {
                    loop {
                        let (stream, _) = listener.accept().await.unwrap();
                        count.fetch_add(1, Ordering::SeqCst);
                        tokio::spawn(served.clone().serve(stream));
                    }
                });
                None
            }
            Over::Tcp | Over::Tls(_) => {
                let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
                let addr = listener.local_addr().unwrap();
                runtime.spawn(async move {
                    loop {
                        let (stream, _) = listener.accept().await.unwrap();
                        count.fetch_add(1, Ordering::SeqCst);
                        let served = served.clone();
                        match &over {
                            Over::Tls(config) => {
                                let acceptor = TlsAcceptor::from(Arc::clone(config));
                                tokio::spawn(async move {
                                    if let Ok(stream) = acceptor.accept(stream).await {
                                        served.serve(stream).await;
                                    }
                                });
                            }
                            _ => drop(tokio::spawn(served.serve(stream))),
                        }
                    }
                });
                Some(addr)
            }
        };
        Self { addr, asked, connections, _runtime: runtime }
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

#[derive(Clone)]
struct Served {
    asked: Arc<Mutex<Vec<Asked>>>,
    answer: Answer,
    http2: bool,
}

impl Served {
    async fn serve(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) {
        let http2 = self.http2;
        let service = service_fn(move |request: Request<Incoming>| {
            let served = self.clone();
            async move { served.answered(request).await }
        });
        // It ends when the gate closes.
        if http2 {
            let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
        } else {
            let server = hyper::server::conn::http1::Builder::new();
            let _ = server.serve_connection(TokioIo::new(stream), service).await;
        }
    }

    async fn answered(
        self,
        request: Request<Incoming>,
    ) -> Result<Response<Full<Bytes>>, hyper::Error> {
        let (parts, body) = request.into_parts();
        let field = |name: &str| parts.headers.get(name).map(|v| v.to_str().unwrap().to_owned());
        let authority = parts.uri.authority().map(ToString::to_string);
        let asked = Asked {
            version: format!("{:?}", parts.version),
            host: authority.or(field("host")).unwrap_or_default(),
            path: parts.uri.path().to_owned(),
            body: body.collect().await?.to_bytes().len(),
            secret: field("authorization"),
        };
        self.asked.lock().unwrap().push(asked.clone());
        Ok((self.answer)(&asked).map(Full::new))
    }
}

/// TLS of a server with that certificate; it wants one of its clients where an authority is named.
pub fn server(paper: &Paper, protocol: &str, clients: Option<&Authority>) -> Arc<ServerConfig> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(rustls::ALL_VERSIONS)
        .unwrap();
    let verifier = match clients {
        None => WebPkiClientVerifier::no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap()).unwrap();
            let roots = Arc::new(roots);
            WebPkiClientVerifier::builder_with_provider(roots, provider).build().unwrap()
        }
    };
    let mut config = builder
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(paper.chain.as_bytes()).unwrap()],
            PrivateKeyDer::from_pem_slice(paper.key.as_bytes()).unwrap(),
        )
        .unwrap();
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    Arc::new(config)
}
