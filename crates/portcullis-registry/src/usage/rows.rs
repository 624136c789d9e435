//! What is kept of calls that came to the same in one hour, in 24 bytes.
//!
//! Must not know names.

use portcullis_types::ClientIx;

use super::CallClient;

/// Calls of one key in one hour that came to the same.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Ord, PartialOrd)]
pub(super) struct Row {
    pub(super) key: u32,
    pub(super) class: u16,
    pub(super) outcome: u16,
    pub(super) client: u32,
    pub(super) calls: u64,
}

/// What calls that count together in an hour have in common: key, class, outcome, client.
pub(super) type Cell = (u32, u16, u16, u32);

impl Row {
    pub(super) const fn cell(&self) -> Cell {
        (self.key, self.class, self.outcome, self.client)
    }
}

/// Numbers that no client has.
pub(super) const OF_KEY: u32 = u32::MAX;
const SEVERAL: u32 = u32::MAX - 1;
const UNDECLARED: u32 = u32::MAX - 2;

pub(super) fn number_of(client: CallClient) -> u32 {
    match client {
        CallClient::OfKey => OF_KEY,
        CallClient::Several => SEVERAL,
        CallClient::Undeclared => UNDECLARED,
        CallClient::Granted(client) => client.0,
    }
}

pub(super) fn client_of(number: u32) -> CallClient {
    match number {
        OF_KEY => CallClient::OfKey,
        SEVERAL => CallClient::Several,
        UNDECLARED => CallClient::Undeclared,
        client => CallClient::Granted(ClientIx(client)),
    }
}
