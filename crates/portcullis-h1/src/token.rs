//! Which bytes names, hosts and targets are made of.
//!
//! Must not know what they name.

/// May stand in a token (RFC 9110 §5.6.2).
const TOKEN: u8 = 1;
/// May stand in a Host.
const HOST: u8 = 2;
/// May not stand in a target.
pub(crate) const RAW: u8 = 4;
/// Begins a fragment.
pub(crate) const FRAGMENT: u8 = 8;
/// May not stand in the path of a target, or in its query.
pub(crate) const MARK: u8 = 16;

/// What a byte may be part of: one look instead of a comparison with each.
const CLASSES: [u8; 256] = {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 {
        #[allow(clippy::indexing_slicing, reason = "a constant table, checked when compiled")]
        {
            table[at] = class_of(at as u8);
        }
        at += 1;
    }
    table
};

const fn class_of(byte: u8) -> u8 {
    let token = byte.is_ascii_alphanumeric()
        || matches!(byte, b'!' | b'#'..=b'\'' | b'*' | b'+' | b'-' | b'.' | b'^'..=b'`' | b'|' | b'~');
    let host = byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'.' | b'_' | b':' | b'[' | b']' | b'~' | b'%');
    let raw = byte <= 0x20 || byte >= 0x7f;
    let mark = matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`');
    (if token { TOKEN } else { 0 })
        | (if host { HOST } else { 0 })
        | (if raw { RAW } else { 0 })
        | (if byte == b'#' { FRAGMENT } else { 0 })
        | (if mark { MARK } else { 0 })
}

fn class(byte: u8) -> u8 {
    CLASSES.get(usize::from(byte)).copied().unwrap_or(0)
}

/// Whether a byte may stand in a token.
pub(crate) fn is_token(byte: u8) -> bool {
    class(byte) & TOKEN != 0
}

/// Whether all bytes may stand in a Host.
pub(crate) fn is_host(bytes: &[u8]) -> bool {
    bytes.iter().all(|byte| class(*byte) & HOST != 0)
}

/// What there is among the bytes.
pub(crate) fn seen(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |seen, byte| seen | class(*byte))
}
