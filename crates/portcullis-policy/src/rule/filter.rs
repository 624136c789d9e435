//! What is taken out of answers.
//!
//! Must not know how an answer is read: the sieve does.

use std::sync::Arc;

use portcullis_types::{ClassSet, FieldSet, RateId};

use super::{AllowIx, ListIx};

/// Takes items or fields out of the answers to some classes.
#[derive(Debug, Clone)]
pub struct Filter {
    /// Its name within the tier.
    pub id: RateId,
    /// Its name with the tier's.
    pub name: Arc<str>,
    /// Which asks it concerns; none: all.
    pub classes: Option<ClassSet>,
    /// Items to drop: those for which one of these holds.
    pub drop_items: Vec<DropItems>,
    /// Fields to drop.
    pub drop_fields: FieldSet,
    /// Not what these rules granted.
    pub except: Vec<AllowIx>,
    /// Counted and recorded, but drops nothing.
    pub shadow: bool,
}

/// Which items are dropped.
#[derive(Debug, Clone, Eq, PartialEq)]
pub enum DropItems {
    /// `media_product_type` is one of these.
    ProductType(Vec<Box<str>>),
    /// `expires_at` is past or missing.
    Expired,
    /// The owner's `account_type` is none of these, or not known.
    AccountTypeNot(Vec<Box<str>>),
    /// The owner is none of these.
    OwnerNot(Owner),
}

/// Whose items stay.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub enum Owner {
    /// Of accounts that authorised the partner.
    Granted,
    /// Of accounts in a declared list.
    Declared(ListIx),
}
