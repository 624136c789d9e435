//! Which way a call went to the platform, and what it waited for on it.
//!
//! Filled in by who sends it; without a look at a clock where it did not wait. Must not know what is told
//! of it to whom.

use std::rc::Rc;

/// Which way a call went to the platform.
#[derive(Debug, Clone, Default)]
pub(crate) struct Way {
    /// The address it was sent to last.
    pub(crate) upstream: Option<Rc<str>>,
    /// How often it was sent.
    pub(crate) sent: u8,
    /// Connections that were opened for it, or tried to be.
    pub(crate) opened: u8,
    /// Microseconds until the last of them was open.
    pub(crate) connect_us: u32,
    /// Microseconds that it waited until an upstream could take it.
    pub(crate) queue_us: u32,
}

/// Microseconds, as they are kept: up to an hour and more.
pub(crate) fn micros(nanoseconds: u64) -> u32 {
    u32::try_from(nanoseconds / 1000).unwrap_or(u32::MAX)
}
