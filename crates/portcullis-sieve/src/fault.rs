//! Why an answer can't be given.
//!
//! Must not know what the caller answers instead.

use crate::{DEPTH_MAX, HELD_MAX, LINK_MAX, NAME_MAX};

/// Why an answer stops here. Once said, nothing more comes out of that sieve.
#[derive(Debug, Clone, Copy, Eq, PartialEq, thiserror::Error)]
pub enum Fault {
    /// The text breaks the grammar of JSON.
    #[error("the answer is not JSON at byte {at}")]
    NotJson {
        /// How many bytes were read before.
        at: u64,
    },
    /// Bytes that are not UTF-8.
    #[error("the answer is not UTF-8")]
    NotUtf8,
    /// The body ended inside the document.
    #[error("the answer ends before its JSON does")]
    Truncated,
    /// Something follows the document.
    #[error("the answer holds more than one JSON document, the second at byte {at}")]
    Trailing {
        /// How many bytes were read before.
        at: u64,
    },
    /// Too many levels.
    #[error("the answer nests deeper than {DEPTH_MAX} levels")]
    TooDeep,
    /// A name of a member that no one should need.
    #[error("the answer has a member whose name is longer than {NAME_MAX} bytes")]
    NameTooLong,
    /// One name twice in one object, and a duty reads it: readers differ in which one counts.
    #[error("the answer has an object in which a name that a duty reads stands twice")]
    NameTwice,
    /// A paging link that is longer than is read.
    #[error("the answer has a paging link longer than {LINK_MAX} bytes")]
    LinkTooLong,
    /// A paging link that is no URL.
    #[error("the answer has a paging link that is no URL")]
    LinkUnreadable,
    /// The platform's own credential stands in it.
    #[error("the answer holds the credential of the platform")]
    Secret,
    /// A string that should hold JSON does not, or there are more of them than were asked for.
    #[error("the answer has an entry whose body was not asked for or is not a string of JSON")]
    NotEmbedded,
    /// The answer itself is an item that must not be given.
    #[error("the answer as a whole is what may not be given")]
    Withheld,
    /// An item that could not be decided in time, under a rule that then cuts.
    #[error("the answer has an item that {HELD_MAX} bytes do not decide")]
    Undecided,
    /// Whoever was asked about an item says that the answer ends here.
    #[error("the answer was cut at an item")]
    Cut,
}

impl Fault {
    /// Whether the answer was understood and may not be given; otherwise it was not understood.
    #[must_use]
    pub fn is_withheld(self) -> bool {
        match self {
            Self::Withheld | Self::Undecided | Self::Cut => true,
            Self::NotJson { .. }
            | Self::NotUtf8
            | Self::Truncated
            | Self::Trailing { .. }
            | Self::TooDeep
            | Self::NameTooLong
            | Self::NameTwice
            | Self::LinkTooLong
            | Self::LinkUnreadable
            | Self::Secret
            | Self::NotEmbedded => false,
        }
    }

    /// The reason as a sentence without figures of this answer, for a refusal.
    #[must_use]
    pub fn why(self) -> &'static str {
        match self {
            Self::NotJson { .. } => "the answer is not JSON",
            Self::NotUtf8 => "the answer is not UTF-8",
            Self::Truncated => "the answer ends before its JSON does",
            Self::Trailing { .. } => "the answer holds more than one JSON document",
            Self::TooDeep => "the answer nests too deep",
            Self::NameTooLong => "the answer has a member with too long a name",
            Self::NameTwice => "the answer has a name twice in one object",
            Self::LinkTooLong => "the answer has too long a paging link",
            Self::LinkUnreadable => "the answer has a paging link that is no URL",
            Self::Secret => "the answer holds a credential of the platform",
            Self::NotEmbedded => "an entry of the batch is answered by something else than JSON",
            Self::Withheld => "the answer is what the agreement does not give",
            Self::Undecided => "the answer has an item too long to be judged",
            Self::Cut => "an item of the answer may not be given",
        }
    }
}
