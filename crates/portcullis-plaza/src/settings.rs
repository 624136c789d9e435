//! What a platform is started with, what it records, and how starting fails.
//!
//! Must not know routes or nodes.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;

/// Where the fixtures come from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Source {
    /// Made by the crate's own seed, aged against the clock at the start.
    #[default]
    Seed,
    /// `places.jsonl`, `users.jsonl`, `media.jsonl`, `stories.jsonl`, `comments.jsonl`, `hashtags.jsonl` and, if
    /// there is one, `manifest.json` in a folder. Fix the clock to the manifest's `now` to have live stories.
    Dir(PathBuf),
}

/// Called with every request, before it is answered.
pub type Recorder = Arc<dyn Fn(&Recorded) + Send + Sync>;

/// How the platform is started. Start from [`Settings::new`].
#[derive(Clone)]
pub struct Settings {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The one token it believes.
    pub token: String,
    /// What `paging.next` starts with; none means `http://` and its own address.
    pub public_base: Option<String>,
    /// A clock that stands still; none means the real one.
    pub now: Option<Timestamp>,
    /// Where the fixtures come from.
    pub fixtures: Source,
    /// Sees every request.
    pub record: Option<Recorder>,
    /// How many requests [`crate::Running::requests`] keeps; the oldest go first.
    pub keep_requests: usize,
    /// Slow mode: the pause before each piece of the answers of `/_slow` and of `insights`.
    pub drip: Option<Duration>,
    /// Write `/` as `\/` in answers, as PHP does and the real Graph API with it.
    pub escape_slashes: bool,
}

impl Settings {
    /// A free port on loopback, the real clock, seeded fixtures, the last 1,000 requests kept.
    #[must_use]
    pub fn new(token: impl Into<String>) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            token: token.into(),
            public_base: None,
            now: None,
            fixtures: Source::Seed,
            record: None,
            keep_requests: 1_000,
            drip: None,
            escape_slashes: false,
        }
    }
}

impl fmt::Debug for Settings {
    /// Everything but the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("listen", &self.listen)
            .field("public_base", &self.public_base)
            .field("now", &self.now)
            .field("fixtures", &self.fixtures)
            .field("keep_requests", &self.keep_requests)
            .field("drip", &self.drip)
            .finish_non_exhaustive()
    }
}

/// One request as it came off the wire.
#[derive(Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The method.
    pub method: String,
    /// The request target, undecoded.
    pub target: String,
    /// Names in lower case, values as bytes, in order.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The whole body.
    pub body: Bytes,
}

impl Recorded {
    /// The first header of this name, as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let (_, value) = self.headers.iter().find(|h| h.0.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(value).ok()
    }

    /// True if the bytes occur anywhere: in the target, a header or the body. For "the upstream never sees X".
    #[must_use]
    pub fn contains(&self, needle: &str) -> bool {
        let needle = needle.as_bytes();
        let holds =
            |hay: &[u8]| !needle.is_empty() && hay.windows(needle.len()).any(|w| w == needle);
        let in_header = |h: &(String, Vec<u8>)| holds(h.0.as_bytes()) || holds(&h.1);
        holds(self.target.as_bytes()) || self.headers.iter().any(in_header) || holds(&self.body)
    }
}

impl fmt::Debug for Recorded {
    /// Method and path only: the rest holds the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.target.split('?').next().unwrap_or_default();
        write!(f, "Recorded({} {path}, {} bytes)", self.method, self.body.len())
    }
}

/// Why the platform did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlazaError {
    /// The address is taken or not ours.
    #[error(
        "cannot listen on `{addr}`: {source}; choose another address, or port 0 for a free one"
    )]
    Bind {
        /// The address asked for.
        addr: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The token is empty.
    #[error("the platform token is empty; give it one of at least one character")]
    EmptyToken,
    /// A file cannot be read.
    #[error("cannot read `{path}`: {source}; check that it is there and readable")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A line of a fixture file is not such a row.
    #[error(
        "`{path}` line {line}: {source}; write one JSON object a line, in the shape of the sample fixtures"
    )]
    Row {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The system gives no threads or timers.
    #[error("cannot start the runtime: {source}; check the limits on threads and open files")]
    Runtime {
        /// What the system said.
        source: std::io::Error,
    },
}
