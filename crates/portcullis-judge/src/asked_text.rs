//! What a call asked, as it can be judged again later: canonical, and without any key.
//!
//! Must not know who keeps it or for how long.

use std::fmt;

use memchr::memchr_iter;
use portcullis_request::{Amendments, Arrival, Canonical, SentBody, SentTarget, write};
use portcullis_types::Method;

/// Longest path with query that is kept.
const TARGET_MAX: usize = 4 * 1024;
/// Longest body that is kept.
const BODY_MAX: usize = 8 * 1024;
/// Longest media type that is kept.
const KIND_MAX: usize = 256;
/// A shorter key might stand anywhere.
const KEY_MIN: usize = 8;

/// Why not all of a call is kept.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub enum NotKept {
    /// It is too long.
    TooLong,
    /// It holds what is a key, or looks like one, where none belongs.
    HoldsKey,
}

/// Where a call's key stood, or what stood in its place.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub enum CredentialAt {
    /// In a header.
    Header,
    /// In the query.
    Query,
    /// In the body.
    Body,
    /// Nowhere: the certificate of the connection did.
    Certificate,
}

/// What the last call of a [remembering](crate::Desk::remembering) desk asked. Its `Debug` shows
/// nothing a caller wrote.
pub struct AskedText {
    /// Whether there is anything.
    pub(crate) is_there: bool,
    method: Method,
    target: String,
    kind: Vec<u8>,
    body: Vec<u8>,
    has_body: bool,
    not_kept: Option<NotKept>,
    credential: Option<CredentialAt>,
}

impl AskedText {
    pub(crate) fn new() -> Self {
        Self {
            is_there: false,
            method: Method::Get,
            target: String::new(),
            kind: Vec::new(),
            body: Vec::new(),
            has_body: false,
            not_kept: None,
            credential: None,
        }
    }

    /// The method that was meant.
    #[must_use]
    pub const fn method(&self) -> Method {
        self.method
    }

    /// Path and query; empty where they are not kept.
    #[must_use]
    pub fn target(&self) -> &str {
        &self.target
    }

    /// The body's media type; empty where there is none.
    #[must_use]
    pub fn kind(&self) -> &[u8] {
        &self.kind
    }

    /// The body, as far as the gate reads it.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Whether there was a body, read or not.
    #[must_use]
    pub const fn has_body(&self) -> bool {
        self.has_body
    }

    /// Why not all of it is kept.
    #[must_use]
    pub const fn not_kept(&self) -> Option<NotKept> {
        self.not_kept
    }

    /// Where its key stood.
    #[must_use]
    pub const fn credential(&self) -> Option<CredentialAt> {
        self.credential
    }

    /// Keeps a call whose key is known.
    pub(crate) fn keep(&mut self, arrival: &Arrival<'_>, canonical: &Canonical<'_>) {
        let sent = write(canonical, &Amendments::default());
        self.target.clear();
        self.kind.clear();
        self.body.clear();
        (self.is_there, self.method, self.not_kept) = (true, sent.method, None);
        match &sent.target {
            SentTarget::Written(text) => self.target.push_str(text),
            SentTarget::AsReceived => {
                self.target.push_str(arrival.path);
                if let Some(query) = arrival.query {
                    self.target.push('?');
                    self.target.push_str(query);
                }
            }
        }
        let (kind, body): (&[u8], &[u8]) = match &sent.body {
            SentBody::None => (&[], &[]),
            SentBody::Unchanged => (arrival.content_type.unwrap_or_default(), arrival.body),
            SentBody::Params { content_type, bytes } => (content_type.as_bytes(), bytes),
        };
        self.has_body = match sent.body {
            SentBody::None => false,
            SentBody::Unchanged => arrival.has_body,
            SentBody::Params { .. } => true,
        };
        self.credential = if !arrival.header_keys.is_empty() {
            Some(CredentialAt::Header)
        } else if canonical.query_credential().is_some() {
            Some(CredentialAt::Query)
        } else if canonical.credential().is_some() {
            Some(CredentialAt::Body)
        } else {
            // Its caller is known, and by nothing that it sent.
            Some(CredentialAt::Certificate)
        };
        let key = canonical.credential().filter(|key| key.len() >= KEY_MIN);
        if self.target.len() > TARGET_MAX {
            self.leave_out(NotKept::TooLong);
        } else if holds_key(self.target.as_bytes(), key) {
            self.leave_out(NotKept::HoldsKey);
        } else if body.len() > BODY_MAX || kind.len() > KIND_MAX {
            self.not_kept = Some(NotKept::TooLong);
        } else if holds_key(body, key) || holds_key(kind, key) {
            self.not_kept = Some(NotKept::HoldsKey);
        } else {
            self.kind.extend_from_slice(kind);
            self.body.extend_from_slice(body);
        }
    }

    fn leave_out(&mut self, why: NotKept) {
        self.target.clear();
        self.not_kept = Some(why);
    }
}

/// Whether the key stands in a text, or what only keys hold (`ptc_`) or stand behind (`access_token`).
/// Looks at underscores: a search made ready for its key would cost each call more than the rest.
fn holds_key(text: &[u8], key: Option<&[u8]>) -> bool {
    let marked = |at: usize| {
        let (before, after) = text.split_at(at);
        before.ends_with(b"ptc") || before.ends_with(b"access") && after.starts_with(b"_token")
    };
    let other = key.filter(|key| !key.starts_with(b"ptc_"));
    let first = other.and_then(<[u8]>::first).copied();
    let begins = |at: usize| {
        let rest = text.get(at..).unwrap_or_default();
        other.is_some_and(|key| rest.starts_with(key))
    };
    memchr_iter(b'_', text).any(marked)
        || first.is_some_and(|first| memchr_iter(first, text).any(begins))
}

impl fmt::Debug for AskedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AskedText")
            .field("method", &self.method)
            .field("not_kept", &self.not_kept)
            .finish_non_exhaustive()
    }
}
