//! Starts the data plane, and ends it.
//!
//! Must not know how a connection is served.

mod reached;

use std::fmt;
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::Duration;

use portcullis_judge::{Desk, Judge, UsageCells};
use portcullis_types::Clock;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::addresses::Addresses;
use crate::aside::AsideOutlet;
use crate::doors::Doors;
use crate::listen::{Bound, kept, listen};
use crate::reach::{Order, Reach};
use crate::shares::{Handed, Share};
use crate::thread::{Parts, Thread};
use crate::tls::Ends;
use crate::trace::Traces;
use crate::upstream::Known;
use crate::usage::UsageOutlet;
use crate::{LedgerOutlet, Metrics, ProxyError, Records, Settings};

/// What of a drain is left for WebSockets to be told that it is over; of a short one, a quarter.
const LAST_WORDS: Duration = Duration::from_secs(3);

/// The data plane.
#[derive(Debug)]
pub struct Proxy;

/// A data plane that serves. Dropping it ends it at once, open calls included.
pub struct Running {
    addrs: Vec<SocketAddr>,
    /// The sockets of each listener once more.
    kept: Vec<Vec<TcpListener>>,
    workers: Vec<Worker>,
    settings: Arc<Settings>,
    records: Records,
}

/// What a thread's doors are made of.
type Incoming = (Vec<Bound>, UnboundedReceiver<Handed>);

struct Worker {
    reach: Reach,
    thread: Option<JoinHandle<u64>>,
}

/// Where what is known of calls goes.
#[derive(Debug, Default)]
pub struct Outlets {
    /// One line for each call.
    pub records: Records,
    /// How often each key called.
    pub usage: Option<UsageOutlet>,
    /// What answers some paths in the platform's place.
    pub aside: Option<AsideOutlet>,
    /// Spans of calls.
    pub traces: Option<Traces>,
    /// What left; none: nobody is told.
    pub ledger: Option<LedgerOutlet>,
}

/// How a drain ended.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub struct Drained {
    /// Connections that were still open when the time was over.
    pub cut: u64,
}

impl Proxy {
    /// Listens and serves, on threads of its own.
    ///
    /// # Errors
    /// [`ProxyError`] when the address can't be listened on or a thread can't be made.
    pub fn start(
        settings: Settings,
        judge: Arc<Judge>,
        clock: Arc<dyn Clock>,
        metrics: Arc<Metrics>,
        outlets: Outlets,
    ) -> Result<Running, ProxyError> {
        let Outlets { records, usage, aside, traces, ledger } = outlets;
        let mut settings = Settings { threads: settings.threads.max(1), ..settings };
        let (addrs, sockets) = listen(&settings.listeners, settings.threads)?;
        let kept = kept(&settings.listeners, &sockets)?;
        // Who holds a socket keeps it open.
        settings.listeners.iter_mut().for_each(|listener| listener.handed_over.clear());
        let settings = Arc::new(settings);
        let upstreams = Known::of(&settings);
        let addresses = Addresses::new(&settings);
        Ends::show(&settings.listeners, &metrics);
        let mut running =
            Running { addrs, kept, workers: Vec::new(), settings: Arc::clone(&settings), records };
        let shares = Share::of(sockets.len());
        for (at, (sockets, (share, handed))) in sockets.into_iter().zip(shares).enumerate() {
            let ring = running.records.ring(at);
            let parts = Parts {
                settings: Arc::clone(&settings),
                upstreams: Arc::clone(&upstreams),
                desk: desk(&judge, &settings, ring.is_some()),
                clock: Arc::clone(&clock),
                metrics: Arc::clone(&metrics),
                addresses: Arc::clone(&addresses),
                share,
                ring,
                aside: aside.clone(),
                traces: traces.clone(),
                ledger: ledger.as_ref().and_then(|outlet| outlet.ring(at)),
                usage: usage.as_ref().map(|outlet| UsageCells::new(Arc::clone(&outlet.0))),
            };
            running.workers.push(Worker::start(at, (sockets, handed), parts)?);
        }
        Ok(running)
    }
}

/// A desk that does no more than is asked of it.
fn desk(judge: &Arc<Judge>, settings: &Settings, recorded: bool) -> Desk {
    let desk = if recorded { judge.desk() } else { judge.desk().without_names() };
    if settings.recall_calls > 0 { desk.remembering() } else { desk }
}

impl Worker {
    fn start(at: usize, incoming: Incoming, parts: Parts) -> Result<Self, ProxyError> {
        let failed = |error| ProxyError::Thread { thread: at, error };
        let (orders, inbox) = unbounded_channel();
        let cutting = Arc::new(AtomicBool::new(false));
        let taken = Arc::clone(&cutting);
        let (tell, told) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name(format!("portcullis-{at}"))
            .spawn(move || work(incoming, parts, inbox, &taken, &tell))
            .map_err(failed)?;
        // The thread says whether it stands, so that a fault is told at the start.
        match told.recv() {
            Ok(Ok(())) => Ok(Self { reach: Reach { orders, cutting }, thread: Some(thread) }),
            Ok(Err(error)) => Err(failed(error)),
            Err(_) => Err(failed(std::io::Error::other("the thread ended at once"))),
        }
    }
}

/// One thread's life; gives how many connections were cut at its end.
fn work(
    (sockets, handed): Incoming,
    parts: Parts,
    inbox: UnboundedReceiver<Order>,
    cutting: &AtomicBool,
    tell: &mpsc::Sender<std::io::Result<()>>,
) -> u64 {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            // Nobody waits any more only if the start itself was given up.
            let _ = tell.send(Err(error));
            return 0;
        }
    };
    tokio::task::LocalSet::new().block_on(&runtime, async move {
        match Doors::new(sockets, handed) {
            Ok(doors) => {
                let _ = tell.send(Ok(()));
                obey(Thread::new(parts), doors, inbox, cutting).await
            }
            Err(error) => {
                let _ = tell.send(Err(error));
                0
            }
        }
    })
}

async fn obey(
    thread: Rc<Thread>,
    doors: Doors,
    mut inbox: UnboundedReceiver<Order>,
    cutting: &AtomicBool,
) -> u64 {
    let ticking = tokio::task::spawn_local(tick(Rc::clone(&thread)));
    thread.keep();
    let mut accepting = doors.open(&thread);
    let (within, theirs) = loop {
        match inbox.recv().await {
            Some(Order::Cut) => {
                // Before the cut, so that what is ordered during it is not lost.
                cutting.store(false, Ordering::Release);
                thread.cut();
            }
            Some(Order::Drain(within, theirs)) => break (within, theirs),
            Some(Order::Recall(id, to)) => thread.recall(&id, &to),
            Some(Order::Look(keys, to)) => thread.look(&keys, &to),
            Some(Order::Exchange(settings, known)) => thread.exchange(settings, known),
            None => break (Duration::ZERO, false),
        }
    };
    accepting.shutdown().await;
    thread.draining.set(true);
    doors.close(&thread, theirs).await;
    thread.ticker.wake_all();
    let mut emptied = pin!(async {
        while thread.connections.count() > 0 {
            tokio::select! {
                () = thread.freed.notified() => {}
                order = inbox.recv() => match order {
                    Some(Order::Cut) => {
                        cutting.store(false, Ordering::Release);
                        thread.cut();
                    }
                    Some(Order::Drain(..) | Order::Exchange(..)) => {}
                    Some(Order::Recall(id, to)) => thread.recall(&id, &to),
                    Some(Order::Look(keys, to)) => thread.look(&keys, &to),
                    None => return,
                },
            }
        }
    });
    let last = LAST_WORDS.min(within / 4);
    if tokio::time::timeout(within - last, emptied.as_mut()).await.is_err() {
        thread.close();
        // Whoever is not done by then is cut off.
        let _ = tokio::time::timeout(last, emptied).await;
    }
    ticking.abort();
    thread.settle_counts();
    thread.connections.count()
}

async fn tick(thread: Rc<Thread>) {
    let start = tokio::time::Instant::now();
    let mut ticks = tokio::time::interval(thread.ticker.every());
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        thread.tick(u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX));
    }
}

impl Running {
    /// Stops accepting, lets calls finish for so long, ends the rest, and writes the last records.
    /// Blocks.
    pub fn drain(self, within: Duration) -> Drained {
        self.end(within, false)
    }

    /// The same where another process has the sockets by now, and serves who waits there.
    pub fn drain_beside(self, within: Duration) -> Drained {
        self.end(within, true)
    }

    fn end(mut self, within: Duration, theirs: bool) -> Drained {
        self.kept.clear();
        for worker in &self.workers {
            let _ = worker.reach.orders.send(Order::Drain(within, theirs));
        }
        let mut cut = 0;
        for worker in &mut self.workers {
            cut += worker.thread.take().and_then(|thread| thread.join().ok()).unwrap_or(0);
        }
        if let Records::On(recorder) = &mut self.records {
            recorder.finish();
        }
        Drained { cut }
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("addrs", &self.addrs).finish_non_exhaustive()
    }
}
