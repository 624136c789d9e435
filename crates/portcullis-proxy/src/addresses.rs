//! How many connections one address may have, over all threads.
//!
//! Looked at when a connection comes and when it goes, never by a call. Must not know what a
//! connection is for.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ipnet::IpNet;

use crate::Settings;

/// Connections by address.
pub(crate) struct Addresses {
    max: usize,
    /// Proxies in front speak for many.
    trusted: Vec<IpNet>,
    counts: Mutex<HashMap<IpAddr, usize>>,
}

/// One connection's place among those of its address.
pub(crate) struct Place {
    of: Option<(Arc<Addresses>, IpAddr)>,
}

impl Addresses {
    pub(crate) fn new(settings: &Settings) -> Arc<Self> {
        let (max, trusted) = (settings.limits.connections_per_address, settings.trusted.clone());
        Arc::new(Self { max, trusted, counts: Mutex::default() })
    }

    /// None: its address has as many as it may.
    pub(crate) fn take(self: &Arc<Self>, ip: IpAddr) -> Option<Place> {
        // So does whatever runs on this machine, such as what ends TLS in front of us.
        if ip.is_loopback() || self.trusted.iter().any(|net| net.contains(&ip)) {
            return Some(Place { of: None });
        }
        let host = host(ip);
        let mut counts = self.counts();
        let count = counts.entry(host).or_default();
        if *count >= self.max {
            return None;
        }
        *count += 1;
        Some(Place { of: Some((Arc::clone(self), host)) })
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((addresses, host)) = self.of.take() else { return };
        let mut counts = addresses.counts();
        match counts.get_mut(&host) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                counts.remove(&host);
            }
        }
    }
}

/// Whoever has one address of IPv6 has the 64 bits behind it.
fn host(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 64)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(max: usize) -> Arc<Addresses> {
        let trusted = vec!["10.0.0.0/8".parse().unwrap()];
        Arc::new(Addresses { max, trusted, counts: Mutex::default() })
    }

    #[test]
    fn an_address_has_as_many_places_as_it_may_and_gets_them_back() {
        let all = addresses(2);
        let take = |text: &str| all.take(text.parse().unwrap());
        let (first, _second) = (take("192.0.2.1").unwrap(), take("192.0.2.1").unwrap());
        assert!(take("192.0.2.1").is_none());
        assert!(take("192.0.2.2").is_some(), "another has its own");
        drop(first);
        let third = take("192.0.2.1");
        assert!(third.is_some() && take("192.0.2.1").is_none());
        let _net = (take("2001:db8::1").unwrap(), take("2001:db8::2:1").unwrap());
        assert!(take("2001:db8::3").is_none(), "one network of IPv6 is one address");
        assert!(take("2001:db8:0:1::").is_some());
    }

    #[test]
    fn who_speaks_for_many_is_not_counted_and_who_left_takes_no_room() {
        let all = addresses(1);
        for text in ["127.0.0.1", "::1", "10.1.2.3"] {
            let ip: IpAddr = text.parse().unwrap();
            let places = [all.take(ip), all.take(ip), all.take(ip)];
            assert!(places.iter().all(Option::is_some), "{text}");
        }
        drop(all.take("192.0.2.1".parse().unwrap()));
        assert!(all.counts().is_empty());
    }
}
