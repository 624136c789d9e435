//! Numbers every field, and opens the objects of a node into its own fields.
//!
//! Must not know operations.

use std::collections::BTreeMap;

use portcullis_types::{ClassIx, FIELDS_MAX, FieldIx, FieldSet, TypeIx};

use super::{Compiler, Read, codes};
use crate::model::{Entry, Field, FieldEntry, Given, NodeType, Shape, ShapeIx, What};

const SHAPES_MAX: usize = 1024;
/// How deep objects of a node may nest.
const INLINE_DEPTH_MAX: usize = 4;

/// Fields and shapes, in order of number.
#[derive(Debug, Default)]
pub(super) struct Numbered {
    pub(super) fields: Vec<FieldEntry>,
    pub(super) shapes: Vec<Shape>,
}

/// Why a type can't be opened.
enum Stuck {
    Deep,
    Many,
    Edge(String),
}

impl Compiler {
    pub(super) fn shapes(&mut self, files: &[Read<'_>], types: &mut [NodeType]) -> Numbered {
        let mut numbered = Numbered::default();
        if types.len() > SHAPES_MAX || !self.faults.is_empty() {
            // What is faulty already would only fault again.
            return numbered;
        }
        let stuck = numbered.open_all(types);
        let ats = files
            .iter()
            .flat_map(|read| read.file.types.iter().map(move |(name, _)| (read.source, name)));
        for (source, name) in ats {
            let ix = self.type_ix.get(name.as_str());
            let Some((_, why)) = stuck.iter().find(|(of, _)| Some(of) == ix) else { continue };
            self.faults.push(match why {
                Stuck::Deep => source
                    .fault(codes::NO_FIELD, name, "objects of a node nest more than 4 deep")
                    .with_help("an `inline` object may not hold itself; leave one `inline` out"),
                Stuck::Many => source
                    .fault(codes::TOO_MANY, name, format!("more than {FIELDS_MAX} fields in all"))
                    .with_help("leave `inline` out where no tier tells the fields apart"),
                Stuck::Edge(path) => source
                    .fault(codes::NO_FIELD, name, format!("`{path}` gives an edge by default"))
                    .with_help("list plain fields under `default:` of that object"),
            });
        }
        if stuck.is_empty() {
            numbered.give(types);
        }
        numbered
    }
}

impl Numbered {
    /// Numbers the fields of every type, then makes the shapes: one for each type, then those of
    /// objects.
    fn open_all(&mut self, types: &mut [NodeType]) -> Vec<(TypeIx, Stuck)> {
        let mut stuck = Vec::new();
        for ix in indices(types) {
            let mut paths = BTreeMap::new();
            match paths_of(types, ix, "", &mut Vec::new(), &mut paths) {
                Ok(()) => {
                    let entries = paths.into_iter().map(|(path, (class, through))| FieldEntry {
                        kind: ix,
                        path: path.into(),
                        class,
                        through: through.into(),
                    });
                    self.fields.extend(entries);
                }
                Err(why) => stuck.push((ix, why)),
            }
            if self.fields.len() > FIELDS_MAX {
                stuck.push((ix, Stuck::Many));
                return stuck;
            }
        }
        if !stuck.is_empty() {
            return stuck;
        }
        let empty = |kind| Shape::new(kind, kind, None, Vec::new());
        self.shapes.extend(indices(types).map(empty));
        for ix in indices(types) {
            match self.shape(types, ix, ix, "") {
                Ok(shape) => {
                    if let Some(slot) = self.shapes.get_mut(ix.at()) {
                        *slot = shape;
                    }
                }
                Err(why) => stuck.push((ix, why)),
            }
        }
        stuck
    }

    fn number(&self, kind: TypeIx, path: &str) -> Option<FieldIx> {
        let order = |entry: &FieldEntry| (entry.kind, &*entry.path).cmp(&(kind, path));
        let at = self.fields.binary_search_by(order).ok()?;
        u16::try_from(at).ok().map(FieldIx)
    }

    /// The shape of `of` where it stands at `path` inside `kind`.
    fn shape(
        &mut self,
        types: &[NodeType],
        kind: TypeIx,
        of: TypeIx,
        path: &str,
    ) -> Result<Shape, Stuck> {
        let mut entries = Vec::new();
        let fields = types.get(of.at()).into_iter().flat_map(|known| &known.fields);
        for (name, field) in fields {
            let inner = dotted(path, name);
            let what = if field.is_plain() {
                self.number(kind, &inner).map_or(What::Edge, What::Plain)
            } else if let Some(held) = field.holds.filter(|_| field.inline) {
                let shape = self.shape(types, kind, held, &inner)?;
                let given = self.object_given(types, &shape, field, &inner)?;
                let ix = u16::try_from(self.shapes.len())
                    .ok()
                    .filter(|_| self.shapes.len() < SHAPES_MAX);
                self.shapes.push(shape);
                What::Inline { shape: ShapeIx(ix.ok_or(Stuck::Many)?), given }
            } else {
                What::Edge
            };
            entries.push(Entry { name: name.clone(), what });
        }
        // A `BTreeMap` gives its names in order.
        let id = self.number(kind, &dotted(path, "id"));
        Ok(Shape::new(kind, of, id, entries))
    }

    /// What an object gives when it is named without braces.
    fn object_given(
        &self,
        types: &[NodeType],
        shape: &Shape,
        field: &Field,
        path: &str,
    ) -> Result<FieldSet, Stuck> {
        let Given { fields, edges } = given(shape, field.names(types));
        let id = shape.id.filter(|_| !fields.is_empty());
        match edges.first() {
            Some(name) => Err(Stuck::Edge(dotted(path, name))),
            None => Ok(id.map_or(fields, |id| with(fields, id))),
        }
    }

    /// Writes into the types what was numbered here.
    fn give(&self, types: &mut [NodeType]) {
        let mut edges: Vec<BTreeMap<Box<str>, Given>> = Vec::new();
        for kind in &*types {
            let of_edge = |field: &Field| {
                let shape = self.shapes.get(field.holds?.at())?;
                Some(given(shape, field.names(types)))
            };
            edges.push(
                kind.fields
                    .iter()
                    .filter_map(|(name, field)| Some((name.clone(), of_edge(field)?)))
                    .collect(),
            );
        }
        for ((ix, kind), mut edges) in (0..u16::MAX).zip(types).zip(edges) {
            if let Some(shape) = self.shapes.get(usize::from(ix)) {
                kind.given = given(shape, &kind.default_fields);
            }
            for (name, field) in &mut kind.fields {
                field.given = edges.remove(name).unwrap_or_default();
                if field.is_plain() {
                    field.ix = self.number(TypeIx(ix), name);
                }
            }
        }
    }
}

impl Field {
    /// Whether it is neither an edge nor an object; asked before it is numbered.
    fn is_plain(&self) -> bool {
        self.holds.is_none() && self.modifiers.is_empty() && !self.inline
    }

    fn names<'t>(&'t self, types: &'t [NodeType]) -> &'t [Box<str>] {
        let of_type = || types.get(self.holds?.at()).map(|kind| &kind.default_fields);
        self.default_fields.as_ref().or_else(of_type).map_or(&[], Vec::as_slice)
    }
}

/// What a list of names gives of a shape.
pub(super) fn given(shape: &Shape, names: &[Box<str>]) -> Given {
    let mut fields = FieldSet::EMPTY;
    let mut edges = Vec::new();
    for name in names {
        match shape.entry(name).map(|entry| &entry.what) {
            Some(What::Plain(ix)) => fields.insert(*ix),
            Some(What::Inline { given, .. }) => fields = fields.union(given),
            Some(What::Edge) => edges.push(name.clone()),
            // A default that is not listed is a fault of its own.
            None => {}
        }
    }
    Given { fields, edges: edges.into() }
}

type Paths = BTreeMap<String, (ClassIx, Vec<ClassIx>)>;

/// Every plain field of a type, those of its objects among them, by dotted path.
fn paths_of(
    types: &[NodeType],
    of: TypeIx,
    path: &str,
    through: &mut Vec<ClassIx>,
    into: &mut Paths,
) -> Result<(), Stuck> {
    if through.len() > INLINE_DEPTH_MAX {
        return Err(Stuck::Deep);
    }
    let fields = types.get(of.at()).into_iter().flat_map(|known| &known.fields);
    for (name, field) in fields {
        let inner = dotted(path, name);
        if field.is_plain() {
            into.insert(inner, (field.class, through.clone()));
        } else if let Some(held) = field.holds.filter(|_| field.inline) {
            through.push(field.class);
            paths_of(types, held, &inner, through, into)?;
            through.pop();
        }
        if into.len() > FIELDS_MAX {
            return Err(Stuck::Many);
        }
    }
    Ok(())
}

fn with(mut fields: FieldSet, field: FieldIx) -> FieldSet {
    fields.insert(field);
    fields
}

fn dotted(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn indices(types: &[NodeType]) -> impl Iterator<Item = TypeIx> + use<> {
    (0..u16::try_from(types.len()).unwrap_or(u16::MAX)).map(TypeIx)
}
