//! The memory that a thread reads into and writes heads into.
//!
//! What comes in is read into one block, of which each message takes its slice, and what goes out is
//! written into a buffer that goes back: so both stay warm, and a connection that waits holds none.
//! Must not know what is read.

use std::cell::RefCell;
use std::io;
use std::pin::pin;
use std::task::{Context, Poll, ready};

use bytes::BytesMut;
use tokio::io::{AsyncRead, AsyncReadExt};

/// A block. What holds a slice of it holds all of it.
const BLOCK: usize = 32 * 1024;
/// Least of it that is worth a read.
const BLOCK_LEAST: usize = 8 * 1024;

/// Buffers kept, and the largest that is.
const SPARE: usize = 64;
const SPARE_BYTES: usize = 4 * 1024;

/// The memory of one thread, or of one side of it.
#[derive(Default)]
pub(crate) struct Block {
    read: RefCell<BytesMut>,
    spare: RefCell<Vec<Vec<u8>>>,
}

impl Block {
    /// Reads what is there, into a slice of the block. 0: the connection ended.
    pub(crate) fn fill<R: AsyncRead + Unpin>(
        &self,
        read: &mut R,
        into: &mut BytesMut,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let mut block = self.read.borrow_mut();
        // From its start again, if nobody holds a slice any more: those lines are warm.
        if !block.try_reclaim(BLOCK) && block.capacity() < BLOCK_LEAST {
            *block = BytesMut::with_capacity(BLOCK);
        }
        let count = ready!(pin!(read.read_buf(&mut *block)).poll(cx))?;
        if into.is_empty() {
            *into = block.split();
        } else {
            into.extend_from_slice(&block);
            block.clear();
        }
        Poll::Ready(Ok(count))
    }

    /// A buffer to write into.
    pub(crate) fn buffer(&self) -> Vec<u8> {
        self.spare.borrow_mut().pop().unwrap_or_else(|| Vec::with_capacity(1024))
    }

    /// Takes a buffer back.
    pub(crate) fn give(&self, mut buffer: Vec<u8>) {
        let mut spare = self.spare.borrow_mut();
        if buffer.capacity() <= SPARE_BYTES && spare.len() < SPARE {
            buffer.clear();
            spare.push(buffer);
        }
    }
}
