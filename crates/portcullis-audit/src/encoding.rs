//! Hex and base64 as the formats of the log need them: one spelling for each value.
//!
//! A decoder that took two spellings of one value would let a byte of the log be changed unseen.

const HEX: &[u8; 16] = b"0123456789abcdef";
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Lower-case hex.
pub(crate) fn to_hex(bytes: &[u8]) -> String {
    let digit = |n: u8| HEX.get(usize::from(n)).copied().map_or('?', char::from);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Reads lower-case hex of exactly `N` bytes.
pub(crate) fn from_hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    if text.len() != 2 * N {
        return None;
    }
    let value = |byte: u8| HEX.iter().position(|digit| *digit == byte);
    let mut out = [0; N];
    for (to, pair) in out.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let [high, low] = *pair else { return None };
        *to = u8::try_from(value(high)? << 4 | value(low)?).ok()?;
    }
    Some(out)
}

/// Standard base64 with padding (RFC 4648 §4).
#[must_use]
pub fn to_base64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits =
            (0..3).fold(0u32, |bits, at| bits << 8 | chunk.get(at).map_or(0, |b| u32::from(*b)));
        for at in 0..4 {
            let digit = BASE64.get((bits >> (18 - 6 * at) & 63) as usize).copied();
            out.push(if at <= chunk.len() { digit.map_or('?', char::from) } else { '=' });
        }
    }
    out
}

/// Reads what [`to_base64`] writes and nothing else: padding needed, spare bits zero.
#[must_use]
pub fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    for chunk in text.as_bytes().chunks(4) {
        let digits = chunk.iter().take_while(|byte| **byte != b'=').count();
        let mut bits = 0u32;
        for byte in chunk.iter().take(digits) {
            let value = BASE64.iter().position(|digit| digit == byte)?;
            bits = bits << 6 | u32::try_from(value).ok()?;
        }
        let bits = bits << (6 * (4 - digits));
        out.extend(bits.to_be_bytes().iter().skip(1).take(digits * 6 / 8));
    }
    // One comparison settles padding, length and spare bits together.
    (to_base64(&out) == text).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_has_the_vectors_of_rfc_4648_and_one_spelling_each() {
        for (plain, coded) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(to_base64(plain.as_bytes()), coded);
            assert_eq!(from_base64(coded).unwrap(), plain.as_bytes());
        }
        for bad in ["Zh==", "Zg=", "Zg", "Zg==\n", "Zm9v=", "=", "Z===", "Zm8=Zm8=", "Zm-v"] {
            assert_eq!(from_base64(bad), None, "{bad}");
        }
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(from_base64(&to_base64(&all)).unwrap(), all);
    }

    #[test]
    fn hex_is_lower_case_and_of_the_right_length() {
        assert_eq!(from_hex(&to_hex(&[0, 255, 16])), Some([0, 255, 16]));
        assert_eq!(from_hex::<1>("FF"), None);
        assert_eq!(from_hex::<1>("fff"), None);
    }
}
