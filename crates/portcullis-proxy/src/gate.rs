//! The life of a call, from its head to the head of its answer.
//!
//! Head → body, where it is read → verdict → forwarding → answer; every refusal leaves by one door.
//! Must not know how bytes were framed or how the judge decides.

use std::rc::Rc;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST};
use http::request::Parts;
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, Response, Uri, Version};
use http_body::Body;
use hyper::body::Incoming;
use portcullis_judge::{BodyWanted, Outbound, SentBody, SentTarget};
use portcullis_types::{Effect, Method, Refusal};
use tower::Service;

use crate::arrival::{self, Held};
use crate::body::{Answer, Flow, Kind};
use crate::hygiene::{self, FORWARDED_FOR, FORWARDED_HOST, FORWARDED_PROTO, Outward, REQUEST_ID};
use crate::pool::{self, Leased};
use crate::refuse::{self, Style};
use crate::stack::Call;
use crate::ticker::Alarm;
use crate::ticket::{Conn, Ticket, since};
use crate::upload::{Sent, Upload, UploadState};
use crate::{answer, rates};

/// Serves one call.
pub(crate) async fn serve(conn: Rc<Conn>, call: Call) -> Response<Answer> {
    let Call { request, id, start } = call;
    let mut ticket = Ticket::new(Rc::clone(&conn), id, start);
    if !ticket.counted {
        return refuse(&Refusal::Overloaded, ticket);
    }
    match run(&conn, request, &mut ticket).await {
        Ok((mut parts, kind)) => {
            parts.version = if conn.http2 { Version::HTTP_2 } else { Version::HTTP_11 };
            ticket.status = parts.status.as_u16();
            ticket.refusal = None;
            if let Some(reading) = ticket.trace.as_ref().and_then(|trace| trace.reading.as_ref()) {
                rates::write(&mut parts.headers, reading, conn.thread.settings.family);
            }
            Response::from_parts(parts, Answer::new(kind, ticket))
        }
        Err(refusal) => refuse(&refusal, ticket),
    }
}

/// Answers with a refusal.
fn refuse(refusal: &Refusal, mut ticket: Ticket) -> Response<Answer> {
    let settings = &ticket.conn.thread.settings;
    let style = Style { family: settings.family, types: &settings.problem_types };
    let id = ticket.id.to_str().unwrap_or_default();
    let out = refuse::render(refusal, ticket.trace.as_ref(), id, style);
    ticket.refusal = Some(refusal.row().code);
    ticket.status = out.status.as_u16();
    let kind = Kind::Full(Some(out.body.into()));
    let mut response = Response::new(Answer::new(kind, ticket));
    *response.status_mut() = out.status;
    *response.headers_mut() = out.headers;
    response
}

type Answered = (http::response::Parts, Kind);

async fn run(
    conn: &Rc<Conn>,
    request: Request<Incoming>,
    ticket: &mut Ticket,
) -> Result<Answered, Refusal> {
    let thread = &conn.thread;
    let (mut parts, body) = request.into_parts();
    arrival::check(&mut parts, conn)?;
    let alarm = thread.ticker.alarm();
    let has_body = !body.is_end_stream();
    let mut held = Held::nothing(thread);
    let mut upload = None;
    // Most calls have no body, and need not be asked about it.
    match has_body.then(|| thread.bench.wants_body(&parts)) {
        None | Some(BodyWanted::None) => drop(body),
        Some(BodyWanted::Whole { max }) => {
            let max = (max as u64).min(thread.settings.limits.judged_body_bytes);
            held = arrival::collect(body, max, thread, &alarm).await?;
            ticket.bytes_in = held.bytes.len() as u64;
        }
        Some(BodyWanted::Stream) => upload = Some(body),
    }
    let cuts = thread.cuts.get();
    let now = thread.now();
    let verdict = thread.bench.judge(&parts, &held.bytes, has_body, now);
    let judged = thread.now();
    ticket.judge_ns = Some(since(judged, now));
    ticket.trace = Some(verdict.trace);
    let permit = verdict.outcome?;
    let forward =
        Forward { links: permit.links, key: permit.key, cuts, host: answer::host(&parts) };
    let outbound = permit.into_outbound();
    let effect = outbound.method().effect();
    let (request, state) =
        outward(conn, parts, outbound, (held.bytes.clone(), upload), &forward, ticket)?;
    let sent = send(conn, request, state.clone(), &alarm).await;
    ticket.upstream_ns = Some(since(thread.now(), judged));
    if let Some(state) = state {
        ticket.bytes_in = state.bytes.get();
    }
    let response = sent.inspect_err(|refusal| {
        if refusal.row().status >= 500 {
            thread.metrics.upstream_failures.inc();
        }
    })?;
    drop(held);
    inward(conn, response, alarm, &forward, effect).await
}

/// What of a permit is needed once the call was sent.
struct Forward {
    links: bool,
    key: portcullis_types::KeyIx,
    cuts: u64,
    /// The host the partner sent the call to.
    host: Option<HeaderValue>,
}

/// Makes the request that goes to the platform.
fn outward(
    conn: &Conn,
    mut parts: Parts,
    outbound: Outbound,
    (received, upload): (Bytes, Option<Incoming>),
    forward: &Forward,
    ticket: &Ticket,
) -> Result<(Request<Sent>, Option<Rc<UploadState>>), Refusal> {
    let thread = &conn.thread;
    let settings = &thread.settings;
    let (method, target, body) = outbound.into_parts();
    let key_header = &settings.key_header;
    let rules = Outward { key_header, trusted: conn.trusted, plain_answer: forward.links };
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
                Sent::Upload(Upload { body, left, alarm, idle, state: shared, watch })
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
    // After what the peer said of those before it, where it is believed; else nothing is left of that.
    headers.append(FORWARDED_FOR, conn.forwarded_for.clone());
    if !headers.contains_key(FORWARDED_PROTO) {
        let scheme = settings.public_url.as_ref().map_or("http", crate::PublicUrl::scheme);
        headers.insert(FORWARDED_PROTO, HeaderValue::from_static(scheme));
    }
    if let Some(host) = forward.host.as_ref().filter(|_| !headers.contains_key(FORWARDED_HOST)) {
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

/// Sends the call and waits for the head of the answer. As long as an upload goes on, so may the wait.
async fn send(
    conn: &Conn,
    request: Request<Sent>,
    state: Option<Rc<UploadState>>,
    alarm: &Alarm,
) -> Result<Response<Leased>, Refusal> {
    let mut upstream = pool::upstream(&conn.thread.pool);
    let mut answer = std::pin::pin!(upstream.call(request));
    let mut uploaded = 0;
    let answer = loop {
        alarm.set(conn.thread.settings.timeouts.first_byte);
        if let Some(answer) = alarm.guard(answer.as_mut()).await {
            break answer;
        }
        let now = state.as_ref().map_or(0, |state| state.bytes.get());
        if now == uploaded {
            return Err(Refusal::UpstreamSlow);
        }
        uploaded = now;
    };
    alarm.off();
    match answer {
        Ok(mut answer) => {
            answer.body_mut().lease.upload = state;
            Ok(answer)
        }
        // Where the partner's side of an upload failed, that is what the partner should read.
        Err(failure) => match state.and_then(|state| state.fault.get()) {
            Some(fault) => Err(fault.into()),
            None => Err(failure.into()),
        },
    }
}

/// Makes the answer that goes to the partner.
async fn inward(
    conn: &Conn,
    response: Response<Leased>,
    alarm: Alarm,
    forward: &Forward,
    effect: Effect,
) -> Result<Answered, Refusal> {
    let thread = &conn.thread;
    let (mut parts, Leased { mut body, lease }) = response.into_parts();
    answer::check(&parts).inspect_err(|_| thread.metrics.upstream_failures.inc())?;
    let host = forward.host.as_ref().and_then(|host| host.to_str().ok());
    let base = || answer::base(&thread.settings, host);
    answer::clean(&mut parts, base, &thread.settings);
    let none = body.is_end_stream();
    if none || !forward.links || !answer::may_hold_links(&parts.headers) {
        let reader = (effect == Effect::Read).then_some(forward.key);
        // What came with the head is looked at first: a body that is broken from its first byte can
        // still be told as a refusal.
        let first = answer::first(&mut body)?;
        let flow = Flow { body, first, lease: Some(lease), alarm, reader, cuts: forward.cuts };
        return Ok((parts, Kind::Flow(flow)));
    }
    let bytes = answer::rewrite(&mut parts, body, thread, &alarm, &base()).await?;
    lease.give_back();
    // Written anew by hyper, since the length changed.
    parts.headers.remove(CONTENT_LENGTH);
    Ok((parts, Kind::Full(Some(bytes))))
}
