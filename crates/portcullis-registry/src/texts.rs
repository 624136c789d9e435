//! Bounds of the texts that people write into the log.
//!
//! A text for a partner must say something; a name must be readable; nothing may carry control
//! characters into a terminal or a log line. Must not know what a text is about.

use crate::Rejected;

/// Least characters of the text for the partner.
pub const TELL_CHARS_MIN: usize = 10;
/// Most bytes of the text for the partner.
pub const TELL_BYTES_MAX: usize = 2000;
/// Most bytes of a name or label.
const NAME_BYTES_MAX: usize = 200;

/// The text that tells the partner why.
pub(crate) fn tell(text: &str) -> Result<String, Rejected> {
    let text = text.trim();
    if text.chars().count() < TELL_CHARS_MIN {
        return Err(Rejected::TextMissing { least: TELL_CHARS_MIN });
    }
    bounded("text for the partner", text, TELL_BYTES_MAX)
}

/// The name of a partner or client.
pub(crate) fn name(text: &str) -> Result<String, Rejected> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Rejected::NameMissing);
    }
    bounded("name", text, NAME_BYTES_MAX)
}

/// A label, case or fingerprint: may be empty.
pub(crate) fn label(what: &'static str, text: &str) -> Result<String, Rejected> {
    bounded(what, text.trim(), NAME_BYTES_MAX)
}

/// A statement in somebody's own words: may be empty.
pub(crate) fn words(what: &'static str, text: &str) -> Result<String, Rejected> {
    bounded(what, text.trim(), TELL_BYTES_MAX)
}

/// Controls, and what turns the direction of what follows or is not seen at all: a reader would take
/// the text for another.
pub(crate) fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

fn bounded(what: &'static str, text: &str, max: usize) -> Result<String, Rejected> {
    if text.len() > max {
        return Err(Rejected::TextTooLong { what, bytes: text.len(), max });
    }
    if text.chars().any(|c| is_unprintable(c) && c != '\n') {
        return Err(Rejected::TextUnprintable { what });
    }
    Ok(text.to_owned())
}

/// What was meant perhaps, or what else to do.
pub(crate) fn meant(near: Option<&str>, otherwise: &str) -> String {
    near.map_or_else(|| format!("; {otherwise}"), |name| format!("; did you mean `{name}`?"))
}
