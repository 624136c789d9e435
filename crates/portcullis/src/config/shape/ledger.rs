//! The shape of what `portcullis.yaml` says about the ledger.
//!
//! Must not read any other file.

use portcullis_types::Span;
use portcullis_yaml::At;
use schemars::JsonSchema;
use serde::Deserialize;

/// What left, for whom: written down beside the store. How much of which class is for the route files to
/// say.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ledger {
    /// Whether it is written; `true` unless said otherwise.
    #[serde(default)]
    pub enabled: Option<At<bool>>,
    /// Its folder, from the folder of this file; the store's path with the ending `.ledger` unless said
    /// otherwise.
    #[serde(default)]
    pub dir: Option<At<String>>,
    /// How long its files are kept, such as `90d`, which is the default; 1d or more.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub keep: Option<At<Span>>,
    /// How long it can be told of whom the digests in them are: then the key of the day is dropped; `30d`
    /// unless said otherwise, and no longer than the files.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub digests: Option<At<Span>>,
    /// How much time goes into one file; `1h`, the longest, unless said otherwise. Shorter ones make many
    /// small files.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub roll: Option<At<Span>>,
}
