//! HMAC-SHA-256 cut to its first 16 bytes (RFC 2104, sections 2 and 5), for texts that are mostly short.
//!
//! A call takes one and a page of posts one for each, and around a text of some dozen bytes the library for
//! HMAC does as much again as the two blocks of the hash take. So those blocks are filled here and the
//! library hashes them; what is longer goes the library's own way. Must not know what is digested.

use hmac::{Hmac, KeyInit, Mac as _};
use sha2::block_api::compress256;
use sha2::{Digest as _, Sha256};

/// Bytes of a block.
const BLOCK: usize = 64;
/// What a hash begins with (FIPS 180-4, section 5.3.3).
const BEGIN: [u32; 8] = [
    0x6a09_e667,
    0xbb67_ae85,
    0x3c6e_f372,
    0xa54f_f53a,
    0x510e_527f,
    0x9b05_688c,
    0x1f83_d9ab,
    0x5be0_cd19,
];

/// A key, ready to digest with. The bytes themselves are not kept.
pub(crate) struct ShortMac {
    /// Both hashes behind their block of the key.
    inner: [u32; 8],
    outer: [u32; 8],
    /// The same for what is long.
    long: Hmac<Sha256>,
}

impl ShortMac {
    /// With a key of any length.
    pub(crate) fn new(key: &[u8]) -> Self {
        let mut block = [0; BLOCK];
        let hashed = Sha256::digest(key);
        // A key that is longer than a block is hashed first, by whoever takes one.
        let key = if key.len() > BLOCK { hashed.as_slice() } else { key };
        block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
        let long = <Hmac<Sha256> as KeyInit>::new(&block.into());
        Self { inner: behind(&block, 0x36), outer: behind(&block, 0x5c), long }
    }

    /// The digest of a text that comes in two parts.
    pub(crate) fn digest(&self, begin: &[u8], rest: &[u8]) -> [u8; 16] {
        self.short(begin, rest).unwrap_or_else(|| {
            let mac = self.long.clone().chain_update(begin).chain_update(rest);
            let whole: [u8; 32] = mac.finalize().into_bytes().into();
            let mut first = [0; 16];
            first.iter_mut().zip(whole).for_each(|(to, from)| *to = from);
            first
        })
    }

    /// The same of one that fits into a block; none: it does not.
    fn short(&self, begin: &[u8], rest: &[u8]) -> Option<[u8; 16]> {
        let mut block = [0; BLOCK];
        let (to, free) = block.split_at_mut_checked(begin.len())?;
        to.copy_from_slice(begin);
        free.get_mut(..rest.len())?.copy_from_slice(rest);
        let inner = last(self.inner, block, begin.len() + rest.len())?;
        let mut block = [0; BLOCK];
        put(inner, &mut block);
        let outer = last(self.outer, block, size_of_val(&inner))?;
        let mut first = [0; 16];
        put(outer, &mut first);
        Some(first)
    }
}

/// A hash behind its block of the key.
fn behind(key: &[u8; BLOCK], pad: u8) -> [u32; 8] {
    let mut state = BEGIN;
    compress256(&mut state, &[key.map(|byte| byte ^ pad)]);
    state
}

/// Ends a hash, which has taken one block before, with so many bytes of this one; none: what a hash ends
/// with (FIPS 180-4, section 5.1.1) does not fit behind them.
fn last(mut state: [u32; 8], mut block: [u8; BLOCK], len: usize) -> Option<[u32; 8]> {
    let (text, length) = block.split_last_chunk_mut()?;
    *text.get_mut(len)? = 0x80;
    *length = (8 * (BLOCK + len) as u64).to_be_bytes();
    compress256(&mut state, &[block]);
    Some(state)
}

/// As many bytes of a hash as there is room for.
fn put(words: [u32; 8], to: &mut [u8]) {
    let (to, _) = to.as_chunks_mut();
    to.iter_mut().zip(words).for_each(|(to, word)| *to = word.to_be_bytes());
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_the_key_and_the_text_it_is_the_beginning_of_their_hmac(
            key in vec(any::<u8>(), 0..140),
            text in vec(any::<u8>(), 0..140),
            cut in 0..140_usize,
        ) {
            let (begin, rest) = text.split_at(cut.min(text.len()));
            let mac = Hmac::<Sha256>::new_from_slice(&key).unwrap().chain_update(&text);
            let whole = mac.finalize().into_bytes();
            prop_assert_eq!(ShortMac::new(&key).digest(begin, rest).to_vec(), whole[..16].to_vec());
        }
    }

    #[test]
    fn at_the_border_of_a_block_nothing_changes() {
        let (key, text) = ([7; 32], [b'x'; 2 * BLOCK]);
        let mac = ShortMac::new(&key);
        for len in 0..text.len() {
            let text = &text[..len];
            let whole = Hmac::<Sha256>::new_from_slice(&key).unwrap().chain_update(text).finalize();
            assert_eq!(mac.digest(b"", text), whole.into_bytes()[..16], "{len} bytes");
            assert_eq!(mac.short(b"", text).is_some(), len < BLOCK - 8, "{len} bytes");
        }
    }

    #[test]
    fn the_known_answers_of_rfc_4231_hold() {
        // Test cases 1, 2 and 6: a short key, one shorter than the hash, one longer than a block.
        let long = b"Test Using Larger Than Block-Size Key - Hash Key First";
        for (key, text, expected) in [
            (&[0x0b; 20][..], &b"Hi There"[..], 0xb034_4c61_d8db_3853_5ca8_afce_af0b_f12b_u128),
            (b"Jefe", b"what do ya want for nothing?", 0x5bdc_c146_bf60_754e_6a04_2426_0895_75c7),
            (&[0xaa; 131], long, 0x60e4_3159_1ee0_b67f_0d8a_26aa_cbf5_b77f),
        ] {
            assert_eq!(ShortMac::new(key).digest(b"", text), expected.to_be_bytes());
        }
    }
}
