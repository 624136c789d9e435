//! Which certificate is shown to whom: by the name asked for, else the first one.
//!
//! A certificate is for the DNS names that it says itself; `*.example.com` is for one label more.
//! Must not know files.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use portcullis_types::Wall;
use rustls::SignatureScheme;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::ends::end;
use super::{Certificate, Pem, TlsError};

/// Certificates by the names they are for.
pub(super) struct Names {
    /// Several for one name differ in the kind of their keys.
    by_name: HashMap<Box<str>, Vec<Arc<CertifiedKey>>>,
    otherwise: Vec<Arc<CertifiedKey>>,
}

impl Names {
    /// Beside them what each certificate is called, and when it ends.
    pub(super) fn new(
        certificates: &[Certificate],
        provider: &CryptoProvider,
    ) -> Result<(Self, Vec<(String, Wall)>), TlsError> {
        let mut ends = Vec::new();
        let mut by_name: HashMap<Box<str>, Vec<Arc<CertifiedKey>>> = HashMap::new();
        let mut first = None;
        for certificate in certificates {
            let key = Arc::new(certified(certificate, provider)?);
            let names = names(&certificate.chain.name, &key)?;
            if names.is_empty() && first.is_some() {
                return Err(TlsError::NoName(certificate.chain.name.clone()));
            }
            let end = key.cert.first().and_then(|der| end(der));
            ends.extend(end.map(|end| (certificate.chain.name.clone(), end)));
            for name in &names {
                by_name.entry(name.clone()).or_default().push(Arc::clone(&key));
            }
            first.get_or_insert((key, names));
        }
        let (key, names) = first.ok_or(TlsError::None)?;
        // With its kin: a client that can't read the first may read another of the same name.
        let kin = names.first().and_then(|name| by_name.get(name));
        let otherwise = kin.cloned().unwrap_or_else(|| vec![key]);
        Ok((Self { by_name, otherwise }, ends))
    }

    fn choose(&self, name: Option<&str>, schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let name = name.map(str::to_ascii_lowercase);
        let exact = name.as_deref().and_then(|name| self.by_name.get(name));
        let wild = || {
            let (_, rest) = name.as_deref()?.split_once('.')?;
            self.by_name.get(format!("*.{rest}").as_str())
        };
        let fit = exact.or_else(wild).unwrap_or(&self.otherwise);
        let signs = |key: &&Arc<CertifiedKey>| key.key.choose_scheme(schemes).is_some();
        fit.iter().find(signs).or_else(|| fit.first()).cloned()
    }
}

impl ResolvesServerCert for Names {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        self.choose(hello.server_name(), hello.signature_schemes())
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.by_name.keys()).finish()
    }
}

/// All certificates of a text.
pub(super) fn chain(pem: &Pem) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem.text).collect();
    let all = all.map_err(|why| TlsError::unreadable(&pem.name, &why))?;
    if all.is_empty() { Err(TlsError::NoCertificate(pem.name.clone())) } else { Ok(all) }
}

pub(super) fn certified(
    Certificate { chain: of, key }: &Certificate,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, TlsError> {
    use rustls::pki_types::pem::Error;
    let secret = PrivateKeyDer::from_pem_slice(&key.text).map_err(|why| match why {
        Error::NoItemsFound => TlsError::NoKey(key.name.clone()),
        // The fault of a key may repeat a line of it.
        _ => TlsError::unreadable(&key.name, &"not PEM"),
    })?;
    CertifiedKey::from_der(chain(of)?, secret, provider).map_err(|why| TlsError::Unfit {
        chain: of.name.clone(),
        key: key.name.clone(),
        why: why.to_string(),
    })
}

/// The DNS names that a certificate is for.
fn names(called: &str, key: &CertifiedKey) -> Result<Vec<Box<str>>, TlsError> {
    let der = key.cert.first().ok_or_else(|| TlsError::NoCertificate(called.to_owned()))?;
    let parsed =
        webpki::EndEntityCert::try_from(der).map_err(|why| TlsError::unreadable(called, &why))?;
    Ok(parsed.valid_dns_names().map(|name| name.to_ascii_lowercase().into()).collect())
}
