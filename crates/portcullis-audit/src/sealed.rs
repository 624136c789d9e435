//! Members of a leaf that not everybody reads who may have the leaf: they lie beside the log with a
//! salt, and the leaf holds a commitment to them.
//!
//! So whoever is handed the leaf to check a proof learns nothing of them, and whoever is handed the
//! opening too can show that it is the one. Must not know which members those are.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::encoding::{from_hex, to_hex};
use crate::leaf::{LEAF_BYTES_MAX, LeafError, VERSION};

/// The version of a leaf from which members were taken out.
pub(crate) const VERSION_SEALED: u64 = 2;
/// How every such leaf ends: canonical JSON sorts members, and `v` is the last.
const END: &[u8] = b",\"v\":2}";

/// A leaf from which members were taken out, and what they were.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Sealed {
    /// The leaf, as it is hashed.
    pub leaf: Vec<u8>,
    /// The members, to be kept beside the log.
    pub opening: Vec<u8>,
    /// The digest of the opening, which the leaf names: lower-case hex SHA-256.
    pub digest: String,
}

/// What was taken out, by its place (RFC 6901).
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Opening {
    members: BTreeMap<String, Value>,
    salt: String,
}

#[derive(Deserialize)]
struct Named {
    sealed: Option<String>,
}

/// Takes the members at these places out of a leaf; none where none of them is there. The salt is
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
    Ok(Some(Sealed { leaf, opening, digest }))
}

/// The digest of what was taken out of a leaf; none where it is whole.
#[must_use]
pub fn sealed(leaf: &[u8]) -> Option<String> {
    let named = leaf.ends_with(END).then(|| serde_json::from_slice::<Named>(leaf).ok());
    named??.sealed
}

/// Whether this is what was taken out of a leaf.
#[must_use]
pub fn opens(leaf: &[u8], opening: &[u8]) -> bool {
    sealed(leaf).is_some_and(|digest| is_of(opening, &digest))
}

fn is_of(opening: &[u8], digest: &str) -> bool {
    to_hex(&Sha256::digest(opening)) == digest
}

/// The leaf with its members back in their places.
pub(crate) fn opened(leaf: &[u8], opening: Option<&[u8]>) -> Result<Value, LeafError> {
    let mut whole = value(leaf)?;
    let Some(digest) = sealed(leaf) else { return Ok(whole) };
    let opening = opening.filter(|opening| is_of(opening, &digest));
    let opening = opening.ok_or(LeafError::Sealed { digest })?;
    for (place, member) in read(opening)?.members {
        let (parent, name) = place.rsplit_once('/').unwrap_or_default();
        let parent = whole.pointer_mut(parent).and_then(Value::as_object_mut);
        let parent = parent.ok_or_else(|| unreadable("what was taken out has no place"))?;
        if parent.insert(name.to_owned(), member).is_some() {
            return Err(unreadable("what was taken out is still there"));
        }
    }
    if let Some(whole) = whole.as_object_mut() {
        whole.remove("sealed");
        whole.insert("v".to_owned(), VERSION.into());
    }
    Ok(whole)
}

/// Seals a leaf once more as its opening says.
pub(crate) fn again(plain: &[u8], opening: &[u8]) -> Result<Vec<u8>, LeafError> {
    let Opening { members, salt } = read(opening)?;
    let places: Vec<&str> = members.keys().map(String::as_str).collect();
    let salt = from_hex(&salt).ok_or_else(|| unreadable("its salt is none"))?;
    let sealed = seal(plain, &places, &salt)?;
    Ok(sealed.map_or_else(|| plain.to_vec(), |sealed| sealed.leaf))
}

fn read(opening: &[u8]) -> Result<Opening, LeafError> {
    serde_json::from_slice(opening).map_err(|error| LeafError::Unreadable(error.to_string()))
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

fn unreadable(why: &str) -> LeafError {
    LeafError::Unreadable(why.to_owned())
}
