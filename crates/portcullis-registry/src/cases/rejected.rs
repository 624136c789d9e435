//! Why something about a case is not done: what the operator reads.

use portcullis_types::{CaseId, PartnerId, Revision, StandingName, Wall};

use crate::words::SubjectId;

/// A command about a case that the rules do not allow. Nothing was changed.
#[expect(missing_docs, reason = "the message names every member")]
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
pub enum CaseRejected {
    /// No case of that id.
    #[error("unknown case `{id}`{}", match near { Some(near) => format!("; did you mean `{near}`?"), None => format!("; open it first: `portcullis case open {id}`") })]
    Unknown { id: String, near: Option<String> },
    /// The id is taken.
    #[error("case `{0}` exists already; choose another id, or leave it out to get the next number")]
    Exists(CaseId),
    /// It ended.
    #[error("case `{id}` was closed on {}; open another one and name it there", closed.rfc3339())]
    Closed { id: CaseId, closed: Wall },
    /// Nothing new.
    #[error("case `{0}` has all of that already; nothing to change")]
    Same(CaseId),
    /// A text without words.
    #[error("the {0} is empty; write what is to be kept")]
    Empty(&'static str),
    /// A digest that is none.
    #[error("`{0}` is no SHA-256 digest; write 64 lower-case hex digits")]
    DigestUnreadable(String),
    /// Another body.
    #[error("the body has digest `{found}`, not `{named}`; add it again")]
    DigestOther { named: String, found: String },
    /// The case has no such evidence.
    #[error("case `{case}` has no evidence `{sha256}`; `portcullis case show {case}` lists it")]
    NoEvidence { case: CaseId, sha256: String },
    /// Only the digest is here.
    #[error(
        "only the digest of evidence `{name}` is kept here; its body stayed where it was: ask who added it (event {})", added.0
    )]
    NotKept { name: String, added: Revision },
    /// No such signal.
    #[error("event {} is no signal; `portcullis signal list` shows them", .0.0)]
    NoSignal(Revision),
    /// Too much of something.
    #[error("case `{case}` holds the most {what} there can be ({max}); open another one for more")]
    Full { case: CaseId, what: &'static str, max: usize },
    /// A review date too far off.
    #[error("the case would be looked at again on {}; write {} or sooner, {days} days from now", at.rfc3339(), most.rfc3339())]
    ReviewTooFar { at: Wall, most: Wall, days: u64 },
    /// An end of its preservation too far off.
    #[error("the case would be preserved until {}; write {} or sooner, {days} days from now: it can be put off again then", at.rfc3339(), most.rfc3339())]
    PreservedTooFar { at: Wall, most: Wall, days: u64 },
    /// It is kept for longer already.
    #[error("what case `{case}` is about is kept until {} already; write a later date: it is never made an earlier one", at.rfc3339())]
    PreservedLonger { case: CaseId, at: Wall },
    /// The body of the evidence went.
    #[error("the body of evidence `{name}` was erased by event {}, which says why; its digest stays", gone.0)]
    EvidenceErased { name: String, gone: Revision },
    /// A way back is under way.
    #[error(
        "case `{case}` brings access of partner `{partner}` back in stages; finish that first, or end it by `portcullis partner hold` or `partner restore`"
    )]
    PlanRunning { case: CaseId, partner: PartnerId },
    /// Nobody knows whose way back.
    #[error("case `{0}` is not about exactly one partner; write `partner:` into the plan")]
    PlanOfWhom(CaseId),
    /// The plan has faults, all of them named.
    #[error("the plan can't be followed: {}", .0.join("; "))]
    PlanUnfit(Vec<String>),
    /// Nothing to give back.
    #[error("{subject} is {state}; only what is suspended or restricted is given back in stages")]
    NothingToStage { subject: SubjectId, state: StandingName },
    /// No plan.
    #[error(
        "case `{0}` has no plan that goes on; make one by `portcullis case restore {0} --plan FILE`"
    )]
    NoPlan(CaseId),
    /// Stages come one by one.
    #[error(
        "{what} can't follow: the stages of case `{case}` come one by one, and the next is {next}"
    )]
    StageNext { case: CaseId, what: String, next: String },
    /// What must be so is not.
    #[error("{next} can't begin yet: {}", lacks.join("; "))]
    CriteriaLack { next: String, lacks: Vec<String> },
    /// Somebody else decided about a client outside the stage.
    #[error(
        "{subject} would stay closed by the plan and has a standing of its own that closes less; restore it or hold it first"
    )]
    OwnStanding { subject: SubjectId },
    /// The stage decides about it.
    #[error(
        "{subject} is on hold by the plan of case `{case}`; its stages give it back, or put the partner on hold to end them"
    )]
    HeldByPlan { subject: SubjectId, case: CaseId },
    /// Nothing is asked.
    #[error("nothing is to be attested {of}; {}", match asked.as_slice() { [] => "no plan asks for it".to_owned(), asked => format!("what is asked: {}", asked.join(", ")) })]
    NotAsked { of: String, asked: Vec<String> },
    /// Attested already.
    #[error("this was attested on {} already; nothing more is asked", .0.rfc3339())]
    AttestedAlready(Wall),
    /// Only the gate's clock says that time is over.
    #[error("only the gate's own clock says that the review of case `{0}` is over")]
    NotDue(CaseId),
}

impl CaseRejected {
    /// A stable code for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unknown { .. } => "unknown_case",
            Self::Exists(_) => "case_exists",
            Self::Closed { .. } => "case_closed",
            Self::Same(_) => "nothing_changes",
            Self::Empty(_) => "text_missing",
            Self::DigestUnreadable(_) => "digest_unreadable",
            Self::DigestOther { .. } => "digest_other",
            Self::NoEvidence { .. } => "unknown_evidence",
            Self::NotKept { .. } => "evidence_not_kept",
            Self::NoSignal(_) => "unknown_signal",
            Self::Full { .. } => "case_full",
            Self::ReviewTooFar { .. } => "review_too_far",
            Self::PreservedTooFar { .. } => "preserved_too_far",
            Self::PreservedLonger { .. } => "preserved_longer",
            Self::EvidenceErased { .. } => "evidence_erased",
            Self::PlanRunning { .. } => "plan_running",
            Self::PlanOfWhom(_) => "plan_partner_missing",
            Self::PlanUnfit(_) => "plan_unfit",
            Self::NothingToStage { .. } => "nothing_to_stage",
            Self::NoPlan(_) => "no_plan",
            Self::StageNext { .. } => "stage_skipped",
            Self::CriteriaLack { .. } => "criteria_lack",
            Self::OwnStanding { .. } => "own_standing",
            Self::HeldByPlan { .. } => "held_by_plan",
            Self::NotAsked { .. } => "attestation_not_asked",
            Self::AttestedAlready(_) => "attested_already",
            Self::NotDue(_) => "not_due",
        }
    }

    /// Whether the command names something that does not exist.
    #[must_use]
    pub fn is_unknown_subject(&self) -> bool {
        matches!(self, Self::NoEvidence { .. } | Self::NoSignal(_))
    }

    /// Whether it is at odds with the state as it is.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        match self {
            Self::Exists(_)
            | Self::Closed { .. }
            | Self::Same(_)
            | Self::Full { .. }
            | Self::PlanRunning { .. }
            | Self::PreservedLonger { .. }
            | Self::EvidenceErased { .. }
            | Self::NotKept { .. }
            | Self::NothingToStage { .. }
            | Self::NoPlan(_)
            | Self::StageNext { .. }
            | Self::CriteriaLack { .. }
            | Self::OwnStanding { .. }
            | Self::HeldByPlan { .. }
            | Self::NotAsked { .. }
            | Self::AttestedAlready(_)
            | Self::NotDue(_) => true,
            Self::Unknown { .. }
            | Self::Empty(_)
            | Self::DigestUnreadable(_)
            | Self::DigestOther { .. }
            | Self::NoEvidence { .. }
            | Self::NoSignal(_)
            | Self::ReviewTooFar { .. }
            | Self::PreservedTooFar { .. }
            | Self::PlanOfWhom(_)
            | Self::PlanUnfit(_) => false,
        }
    }
}
