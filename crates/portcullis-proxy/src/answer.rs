//! The platform's answer: checked, cleaned, and rewritten where it holds links.
//!
//! Must not know how the call was judged, beyond its permit.

use std::rc::Rc;

use bytes::Bytes;
use http::header::{
    CONNECTION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, LOCATION, TRANSFER_ENCODING,
};
use http::response::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Version};
use http_body::Body;
use http_body_util::BodyExt;
use portcullis_types::Refusal;

use crate::arrival::{Pieces, Share};
use crate::forward::Forward;
use crate::hygiene;
use crate::links::{self, Rules};
use crate::thread::Thread;
use crate::ticker::Alarm;
use crate::upstream::{Arriving, Failure};
use crate::{Placement, Settings};

/// Refuses a head that frames its body in two ways, or that answers no request of ours.
///
/// For hyper's codec, which has read the body's length already: here it is asked whether others would
/// read it so. Our own asks while it reads.
pub(crate) fn check(parts: &Parts) -> Result<(), Failure> {
    let (mut framings, mut odd) = (0, false);
    for (name, value) in &parts.headers {
        if *name == CONTENT_LENGTH {
            framings += 1;
            odd |= !is_plain_number(value);
        } else if *name == TRANSFER_ENCODING {
            framings += 1;
            odd |= !value.as_bytes().eq_ignore_ascii_case(b"chunked");
            odd |= parts.version != Version::HTTP_11;
        }
    }
    // An informational answer here is a switch of protocols, which nobody asked for.
    let final_one = (200..600).contains(&parts.status.as_u16());
    if final_one && framings <= 1 && !odd { Ok(()) } else { Err(Failure::Malformed) }
}

fn is_plain_number(value: &HeaderValue) -> bool {
    let bytes = value.as_bytes();
    !bytes.is_empty() && bytes.len() <= 18 && bytes.iter().all(u8::is_ascii_digit)
}

/// Cleans the head for the partner. What may not come back at all was left out as it was read.
pub(crate) fn clean(parts: &mut Parts, base: impl FnOnce() -> String, settings: &Settings) {
    if parts.headers.contains_key(CONNECTION) {
        hygiene::drop_named(&mut parts.headers);
    }
    if parts.status == StatusCode::NO_CONTENT {
        parts.headers.remove(CONTENT_LENGTH);
    }
    if parts.headers.contains_key(LOCATION) {
        relocate(&mut parts.headers, &base(), settings);
    }
}

/// A redirect to the platform becomes one to the gate; one to elsewhere stays, if it is free of the
/// platform's credential.
fn relocate(headers: &mut HeaderMap, base: &str, settings: &Settings) {
    let new = headers.get(LOCATION).and_then(|value| value.to_str().ok()).and_then(|location| {
        let rules = rules(base, settings);
        let uri: http::Uri = location.parse().ok()?;
        let ours = uri.authority().is_none_or(|authority| {
            settings
                .upstream
                .authority()
                .as_bytes()
                .eq_ignore_ascii_case(authority.as_str().as_bytes())
        });
        let new = if ours { rules.rewrite(location)? } else { location.to_owned() };
        (!new.contains(rules.secret)).then_some(new)
    });
    match new.and_then(|text| HeaderValue::try_from(text).ok()) {
        Some(value) => headers.insert(LOCATION, value),
        None => headers.remove(LOCATION),
    };
}

fn rules<'a>(base: &'a str, settings: &'a Settings) -> Rules<'a> {
    let credential = match settings.credential.placement() {
        Placement::Bearer | Placement::Nowhere => "access_token",
        Placement::Query(name) => name,
    };
    Rules { base, credential, secret: settings.credential.expose() }
}

/// What partners reach the gate by: as configured, or as this call did.
pub(crate) fn base(settings: &Settings, host: Option<&str>) -> String {
    match &settings.public_url {
        Some(url) => url.base().to_owned(),
        None => format!("http://{}", host.unwrap_or("localhost")),
    }
}

/// Whether the body may hold links: all but pictures, films and sound. An operation that answers with
/// links answers with JSON, whatever the type says; what turns out to be none does not leave.
pub(crate) fn may_hold_links(headers: &HeaderMap) -> bool {
    const MEDIA: [&[u8]; 3] = [b"image/", b"video/", b"audio/"];
    headers.get(CONTENT_TYPE).is_none_or(|value| {
        let kind = value.as_bytes();
        let is = |start: &&[u8]| {
            kind.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start))
        };
        !MEDIA.iter().any(is)
    })
}

/// Reads the whole answer and rewrites its links; the head is made to fit.
pub(crate) async fn rewrite(
    parts: &mut Parts,
    body: &mut Arriving,
    thread: &Rc<Thread>,
    alarm: &Alarm,
    base: &str,
    forward: &Forward,
) -> Result<(Bytes, Share), Refusal> {
    let settings = &thread.settings;
    let packed = parts.headers.get_all(CONTENT_ENCODING).iter();
    if !packed.into_iter().all(|value| value.as_bytes().eq_ignore_ascii_case(b"identity")) {
        // We asked for it plain. What can't be read can't be cleaned, hence does not leave.
        return Err(Refusal::UpstreamMalformed);
    }
    let max = settings.limits.buffered_answer_bytes;
    if body.size_hint().lower() > max {
        return Err(Refusal::AnswerTooLarge { max });
    }
    let mut share = Share::nothing(thread, true);
    let mut pieces = Pieces::default();
    loop {
        alarm.set(settings.timeouts.answer_idle);
        let frame = alarm.guard(body.frame()).await.ok_or(Refusal::UpstreamSlow)?;
        // A hold that comes while the answer does is told as one.
        forward.may_begin(thread)?;
        let Some(frame) = frame else { break };
        let frame = frame.map_err(|_| Refusal::UpstreamMalformed)?;
        let Ok(data) = frame.into_data() else { continue };
        if pieces.length() + data.len() as u64 > max {
            return Err(Refusal::AnswerTooLarge { max });
        }
        share.take(data.len() as u64)?;
        pieces.push(data);
    }
    alarm.off();
    let answer = pieces.join();
    if answer.is_empty() {
        return Ok((answer, share));
    }
    let new =
        links::rewrite(&answer, &rules(base, settings)).map_err(|_| Refusal::UpstreamMalformed)?;
    let Some(new) = new else { return Ok((answer, share)) };
    const DIGESTS: [HeaderName; 5] = [
        ETAG,
        HeaderName::from_static("digest"),
        HeaderName::from_static("content-digest"),
        HeaderName::from_static("repr-digest"),
        HeaderName::from_static("content-md5"),
    ];
    for name in DIGESTS {
        parts.headers.remove(name);
    }
    Ok((new.into(), share))
}
