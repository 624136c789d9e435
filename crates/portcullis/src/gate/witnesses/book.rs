//! What witnesses signed, and what they say where they did not.
//!
//! Must not ask anybody, or know the time but as it is told.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use portcullis_audit::{Checkpoint, WitnessVerifier};
use portcullis_types::Wall;

/// Checkpoints that a slow witness may still sign.
const OPEN_MAX: usize = 16;
/// What else than a forger makes a log differ from what was signed.
const AFTER_RESTORE: &str = "where a backup was put back, this witness signs no more, and another takes its place: \"Witnesses after a restore\" in docs/operating.md";
/// A quorum that is missing for longer is worth a look.
const GRACE: Duration = Duration::from_secs(60);

/// Why a witness has not signed.
#[derive(Debug, Clone, Eq, PartialEq)]
pub(super) enum Said {
    /// It did not answer.
    Nothing(String),
    /// It answered with something else.
    Answered(u16),
    /// It answered that it signed, and what it signed is not ours or not by its key.
    Unsigned,
    /// It has signed another history of this log.
    Forked(u64),
    /// It has signed more events than there are.
    Ahead { known: u64, size: u64 },
    /// The log can't be read here.
    Unread(String),
}

impl Said {
    /// Whether somebody touched the log.
    pub(super) fn is_grave(&self) -> bool {
        matches!(self, Self::Forked(_) | Self::Ahead { .. })
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing(why) => write!(f, "it can't be asked: {why}"),
            Self::Answered(403) => f.write_str("it does not know this log's key (403): give its operator the key that `portcullis audit verify` prints"),
            Self::Answered(404) => f.write_str("it does not know this log, or nothing is there (404)"),
            Self::Answered(status) => write!(f, "it answered {status}"),
            Self::Unsigned => f.write_str("its answer is not signed by the configured key"),
            Self::Forked(size) => write!(f, "THE LOG WAS REWRITTEN: the first {size} events are not those that it signed; {AFTER_RESTORE}; otherwise compare with `portcullis audit verify --against` and its checkpoint"),
            Self::Ahead { known, size } => write!(f, "THE LOG WAS CUT: it signed {known} events, and {size} are here; {AFTER_RESTORE}"),
            Self::Unread(why) => write!(f, "the log can't be read: {why}"),
        }
    }
}

/// A witness as it stands.
#[derive(Debug)]
struct Seen {
    key: WitnessVerifier,
    /// The size it signed last.
    size: Option<u64>,
    said: Option<Said>,
}

/// The book.
#[derive(Debug)]
pub(super) struct Book {
    witnesses: Vec<Seen>,
    quorum: usize,
    /// Checkpoints by size: as the log signed them, and the line of each witness.
    open: BTreeMap<u64, (String, BTreeMap<usize, String>)>,
    /// The newest with enough of them.
    newest: Option<(u64, String)>,
    /// The newest of all, and since when one is without enough of them.
    shown: u64,
    missing: Option<Wall>,
}

impl Book {
    /// A book of these witnesses; `kept` is what it knew before.
    pub(super) fn new(keys: Vec<WitnessVerifier>, quorum: usize, kept: Option<String>) -> Self {
        let enough = |note: &String| {
            let signed = keys.iter().filter(|key| matches!(key.signed(note), Ok(Some(_))));
            signed.count() >= quorum
        };
        let kept = kept.filter(enough);
        let newest = kept.and_then(|note| Some((Checkpoint::claimed(&note).ok()?.size, note)));
        let seen = |key| Seen { key, size: None, said: None };
        let witnesses = keys.into_iter().map(seen).collect();
        Self { witnesses, quorum, open: BTreeMap::new(), newest, shown: 0, missing: None }
    }

    /// A new checkpoint is shown to all.
    pub(super) fn show(&mut self, checkpoint: &Checkpoint, note: &str, now: Wall) {
        self.open.insert(checkpoint.size, (note.to_owned(), BTreeMap::new()));
        if self.open.len() > OPEN_MAX {
            self.open.pop_first();
        }
        self.shown = checkpoint.size;
        self.missing = self.missing.or(Some(now));
    }

    /// A witness answered that it signed; whether the newest cosigned checkpoint changed.
    pub(super) fn sign(
        &mut self,
        at: usize,
        checkpoint: &Checkpoint,
        answer: &str,
    ) -> Result<bool, Said> {
        let seen = self.witnesses.get_mut(at).ok_or(Said::Unsigned)?;
        let line = seen.key.line_of(checkpoint, answer).ok_or(Said::Unsigned)?;
        (seen.size, seen.said) = (Some(checkpoint.size), None);
        let Some((note, lines)) = self.open.get_mut(&checkpoint.size) else { return Ok(false) };
        lines.insert(at, line.to_owned());
        let known = self.newest.as_ref().map_or(0, |(size, _)| *size);
        if lines.len() < self.quorum || checkpoint.size < known {
            return Ok(false);
        }
        let note = lines.values().fold(note.clone(), |note, line| note + line);
        self.newest = Some((checkpoint.size, note));
        if checkpoint.size == self.shown {
            self.missing = None;
        }
        Ok(true)
    }

    /// A witness did not sign; whether that is news.
    pub(super) fn fail(&mut self, at: usize, said: Said) -> bool {
        let Some(seen) = self.witnesses.get_mut(at) else { return false };
        let news = seen.said.as_ref() != Some(&said);
        seen.said = Some(said);
        news
    }

    /// A checkpoint with the lines that are known for it.
    pub(super) fn under(&self, note: String) -> String {
        let size = Checkpoint::claimed(&note).map(|checkpoint| checkpoint.size);
        let open = size.ok().and_then(|size| self.open.get(&size));
        match open.filter(|(shown, _)| *shown == note) {
            Some((_, lines)) => lines.values().fold(note, |note, line| note + line),
            None => note,
        }
    }

    /// The newest checkpoint that enough have signed.
    pub(super) fn newest(&self) -> Option<&str> {
        self.newest.as_ref().map(|(_, note)| note.as_str())
    }

    fn behind(&self) -> u64 {
        let known = self.newest.as_ref().map_or(0, |(size, _)| *size);
        self.shown.saturating_sub(known)
    }

    /// How many have signed the newest.
    fn signed(&self) -> usize {
        self.open.get(&self.shown).map_or(0, |(_, lines)| lines.len())
    }

    /// Whether all is well, and what there is to say.
    pub(super) fn line(&self, now: Wall) -> (bool, String) {
        let late = self
            .missing
            .is_some_and(|since| now.0 > since.0.saturating_add(GRACE.as_millis() as u64));
        let grave =
            self.witnesses.iter().any(|seen| seen.said.as_ref().is_some_and(Said::is_grave));
        let mut text = format!(
            "{} of {} have signed the newest checkpoint, of {} events; {} must",
            self.signed(),
            self.witnesses.len(),
            self.shown,
            self.quorum
        );
        if self.behind() > 0 && late {
            text.push_str(&format!("; {} events are without enough of them", self.behind()));
        }
        for seen in &self.witnesses {
            if let Some(said) = &seen.said {
                text.push_str(&format!("; `{}` has not: {said}", seen.key.name()));
            }
        }
        (!late && !grave, text)
    }

    /// The metrics.
    pub(super) fn page(&self) -> String {
        let grave =
            self.witnesses.iter().filter(|seen| seen.said.as_ref().is_some_and(Said::is_grave));
        let figures = [
            (
                "portcullis_witnesses",
                "Witnesses that are asked to sign checkpoints of the log.",
                self.witnesses.len() as u64,
            ),
            (
                "portcullis_witnesses_quorum",
                "How many of them must have signed.",
                self.quorum as u64,
            ),
            (
                "portcullis_witnesses_signed",
                "How many have signed the newest checkpoint.",
                self.signed() as u64,
            ),
            (
                "portcullis_witnesses_refusing",
                "How many say that the log was rewritten or cut.",
                grave.count() as u64,
            ),
            (
                "portcullis_cosigned_behind_events",
                "Events that are under no checkpoint with enough of them.",
                self.behind(),
            ),
        ];
        let told = figures.map(|(name, help, value)| {
            format!("# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}\n")
        });
        told.concat()
    }
}
