//! What a preview needs to know of the data plane, as a trait that the binary fills.

use std::fmt;

use portcullis_types::{KeyIx, Span, Wall};

/// What the data plane knows of calls that a change of standing does not undo.
pub trait Plane: fmt::Debug + Send + Sync {
    /// The calls of these keys, in order, that are under way; none: a thread did not answer in time.
    /// Blocks.
    fn under_way(&self, keys: &[KeyIx]) -> Option<UnderWay>;
    /// What answers to these keys left behind.
    fn left(&self, keys: &[KeyIx]) -> Left;
    /// The classes that stay open to who is on hold, unless the hold names them.
    fn continuity(&self) -> Vec<String>;
}

/// Calls at one moment.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq)]
pub struct UnderWay {
    /// Reads that wait for the platform, or whose answers are going out.
    pub reads: u64,
    /// Writes that wait for the platform, or whose answers are going out.
    pub writes: u64,
}

/// What answers left behind.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub struct Left {
    /// Since when it is known: the start of the data plane.
    pub since: Wall,
    /// The longest that an address of media works, by the routes in force; none: they don't say.
    pub media_works: Option<Span>,
    /// Until when the addresses given out since then work; none: none were.
    pub media_until: Option<Wall>,
    /// Subscriptions that the platform took since then; none: the routes mark no operation.
    pub subscriptions: Option<u64>,
}
