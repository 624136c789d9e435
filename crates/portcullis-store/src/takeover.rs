//! Taking a store over from a process that serves it: read beside it first, which may take its time,
//! and on from there once the other has let go.
//!
//! Must not know who the other is or how it is told.

use portcullis_types::Wall;

use crate::database;
use crate::error::StoreError;
use crate::files::{self, Found};
use crate::open::{Opened, Options, Policy, Store, recover};
use crate::recover::{Depth, Walked};

/// A store that was read while another process writes it.
#[derive(Debug)]
pub struct Following {
    options: Options,
    pub(crate) walked: Walked,
    policy: Policy,
}

impl Store {
    /// Reads a store that another process writes; nothing is written.
    ///
    /// # Errors
    /// [`StoreError`]: what would keep it from being opened.
    pub async fn follow(options: Options) -> Result<Following, StoreError> {
        let path = &options.path;
        let nothing = || StoreError::not_readable(path, "there is no log to take over");
        if files::look(path)? == Found::Nothing {
            return Err(nothing());
        }
        let beside = files::read_checkpoint(path)?;
        let reader = database::reader_beside(path).await?;
        let found = recover(reader, path, (None, beside), Depth::Start { gather: u64::MAX });
        let (walked, policy) = found.await?.ok_or_else(nothing)?;
        Ok(Following { options, walked, policy })
    }
}

impl Following {
    /// How many events were read.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.walked.check.size()
    }

    /// The policy set in force, as far as was read.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// Reads what was added since and opens the store, as [`Store::open`] does. To be called once the
    /// other process has let go.
    ///
    /// # Errors
    /// [`StoreError`], [`StoreError::Locked`] while the other holds it.
    pub async fn take(self, now: Wall) -> Result<Opened, StoreError> {
        Store::open_after(self.options, Some(self.walked), now).await
    }
}
