//! How a WebSocket begins (RFC 6455 §4, over HTTP/2 RFC 8441): what a partner must send, and what the
//! platform must answer.
//!
//! Must not know who may open one.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{
    CONNECTION, CONTENT_LENGTH, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION, TRANSFER_ENCODING, UPGRADE,
};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Version};
use hyper::ext::Protocol;
use hyper::upgrade::OnUpgrade;
use portcullis_types::Refusal;

/// Appended to the key before it is hashed, so that nobody answers so who does not know the protocol.
const KNOWN: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// A partner's wish for a WebSocket.
#[derive(Debug)]
pub(crate) struct Handshake {
    accept: String,
    /// The stream of HTTP/2 that is to become one; none: the connection of HTTP/1.1.
    pub(super) stream: Option<OnUpgrade>,
}

impl Handshake {
    /// The wish in a head, where there is one.
    ///
    /// # Errors
    /// It is no such wish, or one that can be read in two ways.
    pub(crate) fn of(parts: &Parts) -> Result<Option<Self>, Refusal> {
        let wish = parts.headers.get(UPGRADE);
        // Common clients offer h2c unasked, which may be ignored.
        if wish.is_none_or(|wish| wish.as_bytes().eq_ignore_ascii_case(b"h2c")) {
            return Ok(None);
        }
        let first = parts.method == Method::GET && parts.version == Version::HTTP_11;
        let upgrade = one(&parts.headers, &UPGRADE);
        let whole = first
            && upgrade.is_some_and(|upgrade| upgrade.as_bytes().eq_ignore_ascii_case(b"websocket"))
            && says_upgrade(&parts.headers);
        let accept = Self::accept(&parts.headers).filter(|_| whole);
        let why = "the gate only switches to a WebSocket, by a whole RFC 6455 handshake";
        let accept = accept.ok_or(Refusal::Unreadable { why })?;
        Ok(Some(Self { accept, stream: None }))
    }

    /// The wish in an extended CONNECT (RFC 8441 §4, §5). The head becomes that of the GET it stands
    /// for, by which it is judged; what the platform must prove is asked by the gate, since a partner's
    /// HTTP/2 proves it already.
    ///
    /// # Errors
    /// It is any other CONNECT, or half a wish.
    pub(crate) fn extended(parts: &mut Parts) -> Result<Self, Refusal> {
        let unreadable = |why| Refusal::Unreadable { why };
        let named = parts.extensions.remove::<Protocol>();
        if named.is_none_or(|protocol| protocol.as_str() != "websocket") {
            return Err(unreadable(
                "the gate is no tunnel: a CONNECT is only served as a WebSocket over HTTP/2 (RFC 8441)",
            ));
        }
        let mut nonce = [0; 16];
        rand::fill(&mut nonce).map_err(|_| Refusal::Internal)?;
        let key = HeaderValue::try_from(STANDARD.encode(nonce)).map_err(|_| Refusal::Internal)?;
        parts.method = Method::GET;
        parts.headers.insert(SEC_WEBSOCKET_KEY, key);
        let stream = parts.extensions.remove::<OnUpgrade>();
        let accept = Self::accept(&parts.headers).filter(|_| stream.is_some());
        let accept = accept.ok_or_else(|| {
            unreadable("a WebSocket over HTTP/2 begins with sec-websocket-version 13 and no length")
        })?;
        Ok(Self { accept, stream })
    }

    fn accept(headers: &HeaderMap) -> Option<String> {
        let framed = headers.contains_key(TRANSFER_ENCODING)
            || headers.get(CONTENT_LENGTH).is_some_and(|length| length != "0");
        let version = one(headers, &SEC_WEBSOCKET_VERSION)?;
        let key = one(headers, &SEC_WEBSOCKET_KEY)?;
        let nonce = STANDARD.decode(key.as_bytes()).ok()?;
        let fine = !framed && version == "13" && nonce.len() == 16;
        fine.then(|| {
            let text = [key.as_bytes(), KNOWN.as_bytes()].concat();
            STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &text))
        })
    }

    /// Whether the platform's answer is one to this wish, with nothing that the gate can't read.
    pub(crate) fn is_answered(&self, headers: &HeaderMap) -> bool {
        !headers.contains_key(SEC_WEBSOCKET_EXTENSIONS)
            && one(headers, &SEC_WEBSOCKET_ACCEPT).is_some_and(|accept| *accept == *self.accept)
    }
}

fn one<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h HeaderValue> {
    let mut all = headers.get_all(name).iter();
    all.next().filter(|_| all.next().is_none())
}

fn says_upgrade(headers: &HeaderMap) -> bool {
    let all = headers.get_all(CONNECTION).iter();
    all.flat_map(|value| value.as_bytes().split(|byte| *byte == b','))
        .any(|option| option.trim_ascii().eq_ignore_ascii_case(b"upgrade"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WISH: [(&str, &str); 4] = [
        ("upgrade", "websocket"),
        ("connection", "keep-alive, Upgrade"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];

    fn parts(method: &str, fields: &[(&str, &str)]) -> Parts {
        let mut request = http::Request::builder().method(method).uri("/x");
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn a_wish_is_answered_by_the_digest_of_its_key() {
        let wish = Handshake::of(&parts("GET", &WISH)).unwrap().unwrap();
        let answer = |fields: &[(&str, &str)]| wish.is_answered(&parts("GET", fields).headers);
        let accept = ("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
        assert!(answer(&[accept]));
        assert!(!answer(&[]));
        assert!(!answer(&[("sec-websocket-accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOO=")]));
        assert!(!answer(&[accept, accept]));
        assert!(!answer(&[accept, ("sec-websocket-extensions", "permessage-deflate")]));
    }

    #[test]
    fn half_a_wish_is_refused() {
        assert!(Handshake::of(&parts("GET", &[])).unwrap().is_none());
        assert!(Handshake::of(&parts("GET", &[("upgrade", "h2c")])).unwrap().is_none());
        assert!(Handshake::of(&parts("POST", &WISH)).is_err());
        let other = |name: &str, value: &'static str| {
            let mut fields = WISH.map(|(n, v)| (n, if n == name { value } else { v })).to_vec();
            fields.retain(|(_, value)| !value.is_empty());
            Handshake::of(&parts("GET", &fields)).is_err()
        };
        assert!(!other("", ""), "the same as above");
        for (name, value) in [
            ("upgrade", "websocket, h2c"),
            ("connection", "keep-alive"),
            ("connection", ""),
            ("sec-websocket-version", "8"),
            ("sec-websocket-version", ""),
            ("sec-websocket-key", "c2hvcnQ="),
            ("sec-websocket-key", "not base64"),
            ("sec-websocket-key", ""),
        ] {
            assert!(other(name, value), "{name}: {value}");
        }
        for more in
            [("upgrade", "websocket"), ("content-length", "1"), ("transfer-encoding", "chunked")]
        {
            let fields = [&WISH[..], &[more]].concat();
            assert!(Handshake::of(&parts("GET", &fields)).is_err(), "{more:?}");
        }
    }
}
