//! The words every other crate speaks: ids, indices, sets, time, asks and refusals.
//!
//! Storey 0. Knows no other crate of the workspace, no HTTP library, no file, no clock.
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

pub mod asked;
mod binding;
mod closes;
mod facts;
mod identity;
mod ids;
mod index;
mod key_id;
mod ledger;
mod method;
mod nearest;
mod network;
mod refusal;
mod request_id;
mod time;

pub use binding::{Binding, Holder, HolderError};
pub use closes::{Closes, Percent, StandingName};
pub use facts::Facts;
pub use identity::{Identity, IdentityError, TokenOf};
pub use ids::{
    CaseId, ClassName, ClientId, IdError, OperationName, PartnerId, PersonId, RateId, ReasonCode,
    ScopeName, TierName, TypeName,
};
pub use index::{
    CLASSES_MAX, ClassIx, ClassSet, ClientIx, FIELDS_MAX, FieldIx, FieldSet, KeyIx, OperationIx,
    PartnerIx, Revision, SCOPES_MAX, ScopeIx, ScopeSet, TierIx, TypeIx,
};
pub use key_id::KeyId;
pub use ledger::{
    LedgerAnswer, LedgerDigest, LedgerKind, LedgerLevel, LedgerRecord, LedgerRecords, LedgerRun,
    map_cell,
};
pub use method::{Effect, Method};
pub use nearest::nearest;
pub use network::{Network, NetworkError};
pub use refusal::{
    BudgetHit, Challenge, Counts, Denial, Held, Notice, Part, RateHit, Refusal, Row, Subject,
    all_rows,
};
pub use request_id::RequestId;
pub use time::{Clock, Mono, Now, Span, SpanError, Wall};
