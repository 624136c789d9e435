//! Paths that the gate answers itself, beside the platform: what is asked there never goes on to it.
//!
//! The key is shown in the head and must be known, in whatever state; body and answer are bounded.
//! Must not know what is answered, nor by whom.

use std::borrow::Cow;
use std::fmt;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, IF_MATCH, RETRY_AFTER, USER_AGENT, WWW_AUTHENTICATE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, Method, Response, response};
use http_body::Body;
use portcullis_judge::{Origin, Trace};
use portcullis_request::unescaped;
use portcullis_types::{KeyId, KeyIx, Now, Refusal};

use crate::body::Kind;
use crate::hygiene;
use crate::received::Received;
use crate::thread::Thread;
use crate::ticket::Ticket;
use crate::{Settings, arrival};

/// Longest body that is taken in.
const BODY_BYTES_MAX: u64 = 256 * 1024;
/// The parameter that may hold the key, as in calls of the platform.
const KEY_PARAMETER: &str = "access_token";
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const IDEMPOTENCY_REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Answers some paths in the platform's place.
pub trait Aside: Send + Sync {
    /// Whether it answers a path; as the platform would know it, without the public URL's prefix.
    fn takes(&self, path: &str) -> bool;

    /// Whether a peer may ask now, whatever it asks.
    ///
    /// # Errors
    /// The refusal to answer with.
    fn admits(&self, peer: IpAddr, now: Now) -> Result<(), Refusal>;

    /// Whose key was presented, or whose certificate in its place, whatever state it is in, if it is accepted
    /// from there.
    ///
    /// # Errors
    /// The refusal to answer with: the key is unknown, bound to other places, or has asked too often.
    fn known(
        &self,
        origin: Origin<'_>,
        presented: Option<&[u8]>,
        now: Now,
    ) -> Result<Asker, Refusal>;

    /// The answer; none: there is nobody to answer any more.
    fn answer(&self, call: AsideCall) -> AsideAnswer;
}

/// An answer to come.
pub type AsideAnswer = Pin<Box<dyn Future<Output = Option<Response<Bytes>>> + Send>>;

/// Who asks: it has proved a whole key.
#[derive(Debug, Clone)]
pub struct Asker {
    /// The key.
    pub key: KeyIx,
    /// Its public id, for records.
    pub id: KeyId,
    /// The partner's id, for records.
    pub partner: Arc<str>,
}

/// What is asked. It holds no key.
#[derive(Debug)]
pub struct AsideCall {
    /// Who asks.
    pub asker: Asker,
    /// The method.
    pub method: Method,
    /// The path, without the public URL's prefix.
    pub path: String,
    /// The query, without the key.
    pub query: Option<String>,
    /// Media type, preconditions and the like; nothing else of the head.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// The id that the answer will carry.
    pub request_id: String,
    /// The moment.
    pub now: Now,
}

/// Where such paths are answered.
#[derive(Clone)]
pub struct AsideOutlet(pub Arc<dyn Aside>);

impl fmt::Debug for AsideOutlet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AsideOutlet")
    }
}

/// A call that the gate answers itself.
pub(crate) struct Asked {
    aside: Arc<dyn Aside>,
    pub(crate) parts: Parts,
    pub(crate) body: Received,
}

impl Asked {
    /// The answerer of a path, where it is not the platform.
    pub(crate) fn of(thread: &Thread, path: &str) -> Option<Arc<dyn Aside>> {
        let AsideOutlet(aside) = thread.aside.as_ref()?;
        aside.takes(thread.bench.path(path)).then(|| Arc::clone(aside))
    }

    pub(crate) fn new(aside: Arc<dyn Aside>, parts: Parts, body: Received) -> Box<Self> {
        Box::new(Self { aside, parts, body })
    }

    /// Answers it.
    pub(crate) async fn answer(
        self: Box<Self>,
        ticket: &mut Ticket,
    ) -> Result<(response::Parts, Kind), Refusal> {
        let Self { aside, parts, body } = *self;
        let conn = &ticket.conn;
        let thread = &conn.thread;
        let now = thread.now();
        let origin = conn.origin(&parts.headers);
        aside.admits(origin.address, now)?;
        let presented = presented(&parts, &thread.settings)?;
        let asker = aside.known(origin, presented.as_deref(), now)?;
        ticket.trace = Some(Trace {
            partner: Some(Arc::clone(&asker.partner)),
            key_id: Some(asker.id.clone()),
            rule: Some(Arc::from("partner-api")),
            ..Trace::default()
        });
        arrival::readable(&parts.headers)?;
        let alarm = thread.ticker.alarm();
        let held = if body.is_end_stream() {
            None
        } else {
            Some(arrival::collect(body, BODY_BYTES_MAX, thread, &alarm, true).await?)
        };
        let body = held.as_ref().map(|held| held.bytes.clone()).unwrap_or_default();
        ticket.bytes_in = body.len() as u64;
        let call = AsideCall {
            asker,
            method: parts.method,
            path: thread.bench.path(parts.uri.path()).to_owned(),
            query: without_key(parts.uri.query()),
            headers: kept(&parts.headers, &[CONTENT_TYPE, IF_MATCH, IDEMPOTENCY_KEY, USER_AGENT]),
            body,
            request_id: ticket.id.to_str().unwrap_or_default().to_owned(),
            now,
        };
        alarm.set(thread.settings.timeouts.first_byte);
        let answer = alarm.guard(aside.answer(call)).await.ok_or(Refusal::Overloaded)?;
        alarm.off();
        drop(held);
        let (mut parts, bytes) = answer.ok_or(Refusal::Internal)?.into_parts();
        let told = [CACHE_CONTROL, ALLOW, RETRY_AFTER, WWW_AUTHENTICATE, IDEMPOTENCY_REPLAYED];
        parts.headers = kept(&parts.headers, &[&[CONTENT_TYPE], &told[..]].concat());
        Ok((parts, Kind::Full(Some(bytes))))
    }
}

/// The key, which must stand in the head where there is one; the same key twice is one.
fn presented<'p>(parts: &'p Parts, settings: &Settings) -> Result<Option<Cow<'p, [u8]>>, Refusal> {
    let shown = hygiene::header_keys(&parts.headers, &settings.key_header);
    let mut keys: Vec<Cow<'p, [u8]>> = shown.into_iter().map(Cow::Borrowed).collect();
    for value in parts.uri.query().unwrap_or_default().split('&').filter_map(key_in) {
        keys.push(match unescaped(value)? {
            Cow::Borrowed(key) => Cow::Borrowed(key.as_bytes()),
            Cow::Owned(key) => Cow::Owned(key.into_bytes()),
        });
    }
    let first = keys.first().cloned();
    if keys.iter().all(|key| Some(key) == first.as_ref()) {
        Ok(first)
    } else {
        Err(Refusal::KeyConflict)
    }
}

/// The key in a pair of a query, whose name may be encoded as its value is.
fn key_in(pair: &str) -> Option<&str> {
    let (name, value) = pair.split_once('=')?;
    unescaped(name).is_ok_and(|name| name == KEY_PARAMETER).then_some(value)
}

fn without_key(query: Option<&str>) -> Option<String> {
    let rest: Vec<_> = query?.split('&').filter(|pair| key_in(pair).is_none()).collect();
    (!rest.is_empty()).then(|| rest.join("&"))
}

fn kept(headers: &HeaderMap, names: &[HeaderName]) -> HeaderMap {
    let mut kept = HeaderMap::with_capacity(names.len());
    for name in names {
        for value in headers.get_all(name) {
            kept.append(name, value.clone());
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(target: &str, headers: &[(&'static str, &str)]) -> Parts {
        let mut request = http::Request::builder().uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn a_key_stands_once_or_more_often_and_is_always_the_same() {
        #[track_caller]
        fn check(target: &str, headers: &[(&'static str, &str)], expected: Result<&str, Refusal>) {
            let upstream = "http://127.0.0.1:1".parse().unwrap();
            let none = crate::PlatformCredential::none();
            let settings = Settings::new("127.0.0.1:0".parse().unwrap(), upstream, none);
            let parts = parts(target, headers);
            let found = presented(&parts, &settings);
            let found = found.and_then(|found| found.ok_or(Refusal::KeyMissing));
            let found = found.as_deref().map_err(Clone::clone);
            assert_eq!(found, expected.map(str::as_bytes), "{target} {headers:?}");
        }
        check("/p/me", &[], Err(Refusal::KeyMissing));
        check("/p/me", &[("authorization", "Bearer a")], Ok("a"));
        check("/p/me", &[("x-api-key", "a")], Ok("a"));
        check("/p/me?access_token=a", &[], Ok("a"));
        check("/p/me?access_token=a", &[("authorization", "bearer  a")], Ok("a"));
        check("/p/me?access_token=b", &[("x-api-key", "a")], Err(Refusal::KeyConflict));
        check("/p/me?access_token=a&access_token=b", &[], Err(Refusal::KeyConflict));
        check("/p/me", &[("authorization", "Basic a")], Ok("Basic a"));
        check("/p/me?access_token=%61%2B", &[("x-api-key", "a+")], Ok("a+"));
        check("/p/me?access%5Ftoken=%61", &[("x-api-key", "a")], Ok("a"));
        check("/p/me?access_token=%61", &[("x-api-key", "%61")], Err(Refusal::KeyConflict));
        check("/p/me?access_token", &[], Err(Refusal::KeyMissing));
        let unreadable = unescaped("%6").unwrap_err();
        check("/p/me?access_token=%6", &[("x-api-key", "%6")], Err(unreadable));
    }

    #[test]
    fn a_query_goes_on_without_the_key() {
        assert_eq!(without_key(Some("from=7d&access_token=a")), Some("from=7d".to_owned()));
        assert_eq!(without_key(Some("access_token=a")), None);
        assert_eq!(without_key(Some("%61ccess_token=a&x=y")), Some("x=y".to_owned()));
        assert_eq!(without_key(None), None);
    }
}
