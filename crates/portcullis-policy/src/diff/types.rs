//! What changed node types open: ids, fields and edges.
//!
//! Must not know operations or rules.

use std::collections::BTreeSet;

use portcullis_catalogue::{Catalogue, Field, NodeType};
use portcullis_types::TypeIx;

use super::Way;
use super::routes::Routes;

pub(super) fn all(catalogue: &Catalogue) -> Vec<&NodeType> {
    (0..u16::MAX).map_while(|ix| catalogue.node_type(TypeIx(ix))).collect()
}

pub(super) fn compare(routes: &mut Routes<'_, '_>) {
    let (old, new) = (routes.old.catalogue, routes.new.catalogue);
    let mut said = BTreeSet::new();
    for sample in samples(old).into_iter().chain(samples(new)).collect::<BTreeSet<String>>() {
        id(routes, &sample, &mut said);
    }
    for before in all(old) {
        let after = new.type_named(before.name.as_str()).and_then(|ix| new.node_type(ix));
        if let Some(after) = after {
            let what = format!("a `{}`", before.name);
            routes.defaults(&what, &before.default_fields, &after.default_fields);
            edges(routes, before, after);
        }
    }
}

/// An id for each pattern, and one that differs in each free digit.
fn samples(catalogue: &Catalogue) -> Vec<String> {
    let patterns = all(catalogue).into_iter().flat_map(|kind| &kind.ids);
    let fill = |text: &str| ["0", "4", "9"].map(|digit| text.replace('#', digit));
    patterns.flat_map(|pattern| fill(pattern.as_str())).collect()
}

/// Types of an id before and after.
type Kinds = (Option<String>, Option<String>);

/// Ids that are of another type than before are judged as another thing; one example is enough.
fn id(routes: &mut Routes<'_, '_>, id: &str, said: &mut BTreeSet<Kinds>) {
    let name = |catalogue: &Catalogue| {
        let kind = catalogue.type_of(id).and_then(|ix| catalogue.node_type(ix));
        kind.map(|kind| kind.name.to_string())
    };
    let kinds = (name(routes.old.catalogue), name(routes.new.catalogue));
    if kinds.0 == kinds.1 || said.contains(&kinds) {
        return;
    }
    let (way, text) = match &kinds {
        (Some(before), Some(after)) => {
            let text = format!("have ids such as `{id}` judged as a `{after}`, not a `{before}`");
            (Way::Wider, text)
        }
        (None, Some(after)) => {
            (Way::Wider, format!("may name ids such as `{id}`, judged as a `{after}`"))
        }
        (Some(before), None) => {
            let text = format!("may no longer name ids such as `{id}`, each a `{before}` before");
            (Way::Narrower, text)
        }
        (None, None) => return,
    };
    said.insert(kinds);
    routes.all(way, text);
}

fn edges(routes: &mut Routes<'_, '_>, before: &NodeType, after: &NodeType) {
    let names: BTreeSet<&str> =
        before.fields.keys().chain(after.fields.keys()).map(|name| &**name).collect();
    for name in names {
        let (old, new) = (before.fields.get(name), after.fields.get(name));
        let edge = |field: Option<&Field>| field.is_some_and(Field::is_edge);
        if !edge(old) && !edge(new) {
            continue;
        }
        let what = format!("`{name}` of a `{}`", before.name);
        let class = |catalogue: &Catalogue, field: Option<&Field>| {
            let field = field.filter(|field| field.is_edge());
            field.map(|field| catalogue.class_name(field.class).to_owned())
        };
        let was = class(routes.old.catalogue, old);
        let is = class(routes.new.catalogue, new);
        let (Some(old), Some(new)) = (old, new) else {
            routes.reclassed(&what, was.as_deref(), is.as_deref());
            continue;
        };
        if old.is_edge() && !new.is_edge() {
            routes.all(Way::Wider, format!("have {what} judged as a field instead of an edge"));
            continue;
        }
        routes.reclassed(&what, was.as_deref(), is.as_deref());
        routes.rows(&format!("{name}` of a `{}", before.name), old.rows_default, new.rows_default);
        if new.named_by.is_some() && old.named_by.is_none() {
            let text = format!("no longer have the node that {what} stands in judged");
            routes.all(Way::Wider, text);
        }
    }
}
