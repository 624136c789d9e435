//! How much a peer takes once writing to it stalled.
//!
//! Must not know what is written.

use std::io;
use std::task::Poll;

use crate::guard::Watch;

/// A peer that takes fewer bytes within the send time is cut off.
pub(crate) const SEND_LEAST: usize = 32 * 1024;

/// Bytes taken by the peer since writing first stalled; none: it takes what it is given.
#[derive(Default)]
pub(crate) struct Stall(Option<usize>);

impl Stall {
    /// Something was written, or not.
    pub(crate) fn wrote(&mut self, wrote: &Poll<io::Result<usize>>, watch: &Watch) {
        match (wrote, self.0) {
            (Poll::Pending, None) => {
                self.0 = Some(0);
                watch.sends();
            }
            (Poll::Ready(Ok(count)), Some(sum)) if sum + count >= SEND_LEAST => {
                self.ends(watch);
            }
            (Poll::Ready(Ok(count)), Some(sum)) => self.0 = Some(sum + count),
            _ => {}
        }
    }

    /// All of an answer is out: what the peer owes next is a call, in its own time.
    pub(crate) fn over(&mut self, watch: &Watch) {
        if self.0.is_some() && watch.in_flight.get() == 0 {
            self.ends(watch);
        }
    }

    fn ends(&mut self, watch: &Watch) {
        self.0 = None;
        watch.took();
    }
}
