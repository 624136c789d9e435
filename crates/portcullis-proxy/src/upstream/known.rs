//! What all threads know of the upstreams: how each fares, and where its name leads.
//!
//! Must not open connections to take calls.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::health::Health;
use crate::Settings;
use crate::address::Target;

/// What is known of one upstream.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) health: Health,
    pub(crate) name: Name,
    /// Calls that it may have from all threads, as of now.
    pub(super) room: AtomicU32,
    kept: AtomicBool,
}

impl Known {
    /// Of each upstream, in order; nothing yet.
    pub(crate) fn of(settings: &Settings) -> Arc<[Self]> {
        settings.upstreams.each(&settings.upstream).map(|_| Self::default()).collect()
    }

    /// Whether somebody looks after it already; from now on somebody does.
    pub(super) fn is_kept(&self) -> bool {
        self.kept.swap(true, Ordering::AcqRel)
    }
}

/// Where a name leads.
#[derive(Debug, Default)]
pub(crate) struct Name {
    addresses: Mutex<Arc<[SocketAddr]>>,
    /// Rises each time that it leads elsewhere.
    generation: AtomicU32,
}

impl Name {
    pub(super) fn addresses(&self) -> Arc<[SocketAddr]> {
        Arc::clone(&self.addresses.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn generation(&self) -> u32 {
        self.generation.load(Ordering::Acquire)
    }

    /// Looks it up; what it led to before holds where nobody can tell.
    pub(super) async fn look_up(&self, host: &str, port: u16) -> Arc<[SocketAddr]> {
        let mut found: Vec<SocketAddr> =
            tokio::net::lookup_host((host, port)).await.map(Iterator::collect).unwrap_or_default();
        found.sort_unstable();
        found.dedup();
        self.found(found)
    }

    fn found(&self, found: Vec<SocketAddr>) -> Arc<[SocketAddr]> {
        let mut known = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if !found.is_empty() && **known != *found {
            *known = found.into();
            self.generation.fetch_add(1, Ordering::AcqRel);
        }
        Arc::clone(&known)
    }

    /// Looks up what is a name, once.
    pub(super) async fn renew(&self, target: &Target) {
        if let Target::Name(host, port) = target {
            self.look_up(host, *port).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_nobody_can_tell_leads_where_it_did() {
        let name = Name::default();
        let at = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
        assert!(name.addresses().is_empty());
        for (found, leads, generation) in [
            (vec![], vec![], 0),
            (vec![at(1), at(2)], vec![at(1), at(2)], 1),
            (vec![at(1), at(2)], vec![at(1), at(2)], 1),
            (vec![], vec![at(1), at(2)], 1),
            (vec![at(3)], vec![at(3)], 2),
        ] {
            assert_eq!(*name.found(found), *leads);
            assert_eq!(name.generation(), generation);
        }
    }
}
