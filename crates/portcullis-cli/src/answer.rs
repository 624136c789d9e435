//! What a partner gets of an answer: the sieve that serves, on a body that was written down.
//!
//! Must not know where the body comes from.

use std::sync::Arc;

use portcullis_judge::{Desk, Duties};
use portcullis_sieve::{Gate, Sieve};
use portcullis_types::{KeyIx, Now};

/// An answer, cut down.
#[derive(Debug, Default)]
pub(crate) struct Cut {
    /// What leaves.
    pub(crate) body: Vec<u8>,
    /// What was done, one line each.
    pub(crate) notes: Vec<String>,
}

/// Cuts an answer down to what its duties leave; the error says why none of it may leave.
pub(crate) fn cut(
    desk: &mut Desk,
    key: KeyIx,
    duties: Option<&Arc<Duties>>,
    now: Now,
    body: &[u8],
) -> Result<Cut, String> {
    let Some(duties) = duties else {
        return Ok(Cut { body: body.to_vec(), notes: Vec::new() });
    };
    let items = desk.items(key, duties, None, now);
    let seconds = i64::try_from(now.wall.0 / 1000).unwrap_or(i64::MAX);
    let gate = Arc::new(Gate::new(""));
    let mut sieve = Sieve::new(Arc::clone(&duties.program), gate, seconds, items);
    let mut out = Vec::new();
    let fed = sieve.push(body, &mut out).and_then(|()| sieve.finish());
    fed.map_err(|fault| fault.to_string())?;
    let mut notes = Vec::new();
    for tally in sieve.tallies() {
        let at = usize::try_from(tally.tag).unwrap_or(usize::MAX);
        let rule = duties.rules.get(at).map_or("a filter", |rule| rule);
        let items =
            crate::check::count(usize::try_from(tally.dropped).unwrap_or(usize::MAX), "item");
        notes.push(format!("`{rule}` takes out {items}"));
    }
    if sieve.is_thinned() && notes.is_empty() {
        notes.push("members that were asked for are taken out".to_owned());
    }
    notes.extend(duties.no_store.then(|| "nobody may keep it".to_owned()));
    Ok(Cut { body: out, notes })
}
