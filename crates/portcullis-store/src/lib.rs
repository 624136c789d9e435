//! The log in one SQLite file: recovery, the one writer, and the check of a file at rest.
//!
//! Storey 3. The truth is the events and the blobs they name; the state is folded from them at
//! every start. A damaged file is reported with the first bad revision and never written to.
//! Must not know HTTP, the proxy, the control plane, or what a policy says.
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

mod answer;
mod append;
mod backup;
mod beside;
mod clocks;
mod database;
mod deletions;
mod error;
mod evidence;
mod files;
mod follow;
mod grants;
mod guard;
mod guarded;
mod inspect;
mod office;
mod open;
mod outbox;
mod past;
mod pending;
mod personal;
mod recover;
mod repeats;
mod retention;
mod take;
mod takeover;
mod writer;

#[cfg(test)]
mod tests;

pub use backup::{Copied, Manifest, PutBack, Wanted};
pub use deletions::{DeletionBook, DeletionBookError, Duties, Vanishes, Vanishing};
pub use error::StoreError;
pub use files::cosigned_path;
pub use follow::Follower;
pub use office::OfficeHandle;
pub use open::{Opened, Options, Policy, Recovered, Store};
pub use outbox::{
    Backlog, Bytes, DeliveryRow, DueDelivery, HOOKS_MAX, KeptHook, NewDelivery, Outbox, Tried,
};
pub use repeats::{RepeatRow, Repeats};
pub use retention::Looks;
pub use takeover::Following;
pub use writer::Writer;
