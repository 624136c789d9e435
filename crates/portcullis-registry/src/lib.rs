//! The state of the gate as a fold of events, and the rules by which a command becomes events.
//!
//! Storey 2. [`State`] belongs to the one writer; everybody else reads an immutable [`Snapshot`].
//! The traits [`Sink`] and [`Office`] are the doors to the judge and to the control plane. Must not
//! know files, sockets, a runtime or a clock: time comes in with the command, secrets never do.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "a test may stop at the first surprise"
    )
)]

mod agreement;
mod answers;
mod calendar;
mod cases;
mod changes;
mod commands;
mod deletions;
mod events;
mod evidence;
mod facts;
mod fingerprint;
mod fold;
mod foreseen;
mod grants;
mod guard;
mod hooks;
mod identity;
mod import;
mod key_index;
mod key_record;
mod kinds;
mod later;
mod ledger;
mod names;
mod notices;
mod office;
mod pages;
mod people;
mod personal;
mod plan;
mod platform;
mod proposals;
mod quota;
mod reasons;
mod records;
mod rejected;
mod retention;
mod sealed;
mod signals;
mod snapshot;
mod standing;
mod state;
mod statement;
mod texts;
mod usage;
mod words;

#[cfg(test)]
mod tests;

pub use agreement::{
    AgreementEvent, AgreementRejected, NARROWED_MAX, NARROWED_TEXTS_MAX, Narrowed, Told, Weighed,
};
pub use answers::{
    ANSWER_BYTES_MAX, ANSWERS_PER_DAY, ATTACHMENTS_MAX, AnswerBody, AnswerCommand, AnswerEvent,
    AnswerKind, AnswerRecord, AnswerRejected, Answers, Attachment, Outcome, Reply,
};
pub use calendar::{Calendar, CalendarError, HOLIDAYS_MAX, OFFSET_MINUTES_MAX, Promise};
pub use cases::{
    CaseCommand, CaseEvent, CaseRecord, CaseRejected, Cases, Cohort, EVIDENCE_BYTES_MAX, Entry,
    EvidenceRecord, Exit, PlanRecord, PlanState, RestorePlan, Stage,
};
pub use changes::{
    Announced, CHANGE_DAYS_MAX, CHANGES_MAX, ChangeCommand, ChangeEvent, ChangeRejected, Changes,
    ScheduledChange,
};
pub use commands::Command;
pub use deletions::{
    DELETION_ID_BYTES_MAX, DELETION_KEPT_BYTES_MAX, DELETIONS_BATCH_MAX, DELETIONS_RULE,
    DeletionBacklog, DeletionCause, DeletionCommand, DeletionCounts, DeletionDesk, DeletionDone,
    DeletionError, DeletionEvent, DeletionHealth, DeletionLine, DeletionPost, DeletionRejected,
    DeletionRules, DeletionSalt, DeletionTotals, Deletions, DutiesPage, DutyRow, Except, Held,
    Holders, HoldersError, KeptList, LedgerName, ListsWanted, OpenDeletion, SaidOf, Saying, ToldOf,
    WhoHolds, told_of,
};
pub use events::Event;
pub use evidence::{Evidence, LogPoint};
pub use facts::{FACT_BYTES_MAX, FACTS_MAX, facts_blob};
pub use foreseen::Foreseen;
pub use grants::{
    ACCOUNT_BYTES_MAX, GRANTS_BATCH_MAX, GRANTS_MAX, Grant, GrantChange, GrantLine, GrantName,
    GrantRow, GrantsBatch, GrantsDone, GrantsPage, GrantsPart, GrantsPlan, GrantsSum, GrantsWanted,
    Settled, SnapshotFeed, Term,
};
pub use guard::{GuardEvent, Guarded, LogLost};
pub use hooks::{HookCommand, HookEvent};
pub use identity::identity_digest;
pub use import::{IMPORT_KEYS_MAX, encode_keys};
pub use key_record::KeyRecord;
pub use kinds::EVENT_KINDS;
pub use later::{Aside, LaterEvent};
pub use ledger::{
    ANCHORED_FILES_MAX, Anchor, AnchoredFile, Asking, LedgerCommand, LedgerEvent, LedgerLog,
    TakenTime, Taking,
};
pub use notices::PartnerNotice;
pub use office::{BoxFuture, Done, Health, LoggedEvent, NarrowKind, Office, OfficeError, Sink};
pub use people::{
    People, PeopleCommand, PeopleEvent, PeopleRejected, PeopleRule, PersonRecord, Role, Roles,
    login,
};
pub use platform::{PLATFORM_REPLY_BYTES_MAX, PlatformCommand, PlatformEvent, PlatformSeen};
pub use portcullis_audit::{Fault, Verification};
pub use portcullis_types::Facts;
pub use proposals::{
    Approval, Bearing, GLASS_MILLISECONDS, Glass, PROPOSAL_MILLISECONDS, PROPOSALS_MAX, Proposal,
    Proposed, Second, Terms,
};
pub use quota::{ANSWERS_KEPT_PER_DAY, KEY_EVENTS_PER_DAY, PARTNER_EVENTS_PER_DAY};
pub use reasons::{FactsWanted, Reason, ReasonUnfit, Reasons};
pub use records::{
    ClientRecord, Credential, GrantsLogged, KeyMore, KeyTerms, Narrowings, PartnerRecord, PepperIx,
    PolicyInForce, ScopeListIx, Standing, SubjectIx,
};
pub use rejected::Rejected;
pub use retention::{
    Bodies, ErasedBody, HeldBy, Holds, KeptBody, KeptOfKind, PRESERVED_DAYS_MAX, PreservedBy,
    RecordKind, Retention, RetentionCommand, RetentionEvent, RetentionReport,
};
pub use signals::{
    NotHeld, SIGNAL_HOLDS_WINDOW, SignalAction, SignalBounds, SignalMark, SignalSeen, Signals,
};
pub use snapshot::Snapshot;
pub use standing::{
    Cell, Clock, ClockName, Course, CredentialRejected, KeyCommand, KeyEvent, NOTICE_DAYS_MIN,
    NewSecret, REVIEW_DAYS_MAX, STAGES_MAX, StandingCommand, StandingEvent, StandingRejected,
    Stood, Who, Wish, cell,
};
pub use state::{Blob, FoldError, Narrowing, Place, Planned, State};
pub use statement::{
    About, Automation, DataDuties, Extent, Fact, Gap, Ground, GroundKind, Measure, Moment, Origin,
    Period, Redress, RequiredAction, STATEMENT_BYTES_MAX, STATEMENT_FACTS_MAX, Statement,
    StatementDraft, StatementRejected, Withheld, WithheldField, fact_of_signal, statement_schema,
};
pub use texts::{TELL_BYTES_MAX, TELL_CHARS_MIN};
pub use usage::{
    CallClient, UsageBook, UsageCells, UsageCount, UsageOf, UsageRow, UsageSink, UsageUnreadable,
    UsageVerdict,
};
pub use words::{
    Actor, ActorKind, ClientCategory, ImportedKey, ImportedState, KeyStart, Mode, PublishedFile,
    RotatedSecret, SubjectId, Use,
};
