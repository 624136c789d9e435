//! The suites of this crate as one program, which is linked once; beside it stand those that scripts call
//! by their name or that have a folder of their own.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may stop at the first surprise"
)]

#[path = "../../portcullis-control/tests/gate/mod.rs"]
mod gate;
mod hand;

mod answers;
mod case;
mod coverage;
mod explain;
mod grants;
mod judging;
mod ledger;
mod login;
mod loopholes;
mod offline;
mod online;
mod past;
mod people;
mod preview;
mod proofs;
mod reasons;
mod signals;
mod standing;
mod usage;
