//! The members of a leaf as they are written, two levels deep, so that some can be put back without
//! reading the others.
//!
//! Must not know what a member means.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::leaf::LeafError;

/// Members of an object, sorted as canonical JSON has them.
type Object<'l> = BTreeMap<&'l str, &'l RawValue>;

/// The members of a leaf, and those of members that are objects, where one is to be put back.
pub(crate) struct Members<'l> {
    outer: Object<'l>,
    inner: BTreeMap<&'l str, Object<'l>>,
}

impl<'l> Members<'l> {
    /// Reads a leaf as far as these places are in it. It must be in canonical form that far.
    pub(crate) fn of(
        leaf: &'l [u8],
        places: impl Iterator<Item = &'l str>,
    ) -> Result<Self, LeafError> {
        let mut members = Self { outer: object(leaf)?, inner: BTreeMap::new() };
        for place in places {
            let (parent, _) = split(place)?;
            if parent.is_empty() || members.inner.contains_key(parent) {
                continue;
            }
            let raw = members.outer.get(parent).ok_or_else(|| unreadable(NO_PLACE))?;
            let object = object(raw.get().as_bytes())?;
            members.inner.insert(parent, object);
        }
        if members.to_bytes() == leaf { Ok(members) } else { Err(LeafError::NotCanonical) }
    }

    /// Puts a member in its place, where none may be yet.
    pub(crate) fn insert(&mut self, place: &'l str, member: &'l RawValue) -> Result<(), LeafError> {
        let (parent, name) = split(place)?;
        let object = match parent {
            "" => Some(&mut self.outer),
            parent => self.inner.get_mut(parent),
        };
        let there = object.ok_or_else(|| unreadable(NO_PLACE))?.insert(name, member);
        there.map_or(Ok(()), |_| Err(unreadable("what was taken out is still there")))
    }

    /// Takes a member of the leaf itself out.
    pub(crate) fn remove(&mut self, name: &str) {
        self.outer.remove(name);
    }

    /// The bytes of them all.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(1024);
        write(&mut out, &self.outer, |out, name, raw| match self.inner.get(name) {
            Some(object) => write(out, object, |out, _, raw| out.extend(raw.get().as_bytes())),
            None => out.extend(raw.get().as_bytes()),
        });
        out
    }
}

const NO_PLACE: &str = "what was taken out has no place";

/// Names of members that are read here need no escapes, in a place (RFC 6901) or in JSON.
fn write(out: &mut Vec<u8>, object: &Object<'_>, value: impl Fn(&mut Vec<u8>, &str, &RawValue)) {
    let mut before = b"{\"".as_slice();
    for (name, raw) in object {
        out.extend(before);
        out.extend(name.as_bytes());
        out.extend(b"\":");
        value(out, name, raw);
        before = b",\"";
    }
    out.push(b'}');
}

fn object(json: &[u8]) -> Result<Object<'_>, LeafError> {
    serde_json::from_slice(json).map_err(|error| unreadable(&error.to_string()))
}

/// The parent of a place, empty for the leaf itself, and the name there.
fn split(place: &str) -> Result<(&str, &str), LeafError> {
    let parts = place.rsplit_once('/').map(|(parent, name)| (parent.trim_start_matches('/'), name));
    parts.ok_or_else(|| unreadable(NO_PLACE))
}

fn unreadable(why: &str) -> LeafError {
    LeafError::Unreadable(why.to_owned())
}
