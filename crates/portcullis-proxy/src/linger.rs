//! Reads what a peer was still sending when it was refused, for a while.
//!
//! To close with bytes unread would send a reset, and a reset discards the answer that the peer has not
//! read yet. Whoever sends longer than that gets it. Must not know what was refused.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};

/// How long is read.
pub(crate) const LINGER: Duration = Duration::from_secs(2);

/// How many bytes may still be read.
pub(crate) struct Linger(usize);

impl Linger {
    pub(crate) const fn new() -> Self {
        Self(1024 * 1024)
    }

    /// Ready once the peer ended its side, or sent too much.
    pub(crate) fn poll<T: AsyncRead + Unpin>(
        &mut self,
        io: &mut T,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let mut sink = [0; 4096];
        while self.0 > 0 {
            let mut buf = ReadBuf::new(&mut sink);
            ready!(Pin::new(&mut *io).poll_read(cx, &mut buf))?;
            let count = buf.filled().len();
            if count == 0 {
                break;
            }
            self.0 = self.0.saturating_sub(count);
        }
        Poll::Ready(Ok(()))
    }
}
