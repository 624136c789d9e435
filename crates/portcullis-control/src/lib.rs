//! The admin API: operators and the command line change the gate's state and look at it here.
//!
//! It listens on a listener of its own. Commands go to an `Office`, candidate files to a
//! [`Checker`], figures come from a [`Probe`], calls from a [`Recall`], keys from a
//! [`KeyMaker`]: all are traits that the binary fills. Must not know the proxy, the store, the pepper or the console.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "a test may stop at the first surprise"
    )
)]

mod api;
mod auth;
mod described;
mod edges;
mod explained;
mod extract;
mod hooks;
mod ledger;
mod lines;
mod moments;
mod names;
mod needs;
mod oidc;
mod once;
mod partner;
mod preview;
mod problem;
mod record;
mod router;
mod serve;
mod settings;
mod stream;
mod views;
mod witness;

pub use api::past::past_view;
pub use api::told::weigh;
pub use edges::{
    AdminCall, AgreedTier, CheckFault, Checked, Checker, Drift, DriftKind, KeyMaker, KeyMakerError,
    LedgerChange, LedgerWay, MintedKey, Probe, Readiness, ReadyDetail, Weighed,
};
pub use explained::{CallExplained, CallNow, CallSignal, CallStep, CallThen, CallWay, Recall};
pub use hooks::{DeliverySeen, HookError, HookMade, HookSeen, Hooks};
pub use ledger::{
    LEDGER_PEOPLE_MAX, LedgerDesk, LedgerFault, LedgerPerson, LedgerQuestion, LedgerTaken,
};
pub use oidc::{ISSUER_BYTES_MAX, IssuerFetch, KeySource, KeysTold, Oidc};
pub use once::{Outcome, RememberedAnswer, Remembers};
pub use partner::{
    AgreedLimit, AgreedOperation, Agreements, PartnerApi, PartnerCall, PartnerDesk, PartnerKey,
    partner_openapi,
};
pub use preview::{Left, Plane, UnderWay};
pub use problem::{Document, EntryFault, Problem};
pub use router::openapi;
pub use serve::ServeError;
pub use settings::{AdminToken, AdminTokenError, Control, ControlSettings};
pub use witness::{CosignError, Cosigner, Witnessed, serve_witness};
