//! What can be told of one call: which way it went, and where it stands in a trace that began elsewhere.
//!
//! Must not know where that is told.

mod way;

pub(crate) use self::way::{Way, micros};
