//! What the outbox keeps, as values.

use std::fmt;

use portcullis_types::{Revision, Wall};

/// A hook as it is kept.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct KeptHook {
    /// Its id.
    pub id: String,
    /// Whose.
    pub partner: String,
    /// Its whole address.
    pub url: String,
    /// Its secret, for [`Debug`](fmt::Debug) wrapped.
    pub secret: Bytes,
    /// When it was added.
    pub added: Wall,
    /// The next event to be looked at for it.
    pub cursor: Revision,
    /// The secret before, and until when it signs too.
    pub previous: Option<(Bytes, Wall)>,
}

/// Bytes that are not shown.
#[derive(Clone, Eq, PartialEq)]
pub struct Bytes(pub Vec<u8>);

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("redacted")
    }
}

/// A message to be sent.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct NewDelivery {
    /// Its id: a hook gets each once.
    pub message: String,
    /// What it is about.
    pub kind: String,
    /// JSON.
    pub body: String,
}

/// A message whose time has come.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct DueDelivery {
    /// Its number.
    pub id: i64,
    /// To whom.
    pub hook: KeptHook,
    /// The message.
    pub message: NewDelivery,
    /// When it was made.
    pub made: Wall,
    /// How often it failed.
    pub failures: u32,
}

/// A message and what became of it.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct DeliveryRow {
    /// Its number.
    pub id: i64,
    /// To whom.
    pub hook: String,
    /// Its id.
    pub message: String,
    /// What it is about.
    pub kind: String,
    /// When it was made.
    pub made: Wall,
    /// When it is tried next; none: no more.
    pub next: Option<Wall>,
    /// How often it failed.
    pub failures: u32,
    /// When the hook took it.
    pub done: Option<Wall>,
    /// The last status.
    pub status: Option<u16>,
    /// Why the last try failed.
    pub said: Option<String>,
}

/// What became of a try.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Tried {
    /// When.
    pub at: Wall,
    /// Whether the hook took it.
    pub taken: bool,
    /// The status, where there was one.
    pub status: Option<u16>,
    /// Why it failed.
    pub said: Option<String>,
    /// When it is tried again; none: no more.
    pub next: Option<Wall>,
}
