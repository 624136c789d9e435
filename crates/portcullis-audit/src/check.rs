//! The check of a whole log, event by event and checkpoint by checkpoint.
//!
//! The caller feeds rows in order and stops at the first fault. The log names its own keys: the
//! first event the first key, a rotation the next, signed by both. So a log is whole in itself;
//! that it is *ours* needs a key from elsewhere, see [`LogCheck::finish`].

mod end;

use serde::Deserialize;

use crate::checkpoint::{Checkpoint, NoteError};
use crate::hash::{Peaks, leaf_hash};
use crate::kept::Kept;
use crate::key::LogVerifier;
use crate::leaf::VERSION;
use crate::sealed::VERSION_SEALED;
use crate::verdict::{Fault, at, cut};

/// The check under way.
#[derive(Debug, Default)]
pub struct LogCheck {
    peaks: Peaks,
    /// The key in force and the one before it, which may sign beside it for a time.
    keys: Vec<LogVerifier>,
    /// Whether no checkpoint has been signed yet since the last rotation: both must sign that one.
    rotated: bool,
    /// How many of the keys have signed the newest checkpoint.
    signers: usize,
    checkpoints: u64,
    signed: u64,
    beside: Option<(Checkpoint, String)>,
    /// What was kept elsewhere, as far as the log has not come to it yet.
    kept: Vec<Kept>,
    held: u64,
}

/// What the check needs of any leaf.
#[derive(Deserialize)]
struct Head {
    v: u64,
    rev: u64,
    event: KeyNaming,
}

/// What it needs of the two events that name a key.
#[derive(Deserialize)]
struct KeyNaming {
    r#type: String,
    #[serde(default)]
    log_key: Option<String>,
}

impl LogCheck {
    /// Begins. `beside` is the newest checkpoint as it was kept outside the log, where it was: it
    /// shows when events were cut off together with their checkpoints.
    ///
    /// # Errors
    /// [`Fault`] when `beside` is no checkpoint at all.
    pub fn new(beside: Option<&str>) -> Result<Self, Fault> {
        let mut check = Self::default();
        check.beside(beside)?;
        Ok(check)
    }

    /// Takes the checkpoint beside the log as it is now, before the check goes on.
    ///
    /// # Errors
    /// [`Fault`] when it is no checkpoint at all, or not of what was taken so far.
    pub fn beside(&mut self, beside: Option<&str>) -> Result<(), Fault> {
        let claimed = beside.map(|note| Ok((Checkpoint::claimed(note)?, note.to_owned())));
        let claimed = claimed.transpose().map_err(|error: NoteError| Fault {
            revision: None,
            why: format!("the checkpoint file beside the log can't be used: {error}"),
        })?;
        // One of before says nothing new.
        self.beside = claimed.filter(|(claimed, _)| claimed.size >= self.peaks.size());
        self.beside_reached()
    }

    /// Compares the log with what was kept of it elsewhere, too.
    #[must_use]
    pub fn against(mut self, kept: Vec<Kept>) -> Self {
        self.kept = kept;
        self
    }

    /// How many events were taken.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.peaks.size()
    }

    /// The key in force.
    #[must_use]
    pub fn key(&self) -> Option<&LogVerifier> {
        self.keys.first()
    }

    /// The key before it, where there was one.
    #[must_use]
    pub fn key_before(&self) -> Option<&LogVerifier> {
        self.keys.get(1)
    }

    /// The subtree roots so far, to go on appending from.
    #[must_use]
    pub fn peaks(&self) -> &Peaks {
        &self.peaks
    }

    /// Takes the next event: its number in the store, its leaf, and the leaf hash stored with it.
    ///
    /// # Errors
    /// [`Fault`] naming the revision that is missing or touched.
    pub fn event(&mut self, rev: u64, leaf: &[u8], stored_hash: &[u8]) -> Result<(), Fault> {
        let expected = self.peaks.size();
        if rev != expected {
            return Err(at(expected, "the event is missing from the store"));
        }
        let hash = leaf_hash(leaf);
        if stored_hash != hash.0 {
            return Err(at(
                rev,
                "the event does not match its stored hash: one of them was changed",
            ));
        }
        let head: Head = serde_json::from_slice(leaf)
            .map_err(|error| at(rev, format!("the event is not readable: {error}")))?;
        if !(VERSION..=VERSION_SEALED).contains(&head.v) || head.rev != rev {
            return Err(at(rev, format!("the event calls itself revision {}", head.rev)));
        }
        self.kept.iter().try_for_each(|kept| kept.event(rev, &hash))?;
        self.peaks.append(hash);
        self.learn_key(rev, &head.event)?;
        self.beside_reached()?;
        self.kept_reached()
    }

    /// What was kept must say the same as the log at its size.
    fn kept_reached(&mut self) -> Result<(), Fault> {
        let size = self.peaks.size();
        if self.kept.iter().any(|kept| kept.claimed().size == size) {
            let root = self.peaks.root();
            for kept in self.kept.extract_if(.., |kept| kept.claimed().size == size) {
                kept.root(&root, &self.keys)?;
                self.held += 1;
            }
        }
        Ok(())
    }

    fn learn_key(&mut self, rev: u64, event: &KeyNaming) -> Result<(), Fault> {
        let opening = event.r#type == "log.opened";
        if opening != (rev == 0) {
            return Err(at(rev, "the first event, and no other, opens a log"));
        }
        if !opening && event.r#type != "secret.rotated" {
            return Ok(());
        }
        match &event.log_key {
            Some(key) => {
                let key: LogVerifier = key.parse().map_err(|error| at(rev, format!("{error}")))?;
                if self.keys.first().is_some_and(|old| old.name() != key.name()) {
                    return Err(at(rev, "the new log key has another name than the log"));
                }
                self.keys.truncate(1);
                self.keys.insert(0, key);
                self.rotated = !opening;
                Ok(())
            }
            None if opening => Err(at(rev, "the first event names no log key")),
            None => Ok(()),
        }
    }

    /// Takes a stored checkpoint; it must come right after the last event it covers. With
    /// `signatures` false only its size and root are compared, for a quick start.
    ///
    /// # Errors
    /// [`Fault`] naming the first revision that the checkpoint does not vouch for.
    pub fn checkpoint(&mut self, size: u64, note: &str, signatures: bool) -> Result<(), Fault> {
        if size > self.peaks.size() {
            return Err(at(self.peaks.size(), cut(size, self.peaks.size())));
        }
        if size < self.peaks.size() || size <= self.signed {
            return Err(at(size.saturating_sub(1), "its checkpoint is out of order"));
        }
        let found = if signatures || self.rotated {
            self.open(note)
        } else {
            Checkpoint::claimed(note).map(|found| (found, 1))
        };
        let (found, signers) = found.map_err(|error| {
            at(size.saturating_sub(1), format!("the checkpoint over it can't be believed: {error}"))
        })?;
        self.compare(&found)?;
        if found.size != size {
            let why =
                format!("its checkpoint is stored for size {size} and signed for {}", found.size);
            return Err(at(size.saturating_sub(1), why));
        }
        self.rotated = false;
        self.signers = signers;
        self.signed = size;
        self.checkpoints += 1;
        Ok(())
    }

    /// The copy beside the log must say the same as the log at its size.
    fn beside_reached(&mut self) -> Result<(), Fault> {
        let reached = |(claimed, _): &mut (Checkpoint, String)| claimed.size == self.peaks.size();
        let Some((_, note)) = self.beside.take_if(reached) else { return Ok(()) };
        let (believed, _) = self.open(&note).map_err(|error| Fault {
            revision: self.peaks.size().checked_sub(1),
            why: format!("the checkpoint file beside the log does not belong to it: {error}"),
        })?;
        self.compare(&believed)
    }

    /// Opens a checkpoint that the key in force has signed, alone or with the one before it, and says
    /// how many have.
    fn open(&self, note: &str) -> Result<(Checkpoint, usize), NoteError> {
        let keys: Vec<&LogVerifier> = self.keys.iter().collect();
        let both = Checkpoint::open(note, &keys).map(|found| (found, keys.len()));
        match keys.split_first() {
            Some((newest, [_])) if !self.rotated => {
                both.or_else(|_| Checkpoint::open(note, &[newest]).map(|found| (found, 1)))
            }
            _ => both,
        }
    }

    fn compare(&self, found: &Checkpoint) -> Result<(), Fault> {
        if found.size == self.peaks.size() && found.root != self.peaks.root() {
            let last = self.peaks.size().saturating_sub(1);
            let why = if last > self.signed {
                format!(
                    "the root signed for {} events is another: an event from {} to {last} was changed together with its hash",
                    found.size, self.signed
                )
            } else {
                format!(
                    "the root signed for {} events is another: this event was changed together with its hash",
                    found.size
                )
            };
            return Err(at(self.signed, why));
        }
        Ok(())
    }

    /// The keys that have signed the newest checkpoint.
    fn signers(&self) -> impl Iterator<Item = &LogVerifier> {
        self.keys.iter().take(self.signers)
    }
}
