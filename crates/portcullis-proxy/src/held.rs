//! An answer that is cut down, up to where it may go on.
//!
//! Must not know how the call was judged.

use std::future::poll_fn;
use std::rc::Rc;

use http::response;
use portcullis_sieve::HELD_MAX;
use portcullis_types::Refusal;

use crate::body::Kind;
use crate::forward::Forward;
use crate::inward::Inward;
use crate::sending::Answered;
use crate::sieving::{Sieved, Sieving};
use crate::thread::Thread;
use crate::ticker::Alarm;
use crate::upstream::Arriving;

/// An answer whose beginning is held back until it is judged.
pub(crate) struct Held {
    parts: response::Parts,
    sieving: Sieving,
    forward: Forward,
}

/// Begins to cut an answer down, as far as it is there.
#[inline(never)]
pub(crate) fn sieved(
    thread: &Rc<Thread>,
    (mut parts, body): (response::Parts, Arriving),
    alarm: Alarm,
    mut forward: Forward,
) -> Result<Inward, Refusal> {
    let duties = forward.duties.take().ok_or(Refusal::Internal)?;
    let mut sieving = Sieving::new(thread, &mut parts, body, alarm, &mut forward, duties)?;
    sieving.begin()?;
    let held = Box::new(Held { parts, sieving, forward });
    if held.sieving.is_whole() {
        let (parts, kind) = held.release(thread);
        return Ok(Inward::Now(parts, kind));
    }
    Ok(Inward::Held(held))
}

impl Held {
    /// Waits until the beginning is judged, and makes the head true of it.
    pub(crate) async fn judged(
        mut self: Box<Self>,
        thread: &Rc<Thread>,
    ) -> Result<Answered, Refusal> {
        self.hold(HELD_MAX as u64).await.inspect_err(|refusal| {
            if refusal.row().status >= 500 {
                thread.metrics.upstreams.failures.inc();
            }
        })?;
        Ok(self.release(thread))
    }

    /// Reads until there is so much of it, or all.
    pub(crate) async fn hold(&mut self, least: u64) -> Result<(), Refusal> {
        poll_fn(|cx| self.sieving.poll_held(cx, least, &self.forward)).await
    }

    /// Lets it go on.
    pub(crate) fn release(self: Box<Self>, thread: &Rc<Thread>) -> Answered {
        let Self { mut parts, sieving, forward } = *self;
        sieving.tell(&mut parts.headers);
        let sieved = Sieved { sieving, access: forward.access(thread), breaking: false };
        (parts, Kind::Sieved(Box::new(sieved)))
    }
}
