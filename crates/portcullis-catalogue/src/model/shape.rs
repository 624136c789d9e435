//! Fields by number: what may stand in `fields` of each type, objects of the node itself opened.
//!
//! A shape is a type, or an object inside one; a number belongs to a type and a dotted path. Must
//! not know how `fields` is written.

use portcullis_types::{ClassIx, ClassSet, Effect, FieldIx, FieldSet, OperationIx, Span, TypeIx};

use super::{Answer, Catalogue, Field, Operation, OperationClass};

/// A shape of the catalogue.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub struct ShapeIx(pub(crate) u16);

/// What may stand between one pair of braces.
#[derive(Debug)]
pub struct Shape {
    /// The type whose fields these are.
    pub kind: TypeIx,
    /// The type of the object itself: another one inside a node, the same for a node.
    pub of: TypeIx,
    /// Sorted by name.
    pub(crate) entries: Box<[Entry]>,
    /// A key for each entry, in the same order: looking through numbers is quicker than comparing
    /// names.
    pub(crate) keys: Box<[u64]>,
    /// The node's own id, which the platform gives whether it is asked for or not.
    pub id: Option<FieldIx>,
}

/// One name of a shape.
#[derive(Debug)]
pub struct Entry {
    pub(crate) name: Box<str>,
    /// What it is.
    pub what: What,
}

/// What a name in `fields` is.
#[derive(Debug)]
pub enum What {
    /// A plain field.
    Plain(FieldIx),
    /// An object of the node itself.
    Inline {
        /// What may stand inside.
        shape: ShapeIx,
        /// What it gives when named without braces.
        given: FieldSet,
    },
    /// An edge, which is an ask of its own; [`Catalogue::node_type`] tells more.
    Edge,
}

/// What is given when nothing is named.
#[derive(Debug, Clone, Default, Eq, PartialEq)]
pub struct Given {
    /// The plain fields, those of objects of the node itself among them.
    pub fields: FieldSet,
    /// The edges, by name.
    pub edges: Box<[Box<str>]>,
}

/// A field by number.
#[derive(Debug)]
pub(crate) struct FieldEntry {
    pub(crate) kind: TypeIx,
    pub(crate) path: Box<str>,
    pub(crate) class: ClassIx,
    pub(crate) through: Box<[ClassIx]>,
}

/// A field as a policy names it.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub struct FieldRef<'c> {
    /// Its number.
    pub ix: FieldIx,
    /// The type it belongs to.
    pub kind: TypeIx,
    /// Its dotted path, such as `owner.username`.
    pub path: &'c str,
    /// What it is.
    pub class: ClassIx,
    /// What the objects that lead to it are; empty for a field of the node.
    pub through: &'c [ClassIx],
}

impl FieldRef<'_> {
    /// Whether a set of classes covers it: what it is, and every object that leads to it.
    #[must_use]
    pub fn is_within(&self, classes: &ClassSet) -> bool {
        classes.contains(self.class) && self.through.iter().all(|class| classes.contains(*class))
    }
}

/// One way to ask for a class.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub struct ClassUse {
    /// The operation, or none: an edge.
    pub operation: Option<OperationIx>,
    /// Whether it reads or writes.
    pub effect: Effect,
    /// Whose it is; none: nobody's.
    pub target: Option<TypeIx>,
    /// The type whose fields it gives; none: no fields of a known type.
    pub gives: Option<TypeIx>,
    /// Whether it is a list.
    pub list: bool,
}

impl Shape {
    pub(crate) fn new(kind: TypeIx, of: TypeIx, id: Option<FieldIx>, entries: Vec<Entry>) -> Self {
        let keys = entries.iter().map(|entry| key(&entry.name)).collect();
        Self { kind, of, id, entries: entries.into(), keys }
    }

    /// What a name is here.
    #[must_use]
    pub fn entry(&self, name: &str) -> Option<&Entry> {
        let wanted = key(name);
        let mut at = self.keys.iter().zip(&self.entries);
        at.find(|(key, entry)| **key == wanted && *entry.name == *name).map(|(_, entry)| entry)
    }

    /// Every name, in order.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &What)> {
        self.entries.iter().map(|entry| (&*entry.name, &entry.what))
    }
}

impl Catalogue {
    /// The longest that an address of media works that any of these fields may hold; none: none of
    /// them holds one.
    #[must_use]
    pub fn media_works(&self, fields: &FieldSet) -> Option<Span> {
        let held = self.media.iter().filter(|(field, _)| fields.contains(*field));
        held.map(|(_, works)| *works).max_by_key(|works| works.milliseconds())
    }

    /// The longest that any address of media works; none: no field is said to hold one.
    #[must_use]
    pub fn media_longest(&self) -> Option<Span> {
        self.media.iter().map(|(_, works)| *works).max_by_key(|works| works.milliseconds())
    }

    /// What may stand in `fields` of a type.
    #[must_use]
    pub fn shape_of(&self, kind: TypeIx) -> Option<&Shape> {
        self.shapes.get(kind.at())
    }

    /// A shape.
    #[must_use]
    pub fn shape(&self, ix: ShapeIx) -> Option<&Shape> {
        self.shapes.get(usize::from(ix.0))
    }

    /// The number of a field of a type; `path` is dotted where it stands in an object of the node.
    #[must_use]
    pub fn field_of(&self, kind: TypeIx, path: &str) -> Option<FieldIx> {
        let order = |entry: &FieldEntry| (entry.kind, &*entry.path).cmp(&(kind, path));
        let at = self.fields.binary_search_by(order).ok()?;
        u16::try_from(at).ok().map(FieldIx)
    }

    /// The field of that number.
    #[must_use]
    pub fn field_ref(&self, ix: FieldIx) -> Option<FieldRef<'_>> {
        let FieldEntry { kind, path, class, through } = self.fields.get(ix.at())?;
        Some(FieldRef { ix, kind: *kind, path, class: *class, through })
    }

    /// Every field, in order of number: by type, then by path.
    pub fn fields(&self) -> impl Iterator<Item = FieldRef<'_>> {
        (0..u16::try_from(self.fields.len()).unwrap_or(u16::MAX))
            .filter_map(|ix| self.field_ref(FieldIx(ix)))
    }

    /// What an operation gives when the call names no field; `kind` is the type of its answer.
    #[must_use]
    pub fn answer_given<'c>(&'c self, operation: &'c Operation, kind: TypeIx) -> Option<&'c Given> {
        let of_type = || self.node_type(kind).map(|kind| &kind.given);
        operation.given.as_ref().or_else(of_type)
    }

    /// Every way to ask for a class: each operation, for each type of target, and each edge.
    #[must_use]
    pub fn uses(&self, class: ClassIx) -> Vec<ClassUse> {
        let mut uses = Vec::new();
        for operation in &self.operations {
            let kinds: Vec<Option<TypeIx>> = match &operation.class {
                OperationClass::Fixed(of) if *of == class => vec![operation.target_type],
                OperationClass::ByTarget(by) => {
                    by.iter().filter(|(_, of)| *of == class).map(|(kind, _)| Some(*kind)).collect()
                }
                OperationClass::Fixed(_) | OperationClass::NotJudged(_) => Vec::new(),
            };
            uses.extend(kinds.into_iter().map(|target| ClassUse {
                operation: Some(operation.ix),
                effect: operation.method.effect(),
                target,
                gives: match operation.answer {
                    Answer::Opaque => None,
                    Answer::Target => target,
                    Answer::Type(kind) => Some(kind),
                },
                list: operation.rows_default.is_some(),
            }));
        }
        for (at, kind) in (0..u16::MAX).zip(&self.types) {
            let edges =
                kind.fields.values().filter(|field| field.is_edge() && field.class == class);
            uses.extend(edges.map(|field| edge_use(TypeIx(at), field)));
        }
        uses
    }
}

/// A number that most names of one shape do not share: both ends of the name and its length.
fn key(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let ends = match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
        (Some(first), Some(last)) => {
            u64::from_le_bytes(*first) ^ u64::from_le_bytes(*last).rotate_left(29)
        }
        _ => bytes.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte)),
    };
    ends ^ (bytes.len() as u64).rotate_left(56)
}

fn edge_use(stands_in: TypeIx, field: &Field) -> ClassUse {
    ClassUse {
        operation: None,
        effect: Effect::Read,
        target: if field.named_by.is_some() { field.holds } else { Some(stands_in) },
        gives: field.holds,
        list: field.rows_default.is_some(),
    }
}
