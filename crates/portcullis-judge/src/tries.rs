//! How many tokens that prove nobody one address may have verified: each costs a signature.
//!
//! Shared by all threads, without a lock. A slot may be shared by addresses; which ones, nobody can tell
//! from outside. Must not know what a token says.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use portcullis_types::Mono;

const SLOTS: usize = 4096;
/// So many at once, and then one each so many nanoseconds: 20 a second.
const AT_ONCE: u64 = 100;
const EACH_NS: u64 = 50_000_000;

/// What was tried in vain, by address.
pub(crate) struct Tries {
    /// When all that came from there would have come at the pace that is allowed.
    slots: Box<[AtomicU64]>,
    keyed: RandomState,
}

impl Default for Tries {
    fn default() -> Self {
        Self { slots: (0..SLOTS).map(|_| AtomicU64::new(0)).collect(), keyed: RandomState::new() }
    }
}

impl Tries {
    /// Whether one more may be tried from there.
    pub(crate) fn may(&self, from: IpAddr, now: Mono) -> bool {
        self.slot(from)
            .is_none_or(|slot| slot.load(Relaxed) <= now.0.saturating_add((AT_ONCE - 1) * EACH_NS))
    }

    /// One was tried in vain.
    pub(crate) fn failed(&self, from: IpAddr, now: Mono) {
        if let Some(slot) = self.slot(from) {
            let one_more = |at: u64| Some(at.max(now.0).saturating_add(EACH_NS));
            let _always = slot.fetch_update(Relaxed, Relaxed, one_more);
        }
    }

    fn slot(&self, from: IpAddr) -> Option<&AtomicU64> {
        // Whoever has one address of IPv6 has the 64 bits behind it.
        let from = match from {
            IpAddr::V4(_) => from,
            IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & (u128::MAX << 64)).into(),
        };
        let at = self.keyed.hash_one(from) % SLOTS as u64;
        self.slots.get(usize::try_from(at).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_try_so_many_at_once_and_some_each_second() {
        let tries = Tries::default();
        let from = |text: &str| text.parse::<IpAddr>().unwrap();
        let until_told = |ip, now: u64| {
            let now = Mono(now * 1_000_000_000);
            let more = |_: &u32| tries.may(ip, now);
            (0..1000).take_while(more).inspect(|_| tries.failed(ip, now)).count()
        };
        let one = from("2001:db8::1");
        assert_eq!(until_told(one, 10), 100);
        assert_eq!(until_told(from("2001:db8::2:7"), 10), 0, "one network of IPv6 is one address");
        assert_eq!([11, 11, 12].map(|now| until_told(one, now)), [20, 0, 20]);
        assert_eq!(until_told(one, 60), 100, "never more than that at once");
        assert_eq!(until_told(one, 5), 0, "a clock that jumps back gives nothing");
        let others = (0..8).map(|n| from(&format!("192.0.2.{n}")));
        let fresh = others.filter(|ip| until_told(*ip, 60) == 100).count();
        // Two may share a slot, and one of them that of the network above.
        assert!(fresh >= 4, "others have their own: {fresh}");
    }
}
