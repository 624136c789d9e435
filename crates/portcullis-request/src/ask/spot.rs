//! Where in `fields`, and in the answer, an ask stands.
//!
//! Must not know what is done with it.

use portcullis_catalogue::{Catalogue, Field};
use portcullis_types::{FieldIx, FieldSet};
use smallvec::SmallVec;

use super::walk::Walk;
use crate::fields::Node;

/// Names that lead from one object of the answer to another.
pub(crate) type Names<'c> = SmallVec<[&'c str; 2]>;

/// Where in `fields` an ask stands.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spot<'c> {
    /// The name it has in the answer; none: it is the answer.
    pub(crate) member: Option<&'c str>,
    /// The name in the tree whose braces hold its fields.
    pub(crate) place: Place,
    /// The edge, where it is one.
    pub(crate) field: Option<&'c Field>,
}

/// All of them, where they are wanted.
#[derive(Debug, Default)]
pub(crate) struct Spots<'c> {
    /// For each ask, its spot, and the names that lead to it from what it stands in.
    pub(crate) of: Vec<(Spot<'c>, Names<'c>)>,
    /// Fields that have other names in the answer than in the catalogue: of which ask, and where.
    pub(crate) renamed: Vec<(usize, FieldIx, String)>,
}

/// Where the fields of an ask are named.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(crate) enum Place {
    /// In `fields` itself.
    Root,
    /// In or behind the name at this place of the tree.
    Node(u16),
    /// Nowhere: a write, or what comes by default.
    Nowhere,
}

impl<'c> Spot<'c> {
    pub(super) const ROOT: Self = Self { member: None, place: Place::Root, field: None };
    pub(super) const NOWHERE: Self = Self { member: None, place: Place::Nowhere, field: None };

    /// What the edge gives when it is named without braces.
    pub(crate) fn field_defaults(&self, catalogue: &'c Catalogue) -> &'c [Box<str>] {
        self.field.map_or(&[], |field| catalogue.field_defaults(field))
    }
}

impl<'c> Walk<'c, '_> {
    /// Adds plain fields to an ask.
    pub(super) fn add(&mut self, of: usize, fields: &FieldSet) {
        if let Some(ask) = self.asks.get_mut(of) {
            ask.fields = ask.fields.union(fields);
        }
    }

    /// Notes where the answer has a field, if that is not where the catalogue has it.
    pub(super) fn renamed(&mut self, of: usize, field: FieldIx, node: &Node<'c>) {
        let Some(spots) = &mut self.spots else { return };
        let Some(known) = self.catalogue.field_ref(field) else { return };
        let names = self.inside.iter().copied().chain([node.alias.unwrap_or(node.name)]);
        let given: Vec<&str> = known.path.split('.').collect();
        let rest = given.get(self.inside.len() + 1..).unwrap_or_default();
        let path = names.chain(rest.iter().copied()).collect::<Vec<&str>>().join(".");
        if path != known.path {
            spots.renamed.push((of, field, path));
        }
    }

    pub(super) fn insert(&mut self, of: usize, field: FieldIx) {
        if let Some(ask) = self.asks.get_mut(of) {
            ask.fields.insert(field);
        }
    }
}
