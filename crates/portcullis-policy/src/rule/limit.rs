//! Limits: so many targets, rows or calls in a rolling window.
//!
//! Must not know what was used already.

use portcullis_catalogue::Catalogue;
use portcullis_types::{Counts, RateId, Span, TypeIx};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{FigureIx, ListIx};
use crate::judge::Known;

/// A budget of a tier.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Limit {
    /// Its name within the tier, shown to the partner when it is reached.
    pub id: RateId,
    /// What it counts.
    pub counts: Counts,
    /// The targets are cells of a grid with sides of so many metres, in which points lie.
    pub cell_m: Option<u32>,
    /// The targets are nodes of these types, asked for or found in answers; empty: whatever is asked.
    pub returned: Vec<TypeIx>,
    /// Whether it counts for each target alone.
    pub each_target: bool,
    /// Most in the window.
    pub max: Max,
    /// The rolling window.
    pub window: Span,
    /// Who shares it.
    pub per: Sharer,
    /// Counted and recorded, but refuses nothing.
    pub shadow: bool,
}

impl Limit {
    /// The members by which answers of a type name nodes that this limit counts when they are found:
    /// dotted paths, and the type of what they name. `asked` is the type of the node that was asked for
    /// by itself: what gives that node finds none.
    #[must_use]
    pub fn names_in<'c>(
        &self,
        catalogue: &'c Catalogue,
        gives: TypeIx,
        asked: Option<TypeIx>,
    ) -> Vec<(&'c str, TypeIx)> {
        if self.returned.is_empty() {
            return Vec::new();
        }
        let named = |path: &str| match path.strip_suffix(".id") {
            None => (path == "id" && asked != Some(gives)).then_some(gives),
            Some(holder) => {
                let holder = catalogue.node_type(gives)?.fields.get(holder)?;
                holder.holds.filter(|_| holder.inline)
            }
        };
        let own = catalogue.fields().filter(|field| field.kind == gives);
        let named = own.filter_map(|field| Some((field.path, named(field.path)?)));
        named.filter(|(_, kind)| self.returned.contains(kind)).collect()
    }
}

/// The figure of a limit or rate.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub enum Max {
    /// The same for everyone.
    Fixed(u64),
    /// A declared figure; 0 where it is not declared.
    Figure(FigureIx),
    /// So many for each.
    ForEach {
        /// Each of what.
        of: Each,
        /// How many.
        times: u64,
    },
}

/// What a limit grows with.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub enum Each {
    /// Accounts that authorised the partner.
    Grants,
    /// Entries of a declared list.
    List(ListIx),
}

impl Max {
    /// The figure for one partner.
    #[must_use]
    pub fn of(self, known: &dyn Known) -> u64 {
        match self {
            Self::Fixed(max) => max,
            Self::Figure(figure) => known.figure(figure).unwrap_or(0),
            Self::ForEach { of: Each::Grants, times } => known.grants().saturating_mul(times),
            Self::ForEach { of: Each::List(list), times } => {
                known.count(list).saturating_mul(times)
            }
        }
    }

    /// Whether it hangs on what was declared.
    #[must_use]
    pub const fn on_declared(self) -> bool {
        matches!(self, Self::Figure(_) | Self::ForEach { of: Each::List(_), .. })
    }
}

/// How much a partner may declare of something, or be authorised by.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub struct Extent {
    /// Of what.
    pub of: Each,
    /// So much at most.
    pub most: u64,
}

impl Extent {
    /// How much there is, where it is more than agreed.
    pub(crate) fn exceeded(&self, known: &dyn Known) -> Option<u64> {
        let count = match self.of {
            Each::Grants => known.grants(),
            Each::List(list) => known.count(list),
        };
        (count > self.most).then_some(count)
    }
}

/// Who shares a limit; the more share it, the later it stands.
#[derive(
    Debug, Clone, Copy, Eq, PartialEq, Ord, PartialOrd, Hash, Deserialize, Serialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Sharer {
    /// Each key alone.
    Key,
    /// All keys of a client together; a key of no client counts for the partner itself.
    Client,
    /// All keys of the partner together.
    Partner,
    /// All partners of the declared group together; a partner of none counts alone.
    Group,
}
