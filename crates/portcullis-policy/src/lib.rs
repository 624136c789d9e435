//! Policy text to a checked, compiled [`PolicySet`], and the decision over asks.
//!
//! A policy that cannot be read whole is not loaded; zero means none; what is not granted is
//! refused. Must not know HTTP, clocks, counters, keys, partners or files.
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

mod case;
mod compile;
mod cost;
mod diff;
mod explain;
mod fields;
mod file;
mod hatch;
mod judge;
mod rule;
mod ruleindex;
mod set;
mod tier;

pub use case::{Case, Expect};
pub use diff::{Effect, Side, Way, Whom, diff, diff_ledger, diff_tiers};
pub use explain::{Step, StepKind};
pub use file::Per;
pub use hatch::Hatch;
pub use judge::{Caller, Debit, Known, Passed, Ruling};
pub use rule::{
    Action, AgeOf, Allow, AllowIx, Deny, DenyIx, DropItems, Each, Extent, FigureIx, Filter, Limit,
    LimitIx, ListIx, Max, Owner, Presence, RuleIx, Sharer, Signal, Standing, TargetRule, Watch,
    When,
};
pub use set::{PolicySet, STRICTEST, Scope};
pub use tier::{Rate, Tier};

/// The JSON Schema of a policy file (a tier, scopes or sets of fields), for editors.
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(file::PolicyFile).to_value()
}
