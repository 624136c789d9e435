//! TLS in front of a listener: what it stands on, put in force as a whole and exchanged as a whole.
//!
//! TLS 1.2 and 1.3 with the cipher suites that rustls holds for safe, nothing older, no early data. A
//! connection keeps what it began with; an exchange concerns those that come after it. Must not
//! touch files, nor know what a call is.

mod back;
mod clients;
mod ends;
mod error;
mod names;

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use portcullis_types::{Clock, Wall};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::UnixTime;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{NoServerSessionStorage, ProducesTickets, WebPkiClientVerifier};
use rustls::time_provider::TimeProvider;
use rustls::version::{TLS12, TLS13};
use rustls::{HandshakeKind, ServerConfig};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use zeroize::Zeroizing;

pub use self::back::{BackMaterial, TlsBack};
pub(crate) use self::clients::ClientCertificate;
pub(crate) use self::ends::Ends;
pub use self::error::TlsError;
use self::names::Names;

/// Protocols that are agreed on, the liked one first.
const PROTOCOLS: [&[u8]; 2] = [b"h2", b"http/1.1"];

/// A text in PEM, and what it is called in a fault.
#[derive(Clone)]
pub struct Pem {
    /// Such as the path of its file.
    pub name: String,
    /// The text. Zeroed when dropped.
    pub text: Zeroizing<Vec<u8>>,
}

/// A certificate, with all that leads to an authority, and its private key.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The certificate first, then each one that signed the one before it.
    pub chain: Pem,
    /// Its private key: PKCS#8, or as OpenSSL writes RSA and EC keys.
    pub key: Pem,
}

/// Who may show a certificate as a client.
#[derive(Debug, Clone)]
pub struct Clients {
    /// Authorities that vouch for clients.
    pub authorities: Pem,
    /// Whether who has none is turned away.
    pub required: bool,
}

/// What TLS stands on.
#[derive(Debug, Clone)]
pub struct TlsMaterial {
    /// Chosen by the name that a client asks for; the first also where none fits.
    pub certificates: Vec<Certificate>,
    /// None: clients are not asked for a certificate.
    pub clients: Option<Clients>,
}

/// TLS of one listener, shared by all threads.
#[derive(Clone)]
pub struct TlsFront(Arc<Front>);

struct Front {
    made: Maker,
    force: ArcSwap<Force>,
}

/// What stays when certificates change.
struct Maker {
    provider: Arc<CryptoProvider>,
    time: Arc<dyn TimeProvider>,
    /// One for all threads, and for what comes after an exchange: else half of all resumptions fail.
    tickets: Arc<dyn ProducesTickets>,
}

/// What holds for connections that come now.
struct Force {
    config: Arc<ServerConfig>,
    clients: Option<Arc<dyn ClientCertVerifier>>,
    /// What each certificate is called, and when it ends.
    ends: Vec<(String, Wall)>,
}

/// What a handshake agreed on.
pub(crate) struct Agreed {
    pub(crate) http2: bool,
    pub(crate) resumed: bool,
    pub(crate) certificate: Option<ClientCertificate>,
}

impl TlsFront {
    /// Puts material in force.
    ///
    /// # Errors
    /// [`TlsError`] for material that TLS can't stand on.
    pub fn new(material: &TlsMaterial, clock: Arc<dyn Clock>) -> Result<Self, TlsError> {
        let made = Maker {
            provider: Arc::new(provider()),
            time: Arc::new(ByClock(clock)),
            tickets: aws_lc_rs::Ticketer::new().map_err(TlsError::Tickets)?,
        };
        let force = made.force(material)?;
        Ok(Self(Arc::new(Front { made, force: ArcSwap::from_pointee(force) })))
    }

    /// Puts other material in force, for connections that come from now on.
    ///
    /// # Errors
    /// [`TlsError`] for material that TLS can't stand on, a certificate that is over among it; what
    /// was in force stays.
    pub fn exchange(&self, material: &TlsMaterial) -> Result<(), TlsError> {
        let force = self.0.made.force(material)?;
        let now = self.0.made.time.current_time().map_or(0, |now| now.as_secs() * 1000);
        match force.ends.iter().find(|(_, end)| end.0 < now) {
            Some((name, end)) => Err(TlsError::Over { name: name.clone(), end: end.rfc3339() }),
            None => {
                self.0.force.store(Arc::new(force));
                Ok(())
            }
        }
    }

    /// What each certificate in force is called, and when it ends.
    #[must_use]
    pub fn ends(&self) -> Vec<(String, Wall)> {
        self.0.force.load().ends.clone()
    }

    /// Begins TLS on a connection.
    pub(crate) async fn accept(
        &self,
        stream: TcpStream,
    ) -> io::Result<(TlsStream<TcpStream>, Agreed)> {
        let force = self.0.force.load_full();
        let stream = TlsAcceptor::from(Arc::clone(&force.config)).accept(stream).await?;
        let (_, tls) = stream.get_ref();
        let resumed = tls.handshake_kind() == Some(HandshakeKind::Resumed);
        let shown = tls.peer_certificates().unwrap_or_default();
        let certificate = match &force.clients {
            // Who came back was looked at by what held then.
            Some(clients) if resumed => clients::again(&**clients, shown, &*self.0.made.time),
            Some(_) => shown.first().map(ClientCertificate::read).transpose(),
            None => Ok(None),
        };
        let certificate =
            certificate.map_err(|why| io::Error::new(io::ErrorKind::PermissionDenied, why))?;
        let http2 = tls.alpn_protocol() == Some(PROTOCOLS[0]);
        Ok((stream, Agreed { http2, resumed, certificate }))
    }
}

impl Maker {
    fn force(&self, material: &TlsMaterial) -> Result<Force, TlsError> {
        let (names, ends) = Names::new(&material.certificates, &self.provider)?;
        let clients = material.clients.as_ref().map(|clients| self.clients(clients)).transpose()?;
        let builder =
            ServerConfig::builder_with_details(Arc::clone(&self.provider), Arc::clone(&self.time))
                .with_protocol_versions(&[&TLS13, &TLS12])
                .map_err(TlsError::Provider)?;
        let verifier = clients.clone().unwrap_or_else(WebPkiClientVerifier::no_client_auth);
        let mut config =
            builder.with_client_cert_verifier(verifier).with_cert_resolver(Arc::new(names));
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        config.ignore_client_order = true;
        config.ticketer = Arc::clone(&self.tickets);
        // Tickets hold all that is needed: nothing is kept of who might come back.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        Ok(Force { config: Arc::new(config), clients, ends })
    }

    fn clients(&self, clients: &Clients) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
        let roots = Arc::new(clients::authorities(&clients.authorities)?);
        let mut builder =
            WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(&self.provider));
        if !clients.required {
            builder = builder.allow_unauthenticated();
        }
        let name = &clients.authorities.name;
        let verifier = builder.build().map_err(|why| TlsError::authorities(name, &why))?;
        Ok(Arc::new(clients::Named(verifier)))
    }
}

/// The key exchange that a computer of the future does not undo is liked best.
fn provider() -> CryptoProvider {
    use aws_lc_rs::kx_group::{SECP256R1, SECP384R1, X25519, X25519MLKEM768};
    let kx_groups = vec![X25519MLKEM768, X25519, SECP256R1, SECP384R1];
    CryptoProvider { kx_groups, ..aws_lc_rs::default_provider() }
}

/// The gate's clock, for whoever asks whether a certificate is still good.
struct ByClock(Arc<dyn Clock>);

impl TimeProvider for ByClock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(UnixTime::since_unix_epoch(Duration::from_millis(self.0.wall().0)))
    }
}

impl fmt::Debug for ByClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ByClock")
    }
}

impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pem({})", self.name)
    }
}

impl fmt::Debug for TlsFront {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TlsFront")
    }
}
