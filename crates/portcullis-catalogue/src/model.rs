//! The compiled catalogue: what each operation, node type and field *is*.
//!
//! Read by the request (to unfold) and the policy (to name classes). Must not know policies,
//! partners, HTTP libraries or files.

mod ids;
mod kinds;
mod levels;
mod roles;
mod shape;
mod vanishing;

use std::collections::BTreeMap;

use portcullis_types::{
    ClassIx, ClassName, ClassSet, FieldIx, Method, OperationIx, OperationName, Span, TypeIx,
    TypeName,
};

pub use ids::IdPattern;
pub use kinds::Kinds;
pub(crate) use levels::Levels;
pub use roles::{Body, Extra, ParamRole};
pub(crate) use shape::FieldEntry;
pub use shape::{ClassUse, Entry, FieldRef, Given, Shape, ShapeIx, What};
pub use vanishing::Vanishing;

/// Everything the route files say, checked and indexed.
#[derive(Debug)]
pub struct Catalogue {
    pub(crate) classes: Vec<ClassName>,
    pub(crate) continuity: ClassSet,
    pub(crate) types: Vec<NodeType>,
    pub(crate) operations: Vec<Operation>,
    pub(crate) versions: Option<Versions>,
    pub(crate) routes: crate::routes::Routes,
    pub(crate) fields: Vec<FieldEntry>,
    pub(crate) shapes: Vec<Shape>,
    /// Fields that hold addresses of media, and how long those work.
    pub(crate) media: Box<[(FieldIx, Span)]>,
    pub(crate) levels: Levels,
    pub(crate) vanishing: Option<Vanishing>,
}

/// The version segment that begins a path, such as `/v21.0/…`.
#[derive(Debug, Clone)]
pub struct Versions {
    /// Versions that are open, in canonical (lower-case) spelling.
    pub known: Vec<Box<str>>,
    /// What a call without a version gets.
    pub missing: Box<str>,
}

/// A kind of node, told by the pattern of its ids since the path does not tell it.
#[derive(Debug, Clone)]
pub struct NodeType {
    /// Its name, such as `story`.
    pub name: TypeName,
    /// Patterns of its ids; the first type (in file order) with a matching pattern wins.
    pub ids: Vec<IdPattern>,
    /// Fields and edges by name.
    pub fields: BTreeMap<Box<str>, Field>,
    /// Names of the fields the platform gives when no `fields` is sent; each is in `fields`.
    pub default_fields: Vec<Box<str>>,
    /// The same, compiled.
    pub given: Given,
}

/// A field or edge of a node type.
#[derive(Debug, Clone)]
pub struct Field {
    /// What it is.
    pub class: ClassIx,
    /// The type of what it holds: `fields` may go on inside it. None: a plain value.
    pub holds: Option<TypeIx>,
    /// Whether it takes modifiers such as `.limit(5)`; the names that are legal.
    pub modifiers: Vec<Box<str>>,
    /// What it gives when named without braces, where that differs from its type's defaults.
    /// [`Catalogue::field_defaults`] knows both.
    pub default_fields: Option<Vec<Box<str>>>,
    /// What it gives when named without braces, compiled against the type it holds.
    pub given: Given,
    /// Its number, where it is a plain field.
    pub ix: Option<FieldIx>,
    /// Whether it is an object of the node itself: its plain fields are fields of the node.
    pub inline: bool,
    /// The modifier that names whose it is; the node it stands in only carries it.
    pub named_by: Option<Box<str>>,
    /// Rows given when none is asked; none: it is no list.
    pub rows_default: Option<u32>,
}

impl Field {
    /// Whether it is an edge: neither a plain field nor an object of the node itself.
    #[must_use]
    pub const fn is_edge(&self) -> bool {
        self.ix.is_none() && !self.inline
    }
}

/// One method and path template.
#[derive(Debug, Clone)]
pub struct Operation {
    /// Its position.
    pub ix: OperationIx,
    /// Its name, such as `listUserMedia`.
    pub name: OperationName,
    /// Its method.
    pub method: Method,
    /// Its template as the route file writes it, such as `/{version}/{node_id}/media`.
    pub template: Box<str>,
    /// What it is.
    pub class: OperationClass,
    /// Which template parameter holds the target's id, where there is one.
    pub target: Option<Box<str>>,
    /// Its place among the template's parameters, the version not counted.
    pub(crate) target_at: Option<usize>,
    /// The parameter that holds the ids of several targets, where there is one.
    pub targets: Option<Box<str>>,
    /// The type of what a parameter of the role [`ParamRole::TargetName`] names.
    pub target_type: Option<TypeIx>,
    /// Whether it holds other calls, each of which is judged alone.
    pub batch: bool,
    /// Rows given when no page size is asked; none: it is no list.
    pub rows_default: Option<u32>,
    /// What `fields` unfolds against.
    pub answer: Answer,
    /// What it gives when no `fields` is sent, where that differs from the answer type's defaults.
    /// [`Catalogue::answer_defaults`] knows both.
    pub default_fields: Option<Vec<Box<str>>>,
    /// The same, compiled.
    pub(crate) given: Option<Given>,
    /// Declared parameters of query and body, by name.
    pub params: BTreeMap<Box<str>, ParamRole>,
    /// What to do with parameters that are not declared.
    pub extra: Extra,
    /// What its body may be.
    pub body: Body,
    /// Whether it makes a subscription that pushes.
    pub subscribes: bool,
    /// Whether answers hold absolute paging links that must be rewritten to the public URL.
    pub links: bool,
    /// How long its answer may say nothing, where that is a stream.
    pub stream: Option<Span>,
    /// Whether its connection becomes a WebSocket.
    pub websocket: bool,
}

/// The class of an operation.
#[derive(Debug, Clone, Eq, PartialEq)]
pub enum OperationClass {
    /// The same whatever the target.
    Fixed(ClassIx),
    /// By the target's type; a type that is not listed is refused.
    ByTarget(Vec<(TypeIx, ClassIx)>),
    /// Listed, but its form is not judged, hence refused; the words say what it is, such as `batch`.
    NotJudged(&'static str),
}

/// What an operation answers with.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub enum Answer {
    /// Nothing with fields: a `fields` parameter is not legal unless declared as plain.
    Opaque,
    /// The target node itself: `fields` unfolds against the target's type.
    Target,
    /// Nodes of one type.
    Type(TypeIx),
}

impl Catalogue {
    /// The class of that name.
    #[must_use]
    pub fn class(&self, name: &str) -> Option<ClassIx> {
        let at = self.classes.iter().position(|class| class.as_str() == name)?;
        u16::try_from(at).ok().map(ClassIx)
    }

    /// The name of a class; `?` for one of another catalogue.
    #[must_use]
    pub fn class_name(&self, class: ClassIx) -> &str {
        self.classes.get(class.at()).map_or("?", ClassName::as_str)
    }

    /// Every class, in order of index.
    pub fn classes(&self) -> impl Iterator<Item = &ClassName> {
        self.classes.iter()
    }

    /// The classes that stay open to who is on hold, unless the hold names them.
    #[must_use]
    pub const fn continuity(&self) -> &ClassSet {
        &self.continuity
    }

    /// The type of an id, by its pattern.
    #[must_use]
    pub fn type_of(&self, id: &str) -> Option<TypeIx> {
        let at = self.types.iter().position(|kind| kind.ids.iter().any(|ids| ids.matches(id)))?;
        u16::try_from(at).ok().map(TypeIx)
    }

    /// A node type.
    #[must_use]
    pub fn node_type(&self, ix: TypeIx) -> Option<&NodeType> {
        self.types.get(ix.at())
    }

    /// An operation.
    #[must_use]
    pub fn operation(&self, ix: OperationIx) -> Option<&Operation> {
        self.operations.get(ix.at())
    }

    /// Every operation, in order of index.
    pub fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.operations.iter()
    }

    /// The type of that name.
    #[must_use]
    pub fn type_named(&self, name: &str) -> Option<TypeIx> {
        let at = self.types.iter().position(|kind| kind.name.as_str() == name)?;
        u16::try_from(at).ok().map(TypeIx)
    }

    /// The operation of that name.
    #[must_use]
    pub fn operation_named(&self, name: &str) -> Option<&Operation> {
        self.operations.iter().find(|operation| operation.name.as_str() == name)
    }

    /// The fields an operation gives when the call names none; `target` is the type of its target.
    /// Each is a field of the answer's type.
    #[must_use]
    pub fn answer_defaults<'c>(
        &'c self,
        operation: &'c Operation,
        target: Option<TypeIx>,
    ) -> &'c [Box<str>] {
        let kind = match operation.answer {
            Answer::Opaque => return &[],
            Answer::Target => target,
            Answer::Type(kind) => Some(kind),
        };
        let of_type = || kind.and_then(|ix| self.node_type(ix)).map(|kind| &kind.default_fields);
        operation.default_fields.as_ref().or_else(of_type).map_or(&[], Vec::as_slice)
    }

    /// The fields a field gives when it is named without braces; none where it is a plain value.
    #[must_use]
    pub fn field_defaults<'c>(&'c self, field: &'c Field) -> &'c [Box<str>] {
        let of_type = || self.node_type(field.holds?).map(|kind| &kind.default_fields);
        field.default_fields.as_ref().or_else(of_type).map_or(&[], Vec::as_slice)
    }

    /// How paths are versioned; none: the platform has no version segment.
    #[must_use]
    pub const fn versions(&self) -> Option<&Versions> {
        self.versions.as_ref()
    }

    /// Finds the operation of a canonical path (see `portcullis-request`).
    #[must_use]
    pub fn find<'p>(&self, method: Method, path: &'p str) -> Found<'_, 'p> {
        self.routes.find(self, method, path)
    }

    /// Whether some template that has no version segment matches the canonical path.
    #[must_use]
    pub fn has_unversioned(&self, path: &str) -> bool {
        self.routes.has_unversioned(path)
    }
}

/// What a path leads to.
#[derive(Debug)]
pub enum Found<'c, 'p> {
    /// An operation, and the target's id as it stands in the path.
    Operation {
        /// Which.
        operation: &'c Operation,
        /// The id, where the operation has a target.
        target: Option<&'p str>,
    },
    /// The path is listed, with other methods.
    OtherMethod,
    /// Nothing lists the path.
    Unlisted,
    /// The path begins with a version that is not open.
    UnknownVersion,
}
