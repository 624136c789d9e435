//! TLS towards the platform: who must vouch for it, and what the gate shows of itself.
//!
//! Whoever answers must hold a certificate for the platform's name, whatever address it answers at.
//! What is exchanged concerns connections that come after it. Must not touch files.

use std::fmt;
use std::io;
use std::sync::Arc;

use arc_swap::ArcSwap;
use portcullis_types::Clock;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use rustls::sign::SingleCertAndKey;
use rustls::version::{TLS12, TLS13};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::clients::authorities;
use super::names::certified;
use super::{ByClock, Certificate, Pem, TlsError, provider};

/// What TLS towards the platform stands on.
#[derive(Debug, Clone)]
pub struct BackMaterial {
    /// Authorities that vouch for the platform.
    pub authorities: Pem,
    /// What the gate shows, where the platform wants to know who calls.
    pub own: Option<Certificate>,
}

/// TLS towards the platform, shared by all threads.
#[derive(Clone)]
pub struct TlsBack(Arc<Back>);

struct Back {
    clock: Arc<dyn Clock>,
    name: ServerName<'static>,
    protocol: &'static [u8],
    config: ArcSwap<ClientConfig>,
}

impl TlsBack {
    /// Puts material in force; `name` is what the platform's certificate must be for.
    ///
    /// # Errors
    /// [`TlsError`] for material that TLS can't stand on.
    pub fn new(
        material: &BackMaterial,
        name: &str,
        http2: bool,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, TlsError> {
        let protocol: &[u8] = if http2 { b"h2" } else { b"http/1.1" };
        let server = ServerName::try_from(name.to_owned());
        let server = server.map_err(|_| TlsError::ServerName(name.to_owned()))?;
        let config = ArcSwap::from(config(material, protocol, &clock)?);
        Ok(Self(Arc::new(Back { clock, name: server, protocol, config })))
    }

    /// Puts other material in force.
    ///
    /// # Errors
    /// [`TlsError`] for material that TLS can't stand on; what was in force stays.
    pub fn exchange(&self, material: &BackMaterial) -> Result<(), TlsError> {
        self.0.config.store(config(material, self.0.protocol, &self.0.clock)?);
        Ok(())
    }

    /// Begins TLS on a connection.
    pub(crate) async fn connect(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let connector = TlsConnector::from(self.0.config.load_full());
        let stream = connector.connect(self.0.name.clone(), stream).await?;
        // One that names no protocol speaks HTTP/1.1; another would be read as what it is not.
        match stream.get_ref().1.alpn_protocol() {
            None if self.0.protocol == b"h2" => Err(io::ErrorKind::Unsupported.into()),
            Some(_) | None => Ok(stream),
        }
    }
}

fn config(
    material: &BackMaterial,
    protocol: &[u8],
    clock: &Arc<dyn Clock>,
) -> Result<Arc<ClientConfig>, TlsError> {
    let provider = Arc::new(provider());
    let time = Arc::new(ByClock(Arc::clone(clock)));
    let roots = authorities(&material.authorities)?;
    let own = material.own.as_ref().map(|own| certified(own, &provider)).transpose()?;
    let builder = ClientConfig::builder_with_details(provider, time)
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(TlsError::Provider)?
        .with_root_certificates(roots);
    let mut config = match own {
        Some(own) => builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(own))),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![protocol.to_vec()];
    Ok(Arc::new(config))
}

impl Eq for TlsBack {}

impl PartialEq for TlsBack {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for TlsBack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsBack")
    }
}
