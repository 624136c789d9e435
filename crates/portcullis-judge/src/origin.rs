//! Where a call came from, and whether its key is accepted from there.
//!
//! Must not know sockets, nor whose word on it is believed.

use std::net::IpAddr;

use portcullis_registry::KeyRecord;
use portcullis_types::Refusal;

/// Where a call came from.
#[derive(Debug, Clone, Copy)]
pub struct Origin {
    /// The caller's address.
    pub address: IpAddr,
}

impl Origin {
    /// Whether a key is accepted from here.
    ///
    /// # Errors
    /// The key is bound to networks, and this is none of them.
    pub fn suits(&self, key: &KeyRecord) -> Result<(), Refusal> {
        check(key, Some(self))
    }
}

/// The same; a key that is bound to networks is not accepted where nobody knows where from.
pub(crate) fn check(key: &KeyRecord, origin: Option<&Origin>) -> Result<(), Refusal> {
    let Some(networks) = key.networks() else { return Ok(()) };
    let from = origin.map(|origin| origin.address);
    let lies = from.is_some_and(|from| networks.iter().any(|network| network.holds(from)));
    if lies { Ok(()) } else { Err(Refusal::NetworkNotAllowed { from }) }
}
