//! A batch: several calls in one, each read here as the call it would be alone.
//!
//! The form of the whole is strict; what is wrong with one entry alone is said in its place. Must
//! not know what the entries ask for, nor how they are run.

mod entry;
mod needs;
mod refs;
mod target;

use portcullis_catalogue::{Catalogue, OperationClass, ParamRole};
use portcullis_types::Refusal;
use serde_json::value::RawValue;

use crate::arrival::Bounds;
use crate::canonical::Canonical;
use crate::roles;
use crate::why::{self, unreadable};
pub use entry::Entry;
pub use refs::{Results, resolve};

/// Reads the entries of a batch, in order.
///
/// An entry that can't be judged at all bears its refusal ([`Entry::refusal`]); of every other the
/// [`Entry::arrival`] is canonicalised and asked like any call.
///
/// # Errors
/// [`Refusal::NotJudged`] for a call that is no batch, [`Refusal::Unreadable`] for one that can't be
/// read in one way, [`Refusal::ParameterUndeclared`] for what stands beside the entries.
pub fn batch(
    canonical: &Canonical<'_>,
    catalogue: &Catalogue,
    bounds: &Bounds,
) -> Result<Vec<Entry>, Refusal> {
    let operation = *canonical.operation.as_ref().map_err(Clone::clone)?;
    if !operation.batch {
        let what = match operation.class {
            OperationClass::NotJudged(what) => what,
            _ => "a call that is no batch",
        };
        return Err(Refusal::NotJudged { what });
    }
    roles::params(canonical, operation)?;
    let role = |name: &str| operation.params.get(name).copied();
    let held = canonical.params().iter().find(|param| role(&param.name) == Some(ParamRole::Batch));
    let text = &held.ok_or_else(|| unreadable(why::BATCH))?.value;
    let raw: Vec<&RawValue> = serde_json::from_str(text).map_err(|_| unreadable(why::BATCH))?;
    if raw.is_empty() {
        return Err(unreadable(why::BATCH));
    }
    if raw.len() > bounds.entries_max {
        return Err(unreadable(why::BATCH_MANY));
    }
    let version = canonical.path.split('/').nth(1).unwrap_or_default();
    let mut entries = Vec::with_capacity(raw.len());
    for one in raw {
        entries.push(Entry::read(one.get(), version, catalogue)?);
    }
    needs::order(&mut entries)?;
    Ok(entries)
}
