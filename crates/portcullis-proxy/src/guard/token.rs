//! Which bytes names are made of.
//!
//! Must not know what they name.

/// Whether a byte may stand in a token (RFC 9110 §5.6.2).
pub(super) fn is_token(byte: u8) -> bool {
    const MARKS: &[u8] = b"!#$%&'*+-.^_`|~";
    const TABLE: [bool; 256] = {
        let mut table = [false; 256];
        let mut at = 0;
        while at < 256 {
            #[allow(clippy::indexing_slicing, reason = "a constant table, checked when compiled")]
            {
                table[at] = (at as u8).is_ascii_alphanumeric();
            }
            at += 1;
        }
        let mut mark = 0;
        while mark < MARKS.len() {
            #[allow(clippy::indexing_slicing, reason = "a constant table, checked when compiled")]
            {
                table[MARKS[mark] as usize] = true;
            }
            mark += 1;
        }
        table
    };
    TABLE.get(usize::from(byte)).copied().unwrap_or(false)
}
