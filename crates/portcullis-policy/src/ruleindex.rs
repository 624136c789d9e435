//! Which rules concern a class, so that a decision looks at no others.
//!
//! Must not know what a rule says.

use portcullis_types::{ClassIx, ClassSet};

/// Positions of rules by class.
#[derive(Debug, Clone, Default)]
pub(crate) struct RuleIndex {
    allow: Table,
    deny: Table,
}

/// For each class, a run of positions.
#[derive(Debug, Clone, Default)]
struct Table {
    starts: Box<[u32]>,
    rules: Box<[u16]>,
}

impl Table {
    fn new<'s>(classes: usize, sets: impl Iterator<Item = Option<&'s ClassSet>> + Clone) -> Self {
        let mut starts = Vec::with_capacity(classes + 1);
        let mut rules = Vec::new();
        for class in (0u16..).take(classes).map(ClassIx) {
            starts.push(u32::try_from(rules.len()).unwrap_or(u32::MAX));
            let concerned = (0u16..).zip(sets.clone());
            let concerned = concerned.filter(|(_, set)| set.is_none_or(|set| set.contains(class)));
            rules.extend(concerned.map(|(at, _)| at));
        }
        starts.push(u32::try_from(rules.len()).unwrap_or(u32::MAX));
        Self { starts: starts.into(), rules: rules.into() }
    }

    fn of(&self, class: ClassIx) -> &[u16] {
        let edge = |at: usize| self.starts.get(at).map(|start| *start as usize);
        let run = edge(class.at()).zip(edge(class.at() + 1));
        run.and_then(|(from, to)| self.rules.get(from..to)).unwrap_or(&[])
    }
}

impl RuleIndex {
    /// Of so many classes; a rule without a set concerns all of them.
    pub(crate) fn new<'s>(
        classes: usize,
        allow: impl Iterator<Item = &'s ClassSet> + Clone,
        deny: impl Iterator<Item = Option<&'s ClassSet>> + Clone,
    ) -> Self {
        Self { allow: Table::new(classes, allow.map(Some)), deny: Table::new(classes, deny) }
    }

    pub(crate) fn allow(&self, class: ClassIx) -> &[u16] {
        self.allow.of(class)
    }

    pub(crate) fn deny(&self, class: ClassIx) -> &[u16] {
        self.deny.of(class)
    }
}
