//! What is sent: the canonical request and the listed amendments, serialised here only.
//!
//! Reading what was written gives the judged request again, amendments aside.
//! Must not know why an amendment is made.

use std::borrow::Cow;
use std::fmt;

use portcullis_types::Method;

use crate::canonical::{Body, Canonical};
use crate::media;
use crate::multipart;
use crate::params::{Form, Param, Place};
use crate::percent;

/// What a permit adds to the request. Its `Debug` shows names only: the platform's key is among them.
#[derive(Clone, Default)]
pub struct Amendments {
    /// Parameters put into the query, in place of any of the same name.
    pub query: Vec<(String, String)>,
}

impl fmt::Debug for Amendments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.query.iter().map(|(name, _)| name)).finish()
    }
}

/// What goes to the platform, header fields aside. Its `Debug` shows neither target nor body.
#[derive(Clone, Eq, PartialEq)]
pub struct Sent {
    /// The method.
    pub method: Method,
    /// Path and query.
    pub target: SentTarget,
    /// The body.
    pub body: SentBody,
}

impl fmt::Debug for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sent").field("method", &self.method).finish_non_exhaustive()
    }
}

/// Path and query as they are sent.
#[derive(Clone, Eq, PartialEq)]
pub enum SentTarget {
    /// As they were received.
    AsReceived,
    /// This text.
    Written(String),
}

/// The body as it is sent.
#[derive(Clone, Eq, PartialEq)]
pub enum SentBody {
    /// None: `Content-Length: 0` where the method has bodies, and no `Content-Type`.
    None,
    /// The bytes as they were received, under the `Content-Type` they came with.
    Unchanged,
    /// These bytes.
    Params {
        /// The `Content-Type` that goes with them.
        content_type: Cow<'static, str>,
        /// The body.
        bytes: Vec<u8>,
    },
}

/// Writes the request that was judged.
#[must_use]
pub fn write(canonical: &Canonical<'_>, amendments: &Amendments) -> Sent {
    let target = if canonical.target_as_received && amendments.query.is_empty() {
        SentTarget::AsReceived
    } else {
        SentTarget::Written(target(canonical, amendments))
    };
    Sent { method: canonical.method, target, body: body(canonical, amendments) }
}

fn target(canonical: &Canonical<'_>, amendments: &Amendments) -> String {
    let mut out = String::with_capacity(canonical.path.len() + 64);
    out.push_str(&canonical.path);
    let asked = of(canonical, amendments, Place::Query)
        .map(|param| (param.name.as_ref(), param.value.as_ref()));
    let added = amendments.query.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let mut mark = '?';
    for (name, value) in asked.chain(added) {
        out.push(mark);
        mark = '&';
        pair(&mut out, name, value);
    }
    out
}

/// The parameters that are sent in one place; an amended one is sent as amended only.
fn of<'c>(
    canonical: &'c Canonical<'_>,
    amendments: &'c Amendments,
    place: Place,
) -> impl Iterator<Item = &'c Param<'c>> {
    let amended = |name: &str| amendments.query.iter().any(|(other, _)| other == name);
    canonical.params.iter().filter(move |param| param.place == place && !amended(&param.name))
}

fn pair(out: &mut String, name: &str, value: &str) {
    percent::encode_into(out, name);
    out.push('=');
    percent::encode_into(out, value);
}

fn body(canonical: &Canonical<'_>, amendments: &Amendments) -> SentBody {
    let mut params = of(canonical, amendments, Place::Body).peekable();
    let (content_type, text) = match &canonical.body {
        Body::None => return SentBody::None,
        Body::Stream => return SentBody::Unchanged,
        Body::Multipart(parts) if parts.files.is_empty() && params.peek().is_none() => {
            return SentBody::None;
        }
        Body::Multipart(parts) => {
            return SentBody::Params {
                content_type: multipart::media_type(parts).into(),
                bytes: multipart::write(parts, params),
            };
        }
        Body::Form => (media::FORM, form(params)),
        Body::Json => (media::JSON, json(params)),
    };
    if text.is_empty() {
        return SentBody::None;
    }
    let (received_type, received) = canonical.received;
    if received_type == Some(content_type.as_bytes()) && received == text.as_bytes() {
        return SentBody::Unchanged;
    }
    SentBody::Params { content_type: content_type.into(), bytes: text.into_bytes() }
}

fn form<'p>(params: impl Iterator<Item = &'p Param<'p>>) -> String {
    let mut out = String::new();
    for param in params {
        if !out.is_empty() {
            out.push('&');
        }
        pair(&mut out, &param.name, &param.value);
    }
    out
}

fn json<'p>(params: impl Iterator<Item = &'p Param<'p>>) -> String {
    let mut out = String::from("{");
    for param in params {
        if out.len() > 1 {
            out.push(',');
        }
        out.push_str(&quoted(&param.name));
        out.push(':');
        match param.form {
            Form::Text => out.push_str(&quoted(&param.value)),
            Form::Raw => out.push_str(&param.value),
        }
    }
    out.push('}');
    out
}

/// A text as JSON (RFC 8259 §7).
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
