//! What the admin API needs from the rest of the gate, as traits.
//!
//! The binary joins them to the compiler, the metrics and the keys. Must not know who implements
//! them.

use std::net::SocketAddr;
use std::sync::Arc;

pub use portcullis_registry::Weighed;
use portcullis_registry::{PartnerRecord, Snapshot};
use portcullis_types::{KeyId, KeyIx, Wall};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

/// Compiles candidate route and policy files with the very compiler the server uses.
pub trait Checker: Send + Sync {
    /// Compiles a whole set: `(relative name, text)`. Never touches what is in force.
    ///
    /// # Errors
    /// All faults of all files.
    fn check(&self, files: &[(String, Arc<str>)]) -> Result<Checked, Vec<CheckFault>>;

    /// What a set does to the partners there are. In doubt it is not proved narrower.
    fn weighs_set(&self, _files: &[(String, Arc<str>)], _partners: &Snapshot) -> Weighed {
        Weighed::default()
    }

    /// What the ledger would write down otherwise by a set than by the one in force, what it would write
    /// down less of first.
    fn weighs_ledger(&self, _files: &[(String, Arc<str>)]) -> Vec<LedgerChange> {
        Vec::new()
    }

    /// What another tier, by name or by use, does to a partner.
    fn weighs_move(&self, _partner: &PartnerRecord, _to: &AgreedTier) -> Weighed {
        Weighed::default()
    }

    /// The names of the tiers in force.
    fn tiers(&self) -> Vec<String>;

    /// The names of the scopes in force.
    fn scopes(&self) -> Vec<String>;

    /// The names of the classes in force.
    fn classes(&self) -> Vec<String>;
}

/// A tier by its name, or by a use where no tier is named.
#[derive(Debug, Clone, Default, Eq, PartialEq)]
pub struct AgreedTier {
    /// Its name.
    pub tier: Option<String>,
    /// The use.
    pub purpose: Option<String>,
}

/// What the ledger would write down otherwise of what leaves.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, ToSchema)]
pub struct LedgerChange {
    /// Which way, in the words of `portcullis diff`.
    pub way: LedgerWay,
    /// What, as a sentence without its full stop.
    pub text: String,
}

/// Whether more or less is written down than before.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LedgerWay {
    /// Less.
    Wider,
    /// More.
    Narrower,
}

/// What a set without faults holds.
#[derive(Debug, Clone, Default, Eq, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Checked {
    /// How many operations the catalogue lists.
    pub operations: usize,
    /// How many of them have no class and are therefore closed.
    pub unclassified: usize,
    /// How many classes there are.
    pub classes: usize,
    /// The names of the scopes.
    pub scopes: Vec<String>,
    /// The names of the tiers.
    pub tiers: Vec<String>,
}

/// One fault of a route or policy file.
#[derive(Debug, Clone, Default, Eq, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CheckFault {
    /// Stable code, such as `PC0107`.
    pub code: String,
    /// The file, relative to the deployment.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// The line it stands on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excerpt: Option<String>,
    /// What to write instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// The whole fault as a person reads it, with the excerpt and a caret.
    #[serde(default)]
    pub text: String,
}

/// Figures and readiness of the gate.
pub trait Probe: Send + Sync {
    /// The metrics in Prometheus' text format.
    fn metrics(&self) -> String;

    /// Whether the gate can serve, and why not.
    fn ready(&self) -> Readiness;

    /// How the files on disk differ from the set in force; empty when they don't.
    fn drift(&self) -> Vec<Drift>;
}

/// Whether the gate can serve.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, ToSchema)]
pub struct Readiness {
    /// Whether everything needed to serve is there.
    pub ready: bool,
    /// One line for each thing looked at.
    pub detail: Vec<ReadyDetail>,
}

/// One thing that readiness looks at.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, ToSchema)]
pub struct ReadyDetail {
    /// Such as `log`, `policies`, `reload`.
    pub name: String,
    /// Whether it is as it should be.
    pub ok: bool,
    /// How it is, and what to do where it isn't.
    pub detail: String,
}

/// A file on disk that is not the one in force.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, ToSchema)]
pub struct Drift {
    /// Relative to the deployment.
    pub name: String,
    /// In which way it differs.
    pub kind: DriftKind,
}

/// The ways a file can differ from the set in force.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DriftKind {
    /// Other text.
    Changed,
    /// On disk only.
    Added,
    /// In force only.
    Removed,
}

/// Makes keys and digests; holds the pepper so that the admin API needn't.
pub trait KeyMaker: Send + Sync {
    /// Makes a new key for an environment such as `live`.
    ///
    /// # Errors
    /// When the environment's name can't be part of a key, or there is no randomness.
    fn mint(&self, env: Option<&str>) -> Result<MintedKey, KeyMakerError>;

    /// Id and lower-case hex digest of a key made elsewhere.
    fn digest(&self, key: &[u8]) -> (KeyId, String);

    /// The key this secret belongs to already, by the pepper in use or the one before it.
    fn known(&self, key: &[u8]) -> Option<KeyIx>;

    /// The fingerprint of the pepper in use.
    fn pepper(&self) -> String;
}

/// A new key.
pub struct MintedKey {
    /// Its public id.
    pub id: KeyId,
    /// The whole key; leaves the gate once, in the answer that issues it.
    pub secret: Zeroizing<String>,
    /// Lower-case hex of its keyed digest.
    pub digest: String,
}

impl std::fmt::Debug for MintedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "MintedKey({}, redacted)", self.id)
    }
}

/// Why no key was made.
#[derive(Debug, Clone, thiserror::Error)]
pub enum KeyMakerError {
    /// The environment's name can't be part of a key.
    #[error("`{0}` can't be part of a key: use 1 to 12 of a-z and 0-9, such as `live` or `test`")]
    Environment(String),
    /// The machine gave no randomness.
    #[error("the machine gave no randomness: {0}")]
    Randomness(String),
}

/// One call of the admin API, for the record.
#[derive(Debug, Clone, Eq, PartialEq, Serialize)]
pub struct AdminCall {
    /// When it arrived.
    pub at: Wall,
    /// The name of the admin token; none: not signed in.
    pub actor: Option<String>,
    /// Where it came from.
    pub peer: Option<SocketAddr>,
    /// The method.
    pub method: String,
    /// The path, without the query. Paths of this API hold ids, never secrets.
    pub path: String,
    /// The status answered.
    pub status: u16,
    /// How long the answer took to begin.
    pub milliseconds: u64,
    /// The code of the problem that was answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<&'static str>,
}
