//! The life of a call, from its head to the head of its answer.
//!
//! Head → body, where it is read → verdict → forwarding → answer; every refusal leaves by one door.
//! Must not know how bytes were framed or how the judge decides.

use std::rc::Rc;

use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http::{HeaderValue, Request, Response, Version};
use http_body::Body;
use hyper::body::Incoming;
use portcullis_judge::{BodyWanted, Granted, Permit, Verdict};
use portcullis_types::{Now, Refusal};
use tower::Service;

use crate::body::{Answer, Flow, Kept, Kind};
use crate::forward::{self, Bodies, Forward};
use crate::leak::Tail;
use crate::pool::{self, Answering, Leased};
use crate::stack::Call;
use crate::thread::Thread;
use crate::ticker::Alarm;
use crate::ticket::{Conn, Ticket, since};
use crate::upload::UploadState;
use crate::{answer, arrival, refuse};

/// Serves one call. As much as possible happens at once: what a future keeps is moved and stored.
pub(crate) fn serve(conn: Rc<Conn>, call: Call) -> impl Future<Output = Response<Answer>> {
    let Call { request, id, start } = call;
    let mut ticket = Ticket::new(conn, id, start);
    let begun = if ticket.counted { begin(request, &mut ticket) } else { Err(Refusal::Overloaded) };
    async move {
        let outcome = match begun {
            Ok(Begun::Sent(sent)) => finish(sent, &mut ticket).await,
            // Boxed, here and below: rare work must not make every call's future large.
            Ok(Begun::Body(waiting)) => Box::pin(with_body(*waiting, &mut ticket)).await,
            Err(refusal) => Err(refusal),
        };
        match outcome {
            Ok(answered) => permitted(answered, ticket),
            Err(refusal) => refuse(&refusal, ticket),
        }
    }
}

/// Answers with what the platform answered.
fn permitted((mut parts, kind): Answered, mut ticket: Box<Ticket>) -> Response<Answer> {
    let conn = &ticket.conn;
    parts.version = if conn.http2 { Version::HTTP_2 } else { Version::HTTP_11 };
    let reading = ticket.trace.as_ref().and_then(|trace| trace.reading.as_ref());
    if let Some(reading) = reading.filter(|_| conn.thread.settings.rate_fields) {
        conn.thread.rates.write(&mut parts.headers, reading);
    }
    ticket.status = parts.status.as_u16();
    ticket.refusal = None;
    Response::from_parts(parts, Answer::new(kind, ticket))
}

/// Answers with a refusal.
fn refuse(refusal: &Refusal, mut ticket: Box<Ticket>) -> Response<Answer> {
    let id = ticket.id.to_str().unwrap_or_default();
    let out = refuse::render(refusal, ticket.trace.as_ref(), id, ticket.conn.thread.style());
    ticket.refusal = Some(refusal.row().code);
    ticket.status = out.status.as_u16();
    let kind = Kind::Full(Some(out.body.into()));
    let mut response = Response::new(Answer::new(kind, ticket));
    *response.status_mut() = out.status;
    *response.headers_mut() = out.headers;
    response
}

type Answered = (http::response::Parts, Kind);

/// How far a call gets at once.
enum Begun {
    /// It was sent.
    Sent(Sending),
    /// Its body comes first.
    Body(Box<Waiting>),
}

/// A call on its way to the platform.
struct Sending {
    answer: Answering,
    forward: Forward,
    state: Option<Rc<UploadState>>,
    since: Now,
}

/// A call whose body is to be collected before it can be judged.
struct Waiting {
    parts: Parts,
    body: Incoming,
    host: Option<HeaderValue>,
    max: u64,
}

fn begin(request: Request<Incoming>, ticket: &mut Ticket) -> Result<Begun, Refusal> {
    let conn = Rc::clone(&ticket.conn);
    let bench = &conn.thread.bench;
    let (mut parts, body) = request.into_parts();
    let host = arrival::check(&mut parts, &conn)?;
    let has_body = !body.is_end_stream();
    // Most calls have no body, and need not be asked about it.
    let (bodies, now) = match has_body.then(|| bench.wants_body(&parts)) {
        None | Some(BodyWanted::None) => (Bodies { has_body, ..Bodies::default() }, ticket.start),
        Some(BodyWanted::Whole { max }) => {
            arrival::readable(&parts.headers)?;
            let max = (max as u64).min(conn.thread.settings.limits.judged_body_bytes);
            return Ok(Begun::Body(Box::new(Waiting { parts, body, host, max })));
        }
        Some(BodyWanted::Stream) => {
            (Bodies { has_body, upload: Some(body), ..Bodies::default() }, ticket.start)
        }
    };
    send(parts, host, bodies, now, ticket).map(Begun::Sent)
}

async fn with_body(waiting: Waiting, ticket: &mut Ticket) -> Result<Answered, Refusal> {
    let conn = Rc::clone(&ticket.conn);
    let thread = &conn.thread;
    let Waiting { parts, body, host, max } = waiting;
    let alarm = thread.ticker.alarm();
    // Whoever has shown a key already is asked about it before the body is taken in.
    let named = thread.bench.shows_key(&parts, thread.now())?;
    let held = arrival::collect(body, max, thread, &alarm, named).await?;
    ticket.bytes_in = held.bytes.len() as u64;
    let bodies = Bodies { has_body: true, received: held.bytes.clone(), upload: None };
    let sent = send(parts, host, bodies, thread.now(), ticket)?;
    // `held` keeps its share of what may be held until the answer begins.
    let answered = finish(sent, ticket).await;
    drop(held);
    answered
}

/// Judges the call and, with a permit, sends it on.
fn send(
    parts: Parts,
    host: Option<HeaderValue>,
    bodies: Bodies,
    now: Now,
    ticket: &mut Ticket,
) -> Result<Sending, Refusal> {
    let permit = judge(&parts, &bodies, now, ticket)?;
    let conn = &ticket.conn;
    let (links, key) = (permit.links, permit.key);
    let outbound = permit.into_outbound();
    let effect = outbound.method().effect();
    let forward = Forward { links, key, cuts: conn.thread.cuts.get(), effect, host };
    let (request, state) = forward::outward(conn, parts, outbound, bodies, &forward, ticket)?;
    let answer = pool::upstream(&conn.thread.pool).call(request);
    Ok(Sending { answer, forward, state, since: now })
}

fn judge(parts: &Parts, bodies: &Bodies, now: Now, ticket: &mut Ticket) -> Result<Permit, Refusal> {
    let thread = &ticket.conn.thread;
    let begun = thread.is_sampled().then(|| thread.now());
    let Verdict { trace, outcome } =
        thread.bench.judge(parts, &bodies.received, bodies.has_body, now);
    ticket.judge_ns = begun.map(|begun| since(thread.now(), begun));
    ticket.trace = Some(trace);
    match outcome? {
        Granted::Call(permit) => Ok(permit),
        // Its entries are not run yet.
        Granted::Batch(_) => Err(Refusal::NotJudged { what: "a batch" }),
    }
}

/// Waits for the answer and makes it the partner's.
async fn finish(sent: Sending, ticket: &mut Ticket) -> Result<Answered, Refusal> {
    let Sending { mut answer, forward, state, since: sent_at } = sent;
    let thread = Rc::clone(&ticket.conn.thread);
    let alarm = thread.ticker.alarm();
    let answered = wait(&thread, &mut answer, state.as_deref(), &alarm).await;
    let head = thread.now();
    ticket.upstream_ns = Some(since(head, sent_at));
    ticket.end = Some(head);
    if let Some(state) = &state {
        ticket.bytes_in = state.bytes.get();
    }
    let mut response = answered.inspect_err(|refusal| {
        if refusal.row().status >= 500 {
            thread.metrics.upstream_failures.inc();
        }
    })?;
    response.body_mut().lease.upload = state;
    inward(&thread, response, alarm, &forward).await
}

/// Waits for the head of the answer. As long as an upload goes on, so may the wait.
async fn wait(
    thread: &Thread,
    answer: &mut Answering,
    state: Option<&UploadState>,
    alarm: &Alarm,
) -> Result<Response<Leased>, Refusal> {
    let mut uploaded = 0;
    let answer = loop {
        alarm.set(thread.settings.timeouts.first_byte);
        if let Some(answer) = alarm.guard(&mut *answer).await {
            break answer;
        }
        let now = state.map_or(0, |state| state.bytes.get());
        if now == uploaded {
            return Err(Refusal::UpstreamSlow);
        }
        uploaded = now;
    };
    alarm.off();
    // Where the partner's side of an upload failed, that is what the partner should read.
    answer.map_err(|failure| match state.and_then(|state| state.fault.get()) {
        Some(fault) => fault.into(),
        None => failure.into(),
    })
}

/// Makes the answer that goes to the partner.
async fn inward(
    thread: &Rc<Thread>,
    response: Response<Leased>,
    alarm: Alarm,
    forward: &Forward,
) -> Result<Answered, Refusal> {
    let (mut parts, Leased { mut body, lease }) = response.into_parts();
    let survey = answer::check(&parts).inspect_err(|_| thread.metrics.upstream_failures.inc())?;
    let host = forward.host.as_ref().and_then(|host| host.to_str().ok());
    let base = || answer::base(&thread.settings, host);
    answer::clean(&mut parts, survey, base, &thread.settings);
    forward.may_begin(thread)?;
    let none = body.is_end_stream();
    if none || !forward.links || !answer::may_hold_links(&parts.headers) {
        // What came with the head is looked at first: a body that is broken from its first byte can
        // still be told as a refusal, and one that came whole needs nothing more.
        let first = answer::first(&mut body)?;
        let mut tail = Tail::default();
        if first.as_ref().is_some_and(|first| thread.leak.is_in(&mut tail, first)) {
            thread.metrics.upstream_failures.inc();
            return Err(Refusal::UpstreamMalformed);
        }
        if body.is_end_stream() {
            lease.give_back();
            return Ok((parts, Kind::Full(first)));
        }
        let access = forward.access(thread);
        let flow = Flow { body, first, lease: Some(lease), alarm, access, tail };
        return Ok((parts, Kind::Flow(Box::new(flow))));
    }
    // Boxed, since it is rare and large.
    Box::pin(kept(parts, Leased { body, lease }, thread, alarm, forward, base())).await
}

/// Holds an answer back until it is whole and its links are those of the gate.
async fn kept(
    mut parts: http::response::Parts,
    Leased { body, lease }: Leased,
    thread: &Rc<Thread>,
    alarm: Alarm,
    forward: &Forward,
    base: String,
) -> Result<Answered, Refusal> {
    let (bytes, share) = answer::rewrite(&mut parts, body, thread, &alarm, &base, forward).await?;
    lease.give_back();
    forward.may_begin(thread)?;
    // Written anew by hyper, since the length changed.
    parts.headers.remove(CONTENT_LENGTH);
    let access = forward.access(thread);
    Ok((parts, Kind::Kept(Box::new(Kept { bytes, access, _share: share }))))
}
