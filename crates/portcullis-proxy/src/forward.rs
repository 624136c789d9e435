//! Makes the request that goes to the platform, out of a permit and nothing else.
//!
//! Must not know how the call was judged or how it is sent.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use portcullis_judge::{Duties, Look, Outbound, SentBody, SentTarget, Touched};
use portcullis_sieve::LinkKey;
use portcullis_types::{Effect, KeyIx, Method, Now, PartnerIx, Refusal};

use crate::Settings;
use crate::body::{Access, Reader};
use crate::conn::Conn;
use crate::outgoing::{Content, Ours, Outgoing};
use crate::received::Received;
use crate::thread::Thread;
use crate::trace::Onward;
use crate::upload::{Sent, Upload, UploadState};
use crate::upstreams::Caller;

/// What of a permit is needed once the call was sent.
pub(crate) struct Forward {
    /// What must happen to the answer.
    pub(crate) duties: Option<Arc<Duties>>,
    /// What the ledger needs to look at it.
    pub(crate) look: Option<Box<Look>>,
    /// Whether the answer must come unpacked, since the gate reads it.
    pub(crate) plain: bool,
    pub(crate) key: KeyIx,
    pub(crate) partner: Option<PartnerIx>,
    /// The count of cuts when the call was judged.
    pub(crate) cuts: u64,
    pub(crate) effect: Effect,
    /// Whether it makes a subscription that pushes.
    pub(crate) subscribes: bool,
    /// Whether its connection becomes a WebSocket.
    pub(crate) websocket: bool,
    /// How long its answer may say nothing, in milliseconds, where that is a stream; else 0.
    pub(crate) stream: u32,
    /// What it reads; nothing known of a write, whose answer is only cut where it is a stream.
    pub(crate) read: Touched,
    /// The host the partner sent the call to.
    pub(crate) host: Option<HeaderValue>,
    /// The caller's own key, where links of the answer may carry it.
    pub(crate) link_key: Option<LinkKey>,
}

impl Forward {
    /// Refuses a read that its key may not make any more since it was judged; nothing was given away yet.
    pub(crate) fn may_begin(&self, thread: &Thread) -> Result<(), Refusal> {
        if self.effect == Effect::Write || thread.cuts.get() == self.cuts {
            return Ok(());
        }
        let standing = thread.bench.standing(self.key, &self.read, thread.now());
        standing.inspect_err(|_| thread.metrics.calls.answers_cut.inc())
    }

    /// Refuses a call that waited and that its key may not make any more; nothing was sent yet.
    pub(crate) fn may_be_sent(&mut self, thread: &Thread) -> Result<(), Refusal> {
        if thread.cuts.get() == self.cuts {
            return Ok(());
        }
        self.cuts = thread.cuts.get();
        thread.bench.standing(self.key, &self.read, thread.now())
    }

    /// Notes what an answer leaves behind that no hold ends.
    pub(crate) fn leaves(&self, status: StatusCode, thread: &Thread, now: Now) {
        if !status.is_success() {
            return;
        }
        match self.effect {
            Effect::Read if self.read.may_hold_media() => {
                thread.bench.gave_media(self.key, &self.read, now);
            }
            Effect::Write if self.subscribes => thread.bench.subscribed(self.key),
            Effect::Read | Effect::Write => {}
        }
    }

    /// How long the platform may say nothing while it answers.
    pub(crate) fn silent(&self, thread: &Thread) -> Duration {
        match self.stream {
            0 => thread.settings.timeouts.answer_idle,
            stream => Duration::from_millis(stream.into()),
        }
    }

    /// Who reads the answer, as of now.
    pub(crate) fn access(&self, thread: &Thread) -> Access {
        let reader = || Reader { key: self.key, read: self.read.clone() };
        let reader = (self.effect == Effect::Read || self.stream > 0).then(reader);
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
    pub(crate) upload: Option<Received>,
}

/// A call as it came in.
pub(crate) struct Came {
    pub(crate) headers: HeaderMap,
    pub(crate) uri: Uri,
    /// Whether the path may begin with the prefix of the public URL.
    pub(crate) prefixed: bool,
    pub(crate) bodies: Bodies,
}

impl Came {
    /// The target that was sent, without the public URL's prefix and any authority.
    pub(crate) fn target(&self, thread: &Thread) -> Result<PathAndQuery, Refusal> {
        let whole = self.uri.path_and_query().ok_or(Refusal::Internal)?;
        let path = self.uri.path();
        let inside = if self.prefixed { thread.bench.path(path) } else { path };
        if inside.len() == path.len() {
            return Ok(whole.clone());
        }
        let text = match self.uri.query() {
            Some(query) => format!("{inside}?{query}"),
            None => inside.to_owned(),
        };
        PathAndQuery::try_from(text).map_err(|_| Refusal::Internal)
    }
}

/// What a call was given when it came in.
pub(crate) struct Given<'a> {
    /// Its name.
    pub(crate) id: &'a HeaderValue,
    pub(crate) partner: Option<PartnerIx>,
    /// The host that the partner sent it to.
    pub(crate) host: Option<HeaderValue>,
    /// Whether the answer must come unpacked, since the gate reads it.
    pub(crate) plain: bool,
    /// Its place in a trace, where the gate names it.
    pub(crate) trace: Option<Onward>,
    /// What the ledger needs to look at its answer.
    pub(crate) look: Option<Box<Look>>,
}

/// Makes the request that goes to the platform.
pub(crate) fn outward<'a>(
    conn: &'a Conn,
    came: Came,
    outbound: Outbound,
    forward: &'a Forward,
    (id, trace): (&'a HeaderValue, Option<&'a Onward>),
) -> Result<(Outgoing<'a>, Option<Rc<UploadState>>), Refusal> {
    let (method, target, body) = outbound.into_parts();
    let target = match target {
        SentTarget::AsReceived => came.target(&conn.thread)?,
        SentTarget::Written(text) => PathAndQuery::try_from(text).map_err(|_| Refusal::Internal)?,
    };
    let Came { headers, bodies, .. } = came;
    let (body, content, state) = content(conn, body, bodies)?;
    let body = if forward.websocket { Sent::WebSocket } else { body };
    let host = forward.host.as_ref();
    let ours = Ours { conn, id, host, content, plain_answer: forward.plain, trace };
    let method = http_method(method);
    let caller = Caller { partner: forward.partner, key: forward.key };
    let attribute =
        conn.thread.crew.borrow().settings.upstreams.spread.attribute(caller, target.path());
    let who = caller.who();
    Ok((Outgoing { method, target, headers, ours, body, who, attribute }, state))
}

/// The body that goes on, what is said of its kind, and how to follow it.
fn content(
    conn: &Conn,
    body: SentBody,
    Bodies { received, upload, .. }: Bodies,
) -> Result<(Sent, Content, Option<Rc<UploadState>>), Refusal> {
    match (body, upload) {
        (SentBody::None, _) => Ok((Sent::Empty, Content::None, None)),
        (SentBody::Params { content_type, bytes }, _) => {
            let kind = HeaderValue::from_str(&content_type).map_err(|_| Refusal::Internal)?;
            Ok((Sent::Full(Some(bytes.into())), Content::Ours(kind), None))
        }
        (SentBody::Unchanged, Some(body)) => {
            let upload = upload_of(conn, body);
            let state = Some(Rc::clone(&upload.state));
            Ok((Sent::Upload(upload), Content::AsReceived, state))
        }
        (SentBody::Unchanged, None) if received.is_empty() => {
            Ok((Sent::Empty, Content::AsReceived, None))
        }
        (SentBody::Unchanged, None) => Ok((Sent::Full(Some(received)), Content::AsReceived, None)),
    }
}

fn upload_of(conn: &Conn, body: Received) -> Box<Upload> {
    let Settings { limits, timeouts, .. } = &*conn.thread.settings;
    Box::new(Upload {
        body,
        left: limits.streamed_body_bytes,
        alarm: conn.thread.ticker.alarm(),
        idle: timeouts.body_idle,
        state: Rc::new(UploadState::default()),
        watch: Rc::clone(&conn.watch),
    })
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
