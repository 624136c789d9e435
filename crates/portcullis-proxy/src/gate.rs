//! The life of a call, from its head to the head of its answer.
//!
//! Head → body, where it is read → verdict → forwarding → answer; every refusal leaves by one door.
//! Must not know how bytes were framed or how the judge decides.

use std::rc::Rc;

use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http::{Request, Response, Version};
use http_body::Body;
use hyper::body::Incoming;
use portcullis_judge::{BodyWanted, Permit, Verdict};
use portcullis_types::{Effect, Now, Refusal};
use tower::Service;

use crate::body::{Answer, Flow, Kind};
use crate::forward::{self, Forward};
use crate::pool::{self, Leased};
use crate::stack::Call;
use crate::ticker::Alarm;
use crate::ticket::{Conn, Ticket, since};
use crate::upload::{Sent, UploadState};
use crate::{answer, arrival, refuse};

/// Serves one call.
pub(crate) async fn serve(conn: Rc<Conn>, call: Call) -> Response<Answer> {
    let Call { request, id, start } = call;
    let mut ticket = Ticket::new(conn, id, start);
    if !ticket.counted {
        return refuse(&Refusal::Overloaded, ticket);
    }
    match run(request, &mut ticket).await {
        Ok((mut parts, kind)) => {
            let conn = &ticket.conn;
            parts.version = if conn.http2 { Version::HTTP_2 } else { Version::HTTP_11 };
            if let Some(reading) = ticket.trace.as_ref().and_then(|trace| trace.reading.as_ref()) {
                conn.thread.rates.write(&mut parts.headers, reading);
            }
            ticket.status = parts.status.as_u16();
            ticket.refusal = None;
            Response::from_parts(parts, Answer::new(kind, ticket))
        }
        Err(refusal) => refuse(&refusal, ticket),
    }
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

async fn run(request: Request<Incoming>, ticket: &mut Ticket) -> Result<Answered, Refusal> {
    let conn = Rc::clone(&ticket.conn);
    let thread = &conn.thread;
    let (mut parts, body) = request.into_parts();
    let host = arrival::check(&mut parts, &conn)?;
    let alarm = thread.ticker.alarm();
    let has_body = !body.is_end_stream();
    let (mut held, mut upload, mut now) = (None, None, ticket.start);
    // Most calls have no body, and need not be asked about it.
    match has_body.then(|| thread.bench.wants_body(&parts)) {
        None | Some(BodyWanted::None) => drop(body),
        Some(BodyWanted::Whole { max }) => {
            arrival::readable(&parts.headers)?;
            let max = (max as u64).min(thread.settings.limits.judged_body_bytes);
            // Boxed here and below: rare work must not make every call's future large.
            let whole = Box::pin(arrival::collect(body, max, thread, &alarm)).await?;
            ticket.bytes_in = whole.bytes.len() as u64;
            held = Some(whole);
            now = thread.now();
        }
        Some(BodyWanted::Stream) => upload = Some(body),
    }
    let received = held.as_ref().map(|held| held.bytes.clone()).unwrap_or_default();
    let permit = judge(&parts, &received, has_body, now, ticket)?;
    let (links, key) = (permit.links, permit.key);
    let outbound = permit.into_outbound();
    let effect = outbound.method().effect();
    let forward = Forward { links, key, cuts: thread.cuts.get(), effect, host };
    let (request, state) =
        forward::outward(&conn, parts, outbound, (received, upload), &forward, ticket)?;
    let sent = send(&conn, request, state.clone(), &alarm).await;
    let head = thread.now();
    ticket.upstream_ns = Some(since(head, now));
    ticket.end = Some(head);
    if let Some(state) = state {
        ticket.bytes_in = state.bytes.get();
    }
    let response = sent.inspect_err(|refusal| {
        if refusal.row().status >= 500 {
            thread.metrics.upstream_failures.inc();
        }
    })?;
    drop(held);
    inward(&conn, response, alarm, &forward).await
}

fn judge(
    parts: &Parts,
    body: &[u8],
    has_body: bool,
    now: Now,
    ticket: &mut Ticket,
) -> Result<Permit, Refusal> {
    let thread = &ticket.conn.thread;
    let begun = thread.is_sampled().then(|| thread.now());
    let Verdict { trace, outcome } = thread.bench.judge(parts, body, has_body, now);
    ticket.judge_ns = begun.map(|begun| since(thread.now(), begun));
    ticket.trace = Some(trace);
    outcome
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
) -> Result<Answered, Refusal> {
    let thread = &conn.thread;
    let (mut parts, Leased { mut body, lease }) = response.into_parts();
    let survey = answer::check(&parts).inspect_err(|_| thread.metrics.upstream_failures.inc())?;
    let host = forward.host.as_ref().and_then(|host| host.to_str().ok());
    let base = || answer::base(&thread.settings, host);
    answer::clean(&mut parts, survey, base, &thread.settings);
    let none = body.is_end_stream();
    if none || !forward.links || !answer::may_hold_links(&parts.headers) {
        let reader = (forward.effect == Effect::Read).then_some(forward.key);
        // What came with the head is looked at first: a body that is broken from its first byte can
        // still be told as a refusal.
        let first = answer::first(&mut body)?;
        let flow = Flow { body, first, lease: Some(lease), alarm, reader, cuts: forward.cuts };
        return Ok((parts, Kind::Flow(flow)));
    }
    let base = base();
    let bytes = Box::pin(answer::rewrite(&mut parts, body, thread, &alarm, &base)).await?;
    lease.give_back();
    // Written anew by hyper, since the length changed.
    parts.headers.remove(CONTENT_LENGTH);
    Ok((parts, Kind::Full(Some(bytes))))
}
