//! What came of a call, and how it came about.
//!
//! The trace is what records, metrics and `explain` are made of. It never holds a key, a target or
//! anything else the caller wrote. Must not know how it is rendered.

use std::sync::Arc;

use portcullis_policy::{AllowIx, Per};
use portcullis_registry::CallClient;
use portcullis_types::{
    ClassIx, KeyId, KeyIx, OperationIx, PartnerIx, RateId, Refusal, Revision, Span, TierIx,
};

use crate::outbound::Granted;
use crate::watching::SignalHit;

/// What came of a call.
#[derive(Debug)]
pub struct Verdict {
    /// How it came about.
    pub trace: Trace,
    /// What is sent on, or why nothing is.
    pub outcome: Result<Granted, Refusal>,
}

/// How a verdict came about. What the call did not get as far as stays `None`.
///
/// Indices are those of the rules of `policy_revision` and serve to find handles resolved for them;
/// names are shared handles, so that a record need not look anything up; a desk
/// [`without_names`](crate::Desk::without_names) fills them in for refusals only.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    /// The partner's id.
    pub partner: Option<Arc<str>>,
    /// The partner.
    pub partner_ix: Option<PartnerIx>,
    /// For which client the call is.
    pub client: CallClient,
    /// The key.
    pub key: Option<KeyIx>,
    /// The key's public id.
    pub key_id: Option<KeyId>,
    /// The operation.
    pub operation: Option<OperationIx>,
    /// The operation's name.
    pub operation_name: Option<Arc<str>>,
    /// The class that decided: the operation's, or the one that was not granted.
    pub class_ix: Option<ClassIx>,
    /// That class's name.
    pub class: Option<Arc<str>>,
    /// What decided: a tier (`partner-standard`), a part of it (`partner-standard/scopes`,
    /// `partner-standard/calls-per-hour`), or a stage before it (`request`, `key`, `standing`,
    /// `catalogue`, `policy`).
    pub rule: Option<Arc<str>>,
    /// The tier that let the call pass, and the rule of it, where it was one; together with
    /// `policy_revision` that is what `rule` names.
    pub passed: Option<(TierIx, Option<AllowIx>)>,
    /// Whether the judge refused the call; what comes after a permit is not its doing.
    pub refused: bool,
    /// The rules in force; none before the gate is ready.
    pub policy_revision: Option<Revision>,
    /// The state in force; none before the gate is ready.
    pub state_revision: Option<Revision>,
    /// The tightest rate or limit after a permit, or the one that was reached.
    pub reading: Option<RateReading>,
    /// What few calls have to tell.
    pub notes: Option<Box<Notes>>,
}

/// What few calls have to tell, kept apart so that the others stay small.
#[derive(Debug, Clone, Default)]
pub struct Notes {
    /// Every rule that said no.
    pub rules: Vec<Arc<str>>,
    /// Rules and limits in shadow that would have refused the call.
    pub shadowed: Vec<Arc<str>>,
    /// What a partner under observation would have been refused for.
    pub observed: Option<Refusal>,
    /// Watches that hit with this call.
    pub signals: Vec<SignalHit>,
}

impl Trace {
    /// The notes, to add to.
    pub(crate) fn note(&mut self) -> &mut Notes {
        self.notes.get_or_insert_default()
    }

    /// What a partner under observation would have been refused for.
    #[must_use]
    pub fn observed(&self) -> Option<&Refusal> {
        self.notes.as_ref()?.observed.as_ref()
    }

    /// Watches that hit with this call.
    #[must_use]
    pub fn signals(&self) -> &[SignalHit] {
        self.notes.as_ref().map_or(&[], |notes| &notes.signals)
    }

    /// Rules and limits in shadow that would have refused the call.
    #[must_use]
    pub fn shadowed(&self) -> &[Arc<str>] {
        self.notes.as_ref().map_or(&[], |notes| &notes.shadowed)
    }
}

/// How much of a rate or limit is left, for the `RateLimit` fields.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct RateReading {
    /// The rate's name within the tier.
    pub rate: RateId,
    /// Who shares it.
    pub per: Per,
    /// Most units in the window.
    pub max: u64,
    /// The window.
    pub window: Span,
    /// Most units at once.
    pub burst: u64,
    /// Units that would pass now.
    pub remaining: u64,
    /// Whole seconds until all of the burst is back, or, when it was reached, until the call would
    /// pass; none: it never will.
    pub reset_seconds: Option<u64>,
}

impl RateReading {
    /// The one of which the smaller share is left.
    pub(crate) fn tighter(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        let (Some(a), Some(b)) = (&one, &other) else { return one.or(other) };
        let share = |of: &Self, by: &Self| u128::from(of.remaining) * u128::from(by.burst);
        if share(b, a) < share(a, b) { other } else { one }
    }
}
