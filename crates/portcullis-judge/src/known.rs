//! What is known of a partner when it calls: its declared facts, made ready once, and its grants.
//!
//! Must not know policies beyond the names of the lists and figures they speak of.

use std::collections::HashSet;
use std::sync::Arc;

use portcullis_catalogue::Catalogue;
use portcullis_policy::{AgeOf, FigureIx, Known, ListIx, PolicySet, Standing};
use portcullis_registry::{KeyRecord, SubjectIx};
use portcullis_types::asked::Target;
use portcullis_types::{ClientIx, Facts, PartnerIx, ScopeSet, Wall};
use smallvec::SmallVec;

use crate::grants::GrantBook;
use crate::names::Names;
use crate::narrowed::stands;
use crate::view::View;

/// Declared facts, by the numbers of the policy set in force.
pub(crate) struct FactSets {
    /// What they were made from: unchanged facts are not made ready again.
    pub(crate) facts: Arc<Facts>,
    lists: Vec<HashSet<Box<str>>>,
    figures: Vec<Option<u64>>,
}

impl FactSets {
    pub(crate) fn new(facts: &Arc<Facts>, policies: &PolicySet) -> Self {
        let list = |name: &str| {
            let entries = facts.lists.get(name).into_iter().flatten();
            entries.map(|entry| entry.to_lowercase().into()).collect()
        };
        Self {
            facts: Arc::clone(facts),
            lists: policies.lists().map(list).collect(),
            figures: policies.figures().map(|name| facts.figures.get(name).copied()).collect(),
        }
    }

    pub(crate) fn list(&self, ix: ListIx) -> Option<&HashSet<Box<str>>> {
        self.lists.get(ix.at())
    }
}

/// A partner at one moment.
pub(crate) struct Partner<'a> {
    pub(crate) facts: &'a FactSets,
    pub(crate) names: &'a Names,
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) grants: &'a GrantBook,
    pub(crate) partner: PartnerIx,
    pub(crate) client: Option<ClientIx>,
    pub(crate) now: Wall,
    /// As far as anything narrows the partner.
    pub(crate) stands: Standing,
    pub(crate) view: &'a View,
    pub(crate) key: &'a KeyRecord,
    /// The clients that a call of an unbound key is for.
    pub(crate) acting: SmallVec<[ClientIx; 2]>,
}

impl Partner<'_> {
    /// Whether a target was declared in any list, or authorised the partner.
    pub(crate) fn agreed(&self, target: &Target<'_>) -> bool {
        let lists = (0u16..).take(self.facts.lists.len()).map(ListIx);
        self.is_granted(target) || lists.into_iter().any(|list| self.declared(list, target))
    }
}

/// The account that a call's credential stands for.
const ME: &str = "me";

impl Known for Partner<'_> {
    fn declared(&self, list: ListIx, target: &Target<'_>) -> bool {
        let Some(list) = self.facts.list(list).filter(|list| !list.is_empty()) else {
            return false;
        };
        match *target {
            // What is only known from the answer is not known to be declared.
            Target::None | Target::Found(..) => false,
            Target::Named(_, name) => list.contains(name),
            Target::Node(kind, id) => {
                list.contains(id) || {
                    let kind = self.catalogue.node_type(kind).map(|kind| kind.name.as_str());
                    let name = kind.and_then(|kind| self.names.of(kind, id));
                    name.is_some_and(|name| list.contains(name))
                }
            }
        }
    }

    fn is_granted(&self, target: &Target<'_>) -> bool {
        match *target {
            Target::Node(_, ME) => self.grants() > 0,
            Target::Node(_, id) => self.grants.holds(id, self.partner, self.client, self.now),
            Target::None | Target::Named(..) | Target::Found(..) => false,
        }
    }

    fn count(&self, list: ListIx) -> u64 {
        self.facts.list(list).map_or(0, |list| list.len() as u64)
    }

    fn grants(&self) -> u64 {
        self.grants.count(self.partner, self.now)
    }

    fn figure(&self, name: FigureIx) -> Option<u64> {
        self.facts.figures.get(name.at()).copied().flatten()
    }

    fn standing(&self) -> Standing {
        if self.stands != Standing::Good {
            return self.stands;
        }
        // A warning takes nothing, so that nothing narrows.
        let course = self.view.snapshot.course(SubjectIx::Partner(self.partner));
        course.map_or(Standing::Good, |course| stands(course.state))
    }

    fn scopes(&self) -> ScopeSet {
        self.view.scopes(self.key, &self.acting)
    }

    fn since(&self, of: AgeOf) -> Option<Wall> {
        match of {
            AgeOf::Key => Some(self.key.issued),
            AgeOf::Partner => self.view.snapshot.partner(self.partner).map(|one| one.added),
        }
    }

    fn review_lapsed(&self) -> Option<Wall> {
        self.facts.facts.review_by.filter(|by| *by <= self.now)
    }
}
