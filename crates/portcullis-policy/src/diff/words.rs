//! Names of classes, fields and targets in effects.
//!
//! Must not know what is compared.

use std::sync::Arc;

use portcullis_catalogue::Catalogue;
use portcullis_types::{CLASSES_MAX, ClassIx, ClassSet, FieldSet, TypeIx};

use crate::judge::refuse::words;
use crate::rule::{Each, ListIx, Max, TargetRule};

/// How many names are listed before the rest is counted.
const LISTED_MAX: usize = 6;

/// What names are looked up in.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) lists: &'a [Arc<str>],
}

/// Names in backticks, the last after "and".
pub(super) fn join(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [] => "nothing".to_owned(),
        [one] => one.clone(),
        all if all.len() > LISTED_MAX => {
            let shown: Vec<&str> = all.iter().take(LISTED_MAX).map(String::as_str).collect();
            format!("{} and {} more", shown.join(", "), all.len() - LISTED_MAX)
        }
        [all @ .., last] => format!("{} and {last}", all.join(", ")),
    }
}

/// Every class there may be.
pub(super) fn all_classes() -> impl Iterator<Item = ClassIx> {
    (0u16..).take(CLASSES_MAX).map(ClassIx)
}

impl Words<'_> {
    pub(super) fn classes(&self, set: &ClassSet) -> String {
        let all = all_classes().filter(|class| set.contains(*class));
        join(&all.map(|class| self.catalogue.class_name(class).to_owned()).collect::<Vec<_>>())
    }

    pub(super) fn fields(&self, set: &FieldSet) -> String {
        let mut names: Vec<String> = Vec::new();
        for field in set.iter().filter_map(|ix| self.catalogue.field_ref(ix)) {
            if !names.iter().any(|name| name == field.path) {
                names.push(field.path.to_owned());
            }
        }
        join(&names)
    }

    pub(super) fn target(&self, target: &TargetRule) -> String {
        words(target, self.catalogue, &|list| self.list(list))
    }

    pub(super) fn types(&self, kinds: &[TypeIx]) -> String {
        let names = kinds.iter().filter_map(|kind| self.catalogue.node_type(*kind));
        join(&names.map(|kind| kind.name.to_string()).collect::<Vec<_>>())
    }

    pub(super) fn list(&self, list: ListIx) -> &str {
        self.lists.get(list.at()).map_or("?", |name| &**name)
    }

    pub(super) fn max(&self, max: Max) -> String {
        match max {
            Max::Fixed(max) => max.to_string(),
            Max::Figure(_) => "the declared figure".to_owned(),
            Max::ForEach { of: Each::Grants, times } => format!("{times} for each grant"),
            Max::ForEach { of: Each::List(list), times } => {
                format!("{times} for each of the declared {}", self.list(list))
            }
        }
    }
}
