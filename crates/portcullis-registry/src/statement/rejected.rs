//! Why a step is refused for its statement of reasons.

use super::Gap;

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
        "this takes access away, so the partner must be told why: give at least one fact, such as `--fact 'what was found' --period 24h`, with `--metric`, `--value` and `--limit` where it was measured"
    )]
    Missing,
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
            Self::Missing => "statement_missing",
            Self::OfNothing => "statement_of_nothing",
        }
    }
}

fn told(gaps: &[Gap]) -> String {
    gaps.iter().map(Gap::to_string).collect::<Vec<_>>().join("; ")
}
