//! What a call really asks for, after everything wrapped in it was unfolded.
//!
//! The judge decides over asks and nothing else. Must not know HTTP, policies or partners.

use crate::{ClassIx, Effect, OperationIx, TypeIx};

/// One thing asked for: a class, and how the caller came to ask for it.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Ask {
    /// What the thing is.
    pub class: ClassIx,
    /// Which part of the call asks for it.
    pub via: Via,
}

/// Which part of a call asks for something.
#[derive(Debug, Clone, Eq, PartialEq)]
pub enum Via {
    /// The operation itself.
    Operation,
    /// A field or edge named in `fields`, as a dotted path such as `media.caption`.
    Field(Box<str>),
    /// A field that the platform gives when no `fields` is sent.
    DefaultField(Box<str>),
}

/// Everything one call asks for.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Asks {
    /// The operation the path names.
    pub operation: OperationIx,
    /// Whether the call reads or writes.
    pub effect: Effect,
    /// The type and id of the node in the path, where there is one.
    pub target: Option<(TypeIx, Box<str>)>,
    /// The parts, the operation first; each class at most once, with the first part that named it.
    pub parts: Vec<Ask>,
}
