//! Which thread takes a fresh connection. The kernel shares them out by chance; a thread that has many
//! more than its part hands the next ones on.
//!
//! Looked at when a connection comes and when it goes, never by a call. Must not know what is served.

use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// A fresh connection on its way to another thread.
#[derive(Debug)]
pub(crate) struct Handed {
    pub(crate) stream: TcpStream,
    pub(crate) peer: SocketAddr,
    /// The number of the listener it came in at.
    pub(crate) listener: usize,
}

/// All threads, as one of them sees them.
pub(crate) struct Share {
    seats: Arc<[Seat]>,
    mine: usize,
}

struct Seat {
    /// Connections that the thread has, or is to have.
    open: AtomicUsize,
    inbox: UnboundedSender<Handed>,
}

impl Share {
    /// Each thread's, with what the others hand to it.
    pub(crate) fn of(threads: usize) -> Vec<(Self, UnboundedReceiver<Handed>)> {
        let (seats, inboxes): (Vec<_>, Vec<_>) = (0..threads)
            .map(|_| {
                let (inbox, handed) = unbounded_channel();
                (Seat { open: AtomicUsize::new(0), inbox }, handed)
            })
            .unzip();
        let seats: Arc<[Seat]> = seats.into();
        let share = |(mine, handed)| (Self { seats: Arc::clone(&seats), mine }, handed);
        inboxes.into_iter().enumerate().map(share).collect()
    }

    /// This thread has one more.
    pub(crate) fn came(&self) {
        self.mine().map(|seat| seat.open.fetch_add(1, Ordering::Relaxed));
    }

    /// This thread has one less.
    pub(crate) fn went(&self) {
        self.mine().map(|seat| seat.open.fetch_sub(1, Ordering::Relaxed));
    }

    /// Whether another thread is to take the next one.
    pub(crate) fn is_beyond(&self) -> bool {
        self.other().is_some()
    }

    /// Hands a connection on; given back where the other takes none any more.
    pub(crate) fn hand(&self, handed: Handed) -> Result<(), Handed> {
        let Some(seat) = self.other() else { return Err(handed) };
        seat.open.fetch_add(1, Ordering::Relaxed);
        seat.inbox.send(handed).map_err(|back| {
            seat.open.fetch_sub(1, Ordering::Relaxed);
            back.0
        })
    }

    fn mine(&self) -> Option<&Seat> {
        self.seats.get(self.mine)
    }

    /// Who has least, if it is less by more than a ninth: to hand one on takes two more system calls.
    fn other(&self) -> Option<&Seat> {
        let open = |seat: &Seat| seat.open.load(Ordering::Relaxed);
        let least = self.seats.iter().min_by_key(|seat| open(seat))?;
        (open(self.mine()?) > open(least) + open(least) / 8 + 1).then_some(least)
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    fn connection() -> Handed {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        Handed { peer: stream.peer_addr().unwrap(), stream, listener: 0 }
    }

    fn open(shares: &[(Share, UnboundedReceiver<Handed>)]) -> Vec<usize> {
        shares[0].0.seats.iter().map(|seat| seat.open.load(Ordering::Relaxed)).collect()
    }

    #[test]
    fn whoever_has_many_more_hands_the_next_to_who_has_least() {
        let mut shares = Share::of(3);
        for _ in 0..30 {
            if shares[0].0.hand(connection()).is_err() {
                shares[0].0.came();
            }
        }
        assert_eq!(open(&shares), [12, 9, 9]);
        assert_eq!(std::iter::from_fn(|| shares[1].1.try_recv().ok()).count(), 9);
        assert!(!shares[1].0.is_beyond(), "those with less take what comes to them");
        (0..8).for_each(|_| shares[1].0.went());
        assert!(shares[2].0.is_beyond() && shares[2].0.hand(connection()).is_ok());
        assert_eq!(open(&shares), [12, 2, 9]);
    }

    #[test]
    fn a_thread_that_takes_no_more_is_handed_none() {
        let mut shares = Share::of(2);
        (0..9).for_each(|_| shares[0].0.came());
        shares[1].1.close();
        assert!(shares[0].0.is_beyond() && shares[0].0.hand(connection()).is_err());
        assert_eq!(open(&shares), [9, 0]);
    }

    #[test]
    fn one_thread_takes_all() {
        let shares = Share::of(1);
        (0..100).for_each(|_| shares[0].0.came());
        assert!(!shares[0].0.is_beyond());
    }
}
