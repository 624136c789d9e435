//! Numbers as base62 text (`0-9A-Za-z`), which double-click selects whole and no URL escapes.
//!
//! Must not know what the numbers mean.

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Appends the `count` lowest base62 digits of a big-endian number, highest first.
///
/// With at least four bytes more than the digits hold, the bias is below 2⁻²⁴.
pub(crate) fn push(out: &mut String, number: &[u8], count: usize) {
    let mut number = number.to_vec();
    let mut digits: Vec<char> = (0..count).map(|_| digit(divide(&mut number))).collect();
    digits.reverse();
    out.extend(&digits);
    zeroize::Zeroize::zeroize(&mut digits);
    zeroize::Zeroize::zeroize(&mut number);
}

/// Divides a big-endian number by 62 in place and gives the remainder.
fn divide(number: &mut [u8]) -> u16 {
    number.iter_mut().fold(0, |rest, byte| {
        let value = rest << 8 | u16::from(*byte);
        // The quotient fits: `rest` is below 62, hence `value` below 62 × 256.
        *byte = (value / 62) as u8;
        value % 62
    })
}

fn digit(value: u16) -> char {
    ALPHABET.get(usize::from(value)).copied().map_or('0', char::from)
}

/// Whether a text is base62 throughout.
pub(crate) fn is(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(number: &[u8], count: usize, expected: &str) {
        let mut out = String::new();
        push(&mut out, number, count);
        assert_eq!(out, expected);
    }

    #[test]
    fn numbers_print_with_leading_zeros() {
        check(&[0], 3, "000");
        check(&[61], 2, "0z");
        check(&[62], 2, "10");
        check(&u32::MAX.to_be_bytes(), 6, "4gfFC3");
        check(&[1, 0], 2, "48");
    }

    #[test]
    fn only_the_lowest_digits_are_kept() {
        check(&(62u32 * 62 * 5 + 7).to_be_bytes(), 2, "07");
    }
}
