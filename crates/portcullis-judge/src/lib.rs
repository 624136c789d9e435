//! The one place where asks, policy, standing and rates meet: a call comes in, a permit or a
//! refusal goes out.
//!
//! Used alike by the proxy and the offline tools, so that they can't disagree. A [`Judge`] is shared
//! by all threads; each thread has a [`Desk`] of its own, whose [`Desk::judge`] takes no lock. Must
//! not know HTTP types, sockets, a runtime or the real clock.
//!
//! # What holds
//! State comes as immutable snapshots, and beside them lives one word per partner, client and key
//! that can only narrow: a hold bites with the word, at once and on every thread; the snapshot that
//! says so too may come later. What holds is the stricter of both.
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

mod acting;
mod agreed;
mod amend;
mod asked_text;
mod budgets;
mod desk;
mod duties;
mod entries;
mod explain;
mod grants;
mod judge;
mod known;
mod ledger;
mod left;
mod live;
mod metering;
mod names;
mod narrowed;
mod origin;
mod outbound;
mod overlaps;
mod pass;
mod proof;
mod raised;
mod recorded;
mod rules;
mod shares;
mod standing;
mod tokens;
mod touched;
mod tries;
mod verdict;
mod view;
mod watching;

#[cfg(test)]
mod tests;

pub use agreed::{AgreedTo, LimitState};
pub use asked_text::{AskedText, CredentialAt, NotKept};
pub use budgets::Settlement;
pub use desk::Desk;
pub use duties::{Duties, ItemJudge};
pub use entries::Together;
pub use explain::{Explanation, Step};
pub use grants::GrantBook;
pub use judge::Judge;
pub use ledger::{LedgerKeys, Ledgered, Look};
pub use live::RestoreError;
pub use names::Names;
pub use origin::{Origin, Shown};
pub use outbound::{Batch, Granted, Outbound, Permit, PlatformCredential};
pub use portcullis_policy::{AllowIx, Per};
pub use portcullis_registry::{
    CallClient, UsageCells, UsageCount, UsageOf, UsageSink, UsageVerdict,
};
pub use portcullis_registry::{NarrowKind, SubjectIx};
pub use portcullis_request::{Arrival, BodyWanted, Bounds, SentBody, SentTarget};
pub use raised::Raised;
pub use rules::Rules;
pub use tokens::{TrustedIssuer, Wake};
pub use touched::Touched;
pub use verdict::{Notes, RateReading, Trace, Verdict};
pub use watching::SignalHit;
