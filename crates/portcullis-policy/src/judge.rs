//! The decision over asks: every ask must be granted by a rule, and none may be denied.
//!
//! A function of values: no clock, no counter, nothing that can fail. Must not know how anything is
//! counted or who a partner is.

mod debit;
mod decide;
pub(crate) mod refuse;
pub(crate) mod rules;

use std::sync::Arc;

use portcullis_types::asked::Target;
use portcullis_types::{ClassSet, FieldSet, ScopeSet, Wall};
use smallvec::SmallVec;

use crate::rule::{AgeOf, AllowIx, FigureIx, LimitIx, ListIx, RuleIx, Standing};

/// Who calls, as far as a decision goes.
#[derive(Clone, Copy)]
pub struct Caller<'a> {
    /// What partner, client and key narrow to; see `PolicySet::narrowed`.
    pub granted: &'a ClassSet,
    /// What is known of the partner.
    pub known: &'a dyn Known,
    /// The moment of the call.
    pub now: Wall,
}

/// What is known of a partner: what it declared, who authorised it, how it stands.
pub trait Known {
    /// Whether the target stands in a declared list: its id, or its name in lower case.
    fn declared(&self, list: ListIx, target: &Target<'_>) -> bool;
    /// Whether the target is an account whose grant to this partner is in force now.
    fn is_granted(&self, target: &Target<'_>) -> bool;
    /// How many entries a declared list has; 0 where there is none.
    fn count(&self, list: ListIx) -> u64;
    /// How many accounts have a grant in force now.
    fn grants(&self) -> u64;
    /// A declared figure.
    fn figure(&self, name: FigureIx) -> Option<u64>;
    /// How the platform regards the partner.
    fn standing(&self) -> Standing {
        Standing::Good
    }
    /// The scopes that the key holds, after what partner, client and key are narrowed to.
    fn scopes(&self) -> ScopeSet {
        ScopeSet::ALL
    }
    /// Since when the partner or its key is there; none: not known.
    fn since(&self, _: AgeOf) -> Option<Wall> {
        None
    }
    /// Since when the declaration should have been looked at again; none: it need not.
    fn review_lapsed(&self) -> Option<Wall>;
}

/// What a decision comes with. Taken again for the next call, it allocates nothing.
#[derive(Debug, Clone, Default)]
pub struct Ruling {
    /// What granted each ask, in their order.
    pub passed: SmallVec<[Passed; 2]>,
    /// What is debited if the call is sent on.
    pub debits: SmallVec<[Debit; 4]>,
    /// The page size that the operation's own list is cut down to.
    pub clamp: Option<u32>,
    /// The fields to ask for, since the call names none and would be given more than is granted.
    pub default_fields: Option<FieldSet>,
    /// The filters that the answer passes, as bits by position; shadowed ones among them.
    pub filters: u64,
    /// Shadowed rules that would have decided otherwise.
    pub shadowed: SmallVec<[RuleIx; 2]>,
    /// Every rule that said no, or that was missed.
    pub denied_by: Vec<Arc<str>>,
}

/// What granted an ask.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Hash)]
pub enum Passed {
    /// The scopes of the tier.
    Scopes,
    /// A rule.
    Rule(AllowIx),
    /// Nothing: the call is refused.
    Nothing,
}

/// One debit of a limit.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub struct Debit {
    /// Which limit.
    pub limit: LimitIx,
    /// Which ask, whose target it is; where that is only known from the answer, so many at most.
    pub ask: usize,
    /// How many targets, rows or calls.
    pub amount: u32,
    /// It is for what the answer names, which is debited as it is found; until then one stands for
    /// all of it.
    pub found: bool,
    /// Most in the window, for this partner.
    pub max: u64,
}

impl Ruling {
    /// Empties it for the next call.
    pub fn clear(&mut self) {
        self.passed.clear();
        self.debits.clear();
        self.clamp = None;
        self.default_fields = None;
        self.filters = 0;
        self.shadowed.clear();
        self.denied_by.clear();
    }
}
