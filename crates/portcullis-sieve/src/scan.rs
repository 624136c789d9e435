//! Finds the end of a run of bytes.
//!
//! Must not know where in a document the run stands.

/// How many bytes of a string come before a quote, a backslash or a control character.
#[inline]
pub(crate) fn plain(text: &[u8]) -> usize {
    // Names and short values end in the first two words; the rest goes by blocks.
    let (short, rest) = text.split_at_checked(16).unwrap_or((text, &[]));
    let len = words(short);
    if len < 16 { len } else { len + long(rest) }
}

#[inline]
fn words(text: &[u8]) -> usize {
    let mut at = 0;
    let mut rest = text;
    while let Some((word, tail)) = rest.split_first_chunk::<8>() {
        let marks = specials(u64::from_le_bytes(*word));
        if marks != 0 {
            return at + (marks.trailing_zeros() / 8) as usize;
        }
        at += 8;
        rest = tail;
    }
    at + rest.iter().position(|byte| is_special(*byte)).unwrap_or(rest.len())
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// The high bit of the first byte that is special is set, and none below it.
#[inline]
fn specials(word: u64) -> u64 {
    let quote = word ^ (ONES * b'"' as u64);
    let slash = word ^ (ONES * b'\\' as u64);
    let zero = |word: u64| word.wrapping_sub(ONES) & !word;
    let low = word.wrapping_sub(ONES * 0x20) & !word;
    (zero(quote) | zero(slash) | low) & HIGHS
}

const BLOCK: usize = 32;

fn long(text: &[u8]) -> usize {
    let mut at = 0;
    let mut rest = text;
    while let Some((block, tail)) = rest.split_first_chunk::<BLOCK>() {
        if block.iter().fold(false, |any, byte| any | is_special(*byte)) {
            break;
        }
        at += BLOCK;
        rest = tail;
    }
    at + words(rest)
}

#[inline]
fn is_special(byte: u8) -> bool {
    (byte == b'"') | (byte == b'\\') | (byte < 0x20)
}

/// White space between tokens.
#[inline]
pub(crate) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_first_special_byte_is_found_at_any_length(mut text in proptest::collection::vec(0x20_u8.., 0..200), at in 0_usize..200, special in prop_oneof![Just(b'"'), Just(b'\\'), 0_u8..0x20]) {
            text.retain(|byte| !is_special(*byte));
            prop_assert_eq!(plain(&text), text.len());
            let at = at.min(text.len());
            text.insert(at, special);
            text.push(b'"');
            prop_assert_eq!(plain(&text), at);
        }
    }
}
