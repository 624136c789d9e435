//! HTTP/1.1 as the gate speaks it: calls in and answers out on one side, requests out and answers in
//! on the other.
//!
//! Pure: bytes to values and back, in whatever pieces they come. Where RFC 9112 lets a recipient
//! repair a message, this refuses it: what two readers could read in two ways is read by nobody.
//! Must not know sockets, runtimes, or what a call means.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "a test may stop at the first surprise"
    )
)]

mod answer;
mod body;
mod call;
mod chunks;
mod fault;
mod lines;
mod reply;
mod request;
mod said;
mod token;

pub use answer::{AnswerBody, Asked, Head, HeadReader};
pub use body::Decoder;
pub use call::{Call, CallBody, CallBounds, CallFault, CallReader};
pub use fault::Fault;
pub use reply::{CONTINUE, LAST_CHUNK, ReplyHead, write_trailers};
pub use request::{RequestBody, RequestHead, write_chunk};

/// Longest head of an answer, in bytes.
pub const HEAD_MAX: usize = 64 * 1024;
/// Most field lines of an answer.
pub const FIELDS_MAX: usize = 100;
/// Most informational answers before the final one.
pub const INTERIM_MAX: usize = 16;
/// Longest sum of a body's chunk extensions, in bytes.
pub const EXTENSIONS_MAX: usize = 8 * 1024;
/// Longest trailer section, in bytes.
pub const TRAILERS_MAX: usize = 8 * 1024;
