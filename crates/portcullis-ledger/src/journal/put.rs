//! Numbers and texts as they stand in a frame.
//!
//! Must not know what they are of. What reads them is in `rows`.

/// Bytes of the digits of a request that a gate drew: eight of five bits.
pub(super) const DIGITS_BYTES: usize = 5;

/// A difference, so that small ones of either sign are small numbers.
pub(super) const fn zigzag(difference: u64) -> u64 {
    (difference << 1) ^ (difference.cast_signed() >> 63).cast_unsigned()
}

pub(super) fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    out.push((number & 0x7f) as u8);
}

pub(super) fn put_digits(out: &mut Vec<u8>, digits: u64) {
    let bytes = digits.to_le_bytes();
    out.extend_from_slice(bytes.split_at(DIGITS_BYTES).0);
}

pub(super) fn put_number(out: &mut Vec<u8>, number: usize) {
    out.extend_from_slice(&u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes());
}

pub(super) fn put_text(out: &mut Vec<u8>, text: &str) {
    put_number(out, text.len());
    out.extend_from_slice(text.as_bytes());
}
