//! What somebody kept of the log at an earlier time: a checkpoint or a receipt.
//!
//! Whoever holds the log's key can write another log and sign it again. A root that was kept
//! elsewhere shows it: the first events of the log must still lead to it.

use crate::checkpoint::{Checkpoint, NoteError};
use crate::hash::{Hash, leaf_hash};
use crate::key::LogVerifier;
use crate::receipt::{Receipt, ReceiptError};
use crate::verdict::Fault;

/// A checkpoint, or a receipt with its checkpoint.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Kept {
    claimed: Checkpoint,
    note: String,
    /// The place and hash of the receipt's event.
    leaf: Option<(u64, Hash)>,
}

/// Why a text is nothing to compare a log with.
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
pub enum KeptError {
    /// Neither of the two.
    #[error(
        "it is neither a checkpoint nor a receipt of a log: `/log/checkpoint` of a gate gives the one, `portcullis audit receipt` the other"
    )]
    Unreadable(#[source] NoteError),
    /// A receipt that contradicts itself or holds too little.
    #[error("the receipt shows nothing: {0}")]
    Receipt(#[from] ReceiptError),
}

impl Kept {
    /// Reads either of them. Signatures are looked at when the log's keys are known.
    ///
    /// # Errors
    /// [`KeptError`].
    pub fn read(text: &str) -> Result<Self, KeptError> {
        if Receipt::is_one(text) {
            let receipt: Receipt = text.parse()?;
            let claimed = receipt.leads()?;
            let leaf = receipt.leaf.as_deref().map(|leaf| (receipt.index, leaf_hash(leaf)));
            return Ok(Self { claimed, note: receipt.note, leaf });
        }
        let claimed = Checkpoint::claimed(text).map_err(KeptError::Unreadable)?;
        if claimed.size == 0 {
            return Err(KeptError::Unreadable(NoteError::Unreadable));
        }
        Ok(Self { claimed, note: text.to_owned(), leaf: None })
    }

    /// What the checkpoint claims.
    #[must_use]
    pub fn claimed(&self) -> &Checkpoint {
        &self.claimed
    }

    /// The signed note.
    #[must_use]
    pub fn note(&self) -> &str {
        &self.note
    }

    /// Compares the event at its place.
    pub(crate) fn event(&self, rev: u64, hash: &Hash) -> Result<(), Fault> {
        match &self.leaf {
            Some((index, kept)) if *index == rev && kept != hash => Err(Fault {
                revision: Some(rev),
                why: "the log was rewritten: the receipt that was kept is about another event here"
                    .to_owned(),
            }),
            _ => Ok(()),
        }
    }

    /// Compares the root once the log has come to its size.
    pub(crate) fn root(&self, root: &Hash, keys: &[LogVerifier]) -> Result<(), Fault> {
        let size = self.claimed.size;
        let fault = |why| Err(Fault { revision: None, why });
        let opened = keys.iter().map(|key| Checkpoint::signed_by(&self.note, key));
        let opened = opened.reduce(Result::or);
        match opened {
            Some(Ok(_)) => {}
            Some(Err(error)) => {
                return fault(format!(
                    "the checkpoint of size {size} that was kept is not one of this log: {error}"
                ));
            }
            None => return fault("the log names no key that could have signed".to_owned()),
        }
        if self.claimed.root == *root {
            return Ok(());
        }
        fault(format!(
            "the log was rewritten: its own key once signed another root for its first {size} events, {} where it is {} now",
            self.claimed.root.to_base64(),
            root.to_base64()
        ))
    }

    /// A log that ends before its size.
    pub(crate) fn missing(&self, there: u64) -> Fault {
        let why = format!(
            "the log was cut: the checkpoint that was kept covers {} events and {there} are there",
            self.claimed.size
        );
        Fault { revision: Some(there), why }
    }
}
