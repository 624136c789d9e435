//! The canonical request: a call in its one reading.
//!
//! Must not know how it is read from bytes, or written.

use std::borrow::Cow;
use std::fmt;

use portcullis_catalogue::Operation;
use portcullis_types::{Method, Refusal};

use crate::arrival::Presented;
use crate::multipart::Parts;
use crate::params::{Param, Params};

/// A call in its one reading. Its `Debug` shows no value that a caller wrote.
pub struct Canonical<'a> {
    /// The method that is meant, and sent.
    pub method: Method,
    /// The path that is matched, and sent.
    pub path: Cow<'a, str>,
    /// The operation, or why there is none. To be told only to a caller with a valid key.
    pub operation: Result<&'a Operation, Refusal>,
    pub(crate) target: Option<(usize, usize)>,
    pub(crate) params: Params<'a>,
    pub(crate) key: Option<Presented<'a>>,
    pub(crate) key_in_query: bool,
    pub(crate) target_as_received: bool,
    pub(crate) body: Body<'a>,
    pub(crate) received: (Option<&'a [u8]>, &'a [u8]),
}

/// What body a call has, keys and query parameters aside.
pub(crate) enum Body<'a> {
    None,
    /// Not read by the gate.
    Stream,
    Form,
    Json,
    Multipart(Parts<'a>),
}

impl Canonical<'_> {
    /// The caller's key, wherever it stood; an empty one counts as none.
    #[must_use]
    pub fn credential(&self) -> Option<&[u8]> {
        self.key.as_ref().map(Presented::bytes).filter(|bytes| !bytes.is_empty())
    }

    /// The caller's key, where it stood in the query of this very call.
    #[must_use]
    pub fn query_credential(&self) -> Option<&[u8]> {
        self.credential().filter(|_| self.key_in_query)
    }

    /// The id of the node in the path, where the operation has a target.
    #[must_use]
    pub fn target(&self) -> Option<&str> {
        let (start, end) = self.target?;
        self.path.get(start..end)
    }

    /// The parameters that are sent, without keys.
    #[must_use]
    pub fn params(&self) -> &[Param<'_>] {
        &self.params
    }

    /// Whether path and query stand as they came in, so that nothing need be written.
    #[must_use]
    pub const fn target_as_received(&self) -> bool {
        self.target_as_received
    }
}

impl fmt::Debug for Canonical<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Canonical")
            .field("method", &self.method)
            .field("operation", &self.operation.as_ref().map(|operation| &operation.name).ok())
            .field("params", &self.params)
            .field("key", &self.key.as_ref().map(|_| "redacted"))
            .finish_non_exhaustive()
    }
}
