//! One call typed or written down, as the judge takes it.
//!
//! Must not judge.

use portcullis_judge::Arrival;

/// A call, and what was sent with it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a str,
    /// Path and query.
    pub(crate) target: &'a str,
    pub(crate) body: Option<&'a [u8]>,
    pub(crate) content_type: Option<&'a str>,
}

/// What a body is, where nobody says.
const FORM: &str = "application/x-www-form-urlencoded";

impl<'a> Asked<'a> {
    /// As it would arrive, without a key: whose it is, is known otherwise.
    pub(crate) fn arrival(&self) -> Arrival<'a> {
        let (path, query) = match self.target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (self.target, None),
        };
        let content_type = self.content_type.or_else(|| self.body.map(|_| FORM));
        Arrival {
            method: self.method,
            path,
            query,
            content_type: content_type.map(str::as_bytes),
            header_keys: &[],
            body: self.body.unwrap_or_default(),
            has_body: self.body.is_some(),
        }
    }
}
