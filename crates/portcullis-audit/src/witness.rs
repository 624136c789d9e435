//! What a witness looks at before it signs: that a log only grew (C2SP tlog-witness).
//!
//! Pure: whoever runs one keeps the newest checkpoint of each log, and lets no two requests of one
//! log pass at once. Must not know HTTP, files or a clock.

use std::fmt;
use std::str::FromStr;

use crate::checkpoint::{Checkpoint, NoteError};
use crate::cosign::WitnessKey;
use crate::hash::{Hash, empty_root};
use crate::key::LogVerifier;
use crate::tree::{ProofError, verify_consistency};

/// Most hashes of a consistency proof, by the specification.
const HASHES_MAX: usize = 63;

/// A log's wish to have a checkpoint cosigned.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct AddCheckpoint {
    /// The size of the checkpoint that the witness signed last; 0 for none.
    pub old: u64,
    /// Shows that the log of then is the beginning of the log of now.
    pub proof: Vec<Hash>,
    /// The checkpoint, a signed note.
    pub note: String,
}

impl fmt::Display for AddCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "old {}", self.old)?;
        for hash in &self.proof {
            writeln!(f, "{}", hash.to_base64())?;
        }
        write!(f, "\n{}", self.note)
    }
}

impl FromStr for AddCheckpoint {
    type Err = WitnessError;

    fn from_str(text: &str) -> Result<Self, WitnessError> {
        read(text).filter(|read| read.to_string() == text).ok_or(WitnessError::Unreadable)
    }
}

fn read(text: &str) -> Option<AddCheckpoint> {
    let (head, note) = text.split_once("\n\n")?;
    let mut lines = head.split('\n');
    let old = lines.next()?.strip_prefix("old ")?.parse().ok()?;
    let proof = lines.map(Hash::from_base64).collect::<Option<Vec<_>>>()?;
    (proof.len() <= HASHES_MAX).then(|| AddCheckpoint { old, proof, note: note.to_owned() })
}

/// Why a witness does not sign.
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
pub enum WitnessError {
    /// It is no request.
    #[error(
        "the request is none: it has a line `old SIZE`, up to 63 hashes in base64, an empty line, and a checkpoint"
    )]
    Unreadable,
    /// A log that this witness does not know.
    #[error(
        "this witness does not know the log `{0}`; its operator names the key of a log with `--log`"
    )]
    UnknownLog(String),
    /// No known key has signed.
    #[error("no key that this witness knows has signed the checkpoint: {0}")]
    Unsigned(NoteError),
    /// The log is shorter than it says it was.
    #[error("the old size {old} is beyond the checkpoint's size {size}")]
    Backwards {
        /// What it says it was.
        old: u64,
        /// What it says it is.
        size: u64,
    },
    /// The witness signed another size last.
    #[error("the checkpoint signed last has size {0}; send a proof from there")]
    OtherSize(u64),
    /// The same size with another root: the log has two histories.
    #[error("the log signed another root for its first {0} events: it shows two histories")]
    Forked(u64),
    /// The proof does not lead from the one to the other.
    #[error("the log of then is not shown to be the beginning of the log of now: {0}")]
    NotShown(ProofError),
}

/// A witness: its key, and the keys of the logs that it knows.
#[derive(Debug)]
pub struct Witness {
    key: WitnessKey,
    logs: Vec<LogVerifier>,
}

impl Witness {
    /// A witness for these logs; a log whose key changes has two for a time.
    #[must_use]
    pub fn new(key: WitnessKey, logs: Vec<LogVerifier>) -> Self {
        Self { key, logs }
    }

    /// Its key.
    #[must_use]
    pub fn key(&self) -> &WitnessKey {
        &self.key
    }

    /// The checkpoint that a known log has signed.
    ///
    /// # Errors
    /// [`WitnessError`].
    pub fn opened(&self, note: &str) -> Result<Checkpoint, WitnessError> {
        let claimed = Checkpoint::claimed(note).map_err(|_| WitnessError::Unreadable)?;
        let known = self.logs.iter().filter(|log| log.name() == claimed.origin);
        let opened = known.map(|log| Checkpoint::signed_by(note, log)).reduce(Result::or);
        match opened {
            Some(opened) => opened.map_err(WitnessError::Unsigned),
            None => Err(WitnessError::UnknownLog(claimed.origin.chars().take(120).collect())),
        }
    }

    /// Whether the log only grew since the checkpoint that was signed last.
    ///
    /// # Errors
    /// [`WitnessError`].
    pub fn grew(
        request: &AddCheckpoint,
        now: &Checkpoint,
        last: Option<&Checkpoint>,
    ) -> Result<(), WitnessError> {
        let (old, size) = (request.old, now.size);
        if old > size {
            return Err(WitnessError::Backwards { old, size });
        }
        let known = last.map_or(0, |last| last.size);
        if old != known {
            return Err(WitnessError::OtherSize(known));
        }
        let root = last.map_or_else(empty_root, |last| last.root);
        let shown = match old {
            // Everything begins with nothing, and only nothing is as long as nothing.
            0 if !request.proof.is_empty() => Err(ProofError::WrongLength),
            0 if size > 0 || now.root == root => Ok(()),
            0 => Err(ProofError::WrongRoot),
            _ => verify_consistency((old, &root), (size, &now.root), &request.proof),
        };
        shown.map_err(|error| match error {
            ProofError::WrongRoot if old == size => WitnessError::Forked(size),
            error => WitnessError::NotShown(error),
        })
    }

    /// The line under a checkpoint that grew and is kept; `seconds` is the time by Unix.
    #[must_use]
    pub fn sign(&self, checkpoint: &Checkpoint, seconds: u64) -> String {
        self.key.cosign(checkpoint, seconds)
    }
}
