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

mod compile;
mod decide;
mod file;
mod set;

pub use file::Per;
pub use set::{PolicySet, Rate, Scope, Tier};

/// The JSON Schema of a policy file (a tier or a set of scopes), for editors.
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(file::PolicyFile).to_value()
}
