//! One entry of a batch: from its JSON to the call it would be alone.
//!
//! Must not know the other entries.

use std::borrow::Cow;
use std::fmt;

use memchr::memchr;
use portcullis_catalogue::Catalogue;
use portcullis_types::Refusal;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::refs::{self, Results};
use super::target::target;
use crate::arrival::Arrival;
use crate::bytes::cut;
use crate::json::{self, Members, Text};
use crate::media;
use crate::why::{self, unreadable};

/// Longest name of an entry.
const NAME_BYTES_MAX: usize = 64;

/// One call of a batch. Its `Debug` shows nothing a caller wrote, since a key may be anywhere in it.
#[derive(Clone)]
pub struct Entry {
    /// The method, in capitals.
    pub method: String,
    /// Path and query: from the root, with a version where the path has one.
    pub target: String,
    /// The body, where there is one.
    pub body: Option<Vec<u8>>,
    /// What the body is.
    pub content_type: Option<&'static str>,
    /// The name under which others refer to its answer.
    pub name: Option<String>,
    /// The names of the entries it waits for, those it takes values from among them.
    pub needs: Vec<String>,
    /// Whether its answer is null where it succeeds: as asked, else where others need it.
    pub omit_response_on_success: bool,
    /// Whether it takes values from other entries' answers, so that what it asks is not known yet.
    pub refs: bool,
    /// In which step it runs: 0 first, and each after all that it needs.
    pub step: usize,
    pub(super) omit_asked: Option<bool>,
    pub(super) refusal: Option<Refusal>,
    credential: Option<Zeroizing<Vec<u8>>>,
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entry")
            .field("target_bytes", &self.target.len())
            .field("refs", &self.refs)
            .field("step", &self.step)
            .field("refusal", &self.refusal)
            .finish_non_exhaustive()
    }
}

impl Entry {
    /// Why this entry alone is refused, whatever it asks.
    #[must_use]
    pub const fn refusal(&self) -> Option<&Refusal> {
        self.refusal.as_ref()
    }

    /// The key in its `access_token` member; an empty one counts as none. One in its URL or body is
    /// found when the entry is canonicalised.
    #[must_use]
    pub fn credential(&self) -> Option<&[u8]> {
        self.credential.as_ref().map(|key| key.as_slice()).filter(|key| !key.is_empty())
    }

    /// The entry as a call. `keys`: the caller's own and the entry's, so that two that differ are
    /// refused.
    #[must_use]
    pub fn arrival<'a>(&'a self, keys: &'a [&'a [u8]]) -> Arrival<'a> {
        let (path, query) = cut(&self.target, b'?');
        Arrival {
            method: &self.method,
            path,
            query,
            content_type: self.content_type.map(str::as_bytes),
            header_keys: keys,
            body: self.body.as_deref().unwrap_or_default(),
            has_body: self.body.is_some(),
        }
    }

    /// The entry with the values it takes from other answers put in.
    ///
    /// # Errors
    /// [`Refusal::Unreadable`] where a reference can't be read, or finds no value.
    pub fn resolved(&self, results: Results<'_>) -> Result<Self, Refusal> {
        let mut entry = self.clone();
        entry.target = refs::in_target(&self.target, results)?;
        if let Some(body) = &self.body {
            let text = std::str::from_utf8(body).map_err(|_| unreadable(why::VALUE_UTF8))?;
            let json = self.content_type == Some(media::JSON);
            let resolved =
                if json { refs::in_json(text, results)? } else { refs::in_pairs(text, results)? };
            entry.body = Some(resolved.into_bytes());
        }
        entry.refs = false;
        Ok(entry)
    }

    /// Reads one entry of a batch that was sent to `version`.
    pub(super) fn read(raw: &str, version: &str, catalogue: &Catalogue) -> Result<Self, Refusal> {
        let Members(members) =
            serde_json::from_str(raw).map_err(|_| unreadable(why::BATCH_ENTRY))?;
        let mut found = Found::default();
        for (at, (name, value)) in members.iter().enumerate() {
            if members.iter().take(at).any(|(other, _)| other == name) {
                return Err(unreadable(why::JSON_TWICE));
            }
            found.take(name, value.get())?;
        }
        let missing = || unreadable(why::BATCH_ENTRY);
        let mut method = found.method.ok_or_else(missing)?;
        method.make_ascii_uppercase();
        let url = found.url.ok_or_else(missing)?;
        let mut refusal = found.refusal;
        let target = target(&url, version, catalogue).unwrap_or_else(|why| {
            refusal.get_or_insert(why);
            String::new()
        });
        let (body, content_type) =
            found.body.map_or((None, None), |(body, media)| (Some(body.into_bytes()), Some(media)));
        let mut entry = Self {
            method,
            target,
            body,
            content_type,
            name: found.name,
            needs: found.depends_on,
            omit_response_on_success: false,
            refs: false,
            step: 0,
            omit_asked: found.omit,
            refusal,
            credential: found.credential,
        };
        entry.find_refs();
        Ok(entry)
    }

    /// Looks where values are taken from other answers, and from whose.
    fn find_refs(&mut self) {
        let Some(names) = refs::names_in(self) else {
            self.refusal.get_or_insert(unreadable(why::REFERENCE));
            return;
        };
        self.refs = !names.is_empty();
        for name in names {
            if !self.needs.contains(&name) {
                self.needs.push(name);
            }
        }
    }
}

/// The members of an entry.
#[derive(Default)]
struct Found {
    method: Option<String>,
    url: Option<String>,
    body: Option<(String, &'static str)>,
    name: Option<String>,
    depends_on: Vec<String>,
    omit: Option<bool>,
    credential: Option<Zeroizing<Vec<u8>>>,
    refusal: Option<Refusal>,
}

impl Found {
    fn take(&mut self, name: &str, raw: &str) -> Result<(), Refusal> {
        // What is null is not there, for every reader of JSON that has options.
        if raw == "null" {
            return Ok(());
        }
        match name {
            "method" => self.method = Some(text(raw)?.into_owned()),
            "relative_url" => self.url = Some(text(raw)?.into_owned()),
            "body" if raw.starts_with('"') => {
                let body = text(raw)?.into_owned();
                self.body = Some((body, media::FORM)).filter(|(body, _)| !body.is_empty());
            }
            "body" if raw.starts_with('{') => self.body = Some((raw.to_owned(), media::JSON)),
            "name" => {
                let name = text(raw)?;
                let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
                if name.is_empty() || name.len() > NAME_BYTES_MAX || !name.chars().all(plain) {
                    return Err(unreadable(why::BATCH_NAME));
                }
                self.name = Some(name.into_owned());
            }
            "depends_on" => self.depends_on = depends_on(raw)?,
            "omit_response_on_success" => {
                self.omit = Some(read(raw)?);
            }
            "access_token" => {
                let key = Zeroizing::new(text(raw)?.into_owned().into_bytes());
                self.credential = Some(key);
            }
            "attached_files" if !is_empty(raw) => self.refuse("files of a batch entry"),
            "headers" if !is_empty(raw) => self.refuse("header fields of a batch entry"),
            "attached_files" | "headers" => {}
            "body" => self.refuse("a body of a batch entry that is neither text nor object"),
            _ => self.refuse("an unknown member of a batch entry"),
        }
        Ok(())
    }

    fn refuse(&mut self, what: &'static str) {
        self.refusal.get_or_insert(Refusal::NotJudged { what });
    }
}

fn read<'r, T: Deserialize<'r>>(raw: &'r str) -> Result<T, Refusal> {
    serde_json::from_str(raw).map_err(|_| unreadable(why::BATCH_ENTRY))
}

fn text(raw: &str) -> Result<Cow<'_, str>, Refusal> {
    // It was found to be JSON when the batch was read: without escapes a text is what stands there.
    let inside = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    if let Some(plain) = inside.filter(|text| memchr(b'\\', text.as_bytes()).is_none()) {
        return Ok(Cow::Borrowed(plain));
    }
    let Text(text) = read(raw)?;
    Ok(text)
}

fn depends_on(raw: &str) -> Result<Vec<String>, Refusal> {
    let names: Vec<String> = if raw.starts_with('[') {
        read(raw)?
    } else {
        text(raw)?.split(',').map(|name| name.trim().to_owned()).collect()
    };
    if names.iter().any(|name| name.is_empty() || name.len() > NAME_BYTES_MAX) {
        return Err(unreadable(why::BATCH_NAME));
    }
    Ok(names)
}

fn is_empty(raw: &str) -> bool {
    raw.bytes().filter(|byte| !byte.is_ascii_whitespace()).eq(*b"[]") || raw == "\"\""
}

/// The members of a JSON body, for those who look into it.
pub(super) fn members(text: &str) -> Option<json::Members<'_>> {
    serde_json::from_str(text).ok()
}
