//! WebSockets: how one begins, and what passes over it.
//!
//! The messages of a partner are judged one by one as the call that opened it was, so that rates, limits
//! and holds bite as if each were a call. Must not know how a call is judged.

mod frames;
mod handshake;
mod side;
mod tunnel;

use std::rc::Rc;

use http::header::{CONNECTION, CONTENT_LENGTH, SEC_WEBSOCKET_ACCEPT, UPGRADE};
use http::request::Parts;
use http::{HeaderValue, StatusCode, response};
use hyper_util::rt::TokioIo;
use portcullis_judge::Permit;
use portcullis_types::Refusal;

pub(crate) use self::handshake::Handshake;
pub(crate) use self::tunnel::{Opened, Tunnel};
use crate::ticket::Ticket;

/// A call's wish for a WebSocket, from its head to its answer.
pub(crate) struct Wish {
    handshake: Handshake,
    /// The call, once it is permitted.
    asked: Option<Parts>,
}

impl Wish {
    pub(crate) fn new(handshake: Handshake) -> Box<Self> {
        Box::new(Self { handshake, asked: None })
    }

    /// Whether any success would make a tunnel of its stream, as over HTTP/2 (RFC 9113 §8.5).
    pub(crate) fn is_stream(&self) -> bool {
        self.handshake.stream.is_some()
    }
}

/// Whether the permit is for what the call wishes: what is no WebSocket is not made one, and what is
/// one can't be asked otherwise.
pub(crate) fn wanted(
    wish: &mut Option<Box<Wish>>,
    permit: Permit,
    parts: &Parts,
) -> Result<Permit, Refusal> {
    if permit.websocket != wish.is_some() {
        let why = match wish {
            Some(_) => "the gate does not switch protocols here",
            None => "this is a WebSocket: it begins with the handshake of RFC 6455, or of RFC 8441",
        };
        permit.into_parts().1.release();
        return Err(Refusal::Unreadable { why });
    }
    if let Some(wish) = wish {
        let mut again = parts.clone();
        again.extensions.clear();
        wish.asked = Some(again);
    }
    Ok(permit)
}

/// Makes the platform's answer the partner's; gives the ticket back where it is none to what was
/// asked. Over HTTP/1.1 the connection is a WebSocket once that is out; over HTTP/2 the stream.
pub(crate) fn open(
    parts: &mut response::Parts,
    opened: Opened,
    mut ticket: Box<Ticket>,
) -> Result<(), Box<Ticket>> {
    let headers = &mut parts.headers;
    let wish = ticket.wish.take().filter(|wish| wish.handshake.is_answered(headers));
    let Some((handshake, Some(asked))) = wish.map(|wish| (wish.handshake, wish.asked)) else {
        return Err(ticket);
    };
    headers.remove(CONTENT_LENGTH);
    if handshake.stream.is_some() {
        parts.status = StatusCode::OK;
        headers.remove(SEC_WEBSOCKET_ACCEPT);
    } else {
        headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    }
    ticket.status = parts.status.as_u16();
    ticket.refusal = None;
    let conn = Rc::clone(&ticket.conn);
    let tunnel = Box::new(Tunnel::new(opened, asked, ticket));
    match handshake.stream {
        None => conn.tunnel.set(Some(tunnel)),
        Some(stream) => drop(tokio::task::spawn_local(async move {
            // Where the stream is gone before its answer was out, so is the tunnel.
            if let Ok(stream) = stream.await {
                tunnel.run(TokioIo::new(stream)).await;
            }
        })),
    }
    Ok(())
}
