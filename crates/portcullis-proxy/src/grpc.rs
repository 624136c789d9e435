//! gRPC: what of it differs from other calls. Its status stands in fields of its own, after the answer or
//! in place of it.
//!
//! Must not know how a call is judged.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use portcullis_types::Refusal;

use crate::leak::Leak;
use crate::refuse::Rendered;

const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");
const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");
/// The refusal's code, which no status of gRPC is as exact as.
const CODE: HeaderName = HeaderName::from_static("portcullis-code");

/// Whether a call's or answer's head says that it is gRPC.
pub(crate) fn is(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    let (kind, rest) = kind.split_at_checked(b"application/grpc".len()).unwrap_or((kind, b""));
    kind.eq_ignore_ascii_case(b"application/grpc")
        && matches!(rest.first(), None | Some(b'+' | b';'))
}

/// A refusal as such a client reads it: success in HTTP, and what it is in fields of gRPC.
pub(crate) fn dress(mut out: Rendered, refusal: &Refusal) -> Rendered {
    out.status = StatusCode::OK;
    out.body = Vec::new();
    out.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    out.headers.extend(status(refusal));
    out
}

/// What a refusal is in fields of gRPC.
pub(crate) fn status(refusal: &Refusal) -> HeaderMap {
    let row = refusal.row();
    let mut fields = HeaderMap::with_capacity(4);
    fields.insert(STATUS, HeaderValue::from(code(row.status, row.code)));
    fields.insert(CODE, HeaderValue::from_static(row.code));
    let text = encoded(&format!("{}: {}", row.title, refusal.detail()));
    if let Ok(text) = HeaderValue::try_from(text) {
        fields.insert(MESSAGE, text);
    }
    fields
}

/// The status of gRPC for one of HTTP. What may have had an effect is no `UNAVAILABLE`, which clients
/// repeat unasked.
fn code(status: u16, code: &str) -> u16 {
    match (status, code) {
        (400, _) => 3,
        (401, _) => 16,
        (403, _) => 7,
        (404, _) => 5,
        (405, _) => 12,
        (408 | 504, _) => 4,
        (409, _) => 10,
        (413 | 429 | 431, _) => 8,
        (503, _) | (502, "upstream_unreachable") => 14,
        _ => 13,
    }
}

/// As gRPC wants messages: what is no printable ASCII is percent-encoded.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b' '..=b'~' if byte != b'%' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// The trailers that a partner gets: those that say how an answer ended. Nobody cleaned what others name.
pub(crate) fn trailers(all: &HeaderMap, secret: &Leak) -> Option<HeaderMap> {
    let mut kept = HeaderMap::new();
    for name in [STATUS, MESSAGE, DETAILS] {
        let value = all.get(&name).filter(|value| !secret.stands_in(value.as_bytes()));
        kept.extend(value.map(|value| (name, value.clone())));
    }
    (!kept.is_empty()).then_some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_grpc_by_its_type() {
        for (kind, expected) in [
            ("application/grpc", true),
            ("Application/GRPC+proto", true),
            ("application/grpc;x", true),
            ("application/grpc-web", false),
            ("application/json", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
            assert_eq!(is(&headers), expected, "{kind}");
        }
        assert!(!is(&HeaderMap::new()));
    }

    #[test]
    fn each_refusal_has_a_status_that_is_not_repeated_unless_it_may_be() {
        for (refusal, expected) in [
            (Refusal::KeyUnknown, 16),
            (Refusal::IssuerUnreachable, 14),
            (Refusal::Unreadable { why: "x" }, 3),
            (Refusal::UpstreamUnreachable, 14),
            (Refusal::UpstreamMalformed, 13),
            (Refusal::UpstreamSlow, 4),
            (Refusal::Overloaded, 14),
            (Refusal::Internal, 13),
        ] {
            let status = status(&refusal);
            assert_eq!(status["grpc-status"], expected.to_string().as_str(), "{refusal:?}");
            assert_eq!(status["portcullis-code"], refusal.row().code);
        }
    }

    #[test]
    fn a_message_is_encoded() {
        assert_eq!(encoded("50 % für ä"), "50 %25 f%C3%BCr %C3%A4");
    }

    #[test]
    fn only_trailers_that_say_how_it_ended_pass() {
        let leak = Leak::new("platform-secret-42");
        let fields = |list: &[(&'static str, &'static str)]| -> HeaderMap {
            let field = |(name, value): &(&'static str, &'static str)| {
                (HeaderName::from_static(name), HeaderValue::from_static(value))
            };
            list.iter().map(field).collect()
        };
        let all = [
            ("grpc-status", "0"),
            ("set-cookie", "a=b"),
            ("content-length", "9"),
            ("grpc-message", "see platform-secret-42"),
        ];
        assert_eq!(trailers(&fields(&all), &leak), Some(fields(&all[..1])));
        assert_eq!(trailers(&fields(&all[1..]), &leak), None);
    }
}
