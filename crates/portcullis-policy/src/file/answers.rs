//! The shape of filters and watches.
//!
//! Must not know which values make sense together: `compile` does.

use portcullis_types::Span;
use portcullis_yaml::At;
use schemars::JsonSchema;
use serde::Deserialize;

use super::ClassesFile;
use crate::rule::{Action, Signal};

/// Takes items or fields out of answers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FilterFile {
    /// Its name.
    pub(crate) id: At<String>,
    /// The classes whose answers it concerns, or `any`.
    pub(crate) class: At<ClassesFile>,
    /// Items to drop: those for which one of these holds.
    pub(crate) drop_items: Option<At<DropItemsFile>>,
    /// Fields to drop.
    pub(crate) drop_fields: Option<At<Vec<At<String>>>>,
    /// Not what these allow rules granted.
    #[serde(default)]
    pub(crate) except: Vec<At<String>>,
    /// Counted and recorded, but drops nothing.
    pub(crate) shadow: Option<bool>,
}

/// Which items are dropped.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DropItemsFile {
    /// `media_product_type` is one of these.
    pub(crate) product_type: Option<At<Vec<At<String>>>>,
    /// `expires_at` is past or missing.
    pub(crate) expired: Option<At<bool>>,
    /// The owner's `account_type` is none of these, or not known.
    pub(crate) account_type_not: Option<At<Vec<At<String>>>>,
    /// The owner is not in this declared list; `granted`: has not authorised the partner.
    pub(crate) owner_not: Option<At<String>>,
}

/// A signal, its threshold and what follows.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WatchFile {
    /// Its name.
    pub(crate) id: At<String>,
    /// What is watched.
    pub(crate) signal: Signal,
    /// Only these classes. Left out: all.
    pub(crate) class: Option<At<Vec<At<String>>>>,
    /// Only targets that are neither declared nor authorised.
    pub(crate) undeclared_only: Option<bool>,
    /// Beyond this it hits; per cent where the signal is a share.
    pub(crate) over: At<u64>,
    /// The rolling window, up to `31d`.
    #[schemars(with = "String")]
    pub(crate) per: At<Span>,
    /// Not before so many calls or targets were seen. For `id_walk` the largest gap between one id and
    /// the next; 0: any, as long as ids go one way without a break. Left out: as is usual for the signal.
    pub(crate) min: Option<At<u64>>,
    /// What follows.
    pub(crate) then: At<Vec<Action>>,
    /// How long it is silent after a hit; `24h` where not given.
    #[schemars(with = "Option<String>")]
    pub(crate) cool_down: Option<At<Span>>,
    /// What the partner is told where it is held.
    pub(crate) tell: Option<At<String>>,
    /// Recorded, but nothing follows.
    pub(crate) shadow: Option<bool>,
}
