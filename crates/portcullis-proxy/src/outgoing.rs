//! A call as it goes to the platform, before any codec wrote it.
//!
//! Holds the partner's fields as they came and says, for each, whether it goes on; so that nothing is
//! taken out of a map or put into one for a call that is only written once. Must not know how the
//! call was judged.

use http::header::{ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, HOST};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use crate::conn::Conn;
use crate::hygiene::{self, FORWARDED_FOR, FORWARDED_HOST, FORWARDED_PROTO, Outward, REQUEST_ID};
use crate::trace::{Onward, TRACEPARENT};
use crate::upload::Sent;

/// A call as it goes to the platform.
pub(crate) struct Outgoing<'a> {
    pub(crate) method: Method,
    pub(crate) target: PathAndQuery,
    /// As the partner sent them.
    pub(crate) headers: HeaderMap,
    pub(crate) ours: Ours<'a>,
    pub(crate) body: Sent,
    /// Whose it is.
    pub(crate) who: u32,
    /// What its upstream depends on, where it depends on anything.
    pub(crate) attribute: u64,
}

/// What the gate makes of the fields.
pub(crate) struct Ours<'a> {
    pub(crate) conn: &'a Conn,
    /// The call's name.
    pub(crate) id: &'a HeaderValue,
    /// The host the partner sent the call to.
    pub(crate) host: Option<&'a HeaderValue>,
    pub(crate) content: Content,
    /// Whether the answer will be read, hence must come whole and unpacked.
    pub(crate) plain_answer: bool,
    /// Its place in a trace, where the gate names it.
    pub(crate) trace: Option<&'a Onward>,
}

/// What becomes of `Content-Type`.
pub(crate) enum Content {
    AsReceived,
    /// There is no content.
    None,
    /// The gate wrote the body.
    Ours(HeaderValue),
}

impl Outgoing<'_> {
    /// Gives every field that the platform gets.
    pub(crate) fn fields(&self, mut put: impl FnMut(&HeaderName, &HeaderValue)) {
        let Self { headers, ours, .. } = self;
        let thread = &ours.conn.thread;
        let key_header = &thread.settings.key_header;
        let rules = Outward {
            key_header,
            trusted: ours.conn.trusted,
            plain_answer: ours.plain_answer,
            traced: ours.trace.map(|trace| trace.keeps_state),
            key: hygiene::long_key(headers, key_header),
        };
        let as_received = matches!(ours.content, Content::AsReceived);
        for (name, value) in headers {
            if hygiene::goes_on(name, value, &rules) && (as_received || *name != CONTENT_TYPE) {
                put(name, value);
            }
        }
        put(&HOST, thread.settings.upstream.authority());
        put(&REQUEST_ID, ours.id);
        if let Some(bearer) = &thread.bearer {
            put(&AUTHORIZATION, bearer);
        }
        if let Content::Ours(kind) = &ours.content {
            put(&CONTENT_TYPE, kind);
        }
        if ours.plain_answer {
            put(&ACCEPT_ENCODING, &HeaderValue::from_static("identity"));
        }
        if let Some(trace) = ours.trace {
            put(&TRACEPARENT, &trace.traceparent);
        }
        if thread.settings.forwarded {
            self.forwarded(put);
        }
    }

    /// Says for whom the call is made.
    fn forwarded(&self, mut put: impl FnMut(&HeaderName, &HeaderValue)) {
        let Ours { conn, host, .. } = &self.ours;
        // A trusted peer's own word on these went on before.
        let said = |name: &HeaderName| conn.trusted && self.headers.contains_key(name);
        // After what it says of those before it.
        put(&FORWARDED_FOR, &conn.forwarded_for);
        if !said(&FORWARDED_PROTO) {
            let public_url = conn.thread.settings.public_url.as_ref();
            let scheme = public_url.map_or("http", crate::PublicUrl::scheme);
            put(&FORWARDED_PROTO, &HeaderValue::from_static(scheme));
        }
        if let Some(host) = host
            && !said(&FORWARDED_HOST)
        {
            put(&FORWARDED_HOST, host);
        }
    }
}
