//! The closed list of reasons for which access is taken away or given back, and what a statement of
//! each must hold.
//!
//! A partner reads the code in every refusal, so a free text would become a second, unwritten
//! policy. Must not know who is concerned.

use std::borrow::Cow;

use portcullis_types::{ReasonCode, nearest};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::Rejected;
use crate::statement::{GroundKind, is_specific};

/// One reason, and the template of its statements.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Reason {
    /// The code that operators write and partners read.
    pub code: Cow<'static, str>,
    /// What it stands for.
    pub about: Cow<'static, str>,
    /// What its facts must say.
    pub facts: FactsWanted,
    /// What it rests on where nobody says otherwise.
    pub ground: GroundKind,
    /// The clause it rests on where nobody says otherwise.
    pub clause: Cow<'static, str>,
    /// Why that clause applies where nobody says otherwise.
    pub because: Cow<'static, str>,
}

/// What the facts of a statement must say.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FactsWanted {
    /// At least one says what was measured, when, against which limit, and by what evidence.
    Measured,
    /// At least one says what happened, and when.
    Stated,
}

const fn measured(
    code: &'static str,
    about: &'static str,
    clause: &'static str,
    because: &'static str,
) -> Reason {
    reason(code, about, (FactsWanted::Measured, GroundKind::Contract), clause, because)
}

const fn stated(
    code: &'static str,
    about: &'static str,
    ground: GroundKind,
    clause: &'static str,
    because: &'static str,
) -> Reason {
    reason(code, about, (FactsWanted::Stated, ground), clause, because)
}

const fn reason(
    code: &'static str,
    about: &'static str,
    (facts, ground): (FactsWanted, GroundKind),
    clause: &'static str,
    because: &'static str,
) -> Reason {
    Reason {
        code: Cow::Borrowed(code),
        about: Cow::Borrowed(about),
        facts,
        ground,
        clause: Cow::Borrowed(clause),
        because: Cow::Borrowed(because),
    }
}

/// The reasons that every gate has. There is no `other`: a partner must learn what happened.
pub(crate) static REASONS: &[Reason] = &[
    measured(
        "bulk-location",
        "posts or places were collected over many locations",
        "permitted use",
        "the agreement allows the declared locations and no collection beyond them",
    ),
    measured(
        "ephemeral-content",
        "content that vanishes was kept or collected",
        "retention",
        "content that vanishes for followers may not outlive them at a partner",
    ),
    measured(
        "back-channel",
        "a path was used that the agreement does not cover",
        "permitted use",
        "access is limited to the operations that the agreement names",
    ),
    stated(
        "undeclared-use",
        "the data serves a use or a customer that was not declared",
        GroundKind::Contract,
        "declared use",
        "each use and each customer has to be declared before data serves it",
    ),
    stated(
        "key-exposed",
        "the key was seen where it must not be",
        GroundKind::Security,
        "credentials",
        "whoever reads an exposed key can call in the partner's name",
    ),
    measured(
        "rate-abuse",
        "limits were reached again and again or evaded",
        "limits",
        "the agreement sets limits for the partner as a whole",
    ),
    stated(
        "contract-review",
        "the agreement is under review",
        GroundKind::Contract,
        "term and review",
        "the agreement allows measures while its renewal is decided",
    ),
    stated(
        "security-incident",
        "a security incident at the partner or the platform",
        GroundKind::Security,
        "incidents",
        "access that may be in other hands is closed until that is settled",
    ),
    stated(
        "partner-request",
        "the partner asked for it",
        GroundKind::Contract,
        "instructions",
        "the partner decides about its own access",
    ),
    stated(
        "customer-complaint",
        "a customer or an account holder complained",
        GroundKind::Contract,
        "complaints",
        "a complaint is looked into before more data leaves",
    ),
    measured(
        "signal",
        "a watch of the partner's tier saw unusual use",
        "monitoring",
        "the agreement lets unusual use be stopped until it is explained",
    ),
    stated(
        "investigation",
        "facts are being established",
        GroundKind::Contract,
        "audit",
        "the agreement allows measures while facts are established",
    ),
    stated(
        "investigation-closed",
        "the inquiry ended and access returns",
        GroundKind::Contract,
        "audit",
        "the measure ends with the inquiry",
    ),
    stated(
        "appeal-upheld",
        "the partner's objection was right",
        GroundKind::Contract,
        "complaints",
        "an objection that is upheld undoes the measure",
    ),
    stated(
        "agreement-changed",
        "the agreement, or what was declared under it, is another",
        GroundKind::Contract,
        "changes",
        "the agreement may be changed, and its partner is told how",
    ),
    stated(
        "mistake",
        "the earlier step was an error of the platform",
        GroundKind::Contract,
        "corrections",
        "an error of the platform is undone",
    ),
];

/// Most reasons of a list.
const REASONS_MAX: usize = 100;
/// Most bytes of the texts of a reason.
const TEXT_MAX: usize = 200;

/// The reasons of one gate: those that every gate has, and what its configuration says of them.
#[derive(Debug, Clone)]
pub struct Reasons(Vec<Reason>);

/// Why a reason of the configuration can't be taken.
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
pub enum ReasonUnfit {
    /// The code is no name.
    #[error(
        "`{code}` is no reason code: write lower-case words with `-`, such as `price-scraping`"
    )]
    Code {
        /// The code.
        code: String,
    },
    /// A text is missing or too long.
    #[error("`{member}` of reason `{code}` is empty or longer than {max} bytes")]
    Text {
        /// The code.
        code: String,
        /// The text.
        member: &'static str,
        /// How long it may be.
        max: usize,
    },
    /// The explanation fits everything.
    #[error("`because` of reason `{code}` could be told to anybody: say why the clause applies")]
    Unspecific {
        /// The code.
        code: String,
    },
    /// The list is full.
    #[error("more than {max} reasons: leave some out")]
    TooMany {
        /// How many there may be.
        max: usize,
    },
}

impl Default for Reasons {
    fn default() -> Self {
        Self(REASONS.to_vec())
    }
}

impl Reasons {
    /// Adds a reason, or puts another template in place of one that is there. None is ever taken
    /// out of the list: the gate itself needs some.
    ///
    /// # Errors
    /// [`ReasonUnfit`], and nothing has changed.
    pub fn put(&mut self, reason: Reason) -> Result<(), ReasonUnfit> {
        let code = reason.code.to_string();
        if ReasonCode::new(&code).is_err() || code.contains(char::is_uppercase) {
            return Err(ReasonUnfit::Code { code });
        }
        let texts =
            [("about", &reason.about), ("clause", &reason.clause), ("because", &reason.because)];
        for (member, text) in texts {
            if text.trim().is_empty() || text.len() > TEXT_MAX {
                return Err(ReasonUnfit::Text { code, member, max: TEXT_MAX });
            }
        }
        if !is_specific(&reason.because) {
            return Err(ReasonUnfit::Unspecific { code });
        }
        if let Some(known) = self.0.iter_mut().find(|known| known.code == reason.code) {
            *known = reason;
        } else if self.0.len() >= REASONS_MAX {
            return Err(ReasonUnfit::TooMany { max: REASONS_MAX });
        } else {
            self.0.push(reason);
        }
        Ok(())
    }

    /// The reason with a code.
    #[must_use]
    pub fn get(&self, code: &str) -> Option<&Reason> {
        self.0.iter().find(|reason| reason.code == code)
    }

    /// The same, or the refusal that names the nearest.
    pub(crate) fn find(&self, code: &ReasonCode) -> Result<&Reason, Rejected> {
        self.get(code.as_str()).ok_or_else(|| {
            let codes = || self.0.iter().map(|reason| &*reason.code);
            let near = nearest(code.as_str(), codes()).map(str::to_owned);
            let known = codes().map(|code| format!("`{code}`")).collect::<Vec<_>>().join(", ");
            Rejected::UnknownReason { reason: code.clone(), near, known }
        })
    }
}
