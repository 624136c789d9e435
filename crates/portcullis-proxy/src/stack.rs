//! The layers around the gate, outermost first. One place for their order; one box in
//! all, at the innermost.
//!
//! tower-http's `CatchPanic` wants bodies that may move between threads; nothing here does, so the
//! layer is our own. Must not know what a call asks for.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};

use http::header::CONNECTION;
use http::{HeaderValue, Request, Response};
use portcullis_types::{Now, Refusal};
use tower::layer::layer_fn;
use tower::{Service, ServiceBuilder, service_fn};

use crate::body::Answer;
use crate::conn::Conn;
use crate::gate::{self, Serving};
use crate::hygiene::REQUEST_ID;
use crate::received::Received;
use crate::{ids, refuse};

/// A request with its name and moment.
pub(crate) struct Call {
    pub(crate) request: Request<Received>,
    pub(crate) id: HeaderValue,
    pub(crate) start: Now,
}

/// Everything a connection's calls go through. It is always ready.
pub(crate) fn stack(
    conn: &Rc<Conn>,
) -> impl Service<
    Request<Received>,
    Response = Response<Answer>,
    Error = Infallible,
    Future: Unpin + 'static,
> + Clone
+ use<> {
    let (outer, inner) = (Rc::clone(conn), Rc::clone(conn));
    ServiceBuilder::new()
        // First, so that every answer carries the id, that of a panic too.
        .layer(layer_fn(move |inner| Named { conn: Rc::clone(&outer), inner }))
        .layer(layer_fn(|inner| Caught { inner }))
        .service(service_fn(move |call: Call| {
            // The one box of a layer. Each of the others moves the future of the next, and a move
            // copies all of it.
            Served(Box::new(gate::serve(Rc::clone(&inner), call)))
        }))
}

/// Gives each call its id and moment, and its answer the id.
#[derive(Clone)]
struct Named<S> {
    conn: Rc<Conn>,
    inner: S,
}

/// A call's answer to come, with the id it gets.
struct NamedFuture<F> {
    answer: F,
    /// None once the answer is there.
    id: Option<HeaderValue>,
    conn: Rc<Conn>,
}

impl<S> Service<Request<Received>> for Named<S>
where
    S: Service<Call, Response = Response<Answer>, Error = Panicked, Future: Unpin>,
{
    type Response = Response<Answer>;
    type Error = Infallible;
    type Future = NamedFuture<S::Future>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // The gate takes every call; what is too much it refuses with an answer.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Received>) -> Self::Future {
        let conn = Rc::clone(&self.conn);
        let given = request.headers().get(REQUEST_ID);
        let given = given.filter(|id| conn.trusted && ids::takes_over(id));
        // A copy: to share the request's memory would be to hold all of it.
        let given = given.and_then(|id| HeaderValue::from_bytes(id.as_bytes()).ok());
        let id = given.unwrap_or_else(|| conn.thread.ids.next());
        let start = conn.thread.now();
        let answer = self.inner.call(Call { request, id: id.clone(), start });
        NamedFuture { answer, id: Some(id), conn }
    }
}

impl<F> Future for NamedFuture<F>
where
    F: Future<Output = Result<Response<Answer>, Panicked>> + Unpin,
{
    type Output = Result<Response<Answer>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = ready!(Pin::new(&mut self.answer).poll(cx));
        // None only if it is polled after its end, and then nobody waits.
        let Some(id) = self.id.take() else { return Poll::Pending };
        let mut answer = answer.unwrap_or_else(|Panicked| failed(&self.conn, &id));
        answer.headers_mut().insert(REQUEST_ID, id);
        // Told with the answer, so that the client does not send the next one here. An upgrade has its
        // own.
        if self.conn.thread.draining.get() && !self.conn.http2 {
            let close = HeaderValue::from_static("close");
            answer.headers_mut().entry(CONNECTION).or_insert(close);
        }
        Poll::Ready(Ok(answer))
    }
}

/// The gate itself failed on a call.
struct Panicked;

/// Turns a panic into an error: it ends one call, and no other.
///
/// What a panic leaves behind is the call's own; what is shared is in cells that hold no half-done
/// change across a poll.
#[derive(Clone)]
struct Caught<S> {
    inner: S,
}

/// None: it panicked as it began.
struct CaughtFuture<F>(Option<F>);

impl<S> Service<Call> for Caught<S>
where
    S: Service<Call, Response = Response<Answer>, Error = Infallible, Future: Unpin>,
{
    type Response = Response<Answer>;
    type Error = Panicked;
    type Future = CaughtFuture<S::Future>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Panicked>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> Self::Future {
        CaughtFuture(catch_unwind(AssertUnwindSafe(|| self.inner.call(call))).ok())
    }
}

impl<F> Future for CaughtFuture<F>
where
    F: Future<Output = Result<Response<Answer>, Infallible>> + Unpin,
{
    type Output = Result<Response<Answer>, Panicked>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(work) = &mut self.0 else { return Poll::Ready(Err(Panicked)) };
        match catch_unwind(AssertUnwindSafe(|| Pin::new(work).poll(cx))) {
            Ok(poll) => poll.map(|Ok(answer)| Ok(answer)),
            Err(_) => Poll::Ready(Err(Panicked)),
        }
    }
}

/// A call at the gate, which answers every one.
struct Served(Box<Serving>);

impl Future for Served {
    type Output = Result<Response<Answer>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut *self.0).poll(cx).map(Ok)
    }
}

fn failed(conn: &Conn, id: &HeaderValue) -> Response<Answer> {
    conn.thread.metrics.calls.panics.inc();
    let id = id.to_str().unwrap_or_default();
    let out = refuse::render(&Refusal::Internal, None, id, conn.thread.style());
    let mut answer = Response::new(Answer::last_resort(out.body.into()));
    *answer.status_mut() = out.status;
    *answer.headers_mut() = out.headers;
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    /// It is copied into its box, and what is larger takes more of the cache from other calls.
    #[test]
    fn the_future_of_a_call_stays_small() {
        let size = size_of::<Serving>();
        assert!(size <= 256, "{size} bytes; box what is rare");
    }
}
