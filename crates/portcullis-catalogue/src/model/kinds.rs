//! Which types of nodes are accounts, and which are places.
//!
//! Must not know a call.

use portcullis_types::TypeIx;

use super::Catalogue;

/// The members that hold whose something is, and where it was made.
const OWNERS: &[&str] = &["owner", "from"];
const PLACES: &[&str] = &["location", "place"];

/// Types that own others, and types where others were made.
#[derive(Debug, Default)]
pub struct Kinds {
    accounts: Vec<TypeIx>,
    places: Vec<TypeIx>,
}

impl Kinds {
    /// By what the members are that hold whose something is, and where it was made.
    #[must_use]
    pub fn of(catalogue: &Catalogue) -> Self {
        let mut kinds = Self::default();
        let types = (0..u16::MAX).map_while(|ix| catalogue.node_type(TypeIx(ix)));
        for kind in types {
            let held = |name: &&str| kind.fields.get(*name)?.holds;
            kinds.accounts.extend(OWNERS.iter().filter_map(held));
            // A place's own position stands under the same name, and has no id.
            let has_id = |ix: &TypeIx| catalogue.field_of(*ix, "id").is_some();
            kinds.places.extend(PLACES.iter().filter_map(held).filter(has_id));
        }
        kinds
    }

    /// Whether nodes of a type own others.
    #[must_use]
    pub fn is_account(&self, kind: TypeIx) -> bool {
        self.accounts.contains(&kind)
    }

    /// Whether others are made at nodes of a type.
    #[must_use]
    pub fn is_place(&self, kind: TypeIx) -> bool {
        self.places.contains(&kind)
    }
}
