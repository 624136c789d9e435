//! What waits to be written to a caller.
//!
//! Small parts go out together in one plain write; a large piece of an answer is written from where it
//! lies. Must not know what is written.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::AsyncWrite;

use crate::guard::Watch;
use crate::stall::Stall;

/// A piece as large as this is not copied.
const LARGE: usize = 8 * 1024;
/// What is collected before it is written.
const ENOUGH: usize = 16 * 1024;

/// What waits to be written, in this order.
#[derive(Default)]
pub(crate) struct Out {
    before: Vec<u8>,
    /// How many bytes of it are out.
    done: usize,
    large: Bytes,
    after: Vec<u8>,
    /// Whether all was written and may not be out: TLS keeps records back until it is told.
    held_back: bool,
    stall: Stall,
}

impl Out {
    /// Lends it a buffer, for an answer that begins.
    pub(crate) fn lend(&mut self, buffer: Vec<u8>) {
        if self.before.capacity() == 0 {
            self.before = buffer;
        }
    }

    /// Gives the buffer back, once all is out.
    pub(crate) fn give_back(&mut self) -> Vec<u8> {
        self.after = Vec::new();
        std::mem::take(&mut self.before)
    }

    /// Where to write what comes next.
    pub(crate) fn text(&mut self) -> &mut Vec<u8> {
        if self.large.is_empty() { &mut self.before } else { &mut self.after }
    }

    /// Takes a piece.
    pub(crate) fn piece(&mut self, piece: Bytes) {
        if piece.len() < LARGE || !self.large.is_empty() {
            self.text().extend_from_slice(&piece);
        } else {
            self.large = piece;
        }
    }

    /// Whether it is to be written before more is put in.
    pub(crate) fn is_full(&self) -> bool {
        !self.large.is_empty() || self.before.len() >= ENOUGH
    }

    fn is_empty(&self) -> bool {
        self.done == self.before.len() && self.large.is_empty() && self.after.is_empty()
    }

    /// Writes all of it.
    pub(crate) fn flush<T: AsyncWrite + Unpin>(
        &mut self,
        io: &mut T,
        watch: &Watch,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if self.is_empty() && !self.held_back {
            return Poll::Ready(Ok(()));
        }
        while !self.is_empty() {
            let before = self.before.get(self.done..).unwrap_or_default();
            let wrote = if self.large.is_empty() {
                Pin::new(&mut *io).poll_write(cx, before)
            } else {
                let parts =
                    [IoSlice::new(before), IoSlice::new(&self.large), IoSlice::new(&self.after)];
                Pin::new(&mut *io).poll_write_vectored(cx, &parts)
            };
            self.stall.wrote(&wrote, watch);
            match ready!(wrote)? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => self.went(count),
            }
        }
        self.before.clear();
        self.done = 0;
        self.held_back = true;
        let flushed = Pin::new(io).poll_flush(cx);
        if flushed.is_pending() {
            self.stall.wrote(&Poll::Pending, watch);
        }
        ready!(flushed)?;
        self.held_back = false;
        self.stall.over(watch);
        Poll::Ready(Ok(()))
    }

    fn went(&mut self, count: usize) {
        let before = count.min(self.before.len() - self.done);
        self.done += before;
        let large = (count - before).min(self.large.len());
        self.large.advance(large);
        if self.large.is_empty() && !self.after.is_empty() {
            self.before.clear();
            std::mem::swap(&mut self.before, &mut self.after);
            self.done = count - before - large;
        }
        if self.large.is_empty() {
            // Given back at once: it may be a slice of something large.
            self.large = Bytes::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;
    use std::time::Duration;

    use proptest::prelude::*;

    use std::rc::Rc;

    use super::*;
    use crate::guard::Times;
    use crate::stall::SEND_LEAST;
    use crate::ticker::Ticker;

    /// Takes so many bytes at a time, and nothing between.
    struct Slow {
        takes: Vec<usize>,
        at: usize,
        came: Vec<u8>,
    }

    impl Slow {
        fn take(&mut self, parts: &[IoSlice<'_>]) -> Poll<io::Result<usize>> {
            let most = self.takes[self.at % self.takes.len()];
            self.at += 1;
            if most == 0 {
                return Poll::Pending;
            }
            let before = self.came.len();
            for part in parts {
                let left = most - (self.came.len() - before);
                self.came.extend_from_slice(&part[..part.len().min(left)]);
            }
            Poll::Ready(Ok(self.came.len() - before))
        }
    }

    impl AsyncWrite for Slow {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            buf: &[u8],
        ) -> Poll<io::Result<usize>> {
            self.take(&[IoSlice::new(buf)])
        }

        fn poll_write_vectored(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bufs: &[IoSlice<'_>],
        ) -> Poll<io::Result<usize>> {
            self.take(bufs)
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    fn watched() -> Rc<Watch> {
        let second = Duration::from_secs(1);
        let times =
            Times { head: second, idle: second, park: second, send: second, stream: second };
        Watch::new(Ticker::new(Duration::from_millis(10)).alarm(), Rc::new(times))
    }

    proptest! {
        #[test]
        fn all_goes_out_once_and_in_order(
            parts in proptest::collection::vec(
                prop_oneof![3 => 0..200_usize, 1 => LARGE - 1..3 * LARGE], 1..12),
            takes in proptest::collection::vec(
                prop_oneof![1 => Just(0_usize), 2 => 1..50_usize, 2 => 1000..40_000_usize], 1..8),
        ) {
            let takes = if takes.iter().all(|take| *take == 0) { vec![0, 1] } else { takes };
            let (watch, mut out) = (watched(), Out::default());
            let mut io = Slow { takes, at: 0, came: Vec::new() };
            let mut cx = Context::from_waker(Waker::noop());
            let mut expected = Vec::new();
            for (at, length) in parts.iter().enumerate() {
                let part = vec![b'a' + (at as u8); *length];
                expected.extend_from_slice(&part);
                if at % 2 == 0 { out.piece(part.into()) } else { out.text().extend_from_slice(&part) }
                if out.is_full() {
                    while out.flush(&mut io, &watch, &mut cx).is_pending() {}
                }
            }
            while out.flush(&mut io, &watch, &mut cx).is_pending() {}
            prop_assert!(io.came == expected);
        }
    }

    #[test]
    fn once_an_answer_is_taken_the_connection_is_idle() {
        for (rest, ended, expected) in [
            (1, true, Some("idle")),
            (SEND_LEAST, true, Some("idle")),
            (3 * SEND_LEAST, true, Some("idle")),
            (1, false, Some("send")),
        ] {
            let (watch, mut out) = (watched(), Out::default());
            let mut io = Slow { takes: vec![0, 16, rest], at: 0, came: Vec::new() };
            let mut cx = Context::from_waker(Waker::noop());
            watch.begin();
            out.piece(vec![0; 16 + rest].into());
            assert!(out.flush(&mut io, &watch, &mut cx).is_pending());
            assert_eq!(watch.phase(), "send");
            if ended {
                watch.finish();
            }
            while out.flush(&mut io, &watch, &mut cx).is_pending() {}
            let waits = watch.alarm.is_set().then(|| watch.phase());
            assert_eq!(waits, expected, "{rest} {ended}: more of it may come");
        }
    }
}
