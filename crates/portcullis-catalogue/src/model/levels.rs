//! How much the ledger writes down of answers, by class and by field.
//!
//! Must not know what a ledger is made of.

use portcullis_types::{ClassIx, ClassSet, FieldSet, LedgerLevel};

use super::Catalogue;

/// Levels, checked and indexed.
#[derive(Debug)]
pub(crate) struct Levels {
    /// By class.
    pub(crate) classes: Box<[LedgerLevel]>,
    /// The fields whose class, or that of an object that leads to them, is digested.
    pub(crate) digested: FieldSet,
    /// Classes of what belongs to the account that the call names.
    pub(crate) owned: ClassSet,
}

impl Catalogue {
    /// How much is written down of answers of a class.
    #[must_use]
    pub fn level(&self, class: ClassIx) -> LedgerLevel {
        self.levels.classes.get(class.at()).copied().unwrap_or_default()
    }

    /// Whether what a class gives belongs to the account that the call names: then nobody asks for its owner.
    #[must_use]
    pub fn is_owned(&self, class: ClassIx) -> bool {
        self.levels.owned.contains(class)
    }

    /// How much is written down of what an ask of a class gives with these fields: the most that any part
    /// of it asks for.
    #[must_use]
    pub fn level_of(&self, class: ClassIx, fields: &FieldSet) -> LedgerLevel {
        if *fields != fields.without(&self.levels.digested) {
            return LedgerLevel::Digests;
        }
        self.level(class)
    }

    /// What fields are, and what the objects are that lead to them.
    #[must_use]
    pub fn classes_of(&self, fields: &FieldSet) -> ClassSet {
        let mut classes = ClassSet::EMPTY;
        for field in fields.iter().filter_map(|ix| self.field_ref(ix)) {
            field.through.iter().for_each(|class| classes.insert(*class));
            classes.insert(field.class);
        }
        classes
    }
}
