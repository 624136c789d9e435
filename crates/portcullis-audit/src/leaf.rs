//! A leaf of the log: one event with its number, time and actor, as canonical JSON (RFC 8785).
//!
//! There is exactly one way to write a leaf, so that anybody can hash it again. Must not know what
//! an event is beyond a serialisable value.

use portcullis_types::Wall;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::sealed;
use crate::time::wall_of;

/// Most bytes of a leaf. Larger content goes into a blob and the leaf names its digest.
pub const LEAF_BYTES_MAX: usize = 16 * 1024;
/// The version of the shape of a leaf that is whole.
pub(crate) const VERSION: u64 = 1;

/// What a leaf says.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Leaf<A, E> {
    /// The event's number.
    pub rev: u64,
    /// When it happened.
    pub at: Wall,
    /// Who acted.
    pub actor: A,
    /// Who let it happen, where one was not enough.
    pub approved: Option<Approved<A>>,
    /// What happened.
    pub event: E,
}

/// The second one behind an event.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Approved<A> {
    /// Who approved.
    pub by: A,
    /// The event in which it was proposed.
    pub proposal: u64,
}

/// Why something is no leaf.
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
pub enum LeafError {
    /// The event is too large.
    #[error(
        "the event takes {bytes} bytes and a leaf of the log holds at most {LEAF_BYTES_MAX}; shorten its lists or texts"
    )]
    TooLarge {
        /// How large.
        bytes: usize,
    },
    /// It can't be written as JSON.
    #[error("the event can't be written as canonical JSON: {0}")]
    Unwritable(String),
    /// It can't be read.
    #[error("the leaf is not readable: {0}")]
    Unreadable(String),
    /// What was taken out of it is not there.
    #[error("what the leaf seals under the digest `{digest}` is missing or was changed")]
    Sealed {
        /// The digest that the leaf names.
        digest: String,
    },
    /// It is readable and not in the one canonical form.
    #[error("the leaf is not in canonical form, or holds members this version does not know")]
    NotCanonical,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire<A, E> {
    v: u64,
    rev: u64,
    ts: String,
    actor: A,
    #[serde(skip_serializing_if = "Option::is_none")]
    approver: Option<A>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proposal: Option<u64>,
    event: E,
}

/// The bytes of a leaf.
///
/// # Errors
/// [`LeafError::TooLarge`], or [`LeafError::Unwritable`] for a value JSON can't hold.
pub fn encode<A: Serialize, E: Serialize>(leaf: &Leaf<A, E>) -> Result<Vec<u8>, LeafError> {
    let Leaf { rev, at, actor, approved, event } = leaf;
    let (approver, proposal) = match approved {
        Some(Approved { by, proposal }) => (Some(by), Some(*proposal)),
        None => (None, None),
    };
    let wire = Wire { v: VERSION, rev: *rev, ts: at.rfc3339(), actor, approver, proposal, event };
    let bytes = serde_json_canonicalizer::to_vec(&wire)
        .map_err(|error| LeafError::Unwritable(error.to_string()))?;
    if bytes.len() > LEAF_BYTES_MAX {
        return Err(LeafError::TooLarge { bytes: bytes.len() });
    }
    Ok(bytes)
}

/// Reads a leaf, and only the bytes that [`encode`], and [`crate::seal`] with the opening, would write
/// for it.
///
/// # Errors
/// [`LeafError`], such as [`LeafError::NotCanonical`].
pub fn decode<A, E>(bytes: &[u8], opening: Option<&[u8]>) -> Result<Leaf<A, E>, LeafError>
where
    A: Serialize + DeserializeOwned,
    E: Serialize + DeserializeOwned,
{
    let plain = sealed::whole(bytes, opening)?;
    let leaf = of_plain(&plain)?;
    if encode(&leaf)? == *plain { Ok(leaf) } else { Err(LeafError::NotCanonical) }
}

/// Reads a leaf whose bytes are known to be those that were written, since a signed root covers
/// them: half the time of [`decode`], which writes each leaf once more to compare.
///
/// # Errors
/// [`LeafError::Unreadable`], or [`LeafError::Sealed`] without the opening of a leaf that needs one.
pub fn read<A: DeserializeOwned, E: DeserializeOwned>(
    bytes: &[u8],
    opening: Option<&[u8]>,
) -> Result<Leaf<A, E>, LeafError> {
    of_plain(&sealed::whole(bytes, opening)?)
}

fn of_plain<A: DeserializeOwned, E: DeserializeOwned>(
    plain: &[u8],
) -> Result<Leaf<A, E>, LeafError> {
    let wire = serde_json::from_slice(plain);
    let wire: Wire<A, E> = wire.map_err(|error| LeafError::Unreadable(error.to_string()))?;
    if wire.v != VERSION {
        return Err(LeafError::Unreadable(format!("its version is {}, not {VERSION}", wire.v)));
    }
    let at = wall_of(&wire.ts);
    let at = at.ok_or_else(|| LeafError::Unreadable("its time is not a time".to_owned()))?;
    let approved = match (wire.approver, wire.proposal) {
        (Some(by), Some(proposal)) => Some(Approved { by, proposal }),
        (None, None) => None,
        _ => return Err(LeafError::Unreadable("half an approval".to_owned())),
    };
    Ok(Leaf { rev: wire.rev, at, actor: wire.actor, approved, event: wire.event })
}
