//! The log as evidence: canonical leaves, a Merkle tree over them, signed checkpoints, and the
//! check that tells whether anybody touched it.
//!
//! Storey 1, pure. Knows the shape of a leaf and nothing about what events mean, save the two that
//! name the log's own keys. Must not know who stores leaves, HTTP, a clock or a runtime.
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

mod verdict;

pub use verdict::{Fault, Verification};

/// Most bytes of a leaf.
pub const LEAF_BYTES_MAX: usize = 16 * 1024;
