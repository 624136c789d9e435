//! What the tests of several crates share: a clock turned by hand, mutated bytes, and eyes on the repository.
//!
//! A dev-dependency only, never shipped. Must not know any crate above the words.

#![allow(clippy::panic, clippy::expect_used, reason = "a test's tool fails the test at the spot")]

mod clock;
mod mutate;
mod repo;

pub use clock::StoppedClock;
pub use mutate::{fuzz, fuzz_slowly};
pub use repo::{Crate, Source, crates, dependency_names, text_files, workspace_root};
