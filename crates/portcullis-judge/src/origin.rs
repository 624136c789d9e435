//! Where a call came from, and whether its key is accepted from there.
//!
//! Must not know sockets, whose word on an address is believed, nor who vouches for a certificate.

use std::net::IpAddr;

use portcullis_registry::KeyRecord;
use portcullis_types::{Binding, Refusal};

/// Where a call came from.
#[derive(Debug, Clone, Copy)]
pub struct Origin<'a> {
    /// The caller's address.
    pub address: IpAddr,
    /// The certificate it showed, which an authority vouches for.
    pub certificate: Option<Shown<'a>>,
}

/// A certificate that was shown.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// SHA-256 of its public key.
    pub key: &'a [u8; 32],
    /// Its names, as `dns:NAME` and `uri:URI`.
    pub names: &'a [Box<str>],
}

impl Origin<'_> {
    /// Whether a key is accepted from here.
    ///
    /// # Errors
    /// The key is bound to other networks or certificates.
    pub fn suits(&self, key: &KeyRecord) -> Result<(), Refusal> {
        check(key, Some(self))
    }
}

/// The same; a key that is bound is not accepted where nobody knows where from.
pub(crate) fn check(key: &KeyRecord, origin: Option<&Origin<'_>>) -> Result<(), Refusal> {
    let Some(Binding { networks, certificates }) = key.binding() else { return Ok(()) };
    let from = origin.map(|origin| origin.address);
    let lies = |from| networks.iter().any(|network| network.holds(from));
    if !networks.is_empty() && !from.is_some_and(lies) {
        return Err(Refusal::NetworkNotAllowed { from });
    }
    let shown = origin.and_then(|origin| origin.certificate);
    let holds =
        |shown: Shown<'_>| certificates.iter().any(|holder| holder.holds(shown.key, shown.names));
    if !certificates.is_empty() && !shown.is_some_and(holds) {
        return Err(Refusal::CertificateNotAllowed);
    }
    Ok(())
}
