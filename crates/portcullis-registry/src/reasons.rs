//! The closed list of reasons for which access is taken away or given back, and what a statement of
//! each must hold.
//!
//! A partner reads the code in every refusal, so a free text would become a second, unwritten
//! policy. Must not know who is concerned.

use portcullis_types::{ReasonCode, nearest};

use crate::Rejected;
use crate::statement::GroundKind;

/// One reason, and the template of its statements.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub struct Reason {
    /// The code that operators write and partners read.
    pub code: &'static str,
    /// What it stands for.
    pub about: &'static str,
    /// What its facts must say.
    pub facts: FactsWanted,
    /// What it rests on where nobody says otherwise.
    pub ground: GroundKind,
    /// The clause it rests on where nobody says otherwise.
    pub clause: &'static str,
    /// Why that clause applies where nobody says otherwise.
    pub because: &'static str,
}

/// What the facts of a statement must say.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
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
    Reason {
        code,
        about,
        facts: FactsWanted::Measured,
        ground: GroundKind::Contract,
        clause,
        because,
    }
}

const fn stated(
    code: &'static str,
    about: &'static str,
    ground: GroundKind,
    clause: &'static str,
    because: &'static str,
) -> Reason {
    Reason { code, about, facts: FactsWanted::Stated, ground, clause, because }
}

/// Every reason there is. There is no `other`: a partner must learn what happened.
pub const REASONS: &[Reason] = &[
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

/// The reason with a code, or the refusal that names the nearest.
pub(crate) fn find(code: &ReasonCode) -> Result<&'static Reason, Rejected> {
    if let Some(reason) = REASONS.iter().find(|reason| reason.code == code.as_str()) {
        return Ok(reason);
    }
    let known = REASONS.iter().map(|reason| reason.code);
    let near = nearest(code.as_str(), known).map(str::to_owned);
    Err(Rejected::UnknownReason { reason: code.clone(), near })
}

/// Whether a code is on the list.
pub(crate) fn check(code: &ReasonCode) -> Result<(), Rejected> {
    find(code).map(|_| ())
}
