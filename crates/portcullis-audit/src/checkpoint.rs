//! Checkpoints: the size and root of the log, signed (C2SP tlog-checkpoint in a signed-note).
//!
//! Read strictly: a note that could be written in two ways could be changed unseen.

use crate::encoding::from_base64;
use crate::hash::Hash;
use crate::key::{LogKey, LogVerifier};

/// Most bytes of a note: three short lines and two signatures are about 400, each witness adds 150.
const NOTE_BYTES_MAX: usize = 4096;

/// The size and root of a log at one moment.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Checkpoint {
    /// The name of the log.
    pub origin: String,
    /// How many leaves it covers.
    pub size: u64,
    /// The root over them.
    pub root: Hash,
}

/// Why a note is no checkpoint of this log.
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
pub enum NoteError {
    /// It is not a signed note with a checkpoint.
    #[error("it is not a signed checkpoint")]
    Unreadable,
    /// A signature is missing, false, or one too many.
    #[error("it is not signed by {expected}, and by nothing else")]
    Signature {
        /// The keys that must sign, by name and fingerprint.
        expected: String,
    },
    /// This key has not signed it, or not this text.
    #[error("it is not signed by {expected}")]
    Unsigned {
        /// The key that must sign, by name and fingerprint.
        expected: String,
    },
    /// It is of another log.
    #[error("it is of the log `{0}`")]
    Origin(String),
}

impl Checkpoint {
    /// The signed text: origin, size, root, each on a line.
    pub(crate) fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, self.root.to_base64())
    }

    /// Reads a note without believing it: what it claims, before the signatures are checked.
    ///
    /// # Errors
    /// [`NoteError::Unreadable`].
    pub fn claimed(note: &str) -> Result<Self, NoteError> {
        let (text, _) = halves(note)?;
        let mut lines = text.lines();
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next())
        else {
            return Err(NoteError::Unreadable);
        };
        let size = size.parse().map_err(|_| NoteError::Unreadable)?;
        let root = Hash::from_base64(root).ok_or(NoteError::Unreadable)?;
        let checkpoint = Self { origin: origin.to_owned(), size, root };
        if checkpoint.text() == text { Ok(checkpoint) } else { Err(NoteError::Unreadable) }
    }

    /// Reads a note that must be signed by exactly these keys, in this order.
    ///
    /// # Errors
    /// [`NoteError`].
    pub fn open(note: &str, keys: &[&LogVerifier]) -> Result<Self, NoteError> {
        let checkpoint = Self::claimed(note)?;
        let (text, signatures) = halves(note)?;
        let mut lines = signatures.split_terminator('\n');
        let signed = !keys.is_empty()
            && signatures.ends_with('\n')
            && keys.iter().all(|key| {
                let word = lines.next().and_then(|line| line.strip_prefix("\u{2014} "));
                let word = word.and_then(|line| line.strip_prefix(key.name())?.strip_prefix(' '));
                word.is_some_and(|word| key.accepts(text.as_bytes(), word))
            });
        if !signed || lines.next().is_some() {
            let names: Vec<_> =
                keys.iter().map(|key| format!("{}+{}", key.name(), key.fingerprint())).collect();
            return Err(NoteError::Signature { expected: names.join(" and ") });
        }
        match keys.iter().find(|key| key.name() != checkpoint.origin) {
            Some(_) => Err(NoteError::Origin(checkpoint.origin)),
            None => Ok(checkpoint),
        }
    }
}

impl Checkpoint {
    /// Reads a note that this key has signed, whoever else has: lines of other keys, such as those
    /// of witnesses, are passed over, and a false line of this key is refused.
    ///
    /// # Errors
    /// [`NoteError`].
    pub fn signed_by(note: &str, key: &LogVerifier) -> Result<Self, NoteError> {
        let checkpoint = Self::claimed(note)?;
        let (text, signatures) = halves(note)?;
        if checkpoint.origin != key.name() {
            return Err(NoteError::Origin(checkpoint.origin));
        }
        let mine = words_of(signatures, key.name(), key.hash())?;
        if mine.is_empty() || !mine.iter().all(|word| key.accepts(text.as_bytes(), word)) {
            let expected = format!("{}+{}", key.name(), key.fingerprint());
            return Err(NoteError::Unsigned { expected });
        }
        Ok(checkpoint)
    }
}

/// The last words of the signature lines that name this key, of lines that are all well formed.
pub(crate) fn words_of<'a>(
    signatures: &'a str,
    name: &str,
    hash: [u8; 4],
) -> Result<Vec<&'a str>, NoteError> {
    let mut words = Vec::new();
    if !signatures.ends_with('\n') {
        return Err(NoteError::Unreadable);
    }
    for line in signatures.split_terminator('\n') {
        let named = line.strip_prefix("\u{2014} ").and_then(|line| line.split_once(' '));
        let (signer, word) = named.ok_or(NoteError::Unreadable)?;
        let bytes = from_base64(word).ok_or(NoteError::Unreadable)?;
        if signer == name && bytes.starts_with(&hash) {
            words.push(word);
        }
    }
    Ok(words)
}

/// A checkpoint as a signed note, one signature line for each key in order.
#[must_use]
pub fn sign(checkpoint: &Checkpoint, keys: &[&LogKey]) -> String {
    let text = checkpoint.text();
    let mut note = format!("{text}\n");
    for key in keys {
        note.push_str(&format!("\u{2014} {} {}\n", key.public().name(), key.sign(text.as_bytes())));
    }
    note
}

/// The text with its last newline, and the signature lines after the empty line.
pub(crate) fn halves(note: &str) -> Result<(&str, &str), NoteError> {
    if note.len() > NOTE_BYTES_MAX {
        return Err(NoteError::Unreadable);
    }
    let at = note.find("\n\n").ok_or(NoteError::Unreadable)?;
    let (text, rest) = note.split_at_checked(at + 1).ok_or(NoteError::Unreadable)?;
    Ok((text, rest.strip_prefix('\n').ok_or(NoteError::Unreadable)?))
}
