//! What must happen to an answer before it may leave: items and members out, links made ours.
//!
//! Duties are worked out once for each shape of call and kept by the desk. Must not know how an answer
//! arrives or is sent.

mod due;
mod items;
mod lower;
mod lowering;
mod members;
mod needs;
mod places;
mod record;
mod shapes;

use std::fmt;
use std::sync::Arc;

use portcullis_sieve::{Plan, Program};
use portcullis_types::Refusal;

pub(crate) use due::{Due, is_recorded};
pub use items::ItemJudge;
pub(crate) use items::ItemRule;
pub(crate) use lower::{Call, Shape};
pub(crate) use shapes::Shapes;

/// What must happen to the answers to calls of one shape. Shared by all of them.
pub struct Duties {
    /// What the sieve does; [`Program::is_empty`] where no member is touched.
    pub program: Arc<Program>,
    /// Whether nobody may keep the answer: it can hold what vanishes.
    pub no_store: bool,
    /// By tag of the sieve's tallies, the filter that looks at the items there; without a name where
    /// nothing is taken out.
    pub rules: Vec<Arc<str>>,
    /// By tag, what is asked about an item beside what the program looks at.
    pub(crate) items: Vec<ItemRule>,
}

/// The duties that don't hang on what is granted, made once for each desk: were they shared by all
/// threads, counting who holds them would be what threads wait for.
pub(crate) struct Standing {
    /// By whether links are rewritten and whether nobody may keep it.
    of: [Option<Arc<Duties>>; 4],
}

impl Standing {
    pub(crate) fn new() -> Self {
        let duties = |links: bool, no_store: bool| {
            let mut plan = Plan::default();
            if links {
                plan.links();
            }
            let program = Arc::new(plan.compile().ok()?);
            Some(Arc::new(Duties { program, no_store, rules: Vec::new(), items: Vec::new() }))
        };
        Self { of: [None, duties(true, false), duties(false, true), duties(true, true)] }
    }

    /// The duties of a call that no filter concerns; none: its answer passes as it is.
    pub(crate) fn of(&self, links: bool, no_store: bool) -> Result<Option<Arc<Duties>>, Refusal> {
        let at = usize::from(links) + 2 * usize::from(no_store);
        match self.of.get(at) {
            Some(Some(duties)) => Ok(Some(Arc::clone(duties))),
            Some(None) if at == 0 => Ok(None),
            // They could not be made, so the answer can't be given.
            _ => Err(Refusal::Internal),
        }
    }
}

impl fmt::Debug for Duties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Duties").field("rules", &self.rules).finish_non_exhaustive()
    }
}
