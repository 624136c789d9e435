//! What may be sent on. Only the judge can make one, and forwarding takes nothing else.
//!
//! Must not know HTTP types or how it is sent.

use std::fmt;
use std::sync::Arc;

use portcullis_keys::Secret;
use portcullis_request::{
    Amendments, Canonical, Entry, Sent, SentBody, SentTarget, escaped, write,
};
use portcullis_types::{KeyIx, Method, Span};

use crate::budgets::Settlement;
use crate::duties::Duties;
use crate::entries::Together;
use crate::ledger::Ledgered;

/// How the platform wants its own credential.
#[derive(Debug)]
pub enum PlatformCredential {
    /// In a header field, which whoever sends the call adds; nothing is added here.
    Header,
    /// In a query parameter.
    Query {
        /// The parameter's name, such as `access_token`.
        name: String,
        /// The credential.
        value: Secret,
    },
}

/// What a call was granted.
#[derive(Debug)]
pub enum Granted {
    /// It may be sent on.
    Call(Permit),
    /// It is several calls, each to be judged by [`Desk::judge_entry`](crate::Desk::judge_entry); the
    /// batch itself never goes to the platform.
    Batch(Box<Batch>),
}

impl Granted {
    /// The permit, where it is one call.
    #[must_use]
    pub fn call(self) -> Option<Permit> {
        match self {
            Self::Call(permit) => Some(permit),
            Self::Batch(_) => None,
        }
    }
}

/// Several calls in one.
#[derive(Debug)]
pub struct Batch {
    /// The calls, in order.
    pub entries: Vec<Entry>,
    /// Whose they are.
    pub key: KeyIx,
    /// What they are judged with.
    pub together: Together,
}

/// Leave to send one call on. There is no other way to get one than a verdict.
#[derive(Debug)]
pub struct Permit {
    outbound: Outbound,
    /// Whether the answer holds paging links that must be rewritten.
    pub links: bool,
    /// Whether it makes a subscription that pushes.
    pub subscribes: bool,
    /// How long its answer may say nothing, where that is a stream.
    pub stream: Option<Span>,
    /// Whether its connection becomes a WebSocket.
    pub websocket: bool,
    /// The key, for the table of open streams.
    pub key: KeyIx,
    /// The caller's own key as a query holds it, where the call's did: links of the answer may carry
    /// it back to its caller, and go nowhere else.
    pub link_key: Option<Secret>,
    settlement: Settlement,
    duties: Option<Arc<Duties>>,
    ledger: Option<Ledgered>,
}

/// The call as it is sent: canonical, without the partner's key, with the listed amendments.
///
/// ```compile_fail,E0451
/// // Nobody else can make one.
/// let forged = portcullis_judge::Outbound { method: todo!(), target: todo!(), body: todo!() };
/// ```
pub struct Outbound {
    method: Method,
    target: SentTarget,
    body: SentBody,
}

impl Permit {
    /// `amended`: parameters in place of those the caller sent.
    pub(crate) fn new(
        canonical: &Canonical<'_>,
        platform: &PlatformCredential,
        links: bool,
        key: KeyIx,
        amended: Vec<(String, String)>,
    ) -> Self {
        let mut query = amended;
        if let PlatformCredential::Query { name, value } = platform {
            query.push((name.clone(), value.expose().to_owned()));
        }
        let Sent { method, target, body } = write(canonical, &Amendments { query });
        let operation = canonical.operation.as_ref().ok();
        let subscribes = operation.is_some_and(|operation| operation.subscribes);
        let stream = operation.and_then(|operation| operation.stream);
        let websocket = operation.is_some_and(|operation| operation.websocket);
        let settlement = Settlement::default();
        let outbound = Outbound { method, target, body };
        let presented = canonical.query_credential().and_then(|key| std::str::from_utf8(key).ok());
        let link_key = presented.map(|key| Secret::new(escaped(key)));
        Self {
            outbound,
            links,
            subscribes,
            stream,
            websocket,
            key,
            link_key,
            settlement,
            duties: None,
            ledger: None,
        }
    }

    /// The same, with what it has debited, what must happen to the answer and what the ledger is told of
    /// it.
    pub(crate) fn with(
        self,
        settlement: Settlement,
        duties: Option<Arc<Duties>>,
        ledger: Option<Ledgered>,
    ) -> Self {
        Self { settlement, duties, ledger, ..self }
    }

    /// What the ledger is to be told of its answer; none: nothing. To be taken once.
    pub fn take_ledgered(&mut self) -> Option<Ledgered> {
        self.ledger.take()
    }

    /// The call as it is sent.
    #[must_use]
    pub const fn outbound(&self) -> &Outbound {
        &self.outbound
    }

    /// The call as it is sent, using the permit up: one permit, one call.
    #[must_use]
    pub fn into_outbound(self) -> Outbound {
        self.outbound
    }

    /// The call as it is sent; what it has debited, to be released where it could not be sent; and what
    /// must happen to the answer, where anything must.
    pub fn into_parts(self) -> (Outbound, Settlement, Option<Arc<Duties>>) {
        (self.outbound, self.settlement, self.duties)
    }
}

impl Outbound {
    /// The method.
    #[must_use]
    pub const fn method(&self) -> Method {
        self.method
    }

    /// The path and query; as written, they may hold the platform's credential.
    #[must_use]
    pub const fn target(&self) -> &SentTarget {
        &self.target
    }

    /// The body.
    #[must_use]
    pub const fn body(&self) -> &SentBody {
        &self.body
    }

    /// All of it.
    #[must_use]
    pub fn into_parts(self) -> (Method, SentTarget, SentBody) {
        (self.method, self.target, self.body)
    }
}

impl fmt::Debug for Outbound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbound").field("method", &self.method).finish_non_exhaustive()
    }
}
