//! Names that stand for ids: what a partner declares by name, a call asks for by id.
//!
//! Fed by the platform's own lists of hashtags and accounts. Must not know who declared what.

use std::collections::{BTreeMap, HashMap};

/// Names by id, for each type of node.
#[derive(Debug, Default, Clone)]
pub struct Names {
    of: BTreeMap<Box<str>, HashMap<Box<str>, Box<str>>>,
}

impl Names {
    /// Takes in the name of a node of a type, such as `hashtag`; compared in lower case from here on.
    pub fn insert(&mut self, kind: &str, name: &str, id: &str) {
        self.of.entry(kind.into()).or_default().insert(id.into(), name.to_lowercase().into());
    }

    /// The name of a node, in lower case.
    #[must_use]
    pub fn of(&self, kind: &str, id: &str) -> Option<&str> {
        self.of.get(kind)?.get(id).map(AsRef::as_ref)
    }
}
