//! Parameters of a call, merged from the query and the body, and how they are encoded.
//!
//! As on the real platform the body is read after the query, and of several values the last one counts.
//! Must not know which parameters an operation has.

use serde_json::Value;

use crate::error::{Answer, GraphError};

/// Names and values in the order they came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    /// Reads `a=b&c=d`, from a query or an urlencoded body.
    pub(crate) fn of_form(text: &str) -> Self {
        let pair = |part: &str| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (decode(name, true), decode(value, true))
        };
        Self(text.split('&').filter(|part| !part.is_empty()).map(pair).collect())
    }

    /// Reads a JSON object; arrays and objects in it stay JSON text.
    ///
    /// # Errors
    /// Code 100 if it is no JSON object.
    pub(crate) fn of_json(text: &[u8]) -> Answer<Self> {
        let value: Value = serde_json::from_slice(text)
            .map_err(|e| GraphError::parameter(format!("invalid JSON body: {e}")))?;
        let Value::Object(map) = value else {
            return Err(GraphError::parameter("the JSON body must be an object"));
        };
        Ok(Self(map.into_iter().map(|(name, value)| (name, plain(value))).collect()))
    }

    pub(crate) fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    /// Puts others behind these, so that they count.
    pub(crate) fn extend(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    /// The value that counts.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|p| p.0 == name).map(|p| p.1.as_str())
    }

    /// As [`Self::get`], empty values being none.
    pub(crate) fn filled(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// As [`Self::filled`], but it must be there.
    pub(crate) fn need(&self, name: &str) -> Answer<&str> {
        self.filled(name)
            .ok_or_else(|| GraphError::parameter(format!("The parameter {name} is required")))
    }

    /// Every value of a name, in order.
    pub(crate) fn every<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |p| p.0 == name).map(|p| p.1.as_str())
    }

    /// A whole number.
    ///
    /// # Errors
    /// Code 100 if it is there and no number.
    pub(crate) fn number(&self, name: &str) -> Answer<Option<i64>> {
        number(name, self.filled(name))
    }

    /// A number with a point.
    ///
    /// # Errors
    /// Code 100 if it is missing or no number.
    pub(crate) fn degrees(&self, name: &str) -> Answer<f64> {
        let text = self.need(name)?;
        text.parse().map_err(|_| GraphError::parameter(format!("Param {name} must be a number")))
    }

    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.filled(name).map(|value| value == "true" || value == "1")
    }

    /// The parameters that a link to the next page repeats.
    pub(crate) fn carried(&self) -> Vec<(String, String)> {
        const DROPPED: &[&str] =
            &["access_token", "appsecret_proof", "method", "limit", "after", "before", "batch"];
        self.0.iter().filter(|p| !DROPPED.contains(&p.0.as_str())).cloned().collect()
    }

    /// Changes every value.
    pub(crate) fn map(self, mut change: impl FnMut(String) -> Answer<String>) -> Answer<Self> {
        let pairs = self.0.into_iter().map(|(name, value)| Ok((name, change(value)?)));
        Ok(Self(pairs.collect::<Answer<_>>()?))
    }
}

/// A whole number out of the text of a parameter or modifier.
///
/// # Errors
/// Code 100 if it is there and no number.
pub(crate) fn number(name: &str, text: Option<&str>) -> Answer<Option<i64>> {
    let wrong = |_| GraphError::parameter(format!("Param {name} must be an integer"));
    text.map(|text| text.trim().parse().map_err(wrong)).transpose()
}

/// A JSON value as the text that a form would hold.
pub(crate) fn plain(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Undoes percent-encoding once; what is no valid escape stays as it is.
pub(crate) fn decode(text: &str, plus: bool) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        match (first, hex(tail)) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = tail.get(2..).unwrap_or_default();
                continue;
            }
            (b'+', _) if plus => bytes.push(b' '),
            (other, _) => bytes.push(*other),
        }
        rest = tail;
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(tail: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*tail.get(at)?).to_digit(16);
    u8::try_from(digit(0)? * 16 + digit(1)?).ok()
}

/// Percent-encodes everything but letters, digits and `-._~,`.
pub(crate) fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~,".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_undone_once_and_broken_ones_stay() {
        assert_eq!(decode("a%20b+c", true), "a b c");
        assert_eq!(decode("a+b%2Fc", false), "a+b/c");
        assert_eq!(decode("%2541%zz%4", true), "%41%zz%4");
        assert_eq!(decode(&encode("ä{b}.limit(3)&c=%"), true), "ä{b}.limit(3)&c=%");
    }

    #[test]
    fn the_last_value_counts() {
        let mut params = Params::of_form("a=1&a=2&b");
        params.extend(Params::of_json(br#"{"a":3,"list":[1,"x"]}"#).unwrap());
        assert_eq!(params.get("a"), Some("3"));
        assert_eq!(params.get("b"), Some(""));
        assert_eq!(params.get("list"), Some(r#"[1,"x"]"#));
    }
}
