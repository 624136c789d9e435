//! Calls as they arrive.
//!
//! Must not know who calls.

use crate::Arrival;

/// A GET; without keys, of whoever is known already.
pub(super) const fn get<'a>(
    path: &'a str,
    query: Option<&'a str>,
    header_keys: &'a [&'a [u8]],
) -> Arrival<'a> {
    Arrival {
        method: "GET",
        path,
        query,
        content_type: None,
        header_keys,
        body: &[],
        has_body: false,
    }
}

/// A batch in that form.
pub(super) const fn batch<'a>(body: &'a str, header_keys: &'a [&'a [u8]]) -> Arrival<'a> {
    Arrival {
        method: "POST",
        content_type: Some(b"application/x-www-form-urlencoded"),
        body: body.as_bytes(),
        has_body: true,
        ..get("/v21.0", None, header_keys)
    }
}
