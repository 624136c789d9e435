//! Why a step is refused for its statement of reasons.

use portcullis_types::ReasonCode;

use super::Gap;
use crate::reasons::FactsWanted;

/// What is wrong with a statement, or with having none.
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
pub enum StatementRejected {
    /// It has holes.
    #[error("the statement of reasons has gaps: {}", told(gaps))]
    Incomplete {
        /// All of them.
        gaps: Vec<Gap>,
    },
    /// There is none.
    #[error(
        "this takes access away, so the partner must be told what was found, and `{reason}` wants {}, or `--facts-from REVISION` of a signal",
        wanted.asked()
    )]
    Missing {
        /// Why access is taken away, by code.
        reason: ReasonCode,
        /// What facts of that reason must say.
        wanted: FactsWanted,
    },
    /// There is one, and nothing for it to explain.
    #[error(
        "this takes nothing away, so there is nothing for a statement of reasons to explain; leave it out"
    )]
    OfNothing,
}

impl StatementRejected {
    /// A stable code for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Incomplete { .. } => "statement_incomplete",
            Self::Missing { .. } => "statement_missing",
            Self::OfNothing => "statement_of_nothing",
        }
    }
}

impl FactsWanted {
    /// What to write, as a person types it.
    fn asked(self) -> &'static str {
        match self {
            Self::Measured => {
                "a fact that was measured: `--fact 'what was found' --period 24h --metric 'distinct places' --value 12304 --limit '200 a day' --evidence FILE`"
            }
            Self::Stated => "a fact with its period: `--fact 'what was found' --period 24h`",
        }
    }
}

fn told(gaps: &[Gap]) -> String {
    gaps.iter().map(Gap::to_string).collect::<Vec<_>>().join("; ")
}
