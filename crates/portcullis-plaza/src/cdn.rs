//! Signed media URLs and permalinks: `oe` is the expiry as hex epoch, `oh` the signature.
//!
//! Must not know nodes or requests.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

/// How long a post's URL lasts. Longer than a story lives, as on real platforms.
pub(crate) const POST_SECONDS: i64 = 36 * 3600;

/// The signed URL of a picture or a video, `kind` being `m`, `s`, `v`, `t` (thumbnail) or `u` (profile picture).
pub(crate) fn url(kind: &str, id: &str, expires: i64) -> String {
    let extension = if kind == "v" { "mp4" } else { "jpg" };
    let oe = format!("{expires:x}");
    let oh = digest(&format!("plaza:{kind}:{id}:{oe}"), 24);
    format!("https://cdn.plaza.example/{kind}/{id}_n.{extension}?oe={oe}&oh={oh}")
}

/// The address of a post's page.
pub(crate) fn permalink(id: &str) -> String {
    format!("https://plaza.example/p/{}/", digest(id, 11))
}

/// The short code in a post's address.
pub(crate) fn shortcode(permalink: &str) -> Option<&str> {
    let rest = permalink.split_once("/p/")?.1;
    let code = rest.split(['/', '?', '#']).next()?;
    (!code.is_empty()).then_some(code)
}

/// Posts' URLs are signed anew each hour.
pub(crate) fn post_expiry(now: i64) -> i64 {
    now - now.rem_euclid(3600) + POST_SECONDS
}

/// A stable number out of a text, for figures that nobody stored.
pub(crate) fn number(text: &str) -> u64 {
    // FNV-1a: it only has to spread, not to withstand anyone.
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn digest(text: &str, characters: usize) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(text.as_bytes()) {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
    }
    hex.truncate(characters);
    hex
}
