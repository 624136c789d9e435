//! One key as the state keeps it: 24 bytes, since there may be ten million.
//!
//! Its id is packed, and what is said of it is shared with all keys of which the same is said, such as
//! those of one partner that were imported together. Must not know how keys are found.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use portcullis_types::KeyId;

use crate::records::KeyTerms;

/// Before the digits of an imported key's id.
const IMPORTED: &str = "imp_";
/// Longest id that is kept as its text; ours have 12 characters.
const SHORT: usize = 14;

/// One key.
#[derive(Debug, Clone)]
pub struct KeyRecord {
    pub(crate) id: PackedId,
    pub(crate) terms: Arc<KeyTerms>,
}

impl KeyRecord {
    pub(crate) fn new(id: &KeyId, terms: Arc<KeyTerms>) -> Self {
        Self { id: PackedId::new(id), terms }
    }

    /// Its public id.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id.unpacked()
    }
}

/// What is said of it.
impl Deref for KeyRecord {
    type Target = KeyTerms;
    fn deref(&self) -> &KeyTerms {
        &self.terms
    }
}

/// What is changed of one key is changed of no other.
impl DerefMut for KeyRecord {
    fn deref_mut(&mut self) -> &mut KeyTerms {
        Arc::make_mut(&mut self.terms)
    }
}

/// An id in 16 bytes. Of each id there is one form, so that forms can be compared.
#[derive(Clone, Eq, PartialEq, Hash)]
pub(crate) enum PackedId {
    Short {
        length: u8,
        bytes: [u8; SHORT],
    },
    /// [`IMPORTED`], and these bytes as lower-case hex.
    Imported([u8; 10]),
    /// Any other.
    Long(Arc<KeyId>),
}

impl PackedId {
    pub(crate) fn new(id: &KeyId) -> Self {
        let text = id.as_str();
        if let Some(bytes) = text.strip_prefix(IMPORTED).and_then(unhexed) {
            return Self::Imported(bytes);
        }
        let mut bytes = [0; SHORT];
        match (bytes.get_mut(..text.len()), u8::try_from(text.len())) {
            (Some(room), Ok(length)) => {
                room.copy_from_slice(text.as_bytes());
                Self::Short { length, bytes }
            }
            _ => Self::Long(Arc::new(id.clone())),
        }
    }

    pub(crate) fn unpacked(&self) -> KeyId {
        let text = match self {
            Self::Short { length, bytes } => {
                let text = bytes.get(..usize::from(*length)).unwrap_or_default();
                KeyId::new(std::str::from_utf8(text).unwrap_or_default())
            }
            Self::Imported(bytes) => KeyId::new(hexed(&mut [0; 24], bytes)),
            Self::Long(id) => return KeyId::clone(id),
        };
        match text {
            Ok(id) => id,
            // Only ids are ever packed.
            Err(error) => unreachable!("{error}"),
        }
    }
}

impl fmt::Debug for PackedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.unpacked(), f)
    }
}

fn unhexed(text: &str) -> Option<[u8; 10]> {
    let nibble = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let digits: &[u8; 20] = text.as_bytes().try_into().ok()?;
    let mut bytes = [0; 10];
    for (to, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = *pair else { return None };
        *to = nibble(high)? << 4 | nibble(low)?;
    }
    Some(bytes)
}

/// Written where the caller has room, since ids are unpacked for records of calls.
fn hexed<'a>(room: &'a mut [u8; 24], bytes: &[u8; 10]) -> &'a str {
    let digit = |nibble: u8| if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
    let digits = bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    for (to, byte) in room.iter_mut().zip(IMPORTED.bytes().chain(digits)) {
        *to = byte;
    }
    std::str::from_utf8(room).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_comes_out_as_it_went_in() {
        let table = [
            ("k", "short"),
            ("CWaGUAbLZ1Z2", "short"),
            ("14-characters-", "short"),
            ("15-characters--", "long"),
            ("imp_0123456789abcdef0123", "imported"),
            ("imp_0123456789ABCDEF0123", "long"),
            ("imp_0123456789abcdef01234", "long"),
            ("imp_0123456789abcdef012", "long"),
            ("imp_0123456789abcdef012g", "long"),
            ("imp_", "short"),
        ];
        for (text, expected) in table {
            let id = KeyId::new(text).unwrap();
            let packed = PackedId::new(&id);
            assert_eq!(packed.unpacked(), id);
            let form = match packed {
                PackedId::Short { .. } => "short",
                PackedId::Imported(_) => "imported",
                PackedId::Long(_) => "long",
            };
            assert_eq!(form, expected, "{text}");
        }
    }
}
