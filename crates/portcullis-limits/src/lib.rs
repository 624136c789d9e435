//! Rates, budgets and watches: how much a partner, a client or a key may ask for in a window, and what
//! its calls look like over time.
//!
//! Rates stand in this file's own modules; distinct targets and rows in rolling windows are in
//! [`budget`], signals in [`watch`].
//!
//! The algorithm and the quotas are governor's (GCRA). Its state is one word per rate and subject,
//! kept by us, so that several rates can be debited all or nothing, read for headers and carried over
//! when a policy changes. Time comes in with each call. Must not know what a partner, a policy or a
//! wall clock is.
//!
//! # What a rate admits
//! A rate of `max` in `window` with `burst` gives back one unit every `window / max` and lets up to
//! `burst` units through at once. In any window at most `burst + max` units pass: `burst` saved up
//! before it and `max` that come back within it. Zero means none, never unlimited.
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

pub mod budget;
mod limiters;
mod meter;
mod take;
pub mod watch;
mod word;

pub use limiters::Limiters;
pub use meter::{Meter, RateSpec};
pub use take::{Claim, Denied, Reading, look, take};
