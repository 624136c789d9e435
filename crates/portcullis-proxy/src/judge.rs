//! The one place where the data plane speaks to the judge.
//!
//! Must not know sockets or how a refusal is rendered.

use std::cell::RefCell;
use std::sync::Arc;

use http::header::CONTENT_TYPE;
use http::request::Parts;
use portcullis_judge::{
    Arrival, AskedText, BodyWanted, Desk, Duties, ItemJudge, Look, SignalHit, Together, Touched,
    Verdict,
};
use portcullis_keys::Secret;
use portcullis_request::Entry;
use portcullis_types::{KeyIx, Now, Refusal};

use crate::conn::Conn;
use crate::hygiene;
use crate::leak::Leak;
use crate::recall::{Place, Recall};
use crate::{Placement, PlatformCredential, Settings};

/// One thread's desk, with what it needs to know of the settings.
pub(crate) struct Bench {
    desk: RefCell<Desk>,
    platform: portcullis_judge::PlatformCredential,
    key_header: http::HeaderName,
    prefix: String,
}

impl Bench {
    pub(crate) fn new(desk: Desk, settings: &Settings) -> Self {
        Self {
            desk: RefCell::new(desk),
            platform: platform(&settings.credential),
            key_header: settings.key_header.clone(),
            prefix: settings.public_url.as_ref().map_or("", crate::PublicUrl::prefix).to_owned(),
        }
    }

    /// What becomes of the call's body before it can be judged.
    pub(crate) fn wants_body(&self, parts: &Parts) -> BodyWanted {
        let content_type = parts.headers.get(CONTENT_TYPE).map(http::HeaderValue::as_bytes);
        let path = self.path(parts.uri.path());
        self.desk.borrow_mut().wants_body(
            parts.method.as_str(),
            path,
            parts.uri.query(),
            content_type,
        )
    }

    /// Judges a call.
    pub(crate) fn judge(
        &self,
        conn: &Conn,
        parts: &Parts,
        body: &[u8],
        has_body: bool,
        now: Now,
    ) -> Verdict {
        let header_keys = hygiene::header_keys(&parts.headers, &self.key_header);
        let arrival = Arrival {
            method: parts.method.as_str(),
            path: self.path(parts.uri.path()),
            query: parts.uri.query(),
            content_type: parts.headers.get(CONTENT_TYPE).map(http::HeaderValue::as_bytes),
            header_keys: &header_keys,
            body,
            has_body,
        };
        let origin = conn.origin(&parts.headers);
        self.desk.borrow_mut().judge_from(origin, &arrival, now, &self.platform)
    }

    /// Keeps what the call that was judged last asked, if its key is known.
    pub(crate) fn remember(&self, recall: &Recall, id: &[u8], leak: &Leak) -> Place {
        let desk = self.desk.borrow();
        let asked = desk.remembered();
        let leaks = |asked: &AskedText| {
            leak.stands_in(asked.target().as_bytes()) || leak.stands_in(asked.body())
        };
        recall.ask(id, asked.as_deref().filter(|asked| !leaks(asked)))
    }

    /// Judges an entry of a batch.
    pub(crate) fn judge_entry(&self, together: &mut Together, entry: &Entry, now: Now) -> Verdict {
        self.desk.borrow_mut().judge_entry(together, entry, now, &self.platform)
    }

    /// Whoever decides about the items of an answer to a call of that key.
    pub(crate) fn items(
        &self,
        key: KeyIx,
        duties: &Arc<Duties>,
        look: Option<Box<Look>>,
        now: Now,
    ) -> ItemJudge {
        self.desk.borrow_mut().items(key, duties, look, now)
    }

    /// Tells whether the platform knew what a call of that key asked for.
    pub(crate) fn answered(&self, key: KeyIx, found: bool, now: Now) -> Vec<SignalHit> {
        self.desk.borrow_mut().answered(key, found, now)
    }

    /// An answer goes out that may hold addresses of media.
    pub(crate) fn gave_media(&self, key: KeyIx, read: &Touched, now: Now) {
        self.desk.borrow_mut().gave_media(key, read, now);
    }

    /// The platform took a call that makes a subscription.
    pub(crate) fn subscribed(&self, key: KeyIx) {
        self.desk.borrow().subscribed(key);
    }

    /// Whether the head shows a key, or the connection what stands in its place; which then is of
    /// somebody who may be judged.
    pub(crate) fn shows_key(&self, conn: &Conn, parts: &Parts, now: Now) -> Result<bool, Refusal> {
        let keys = hygiene::header_keys(&parts.headers, &self.key_header);
        let (key, origin) = (keys.first().copied(), conn.origin(&parts.headers));
        match self.desk.borrow_mut().known(origin, key, now) {
            // The body may hold a key yet.
            Err(Refusal::KeyMissing) => Ok(false),
            known => known.map(|()| true),
        }
    }

    /// What the call that was permitted last reads; to be asked once.
    pub(crate) fn touched(&self) -> Touched {
        self.desk.borrow_mut().touched()
    }

    /// Whether an answer that reads this may still begin to go to that key; what to say if it may not.
    pub(crate) fn standing(&self, key: KeyIx, read: &Touched, now: Now) -> Result<(), Refusal> {
        self.desk.borrow_mut().standing(key, read, now)
    }

    /// The path as the platform knows it: without the prefix of the public URL, where it is there.
    ///
    /// It may be missing, since whoever stands before the gate may have cut it off.
    pub(crate) fn path<'p>(&self, path: &'p str) -> &'p str {
        match path.strip_prefix(self.prefix.as_str()) {
            Some("") => "/",
            Some(rest) if rest.starts_with('/') => rest,
            _ => path,
        }
    }
}

fn platform(credential: &PlatformCredential) -> portcullis_judge::PlatformCredential {
    match credential.placement() {
        Placement::Bearer | Placement::Nowhere => portcullis_judge::PlatformCredential::Header,
        Placement::Query(name) => portcullis_judge::PlatformCredential::Query {
            name: name.clone(),
            value: Secret::new(credential.expose().to_owned()),
        },
    }
}
