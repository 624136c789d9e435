//! The blob of an import: one JSON object a line, in the order the operator gave.
//!
//! Must not know how keys are read from a file or digested.

use std::borrow::Cow;

use serde::Deserialize;

use crate::words::{ImportedKey, ImportedState};

/// Most keys in one import; the blob of a million is about 150 MB and stays below what the store
/// takes as one value.
pub const IMPORT_KEYS_MAX: usize = 1_000_000;

/// One line, as it is read: an [`ImportedKey`] that borrows what it can.
#[derive(Debug, Deserialize)]
pub(crate) struct ImportedLine<'a> {
    #[serde(borrow)]
    pub(crate) id: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) digest: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) partner: Cow<'a, str>,
    pub(crate) state: ImportedState,
}

/// The blob of some keys.
///
/// # Errors
/// Never for keys made by this program; the error is the serialiser's own.
pub fn encode_keys(keys: &[ImportedKey]) -> Result<Vec<u8>, serde_json::Error> {
    let mut body = Vec::with_capacity(keys.len() * 128);
    for key in keys {
        serde_json::to_writer(&mut body, key)?;
        body.push(b'\n');
    }
    Ok(body)
}

/// The keys of a blob, one at a time; the error is the number of the first line, from 1, that is no
/// imported key.
pub(crate) fn imported(body: &[u8]) -> impl Iterator<Item = Result<ImportedLine<'_>, usize>> {
    body.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !line.is_empty()).map(
        |(index, line)| {
            let read = plain(line).map_or_else(|| serde_json::from_slice(line).ok(), Some);
            read.ok_or(index + 1)
        },
    )
}

/// A line as [`encode_keys`] writes it, without a reader of JSON: there may be ten million.
fn plain(line: &[u8]) -> Option<ImportedLine<'_>> {
    let text = std::str::from_utf8(line).ok().filter(|text| !text.contains('\\'))?;
    let (id, rest) = text.strip_prefix(r#"{"id":""#)?.split_once('"')?;
    let (digest, rest) = rest.strip_prefix(r#","digest":""#)?.split_once('"')?;
    let (partner, rest) = rest.strip_prefix(r#","partner":""#)?.split_once('"')?;
    let state = match rest {
        r#","state":"active"}"# => ImportedState::Active,
        r#","state":"revoked"}"# => ImportedState::Revoked,
        _ => return None,
    };
    let (id, digest, partner) = (id.into(), digest.into(), partner.into());
    Some(ImportedLine { id, digest, partner, state })
}

#[cfg(test)]
mod tests {
    use portcullis_types::{KeyId, PartnerId};

    use super::*;

    #[test]
    fn a_line_is_read_as_it_was_written_with_and_without_a_reader_of_json() {
        for state in [ImportedState::Active, ImportedState::Revoked] {
            let id = KeyId::new("imp_1").unwrap();
            let partner = PartnerId::new("acme.x").unwrap();
            let key = ImportedKey { id, digest: "0f".repeat(16), partner, state };
            let body = encode_keys(std::slice::from_ref(&key)).unwrap();
            let whole: ImportedLine<'_> = serde_json::from_slice(&body).unwrap();
            let fast = plain(body.trim_ascii_end()).expect("its own lines are plain");
            for line in [whole, fast] {
                assert_eq!((&*line.id, &*line.digest), (key.id.as_str(), &*key.digest));
                assert_eq!((&*line.partner, line.state), (key.partner.as_str(), state));
            }
        }
        let other = br#" {"state":"active","id":"a\u0062","digest":"d","partner":"p"} "#;
        let found = imported(other).next().unwrap().unwrap();
        assert_eq!((&*found.id, &*found.partner), ("ab", "p"), "JSON all the same");
        let broken = imported(b"\n{\"id\":\"x\"}").next().unwrap();
        assert_eq!(broken.unwrap_err(), 2);
    }
}
