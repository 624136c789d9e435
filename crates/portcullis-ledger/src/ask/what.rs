//! What a partner received.
//!
//! Must not know how it is summed up.

use portcullis_types::Wall;
use serde::Serialize;

use crate::ask::sums::{Sums, Which, sums};
use crate::{LedgerError, Library};

/// What a partner received.
#[derive(Debug, Clone, Eq, PartialEq, Serialize)]
pub struct What {
    /// The partner.
    pub partner: String,
    /// For this client only; none: for all of them and for none.
    pub client: Option<String>,
    /// From this moment on.
    pub since: Wall,
    /// Before this moment.
    pub until: Wall,
    /// What left.
    #[serde(flatten)]
    pub sums: Sums,
    /// Days whose key was dropped: their answers are counted, and their owners, places and cells are not.
    pub shredded: Vec<u32>,
}

/// What a partner received, for one client or all, in answers to calls from `since` on and before `until`.
///
/// # Errors
/// [`LedgerError`] where anything of that time can't be read: half an answer is none.
pub fn what<L: Library>(
    library: &L,
    partner: &str,
    client: Option<&str>,
    since: Wall,
    until: Wall,
) -> Result<What, LedgerError> {
    let (sums, shredded) = sums(library, Which { partner: Some(partner), client, since, until })?;
    let (partner, client) = (partner.to_owned(), client.map(str::to_owned));
    Ok(What { partner, client, since, until, sums, shredded: shredded.into_iter().collect() })
}
