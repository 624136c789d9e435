//! Cases: investigations with an owner, what belongs to them, and the staged way back.
//!
//! What can be asked and what can have happened stand in `asked`, what the state keeps in `record`,
//! plans of stages in `restore`. Must not know the rules: they stand in `plan`.

mod asked;
mod record;
mod rejected;
mod restore;

pub use asked::{CaseCommand, CaseEvent};
pub use record::{CaseRecord, Cases, EvidenceRecord, PlanRecord, PlanState};
pub use rejected::CaseRejected;
pub use restore::{Cohort, Entry, Exit, RestorePlan, Stage};

/// Within so many days a case is looked at again, where nobody says otherwise.
pub(crate) const REVIEW_DAYS: u64 = 14;
/// Most days ahead that a case is looked at again.
pub(crate) const REVIEW_DAYS_MAX: u64 = 90;
/// Most subjects of a case, and most signals linked to one.
pub(crate) const LINKS_MAX: usize = 100;
/// Most pieces of evidence of a case.
pub(crate) const EVIDENCE_MAX: usize = 500;
/// Most events that a case's timeline holds; it is closed and another opened then.
pub(crate) const TIMELINE_MAX: usize = 10_000;
/// Most bytes of a note.
pub(crate) const NOTE_BYTES_MAX: usize = 64 * 1024;
/// Most bytes of a piece of evidence that is kept; a larger one stays where it is, by its digest.
pub const EVIDENCE_BYTES_MAX: usize = 1024 * 1024;
/// Most bytes of an attestation.
pub(crate) const ATTESTATION_BYTES_MAX: usize = 16 * 1024;
/// Most clients and keys that one stage changes.
pub(crate) const STAGE_SUBJECTS_MAX: usize = 2_000;
/// Most bytes of a plan.
pub(crate) const PLAN_BYTES_MAX: usize = 256 * 1024;
/// Longest that a stage lasts at least, in days.
pub(crate) const STAGE_DAYS_MAX: u64 = 365;
