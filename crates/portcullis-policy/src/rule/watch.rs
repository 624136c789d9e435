//! Signals that a tier watches for.
//!
//! Must not know how a signal is computed.

use std::sync::Arc;

use portcullis_types::{ClassSet, RateId, Span};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A signal, its threshold and what follows.
#[derive(Debug, Clone)]
pub struct Watch {
    /// Its name within the tier.
    pub id: RateId,
    /// Its name with the tier's.
    pub name: Arc<str>,
    /// What is watched.
    pub signal: Signal,
    /// Only these classes; none: all.
    pub classes: Option<ClassSet>,
    /// Only targets that are in no declared list and not authorised.
    pub undeclared_only: bool,
    /// Beyond this it hits; per cent where the signal is a share.
    pub over: u64,
    /// Not before so many calls or targets were seen; for ids in order the largest gap between two, 0
    /// for any.
    pub min: u64,
    /// The rolling window.
    pub per: Span,
    /// What follows.
    pub then: Vec<Action>,
    /// How long it is silent after a hit.
    pub cool_down: Span,
    /// What the partner is told where it is held.
    pub tell: Option<Arc<str>>,
    /// Recorded, but nothing follows.
    pub shadow: bool,
}

/// What is watched.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Hash, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// Ids asked for one after another in order.
    IdWalk,
    /// Points or cells that cover an area.
    Grid,
    /// Share of answers "not found", in per cent.
    NotFound,
    /// Share of targets never read before, in per cent.
    Novelty,
    /// Different targets.
    Distinct,
    /// Different targets of all keys together against those of one: a partitioned list, in per cent.
    KeyUnion,
    /// Share of targets that another partner reads too, in per cent.
    Overlap,
    /// Pages read of one target.
    PageDepth,
    /// Reads of one account's stories.
    StoryPolling,
    /// Refused calls.
    Refused,
}

/// What follows a hit. None of them ends a key.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Hash, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It is recorded.
    Flag,
    /// A case is opened.
    OpenCase,
    /// The partner is restricted.
    Restrict,
    /// The partner is put on hold, which can be lifted.
    Hold,
}
