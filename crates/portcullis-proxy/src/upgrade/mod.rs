//! WebSockets: how one begins, and what passes over it.
//!
//! The messages of a partner are judged one by one as the call that opened it was, so that rates, limits
//! and holds bite as if each were a call. Must not know how a call is judged.

mod frames;
mod handshake;
mod side;
mod tunnel;

use std::cell::Cell;

use http::header::{CONNECTION, CONTENT_LENGTH, UPGRADE};
use http::request::Parts;
use http::{HeaderMap, HeaderValue};
use portcullis_judge::Permit;
use portcullis_types::Refusal;

pub(crate) use self::handshake::Handshake;
pub(crate) use self::tunnel::Opened;
use self::tunnel::Tunnel;
use crate::ticket::Ticket;

/// What becomes of a connection of HTTP/1, which has one call at a time.
#[derive(Default)]
pub(crate) struct Switch {
    wish: Cell<Option<Box<Handshake>>>,
    /// The call that was permitted.
    asked: Cell<Option<Box<Parts>>>,
    /// What is to be run once its answer is out.
    pub(crate) tunnel: Cell<Option<Box<Tunnel>>>,
}

impl Switch {
    /// What the call that begins wishes for.
    pub(crate) fn wishes(&self, wish: Option<Handshake>) {
        self.wish.set(wish.map(Box::new));
    }

    /// Whether the permit is for what the call wishes: what is no WebSocket is not made one, and what is
    /// one can't be asked otherwise.
    pub(crate) fn wanted(&self, permit: Permit, parts: &Parts) -> Result<Permit, Refusal> {
        let wish = self.wish.take();
        if permit.websocket != wish.is_some() {
            let why = match wish {
                Some(_) => "the gate does not switch protocols here",
                None => "this is a WebSocket: it begins with a handshake over HTTP/1.1",
            };
            permit.into_parts().1.release();
            return Err(Refusal::Unreadable { why });
        }
        if wish.is_some() {
            let mut again = parts.clone();
            again.extensions.clear();
            self.asked.set(Some(Box::new(again)));
            self.wish.set(wish);
        }
        Ok(permit)
    }

    /// Makes the platform's answer the partner's; gives the ticket back where it is none to what was
    /// asked.
    pub(crate) fn open(
        &self,
        headers: &mut HeaderMap,
        opened: Opened,
        ticket: Box<Ticket>,
    ) -> Result<(), Box<Ticket>> {
        let wish = self.wish.take().filter(|wish| wish.is_answered(headers));
        let Some(asked) = self.asked.take().filter(|_| wish.is_some()) else { return Err(ticket) };
        headers.remove(CONTENT_LENGTH);
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        self.tunnel.set(Some(Box::new(Tunnel::new(opened, *asked, ticket))));
        Ok(())
    }
}
