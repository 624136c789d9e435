//! Fields of the catalogue, as rules name them.
//!
//! Must not know rules.

use portcullis_catalogue::Catalogue;
use portcullis_types::{ClassIx, ClassSet, FieldIx, FieldSet, TypeIx};

/// What a field is.
pub(crate) fn class_of(catalogue: &Catalogue, field: FieldIx) -> Option<ClassIx> {
    catalogue.field_ref(field).map(|field| field.class)
}

/// The dotted path of a field within its type.
pub(crate) fn path_of(catalogue: &Catalogue, field: FieldIx) -> Option<&str> {
    catalogue.field_ref(field).map(|field| field.path)
}

/// Whether a field, and every object that leads to it, is of these classes.
pub(crate) fn is_within(catalogue: &Catalogue, field: FieldIx, classes: &ClassSet) -> bool {
    catalogue.field_ref(field).is_some_and(|field| field.is_within(classes))
}

/// Every class of these fields, and of the objects that lead to them.
pub(crate) fn classes_of(catalogue: &Catalogue, fields: &FieldSet) -> ClassSet {
    let mut classes = ClassSet::EMPTY;
    for field in fields.iter().filter_map(|field| catalogue.field_ref(field)) {
        classes.insert(field.class);
        field.through.iter().for_each(|class| classes.insert(*class));
    }
    classes
}

/// Every field that these classes cover.
pub(crate) fn of_classes(catalogue: &Catalogue, classes: &ClassSet) -> FieldSet {
    let mut set = FieldSet::EMPTY;
    let covered = catalogue.fields().filter(|field| field.is_within(classes));
    covered.for_each(|field| set.insert(field.ix));
    set
}

/// The fields of that path, over some types.
pub(crate) fn named(catalogue: &Catalogue, kinds: &[TypeIx], path: &str) -> FieldSet {
    let mut set = FieldSet::EMPTY;
    let found = kinds.iter().filter_map(|kind| catalogue.field_of(*kind, path));
    found.for_each(|field| set.insert(field));
    set
}

/// The same, with the id of each type of which something is granted: the platform gives it with
/// every node.
pub(crate) fn with_ids(catalogue: &Catalogue, fields: FieldSet) -> FieldSet {
    let mut all = fields;
    for field in fields.iter().filter_map(|field| catalogue.field_ref(field)) {
        if let Some(id) = catalogue.shape_of(field.kind).and_then(|shape| shape.id) {
            all.insert(id);
        }
    }
    all
}
