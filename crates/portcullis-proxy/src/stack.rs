//! The layers around the gate, outermost first. One place for their order; one box in
//! all, at the innermost.
//!
//! tower-http's `CatchPanic` wants bodies that may move between threads; nothing here does, so the
//! layer is our own. Must not know what a call asks for.

use std::convert::Infallible;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use http::{HeaderValue, Request, Response};
use hyper::body::Incoming;
use portcullis_types::{Now, Refusal};
use tower::{Service, ServiceBuilder, service_fn};

use crate::body::Answer;
use crate::hygiene::REQUEST_ID;
use crate::ticket::Conn;
use crate::{gate, ids, refuse};

/// A request with its name and moment.
pub(crate) struct Call {
    pub(crate) request: Request<Incoming>,
    pub(crate) id: HeaderValue,
    pub(crate) start: Now,
}

/// Everything a connection's requests go through.
pub(crate) fn stack(
    conn: &Rc<Conn>,
) -> impl Service<Request<Incoming>, Response = Response<Answer>, Error = Infallible> + Clone + use<>
{
    let (outer, middle, inner) = (Rc::clone(conn), Rc::clone(conn), Rc::clone(conn));
    ServiceBuilder::new()
        // First, so that every answer carries the id, that of a panic too.
        .layer(tower::layer::layer_fn(move |inner| named(Rc::clone(&outer), inner)))
        .layer(tower::layer::layer_fn(move |inner| caught(Rc::clone(&middle), inner)))
        .service(service_fn(move |call: Call| {
            // The one box of a layer. Each of the others moves the future of the next, and a move
            // copies all of it.
            let work = Box::pin(gate::serve(Rc::clone(&inner), call));
            async move { Ok::<_, Infallible>(work.await) }
        }))
}

/// Gives each call its id and moment, and its answer the id.
fn named<S>(
    conn: Rc<Conn>,
    inner: S,
) -> impl Service<Request<Incoming>, Response = Response<Answer>, Error = Infallible> + Clone
where
    S: Service<Call, Response = Response<Answer>, Error = Infallible> + Clone,
{
    service_fn(move |request: Request<Incoming>| {
        let mut inner = inner.clone();
        let given =
            request.headers().get(REQUEST_ID).filter(|id| conn.trusted && ids::takes_over(id));
        let id = given.cloned().unwrap_or_else(|| conn.thread.ids.next());
        let start = conn.thread.now();
        let answer = inner.call(Call { request, id: id.clone(), start });
        async move {
            let mut answer = answer.await?;
            answer.headers_mut().insert(REQUEST_ID, id);
            Ok(answer)
        }
    })
}

/// Turns a panic into a refusal: it ends one call, and no other.
fn caught<S>(
    conn: Rc<Conn>,
    inner: S,
) -> impl Service<Call, Response = Response<Answer>, Error = Infallible> + Clone
where
    S: Service<Call, Response = Response<Answer>, Error = Infallible> + Clone,
{
    service_fn(move |call: Call| {
        let (conn, id) = (Rc::clone(&conn), call.id.clone());
        // What a panic leaves behind is the call's own; what is shared is in cells that hold no
        // half-done change across a poll.
        let work = catch_unwind(AssertUnwindSafe(|| inner.clone().call(call)));
        async move {
            let Ok(work) = work else { return Ok(failed(&conn, &id)) };
            let mut work = pin!(work);
            let outcome = std::future::poll_fn(|cx| {
                match catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(cx))) {
                    Ok(poll) => poll.map(Some),
                    Err(_) => Poll::Ready(None),
                }
            })
            .await;
            outcome.unwrap_or_else(|| Ok(failed(&conn, &id)))
        }
    })
}

fn failed(conn: &Conn, id: &HeaderValue) -> Response<Answer> {
    conn.thread.metrics.panics.inc();
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

    /// It is copied into its box, and what is larger comes from a slower part of the allocator.
    #[test]
    fn the_future_of_a_call_stays_small() {
        fn size<F>(_: impl FnOnce(Rc<Conn>, Call) -> F) -> usize {
            size_of::<F>()
        }
        let size = size(gate::serve);
        assert!(size <= 1152, "{size} bytes; box what is rare");
    }
}
