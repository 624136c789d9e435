//! Rewrites the JSON of an answer while it passes, in bounded memory.
//!
//! A [`Plan`] names duties; compiled, it is a [`Program`] that many answers share. A [`Sieve`] is
//! the state of one answer: chunks go in, what may leave comes out into a [`Sink`]. Must not know
//! HTTP, policy files, content codings or a runtime.
//!
//! ```
//! use std::sync::Arc;
//! use portcullis_sieve::{Gate, Place, Plan, Sieve};
//!
//! let mut plan = Plan::default();
//! plan.drop_field(Place::parse("data.media_url"));
//! let program = Arc::new(plan.compile()?);
//! let mut sieve = Sieve::new(program, Arc::new(Gate::default()), 0, ());
//! let mut out = Vec::new();
//! sieve.push(br#"{"data":[{"id":"1","media_"#, &mut out)?;
//! sieve.push(br#"url":"https://cdn/1"}]}"#, &mut out)?;
//! sieve.finish()?;
//! assert_eq!(out, br#"{"data":[{"id":"1"}]}"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is promised
//! - The output does not depend on where chunks end.
//! - What no duty touches leaves byte for byte as it came; numbers are never converted.
//! - Memory of a sieve: [`HELD_MAX`] for items that are not decided yet, plus the longest text that
//!   is read ([`LINK_MAX`], [`NAME_MAX`], [`READ_MAX`]), and as much again twice while a string of
//!   JSON is inside; whatever the length of the answer.
//! - Whatever is not one JSON document in UTF-8 with at most [`DEPTH_MAX`] levels, and whatever a
//!   duty reads in two ways, is a [`Fault`]. Nothing more comes out after one.
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

mod engine;
mod fault;
mod gate;
mod items;
mod link_key;
mod place;
mod plan;
mod program;
mod scan;
mod secret;
mod sieve;
mod sink;
mod tally;
mod text;
mod time;
mod utf8;

pub use self::fault::Fault;
pub use self::gate::Gate;
pub use self::items::{Fate, Item, Items};
pub use self::link_key::LinkKey;
pub use self::place::Place;
pub use self::plan::{Check, Effect, Embedded, ItemDuty, Plan, Test, Undecided, Where};
pub use self::program::{Program, ProgramFault};
pub use self::sieve::Sieve;
pub use self::sink::{Pieces, Sink};
pub use self::tally::Tally;

/// Deepest nesting that is read.
pub const DEPTH_MAX: usize = 64;
/// Most bytes of output that wait for items to be decided; also how much of an answer a caller
/// holds back before it sends the first byte.
pub const HELD_MAX: usize = 64 * 1024;
/// Longest name of a member, as it is written.
pub const NAME_MAX: usize = 4 * 1024;
/// Longest link that is rewritten, as it is written.
pub const LINK_MAX: usize = 32 * 1024;
/// Longest value that a duty reads, as it is written; a longer one counts as unreadable.
pub const READ_MAX: usize = 1024;
