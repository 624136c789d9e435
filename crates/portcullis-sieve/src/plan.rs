//! The duties of an answer, as whoever judges names them.
//!
//! Must not know how they are carried out.

use std::sync::Arc;

use crate::place::Place;
use crate::program::{Param, Program, ProgramFault, build};

/// Duties on an answer. Compile it once for each shape of call and share the [`Program`].
#[derive(Debug, Clone, Default)]
pub struct Plan {
    pub(crate) links: bool,
    pub(crate) link_params: Vec<(Place, Param)>,
    pub(crate) dropped: Vec<Place>,
    pub(crate) taken_back: Vec<Place>,
    pub(crate) dropped_names: Vec<Box<str>>,
    pub(crate) replaced: Vec<(Place, Box<str>)>,
    pub(crate) items: Vec<ItemDuty>,
    pub(crate) embedded: Vec<(Place, Embedded)>,
}

impl Plan {
    /// Rewrites `paging.next` and `paging.previous` at every depth, as the [`crate::Gate`] says.
    pub fn links(&mut self) {
        self.links = true;
    }

    /// In the links of the object at that place, gives a query parameter this value, written as it
    /// stands in a URL; none: takes it out.
    ///
    /// So that a link does not ask for members that were added for a duty.
    pub fn link_param(&mut self, holder: Place, name: &str, value: Option<&str>) {
        self.links = true;
        self.link_params.push((holder, (name.into(), value.map(Into::into))));
    }

    /// Drops the member at that place: the caller may not have it.
    pub fn drop_field(&mut self, place: Place) {
        self.dropped.push(place);
    }

    /// Drops the member at that place: it was asked for on the gate's own behalf, so the answer does
    /// not count as thinned.
    pub fn take_back(&mut self, place: Place) {
        self.taken_back.push(place);
    }

    /// Drops every member of that name, at any depth.
    pub fn drop_name(&mut self, name: &str) {
        self.dropped_names.push(name.into());
    }

    /// Puts a JSON text in the place of what stands there.
    pub fn replace(&mut self, place: Place, json: &str) {
        self.replaced.push((place, json.into()));
    }

    /// Judges, thins or counts items.
    pub fn items(&mut self, duty: ItemDuty) {
        self.items.push(duty);
    }

    /// Sieves the JSON in the string at that place; one level, as in the bodies of a batch.
    pub fn embed(&mut self, place: Place, embedded: Embedded) {
        self.embedded.push((place, embedded));
    }

    /// Compiles the duties.
    ///
    /// # Errors
    /// See [`ProgramFault`].
    pub fn compile(self) -> Result<Program, ProgramFault> {
        build::compile(self)
    }
}

/// Where items are.
#[derive(Debug, Clone, Eq, PartialEq)]
pub enum Where {
    /// The object at that place, or each object in the list there.
    At(Place),
    /// Each object that is an element of a list, wherever it stands.
    AnyList,
}

/// What is done with items.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemDuty {
    /// By what the caller knows it again: in [`crate::Item`] and [`crate::Tally`].
    pub tag: u32,
    /// Where the items are.
    pub at: Where,
    /// What is read of each, relative to it; checks name them by position.
    pub reads: Vec<Place>,
    /// What is looked at. The first that says drop decides.
    pub checks: Vec<Check>,
    /// Whether [`crate::Items::keep`] is asked about what passes the checks.
    pub ask: bool,
    /// Whoever is asked only looks: it keeps an item or cuts the answer, and drops none.
    pub looks: bool,
    /// What happens to one that can't be decided in time.
    pub undecided: Undecided,
}

impl ItemDuty {
    /// A duty that does nothing yet.
    #[must_use]
    pub fn new(tag: u32, at: Where) -> Self {
        Self {
            tag,
            at,
            reads: Vec::new(),
            checks: Vec::new(),
            ask: false,
            looks: false,
            undecided: Undecided::Drop,
        }
    }

    /// Adds a read and gives its position.
    pub fn read(&mut self, place: Place) -> usize {
        let known = self.reads.iter().position(|read| *read == place);
        known.unwrap_or_else(|| {
            self.reads.push(place);
            self.reads.len() - 1
        })
    }
}

/// A look at an item, and what follows if it is so.
#[derive(Debug, Clone, PartialEq)]
pub struct Check {
    /// What is looked at.
    pub test: Test,
    /// What follows if it is so.
    pub then: Effect,
}

/// A question about an item. A value that can't be read makes every one of them true.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// The value is one of these, whatever the case of its letters.
    OneOf {
        /// Which read.
        read: usize,
        /// The values.
        values: Vec<Box<str>>,
    },
    /// The value is none of these.
    NotOneOf {
        /// Which read.
        read: usize,
        /// The values.
        values: Vec<Box<str>>,
        /// Whether it is so when there is no value.
        missing: bool,
    },
    /// The time has come, is missing, or can't be read.
    Expired {
        /// Which read.
        read: usize,
    },
    /// There is a value.
    Present {
        /// Which read.
        read: usize,
    },
    /// Always.
    Always,
}

/// What a check leads to.
#[derive(Debug, Clone, Eq, PartialEq)]
pub enum Effect {
    /// The item goes. When it is the whole answer, the answer is withheld.
    Drop,
    /// These members of the item go.
    Strip(Vec<Box<str>>),
}

/// What happens to an item that [`crate::HELD_MAX`] bytes do not decide.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub enum Undecided {
    /// It is dropped.
    Drop,
    /// The answer is cut there.
    Cut,
    /// It leaves: whoever is asked is shown what is known of it by then, and at its end the rest. For a
    /// duty that only looks.
    Keep,
}

/// What is done with JSON inside of strings.
#[derive(Debug, Clone)]
pub enum Embedded {
    /// Every string by the same program.
    Same(Arc<Program>),
    /// By the position of the entry in its list. More entries than programs are a fault.
    Entries(Vec<(Arc<Program>, Option<Box<str>>)>),
}
