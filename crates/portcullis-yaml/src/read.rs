//! Pass after pass over the tree, until nothing new is wrong.
//!
//! A faulty node is reported, left out, and the rest read again; what is only wrong because
//! something was left out is not reported. Must not know any file format.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;

use crate::de::{De, Marks};
use crate::error::Error;
use crate::near::near;
use crate::node::{Kind, Node, Tree, grow};
use crate::{Fault, Source, codes};

/// Most faults listed for one file.
const FAULTS_MAX: usize = 100;
/// Each pass prunes a node or fills a hole, so this is only met by a file of little else than faults.
const PASSES_MAX: usize = 400;

/// What could be read of a file.
#[derive(Debug)]
pub struct Partial<T> {
    /// The value without its faulty parts; none when too little is left of it.
    pub value: Option<T>,
    /// The faults. None: the value is whole.
    pub faults: Vec<Fault>,
    /// Names of fields and entries that were left out: what refers to them is no new fault.
    pub dropped: BTreeSet<String>,
}

/// Reads a file strictly.
///
/// # Errors
/// All its faults.
pub fn read<T: DeserializeOwned>(source: &Source) -> Result<T, Vec<Fault>> {
    match read_partly(source) {
        Partial { value: Some(value), faults, .. } if faults.is_empty() => Ok(value),
        Partial { faults, .. } if !faults.is_empty() => Err(faults),
        Partial { .. } => Err(vec![source.fault_at(codes::DOCUMENTS, 1, 1, "nothing to read")]),
    }
}

/// The keys at the top of a file with line and column, to tell its kind; none where it can't be
/// read that far.
#[must_use]
pub fn top_keys(source: &Source) -> Vec<(String, u32, u32)> {
    let (tree, _) = grow(source);
    let Some(Kind::Map(entries)) = tree.root.and_then(|at| tree.node(at)).map(|node| &node.kind)
    else {
        return Vec::new();
    };
    let place = |at: usize| tree.node(at).map_or((1, 1), |node| (node.line, node.column));
    let key = |at: usize| tree.text(at).map(|text| (text.to_owned(), place(at).0, place(at).1));
    entries.iter().filter_map(|(at, _)| key(*at)).collect()
}

/// Reads what can be read, so that later checks can report their faults beside these.
pub fn read_partly<T: DeserializeOwned>(source: &Source) -> Partial<T> {
    let (tree, mut faults) = grow(source);
    let mut marks = Marks::default();
    for (at, node) in tree.nodes.iter().enumerate() {
        if matches!(node.kind, Kind::Broken) {
            marks.pruned.insert(at);
        }
    }
    let mut value = None;
    for _ in 0..PASSES_MAX {
        let Some(root) = tree.root.filter(|root| !marks.pruned.contains(root)) else { break };
        match T::deserialize(De { tree: &tree, marks: &marks, node: root }) {
            Ok(_) if !marks.holes.is_empty() => {
                let holed = std::mem::take(&mut marks.holes);
                marks.pruned.extend(holed.into_keys());
            }
            Ok(whole) => {
                value = Some(whole);
                break;
            }
            Err(error) => record(source, &tree, &mut marks, &mut faults, error, root),
        }
        if faults.len() > FAULTS_MAX {
            break;
        }
    }
    faults.sort_by_key(|fault| (fault.line, fault.column));
    if faults.len() > FAULTS_MAX {
        faults.truncate(FAULTS_MAX);
        let message = format!("more than {FAULTS_MAX} faults; the others are not listed");
        let last = faults.last().map_or(1, |fault| fault.line);
        faults.push(source.fault_at(codes::MANY, last, 1, message));
    }
    Partial { value, faults, dropped: dropped(&tree, &marks) }
}

fn record(
    source: &Source,
    tree: &Tree,
    marks: &mut Marks,
    faults: &mut Vec<Fault>,
    error: Error,
    root: usize,
) {
    let at = error.node.unwrap_or(root);
    let holed = marks.holes.contains_key(&at);
    let follows = match error.missing {
        // A misspelt field is one fault, not two.
        Some(name) => lost(tree, marks, at).any(|lost| near(lost, [name]).is_some()),
        None => holed || lost(tree, marks, at).next().is_some(),
    };
    if !follows && let Some(Node { line, column, .. }) = tree.node(at) {
        let mut fault = source.fault_at(error.code, *line, *column, error.message);
        fault.help = error.help;
        faults.push(fault);
    }
    // A missing field gets a stand-in, so that the next missing one is found too; where the
    // stand-in doesn't do, the whole block is left out.
    let filled = marks.holes.entry(at).or_default();
    match error.missing {
        Some(name) if !filled.contains(&name) => filled.push(name),
        _ => {
            marks.holes.remove(&at);
            marks.pruned.insert(at);
        }
    }
}

/// Names of the entries of a node that were left out.
fn lost<'a>(tree: &'a Tree, marks: &'a Marks, at: usize) -> impl Iterator<Item = &'a str> {
    let (entries, items) = match tree.node(at).map(|node| &node.kind) {
        Some(Kind::Map(entries)) => (entries.as_slice(), &[][..]),
        Some(Kind::List(items)) => (&[][..], items.as_slice()),
        Some(Kind::Scalar { .. } | Kind::Broken) | None => (&[][..], &[][..]),
    };
    let gone = |at: &usize| marks.pruned.contains(at);
    let entries = entries
        .iter()
        .filter(move |(key, value)| gone(key) || gone(value))
        .map(|(key, _)| tree.text(*key).unwrap_or_default());
    entries.chain(items.iter().filter(move |item| gone(item)).map(|_| ""))
}

fn dropped(tree: &Tree, marks: &Marks) -> BTreeSet<String> {
    let all = 0..tree.nodes.len();
    all.flat_map(|at| lost(tree, marks, at)).map(str::to_owned).collect()
}
