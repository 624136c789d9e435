//! How much left between a first breach and the moment from which it was stopped.
//!
//! Must not know how it is summed up.

use portcullis_types::Wall;
use serde::Serialize;

use crate::ask::sums::{Sums, Which, sums};
use crate::{LedgerError, Library};

/// How much left between two moments.
#[derive(Debug, Clone, Eq, PartialEq, Serialize)]
pub struct Between {
    /// From this moment on.
    pub from: Wall,
    /// Before this moment.
    pub to: Wall,
    /// To this partner only; none: to all of them.
    pub partner: Option<String>,
    /// What left.
    #[serde(flatten)]
    pub sums: Sums,
    /// Days whose key was dropped: their answers are counted, and their owners, places and cells are not.
    pub shredded: Vec<u32>,
}

/// How much left in answers to calls from `from` on and before `to`.
///
/// # Errors
/// [`LedgerError`] where anything of that time can't be read: half an answer is none.
pub fn between<L: Library>(
    library: &L,
    from: Wall,
    to: Wall,
    partner: Option<&str>,
) -> Result<Between, LedgerError> {
    let (sums, shredded) = sums(library, Which { partner, client: None, since: from, until: to })?;
    let partner = partner.map(str::to_owned);
    Ok(Between { from, to, partner, sums, shredded: shredded.into_iter().collect() })
}
