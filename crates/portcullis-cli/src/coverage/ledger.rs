//! How much the ledger writes down of answers of each class.
//!
//! Must not know rules: what no tier gives does not leave, whatever its level.

use portcullis_catalogue::{Catalogue, UNCLASSIFIED};
use portcullis_types::LedgerLevel;
use serde::Serialize;

use super::{FieldLine, OperationLine, State};
use crate::failure::Failure;
use crate::out::Out;

/// A class, and how much is written down of it.
#[derive(Debug, Serialize)]
pub(super) struct Kept {
    class: String,
    /// `off`, `counts` or `digests`.
    ledger: &'static str,
    /// Whether what it gives is taken for what belongs to the account that a call names.
    owned: bool,
    /// Whether some tier gives anything of it.
    given: bool,
}

/// Every class that somebody defined, by name.
pub(super) fn kept(
    catalogue: &Catalogue,
    operations: &[OperationLine],
    fields: &[FieldLine],
) -> Vec<Kept> {
    let given = |class: &str| {
        let of = |state: &State, one: &str| *state == State::Given && one == class;
        operations.iter().any(|line| of(&line.state, line.class.as_deref().unwrap_or_default()))
            || fields.iter().any(|line| of(&line.state, &line.class))
    };
    let classes = catalogue.classes().filter_map(|name| {
        let ix = catalogue.class(name.as_str())?;
        let (ledger, owned) = (catalogue.level(ix).name(), catalogue.is_owned(ix));
        let class = name.to_string();
        Some(Kept { given: given(&class), class, ledger, owned })
    });
    let mut all: Vec<Kept> = classes.filter(|kept| kept.class != UNCLASSIFIED).collect();
    all.sort_by(|one, other| one.class.cmp(&other.class));
    all
}

/// What is written down of what can leave, and of what nothing is, by name.
pub(super) fn show(classes: &[Kept], out: &mut Out) -> Result<(), Failure> {
    let given: Vec<&Kept> = classes.iter().filter(|kept| kept.given).collect();
    if given.is_empty() {
        return Ok(());
    }
    out.line("in the ledger, of what is given")?;
    let owned: Vec<&str> =
        given.iter().filter(|kept| kept.owned).map(|kept| kept.class.as_str()).collect();
    for (level, words) in [
        (LedgerLevel::Digests, "counts and digests"),
        (LedgerLevel::Counts, "counts only"),
        (LedgerLevel::Off, "nothing"),
    ] {
        let named = given.iter().filter(|kept| kept.ledger == level.name());
        let names: Vec<&str> = named.map(|kept| kept.class.as_str()).collect();
        if !names.is_empty() {
            out.line(format!("  {words}: {}", names.join(", ")))?;
        }
    }
    if !owned.is_empty() {
        out.line(format!("  taken for the account's that a call names: {}", owned.join(", ")))?;
    }
    Ok(())
}
