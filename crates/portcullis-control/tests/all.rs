//! The suites of this crate as one program, which is linked once; beside it stand those that scripts call
//! by their name or that have a folder of their own.
#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may stop at the first surprise"
)]

mod gate;
mod issuer;

mod admin_api;
mod grants;
mod ledger;
mod log;
mod openapi_golden;
mod past;
mod people;
mod problems;
mod retention;
mod witness;
