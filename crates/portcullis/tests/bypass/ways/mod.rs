//! The cases, by the way they go.
//!
//! Must not know gates or how a case is tried.

mod batches;
mod budgets;
mod discovery;
mod fields;
mod ids;
mod legacy;
mod overrides;
mod packed;
mod paging;
mod paths;
mod spellings;
mod writes;

use crate::case::Case;
use crate::world::World;

/// All of them.
pub(crate) fn all(world: &World) -> Vec<Case> {
    let lists = [
        paths::cases(world),
        fields::nested(world),
        fields::renamed(world),
        discovery::cases(world),
        writes::cases(world),
        ids::cases(world),
        batches::cases(world),
        overrides::cases(world),
        legacy::cases(world),
        spellings::cases(world),
        paging::cases(world),
        budgets::cases(world),
        packed::cases(world),
    ];
    lists.into_iter().flatten().collect()
}
