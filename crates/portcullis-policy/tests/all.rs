//! The suites of this crate as one program, which is linked once; beside it stand those that scripts call
//! by their name or that have a folder of their own.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test may stop at the first surprise"
)]

mod desk;

mod conditions;
mod damage;
mod decide;
mod decisions;
mod effects;
mod explains;
mod faults;
mod hatch;
mod many;
mod mutations;
mod plaza;
mod readme;
mod rulefaults;
mod uses;
