//! Field blocks written by hand (RFC 7541), and as much reading of them as a status needs.

use crate::LARGE;
use crate::support::{KEY, MEDIA, NOWHERE, PROFILE, UPLOAD};

/// Fields as names and values.
pub type Fields<'f> = &'f [(&'f str, &'f str)];

/// An integer behind the flags of its first byte (§5.1).
pub fn integer(flags: u8, bits: u8, value: usize) -> Vec<u8> {
    let most = (1_usize << bits) - 1;
    if value < most {
        return vec![flags | u8::try_from(value).unwrap()];
    }
    let mut bytes = vec![flags | u8::try_from(most).unwrap()];
    let mut left = value - most;
    while left >= 128 {
        bytes.push(u8::try_from(left % 128).unwrap() | 0x80);
        left /= 128;
    }
    bytes.push(u8::try_from(left).unwrap());
    bytes
}

/// A string as it is (§5.2).
pub fn text(text: &str) -> Vec<u8> {
    [integer(0, 7, text.len()), text.as_bytes().to_vec()].concat()
}

/// A literal that enters no table (§6.2.2), or by other flags one that does.
pub fn literal(flags: u8, name: &str, value: &str) -> Vec<u8> {
    [vec![flags], text(name), text(value)].concat()
}

pub fn block(fields: Fields<'_>) -> Vec<u8> {
    fields.iter().flat_map(|(name, value)| literal(0, name, value)).collect()
}

/// A request's pseudo-header fields and key, and what else it says.
pub fn request(method: &str, path: &str, more: Fields<'_>) -> Vec<u8> {
    let head = [
        (":method", method),
        (":scheme", "http"),
        (":authority", "gate.test"),
        (":path", path),
        ("x-api-key", KEY),
    ];
    [block(&head), block(more)].concat()
}

/// A call that is answered with 200.
pub fn get() -> Vec<u8> {
    request("GET", PROFILE, &[])
}

/// The same with more to say.
pub fn get_with(more: Fields<'_>) -> Vec<u8> {
    request("GET", PROFILE, more)
}

/// A call that is answered with 5,000 bytes.
pub fn large() -> Vec<u8> {
    request("GET", LARGE, &[])
}

/// A call that is answered with 403.
pub fn nowhere() -> Vec<u8> {
    request("GET", NOWHERE, &[])
}

/// A call that the platform never answers.
pub fn silent() -> Vec<u8> {
    request("GET", MEDIA, &[])
}

/// The head of a call whose body streams.
pub fn upload() -> Vec<u8> {
    upload_with(&[])
}

/// The same with more to say.
pub fn upload_with(more: Fields<'_>) -> Vec<u8> {
    [request("POST", UPLOAD, &[("content-type", "video/mp4")]), block(more)].concat()
}

/// The status at the head of an answer's block, which the gate writes without a table.
pub fn status(block: &[u8]) -> u16 {
    let mut rest = block;
    while let [first, after @ ..] = rest
        && first & 0xe0 == 0x20
    {
        rest = after;
    }
    match rest {
        [first @ 0x88..=0x8e, ..] => [200, 204, 206, 304, 400, 404, 500][usize::from(first - 0x88)],
        [0x08 | 0x18 | 0x48, length, digits @ ..] => {
            let digits = &digits[..usize::from(length & 0x7f)];
            match length & 0x80 {
                0 => String::from_utf8(digits.to_vec()).unwrap().parse().unwrap(),
                _ => huffman_digits(digits),
            }
        }
        _ => panic!("no status at the head of {block:02x?}"),
    }
}

/// Three digits: 0, 1 and 2 are five bits long, the others six (appendix B).
fn huffman_digits(bytes: &[u8]) -> u16 {
    let bits: Vec<u8> =
        bytes.iter().flat_map(|byte| (0..8).rev().map(move |at| (byte >> at) & 1)).collect();
    let mut rest = &bits[..];
    let mut take = |count: usize| {
        let (head, tail) = rest.split_at(count);
        rest = tail;
        head.iter().fold(0_u16, |sum, bit| sum * 2 + u16::from(*bit))
    };
    let mut number = 0;
    for _ in 0..3 {
        let five = take(5);
        let digit = if five <= 2 { five } else { five * 2 + take(1) - 0b011001 + 3 };
        number = number * 10 + digit;
    }
    number
}

#[test]
fn a_status_is_read_from_each_form() {
    assert_eq!(status(&[0x20, 0x88]), 200);
    assert_eq!(status(&[0x08, 3, b'4', b'3', b'1']), 431);
    // 6-bit 4, 5-bit 0, 6-bit 3, padded by ones.
    assert_eq!(status(&[0x48, 0x83, 0b0110_1000, 0b0000_1100, 0b1111_1111]), 403);
    assert_eq!(integer(0, 5, 1337), [31, 154, 10]);
}
