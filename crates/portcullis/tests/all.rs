//! The suites of this crate as one program, which is linked once; beside it stand those that scripts call
//! by their name or that have a folder of their own.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may stop at the first surprise"
)]

mod common;
#[path = "../../portcullis-control/tests/issuer/mod.rs"]
mod idp;

mod agreements;
mod answers;
mod crash;
mod damage;
mod deletions_stream;
mod disk_full;
mod explain;
mod faults;
mod first_run;
mod grants;
mod handed_over;
mod hold;
mod hooks;
mod issuer;
mod ledger;
mod ledger_age;
mod ledger_days;
mod ledger_evidence;
mod ledger_restored;
mod ledger_tampered;
mod operator;
mod partners;
mod people;
mod platform;
mod policies;
mod reload;
mod secrets;
mod signals;
mod store;
mod tls;
mod tokens;
mod traces;
mod upgrade;
mod usage;
mod witness;
