//! Certificates that clients show: verified, and what they say of their holder.
//!
//! A holder is its public key and the DNS names and URIs that the authority put in; a common name is
//! nothing, and a certificate with nothing else is refused. Must not know what a partner is.

use std::sync::Arc;

use portcullis_judge::Shown;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::time_provider::TimeProvider;
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, Error, RootCertStore,
    SignatureScheme,
};
use sha2::{Digest, Sha256};

use super::names::chain;
use super::{Pem, TlsError};

/// Most names that one certificate is read for.
const NAMES_MAX: usize = 64;

/// A certificate that a client showed and an authority vouches for.
#[derive(Debug, Clone, Eq, PartialEq)]
pub(crate) struct ClientCertificate {
    /// SHA-256 of its public key (SubjectPublicKeyInfo), which outlives renewals.
    pub(crate) key: [u8; 32],
    /// `dns:NAME` and `uri:URI`, as the authority wrote them.
    pub(crate) names: Vec<Box<str>>,
}

impl ClientCertificate {
    pub(super) fn read(der: &CertificateDer<'_>) -> Result<Self, Error> {
        let parsed = webpki::EndEntityCert::try_from(der)
            .map_err(|_| Error::InvalidCertificate(CertificateError::BadEncoding))?;
        let dns = parsed.valid_dns_names().map(|name| format!("dns:{name}"));
        let uris = parsed.valid_uri_names().map(|name| format!("uri:{name}"));
        let names: Vec<Box<str>> = dns.chain(uris).take(NAMES_MAX + 1).map(Into::into).collect();
        if names.is_empty() || names.len() > NAMES_MAX {
            return Err(Error::InvalidCertificate(CertificateError::NotValidForName));
        }
        Ok(Self { key: Sha256::digest(parsed.subject_public_key_info()).into(), names })
    }

    /// As keys are bound to it.
    pub(crate) fn shown(&self) -> Shown<'_> {
        Shown { key: &self.key, names: &self.names }
    }

    /// Its public key's digest, as records show it.
    pub(crate) fn fingerprint(&self) -> String {
        self.key.iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
    }
}

/// Looks at the certificate of somebody who came back by a ticket, as if it were shown now: the
/// authorities may have changed since, and time has passed.
pub(super) fn again(
    clients: &dyn ClientCertVerifier,
    shown: &[CertificateDer<'_>],
    time: &dyn TimeProvider,
) -> Result<Option<ClientCertificate>, Error> {
    let Some((first, others)) = shown.split_first() else {
        let missing = clients.client_auth_mandatory();
        return if missing { Err(Error::NoCertificatesPresented) } else { Ok(None) };
    };
    let now = time.current_time().ok_or(Error::FailedToGetCurrentTime)?;
    clients.verify_client_cert(first, others, now)?;
    ClientCertificate::read(first).map(Some)
}

/// Authorities out of a text.
pub(super) fn authorities(pem: &Pem) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for authority in chain(pem)? {
        roots.add(authority).map_err(|why| TlsError::authorities(&pem.name, &why))?;
    }
    Ok(roots)
}

/// Verifies as another does, and turns away who has no name.
#[derive(Debug)]
pub(super) struct Named(pub(super) Arc<dyn ClientCertVerifier>);

impl ClientCertVerifier for Named {
    fn offer_client_auth(&self) -> bool {
        self.0.offer_client_auth()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.0.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.0.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.0.verify_client_cert(end_entity, intermediates, now)?;
        ClientCertificate::read(end_entity)?;
        Ok(verified)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.0.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}
