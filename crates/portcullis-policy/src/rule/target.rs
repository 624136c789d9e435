//! Whose things a rule speaks of.
//!
//! Must not know who a partner is: [`crate::Known`] tells what it declared and who authorised it.

use portcullis_types::asked::{Ask, Target, Via};
use portcullis_types::{ClassSet, TypeIx};

use super::ListIx;
use crate::judge::Known;

/// A condition on the target of an ask; all its parts must hold.
#[derive(Debug, Clone, Default, Eq, PartialEq)]
pub struct TargetRule {
    /// No target at all.
    pub none: bool,
    /// In this declared list.
    pub declared: Option<ListIx>,
    /// In none of these declared lists.
    pub undeclared: Option<ListIx>,
    /// An account that authorised the partner.
    pub granted: bool,
    /// Asked inside something of these classes.
    pub found_by: Option<ClassSet>,
    /// Of one of these types; empty: of any.
    pub types: Vec<TypeIx>,
}

impl TargetRule {
    /// Whether it fits every target.
    #[must_use]
    pub fn is_any(&self) -> bool {
        *self == Self::default()
    }

    /// Whether an ask fits; `asks` are all of the call.
    #[must_use]
    pub fn fits(&self, ask: &Ask<'_>, asks: &[Ask<'_>], known: &dyn Known) -> bool {
        if self.none {
            return ask.target == Target::None;
        }
        let typed = || match ask.target {
            Target::None => false,
            Target::Node(kind, _) | Target::Named(kind, _) | Target::Found(kind, _) => {
                self.types.contains(&kind)
            }
        };
        (self.types.is_empty() || typed())
            && self.found_by.as_ref().is_none_or(|classes| inside(classes, ask, asks))
            && self.declared.is_none_or(|list| known.declared(list, &ask.target))
            && self.undeclared.is_none_or(|list| !known.declared(list, &ask.target))
            && (!self.granted || known.is_granted(&ask.target))
    }
}

/// Whether an ask stands inside one of the classes.
fn inside(classes: &ClassSet, ask: &Ask<'_>, asks: &[Ask<'_>]) -> bool {
    let parent = match (ask.via, ask.target) {
        (Via::Edge(_, at), _) | (Via::Operation, Target::Found(_, at)) => at,
        (Via::Operation, Target::None | Target::Node(..) | Target::Named(..)) => return false,
    };
    // An edge of a node that only carries it stands in nothing but itself.
    let outer = asks.get(parent).filter(|outer| !std::ptr::eq(*outer, ask));
    outer.is_some_and(|outer| classes.contains(outer.class))
}
