//! One partner's connection, as its calls see it.
//!
//! Must not know what is asked on it, nor how its bytes are framed.

use std::cell::{Cell, RefCell};
use std::net::IpAddr;
use std::rc::Rc;

use http::{HeaderMap, HeaderValue};
use portcullis_judge::Origin;

use crate::guard::Watch;
use crate::hygiene::FORWARDED_FOR;
use crate::thread::Thread;
use crate::tls::ClientCertificate;
use crate::upgrade::Tunnel;

/// One partner's connection.
pub(crate) struct Conn {
    pub(crate) thread: Rc<Thread>,
    pub(crate) watch: Rc<Watch>,
    pub(crate) peer: IpAddr,
    /// Whether the peer's word on who calls is believed.
    pub(crate) trusted: bool,
    /// The peer, as `X-Forwarded-For` says it.
    pub(crate) forwarded_for: HeaderValue,
    pub(crate) http2: bool,
    /// Who the peer is, as an authority for clients says.
    pub(crate) certificate: Option<ClientCertificate>,
    /// The host of the last call, in memory of its own.
    pub(crate) host: RefCell<Option<HeaderValue>>,
    /// The WebSocket that a connection of HTTP/1.1 is once the answer is out.
    pub(crate) tunnel: Cell<Option<Box<Tunnel>>>,
    /// What was read of it before anybody knew what is spoken, or that a call comes.
    pub(crate) first: Cell<Vec<u8>>,
}

impl Conn {
    /// Where a call came from: the peer, or whom a trusted one names last.
    pub(crate) fn origin(&self, headers: &HeaderMap) -> Origin<'_> {
        let last = || {
            let line: &HeaderValue = headers.get_all(FORWARDED_FOR).iter().next_back()?;
            line.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
        };
        let address = self.trusted.then(last).flatten().unwrap_or(self.peer);
        let certificate = self.certificate.as_ref();
        Origin { address, certificate: certificate.map(ClientCertificate::shown) }
    }

    /// A host in memory of its own. As a slice of the request it would keep all that was read with it,
    /// and the next read would need a new buffer; most calls of a connection name the same one.
    pub(crate) fn keep_host(&self, host: &HeaderValue) -> Option<HeaderValue> {
        let mut kept = self.host.borrow_mut();
        if kept.as_ref() != Some(host) {
            *kept = HeaderValue::from_bytes(host.as_bytes()).ok();
        }
        kept.clone()
    }
}
