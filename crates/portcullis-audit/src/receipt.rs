//! Receipts: one file that shows, without a server, that an event is in the log (C2SP tlog-proof).
//!
//! The leaf goes with it as the format's extra data; it proves itself by leading to the signed root.
//! Must not know what the event says.

use std::fmt;
use std::str::FromStr;

use crate::checkpoint::{Checkpoint, NoteError};
use crate::encoding::{from_base64, to_base64};
use crate::hash::{Hash, leaf_hash};
use crate::key::LogVerifier;
use crate::tree::{ProofError, verify_inclusion};

/// The first line of a receipt.
const HEAD: &str = "c2sp.org/tlog-proof@v1\n";
/// A log of 2⁶⁴ leaves has no longer proof.
const HASHES_MAX: usize = 64;
/// Most bytes of a receipt: a leaf of 16 KiB in base64, the hashes, and a note.
const RECEIPT_BYTES_MAX: usize = 40 * 1024;

/// Shows that a leaf is in the log that a checkpoint covers.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Receipt {
    /// The leaf's place, its revision.
    pub index: u64,
    /// The leaf, where it goes with the receipt.
    pub leaf: Option<Vec<u8>>,
    /// From the leaf's neighbour up to the root's child.
    pub hashes: Vec<Hash>,
    /// The checkpoint, a signed note.
    pub note: String,
}

/// Why a receipt shows nothing.
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
pub enum ReceiptError {
    /// It is not one.
    #[error("it is not a receipt; the first line of one is `c2sp.org/tlog-proof@v1`")]
    Unreadable,
    /// It does not bring the leaf.
    #[error("it does not hold the event that it is about")]
    NoLeaf,
    /// Its checkpoint is not believed.
    #[error("its checkpoint can't be believed: {0}")]
    Note(#[from] NoteError),
    /// The proof does not hold.
    #[error("the event does not belong to its checkpoint: {0}")]
    Proof(#[from] ProofError),
}

impl Receipt {
    /// Whether a text claims to be a receipt.
    #[must_use]
    pub fn is_one(text: &str) -> bool {
        text.starts_with(HEAD)
    }

    /// Whether the leaf leads to the root of the checkpoint, whoever has signed that.
    ///
    /// # Errors
    /// [`ReceiptError`].
    pub fn leads(&self) -> Result<Checkpoint, ReceiptError> {
        let checkpoint = Checkpoint::claimed(&self.note)?;
        let leaf = self.leaf.as_deref().ok_or(ReceiptError::NoLeaf)?;
        let (index, root) = (self.index, &checkpoint.root);
        verify_inclusion(&leaf_hash(leaf), index, checkpoint.size, &self.hashes, root)?;
        Ok(checkpoint)
    }

    /// Whether the leaf is in a log that this key has signed.
    ///
    /// # Errors
    /// [`ReceiptError`].
    pub fn verify(&self, key: &LogVerifier) -> Result<Checkpoint, ReceiptError> {
        Checkpoint::signed_by(&self.note, key)?;
        self.leads()
    }
}

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HEAD)?;
        if let Some(leaf) = &self.leaf {
            writeln!(f, "extra {}", to_base64(leaf))?;
        }
        writeln!(f, "index {}", self.index)?;
        for hash in &self.hashes {
            writeln!(f, "{}", hash.to_base64())?;
        }
        write!(f, "\n{}", self.note)
    }
}

impl FromStr for Receipt {
    type Err = ReceiptError;

    fn from_str(text: &str) -> Result<Self, ReceiptError> {
        if text.len() > RECEIPT_BYTES_MAX {
            return Err(ReceiptError::Unreadable);
        }
        read(text).filter(|receipt| receipt.to_string() == text).ok_or(ReceiptError::Unreadable)
    }
}

fn read(text: &str) -> Option<Receipt> {
    let (proof, note) = text.strip_prefix(HEAD)?.split_once("\n\n")?;
    let mut lines = proof.split('\n').peekable();
    let leaf = lines.next_if(|line| line.starts_with("extra "));
    let leaf = leaf.map(|line| from_base64(line.strip_prefix("extra ")?));
    let leaf = match leaf {
        Some(read) => Some(read?),
        None => None,
    };
    let index = lines.next()?.strip_prefix("index ")?.parse().ok()?;
    let hashes = lines.map(Hash::from_base64).collect::<Option<Vec<_>>>()?;
    (hashes.len() <= HASHES_MAX).then(|| Receipt { index, leaf, hashes, note: note.to_owned() })
}
