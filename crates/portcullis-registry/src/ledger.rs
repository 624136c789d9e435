//! The ledger in the log: which files are anchored, which days shredded, who asked about a person.
//!
//! The files themselves lie beside the log. Must not know how they are written or read.

mod anchor;
mod asked;
mod taken;

use std::collections::BTreeMap;
use std::sync::Arc;

use portcullis_types::{CaseId, PartnerId, Revision, Wall};
use serde::{Deserialize, Serialize};

use crate::commands::Command;
use crate::events::Event;
use crate::later::Aside;
use crate::plan::hex;
use crate::rejected::Rejected;
use crate::state::{Blob, Place, Planned, State};
use crate::words::Actor;
use anchor::anchored;
pub use anchor::{ANCHORED_FILES_MAX, Anchor, AnchoredFile};
use asked::AskedAbout;
pub use asked::Asking;
pub use taken::{TakenTime, Taking};

/// A wish about the ledger.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LedgerCommand {
    /// Says what a time's files are.
    Anchor(Anchor),
    /// Says that the key of a day is gone.
    Shred {
        /// The beginning of the day.
        day: Wall,
        /// Nobody dropped it: it was not there any more.
        lost: bool,
    },
    /// Takes down that somebody asks about a person.
    Ask(Asking),
    /// Adds the answer to a question to a case as evidence.
    Take(Taking),
}

/// A fact about the ledger. `type` in JSON is the dotted name.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum LedgerEvent {
    /// These files hold what left in that time.
    #[serde(rename = "ledger.anchored")]
    Anchored {
        /// No access hangs on it.
        aside: Aside,
        /// When the time begins.
        hour: Wall,
        /// Which process wrote them.
        writer: String,
        /// Each of them.
        files: Vec<AnchoredFile>,
        /// Answers in them.
        answers: u64,
        /// Records in them.
        records: u64,
        /// Why they are believed, where a person had the log take them up.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// Nobody can tell any more what the digests of that day are of.
    #[serde(rename = "ledger.shredded")]
    Shredded {
        /// No access hangs on it.
        aside: Aside,
        /// The beginning of the day.
        day: Wall,
        /// Nobody dropped the key, it was lost: what left later on that day may be under another one.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        lost: bool,
    },
    /// Somebody asked about a person. Before it is written, `person` gives way to `personal`, the digest
    /// of the content that names it.
    #[serde(rename = "ledger.asked")]
    Asked {
        /// No access hangs on it.
        aside: Aside,
        /// Which of the questions.
        question: String,
        /// Only of this partner.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        partner: Option<PartnerId>,
        /// What for.
        purpose: String,
        /// The case it was asked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        case: Option<String>,
        /// Whom it named, until it is sealed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        person: Option<String>,
        /// The digest of who that was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        personal: Option<String>,
    },
    /// The answer to a question is evidence of a case: while that case preserves what it is about, nothing
    /// of that time goes.
    #[serde(rename = "ledger.evidence_taken")]
    EvidenceTaken {
        /// No access hangs on it.
        aside: Aside,
        /// The case.
        case: CaseId,
        /// Lower-case hex SHA-256 of the answer with all that it was read from.
        sha256: String,
        /// Which of the questions.
        question: String,
        /// Asked from this moment on.
        since: Wall,
        /// Before this moment.
        until: Wall,
        /// From how many anchored sets of files it was read.
        sets: u64,
    },
}

/// What the log says of the ledger. The files of a time are named by the event, which stays in the log.
#[derive(Debug, Clone, Default)]
pub struct LedgerLog {
    anchored: Vec<(Wall, Revision)>,
    /// And whether it was dropped: a key made for the rest of a day whose first one was lost is, too.
    shredded: BTreeMap<Wall, bool>,
    taken: Vec<TakenTime>,
}

impl LedgerLog {
    /// The beginnings of anchored times and their events, in the order of the log.
    pub fn anchored(&self) -> impl DoubleEndedIterator<Item = (Wall, Revision)> {
        self.anchored.iter().copied()
    }

    /// Days whose keys were dropped or lost, by their beginnings.
    pub fn shredded(&self) -> impl Iterator<Item = Wall> {
        self.shredded.keys().copied()
    }

    /// Times of which an answer is evidence of a case, in the order of the log.
    pub fn taken(&self) -> impl Iterator<Item = &TakenTime> {
        self.taken.iter()
    }
}

impl LedgerEvent {
    /// The dotted name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Anchored { .. } => "ledger.anchored",
            Self::Shredded { .. } => "ledger.shredded",
            Self::Asked { .. } => "ledger.asked",
            Self::EvidenceTaken { .. } => "ledger.evidence_taken",
        }
    }

    /// The case it names.
    pub(crate) fn case(&self) -> Option<&str> {
        match self {
            Self::Asked { case, .. } => case.as_deref(),
            Self::EvidenceTaken { case, .. } => Some(case.as_str()),
            Self::Anchored { .. } | Self::Shredded { .. } => None,
        }
    }

    /// The digest of the person it named.
    pub(crate) fn personal(&self) -> Option<&str> {
        match self {
            Self::Asked { personal, .. } => personal.as_deref(),
            Self::Anchored { .. } | Self::Shredded { .. } | Self::EvidenceTaken { .. } => None,
        }
    }

    /// Whether it names a person openly.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self, Self::Asked { person: Some(_), .. })
    }

    /// Takes the person out into a content of its own.
    pub(crate) fn seal(&mut self, salt: &[u8; 32]) -> Option<Blob> {
        let Self::Asked { person, personal, .. } = self else { return None };
        let content = AskedAbout { salt: hex(salt), person: person.take()? };
        let blob = Blob::new(serde_json::to_vec(&content).ok()?);
        *personal = Some(blob.sha256.clone());
        Some(blob)
    }
}

impl State {
    /// The gate says what it wrote and dropped; whoever asks about a person says what for.
    pub(crate) fn ledger(
        &self,
        by: &Actor,
        command: &LedgerCommand,
        now: Wall,
    ) -> Result<Planned, Rejected> {
        match command {
            LedgerCommand::Anchor(anchor) => anchored(anchor),
            &LedgerCommand::Shred { day, lost } => {
                if self.now.ledger.shredded.get(&day).is_some_and(|dropped| *dropped || lost) {
                    return Ok(Planned::nothing("that day is shredded already"));
                }
                let why = if lost { ": its key is lost" } else { "" };
                let what = format!("the ledger of {} is shredded{why}", date(day));
                Ok(Planned::one(LedgerEvent::Shredded { aside: Aside, day, lost }.into(), what))
            }
            LedgerCommand::Ask(asking) => self.asked(asking),
            LedgerCommand::Take(taking) => self.taken(by, taking, now),
        }
    }

    /// Takes down what is anchored and what is shredded; that somebody asked is for whoever reads the log.
    pub(crate) fn ledger_event(&mut self, place: Place<'_>, event: &LedgerEvent) {
        match event {
            LedgerEvent::Anchored { hour, .. } => {
                Arc::make_mut(&mut self.now.ledger).anchored.push((*hour, place.revision));
            }
            LedgerEvent::Shredded { day, lost, .. } => {
                let log = Arc::make_mut(&mut self.now.ledger);
                *log.shredded.entry(*day).or_default() |= !lost;
            }
            LedgerEvent::EvidenceTaken { case, since, until, .. } => {
                let taken = TakenTime { case: case.clone(), since: *since, until: *until };
                Arc::make_mut(&mut self.now.ledger).taken.push(taken);
            }
            LedgerEvent::Asked { .. } => {}
        }
    }
}

/// The day alone.
fn date(day: Wall) -> String {
    let mut text = day.rfc3339();
    text.truncate(10);
    text
}

impl From<LedgerCommand> for Command {
    fn from(command: LedgerCommand) -> Self {
        Self::Ledger(command)
    }
}

impl From<LedgerEvent> for Event {
    fn from(event: LedgerEvent) -> Self {
        Self::Ledger(event)
    }
}
