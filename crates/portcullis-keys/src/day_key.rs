//! The key of a day, under which the ledger digests what left: once it is dropped, nobody can tell any
//! more what the digests of that day are of.
//!
//! Must not know where keys are kept nor for how long.

use std::fmt;

use portcullis_types::{LedgerDigest, LedgerKind};

use crate::short_mac::ShortMac;

/// The key of one day, ready to digest with. The bytes themselves are not kept.
pub struct DayKey {
    day: u32,
    keyed: ShortMac,
}

impl DayKey {
    /// Bytes of a key.
    pub const BYTES: usize = 32;

    /// From random bytes; `day` in days since 1970, as UTC counts.
    #[must_use]
    pub fn new(day: u32, secret: &[u8; Self::BYTES]) -> Self {
        Self { day, keyed: ShortMac::new(secret) }
    }

    /// The day.
    #[must_use]
    pub const fn day(&self) -> u32 {
        self.day
    }

    /// The digest of an id, as the platform writes it.
    #[must_use]
    pub fn digest(&self, kind: LedgerKind, id: &str) -> LedgerDigest {
        let kind = match kind {
            LedgerKind::Record => b"r",
            LedgerKind::Owner => b"o",
            LedgerKind::Place => b"p",
        };
        LedgerDigest::new(self.keyed.digest(kind, id.as_bytes()))
    }
}

impl fmt::Debug for DayKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DayKey(day {}, redacted)", self.day)
    }
}

#[cfg(test)]
mod tests {
    use hmac::{Hmac, KeyInit as _, Mac as _};
    use sha2::Sha256;

    use super::*;

    #[test]
    fn a_digest_is_the_beginning_of_an_hmac_and_each_kind_and_day_has_its_own() {
        let key = DayKey::new(20_000, &[7; 32]);
        let mut mac = Hmac::<Sha256>::new_from_slice(&[7; 32]).unwrap();
        mac.update(b"o17841");
        let whole = mac.finalize().into_bytes();
        let digest = key.digest(LedgerKind::Owner, "17841");
        assert_eq!(digest.bytes(), &whole[..16]);
        assert_ne!(digest, key.digest(LedgerKind::Record, "17841"));
        assert_ne!(digest, DayKey::new(20_001, &[8; 32]).digest(LedgerKind::Owner, "17841"));
        assert_eq!(format!("{key:?}"), "DayKey(day 20000, redacted)");
    }
}
