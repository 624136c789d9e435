//! A connection to the platform that speaks something else than HTTP by now.
//!
//! Must not know what that is.

use bytes::BytesMut;

use super::Arriving;
use super::exchange::{At, Exchange};
use super::own;
use super::socket::{Reads, Writes};
use super::writer::Write;

/// A connection that is one call's alone, to its end.
pub(crate) struct Wire {
    pub(crate) read: Reads,
    pub(crate) write: Writes,
    /// What came with the head.
    pub(crate) buffer: BytesMut,
    /// It counts as a call under way as long as it lasts.
    _place: own::At,
}

impl Arriving {
    /// The connection itself, of a call whose answer was that it may be; none: it is shared.
    pub(crate) fn into_wire(self) -> Option<Wire> {
        match self {
            Self::Own(exchange) => exchange.into_wire(),
            Self::Hyper(_) => None,
        }
    }
}

impl Exchange {
    fn into_wire(self) -> Option<Wire> {
        match (self.at, self.place, self.buffer) {
            (At::Open { read, write: Write::Done(write), .. }, place, buffer) => {
                Some(Wire { read, write, buffer, _place: place })
            }
            _ => None,
        }
    }
}
