//! The head of the platform's answer made one for the partner, with its first piece where that is there.
//!
//! Must not know how the call was judged or how a refusal is rendered.

use std::rc::Rc;

use http::header::{CONTENT_ENCODING, CONTENT_LENGTH};
use http::{Response, StatusCode, response};
use http_body::Body;
use portcullis_judge::Duties;
use portcullis_types::Refusal;

use crate::answer::{self, Says};
use crate::body::{BrokenOff, Flow, Kind};
use crate::events::Events;
use crate::flow::Breaking;
use crate::forward::Forward;
use crate::held::{Held, sieved};
use crate::leak::Tail;
use crate::thread::Thread;
use crate::ticker::Alarm;
use crate::upgrade::Opened;
use crate::upstream::Arriving;

/// What is to be done for the partner's answer.
pub(crate) enum Inward {
    Now(response::Parts, Kind),
    /// Its beginning is to be held back first.
    Held(Box<Held>),
    /// Its connection speaks something else from now on.
    Switched(Box<(response::Parts, Opened)>),
}

/// Makes the answer that goes to the partner.
pub(crate) fn inward(
    thread: &Rc<Thread>,
    response: Response<Arriving>,
    alarm: Alarm,
    forward: Forward,
) -> Result<Inward, Refusal> {
    let (mut parts, mut body) = response.into_parts();
    answer::clean(&mut parts, thread, forward.host.as_ref());
    forward.may_begin(thread)?;
    if parts.status == StatusCode::SWITCHING_PROTOCOLS {
        let opened = Opened::new(thread, body, alarm, &forward)?;
        return Ok(Inward::Switched(Box::new((parts, opened))));
    }
    if let Some(duties) = &forward.duties {
        if body.is_end_stream() {
            bodiless(&mut parts, duties);
        } else if is_sieved(&parts, duties)? {
            return sieved(thread, (parts, body), alarm, forward);
        }
        if duties.no_store {
            answer::no_store(&mut parts.headers);
        }
    }
    // What came with the head is looked at first: a body that is broken from its first byte can
    // still be told as a refusal, and one that came whole needs nothing more.
    let first = body.first().map_err(|BrokenOff| Refusal::UpstreamMalformed)?;
    let mut tail = Tail::default();
    if first.as_ref().is_some_and(|first| thread.leak.is_in(&mut tail, first)) {
        return Err(Refusal::UpstreamMalformed);
    }
    if body.is_end_stream() {
        body.settle();
        return Ok(Inward::Now(parts, Kind::Full(first)));
    }
    let access = forward.access(thread);
    let (silent, events) = (forward.silent(thread), Events::of(&parts.headers));
    let flow = Flow { body, first, alarm, silent, access, tail, events, breaking: Breaking::No };
    Ok(Inward::Now(parts, Kind::Flow(Box::new(flow))))
}

/// The head of an answer without a body: of the one that would follow, it says only what holds.
fn bodiless(parts: &mut response::Parts, duties: &Duties) {
    if !duties.program.is_empty() {
        parts.headers.remove(CONTENT_LENGTH);
        parts.headers.remove(CONTENT_ENCODING);
        answer::forget_validators(&mut parts.headers);
    }
}

/// Whether the answer goes through the sieve. What should be JSON and says that it is something else
/// does not leave; a picture holds no links.
fn is_sieved(parts: &response::Parts, duties: &Duties) -> Result<bool, Refusal> {
    if duties.program.is_empty() {
        return Ok(false);
    }
    match (answer::says(&parts.headers), duties.program.may_thin()) {
        (Says::Json, _) | (Says::Other, false) => Ok(true),
        (Says::Media, false) => Ok(false),
        (Says::Media | Says::Other, true) => Err(Refusal::UpstreamMalformed),
    }
}
