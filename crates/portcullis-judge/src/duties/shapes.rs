//! Duties that were worked out already, by the shape of the call.
//!
//! Must not know how they are worked out.

use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use portcullis_types::asked::Via;
use portcullis_types::{FieldSet, OperationIx, TierIx, TypeIx};
use smallvec::SmallVec;

use super::lower::{Call, Filters, Shape, Withheld};
use crate::rules::Bound;

/// Shapes that are kept. One more, and all are forgotten: which of them come again is not known, and
/// one is made in microseconds.
const SHAPES_MAX: usize = 256;
/// A longer text of `fields` is not worth keeping.
const FIELDS_KEPT_BYTES: usize = 1024;

/// What duties hang on.
#[derive(Debug, Clone, Eq, PartialEq)]
struct Key {
    tier: TierIx,
    operation: OperationIx,
    filters: Filters,
    gives: SmallVec<[Option<TypeIx>; 2]>,
    /// Whether it stands by the operation itself.
    own: SmallVec<[bool; 2]>,
    fields: Option<Box<str>>,
    cut: Option<FieldSet>,
    links: bool,
}

impl Hash for Key {
    /// Of what tells nearly all shapes apart; hashing the rest, too, would take longer than comparing it.
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u32(u32::from(self.tier.0) << 16 | u32::from(self.operation.0));
        self.fields.hash(state);
    }
}

/// Duties by shape, of one set of rules.
#[derive(Default)]
pub(crate) struct Shapes {
    of: Option<Arc<Bound>>,
    known: HashMap<Key, Shape>,
}

impl Shapes {
    /// The duties of a call that filters concern.
    pub(crate) fn shape(
        &mut self,
        bound: &Arc<Bound>,
        tier: TierIx,
        call: &Call<'_, '_, '_>,
        filters: Filters,
    ) -> Result<Shape, Withheld> {
        if !self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, bound)) {
            self.known.clear();
            self.of = Some(Arc::clone(bound));
        }
        let fields = call.fields();
        // Ids that are told apart stand in the program.
        let long = fields.is_some_and(|text| text.len() > FIELDS_KEPT_BYTES);
        if long || call.apart(&filters) {
            return call.lower(&filters);
        }
        let asks = &call.asks.asks;
        let key = Key {
            tier,
            operation: call.operation.ix,
            gives: asks.iter().map(|ask| ask.gives).collect(),
            own: asks.iter().map(|ask| ask.via == Via::Operation).collect(),
            fields: fields.map(Into::into),
            cut: call.ruling.default_fields,
            links: call.links,
            filters,
        };
        if let Some(known) = self.known.get(&key) {
            return Ok(known.clone());
        }
        let shape = call.lower(&key.filters)?;
        if self.known.len() >= SHAPES_MAX {
            self.known.clear();
        }
        self.known.insert(key, shape.clone());
        Ok(shape)
    }
}
