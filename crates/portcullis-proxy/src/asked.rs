//! What goes on record of what a call asked: method, path and query as they are sent on.
//!
//! Only where the operator wants it, so that its own records can be replayed. Must not let a
//! credential through: the partner's was taken out before, the platform's is taken out here.

use portcullis_judge::{Outbound, SentTarget};

use crate::Placement;
use crate::forward::Came;
use crate::hygiene;
use crate::records::More;
use crate::thread::Thread;

/// What goes on record; none: nothing does.
pub(crate) fn on_record(thread: &Thread, came: &Came, outbound: &Outbound) -> Option<Box<More>> {
    if !thread.settings.record_requests || thread.ring.is_none() {
        return None;
    }
    let path = match outbound.target() {
        SentTarget::Written(text) => without_credential(thread, text),
        SentTarget::AsReceived => came.target(thread).ok()?.as_str().to_owned(),
    };
    // A copy of the key where no key belongs was not taken for one, and still is one.
    let key = hygiene::long_key(&came.headers, &thread.settings.key_header);
    let holds = |text: &[u8]| memchr::memmem::find(path.as_bytes(), text).is_some();
    if key.is_some_and(holds) || thread.leak.stands_in(path.as_bytes()) {
        return None;
    }
    let path = Some(path.into());
    Some(Box::new(More { method: Some(outbound.method().as_str()), path, ..More::default() }))
}

/// A target without the parameter that the platform's credential is in.
fn without_credential(thread: &Thread, target: &str) -> String {
    let Placement::Query(name) = thread.settings.credential.placement() else {
        return target.to_owned();
    };
    let Some((path, query)) = target.split_once('?') else { return target.to_owned() };
    let is_it = |pair: &str| pair.split('=').next() == Some(name.as_str());
    let mut out = path.to_owned();
    for (at, pair) in query.split('&').filter(|pair| !is_it(pair)).enumerate() {
        out.push(if at == 0 { '?' } else { '&' });
        out.push_str(pair);
    }
    out
}
