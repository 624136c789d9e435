//! Sends signed messages to hooks of partners: whom it may reach, how a message is signed, when it is
//! tried again.
//!
//! Storey 3. A hook's address comes from outside, so it could point anywhere: at the platform's own
//! network, at a cloud's metadata, at something that hangs or sends on to elsewhere. Every address is
//! looked at after its name was looked up, and the one that was looked at is the one connected to.
//! Must not know the log, the store, or what a message says.
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

mod pace;
mod post;
mod reach;
mod sign;
mod target;

pub use pace::{GIVE_UP, next_try};
pub use post::{Message, Outcome, Poster, PosterError, Roots, tls};
pub use reach::Reach;
pub use sign::{HookSecret, HookSecretError};
pub use target::{TARGET_BYTES_MAX, Target, TargetError};
