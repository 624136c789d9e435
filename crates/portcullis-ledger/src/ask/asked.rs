//! What is looked for in the records, and what is found.
//!
//! Must not know how records are gone through.

use std::sync::Arc;

use portcullis_types::{LedgerKind, RequestId, Wall};

use crate::Terms;

/// What is looked for.
pub(crate) struct Asked<'a> {
    pub(crate) kind: LedgerKind,
    pub(crate) ids: &'a [&'a str],
    pub(crate) since: Wall,
    pub(crate) until: Wall,
    /// For this partner only.
    pub(crate) partner: Option<&'a str>,
    /// For this client only.
    pub(crate) client: Option<&'a str>,
    pub(crate) with_requests: bool,
}

/// Most ids that are asked about at once: each is digested for each day, and counted by day and partner.
pub const IDS_MAX: usize = 100_000;

impl Asked<'_> {
    pub(crate) fn is_told(&self, partner: &str, client: Option<&str>) -> bool {
        self.partner.is_none_or(|wanted| partner == wanted)
            && self.client.is_none_or(|wanted| client == Some(wanted))
    }
}

/// A record that is one of those.
pub(crate) struct Hit<'a> {
    pub(crate) at: Wall,
    pub(crate) partner: &'a Arc<str>,
    pub(crate) client: Option<&'a Arc<str>>,
    /// Where requests are told.
    pub(crate) key: Option<&'a Arc<str>>,
    pub(crate) terms: &'a Arc<Terms>,
    pub(crate) class: &'a Arc<str>,
    /// The day whose key told it.
    pub(crate) day: u32,
    /// Which of the ids, by its place in the list.
    pub(crate) which: u32,
    /// Grows with each answer; hits of the same answer follow each other.
    pub(crate) answer: u64,
    pub(crate) request: Option<&'a RequestId>,
}
