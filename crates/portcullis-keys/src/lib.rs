//! Keys of partners: how one looks, how it is kept, how it is found again.
//!
//! A key is shown once and never kept: what is kept is a digest under a server-side pepper. Pure:
//! randomness and secrets come in as values. So are tokens of an issuer, which stand in a key's place.
//! Must not know scopes, policies, storage or HTTP.
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

mod base62;
mod day_key;
mod digest;
mod directory;
mod format;
mod pepper;
mod places;
mod secret;
mod shelf;
mod short_mac;
mod token;

pub use day_key::DayKey;
pub use digest::{Digest, DigestError};
pub use directory::{DirectoryError, KeyDirectory};
pub use format::{ENVIRONMENTS, Inspection, MintError, Minted, imported_id, inspect, mint};
pub use pepper::{Pepper, PepperError, Peppers};
pub use places::Places;
pub use secret::Secret;
pub use shelf::Shelf;
pub use token::{
    IssuerKeys, SignatureAlgorithm, TokenError, TokenHead, TokenRules, TokenSpan, Verified,
    claimed_issuer, looks_like_token,
};
