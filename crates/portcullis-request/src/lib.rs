//! The canonical request: what a call says, read in one way only, and what it asks for.
//!
//! Bytes become a [`Canonical`] request ([`canonicalise`]), that unfolds into asks ([`ask()`]; a
//! batch into calls of its own first, [`batch()`]), and the very same value is what is sent on
//! ([`write()`]). What can't be read in one way only is refused, not repaired. Pure: knows the
//! catalogue; must not know policies, keys' meaning, HTTP libraries, sockets, files or the clock.
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

mod arrival;
mod ask;
mod batch;
mod bytes;
mod canonical;
mod fields;
mod json;
mod media;
mod members;
mod multipart;
mod names;
mod params;
mod path;
mod percent;
mod read;
mod roles;
mod stands;
mod texts;
mod why;
mod write;

pub use arrival::{Arrival, Bounds};
pub use ask::ask;
pub use batch::{Entry, Results, batch, resolve};
pub use canonical::Canonical;
pub use members::{Members, with_members};
pub use params::{Form, Param, Place};
pub use percent::{escaped, unescaped};
pub use read::{BodyWanted, canonicalise, wants_body};
pub use stands::{Stand, stands};
pub use texts::Texts;
pub use write::{Amendments, Sent, SentBody, SentTarget, write};
