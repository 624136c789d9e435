//! Commands that are asked for often, in short.

use portcullis_types::{Closes, ReasonCode};

use crate::events::Command;
use crate::standing::Wish;
use crate::statement::StatementDraft;
use crate::words::SubjectId;

impl Command {
    /// Puts a subject on hold: everything closed, looked at again when it is usual.
    #[must_use]
    pub fn hold(subject: SubjectId, reason: ReasonCode, tell: &str) -> Self {
        let to = Wish::hold(Closes::All);
        Self::Stand { subject, to, reason, tell: tell.to_owned(), case: None }
    }

    /// Gives a subject back all that its standing took.
    #[must_use]
    pub fn restore(subject: SubjectId, reason: ReasonCode, tell: &str) -> Self {
        Self::Stand { subject, to: Wish::Good, reason, tell: tell.to_owned(), case: None }
    }

    /// The same with a statement of reasons.
    #[must_use]
    pub fn stated(self, statement: StatementDraft) -> Self {
        Self::Stated { statement: Box::new(statement), command: Box::new(self) }
    }

    /// What is asked, without the statement that goes with it.
    #[must_use]
    pub fn bare(&self) -> &Self {
        match self {
            Self::Stated { command, .. } => command.bare(),
            bare => bare,
        }
    }
}
