//! Which entry of a batch waits for which, and in what step each runs.
//!
//! Must not know why they wait.

use portcullis_types::Refusal;

use super::Entry;
use crate::why::{self, unreadable};

/// Gives each entry its step; one that waits for nobody, or in a circle, is refused in its place.
pub(super) fn order(entries: &mut [Entry]) -> Result<(), Refusal> {
    let names: Vec<Option<String>> = entries.iter().map(|entry| entry.name.clone()).collect();
    for (at, name) in names.iter().enumerate() {
        if name.is_some() && names.iter().take(at).any(|other| other == name) {
            return Err(unreadable(why::BATCH_NAME));
        }
    }
    let needed: Vec<String> = entries.iter().flat_map(|entry| entry.needs.clone()).collect();
    let mut steps: Vec<Option<usize>> = vec![None; entries.len()];
    // Each round settles at least one entry, or none is left that can be.
    for _ in 0..entries.len() {
        let mut settled = false;
        for at in 0..entries.len() {
            if steps.get(at).copied().flatten().is_none()
                && let Some(step) = entries.get(at).and_then(|entry| step(entry, &names, &steps))
                && let Some(slot) = steps.get_mut(at)
            {
                *slot = Some(step);
                settled = true;
            }
        }
        if !settled {
            break;
        }
    }
    for (entry, step) in entries.iter_mut().zip(steps) {
        match step {
            Some(step) => entry.step = step,
            None => _ = entry.refusal.get_or_insert(unreadable(why::BATCH_NEEDS)),
        }
        let is_needed = entry.name.as_ref().is_some_and(|name| needed.contains(name));
        entry.omit_response_on_success = entry.omit_asked.unwrap_or(is_needed);
    }
    Ok(())
}

/// The step after all that an entry needs, once theirs are known.
fn step(entry: &Entry, names: &[Option<String>], steps: &[Option<usize>]) -> Option<usize> {
    let mut step = 0;
    for need in &entry.needs {
        let at = names.iter().position(|name| name.as_ref() == Some(need))?;
        step = step.max(steps.get(at).copied().flatten()? + 1);
    }
    Some(step)
}
