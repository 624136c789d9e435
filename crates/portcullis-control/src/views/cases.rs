//! Cases and staged restores as the admin API shows them.
//!
//! Must not know routes.

use portcullis_registry::{
    CaseRecord, Cohort, EvidenceRecord, PlanRecord, Snapshot, Stage, SubjectId,
};
use serde::Serialize;
use utoipa::ToSchema;

/// A case.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct CaseView {
    /// Its id.
    id: String,
    /// What people call it.
    title: String,
    /// Whose it is.
    owner: String,
    /// `open` or `closed`.
    state: &'static str,
    /// When it was opened, RFC 3339.
    opened: String,
    /// When it was closed.
    closed: Option<String>,
    /// Until when nothing that it is about is erased, even once it is closed; null: while it is open.
    preserve_until: Option<String>,
    /// When it is looked at again.
    review_by: String,
    /// Whether that passed, and an event said so.
    review_over: bool,
    /// Whom it is about, such as `partner:acme`.
    subjects: Vec<String>,
    /// Events of the signals that belong to it.
    signals: Vec<u64>,
    /// Its evidence.
    evidence: Vec<EvidenceView>,
    /// How many notes there are; the timeline has them.
    notes: u64,
    /// How many events name it.
    events: usize,
    /// The way back that was planned last.
    plan: Option<PlanView>,
    /// The event that last changed it; send it as `If-Match` with a change.
    revision: u64,
}

/// A piece of evidence.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct EvidenceView {
    /// What people call it.
    name: String,
    /// Lower-case hex SHA-256 of its body.
    sha256: String,
    /// How long it is.
    bytes: u64,
    /// Whether its body is kept here.
    kept: bool,
    /// The event that says that its body was erased.
    erased: Option<u64>,
    /// The event that added it.
    revision: u64,
}

/// A way back in stages.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PlanView {
    /// Whose.
    partner: String,
    /// `running`, `finished`, `fell_back` or `overtaken`.
    state: &'static str,
    /// The stage it is at; 0: none began.
    stage: u8,
    /// When that began.
    since: String,
    /// Signals since then.
    signals: u32,
    /// The stages.
    stages: Vec<StageView>,
    /// For which clients the partner attested, and the digests of what it said.
    attested: Vec<AttestedView>,
    /// Clients and keys that it keeps on hold.
    held: Vec<String>,
    /// Lower-case hex SHA-256 of the plan as it is kept.
    digest: String,
}

/// A stage.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct StageView {
    /// What people call it.
    name: String,
    /// Which clients it is for, in words.
    clients: String,
    /// Classes that stay closed.
    closed: Vec<String>,
    /// What there is of rates and budgets, in per cent.
    factor: Option<u8>,
    /// How long it lasts at least, in seconds.
    at_least: u64,
    /// For which clients the partner attests before it begins.
    entry: Vec<String>,
    /// For which clients the partner attests before the next one.
    exit: Vec<String>,
    /// Most signals it bears.
    signals: u32,
}

/// What was attested.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct AttestedView {
    /// For which client.
    client: String,
    /// When, RFC 3339.
    at: String,
    /// Lower-case hex SHA-256 of the text.
    text: String,
}

impl CaseView {
    pub(crate) fn new(case: &CaseRecord, snapshot: &Snapshot) -> Self {
        Self {
            id: case.id.to_string(),
            title: case.title.to_string(),
            owner: case.owner.to_string(),
            state: if case.closed.is_none() { "open" } else { "closed" },
            opened: case.opened.rfc3339(),
            closed: case.closed.map(|at| at.rfc3339()),
            preserve_until: case.preserve_until.map(|at| at.rfc3339()),
            review_by: case.review.at.rfc3339(),
            review_over: case.review.ran_out,
            subjects: case.subjects.iter().map(SubjectId::named).collect(),
            signals: case.signals.iter().map(|signal| signal.0).collect(),
            evidence: case.evidence.iter().map(EvidenceView::from).collect(),
            notes: case.notes,
            events: case.timeline.len(),
            plan: case.plan.as_deref().map(|plan| PlanView::new(plan, snapshot)),
            revision: case.revision.0,
        }
    }
}

impl From<&EvidenceRecord> for EvidenceView {
    fn from(evidence: &EvidenceRecord) -> Self {
        Self {
            name: evidence.name.to_string(),
            sha256: evidence.sha256.to_string(),
            bytes: evidence.bytes,
            kept: evidence.kept && evidence.erased.is_none(),
            erased: evidence.erased.map(|at| at.0),
            revision: evidence.revision.0,
        }
    }
}

impl PlanView {
    fn new(plan: &PlanRecord, snapshot: &Snapshot) -> Self {
        let attested = plan.attested.iter().map(|(client, (at, text))| AttestedView {
            client: client.as_ref().map(ToString::to_string).unwrap_or_default(),
            at: at.rfc3339(),
            text: text.to_string(),
        });
        let held = plan.held.iter().filter_map(|(at, _)| snapshot.subject_id(*at));
        let partner = snapshot.partner(plan.partner).map(|partner| partner.id.to_string());
        Self {
            partner: partner.unwrap_or_default(),
            state: plan.state.name(),
            stage: plan.stage,
            since: plan.since.rfc3339(),
            signals: plan.signals,
            stages: plan.plan.stages.iter().map(StageView::from).collect(),
            attested: attested.collect(),
            held: held.map(|id| id.named()).collect(),
            digest: plan.digest.clone(),
        }
    }
}

impl From<&Stage> for StageView {
    fn from(stage: &Stage) -> Self {
        let names = |clients: &[portcullis_types::ClientId]| {
            clients.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        Self {
            name: stage.name.clone(),
            clients: match &stage.cohort {
                Cohort::All => "all".to_owned(),
                Cohort::Clients(clients) => names(clients).join(", "),
                Cohort::Share(share) => format!("{share} of them"),
            },
            closed: stage.classes.iter().map(ToString::to_string).collect(),
            factor: stage.factor.map(portcullis_types::Percent::get),
            at_least: stage.at_least / 1000,
            entry: names(&stage.entry.attestation),
            exit: names(&stage.exit.attestation),
            signals: stage.exit.signals,
        }
    }
}
