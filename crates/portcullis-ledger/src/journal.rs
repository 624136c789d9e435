//! The journal: what left since the last hour file, in frames that are whole or not there.
//!
//! A head, then frames, each with its length and two CRC-32: of its own head together with its place in the
//! file, and of its body. A frame is written at once and counts once it was synced. A journal that ends
//! within a frame was torn by a crash, and nothing that counted is lost; a wrong byte anywhere else is damage.
//! Must not know files, nor when anything is synced.

mod body;
mod frame;
mod put;
mod reader;
mod rows;
#[cfg(test)]
mod tests;

pub use frame::{FRAME_BYTES_FULL, FrameWriter, JOURNAL_HEAD};
pub use reader::{Ending, JournalFault, JournalReader};
