//! The answer to a question as evidence of a case: by its digest, with the time it is about.
//!
//! Must not know what the answer says, nor where it is kept.

use portcullis_types::{CaseId, Wall};
use serde::{Deserialize, Serialize};

use super::LedgerEvent;
use crate::cases::CaseCommand;
use crate::later::Aside;
use crate::rejected::Rejected;
use crate::state::{Planned, State};
use crate::texts;
use crate::words::Actor;

/// An answer that becomes evidence.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Taking {
    /// The case.
    pub case: CaseId,
    /// What people call it.
    pub name: String,
    /// Lower-case hex SHA-256 of the answer with all that it was read from.
    pub sha256: String,
    /// How long that is.
    pub bytes: u64,
    /// Which of the questions.
    pub question: String,
    /// Asked from this moment on.
    pub since: Wall,
    /// Before this moment.
    pub until: Wall,
    /// From how many anchored sets of files it was read.
    pub sets: u64,
}

/// A time of which an answer is evidence.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct TakenTime {
    /// The case.
    pub case: CaseId,
    /// From this moment on.
    pub since: Wall,
    /// Before this moment.
    pub until: Wall,
}

impl State {
    /// Both events in one write: no evidence without the time that is kept for it.
    pub(super) fn taken(
        &self,
        by: &Actor,
        taking: &Taking,
        now: Wall,
    ) -> Result<Planned, Rejected> {
        let Taking { case, name, sha256, bytes, question, since, until, sets } = taking.clone();
        let question = texts::label("question", &question)?;
        let add = CaseCommand::AddEvidence {
            case: case.clone(),
            name,
            sha256: sha256.clone(),
            bytes,
            body: None,
        };
        let mut planned = self.case(by, &add, now)?;
        let aside = Aside;
        let taken =
            LedgerEvent::EvidenceTaken { aside, case, sha256, question, since, until, sets };
        planned.events.push(taken.into());
        Ok(planned)
    }
}
