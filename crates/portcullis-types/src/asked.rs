//! What a call really asks for, after everything wrapped in it was unfolded into asks.
//!
//! The judge decides over asks and nothing else. Texts are borrowed from the request. Must not know
//! HTTP, policies or partners.

use smallvec::SmallVec;

use crate::{ClassIx, Effect, FieldSet, OperationIx, TypeIx};

/// Everything one call asks for. A batch is several calls, each with its own.
#[derive(Debug, Clone)]
pub struct Asks<'a> {
    /// The operation the path names.
    pub operation: OperationIx,
    /// Whether the call reads or writes.
    pub effect: Effect,
    /// Ids named in `ids=`; 0 where the call names its one target otherwise.
    pub ids: u16,
    /// What the parameters say beside targets and fields.
    pub params: Params<'a>,
    /// The asks, the operation's own first, unless the node in the path only carries what belongs to
    /// others. Never empty. One for each target of `ids=` and for each edge, however deep; a write
    /// that reads back has a second one for what it reads.
    pub asks: SmallVec<[Ask<'a>; 2]>,
}

/// One thing asked for: a node or an edge, as if it had been asked alone.
#[derive(Debug, Clone)]
pub struct Ask<'a> {
    /// What it is.
    pub class: ClassIx,
    /// Whether this part reads or writes: what is read back after a write is a read.
    pub effect: Effect,
    /// Whose it is.
    pub target: Target<'a>,
    /// The type its fields belong to; none where the answer has no fields of a known type.
    pub gives: Option<TypeIx>,
    /// The fields asked for, or those given when none is named.
    pub fields: FieldSet,
    /// Whether the caller named the fields.
    pub fields_named: bool,
    /// Rows asked for.
    pub rows: Rows,
    /// Where in the call it stands.
    pub via: Via<'a>,
}

/// Whose something is.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub enum Target<'a> {
    /// Nobody's: a search, for instance.
    None,
    /// The node with this id.
    Node(TypeIx, &'a str),
    /// The node with this name: a username, a hashtag's name, a link. In lower case.
    Named(TypeIx, &'a str),
    /// Nodes that are only known from the answer: those that another ask of the same call (its
    /// position in `asks`) gives.
    Found(TypeIx, usize),
}

/// Rows asked for.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub enum Rows {
    /// Not a list.
    One,
    /// As many as the platform gives when none is asked, which the catalogue tells.
    Default(u32),
    /// So many.
    Asked(u32),
}

impl Rows {
    /// As a number: 1 for what is no list.
    #[must_use]
    pub const fn count(self) -> u32 {
        match self {
            Self::One => 1,
            Self::Default(rows) | Self::Asked(rows) => rows,
        }
    }
}

/// Where in a call an ask stands.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub enum Via<'a> {
    /// The path, or one id of `ids=`.
    Operation,
    /// An edge named in `fields`; its name, and the position of the ask it stands in: its own where
    /// that node only carries it.
    Edge(&'a str, usize),
}

/// What the parameters of a call say, where the catalogue gave them a role.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Params<'a> {
    /// Words to search for.
    pub words: Option<&'a str>,
    /// Latitude and longitude in degrees.
    pub point: Option<(f64, f64)>,
    /// Metres around the point.
    pub distance_m: Option<f64>,
    /// Whether a further page is asked for.
    pub cursor: bool,
    /// Whether the call stands in a batch.
    pub in_batch: bool,
}
