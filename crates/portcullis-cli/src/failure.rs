//! Every way a command can fail, and the exit code that goes with it.
//!
//! Must not know single commands.

use std::io;

use serde::Deserialize;

/// Exit codes.
pub mod exit {
    /// Done.
    pub const OK: u8 = 0;
    /// There are findings: faults, a damaged log, a refused wish.
    pub const FINDINGS: u8 = 1;
    /// The command was typed wrongly.
    pub const USAGE: u8 = 2;
    /// The gate can't be reached.
    pub const UNREACHABLE: u8 = 3;
    /// Not signed in, or not allowed.
    pub const NOT_ALLOWED: u8 = 4;
    /// The state is not what the command expects.
    pub const CONFLICT: u8 = 5;
    /// `diff`: some partners get less, none more.
    pub const NARROWER: u8 = 6;
    /// `diff`: some partners get more.
    pub const WIDER: u8 = 7;
    /// Nothing was done yet: it was proposed, and a second person must approve it.
    pub const PROPOSED: u8 = 8;
}

/// Why a command ended early.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// Whoever read the output went away; nothing is wrong.
    #[error("the reader of the output went away")]
    Closed,
    /// The results are on standard output already.
    #[error("there are findings")]
    Findings,
    /// The results are on standard output already, and the exit code sums them up.
    #[error("the exit code tells")]
    Told(u8),
    /// The command was typed wrongly.
    #[error("{0}")]
    Usage(String),
    /// Something on this machine can't be read or written.
    #[error("{0}")]
    Local(String),
    /// The gate can't be reached.
    #[error("{0}")]
    Unreachable(String),
    /// No token, or one that can't be used.
    #[error("{0}")]
    NotSignedIn(String),
    /// The gate refused.
    #[error("{}", .0.detail)]
    Refused(Box<Refusal>),
}

/// A problem document of the admin API.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// Stable code.
    #[serde(default)]
    pub code: String,
    /// What happened and what to do.
    #[serde(default)]
    pub detail: String,
    /// Faults of files.
    #[serde(default)]
    pub faults: Vec<FileFault>,
    /// Entries of an import that can't be taken.
    #[serde(default)]
    pub entries: Vec<EntryFault>,
    /// The document as it came.
    #[serde(skip)]
    pub document: serde_json::Value,
}

/// One fault of a file, rendered by the server.
#[derive(Debug, Clone, Deserialize)]
pub struct FileFault {
    /// As a person reads it.
    #[serde(default)]
    pub text: String,
}

/// An entry of an import that can't be taken.
#[derive(Debug, Clone, Deserialize)]
pub struct EntryFault {
    /// Its line in the file.
    pub line: u64,
    /// What is wrong.
    pub message: String,
}

impl Failure {
    /// The same, with what to do next where something on this machine is at fault.
    pub(crate) fn with(self, next: &str) -> Self {
        match self {
            Self::Local(told) => Self::Local(format!("{told}; {next}")),
            other => other,
        }
    }

    /// The exit code.
    #[must_use]
    pub fn exit(&self) -> u8 {
        match self {
            Self::Closed => exit::OK,
            Self::Findings | Self::Local(_) => exit::FINDINGS,
            Self::Told(code) => *code,
            Self::Usage(_) => exit::USAGE,
            Self::Unreachable(_) => exit::UNREACHABLE,
            Self::NotSignedIn(_) => exit::NOT_ALLOWED,
            Self::Refused(refusal) => match refusal.status {
                400 => exit::USAGE,
                401 | 403 => exit::NOT_ALLOWED,
                409 | 412 => exit::CONFLICT,
                _ => exit::FINDINGS,
            },
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Local(format!("the output can't be written: {error}")),
        }
    }
}
