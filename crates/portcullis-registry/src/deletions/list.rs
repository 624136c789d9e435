//! Lists of duties: who received what was taken back, and a commitment to each list.
//!
//! Must not know how it is found out who holds something, or where lists are kept.

use std::collections::BTreeMap;
use std::fmt;

use portcullis_types::{LedgerKind, PartnerId, Wall};
use sha2::{Digest, Sha256};

use super::{DeletionCause, DeletionDone, DeletionPost};
use crate::office::BoxFuture;
use crate::plan::hex;

/// A partner that received something.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Held {
    /// Who.
    pub partner: PartnerId,
    /// When first.
    pub first: Wall,
    /// When last.
    pub last: Wall,
}

/// What something of the ledger is called: a record, or an account, by its id.
pub type LedgerName = (LedgerKind, String);

/// Who holds something: one answer for each that was asked about.
pub type WhoHolds = Vec<Vec<Held>>;

/// Why nobody can be told who holds something. What was asked about is asked again.
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct HoldersError(pub String);

/// Knows which partners received a record, or anything of an account. The ledger does.
pub trait Holders: fmt::Debug + Send + Sync {
    /// The partners that received each of these, in their order. A partner that received none is in
    /// none.
    fn holders(&self, asked: Vec<LedgerName>) -> BoxFuture<'_, Result<WhoHolds, HoldersError>>;

    /// Looks out for these, each until a moment: answers that hold any of them may be on their way.
    fn look_out(&self, names: Vec<(LedgerName, Wall)>);

    /// What of that some partner received since the last answer; waits until one does. Whoever drops the
    /// answer before it is there has lost nothing.
    fn seen(&self) -> BoxFuture<'_, Vec<LedgerName>>;

    /// The partners that received anything of these classes on a day (in days since 1970 as UTC counts),
    /// and how many records.
    fn received(
        &self,
        classes: Vec<String>,
        day: u32,
    ) -> BoxFuture<'_, Result<Vec<(PartnerId, u64)>, HoldersError>>;
}

/// Posts by their place, with when each was received first and last, for each partner and cause.
pub type ToldOf = BTreeMap<(PartnerId, DeletionCause), Vec<(usize, Wall, Wall)>>;

/// Whom to tell of what: the posts, by their place, that each partner received, by cause. Who received
/// nothing is not in it.
#[must_use]
pub fn told_of(posts: &[DeletionPost], held: &[Vec<Held>]) -> ToldOf {
    let mut told = ToldOf::new();
    for (at, (post, holders)) in posts.iter().zip(held).enumerate() {
        for Held { partner, first, last } in holders {
            told.entry((partner.clone(), post.what)).or_default().push((at, *first, *last));
        }
    }
    told
}

/// What makes a digest over few ids one that nobody finds by trying; random, one for each list.
#[derive(Clone, Copy, Eq, PartialEq)]
pub struct DeletionSalt(pub [u8; 16]);

impl fmt::Debug for DeletionSalt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DeletionSalt(redacted)")
    }
}

/// One line of a list, as the commitment has it.
#[derive(Clone, Eq, PartialEq, Ord, PartialOrd)]
pub struct DeletionLine {
    /// The platform's id of what happened.
    pub post: String,
    /// Whether it is a record.
    pub kind: LedgerKind,
    /// Its id.
    pub name: String,
}

impl fmt::Debug for DeletionLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DeletionLine({}, redacted)", self.post)
    }
}

/// The name of a kind as feeds and lists write it.
#[must_use]
pub(crate) fn kind_name(kind: LedgerKind) -> &'static str {
    match kind {
        LedgerKind::Record => "record",
        LedgerKind::Owner => "owner",
        LedgerKind::Place => "place",
    }
}

impl DeletionSalt {
    /// The commitment to a list: SHA-256 over the salt, the cause and a line for each, in the order of
    /// the lines as bytes. The partner that has salt and list can make it again.
    #[must_use]
    pub fn list(&self, cause: DeletionCause, lines: &[DeletionLine]) -> String {
        let texts = lines
            .iter()
            .map(|line| format!("{} {} {}\n", line.post, kind_name(line.kind), line.name));
        self.over(cause.name(), texts.collect())
    }

    /// The commitment to what a partner did about each record, by its number in the list.
    #[must_use]
    pub fn answer(&self, said: &[(i64, DeletionDone, String)]) -> String {
        let texts =
            said.iter().map(|(seq, done, reason)| format!("{seq:020} {} {reason}\n", done.name()));
        self.over("answer", texts.collect())
    }

    fn over(&self, first: &str, mut lines: Vec<String>) -> String {
        lines.sort_unstable();
        let mut digest = Sha256::new();
        digest.update(self.0);
        digest.update(first.as_bytes());
        digest.update(b"\n");
        for line in lines {
            digest.update(line.as_bytes());
        }
        hex(&digest.finalize())
    }
}
