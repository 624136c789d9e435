//! One connection as our own codec uses it: two halves of a socket, and nothing else.
//!
//! An idle one holds no buffer at all: bytes that came too early end it. Must not know HTTP.

use std::io;

use super::socket::{Reads, Socket, Writes};

/// A connection between two calls.
pub(super) struct Link {
    pub(super) read: Reads,
    pub(super) write: Writes,
    /// Where its upstream's name led, at last.
    pub(super) generation: u32,
}

/// What an idle connection shows.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(super) enum Shows {
    /// Nothing, as it should.
    Nothing,
    /// Its end.
    End,
    /// Bytes that no call asked for: it is out of step.
    Bytes,
}

impl Link {
    pub(super) fn new(stream: Socket, generation: u32) -> Self {
        let (read, write) = stream.into_split();
        Self { read, write, generation }
    }

    /// What has come since the last answer ended. Asks the system only where something may have.
    pub(super) fn shows(&self) -> Shows {
        match self.read.try_read(&mut [0]) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Shows::Nothing,
            Ok(1..) => Shows::Bytes,
            Ok(0) | Err(_) => Shows::End,
        }
    }
}
