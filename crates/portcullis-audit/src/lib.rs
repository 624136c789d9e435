//! The log as evidence: canonical leaves, a Merkle tree over them, signed checkpoints, and the
//! check that tells whether anybody touched it.
//!
//! Storey 1, pure. Knows the shape of a leaf and nothing about what events mean, save the two that
//! name the log's own keys. Must not know who stores leaves, HTTP, a clock or a runtime. The format
//! is written down for other verifiers in `FORMAT.md` of this crate.
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

mod case_bundle;
mod check;
mod checkpoint;
mod cosign;
mod encoding;
mod export;
mod hash;
mod kept;
mod key;
mod leaf;
mod members;
mod receipt;
mod sealed;
mod spine;
mod tiler;
mod tiles;
mod time;
mod tree;
mod verdict;
mod witness;

#[cfg(test)]
mod tests;

pub use case_bundle::{
    BundleContent, BundleCovers, BundleEvent, BundleFault, BundleHead, BundleProof, CaseBundle,
};
pub use check::LogCheck;
pub use checkpoint::{Checkpoint, NoteError, sign};
pub use cosign::{WitnessKey, WitnessVerifier};
pub use encoding::{from_base64, to_base64};
pub use export::{checkpoint_line, event_line};
pub use hash::{Hash, Peaks, leaf_hash};
pub use kept::{Kept, KeptError};
pub use key::{LogKey, LogKeyError, LogVerifier};
pub use leaf::{Approved, LEAF_BYTES_MAX, Leaf, LeafError, decode, encode, read};
pub use receipt::{Receipt, ReceiptError};
pub use sealed::{Sealed, opens, seal, sealed};
pub use spine::{Spine, Spread};
pub use tiler::Tiler;
pub use tiles::{NoTile, TILE_WIDTH, Tile, TileKind, bundle, unbundle, unhash};
pub use time::wall_of;
pub use tree::{Nodes, ProofError, Tree, verify_consistency, verify_inclusion};
pub use verdict::{Fault, Verification};
pub use witness::{AddCheckpoint, Witness, WitnessError};
