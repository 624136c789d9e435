//! One digest over all grants, kept up to date row by row.
//!
//! The sum, modulo 2^256, of the salted SHA-256 of every row: a row added or taken away changes it by
//! that row alone, and the order does not matter. It shows that the table beside the log is the one
//! that the log means; who only has the log learns no account from it, since the salt lies in the
//! table's file. Must not know where rows or salt lie.

use portcullis_types::{ClientId, PartnerId, Wall};
use sha2::{Digest, Sha256};

use super::Term;

/// A sum over rows.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq)]
pub struct GrantsSum([u64; 4]);

impl GrantsSum {
    /// The digest of one row.
    #[must_use]
    pub fn of(
        salt: &[u8],
        account: &str,
        partner: &PartnerId,
        client: Option<&ClientId>,
        term: Term,
    ) -> Self {
        let mut hash = Sha256::new();
        hash.update(salt);
        for part in [account, partner.as_str(), client.map_or("", ClientId::as_str)] {
            hash.update([u8::try_from(part.len()).unwrap_or(u8::MAX)]);
            hash.update(part);
        }
        for moment in [term.from, term.until] {
            hash.update([u8::from(moment.is_some())]);
            hash.update(moment.map_or(0, |Wall(ms)| ms).to_be_bytes());
        }
        let bytes: [u8; 32] = hash.finalize().into();
        let mut limbs = [0; 4];
        for (limb, chunk) in limbs.iter_mut().zip(bytes.chunks_exact(8)) {
            *limb = chunk.iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
        }
        Self(limbs)
    }

    /// With a row more.
    #[must_use]
    pub fn plus(self, row: Self) -> Self {
        let (mut out, mut carry) = ([0; 4], false);
        for ((to, a), b) in out.iter_mut().zip(self.0).zip(row.0) {
            let (sum, first) = a.overflowing_add(b);
            let (sum, second) = sum.overflowing_add(u64::from(carry));
            (*to, carry) = (sum, first || second);
        }
        Self(out)
    }

    /// With a row less.
    #[must_use]
    pub fn minus(self, row: Self) -> Self {
        let (mut out, mut borrow) = ([0; 4], false);
        for ((to, a), b) in out.iter_mut().zip(self.0).zip(row.0) {
            let (rest, first) = a.overflowing_sub(b);
            let (rest, second) = rest.overflowing_sub(u64::from(borrow));
            (*to, borrow) = (rest, first || second);
        }
        Self(out)
    }

    /// As it stands in the log: 64 hex digits, the lowest limb first.
    #[must_use]
    pub fn to_hex(self) -> String {
        self.0.iter().map(|limb| format!("{limb:016x}")).collect()
    }

    /// From the log.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        if text.len() != 64 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let mut limbs = [0; 4];
        for (at, limb) in limbs.iter_mut().enumerate() {
            *limb = u64::from_str_radix(text.get(at * 16..at * 16 + 16)?, 16).ok()?;
        }
        Some(Self(limbs))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn rows_come_and_go_in_any_order(rows in proptest::collection::vec(any::<[u64; 4]>(), 0..20)) {
            let forth = rows.iter().fold(GrantsSum::default(), |sum, row| sum.plus(GrantsSum(*row)));
            let back = rows.iter().rev().fold(GrantsSum::default(), |sum, row| sum.plus(GrantsSum(*row)));
            prop_assert_eq!(forth, back);
            prop_assert_eq!(GrantsSum::from_hex(&forth.to_hex()), Some(forth));
            let none = rows.iter().fold(forth, |sum, row| sum.minus(GrantsSum(*row)));
            prop_assert_eq!(none, GrantsSum::default());
        }
    }

    #[test]
    fn rows_that_differ_in_anything_differ() {
        let partner = |id: &str| PartnerId::new(id).unwrap();
        let of = |account: &str, id: &str, from| {
            GrantsSum::of(b"salt", account, &partner(id), None, Term { from, until: None })
        };
        let all = [of("1", "23", None), of("12", "3", None), of("1", "23", Some(Wall(0)))];
        assert!(all[0] != all[1] && all[0] != all[2] && all[1] != all[2]);
        assert_ne!(all[0], GrantsSum::of(b"other", "1", &partner("23"), None, Term::default()));
    }
}
