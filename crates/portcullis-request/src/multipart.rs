//! Reads and writes `multipart/form-data` (RFC 7578): parameters first, then files.
//!
//! Reads one strict form and writes it under a boundary of its own, so that a platform's reader
//! can't find other parts in it than were judged. Must not know which parameters are legal.

use std::borrow::Cow;

use memchr::memmem;
use portcullis_types::Refusal;

use crate::media::{self, Parameters};
use crate::names;
use crate::params::{Form, Gathered, Param, Place};
use crate::why::{self, unreadable};

const BOUNDARY_TRIES: u64 = 8;

/// A file: passed on untouched.
#[derive(Clone)]
pub(crate) struct File<'a> {
    pub(crate) name: &'a str,
    /// `filename` and `filename*`, as they are written again.
    file_names: [Option<&'a str>; 2],
    media: Option<&'a str>,
    bytes: &'a [u8],
}

impl File<'_> {
    /// Whether these bytes stand anywhere in what is passed on.
    pub(crate) fn holds(&self, bytes: &[u8]) -> bool {
        let texts = self.file_names.iter().chain([&self.media]).flatten();
        let holds = |text: &[u8]| memmem::find(text, bytes).is_some();
        holds(self.name.as_bytes())
            || texts.into_iter().any(|text| holds(text.as_bytes()))
            || holds(self.bytes)
    }
}

/// The files of a body, and the boundary under which it is written.
#[derive(Clone)]
pub(crate) struct Parts<'a> {
    pub(crate) files: Vec<File<'a>>,
    pub(crate) boundary: String,
}

/// Reads the whole body.
pub(crate) fn read<'a>(
    body: &'a [u8],
    boundary: &str,
    into: &mut Gathered<'a>,
) -> Result<Parts<'a>, Refusal> {
    let odd = || unreadable(why::MULTIPART);
    let mut files: Vec<File<'a>> = Vec::new();
    let delimiter = format!("\r\n--{boundary}");
    // The first boundary has no line before it.
    let first = delimiter.as_bytes().get(2..).ok_or_else(odd)?;
    let mut rest = body.strip_prefix(first).ok_or_else(odd)?;
    loop {
        if let Some(end) = rest.strip_prefix(b"--") {
            if !end.is_empty() && end != b"\r\n" {
                return Err(odd());
            }
            break;
        }
        let part = rest.strip_prefix(b"\r\n").ok_or_else(odd)?;
        let end = memmem::find(part, delimiter.as_bytes()).ok_or_else(odd)?;
        let (part, after) = part.split_at_checked(end).ok_or_else(odd)?;
        rest = after.get(delimiter.len()..).ok_or_else(odd)?;
        read_part(part, &mut files, into)?;
    }
    Ok(Parts { files, boundary: fresh_boundary(body)? })
}

fn read_part<'a>(
    part: &'a [u8],
    files: &mut Vec<File<'a>>,
    into: &mut Gathered<'a>,
) -> Result<(), Refusal> {
    let odd = || unreadable(why::MULTIPART);
    let head_end = memmem::find(part, b"\r\n\r\n").ok_or_else(odd)?;
    let (head, bytes) = part.split_at_checked(head_end).ok_or_else(odd)?;
    let bytes = bytes.get(4..).ok_or_else(odd)?;
    let head = Head::read(std::str::from_utf8(head).map_err(|_| odd())?)?;
    let name = head.name.ok_or_else(odd)?;
    if head.file_names.iter().any(Option::is_some) {
        into.count()?;
        names::check(name)?;
        if [names::KEY, names::PROOF, names::METHOD].contains(&name) {
            return Err(unreadable(why::KEY_TEXT));
        }
        // Parts within a part are parameters to some readers, and nobody judged them.
        if head.media.is_some_and(is_composite) {
            return Err(unreadable(why::MULTIPART_TYPE));
        }
        if files.iter().any(|file| file.name == name)
            || into.params.iter().any(|param| param.name == name)
        {
            return Err(unreadable(why::NAME_TWICE));
        }
        files.push(File { name, file_names: head.file_names, media: head.media, bytes });
        return Ok(());
    }
    if !files.is_empty() {
        return Err(unreadable(why::MULTIPART_ORDER));
    }
    if let Some(media) = head.media {
        text_media(media)?;
    }
    let value = std::str::from_utf8(bytes).map_err(|_| unreadable(why::VALUE_UTF8))?;
    into.add(Cow::Borrowed(name), Cow::Borrowed(value), Place::Body, Form::Text)
}

/// Whether a media type says that the part holds parts or messages of its own (RFC 2046 §5).
fn is_composite(media: &str) -> bool {
    let kind = media.split('/').next().unwrap_or(media).trim();
    kind.eq_ignore_ascii_case("multipart") || kind.eq_ignore_ascii_case("message")
}

/// A parameter may say that it is plain text, and nothing else.
fn text_media(media: &str) -> Result<(), Refusal> {
    let (essence, parameters) = media.split_once(';').unwrap_or((media, ""));
    if !essence.trim().eq_ignore_ascii_case("text/plain") {
        return Err(unreadable(why::MULTIPART_TYPE));
    }
    for (name, value) in Parameters(parameters) {
        if !name.eq_ignore_ascii_case("charset") {
            return Err(unreadable(why::MULTIPART_TYPE));
        }
        media::utf8(value.ok_or_else(|| unreadable(why::MULTIPART_TYPE))?)?;
    }
    Ok(())
}

#[derive(Default)]
struct Head<'a> {
    name: Option<&'a str>,
    file_names: [Option<&'a str>; 2],
    media: Option<&'a str>,
}

impl<'a> Head<'a> {
    fn read(text: &'a str) -> Result<Self, Refusal> {
        let odd = || unreadable(why::MULTIPART);
        let mut head = Self::default();
        for line in text.split("\r\n") {
            let (field, value) = line.split_once(':').ok_or_else(odd)?;
            let value = value.trim_matches([' ', '\t']);
            if value.chars().any(char::is_control) {
                return Err(odd());
            }
            if field.eq_ignore_ascii_case("content-disposition") {
                head.disposition(value)?;
            } else if field.eq_ignore_ascii_case("content-type") {
                if head.media.replace(value).is_some() || !value.is_ascii() {
                    return Err(odd());
                }
            } else if field.eq_ignore_ascii_case("content-transfer-encoding") {
                let none = ["binary", "8bit", "7bit"];
                if !none.iter().any(|known| value.eq_ignore_ascii_case(known)) {
                    return Err(odd());
                }
            } else if !field.eq_ignore_ascii_case("content-length") {
                return Err(odd());
            }
        }
        Ok(head)
    }

    fn disposition(&mut self, value: &'a str) -> Result<(), Refusal> {
        let odd = || unreadable(why::MULTIPART);
        let (kind, parameters) = value.split_once(';').ok_or_else(odd)?;
        if self.name.is_some() || !kind.trim().eq_ignore_ascii_case("form-data") {
            return Err(odd());
        }
        for (name, value) in Parameters(parameters) {
            let value = value.ok_or_else(odd)?;
            let [plain, extended] = &mut self.file_names;
            let slot = match name {
                "name" => &mut self.name,
                "filename" => plain,
                "filename*" => extended,
                _ => return Err(odd()),
            };
            if slot.replace(value).is_some() {
                return Err(odd());
            }
        }
        Ok(())
    }
}

/// A boundary that the body does not hold; the same for the same body.
fn fresh_boundary(body: &[u8]) -> Result<String, Refusal> {
    let mut hash = body.iter().take(1024).fold(0xcbf2_9ce4_8422_2325_u64 ^ body.len() as u64, fnv);
    for _ in 0..BOUNDARY_TRIES {
        let boundary = format!("portcullis-{hash:016x}");
        if memmem::find(body, boundary.as_bytes()).is_none() {
            return Ok(boundary);
        }
        hash = fnv(hash, &b'+');
    }
    // Only a body made for it gets here.
    Err(unreadable(why::MULTIPART_BOUNDARY))
}

/// One step of FNV-1a (draft-eastlake-fnv, 64 bits): spreads, hides nothing.
fn fnv(hash: u64, byte: &u8) -> u64 {
    (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
}

/// Writes parameters, then files.
pub(crate) fn write<'p>(parts: &Parts<'_>, params: impl Iterator<Item = &'p Param<'p>>) -> Vec<u8> {
    let files: usize = parts.files.iter().map(|file| file.bytes.len() + 512).sum();
    let mut out = Vec::with_capacity(files + 1024);
    let mut put = |texts: &[&[u8]]| texts.iter().for_each(|text| out.extend_from_slice(text));
    let open: &[&[u8]] =
        &[b"--", parts.boundary.as_bytes(), b"\r\nContent-Disposition: form-data; name=\""];
    for param in params {
        put(open);
        put(&[param.name.as_bytes(), b"\"\r\n\r\n", param.value.as_bytes(), b"\r\n"]);
    }
    for file in &parts.files {
        put(open);
        put(&[file.name.as_bytes(), b"\""]);
        let [plain, extended] = file.file_names;
        if let Some(text) = plain {
            put(&[b"; filename=\"", text.as_bytes(), b"\""]);
        }
        if let Some(text) = extended {
            put(&[b"; filename*=", text.as_bytes()]);
        }
        if let Some(media) = file.media {
            put(&[b"\r\nContent-Type: ", media.as_bytes()]);
        }
        put(&[b"\r\n\r\n", file.bytes, b"\r\n"]);
    }
    put(&[b"--", parts.boundary.as_bytes(), b"--\r\n"]);
    out
}

/// The media type that goes with it.
pub(crate) fn media_type(parts: &Parts<'_>) -> String {
    format!("multipart/form-data; boundary={}", parts.boundary)
}
