//! The shape of declared facts, and how long ones are kept.
//!
//! Only shape is judged: whether a place exists is for the platform. Ids of accounts are personal
//! data and belong in grants, not in lists. Must not know which policy reads a fact.

use std::collections::BTreeMap;

use portcullis_types::Facts;

use crate::rejected::Rejected;

/// Most entries of one list.
pub const FACTS_MAX: usize = 10_000;
/// Most bytes of one entry.
pub const FACT_BYTES_MAX: usize = 100;
/// Most lists, and most figures.
const NAMES_MAX: usize = 64;
/// Most bytes of a name: of a list, a figure, a use, a group.
const NAME_BYTES_MAX: usize = 64;

/// Facts as they are kept: entries trimmed, in lower case, in order, each once.
pub(crate) fn checked(facts: &Facts) -> Result<Facts, Rejected> {
    let named = |what: &str, text: &Option<String>| {
        text.as_deref().map(|text| name(what, text)).transpose()
    };
    if facts.lists.len() > NAMES_MAX || facts.figures.len() > NAMES_MAX {
        return unfit(format!("there are more than {NAMES_MAX} lists or figures; join some"));
    }
    let mut lists = BTreeMap::new();
    for (list, entries) in &facts.lists {
        let list = name("list", list)?;
        let entries = entries_of(&list, entries)?;
        lists.insert(list, entries);
    }
    let mut figures = BTreeMap::new();
    for (figure, value) in &facts.figures {
        figures.insert(name("figure", figure)?, *value);
    }
    Ok(Facts {
        purpose: named("use", &facts.purpose)?,
        review_by: facts.review_by,
        figures,
        lists,
        group: named("group", &facts.group)?,
    })
}

fn entries_of(list: &str, entries: &[String]) -> Result<Vec<String>, Rejected> {
    if entries.len() > FACTS_MAX {
        return unfit(format!(
            "list `{list}` has {} entries and at most {FACTS_MAX} are kept; agree on fewer",
            entries.len()
        ));
    }
    let mut kept = Vec::with_capacity(entries.len());
    for (at, entry) in (1..).zip(entries) {
        let entry = entry.trim();
        // As people write them: `#berlin`, `@acme`.
        let entry = entry.strip_prefix(['#', '@']).unwrap_or(entry).to_lowercase();
        if entry.is_empty() || entry.len() > FACT_BYTES_MAX {
            return unfit(format!(
                "entry {at} of list `{list}` has {} bytes; write 1 to {FACT_BYTES_MAX}",
                entry.len()
            ));
        }
        if entry.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return unfit(format!(
                "entry {at} of list `{list}` holds spaces or control characters; write one id or name an entry"
            ));
        }
        kept.push(entry);
    }
    kept.sort();
    kept.dedup();
    Ok(kept)
}

fn name(what: &str, text: &str) -> Result<String, Rejected> {
    let text = text.trim();
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '_' | '-');
    let starts = text.starts_with(|c: char| c.is_ascii_lowercase());
    if starts && text.len() <= NAME_BYTES_MAX && text.chars().all(legal) {
        return Ok(text.to_owned());
    }
    let shown: String = text.chars().filter(|c| !c.is_control()).take(80).collect();
    unfit(format!(
        "`{shown}` is no name of a {what}: use 1 to {NAME_BYTES_MAX} of a-z, 0-9, `_`, `-`, and start with a letter"
    ))
}

fn unfit<T>(what: String) -> Result<T, Rejected> {
    Err(Rejected::FactsUnfit { what })
}

/// Long facts as content of the store.
///
/// # Errors
/// Never for checked facts; the error is the serialiser's own.
pub fn facts_blob(facts: &Facts) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::to_vec(facts)
}

/// Facts from content of the store.
pub(crate) fn read_blob(body: &[u8]) -> Option<Facts> {
    serde_json::from_slice(body).ok()
}
