//! The doors of the registry: what the writer tells the judge, and what control asks of the writer.
//!
//! The binary joins the crates behind these traits, so that proxy and control never know the store.
//! Futures are boxed by hand: no runtime is known here.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use portcullis_types::{ClientId, KeyId, Notice, PartnerId, Revision, Wall};
use serde::Serialize;

use crate::agreement::Weighed;
use crate::commands::Command;
use crate::events::Event;
use crate::evidence::Evidence;
use crate::foreseen::Foreseen;
use crate::grants::{GrantChange, GrantsBatch, GrantsDone, GrantsPage, GrantsWanted};
use crate::proposals::{Proposed, Terms};
use crate::records::SubjectIx;
use crate::rejected::Rejected;
use crate::snapshot::Snapshot;
use crate::words::Actor;

/// A future that can wait on any runtime.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// How far a narrowing goes.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Hash)]
pub enum NarrowKind {
    /// A suspension that can be lifted.
    Hold,
    /// The end of a key.
    Revoke,
}

/// What the writer tells the judge. Called by one thread at a time, in the order of events.
pub trait Sink: Send + Sync {
    /// Bites at once, perhaps before the event is durable.
    fn narrow(&self, subject: SubjectIx, notice: Arc<Notice>, kind: NarrowKind);
    /// The state after a durable event.
    fn publish(&self, snapshot: Arc<Snapshot>);
    /// A hold was lifted; the snapshot that says so has been published.
    fn widen(&self, subject: SubjectIx);
    /// A policy set came into force: names and texts. Comes before the snapshot that names it.
    fn policy(&self, revision: Revision, files: Vec<(String, Arc<str>)>);
    /// What a change of an agreement that waited comes to in this state; none where nobody here can
    /// compare tiers.
    ///
    /// The inner error says why it can't be carried out any more.
    fn weigh(&self, _change: &Command, _state: &Snapshot) -> Option<Result<Weighed, String>> {
        None
    }
    /// Grants that are given or withdrawn: all there are at the start, in parts, then each change
    /// before it is acknowledged. Those withdrawn bite at once, perhaps before they are durable.
    /// Partners and clients stand in the snapshot published before. The default is for who asks for
    /// no grants.
    fn grants(&self, _changes: &[GrantChange<'_>]) {}
}

/// Nobody listens: for offline commands such as `init`.
impl Sink for () {
    fn narrow(&self, _: SubjectIx, _: Arc<Notice>, _: NarrowKind) {}
    fn publish(&self, _: Arc<Snapshot>) {}
    fn widen(&self, _: SubjectIx) {}
    fn policy(&self, _: Revision, _: Vec<(String, Arc<str>)>) {}
}

/// What control needs: commands in, facts out.
pub trait Office: Evidence {
    /// Carries out a command. The answer comes once the event is durable and published, or, for a
    /// narrowing that can't be written yet, once it bites.
    fn submit(&self, actor: Actor, command: Command) -> BoxFuture<'_, Result<Done, OfficeError>> {
        self.submit_on(actor, command, Terms::default())
    }
    /// The same on terms: in an emergency, on a revision, only to see. What takes a second person is
    /// answered as a proposal.
    fn submit_on(
        &self,
        actor: Actor,
        command: Command,
        terms: Terms,
    ) -> BoxFuture<'_, Result<Done, OfficeError>>;
    /// Takes a batch of a feed of grants, whole or not at all. The answer comes once it is durable
    /// and bites.
    fn change_grants(
        &self,
        actor: Actor,
        batch: GrantsBatch,
    ) -> BoxFuture<'_, Result<GrantsDone, OfficeError>>;
    /// Grants in order of account, partner, client.
    fn grants(&self, wanted: GrantsWanted) -> BoxFuture<'_, Result<GrantsPage, OfficeError>>;
    /// The newest published state.
    fn snapshot(&self) -> Arc<Snapshot>;
    /// At most `count` events from a revision on.
    fn events(
        &self,
        from: Revision,
        count: usize,
    ) -> BoxFuture<'_, Result<Vec<LoggedEvent>, OfficeError>>;
    /// One event.
    fn event(&self, revision: Revision) -> BoxFuture<'_, Result<LoggedEvent, OfficeError>>;
    /// Content by its lower-case hex SHA-256, such as a policy file's text.
    fn blob(&self, sha256: String) -> BoxFuture<'_, Result<Vec<u8>, OfficeError>>;
    /// The newest signed checkpoint, as the text of a signed note.
    fn checkpoint(&self) -> BoxFuture<'_, Result<String, OfficeError>>;
    /// Checkpoints with a size from the given one on, at most `count`: size and note.
    fn checkpoints(
        &self,
        from: u64,
        count: usize,
    ) -> BoxFuture<'_, Result<Vec<(u64, String)>, OfficeError>>;
    /// How the writer fares.
    fn health(&self) -> Health;
}

/// What a command came to.
#[derive(Debug, Clone, Eq, PartialEq, Serialize)]
pub struct Done {
    /// The event; none while it is not durable.
    pub revision: Option<Revision>,
    /// Whether it would survive a crash now.
    pub durable: bool,
    /// The effect, in one line.
    pub what: String,
    /// The command that undoes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undo: Option<String>,
    /// Keys made.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<KeyId>,
    /// The partner made or changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partner: Option<PartnerId>,
    /// The client made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientId>,
    /// Set: nothing was done but proposed; the revision is the proposal's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposed: Option<Proposed>,
    /// Whether it was done by one person only because the two-person rule is off.
    pub alone: bool,
    /// What would be written, where nothing was done but looked at.
    #[serde(skip)]
    pub foreseen: Option<Box<Foreseen>>,
}

/// How the writer fares.
#[derive(Debug, Clone, Default, Eq, PartialEq, Serialize)]
pub struct Health {
    /// Whether everything that bites is durable.
    pub durable: bool,
    /// Narrowings that bite and are not durable yet.
    pub pending: usize,
    /// What the store said, if the last write failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// The wall clock parted from the one that only counts: nothing is erased by its age.
    pub clock_parted: bool,
}

/// Why the office did not do what was asked.
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
pub enum OfficeError {
    /// The rules do not allow it.
    #[error(transparent)]
    Rejected(#[from] Rejected),
    /// The store does not take writes; nothing was changed.
    #[error("the store can't be written, nothing was changed: {0}")]
    NotWritten(String),
    /// The store can't be read.
    #[error("the store can't be read: {0}")]
    NotRead(String),
    /// No such event.
    #[error("there is no event {} yet; the newest is {}", asked.0, newest.map_or_else(|| "none".to_owned(), |r| r.0.to_string()))]
    NoSuchEvent {
        /// What was asked for.
        asked: Revision,
        /// The last there is.
        newest: Option<Revision>,
    },
    /// No such blob.
    #[error("there is no content with digest `{0}` in the store")]
    NoSuchBlob(String),
    /// Too many narrowings wait for the store; this one was not taken.
    #[error(
        "{pending} holds and revocations wait for the store already; free space for it first: {why}"
    )]
    PendingFull {
        /// How many wait.
        pending: usize,
        /// What the store says.
        why: String,
    },
    /// The program is going down.
    #[error("the gate is shutting down; try again once it is back")]
    Closed,
}

impl OfficeError {
    /// A stable code for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Rejected(rejected) => rejected.code(),
            Self::NotWritten(_) => "store_not_writable",
            Self::NotRead(_) => "store_not_readable",
            Self::NoSuchEvent { .. } => "no_such_event",
            Self::NoSuchBlob(_) => "no_such_blob",
            Self::PendingFull { .. } => "pending_full",
            Self::Closed => "shutting_down",
        }
    }
}

/// An event with its place in the log.
#[derive(Debug, Clone, Eq, PartialEq, Serialize)]
pub struct LoggedEvent {
    /// Its number.
    pub revision: Revision,
    /// When it happened, RFC 3339 in UTC.
    pub ts: String,
    /// The same in milliseconds.
    #[serde(skip)]
    pub at: Wall,
    /// Who acted.
    pub actor: Actor,
    /// Who let it happen, where it was proposed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approver: Option<Actor>,
    /// The event in which it was proposed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal: Option<Revision>,
    /// What happened.
    pub event: Event,
    /// Lower-case hex of the leaf hash (RFC 6962 §2.1).
    pub hash: String,
    /// The leaf as it is hashed: canonical JSON.
    #[serde(skip)]
    pub leaf: String,
    /// What the leaf seals, where it does; the members above are whole.
    #[serde(skip)]
    pub opening: Option<String>,
}
