//! A call as it came in, and how much of it is read.
//!
//! Must not know what any of it means.

use std::fmt;

use zeroize::Zeroizing;

/// A call as it came in. Its `Debug` shows nothing a caller wrote, since a key may be anywhere in it.
#[derive(Clone, Copy)]
pub struct Arrival<'a> {
    /// The method as written.
    pub method: &'a str,
    /// The path as written, still percent-encoded, without the query.
    pub path: &'a str,
    /// The query as written, without the question mark.
    pub query: Option<&'a str>,
    /// The one `Content-Type` field, where there is one.
    pub content_type: Option<&'a [u8]>,
    /// Credentials found in header fields, without their scheme, one for each field.
    pub header_keys: &'a [&'a [u8]],
    /// The whole body where [`crate::wants_body`] asked for it; empty otherwise.
    pub body: &'a [u8],
    /// Whether the call has a body at all.
    pub has_body: bool,
}

impl fmt::Debug for Arrival<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arrival")
            .field("path_bytes", &self.path.len())
            .field("query_bytes", &self.query.map(str::len))
            .field("header_keys", &self.header_keys.len())
            .field("body_bytes", &self.body.len())
            .field("has_body", &self.has_body)
            .finish_non_exhaustive()
    }
}

/// How much of a call is read; beyond it the call is refused.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub struct Bounds {
    /// Most bytes of the path.
    pub path_bytes_max: usize,
    /// Most bytes of the query.
    pub query_bytes_max: usize,
    /// Most parameters, of query and body each, files among them.
    pub params_max: usize,
    /// Most bytes of a body that holds parameters.
    pub body_bytes_max: usize,
    /// How deep `fields` may nest; a plain list is 1.
    pub fields_depth_max: usize,
    /// Most names in one `fields`.
    pub fields_max: usize,
    /// Most ids in one `ids`.
    pub ids_max: usize,
    /// Most entries of a batch.
    pub entries_max: usize,
    /// Most asks of one call, or of all entries of a batch.
    pub asks_max: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            path_bytes_max: 8 * 1024,
            query_bytes_max: 16 * 1024,
            params_max: 256,
            body_bytes_max: 1024 * 1024,
            fields_depth_max: 8,
            fields_max: 256,
            ids_max: 50,
            entries_max: 50,
            asks_max: 256,
        }
    }
}

/// The key a caller presented, wherever it stood. Wiped when dropped, if it had to be copied.
pub(crate) enum Presented<'a> {
    /// It stands in the arrival.
    Borrowed(&'a [u8]),
    /// It had to be decoded.
    Owned(Zeroizing<Vec<u8>>),
}

impl Presented<'_> {
    pub(crate) fn bytes(&self) -> &[u8] {
        match self {
            Self::Borrowed(bytes) => bytes,
            Self::Owned(bytes) => bytes,
        }
    }
}
