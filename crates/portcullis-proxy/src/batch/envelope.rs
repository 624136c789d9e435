//! The answer to a batch: an array with `{code, headers, body}`, or null, for each entry.
//!
//! Must not know how the entries were run.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use http::{HeaderMap, HeaderValue, Response};
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use super::Done;
use super::entry::Room;
use crate::body::{Access, Kept, Kind, Reader};
use crate::sending::Answered;
use crate::thread::Thread;

#[derive(Serialize)]
struct Row<'d> {
    code: u16,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "fields")]
    headers: Option<&'d HeaderMap>,
    body: &'d str,
}

#[derive(Serialize)]
struct Field<'d> {
    name: &'d str,
    value: &'d str,
}

/// Writes the array; a row that is none becomes null.
pub(super) fn write<'d>(
    rows: impl Iterator<Item = Option<&'d Done>>,
    with_headers: bool,
) -> Vec<u8> {
    let row = |done: &'d Done| Row {
        code: done.code,
        headers: with_headers.then_some(&done.headers),
        body: done.content.text(),
    };
    let mut out = vec![b'['];
    for (at, done) in rows.enumerate() {
        if at > 0 {
            out.push(b',');
        }
        match done {
            // Texts and numbers only: it can be written.
            Some(done) => _ = serde_json::to_writer(&mut out, &row(done)),
            None => out.extend_from_slice(b"null"),
        }
    }
    out.push(b']');
    out
}

fn fields<S: Serializer>(headers: &Option<&HeaderMap>, to: S) -> Result<S::Ok, S::Error> {
    let mut seq = to.serialize_seq(None)?;
    for (name, value) in headers.iter().flat_map(|headers| headers.iter()) {
        // How the platform framed it says nothing about a text inside of another.
        if *name == CONTENT_LENGTH || *name == TRANSFER_ENCODING {
            continue;
        }
        if let Ok(value) = value.to_str() {
            seq.serialize_element(&Field { name: name.as_str(), value })?;
        }
    }
    seq.end()
}

/// The answer as it goes out. `reader`: who reads it, where anything in it was read.
pub(super) fn answer(
    thread: &Thread,
    bytes: Vec<u8>,
    reader: Option<Reader>,
    room: Room,
) -> Answered {
    let (mut parts, ()) = Response::new(()).into_parts();
    parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    parts.headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let access = Access { reader, cuts: thread.cuts.get() };
    let kept = Kept { bytes: Bytes::from(bytes), access, _share: room.into_share() };
    (parts, Kind::Kept(Box::new(kept)))
}
