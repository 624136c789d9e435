//! What is looked at before a call is judged: its head as parsed, and its body where that is read.
//!
//! Must not know who calls or what is permitted.

use std::rc::Rc;

use bytes::{Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, EXPECT, HOST, UPGRADE};
use http::request::Parts;
use http::uri::Authority;
use http::{HeaderMap, HeaderValue, Method, Version};
use http_body::Body;
use http_body_util::BodyExt;
use portcullis_h1::CallFault;
use portcullis_types::Refusal;

use crate::bounded::Bounded;
use crate::conn::Conn;
use crate::hygiene;
use crate::received::Received;
use crate::thread::Thread;
use crate::ticker::Alarm;
use crate::upgrade::Handshake;

const fn refusal(fault: CallFault) -> Refusal {
    match fault {
        CallFault::Unreadable(why) => Refusal::Unreadable { why },
        CallFault::TooLarge => Refusal::HeadTooLarge,
    }
}

/// What one look at the fields tells.
#[derive(Default)]
struct Survey<'h> {
    host: Option<&'h HeaderValue>,
    hosts: usize,
    content_types: usize,
    connection: bool,
    expect: bool,
    upgrade: bool,
}

impl<'h> Survey<'h> {
    fn new(headers: &'h HeaderMap) -> Self {
        let mut survey = Self::default();
        for (name, value) in headers {
            if *name == HOST {
                survey.host = Some(value);
                survey.hosts += 1;
            }
            survey.content_types += usize::from(*name == CONTENT_TYPE);
            survey.connection |= *name == CONNECTION;
            survey.expect |= *name == EXPECT;
            survey.upgrade |= *name == UPGRADE;
        }
        survey
    }
}

/// What a head tells besides.
pub(crate) struct Head {
    /// The host that the call was sent to.
    pub(crate) host: Option<HeaderValue>,
    /// The WebSocket that it wishes for.
    pub(crate) wish: Option<Handshake>,
}

/// Refuses a head that can't be read in one way only.
pub(crate) fn check(parts: &mut Parts, conn: &Conn) -> Result<Head, Refusal> {
    if let Some(fault) = conn.watch.fault.take() {
        return Err(refusal(fault));
    }
    let unreadable = |why| Err(Refusal::Unreadable { why });
    if parts.method == Method::TRACE || (parts.method == Method::CONNECT && !conn.http2) {
        return unreadable("the gate is no tunnel and no echo: CONNECT and TRACE are not served");
    }
    let extended = (parts.method == Method::CONNECT).then(|| Handshake::extended(parts));
    let extended = extended.transpose()?;
    // HTTP/2 brings these as they are; HTTP/1's go through the guard.
    let authority = parts.uri.authority().map_or("", Authority::as_str);
    if authority.contains('@')
        || parts.uri.scheme_str().is_some_and(|s| s != "http" && s != "https")
    {
        return unreadable("the target names a user or a scheme; send host and path only");
    }
    let survey = Survey::new(&parts.headers);
    let host = match (survey.host, parts.uri.authority()) {
        // A whole URL as target and the Host must agree: RFC 9112 §3.2.2 lets the first win, and two
        // parsers may not. More than one Host never gets here by HTTP/1.
        (Some(host), Some(target)) if !same(host, target) => {
            return unreadable("the Host and the target name different hosts");
        }
        (Some(_), _) if survey.hosts > 1 => return unreadable("there is more than one Host"),
        (Some(host), _) => conn.keep_host(host),
        (None, Some(target)) => HeaderValue::from_str(target.as_str()).ok(),
        (None, None) if parts.version == Version::HTTP_2 => {
            return unreadable("there is no authority");
        }
        (None, None) => None,
    };
    if survey.content_types > 1 {
        return unreadable("there is more than one Content-Type");
    }
    let Survey { connection, expect, upgrade, .. } = survey;
    let wish = if upgrade { Handshake::of(parts)? } else { extended };
    let limits = &conn.thread.settings.limits;
    if parts.version == Version::HTTP_2 {
        if parts.headers.len() > limits.headers {
            return Err(Refusal::HeadTooLarge);
        }
        // HTTP/1's parser takes such blanks off; here they are malformed (RFC 9113 §8.2.1).
        if parts.headers.values().any(padded) {
            return unreadable("a header's value begins or ends with a blank");
        }
    }
    if expect {
        expectation(&parts.headers)?;
    }
    if connection {
        hygiene::drop_nominated(&mut parts.headers, &conn.thread.settings.key_header)?;
    }
    Ok(Head { host, wish })
}

/// Refuses a body that the platform would unpack and the judge would not.
pub(crate) fn readable(headers: &HeaderMap) -> Result<(), Refusal> {
    let plain = |value: &HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"identity");
    if headers.get_all(CONTENT_ENCODING).iter().all(plain) {
        return Ok(());
    }
    Err(Refusal::Unreadable { why: "the body is compressed, so that the gate cannot judge it" })
}

fn padded(value: &HeaderValue) -> bool {
    let blank = |byte: Option<&u8>| byte.is_some_and(|byte| matches!(byte, b' ' | b'\t'));
    blank(value.as_bytes().first()) || blank(value.as_bytes().last())
}

fn same(host: &HeaderValue, target: &Authority) -> bool {
    host.as_bytes().eq_ignore_ascii_case(target.as_str().as_bytes())
}

fn expectation(headers: &HeaderMap) -> Result<(), Refusal> {
    let fine = |value: &http::HeaderValue| value.as_bytes().eq_ignore_ascii_case(b"100-continue");
    if headers.get_all(EXPECT).iter().all(fine) {
        return Ok(());
    }
    Err(Refusal::Unreadable { why: "the Expect header asks for something other than 100-continue" })
}

/// A share of what may be held at once; given back when dropped.
pub(crate) struct Share {
    taken: u64,
    named: bool,
    thread: Rc<Thread>,
}

impl Share {
    /// Nothing yet. Bodies of callers that have not shown a key yet share a small part of their own, so
    /// that they can't fill memory or crowd out those that have.
    pub(crate) fn nothing(thread: &Rc<Thread>, named: bool) -> Self {
        Self { taken: 0, named, thread: Rc::clone(thread) }
    }

    fn budget(&self) -> &Bounded {
        if self.named { &self.thread.buffered } else { &self.thread.unnamed }
    }

    /// Takes more of what may be held at once.
    pub(crate) fn take(&mut self, more: u64) -> Result<(), Refusal> {
        if !self.budget().take(more) {
            return Err(Refusal::Overloaded);
        }
        self.taken += more;
        Ok(())
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.budget().give(self.taken);
    }
}

/// A body that is held, with its share.
pub(crate) struct Held {
    pub(crate) bytes: Bytes,
    _share: Share,
}

/// Collects a body.
///
/// The time it gets grows with what has come, so that a slow line passes and a drip does not: nobody
/// knows yet whether it is a partner's.
pub(crate) async fn collect(
    mut body: Received,
    max: u64,
    thread: &Rc<Thread>,
    alarm: &Alarm,
    named: bool,
) -> Result<Held, Refusal> {
    let mut share = Share::nothing(thread, named);
    if body.size_hint().lower() > max {
        return Err(Refusal::BodyTooLarge { max });
    }
    alarm.set(thread.settings.timeouts.body);
    let mut pieces = Pieces::of(body.size_hint().exact());
    let mut paid = 0;
    loop {
        let frame = alarm.guard(body.frame()).await.ok_or(Refusal::BodyTooSlow)?;
        let Some(frame) = frame else { break };
        let broken = Refusal::Unreadable { why: "the body broke off or is malformed" };
        let Ok(data) = frame.map_err(|_| broken)?.into_data() else { continue };
        if pieces.length() + data.len() as u64 > max {
            return Err(Refusal::BodyTooLarge { max });
        }
        // Memory that is short is left to what is there already.
        if pieces.length() > 0 && thread.settings.pressure.is_on() {
            return Err(Refusal::Overloaded);
        }
        share.take(data.len() as u64)?;
        pieces.push(data);
        let earned = pieces.length() / (16 * 1024);
        if earned > paid {
            paid = earned;
            alarm.set(thread.settings.timeouts.body / 4);
        }
    }
    alarm.off();
    Ok(Held { bytes: pieces.join(), _share: share })
}

/// Pieces of a body; most come in one, which is then not copied.
#[derive(Default)]
pub(crate) struct Pieces {
    first: Bytes,
    rest: BytesMut,
    /// How much there will be, if that is known.
    expected: usize,
}

impl Pieces {
    /// Of so many bytes, if that is known: they then get their memory at once. What grows by doubling
    /// leaves behind as much as it holds.
    fn of(length: Option<u64>) -> Self {
        let expected = length.and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
        Self { expected, ..Self::default() }
    }

    pub(crate) fn length(&self) -> u64 {
        (self.first.len() + self.rest.len()) as u64
    }

    pub(crate) fn push(&mut self, data: Bytes) {
        if self.first.is_empty() && self.rest.is_empty() {
            self.first = data;
            return;
        }
        if self.rest.is_empty() {
            self.rest.reserve(self.expected.max(self.first.len()));
            self.rest.extend_from_slice(&self.first);
            self.first = Bytes::new();
        }
        self.rest.extend_from_slice(&data);
    }

    pub(crate) fn join(self) -> Bytes {
        if self.rest.is_empty() { self.first } else { self.rest.freeze() }
    }
}
