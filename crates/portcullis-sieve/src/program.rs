//! Compiled duties: a graph whose nodes are places of an answer.
//!
//! Every place of an answer is one node, however many duties meet there, so that a member costs one
//! look-up of its name. Must not know the state of any answer.

pub(crate) mod build;
mod names;
mod sets;

use std::sync::Arc;

pub(crate) use self::names::Names;
use crate::plan::{Check, Undecided};

/// The node of places where no duty applies.
pub(crate) const DEAD: u16 = 0;

/// Duties as they are carried out: immutable, shared by all answers of a shape.
#[derive(Debug)]
pub struct Program {
    pub(crate) names: Names,
    pub(crate) nodes: Vec<Node>,
    pub(crate) root: u16,
    pub(crate) duties: Vec<Duty>,
    pub(crate) items: Vec<ItemCode>,
    pub(crate) embeds: Vec<Embed>,
    pub(crate) thins: bool,
    pub(crate) empty: bool,
}

impl Program {
    /// A program that does nothing but read.
    pub(crate) fn reader() -> Self {
        Self {
            names: Names::default(),
            nodes: vec![Node { plain: true, ..Node::default() }],
            root: DEAD,
            duties: Vec::new(),
            items: Vec::new(),
            embeds: Vec::new(),
            thins: false,
            empty: true,
        }
    }

    /// Whether there is nothing to do, so that an answer may pass without a sieve.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.empty
    }

    /// Whether it may take something out that the caller asked for.
    ///
    /// Known before the first byte, as a header must be; [`crate::Sieve::is_thinned`] says
    /// afterwards whether it did.
    #[must_use]
    pub fn may_thin(&self) -> bool {
        self.thins
    }

    #[inline]
    pub(crate) fn node(&self, at: u16) -> &Node {
        // Node 0 is always there, and every index was made by the compiler.
        self.nodes.get(usize::from(at)).unwrap_or(&NOWHERE)
    }
}

/// A query parameter of a link, and the value it gets; none: it goes.
pub(crate) type Param = (Box<str>, Option<Box<str>>);

/// What is known of a name.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq)]
pub(crate) struct Traits {
    /// Dropped wherever it stands.
    pub(crate) drop: bool,
    /// `paging`.
    pub(crate) paging: bool,
    /// `next` or `previous`.
    pub(crate) link: bool,
}

/// A place.
#[derive(Debug, Clone, Default)]
pub(crate) struct Node {
    /// Named members that lead somewhere, by name.
    pub(crate) edges: Vec<(u8, u16)>,
    /// Where every other member leads.
    pub(crate) any: u16,
    /// Where an element of a list at this place is.
    pub(crate) in_list: u16,
    /// Whether nothing happens to a value here.
    pub(crate) plain: bool,
    pub(crate) drop: Option<Dropped>,
    pub(crate) replace: Option<Box<[u8]>>,
    pub(crate) item: Option<u16>,
    /// Reads that take their value here.
    pub(crate) reads: Vec<Read>,
    /// Reads that take their value here or below.
    pub(crate) beneath: Vec<Read>,
    /// Checks that may strip the member here, as duty and position.
    pub(crate) strips: Vec<(u16, u16)>,
    pub(crate) embed: Option<u16>,
    /// What links of an object here have changed in their query.
    pub(crate) params: Vec<Param>,
}

static NOWHERE: Node = Node {
    edges: Vec::new(),
    any: DEAD,
    in_list: DEAD,
    plain: true,
    drop: None,
    replace: None,
    item: None,
    reads: Vec::new(),
    beneath: Vec::new(),
    strips: Vec::new(),
    embed: None,
    params: Vec::new(),
};

/// A place on the way from an item to a value that is read of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Read {
    pub(crate) duty: u16,
    pub(crate) read: u16,
    /// Members passed since the item; more levels than that mean that a list was passed, too.
    pub(crate) steps: usize,
}

/// Why a member goes.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(crate) enum Dropped {
    /// The caller may not have it.
    Thinned,
    /// The caller did not ask for it.
    TakenBack,
}

/// A duty on items.
#[derive(Debug)]
pub(crate) struct Duty {
    pub(crate) tag: u32,
    pub(crate) reads: u16,
    pub(crate) checks: Vec<Check>,
    pub(crate) ask: bool,
    /// Whoever is asked drops nothing.
    pub(crate) looks: bool,
    pub(crate) undecided: Undecided,
}

/// All that is done with the items of one place.
#[derive(Debug, Default)]
pub(crate) struct ItemCode {
    /// Each duty, and where its reads begin among those of the item.
    pub(crate) duties: Vec<(u16, u16)>,
    /// Reads in all.
    pub(crate) reads: u16,
    /// Whether anything must be known before it may leave.
    pub(crate) judged: bool,
    /// Whether an item that can't be decided ends the answer.
    pub(crate) cuts: bool,
    /// Whether one that can't be decided may leave, as far as some duty goes.
    pub(crate) keeps: bool,
    /// Whether it is an entry whose embedded answer may be refused in its place.
    pub(crate) entry: bool,
}

/// What is done with JSON in a string.
#[derive(Debug, Clone)]
pub(crate) enum Embed {
    Same(Arc<Program>),
    Entries(Vec<(Arc<Program>, Option<Box<str>>)>),
}

/// Why duties can't be compiled.
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
pub enum ProgramFault {
    /// More names than a program looks for.
    #[error("the duties name more than {max} members; split the call")]
    TooManyNames {
        /// Most names.
        max: usize,
    },
    /// More places than a program tells apart.
    #[error("the duties name more than {max} places; split the call")]
    TooManyPlaces {
        /// Most places.
        max: usize,
    },
    /// More duties, checks or reads than a program has.
    #[error("the duties hold more than {max} item duties, or one of them more checks or reads")]
    TooManyDuties {
        /// Most of each.
        max: usize,
    },
    /// A check or a count names a read that its duty does not have.
    #[error("a check of item duty {tag} names read {read}, which the duty does not have")]
    NoSuchRead {
        /// The duty's.
        tag: u32,
        /// The position.
        read: usize,
    },
    /// A read of the item itself.
    #[error("a read of item duty {tag} names the item itself; name a member of it")]
    EmptyRead {
        /// The duty's.
        tag: u32,
    },
    /// A text that is to stand in an answer is no JSON.
    #[error("the text to put in the place of a value is not JSON")]
    ReplacementNotJson,
    /// The root can't be dropped as a field, nor hold a string of JSON.
    #[error("a duty on a field or a string names the root; name a member")]
    RootIsNoField,
    /// Strings of JSON inside of strings of JSON.
    #[error("the program of an embedded answer embeds another; one level is read")]
    EmbeddedTwice,
}
