//! The blob of an import: one JSON object a line, in the order the operator gave.
//!
//! Must not know how keys are read from a file or digested.

use crate::words::ImportedKey;

/// Most keys in one import; the blob of a million is about 150 MB and stays below what the store
/// takes as one value.
pub const IMPORT_KEYS_MAX: usize = 1_000_000;

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

/// The keys of a blob.
///
/// # Errors
/// The number of the first line, from 1, that is no imported key.
pub fn decode_keys(body: &[u8]) -> Result<Vec<ImportedKey>, usize> {
    body.split(|byte| *byte == b'\n')
        .enumerate()
        .filter(|(_, line)| !line.is_empty())
        .map(|(index, line)| serde_json::from_slice(line).map_err(|_| index + 1))
        .collect()
}
