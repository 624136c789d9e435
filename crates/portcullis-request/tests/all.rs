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
mod plaza;

mod asks;
mod batches;
mod bodies;
mod keys;
mod looks;
mod members;
mod methods;
mod multipart;
mod paths;
mod places;
mod references;
mod spellings;
mod targets;
mod wraps;
