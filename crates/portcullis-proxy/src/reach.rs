//! How threads of the data plane are told something while they serve.
//!
//! Must not know how they carry it out.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use portcullis_types::KeyIx;
use tokio::sync::mpsc::UnboundedSender;

use crate::upstream::Known;
use crate::{Recalled, Settings, Upstreams};

/// How a thread is told something.
#[derive(Clone)]
pub(crate) struct Reach {
    pub(crate) orders: UnboundedSender<Order>,
    /// Whether a cut was ordered that the thread has not taken up yet.
    pub(crate) cutting: Arc<AtomicBool>,
}

/// Has answers under way judged again; works until the data plane has ended, a drain included.
#[derive(Clone)]
pub struct Cutter(pub(crate) Vec<Reach>);

/// What a thread is told.
pub(crate) enum Order {
    Cut,
    /// For so long at most; and whether others serve who still waits to be accepted.
    Drain(Duration, bool),
    /// To look for a call of that id.
    Recall(Arc<str>, mpsc::Sender<Option<Box<Recalled>>>),
    /// To send calls to other upstreams from now on.
    Exchange(Arc<Settings>, Arc<[Known]>),
    /// To count the calls of these keys that are under way.
    Look(Arc<[KeyIx]>, mpsc::Sender<UnderWay>),
}

/// Calls that wait for the platform, or whose answers are going out.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq)]
pub struct UnderWay {
    /// Those that read.
    pub reads: u64,
    /// Those that write.
    pub writes: u64,
}

/// Counts calls under way.
#[derive(Clone)]
pub struct Looker(pub(crate) Vec<Reach>);

/// Finds calls among the last ones of each thread.
#[derive(Clone)]
pub struct Recaller(pub(crate) Vec<Reach>);

/// Sends calls to other upstreams while the gate runs.
#[derive(Clone)]
pub struct Exchanger {
    pub(crate) reaches: Vec<Reach>,
    pub(crate) settings: Arc<Settings>,
}

impl Exchanger {
    /// Calls that come from now on go to these; those under way end where they are. Without TLS of their
    /// own, they are reached by that of those before.
    pub fn exchange(&self, upstreams: Upstreams) {
        let tls = upstreams.tls.clone().or_else(|| self.settings.upstreams.tls.clone());
        let upstreams = Upstreams { tls, ..upstreams };
        let settings = Arc::new(Settings { upstreams, ..(*self.settings).clone() });
        let known = Known::of(&settings);
        for reach in &self.reaches {
            let order = Order::Exchange(Arc::clone(&settings), Arc::clone(&known));
            let _ = reach.orders.send(order);
        }
    }
}

impl Cutter {
    /// Has every answer under way judged again. To be called after a narrowing or a new snapshot;
    /// calls that come in need nothing, since each is judged by what then holds.
    pub fn cut(&self) {
        for reach in &self.0 {
            if !reach.cutting.swap(true, Ordering::AcqRel) {
                let _ = reach.orders.send(Order::Cut);
            }
        }
    }
}

impl Looker {
    /// The calls of these keys, which come in order, at this moment; none: a thread did not answer
    /// within the time. Blocks.
    #[must_use]
    pub fn under_way(&self, keys: &[KeyIx], within: Duration) -> Option<UnderWay> {
        let (to, from) = mpsc::channel();
        let keys: Arc<[KeyIx]> = keys.into();
        for reach in &self.0 {
            let _ = reach.orders.send(Order::Look(Arc::clone(&keys), to.clone()));
        }
        drop(to);
        self.0.iter().try_fold(UnderWay::default(), |sum, _| {
            let UnderWay { reads, writes } = from.recv_timeout(within).ok()?;
            Some(UnderWay { reads: sum.reads + reads, writes: sum.writes + writes })
        })
    }
}

impl Recaller {
    /// The newest call of that id; none: it is not among the last ones, or a thread does not answer
    /// within the time. Blocks.
    #[must_use]
    pub fn recall(&self, id: &str, within: Duration) -> Option<Recalled> {
        let (to, from) = mpsc::channel();
        let id: Arc<str> = id.into();
        for reach in &self.0 {
            let _ = reach.orders.send(Order::Recall(Arc::clone(&id), to.clone()));
        }
        drop(to);
        let answers = self.0.iter().map_while(|_| from.recv_timeout(within).ok());
        answers.flatten().max_by_key(|call| call.came.at).map(|call| *call)
    }
}

impl fmt::Debug for Exchanger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Exchanger({} threads)", self.reaches.len())
    }
}

impl fmt::Debug for Looker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Looker({} threads)", self.0.len())
    }
}

impl fmt::Debug for Recaller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recaller({} threads)", self.0.len())
    }
}

impl fmt::Debug for Cutter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Cutter({} threads)", self.0.len())
    }
}
