//! Which members of an item a filter has to read, and what it looks for in them.
//!
//! Must not know where the item stands.

use portcullis_catalogue::Catalogue;
use portcullis_policy::DropItems;
use portcullis_types::TypeIx;

/// What kind of item it is.
const KIND: &[&str] = &["media_product_type"];
/// When it vanishes.
const EXPIRY: &[&str] = &["expires_at"];
/// What kind of account it is of; an item that says so of itself is asked itself.
const ACCOUNT: &[&str] = &["account_type", "owner.account_type"];
/// Whose it is, by id and by name.
const OWNER_ID: &[&str] = &["owner.id", "from.id"];
const OWNER_NAME: &[&str] = &["owner.username", "username", "from.username"];
/// The same of an account itself.
const OWN_ID: &[&str] = &["id"];
const OWN_NAME: &[&str] = &["username"];

/// What is read of an item for one condition; paths as the catalogue has them.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(super) enum Need {
    /// One member.
    One(&'static str),
    /// Who owns it.
    Owner {
        id: Option<&'static str>,
        name: Option<&'static str>,
        /// The type of owners.
        kind: Option<TypeIx>,
    },
}

impl Need {
    pub(super) fn paths(self) -> impl Iterator<Item = &'static str> {
        let (one, other) = match self {
            Self::One(path) => (Some(path), None),
            Self::Owner { id, name, .. } => (id, name),
        };
        one.into_iter().chain(other)
    }
}

/// What must be read of items of a type; none: they have no such member.
pub(super) fn need(what: &DropItems, kind: TypeIx, catalogue: &Catalogue) -> Option<Need> {
    let has = |path: &&&'static str| catalogue.field_of(kind, path).is_some();
    let first = |paths: &'static [&'static str]| paths.iter().find(has).copied();
    match what {
        DropItems::ProductType(_) => first(KIND).map(Need::One),
        DropItems::Expired => first(EXPIRY).map(Need::One),
        DropItems::AccountTypeNot(_) => first(ACCOUNT).map(Need::One),
        DropItems::OwnerNot(_) => {
            let account = is_account(kind, catalogue);
            let (ids, names) = if account { (OWN_ID, OWN_NAME) } else { (OWNER_ID, OWNER_NAME) };
            let (id, name) = (first(ids), first(names));
            let holder = id.and_then(|id| id.split('.').next()).filter(|_| !account);
            let owner = holder.and_then(|holder| {
                catalogue.node_type(kind).and_then(|kind| kind.fields.get(holder)?.holds)
            });
            let kind = if account { Some(kind) } else { owner };
            (id.is_some() || name.is_some()).then_some(Need::Owner { id, name, kind })
        }
    }
}

/// Whether nodes of a type own others.
fn is_account(kind: TypeIx, catalogue: &Catalogue) -> bool {
    let types = (0..u16::MAX).map_while(|ix| catalogue.node_type(TypeIx(ix)));
    types
        .into_iter()
        .any(|of| of.fields.get("owner").is_some_and(|owner| owner.holds == Some(kind)))
}
