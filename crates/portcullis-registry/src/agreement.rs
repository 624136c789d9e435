//! Changes of an agreement that leave somebody less: whom, how, and what each is told.
//!
//! A tier, scopes, declared facts or a set of policies can take as much away as a hold does, so they need
//! the same words. Must not know what a tier gives: whoever compares tiers says whom a change narrows.

use portcullis_types::{PartnerId, ReasonCode, Revision, Wall};
use serde::{Deserialize, Serialize};

use crate::rejected::Rejected;
use crate::statement::StatementDraft;

/// Most partners that one change may narrow.
pub const NARROWED_MAX: usize = 1000;
/// Most sentences about one of them that are kept, and most bytes of each.
pub const NARROWED_TEXTS_MAX: usize = 5;
const TEXT_BYTES_MAX: usize = 300;
/// Partners and sentences that a refusal names.
const SHOWN: usize = 5;
const SHOWN_TEXTS: usize = 2;

/// A partner that a change leaves less, and how.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
pub struct Narrowed {
    /// Who.
    pub partner: PartnerId,
    /// How, each as the rest of a sentence that begins with `they`.
    pub what: Vec<String>,
}

/// What a change of policies or of a tier comes to.
#[derive(Debug, Clone, Default, Eq, PartialEq)]
pub struct Weighed {
    /// Whether it is proved to let nobody do more than before.
    pub proved_narrower: bool,
    /// Whom it leaves less, and how.
    pub narrowed: Vec<Narrowed>,
}

/// What the partners are told that a change narrows.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// The reason code.
    pub reason: ReasonCode,
    /// What happened and what the partner can do.
    pub tell: String,
    /// The case it belongs to.
    pub case: Option<String>,
    /// What the statement of reasons rests on.
    pub statement: StatementDraft,
}

/// What can have happened to an agreement.
#[expect(missing_docs, reason = "the members say what they hold")]
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", deny_unknown_fields)]
pub enum AgreementEvent {
    /// The change that follows leaves a partner less. `what` is for the people of the platform;
    /// the partner reads `tell` and the statement.
    #[serde(rename = "agreement.narrowed")]
    Narrowed {
        partner: PartnerId,
        reason: ReasonCode,
        tell: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        case: Option<String>,
        statement: String,
        what: Vec<String>,
        /// The change that was scheduled, where it is that one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        change: Option<Revision>,
    },
    /// A change that comes will leave a partner less. The members are those of `agreement.narrowed`.
    #[serde(rename = "agreement.announced")]
    Announced {
        partner: PartnerId,
        reason: ReasonCode,
        tell: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        case: Option<String>,
        statement: String,
        what: Vec<String>,
        effective: Wall,
    },
    /// What was announced by that event does not come.
    #[serde(rename = "agreement.called_off")]
    CalledOff { partner: PartnerId, announced: Revision, tell: String },
}

/// Why a change that narrows is refused.
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
pub enum AgreementRejected {
    /// Nobody would be told why.
    #[error(
        "this leaves {} less, and nobody is told why: {}; add `--reason agreement-changed --tell 'what changes, and what you can do' --fact 'what was found or agreed' --period now`, and each gets a notice with its statement",
        partners(*count), told(*count, whom)
    )]
    Untold {
        /// How many partners.
        count: usize,
        /// The first of them.
        whom: Vec<Narrowed>,
    },
    /// Too many at once.
    #[error(
        "this leaves {count} partners less, and one change may leave {max} less: change fewer tiers at once"
    )]
    TooMany {
        /// How many partners.
        count: usize,
        /// How many one change may.
        max: usize,
    },
    /// Something else was to be told.
    #[error(
        "only changes of a partner, of declared facts and of policies take a reason in this way"
    )]
    OfNothing,
}

impl AgreementRejected {
    /// A stable code for programs.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Untold { .. } => "narrowing_untold",
            Self::TooMany { .. } => "narrows_too_many",
            Self::OfNothing => "told_of_nothing",
        }
    }

    /// Nobody was told: the first of them are named.
    pub(crate) fn untold(narrowed: Vec<Narrowed>) -> Rejected {
        let count = narrowed.len();
        let whom = narrowed.into_iter().take(SHOWN).collect();
        Self::Untold { count, whom }.into()
    }
}

impl AgreementEvent {
    /// The dotted name, as in the JSON.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Narrowed { .. } => "agreement.narrowed",
            Self::Announced { .. } => "agreement.announced",
            Self::CalledOff { .. } => "agreement.called_off",
        }
    }

    /// Whose agreement.
    #[must_use]
    pub const fn partner(&self) -> &PartnerId {
        match self {
            Self::Narrowed { partner, .. }
            | Self::Announced { partner, .. }
            | Self::CalledOff { partner, .. } => partner,
        }
    }

    /// The case it names.
    #[must_use]
    pub fn case(&self) -> Option<&str> {
        match self {
            Self::Narrowed { case, .. } | Self::Announced { case, .. } => case.as_deref(),
            Self::CalledOff { .. } => None,
        }
    }

    /// Digest of the statement of reasons.
    #[must_use]
    pub fn statement(&self) -> Option<&str> {
        match self {
            Self::Narrowed { statement, .. } | Self::Announced { statement, .. } => Some(statement),
            Self::CalledOff { .. } => None,
        }
    }

    /// Whether it takes something away, now or on its day.
    #[must_use]
    pub const fn narrows(&self) -> bool {
        match self {
            Self::Narrowed { .. } | Self::Announced { .. } => true,
            Self::CalledOff { .. } => false,
        }
    }
}

impl Narrowed {
    /// A partner and how a change leaves it less, within bounds.
    #[must_use]
    pub fn new(partner: PartnerId, what: impl IntoIterator<Item = String>) -> Self {
        let mut what: Vec<String> = what.into_iter().collect();
        let more = what.len().saturating_sub(NARROWED_TEXTS_MAX);
        if more > 0 {
            what.truncate(NARROWED_TEXTS_MAX - 1);
            what.push(format!("and {} more", more + 1));
        }
        for text in &mut what {
            while text.len() > TEXT_BYTES_MAX {
                text.pop();
            }
        }
        Self { partner, what }
    }

    /// Adds what others say of the same partners.
    pub(crate) fn join(all: &mut Vec<Self>, more: Vec<Self>) {
        for one in more {
            match all.iter_mut().find(|known| known.partner == one.partner) {
                Some(known) => {
                    let what = known.what.drain(..).chain(one.what).collect::<Vec<_>>();
                    *known = Self::new(one.partner, what);
                }
                None => all.push(one),
            }
        }
    }
}

fn partners(count: usize) -> String {
    if count == 1 { "1 partner".to_owned() } else { format!("{count} partners") }
}

fn told(count: usize, whom: &[Narrowed]) -> String {
    let each = whom.iter().map(|one| {
        let shown: Vec<&str> = one.what.iter().take(SHOWN_TEXTS).map(String::as_str).collect();
        format!("`{}`: they {}", one.partner, shown.join(", they "))
    });
    let mut each: Vec<String> = each.collect();
    if count > whom.len() {
        each.push(format!("and {} more, whom `--dry-run` names", count - whom.len()));
    }
    each.join("; ")
}
