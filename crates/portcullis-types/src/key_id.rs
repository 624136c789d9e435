//! The public id of a key, in place: no call counts references on a line that all threads share.
//!
//! Must not know how ids are made.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ids::{IdError, check};

/// Longest id that is kept in place; ours have 12 characters, those of imported keys 24.
const SHORT: usize = 30;

/// The public id of a key. It identifies a key and proves nothing.
#[derive(Clone)]
pub struct KeyId(Text);

#[derive(Clone)]
enum Text {
    Short { length: u8, bytes: [u8; SHORT] },
    Long(Arc<str>),
}

impl KeyId {
    /// Checks and takes a text.
    ///
    /// # Errors
    /// [`IdError`] when the text is empty, too long or holds a character outside the rule.
    pub fn new(text: &str) -> Result<Self, IdError> {
        let rule = "copy it from `portcullis key list`; it is not the key itself";
        check("key id", text, 64, &['-', '_'], rule)?;
        let mut bytes = [0; SHORT];
        let room = bytes.get_mut(..text.len());
        Ok(Self(match (room, u8::try_from(text.len())) {
            (Some(room), Ok(length)) => {
                room.copy_from_slice(text.as_bytes());
                Text::Short { length, bytes }
            }
            _ => Text::Long(Arc::from(text)),
        }))
    }

    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Text::Short { length, bytes } => {
                let text = bytes.get(..usize::from(*length)).unwrap_or_default();
                // A legal id is ASCII, so there is nothing to fall back from.
                std::str::from_utf8(text).unwrap_or_default()
            }
            Text::Long(text) => text,
        }
    }
}

impl PartialEq for KeyId {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for KeyId {}

impl PartialOrd for KeyId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for KeyId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for KeyId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyId({self})")
    }
}

impl FromStr for KeyId {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::new(text)
    }
}

impl Serialize for KeyId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for KeyId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::new(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_the_same_text_however_long_it_is() {
        for length in [1, SHORT - 1, SHORT, SHORT + 1, 64] {
            let text = "k".repeat(length);
            let id = KeyId::new(&text).unwrap();
            assert_eq!(id.as_str(), text);
        }
        assert!(KeyId::new(&"k".repeat(65)).is_err());
        assert!(KeyId::new("z").unwrap() > KeyId::new(&"a".repeat(40)).unwrap(), "as texts are");
        assert_eq!(size_of::<Option<KeyId>>(), 32);
    }
}
