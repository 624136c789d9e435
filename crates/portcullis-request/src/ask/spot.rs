//! Where in `fields`, and in the answer, an ask stands.
//!
//! Must not know what is done with it.

use portcullis_catalogue::{Catalogue, Field};

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
