//! Why an answer is not taken.
//!
//! For tests and the operator's log; a partner reads one refusal for all of them.

/// Why an answer is not taken.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Hash, Ord, PartialOrd, thiserror::Error)]
pub enum Fault {
    /// No `HTTP/1.x NNN text`, or an HTTP other than 1.0 and 1.1.
    #[error("the status line is not `HTTP/1.1 NNN` with a text; look at what listens there")]
    StatusLine,
    /// Below 100 or above 599.
    #[error("the status is none of HTTP's; correct the platform")]
    Status,
    /// A line that does not end with a carriage return and a line feed.
    #[error("a line of the head does not end with CR LF; correct the platform")]
    LineEnd,
    /// A field without a name, or whose name holds what no name may: a space before the colon too,
    /// and a line that continues the one before it.
    #[error("a field's name is malformed; correct the platform")]
    FieldName,
    /// A field whose value holds a control character.
    #[error("a field's value holds a control character; correct the platform")]
    FieldValue,
    /// The head is longer than [`crate::HEAD_MAX`].
    #[error("the head is longer than the gate takes; send fewer or shorter fields")]
    HeadTooLong,
    /// More fields than [`crate::FIELDS_MAX`].
    #[error("the head has more fields than the gate takes; send fewer")]
    TooManyFields,
    /// More informational answers than [`crate::INTERIM_MAX`].
    #[error("too many informational answers came before the final one; correct the platform")]
    TooManyInterim,
    /// An informational answer that claims a body.
    #[error("an informational answer claims a body; correct the platform")]
    InterimBody,
    /// A switch of protocols, which nobody asked for.
    #[error("the platform switched protocols though nobody asked; correct the platform")]
    Switched,
    /// A length that is not one plain number.
    #[error("the Content-Length is not one plain number; correct the platform")]
    Length,
    /// More than one length, even if they agree.
    #[error("there is more than one Content-Length; correct the platform")]
    Lengths,
    /// A coding other than `chunked`, or more than one.
    #[error("the Transfer-Encoding is not exactly `chunked`; correct the platform")]
    Coding,
    /// A coding in an answer of HTTP/1.0.
    #[error("an HTTP/1.0 answer has a Transfer-Encoding; correct the platform")]
    OldCoding,
    /// A length beside a coding.
    #[error("there are both a Content-Length and a Transfer-Encoding; correct the platform")]
    TwoFramings,
    /// A chunk's size that is not plain hexadecimal digits.
    #[error("a chunk's size is malformed; correct the platform")]
    ChunkSize,
    /// Extensions that are too long or hold a control character.
    #[error("a chunk's extension is malformed or too long; correct the platform")]
    ChunkExtension,
    /// A chunk that does not end where its size says.
    #[error("a chunk does not end where its size says; correct the platform")]
    ChunkEnd,
    /// Trailers that are too long or malformed.
    #[error("the trailers are malformed or too long; correct the platform")]
    Trailers,
    /// The connection ended before the answer did.
    #[error("the connection ended before the answer did; look at why the platform closed it")]
    CutOff,
}
