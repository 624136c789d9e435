//! What a thread is made of.
//!
//! Must not know what becomes of it.

use std::sync::Arc;

use portcullis_judge::{Desk, UsageCells};
use portcullis_types::Clock;

use crate::addresses::Addresses;
use crate::aside::AsideOutlet;
use crate::ledger::LedgerRing;
use crate::metrics::Metrics;
use crate::records::Ring;
use crate::settings::Settings;
use crate::shares::Share;
use crate::trace::Traces;
use crate::upstream::Known;

/// What a thread is made of.
pub(crate) struct Parts {
    pub(crate) settings: Arc<Settings>,
    /// What all threads know of the upstreams.
    pub(crate) upstreams: Arc<[Known]>,
    pub(crate) desk: Desk,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) addresses: Arc<Addresses>,
    pub(crate) share: Share,
    pub(crate) ring: Option<Ring>,
    pub(crate) usage: Option<UsageCells>,
    pub(crate) aside: Option<AsideOutlet>,
    pub(crate) traces: Option<Traces>,
    pub(crate) ledger: Option<LedgerRing>,
}
