//! Events that a release may pass over without knowing them, so that one can go back to the release
//! before.
//!
//! Whoever writes such an event says in it that no access hangs on it (`"aside": true`). Any other event
//! of an unknown kind is not passed over: the state without it would be another. Must not know what any
//! of them tells.

use serde::de::{Deserializer, Error as _};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

use crate::kinds::EVENT_KINDS;

/// The mark of an event on which no access hangs.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq)]
pub struct Aside;

impl Serialize for Aside {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        true.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Aside {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let is_so = bool::deserialize(from)?;
        is_so.then_some(Self).ok_or_else(|| D::Error::custom("`aside` is true or not there"))
    }
}

/// An event of a later release that this one passes over, as it was written.
#[derive(Debug, Clone, Eq, PartialEq, Serialize)]
#[serde(transparent)]
pub struct LaterEvent(Map<String, Value>);

impl LaterEvent {
    /// Its kind, such as `ledger.anchored`.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.0.get("type").and_then(Value::as_str).unwrap_or_default()
    }
}

impl<'de> Deserialize<'de> for LaterEvent {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let event = Self(Map::deserialize(from)?);
        if event.0.get("aside") != Some(&Value::Bool(true)) {
            return Err(D::Error::custom("not an event that may be passed over"));
        }
        // One that is known must be read as what it is.
        let known = event.kind().is_empty() || EVENT_KINDS.contains(&event.kind());
        if known {
            Err(D::Error::custom("an event of this kind has other members"))
        } else {
            Ok(event)
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Event;

    #[test]
    fn only_an_unknown_event_that_says_so_is_passed_over() {
        let read = |text: &str| serde_json::from_str::<Event>(text);
        let told = r#"{"aside":true,"height":384400,"type":"moon.risen"}"#;
        let event = read(told).unwrap();
        assert_eq!(serde_json::to_string(&event).unwrap(), told, "as it was written");
        for text in [
            r#"{"type":"moon.risen","height":384400}"#,
            r#"{"aside":false,"type":"moon.risen"}"#,
            r#"{"aside":"true","type":"moon.risen"}"#,
            r#"{"aside":true,"type":"key.issued"}"#,
            r#"{"aside":true,"type":""}"#,
            r#"{"aside":true}"#,
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
