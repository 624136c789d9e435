//! What one call costs, stage by stage, in nanoseconds: `cargo bench -p portcullis-benches`.
//!
//! The library is empty; the benches are in `benches/micro.rs`.
