//! Moments in a statement: people read them, so they are dates and not numbers.

use std::fmt;

use portcullis_audit::wall_of;
use portcullis_types::Wall;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment, written as RFC 3339 in UTC; a date alone stands for its first moment.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Ord, PartialOrd)]
pub struct Moment(pub Wall);

impl Moment {
    /// Reads `2024-03-31`, `2024-03-31T12:00:00Z` or the same with milliseconds.
    #[must_use]
    pub fn read(text: &str) -> Option<Self> {
        let whole = match text.strip_suffix('Z') {
            None => format!("{text}T00:00:00.000Z"),
            Some(rest) if rest.contains('.') => text.to_owned(),
            Some(rest) => format!("{rest}.000Z"),
        };
        wall_of(&whole).map(Self)
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.rfc3339())
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0.rfc3339())
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::read(&text).ok_or_else(|| {
            let text: String = text.chars().take(40).collect();
            serde::de::Error::custom(format!(
                "`{text}` is no moment; write one in UTC such as `2024-03-31` or `2024-03-31T12:00:00Z`"
            ))
        })
    }
}

impl JsonSchema for Moment {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Moment".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "date-time"})
    }
}
