//! From an arrival to the canonical request: one function, one order.
//!
//! Head first, then the body, then the method that is meant, then the operation. What the
//! catalogue says about the path is kept back until the caller is known.
//! Must not know policies or what a key is worth.

use std::borrow::Cow;

use memchr::memchr;
use portcullis_catalogue::{Body as Takes, Catalogue, Found, Operation, ParamRole};
use portcullis_types::{Method, Refusal};

use crate::arrival::{Arrival, Bounds, Presented};
use crate::canonical::{Body, Canonical};
use crate::media::{self, Media};
use crate::params::{Gathered, Param, Place};
use crate::why::{self, unreadable};
use crate::{fields, json, multipart, path};

/// What to do with the body before the call is canonicalised.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub enum BodyWanted {
    /// Leave it: the call is refused whatever the body holds.
    None,
    /// Collect it whole, up to a bound in bytes.
    Whole {
        /// The bound.
        max: usize,
    },
    /// Pass it on as it comes; the gate does not read it.
    Stream,
}

/// Looks at the head alone and says whether the body must be collected first.
#[must_use]
pub fn wants_body(
    method: &str,
    path: &str,
    query: Option<&str>,
    content_type: Option<&[u8]>,
    catalogue: &Catalogue,
    bounds: &Bounds,
) -> BodyWanted {
    let Ok(head) = Head::read(method, path, query, catalogue, bounds) else {
        return BodyWanted::None;
    };
    let Ok(method) = head.method_meant() else { return BodyWanted::None };
    let (operation, _) = route(catalogue, method, &head.path);
    match (streams(&operation, method), media::read(content_type)) {
        (_, Err(_)) => BodyWanted::None,
        (true, Ok(media)) if media.is_form() => BodyWanted::None,
        (true, Ok(_)) => BodyWanted::Stream,
        (false, Ok(Media::Other)) => BodyWanted::None,
        (false, Ok(_)) => BodyWanted::Whole { max: bounds.body_bytes_max },
    }
}

/// Brings a call to its one reading.
///
/// # Errors
/// [`Refusal::Unreadable`] when it can be read in several ways or none, [`Refusal::KeyConflict`]
/// when two different keys are in it, [`Refusal::HeadTooLarge`] and [`Refusal::BodyTooLarge`]
/// beyond the bounds, [`Refusal::MethodUnlisted`] for a method no operation can have.
pub fn canonicalise<'a>(
    arrival: &Arrival<'a>,
    catalogue: &'a Catalogue,
    bounds: &Bounds,
) -> Result<Canonical<'a>, Refusal> {
    let Arrival { method, path, query, content_type, header_keys, body, has_body } = *arrival;
    let mut head = Head::read(method, path, query, catalogue, bounds)?;
    for key in header_keys {
        head.gathered.present(Presented::Borrowed(key))?;
    }
    let mut method = head.method_meant()?;
    let (mut operation, mut target) = route(catalogue, method, &head.path);
    let media = if has_body || !body.is_empty() { Some(media::read(content_type)?) } else { None };
    let streamed = has_body && streams(&operation, method);
    let mut body_kind = if streamed { Body::Stream } else { Body::None };
    if let Some(media) = media.filter(|_| !streamed) {
        body_kind = read_body(body, media, &mut head.gathered, bounds)?;
        let meant = head.method_meant()?;
        if meant != method {
            method = meant;
            (operation, target) = route(catalogue, method, &head.path);
        }
    }
    if !streamed && !takes_body(method) {
        body_kind = into_query(body_kind, &mut head.gathered)?;
    }
    if let Ok(found) = operation {
        squeeze_fields(found, &mut head.gathered);
        // Said to a known caller only, since it tells that the path is listed.
        match media {
            Some(media) if streamed && media.is_form() => {
                operation = Err(unreadable(why::OPAQUE_FORM));
            }
            Some(Media::Other) if !streamed => operation = Err(Refusal::MediaTypeUnknown),
            _ => {}
        }
    }
    let target_as_received = matches!(&head.path, Cow::Borrowed(_))
        && head.gathered.query_as_received
        && query != Some("");
    Ok(Canonical {
        method,
        path: head.path,
        operation,
        target,
        params: head.gathered.params,
        key: head.gathered.key,
        key_in_query: head.gathered.key_in_query,
        target_as_received,
        body: body_kind,
        received: (content_type, body),
    })
}

/// What the head alone says.
struct Head<'a> {
    written: Method,
    path: Cow<'a, str>,
    gathered: Gathered<'a>,
}

impl<'a> Head<'a> {
    fn read(
        method: &str,
        path: &'a str,
        query: Option<&'a str>,
        catalogue: &Catalogue,
        bounds: &Bounds,
    ) -> Result<Self, Refusal> {
        let query = query.unwrap_or("");
        if path.len() > bounds.path_bytes_max || query.len() > bounds.query_bytes_max {
            return Err(Refusal::HeadTooLarge);
        }
        let written = Method::read(method).ok_or(Refusal::MethodUnlisted)?;
        let path = path::canonical(path, catalogue)?;
        let mut gathered = Gathered::new(bounds.params_max);
        gathered.pairs(query, Place::Query)?;
        Ok(Self { written, path, gathered })
    }

    /// The method after `method=`, which changes POST and may merely repeat any other.
    fn method_meant(&self) -> Result<Method, Refusal> {
        match self.gathered.method {
            None => Ok(self.written),
            Some(asked) if self.written == Method::Post || self.written == asked => Ok(asked),
            Some(_) => Err(unreadable(why::METHOD_PLACE)),
        }
    }
}

/// Whether a body of that method is sent on; of the others only parameters are, in the query.
const fn takes_body(method: Method) -> bool {
    matches!(method, Method::Post | Method::Put | Method::Patch)
}

fn streams(operation: &Result<&Operation, Refusal>, method: Method) -> bool {
    takes_body(method) && matches!(operation, Ok(operation) if operation.body == Takes::Opaque)
}

type Routed<'c> = (Result<&'c Operation, Refusal>, Option<(usize, usize)>);

fn route<'c>(catalogue: &'c Catalogue, method: Method, path: &str) -> Routed<'c> {
    // HEAD gives away what GET gives, hence is judged as GET.
    let judged = if method == Method::Head { Method::Get } else { method };
    let (operation, target) = match catalogue.find(judged, path) {
        Found::Operation { operation, target } => (operation, target),
        Found::OtherMethod => return (Err(Refusal::MethodUnlisted), None),
        Found::Unlisted => return (Err(Refusal::OperationUnlisted), None),
        Found::UnknownVersion => return (Err(Refusal::VersionUnknown), None),
    };
    if let Some(forgiven) = path::forgiven(path, catalogue.versions())
        && let Found::Operation { operation: other, .. } = catalogue.find(judged, &forgiven)
        && other.ix != operation.ix
    {
        return (Err(unreadable(why::PATH_ALMOST)), None);
    }
    let target = target.and_then(|text| {
        let start = (text.as_ptr() as usize).checked_sub(path.as_ptr() as usize)?;
        Some((start, start.checked_add(text.len())?))
    });
    (Ok(operation), target)
}

fn read_body<'a>(
    body: &'a [u8],
    media: Media<'_>,
    gathered: &mut Gathered<'a>,
    bounds: &Bounds,
) -> Result<Body<'a>, Refusal> {
    if body.len() > bounds.body_bytes_max {
        return Err(Refusal::BodyTooLarge { max: bounds.body_bytes_max as u64 });
    }
    if body.is_empty() {
        return Ok(Body::None);
    }
    gathered.begin_body();
    Ok(match media {
        Media::Other => Body::None,
        Media::Form => {
            let text = std::str::from_utf8(body).map_err(|_| unreadable(why::VALUE_UTF8))?;
            gathered.pairs(text, Place::Body)?;
            Body::Form
        }
        Media::Json => {
            json::read(body, gathered)?;
            Body::Json
        }
        Media::Multipart { boundary } => {
            Body::Multipart(multipart::read(body, boundary, gathered)?)
        }
    })
}

/// Moves every parameter to the query, as a true GET or DELETE has it.
fn into_query<'a>(body: Body<'a>, gathered: &mut Gathered<'a>) -> Result<Body<'a>, Refusal> {
    if matches!(&body, Body::Multipart(parts) if !parts.files.is_empty()) {
        return Err(unreadable(why::METHOD_FILE));
    }
    for param in gathered.params.iter_mut().filter(|param| param.place == Place::Body) {
        param.place = Place::Query;
        gathered.query_as_received = false;
    }
    Ok(Body::None)
}

/// Takes the blanks out of `fields`, so that the tree has one spelling.
fn squeeze_fields(operation: &Operation, gathered: &mut Gathered<'_>) {
    // Few values hold a blank, which a look tells sooner than the role is found.
    let blank = |param: &&mut Param<'_>| memchr(b' ', param.value.as_bytes()).is_some();
    for param in gathered.params.iter_mut().filter(blank) {
        let role = operation.params.get(param.name.as_ref());
        if role == Some(&ParamRole::Fields)
            && let Some(squeezed) = fields::squeeze(&param.value)
        {
            param.value = Cow::Owned(squeezed);
            gathered.query_as_received &= param.place == Place::Body;
        }
    }
}
