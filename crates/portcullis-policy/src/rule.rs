//! The compiled parts of a tier: what it allows, denies, limits, filters and watches.
//!
//! Must not know how they were written, nor how anything is counted.

mod filter;
mod limit;
mod target;
mod watch;
mod when;

use std::sync::Arc;

use portcullis_types::{ClassSet, FieldSet, RateId, ReasonCode};

pub use filter::{DropItems, Filter, Owner};
pub use limit::{Each, Extent, Limit, Max, Sharer};
pub use target::TargetRule;
pub use watch::{Action, Signal, Watch};
pub use when::{AgeOf, Presence, Standing, When};

/// A position of the policy set or of one tier.
macro_rules! place {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Eq, PartialEq, Ord, PartialOrd, Hash)]
        pub struct $name(pub u16);

        impl $name {
            /// As a position in a slice.
            #[must_use]
            pub const fn at(self) -> usize {
                self.0 as usize
            }
        }
    };
}

place!(/// A list of declared facts that some tier names, such as `locations`.
    ListIx);
place!(/// A declared figure that some tier names, such as `calls_per_hour`.
    FigureIx);
place!(/// A limit of a tier.
    LimitIx);
place!(/// An allow rule of a tier.
    AllowIx);
place!(/// A deny rule of a tier.
    DenyIx);

/// A rule of a tier that says yes or no.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Hash)]
pub enum RuleIx {
    /// One that grants.
    Allow(AllowIx),
    /// One that denies.
    Deny(DenyIx),
}

/// Grants classes to targets, with conditions.
#[derive(Debug, Clone)]
pub struct Allow {
    /// Its name within the tier.
    pub id: RateId,
    /// Its name with the tier's, such as `publishing/own-posts`.
    pub name: Arc<str>,
    /// What it grants.
    pub classes: ClassSet,
    /// To whose things it applies.
    pub target: TargetRule,
    /// What else must hold; none: nothing.
    pub when: Option<When>,
    /// The fields it grants, over all types its classes give.
    pub fields: FieldSet,
    /// The classes of those fields.
    pub field_classes: ClassSet,
    /// Most rows of one page; none: as many as the platform gives.
    pub rows: Option<u32>,
    /// Most ids of one call.
    pub ids: u32,
    /// The limits it debits.
    pub limits: Vec<LimitIx>,
    /// What the partner is told where this rule is what was missed.
    pub tell: Option<Arc<str>>,
    /// Judged and recorded, but grants nothing.
    pub shadow: bool,
    /// Whether it hangs on what was declared, hence closes when the review lapses.
    pub on_declared: bool,
    /// What must be no more than agreed for it to grant anything.
    pub(crate) extents: Vec<Extent>,
}

impl Allow {
    /// Whether it hangs on a list or on grants; `limits` are those of its tier.
    pub(crate) fn hangs_on(&self, of: Each, limits: &[Limit]) -> bool {
        let target = match of {
            Each::Grants => self.target.granted,
            Each::List(list) => {
                self.target.declared == Some(list) || self.target.undeclared == Some(list)
            }
        };
        let grows =
            |limit: &Limit| matches!(limit.max, Max::ForEach { of: each, .. } if each == of);
        target || self.limits.iter().any(|ix| limits.get(ix.at()).is_some_and(grows))
    }
}

/// Denies, whatever is allowed.
#[derive(Debug, Clone)]
pub struct Deny {
    /// Its name within the tier.
    pub id: RateId,
    /// Its name with the tier's.
    pub name: Arc<str>,
    /// What it denies; none: every class.
    pub classes: Option<ClassSet>,
    /// To whose things it applies.
    pub target: TargetRule,
    /// What else must hold; none: nothing.
    pub when: Option<When>,
    /// Only asks for one of these fields; none: whatever the fields.
    pub fields: Option<FieldSet>,
    /// A further condition in Cedar; in doubt it denies.
    pub hatch: Option<crate::hatch::Hatch>,
    /// Why, for records.
    pub reason: Option<ReasonCode>,
    /// What the partner is told.
    pub tell: Option<Arc<str>>,
    /// Judged and recorded, but denies nothing.
    pub shadow: bool,
}

impl Deny {
    /// Whether it speaks of a class.
    #[must_use]
    pub fn concerns(&self, class: portcullis_types::ClassIx) -> bool {
        self.classes.as_ref().is_none_or(|classes| classes.contains(class))
    }
}
