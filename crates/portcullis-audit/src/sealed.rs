//! Members of a leaf that not everybody reads who may have the leaf: they lie beside the log with a
//! salt, and the leaf holds a commitment to them.
//!
//! So whoever is handed the leaf to check a proof learns nothing of them, and whoever is handed the
//! opening too can show that it is the one. Must not know which members those are.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::encoding::to_hex;
use crate::leaf::{LEAF_BYTES_MAX, LeafError, VERSION};
use crate::members::Members;

/// The version of a leaf from which members were taken out.
pub(crate) const VERSION_SEALED: u64 = 2;
/// Bytes of a digest, and of a leaf's time, as they are written.
const DIGEST_BYTES: usize = 64;
const TIME_BYTES: usize = 24;

/// A leaf from which members were taken out, and what they were.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Sealed {
    /// The leaf, as it is hashed. It names the digest of the opening.
    pub leaf: Vec<u8>,
    /// The members, to be kept beside the log.
    pub opening: Vec<u8>,
}

/// What was taken out, by its place (RFC 6901).
#[derive(Serialize)]
struct Opening {
    members: BTreeMap<String, Value>,
    salt: String,
}

/// The same, as it is read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Opened<'o> {
    #[serde(borrow)]
    members: BTreeMap<&'o str, &'o RawValue>,
    #[serde(rename = "salt")]
    _salt: &'o str,
}

/// Takes the members at these places, in the leaf or in an object of it, out; none where none is there. The salt is
/// this leaf's own, and known to nobody.
///
/// # Errors
/// [`LeafError`] for bytes that are no leaf, and for a leaf that has no room for the digest.
pub fn seal(plain: &[u8], places: &[&str], salt: &[u8; 32]) -> Result<Option<Sealed>, LeafError> {
    let mut leaf = value(plain)?;
    let taken =
        places.iter().filter_map(|place| Some(((*place).to_owned(), take(&mut leaf, place)?)));
    let members: BTreeMap<String, Value> = taken.collect();
    if members.is_empty() {
        return Ok(None);
    }
    let opening = canonical(&Opening { members, salt: to_hex(salt) })?;
    let digest = to_hex(&Sha256::digest(&opening));
    if let Some(leaf) = leaf.as_object_mut() {
        leaf.insert("v".to_owned(), VERSION_SEALED.into());
        leaf.insert("sealed".to_owned(), digest.as_str().into());
    }
    let leaf = canonical(&leaf)?;
    if leaf.len() > LEAF_BYTES_MAX {
        return Err(LeafError::TooLarge { bytes: leaf.len() });
    }
    Ok(Some(Sealed { leaf, opening }))
}

/// The digest of what was taken out of a leaf, lower-case hex SHA-256; none where it is whole.
#[must_use]
pub fn sealed(leaf: &[u8]) -> Option<&str> {
    // Canonical JSON sorts members: these three end every such leaf.
    let rest = leaf.strip_suffix(b"\",\"v\":2}")?;
    let rest = rest.split_at_checked(rest.len().checked_sub(TIME_BYTES)?)?.0;
    let rest = rest.strip_suffix(b"\",\"ts\":\"")?;
    let (rest, digest) = rest.split_at_checked(rest.len().checked_sub(DIGEST_BYTES)?)?;
    let digest = std::str::from_utf8(digest).ok()?;
    rest.ends_with(b",\"sealed\":\"").then_some(digest)
}

/// Whether this is what was taken out of a leaf.
#[must_use]
pub fn opens(leaf: &[u8], opening: &[u8]) -> bool {
    sealed(leaf).is_some_and(|digest| is_of(opening, digest))
}

fn is_of(opening: &[u8], digest: &str) -> bool {
    to_hex(&Sha256::digest(opening)) == digest
}

/// The leaf with its members back in their places, as it was before they were taken out.
pub(crate) fn whole<'l>(
    leaf: &'l [u8],
    opening: Option<&[u8]>,
) -> Result<Cow<'l, [u8]>, LeafError> {
    let Some(digest) = sealed(leaf) else { return Ok(Cow::Borrowed(leaf)) };
    let opening = opening.filter(|opening| is_of(opening, digest));
    let opening = opening.ok_or_else(|| LeafError::Sealed { digest: digest.to_owned() })?;
    let unreadable = |error: serde_json::Error| LeafError::Unreadable(error.to_string());
    let taken: Opened<'_> = serde_json::from_slice(opening).map_err(unreadable)?;
    let version = RawValue::from_string(VERSION.to_string()).map_err(unreadable)?;
    let mut members = Members::of(leaf, taken.members.keys().copied())?;
    for (place, member) in &taken.members {
        members.insert(place, member)?;
    }
    members.remove("sealed");
    members.remove("v");
    members.insert("/v", &version)?;
    Ok(Cow::Owned(members.to_bytes()))
}

fn take(leaf: &mut Value, place: &str) -> Option<Value> {
    let (parent, name) = place.rsplit_once('/')?;
    leaf.pointer_mut(parent)?.as_object_mut()?.remove(name)
}

fn value(bytes: &[u8]) -> Result<Value, LeafError> {
    serde_json::from_slice(bytes).map_err(|error| LeafError::Unreadable(error.to_string()))
}

fn canonical(value: &impl Serialize) -> Result<Vec<u8>, LeafError> {
    let bytes = serde_json_canonicalizer::to_vec(value);
    bytes.map_err(|error| LeafError::Unwritable(error.to_string()))
}
