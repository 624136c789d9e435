//! Whether a batch asks for its answers without their fields.
//!
//! It changes how much is shown and nothing else, so it is looked for where clients put it and not
//! judged. Must not know what the entries are.

use http::header::CONTENT_TYPE;
use http::request::Parts;
use memchr::memmem;
use serde::Deserialize;

const NAME: &str = "include_headers";

/// Whether the partner wants the fields of each answer: unless it says no.
pub(crate) fn wants_headers(parts: &Parts, body: &[u8]) -> bool {
    let kind = parts.headers.get(CONTENT_TYPE).map_or(&b""[..], |kind| kind.as_bytes());
    let is = |name: &[u8]| kind.get(..name.len()).is_some_and(|k| k.eq_ignore_ascii_case(name));
    let said = in_pairs(parts.uri.query().unwrap_or_default().as_bytes());
    let said = said.or_else(|| {
        if is(b"multipart/") {
            in_part(body)
        } else if is(b"application/json") {
            in_json(body)
        } else {
            in_pairs(body)
        }
    });
    said.unwrap_or(true)
}

fn in_pairs(text: &[u8]) -> Option<bool> {
    text.split(|byte| *byte == b'&').find_map(|pair| {
        let value = pair.strip_prefix(NAME.as_bytes())?.strip_prefix(b"=")?;
        Some(is_yes(value))
    })
}

fn in_json(body: &[u8]) -> Option<bool> {
    #[derive(Deserialize)]
    struct Whole {
        include_headers: Option<serde_json::Value>,
    }
    let whole: Whole = serde_json::from_slice(body).ok()?;
    Some(match whole.include_headers? {
        serde_json::Value::String(text) => is_yes(text.as_bytes()),
        other => is_yes(other.to_string().as_bytes()),
    })
}

fn in_part(body: &[u8]) -> Option<bool> {
    let at = memmem::find(body, b"name=\"include_headers\"")?;
    let rest = body.get(at..)?;
    let start = memmem::find(rest, b"\r\n\r\n")? + 4;
    let value = rest.get(start..)?;
    let end = memmem::find(value, b"\r\n")?;
    value.get(..end).map(is_yes)
}

fn is_yes(value: &[u8]) -> bool {
    !(value.eq_ignore_ascii_case(b"false") || value == b"0")
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn fields_are_left_out_where_the_batch_says_so_wherever_it_does() {
        let check = |uri: &str, kind: &str, body: &str, expected: bool| {
            let request = Request::builder().uri(uri).header(CONTENT_TYPE, kind).body(()).unwrap();
            let (parts, ()) = request.into_parts();
            assert_eq!(wants_headers(&parts, body.as_bytes()), expected, "{uri} {kind} {body}");
        };
        let (form, json) = ("application/x-www-form-urlencoded", "application/json; charset=utf-8");
        check("/v21.0", form, "batch=[]", true);
        check("/v21.0?include_headers=false", form, "batch=[]", false);
        check("/v21.0", form, "batch=[]&include_headers=0", false);
        check("/v21.0", form, "include_headers=1&batch=[]", true);
        check("/v21.0", "", "include_headers=False", false);
        check("/v21.0", json, r#"{"include_headers":false,"batch":[]}"#, false);
        check("/v21.0", json, r#"{"include_headers":"false"}"#, false);
        check("/v21.0", json, r#"{"include_headers":null}"#, true);
        check("/v21.0", json, "{", true);
        let part =
            "--b\r\nContent-Disposition: form-data; name=\"include_headers\"\r\n\r\nfalse\r\n--b--";
        check("/v21.0", "multipart/form-data; boundary=b", part, false);
        check("/v21.0", "multipart/form-data; boundary=b", "--b\r\n\r\n--b--", true);
    }
}
