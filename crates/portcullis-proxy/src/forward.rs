//! Makes the request that goes to the platform, out of a permit and nothing else.
//!
//! Must not know how the call was judged or how it is sent.

use std::rc::Rc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, Uri, Version};
use hyper::body::Incoming;
use portcullis_judge::{Outbound, SentBody, SentTarget};
use portcullis_types::{Effect, KeyIx, Method, Refusal};

use crate::body::Access;
use crate::hygiene::{self, FORWARDED_FOR, FORWARDED_HOST, FORWARDED_PROTO, Outward, REQUEST_ID};
use crate::thread::Thread;
use crate::ticket::{Conn, Ticket};
use crate::upload::{Sent, Upload, UploadState};

/// What of a permit is needed once the call was sent.
pub(crate) struct Forward {
    pub(crate) links: bool,
    pub(crate) key: KeyIx,
    /// The count of cuts when the call was judged.
    pub(crate) cuts: u64,
    pub(crate) effect: Effect,
    /// The host the partner sent the call to.
    pub(crate) host: Option<HeaderValue>,
}

impl Forward {
    /// Refuses a read whose key lost its access since it was judged; nothing was given away yet.
    pub(crate) fn may_begin(&self, thread: &Thread) -> Result<(), Refusal> {
        if self.effect == Effect::Write || thread.cuts.get() == self.cuts {
            return Ok(());
        }
        let standing = thread.bench.standing(self.key, thread.now());
        standing.inspect_err(|_| thread.metrics.answers_cut.inc())
    }

    /// Who reads the answer, as of now.
    pub(crate) fn access(&self, thread: &Thread) -> Access {
        let reader = (self.effect == Effect::Read).then_some(self.key);
        Access { reader, cuts: thread.cuts.get() }
    }
}

/// The body of a call, as far as it is known when it is judged.
#[derive(Default)]
pub(crate) struct Bodies {
    /// Whether there is one.
    pub(crate) has_body: bool,
    /// All of it, where it was collected.
    pub(crate) received: Bytes,
    /// Where it streams through.
    pub(crate) upload: Option<Incoming>,
}

/// Makes the request that goes to the platform.
pub(crate) fn outward(
    conn: &Conn,
    mut parts: Parts,
    outbound: Outbound,
    Bodies { received, upload, .. }: Bodies,
    forward: &Forward,
    ticket: &Ticket,
) -> Result<(Request<Sent>, Option<Rc<UploadState>>), Refusal> {
    let thread = &conn.thread;
    let settings = &thread.settings;
    let (method, target, body) = outbound.into_parts();
    let key_header = &settings.key_header;
    let rules = Outward {
        key_header,
        trusted: conn.trusted,
        authorization: thread.bearer.is_some(),
        plain_answer: forward.links,
    };
    hygiene::drop_copies(&mut parts.headers, key_header);
    hygiene::outward(&mut parts.headers, &rules);
    let mut state = None;
    let sent = match body {
        SentBody::None => {
            parts.headers.remove(CONTENT_TYPE);
            Sent::Empty
        }
        SentBody::Params { content_type, bytes } => {
            let value = HeaderValue::from_str(&content_type).map_err(|_| Refusal::Internal)?;
            parts.headers.insert(CONTENT_TYPE, value);
            Sent::Full(Some(bytes.into()))
        }
        SentBody::Unchanged => match upload {
            Some(body) => {
                let shared = Rc::new(UploadState::default());
                state = Some(Rc::clone(&shared));
                let (left, idle) =
                    (settings.limits.streamed_body_bytes, settings.timeouts.body_idle);
                let (alarm, watch) = (thread.ticker.alarm(), Rc::clone(&conn.watch));
                Sent::Upload(Box::new(Upload { body, left, alarm, idle, state: shared, watch }))
            }
            None if received.is_empty() => Sent::Empty,
            None => Sent::Full(Some(received)),
        },
    };
    identify(conn, &mut parts, forward, ticket);
    parts.uri = match target {
        SentTarget::AsReceived => as_received(conn, &parts.uri)?,
        SentTarget::Written(text) => {
            Uri::from(PathAndQuery::try_from(text).map_err(|_| Refusal::Internal)?)
        }
    };
    parts.method = http_method(method);
    parts.version = Version::HTTP_11;
    parts.extensions.clear();
    if matches!(sent, Sent::Empty) && matches!(method, Method::Post | Method::Put | Method::Patch) {
        parts.headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    Ok((Request::from_parts(parts, sent), state))
}

/// Puts in whose call it is now, and for whom.
fn identify(conn: &Conn, parts: &mut Parts, forward: &Forward, ticket: &Ticket) {
    let settings = &conn.thread.settings;
    let headers = &mut parts.headers;
    headers.insert(HOST, settings.upstream.authority().clone());
    headers.insert(REQUEST_ID, ticket.id.clone());
    if let Some(bearer) = &conn.thread.bearer {
        headers.insert(AUTHORIZATION, bearer.clone());
    }
    if !settings.forwarded {
        return;
    }
    let scheme = || settings.public_url.as_ref().map_or("http", crate::PublicUrl::scheme);
    if conn.trusted {
        // After what the peer says of those before it.
        headers.append(FORWARDED_FOR, conn.forwarded_for.clone());
        let proto = headers.entry(FORWARDED_PROTO);
        proto.or_insert_with(|| HeaderValue::from_static(scheme()));
        if let Some(host) = &forward.host {
            headers.entry(FORWARDED_HOST).or_insert_with(|| host.clone());
        }
        return;
    }
    headers.insert(FORWARDED_FOR, conn.forwarded_for.clone());
    headers.insert(FORWARDED_PROTO, HeaderValue::from_static(scheme()));
    if let Some(host) = &forward.host {
        headers.insert(FORWARDED_HOST, host.clone());
    }
}

/// The target the partner sent, without the public URL's prefix and any authority.
fn as_received(conn: &Conn, uri: &Uri) -> Result<Uri, Refusal> {
    let whole = uri.path_and_query().ok_or(Refusal::Internal)?;
    let path = conn.thread.bench.path(uri.path());
    if path.len() == uri.path().len() {
        return Ok(Uri::from(whole.clone()));
    }
    let text = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    PathAndQuery::try_from(text).map(Uri::from).map_err(|_| Refusal::Internal)
}

const fn http_method(method: Method) -> http::Method {
    match method {
        Method::Get => http::Method::GET,
        Method::Head => http::Method::HEAD,
        Method::Post => http::Method::POST,
        Method::Put => http::Method::PUT,
        Method::Patch => http::Method::PATCH,
        Method::Delete => http::Method::DELETE,
        Method::Options => http::Method::OPTIONS,
    }
}
