//! The life of a call, from its head to the head of its answer.
//!
//! Head → body, where it is read → verdict → forwarding → answer; every refusal leaves by one door.
//! Must not know how bytes were framed or how the judge decides.

use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, Request, Response, Version, response};
use http_body::Body;
use portcullis_judge::{BodyWanted, Granted, Verdict};
use portcullis_types::{Now, Refusal};

use crate::arrival::{self, Head, Held};
use crate::aside::Asked;
use crate::batch;
use crate::body::{Answer, Kind};
use crate::conn::Conn;
use crate::forward::{Bodies, Came, Given};
use crate::grpc;
use crate::inward::Inward;
use crate::ledger::Leaving;
use crate::received::Received;
use crate::refuse;
use crate::sending::Sending;
use crate::stack::Call;
use crate::ticket::{Ticket, since};
use crate::upgrade::{self, Opened, Wish};

/// Serves one call. As much as possible happens at once: what a future keeps is moved and stored.
pub(crate) fn serve(conn: Rc<Conn>, call: Call) -> Serving {
    let Call { request, id, start } = call;
    let mut ticket = Ticket::new(conn, id, start);
    let begun = if ticket.counted { begin(request, &mut ticket) } else { Err(Refusal::Overloaded) };
    match begun {
        Ok(Begun::Sent(Onward::Call(sending))) => Serving::Sent(Some((sending, ticket))),
        // Boxed, here and below: rare work must not make every call's future large.
        Ok(Begun::Sent(Onward::Batch(work))) => Serving::Later(Box::pin(run(work, ticket))),
        Ok(Begun::Aside(asked)) => Serving::Later(Box::pin(beside(asked, ticket))),
        Ok(Begun::Body(waiting)) => Serving::Later(Box::pin(with_body(waiting, ticket))),
        Err(refusal) => Serving::Now(Some(Box::new(refuse(&refusal, ticket)))),
    }
}

/// A call being served. Written by hand, since it is moved as often as calls are made and an
/// `async` block keeps what it no longer needs.
pub(crate) enum Serving {
    /// Waiting for the platform. None once the answer is there.
    Sent(Option<(Sending, Box<Ticket>)>),
    /// What takes more than one wait.
    Later(Later),
    /// Answered without any.
    Now(Option<Box<Response<Answer>>>),
}

type Later = Pin<Box<dyn Future<Output = Response<Answer>>>>;

impl Future for Serving {
    type Output = Response<Answer>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response<Answer>> {
        loop {
            match &mut *self {
                Self::Sent(sent) => {
                    // None only if it is polled after its end, and then nobody waits.
                    let Some((sending, ticket)) = sent else { return Poll::Pending };
                    let answer = ready!(sending.poll(cx, &ticket.conn.thread));
                    let Some((sending, mut ticket)) = sent.take() else { return Poll::Pending };
                    match sending.arrived(answer, &mut ticket) {
                        Ok(Inward::Now(parts, kind)) => {
                            return Poll::Ready(permitted(parts, kind, ticket));
                        }
                        Ok(Inward::Switched(switched)) => {
                            return Poll::Ready(upgraded(*switched, ticket));
                        }
                        Ok(Inward::Held(held)) => {
                            *self = Self::Later(Box::pin(held_back(held, ticket)));
                        }
                        Err(refusal) => return Poll::Ready(refuse(&refusal, ticket)),
                    }
                }
                Self::Later(later) => return later.as_mut().poll(cx),
                Self::Now(answer) => {
                    return answer.take().map_or(Poll::Pending, |answer| Poll::Ready(*answer));
                }
            }
        }
    }
}

/// Holds the beginning of an answer back until it is judged.
async fn held_back(held: Box<crate::held::Held>, ticket: Box<Ticket>) -> Response<Answer> {
    let thread = Rc::clone(&ticket.conn.thread);
    match held.judged(&thread).await {
        Ok((parts, kind)) => permitted(parts, kind, ticket),
        Err(refusal) => refuse(&refusal, ticket),
    }
}

/// Answers with what the platform answered.
fn permitted(mut parts: response::Parts, kind: Kind, mut ticket: Box<Ticket>) -> Response<Answer> {
    // A success would make a tunnel of the stream, at whose other end nobody is.
    if ticket.wish.as_ref().is_some_and(|wish| wish.is_stream()) && parts.status.is_success() {
        return refuse(&Refusal::UpstreamMalformed, ticket);
    }
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

/// Answers that the connection or stream is a WebSocket from now on, which it is once that is out.
fn upgraded(
    (mut parts, opened): (response::Parts, Opened),
    ticket: Box<Ticket>,
) -> Response<Answer> {
    match upgrade::open(&mut parts, opened, ticket) {
        Ok(()) => Response::from_parts(parts, Answer::last_resort(Bytes::new())),
        Err(ticket) => refuse(&Refusal::UpstreamMalformed, ticket),
    }
}

/// Answers with a refusal.
fn refuse(refusal: &Refusal, mut ticket: Box<Ticket>) -> Response<Answer> {
    let id = ticket.id.to_str().unwrap_or_default();
    let out = refuse::render(refusal, ticket.trace.as_ref(), id, ticket.conn.thread.style());
    ticket.refusal = Some(refusal.row().code);
    ticket.status = out.status.as_u16();
    let out = if ticket.grpc { grpc::dress(out, refusal) } else { out };
    let kind = Kind::Full((!out.body.is_empty()).then(|| out.body.into()));
    let mut response = Response::new(Answer::new(kind, ticket));
    *response.status_mut() = out.status;
    *response.headers_mut() = out.headers;
    response
}

/// How far a call gets at once.
enum Begun {
    /// It was sent, or may be.
    Sent(Onward),
    /// Its body comes first.
    Body(Box<Waiting>),
    /// The gate answers it itself.
    Aside(Box<Asked>),
}

/// How a permitted call goes on.
enum Onward {
    /// As it is.
    Call(Sending),
    /// As several.
    Batch(Box<batch::Work>),
}

/// A call whose body is to be collected before it can be judged.
struct Waiting {
    parts: Parts,
    body: Received,
    host: Option<HeaderValue>,
    max: u64,
}

fn begin(request: Request<Received>, ticket: &mut Ticket) -> Result<Begun, Refusal> {
    let conn = Rc::clone(&ticket.conn);
    let bench = &conn.thread.bench;
    let (mut parts, body) = request.into_parts();
    // A refusal of gRPC is a success to HTTP, which would make a tunnel of a CONNECT.
    ticket.grpc = conn.http2 && parts.method != Method::CONNECT && grpc::is(&parts.headers);
    if let Some(tracer) = &conn.thread.tracer {
        ticket.traced = Some(tracer.begin(conn.trusted, &parts.headers, &parts.method));
    }
    let Head { host, wish } = arrival::check(&mut parts, &conn)?;
    ticket.wish = wish.map(Wish::new);
    if ticket.wish.is_none()
        && let Some(aside) = Asked::of(&conn.thread, parts.uri.path())
    {
        return Ok(Begun::Aside(Asked::new(aside, parts, body)));
    }
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

/// Answers what never goes to the platform.
async fn beside(asked: Box<Asked>, mut ticket: Box<Ticket>) -> Response<Answer> {
    match asked.answer(&mut ticket).await {
        Ok((parts, kind)) => permitted(parts, kind, ticket),
        Err(refusal) => refuse(&refusal, ticket),
    }
}

async fn with_body(waiting: Box<Waiting>, mut ticket: Box<Ticket>) -> Response<Answer> {
    let (held, sent) = match collect(*waiting, &mut ticket).await {
        Ok(done) => done,
        Err(refusal) => return refuse(&refusal, ticket),
    };
    // `held` keeps its share of what may be held until the answer begins.
    let answer = match sent {
        Onward::Call(sending) => Serving::Sent(Some((sending, ticket))).await,
        Onward::Batch(work) => run(work, ticket).await,
    };
    drop(held);
    answer
}

async fn collect(waiting: Waiting, ticket: &mut Ticket) -> Result<(Held, Onward), Refusal> {
    let conn = Rc::clone(&ticket.conn);
    let thread = &conn.thread;
    let Waiting { parts, body, host, max } = waiting;
    let alarm = thread.ticker.alarm();
    // Whoever has shown a key already is asked about it before the body is taken in.
    let named = thread.bench.shows_key(&conn, &parts, thread.now())?;
    let held = arrival::collect(body, max, thread, &alarm, named).await?;
    ticket.bytes_in = held.bytes.len() as u64;
    let now = thread.now();
    ticket.body_ns = since(now, ticket.start);
    let bodies = Bodies { has_body: true, received: held.bytes.clone(), upload: None };
    let sent = send(parts, host, bodies, now, ticket)?;
    Ok((held, sent))
}

/// Judges the call and, with a permit, sends it on.
fn send(
    parts: Parts,
    host: Option<HeaderValue>,
    bodies: Bodies,
    now: Now,
    ticket: &mut Ticket,
) -> Result<Onward, Refusal> {
    match judge(&parts, &bodies, now, ticket)? {
        Granted::Call(permit) => {
            let permit = upgrade::wanted(&mut ticket.wish, permit, &parts)?;
            let (permit, leaving) = Leaving::begin(&ticket.conn.thread, permit)?;
            ticket.leaving = leaving;
            let look = ticket.leaving.as_mut().and_then(Leaving::take_look);
            let Parts { headers, uri, .. } = parts;
            let came = Came { headers, uri, prefixed: true, bodies };
            let partner = ticket.trace.as_ref().and_then(|trace| trace.partner_ix);
            let trace = ticket.leave();
            let given = Given { id: &ticket.id, partner, host, plain: false, trace, look };
            let mut sending = Sending::begin(&ticket.conn, came, permit, given, now)?;
            ticket.more = sending.asked.take();
            Ok(Onward::Call(sending))
        }
        Granted::Batch(batch) => {
            let with_headers = batch::wants_headers(&parts, &bodies.received);
            let Parts { headers, .. } = parts;
            Ok(Onward::Batch(Box::new(batch::Work { batch, headers, host, with_headers })))
        }
    }
}

fn judge(
    parts: &Parts,
    bodies: &Bodies,
    now: Now,
    ticket: &mut Ticket,
) -> Result<Granted, Refusal> {
    let thread = &ticket.conn.thread;
    let begun = thread.is_sampled().then(|| thread.now());
    let Verdict { trace, outcome } =
        thread.bench.judge(&ticket.conn, parts, &bodies.received, bodies.has_body, now);
    if let Some(recall) = thread.recall.as_ref().filter(|_| trace.key.is_some()) {
        let id = ticket.id.as_bytes();
        ticket.place = Some(thread.bench.remember(recall, id, &thread.leak));
    }
    ticket.judge_ns = begun.map(|begun| since(thread.now(), begun));
    ticket.trace = Some(trace);
    outcome
}

/// Runs the entries of a batch and answers with theirs.
async fn run(work: Box<batch::Work>, mut ticket: Box<Ticket>) -> Response<Answer> {
    let (parts, kind) = batch::run(*work, &mut ticket).await;
    permitted(parts, kind, ticket)
}
