//! Authorities, certificates and TLS clients of a test's own.

use std::net::SocketAddr;
use std::sync::Arc;

use portcullis_proxy::{Certificate, Clients, Listener, Pem, TlsFront, TlsMaterial};
use rcgen::{
    BasicConstraints, CertificateParams, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, SanType,
    date_time_ymd,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Somebody who vouches for others.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub pem: String,
}

/// A certificate and its key, in PEM.
#[derive(Clone)]
pub struct Paper {
    pub chain: String,
    pub key: String,
}

/// What a certificate is to say.
pub struct Wish {
    pub names: Vec<&'static str>,
    pub uri: Option<&'static str>,
    /// The year it ends with.
    pub ends: i32,
    pub server: bool,
    pub client: bool,
}

impl Wish {
    pub fn server(names: &[&'static str]) -> Self {
        Self { names: names.to_vec(), uri: None, ends: 2030, server: true, client: false }
    }

    pub fn client(name: &'static str) -> Self {
        Self { names: vec![name], uri: None, ends: 2030, server: false, client: true }
    }
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    pub fn issue(&self, wish: &Wish) -> Paper {
        let names: Vec<String> = wish.names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).unwrap();
        let uri = wish.uri.map(|uri| SanType::URI(uri.try_into().unwrap()));
        params.subject_alt_names.extend(uri);
        params.not_after = date_time_ymd(wish.ends, 12, 31);
        let usages = [
            (wish.server, ExtendedKeyUsagePurpose::ServerAuth),
            (wish.client, ExtendedKeyUsagePurpose::ClientAuth),
        ];
        params.extended_key_usages =
            usages.into_iter().filter(|(wanted, _)| *wanted).map(|(_, usage)| usage).collect();
        let key = KeyPair::generate().unwrap();
        let chain = params.signed_by(&key, &self.issuer).unwrap().pem();
        Paper { chain, key: key.serialize_pem() }
    }

    pub fn for_names(&self, names: &[&'static str]) -> Paper {
        self.issue(&Wish::server(names))
    }

    fn roots(&self) -> RootCertStore {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(self.pem.as_bytes()).unwrap()).unwrap();
        roots
    }
}

pub fn pem(name: &str, text: &str) -> Pem {
    Pem { name: name.to_owned(), text: text.as_bytes().to_vec().into() }
}

/// What TLS stands on, without certificates of clients.
pub fn material(papers: &[&Paper]) -> TlsMaterial {
    let certificates = papers.iter().map(|paper| Certificate {
        chain: pem("chain.pem", &paper.chain),
        key: pem("key.pem", &paper.key),
    });
    TlsMaterial { certificates: certificates.collect(), clients: None }
}

pub fn clients(authority: &Authority, required: bool) -> Option<Clients> {
    Some(Clients { authorities: pem("clients.pem", &authority.pem), required })
}

pub fn front(material: &TlsMaterial) -> TlsFront {
    TlsFront::new(material, Arc::new(super::Still)).unwrap()
}

/// A listener of its own for that front.
pub fn listener(front: &TlsFront) -> Listener {
    Listener { tls: Some(front.clone()), ..Listener::plain("127.0.0.1:0".parse().unwrap()) }
}

/// A TLS client.
pub struct Client {
    config: ClientConfig,
}

impl Client {
    /// One that believes an authority, speaks those versions and shows that certificate.
    pub fn new(
        authority: &Authority,
        versions: &[&'static SupportedProtocolVersion],
        shows: Option<&Paper>,
    ) -> Self {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(authority.roots());
        let config = match shows {
            None => builder.with_no_client_auth(),
            Some(Paper { chain, key }) => builder
                .with_client_auth_cert(
                    vec![CertificateDer::from_pem_slice(chain.as_bytes()).unwrap()],
                    PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
                )
                .unwrap(),
        };
        Self { config }
    }

    /// One that speaks what is spoken today.
    pub fn plain(authority: &Authority) -> Self {
        Self::new(authority, rustls::ALL_VERSIONS, None)
    }

    pub fn asking_for(mut self, protocols: &[&str]) -> Self {
        self.config.alpn_protocols =
            protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        self
    }

    /// Over a stream that is there, for who needs no runtime.
    pub fn blocking(
        &self,
        stream: std::net::TcpStream,
        name: &'static str,
    ) -> rustls::StreamOwned<rustls::ClientConnection, std::net::TcpStream> {
        let name = ServerName::try_from(name).unwrap();
        let session = rustls::ClientConnection::new(Arc::new(self.config.clone()), name).unwrap();
        rustls::StreamOwned::new(session, stream)
    }

    pub async fn connect(
        &self,
        addr: SocketAddr,
        name: &'static str,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        self.over(TcpStream::connect(addr).await.unwrap(), name).await
    }

    /// Over a connection that stands.
    pub async fn over(
        &self,
        stream: TcpStream,
        name: &'static str,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from(name).unwrap();
        TlsConnector::from(Arc::new(self.config.clone())).connect(name, stream).await
    }
}
