//! `catalogue classes`: every class of the route files, what is of it, and how much the ledger writes down
//! of it.
//!
//! Must not know tiers.

use std::collections::BTreeSet;
use std::path::Path;

use portcullis_catalogue::{Catalogue, UNCLASSIFIED_IX};
use portcullis_types::{ClassIx, TypeIx};
use serde::Serialize;

use crate::diff::compiled;
use crate::failure::Failure;
use crate::files::Compiled;
use crate::host::Host;
use crate::out::Out;

#[derive(Serialize)]
struct Report {
    classes: Vec<Class>,
}

/// A class, and all that is of it.
#[derive(Serialize)]
struct Class {
    class: String,
    /// How much the ledger writes down of answers: `off`, `counts` or `digests`.
    ledger: &'static str,
    /// Whether what it gives is taken for what belongs to the account that a call names.
    owned: bool,
    /// Whether it stays open to who is on hold.
    continuity: bool,
    operations: BTreeSet<String>,
    /// As `type.edge`.
    edges: BTreeSet<String>,
    /// As `type.field`.
    fields: BTreeSet<String>,
}

pub(super) fn run(dir: &Path, host: &dyn Host, out: &mut Out) -> Result<(), Failure> {
    let Compiled { catalogue, .. } = compiled(dir, host, out)?;
    let known = catalogue.classes().filter_map(|name| catalogue.class(name.as_str()));
    let defined = known.filter(|ix| *ix != UNCLASSIFIED_IX);
    let mut classes: Vec<Class> = defined.map(|ix| class(ix, &catalogue)).collect();
    classes.sort_by(|one, other| one.class.cmp(&other.class));
    if out.is_json() {
        return out.json(&Report { classes });
    }
    let header = ["CLASS", "LEDGER", "ON HOLD", "OPERATIONS AND EDGES", "FIELDS"];
    let rows = classes.iter().map(row).collect();
    out.table(&header, rows, "no class is defined: write some under `classes:` of a route file")
}

fn class(ix: ClassIx, catalogue: &Catalogue) -> Class {
    let uses = catalogue.uses(ix);
    let operations = uses.iter().filter_map(|of| catalogue.operation(of.operation?));
    let types = (0..).map_while(|at| catalogue.node_type(TypeIx(at)));
    let edges = types.flat_map(|kind| {
        let edges = kind.fields.iter().filter(|(_, field)| field.is_edge() && field.class == ix);
        edges.map(|(name, _)| format!("{}.{name}", kind.name))
    });
    let fields = catalogue.fields().filter(|field| field.class == ix).filter_map(|field| {
        Some(format!("{}.{}", catalogue.node_type(field.kind)?.name, field.path))
    });
    Class {
        class: catalogue.class_name(ix).to_owned(),
        ledger: catalogue.level(ix).name(),
        owned: catalogue.is_owned(ix),
        continuity: catalogue.continuity().contains(ix),
        operations: operations.map(|of| of.name.to_string()).collect(),
        edges: edges.collect(),
        fields: fields.collect(),
    }
}

fn row(of: &Class) -> Vec<String> {
    let asked: Vec<&str> = of.operations.iter().chain(&of.edges).map(String::as_str).collect();
    vec![
        of.class.clone(),
        if of.owned { format!("{}, owned", of.ledger) } else { of.ledger.to_owned() },
        if of.continuity { "open".to_owned() } else { String::new() },
        asked.join(", "),
        if of.fields.is_empty() { String::new() } else { of.fields.len().to_string() },
    ]
}
