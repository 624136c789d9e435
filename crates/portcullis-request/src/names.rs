//! Which parameter names are read, and which are refused for looking like one of them.
//!
//! Platforms differ in what they forgive (PHP reads `access.token` as `access_token`, others fold
//! case), so that a name which *some* reader takes for a name of ours is refused.
//! Must not know the catalogue.

use portcullis_types::Refusal;

use crate::bytes::Bytes;
use crate::why::{self, unreadable};

/// Where a caller's key may stand.
pub(crate) const KEY: &str = "access_token";
/// Made over the caller's key, hence of no use to the platform.
pub(crate) const PROOF: &str = "appsecret_proof";
/// Turns POST into another method.
pub(crate) const METHOD: &str = "method";

/// Names by which other frameworks change the method.
const OVERRIDES: [&str; 4] =
    ["_method", "x_http_method", "x_http_method_override", "x_method_override"];
const BYTES_MAX: usize = 128;
/// How a name begins that any reader could take for one of these.
static BEGINS: Bytes = Bytes::of(b"aAmMxX_-.:~");
static LEGAL: Bytes = Bytes::alphanumeric_and(b"_-.:~");

/// Refuses a name that can't be read in one way only.
pub(crate) fn check(name: &str) -> Result<(), Refusal> {
    if name.is_empty() {
        return Err(unreadable(why::NAME_EMPTY));
    }
    if name.len() > BYTES_MAX || !name.bytes().all(|byte| LEGAL.has(byte)) {
        return Err(unreadable(why::NAME_CHARACTER));
    }
    if !name.bytes().next().is_some_and(|first| BEGINS.has(first)) {
        return Ok(());
    }
    if OVERRIDES.iter().any(|known| alike(name, known)) {
        return Err(unreadable(why::NAME_OVERRIDE));
    }
    if [KEY, PROOF, METHOD].iter().any(|known| name != *known && alike(name, known)) {
        return Err(unreadable(why::NAME_ALMOST));
    }
    Ok(())
}

/// Whether some reader may take one name for the other: case ignored, every mark an underscore,
/// `name.0` an element of `name`.
pub(crate) fn alike(name: &str, known: &str) -> bool {
    let fold = |byte: u8| match byte {
        b'.' | b'-' | b':' | b'~' => b'_',
        _ => byte.to_ascii_lowercase(),
    };
    let Some((stem, rest)) = name.as_bytes().split_at_checked(known.len()) else { return false };
    matches!(rest.first(), None | Some(b'.' | b':'))
        && stem.iter().zip(known.bytes()).all(|(a, b)| fold(*a) == fold(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_documented_one_or_none() {
        for good in ["fields", "access_token", "appsecret_proof", "method", "__a", "max-id", "x.y"]
        {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            " access_token",
            "access_token ",
            "access_token\0",
            "access_token[]",
            "access[token]",
            "Access_Token",
            "ACCESS_TOKEN",
            "access.token",
            "access-token",
            "appsecret-proof",
            "access_token.0",
            "method:x",
            "Method",
            "METHOD",
            "_method",
            "X-HTTP-Method-Override",
            "ａccess_token",
            "access%5ftoken",
            "a&b",
            "a=b",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
        assert!(check(&"a".repeat(129)).is_err());
    }
}
