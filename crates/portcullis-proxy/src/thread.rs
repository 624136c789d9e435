//! What one data-plane thread holds. Nothing in it is shared with another.
//!
//! Must not know how a call is served.

mod parts;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::{Arc, mpsc};

use http::HeaderValue;
use portcullis_sieve::{Gate, Program};
use portcullis_types::{Clock, KeyIx, Now};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

pub(crate) use self::parts::Parts;
use crate::addresses::Addresses;
use crate::answer;
use crate::aside::AsideOutlet;
use crate::block::Block;
use crate::bounded::Bounded;
use crate::counts::Counts;
use crate::guard::Times;
use crate::ids::Ids;
use crate::judge::Bench;
use crate::leak::Leak;
use crate::ledger::Book;
use crate::metrics::Metrics;
use crate::rates::Rates;
use crate::reach::UnderWay;
use crate::recall::{Recall, Recalled};
use crate::records::Ring;
use crate::refuse::Style;
use crate::reply::Date;
use crate::settings::Settings;
use crate::shares::Share;
use crate::sieving::only_links;
use crate::thrift::Thrift;
use crate::ticker::Ticker;
use crate::trace::Tracer;
use crate::upstream::{self, Crew, Known, Pool};

/// One thread's world.
pub(crate) struct Thread {
    pub(crate) settings: Arc<Settings>,
    pub(crate) bench: Bench,
    pub(crate) bearer: Option<HeaderValue>,
    pub(crate) leak: Leak,
    /// For answers that hold links and have no other duty; none: it could not be made.
    pub(crate) links: Option<Arc<Program>>,
    /// How the gate is seen from outside, by the host that was last asked for.
    gate: RefCell<Option<(Option<HeaderValue>, Arc<Gate>)>>,
    /// Where calls go now.
    pub(crate) pool: RefCell<Pool>,
    /// Where they went, as long as any wait there.
    left: RefCell<Vec<Pool>>,
    /// What connections are made with.
    pub(crate) crew: RefCell<Crew>,
    /// Looks after the upstreams, unless another thread does.
    keeper: RefCell<Option<JoinHandle<()>>>,
    pub(crate) ticker: Rc<Ticker>,
    pub(crate) times: Rc<Times>,
    /// What callers' bytes are read into.
    pub(crate) block: Block,
    pub(crate) date: Date,
    pub(crate) ids: Ids,
    pub(crate) rates: Rates,
    pub(crate) ring: Option<Ring>,
    /// Answers some paths in the platform's place.
    pub(crate) aside: Option<AsideOutlet>,
    /// The last calls, where they are remembered.
    pub(crate) recall: Option<Recall>,
    /// What traces calls, where they are traced.
    pub(crate) tracer: Option<Tracer>,
    /// What is told of answers that left, where anybody is.
    pub(crate) ledger: Option<Rc<Book>>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) counts: RefCell<Counts>,
    pub(crate) in_flight: Bounded,
    pub(crate) connections: Bounded,
    /// Those of all threads.
    pub(crate) share: Share,
    /// Connections of each address, over all threads.
    pub(crate) addresses: Arc<Addresses>,
    pub(crate) buffered: Bounded,
    /// Bytes of bodies whose callers have not shown a key yet.
    pub(crate) unnamed: Bounded,
    /// Told when a connection ends.
    pub(crate) freed: Notify,
    /// Rises each time that keys may have lost their access.
    pub(crate) cuts: Cell<u64>,
    pub(crate) draining: Cell<bool>,
    /// Whether the time for draining is nearly over.
    pub(crate) closing: Cell<bool>,
    /// Calls being served, as everybody sees it.
    shown_in_flight: Cell<i64>,
    /// Calls that wait for an upstream, the same.
    shown_waiting: Cell<i64>,
    thrift: Thrift,
    sample: Cell<u8>,
    clock: Arc<dyn Clock>,
}

/// Which part of what may be held is for callers that have not shown a key yet.
const UNNAMED_PART: u64 = 16;

impl Thread {
    pub(crate) fn new(parts: Parts) -> Rc<Self> {
        let Parts { settings, upstreams, desk, clock, metrics, addresses, share, .. } = parts;
        let ticker = Ticker::new(settings.timeouts.tick());
        // Each thread gets its share, rounded up: nobody is left with none.
        let part = |all: u64| all.div_ceil(settings.threads.max(1) as u64);
        let limits = &settings.limits;
        let crew = Crew {
            settings: Arc::clone(&settings),
            ticker: Rc::clone(&ticker),
            metrics: Arc::clone(&metrics),
            clock: Arc::clone(&clock),
            known: upstreams,
        };
        Rc::new(Self {
            bench: Bench::new(desk, &settings),
            bearer: settings.credential.bearer(),
            leak: Leak::new(settings.credential.expose()),
            links: only_links(),
            gate: RefCell::default(),
            pool: RefCell::new(Pool::new(&crew)),
            left: RefCell::default(),
            crew: RefCell::new(crew),
            keeper: RefCell::default(),
            block: Block::default(),
            date: Date::new(clock.wall()),
            ids: Ids::new(),
            rates: Rates::new(settings.family),
            shown_in_flight: Cell::new(0),
            shown_waiting: Cell::new(0),
            thrift: Thrift::default(),
            sample: Cell::new(0),
            counts: RefCell::new(Counts::new(Arc::clone(&metrics), parts.usage)),
            in_flight: Bounded::new(part(limits.in_flight as u64)),
            recall: Recall::new(settings.recall_calls.div_ceil(settings.threads.max(1))),
            tracer: parts.traces.map(Tracer::new),
            ledger: parts.ledger.map(|ring| Book::new(ring, Arc::clone(&metrics))),
            connections: Bounded::new(part(limits.connections as u64)),
            buffered: Bounded::new(part(limits.buffered_total_bytes)),
            unnamed: Bounded::new(part(limits.buffered_total_bytes / UNNAMED_PART)),
            addresses,
            share,
            freed: Notify::new(),
            cuts: Cell::new(0),
            draining: Cell::new(false),
            closing: Cell::new(false),
            times: Rc::new(Times::new(&settings.timeouts)),
            ticker,
            settings,
            clock,
            metrics,
            ring: parts.ring,
            aside: parts.aside,
        })
    }

    /// How the gate is seen by who sent its call to that host.
    pub(crate) fn sieve_gate(&self, host: Option<&HeaderValue>) -> Arc<Gate> {
        // One public URL is the same for all.
        let host = host.filter(|_| self.settings.public_url.is_none());
        let mut known = self.gate.borrow_mut();
        match &*known {
            Some((of, gate)) if of.as_ref() == host => Arc::clone(gate),
            _ => {
                let gate = Arc::new(answer::gate(&self.settings, host));
                *known = Some((host.cloned(), Arc::clone(&gate)));
                gate
            }
        }
    }

    /// The moment.
    pub(crate) fn now(&self) -> Now {
        self.clock.now()
    }

    /// Goes on in time: wakes who is due, and adds up the counts.
    pub(crate) fn tick(&self, now_ms: u64) {
        self.ticker.advance(now_ms);
        self.date.goes_on(self.clock.wall());
        self.pool.borrow().tick();
        self.left.borrow_mut().retain(|left| {
            left.tick();
            left.waiting() > 0
        });
        self.adapt();
        self.show_counts();
        self.ledger.iter().for_each(|book| book.tick());
        self.thrift.tick(now_ms);
    }

    /// Sends calls to other upstreams from now on.
    pub(crate) fn exchange(&self, settings: Arc<Settings>, known: Arc<[Known]>) {
        let crew = Crew { settings, known, ..self.crew.borrow().clone() };
        let left = self.pool.replace(Pool::new(&crew));
        self.left.borrow_mut().push(left);
        self.crew.replace(crew);
        self.keep();
    }

    /// Looks after the upstreams, in place of whoever did on this thread.
    pub(crate) fn keep(&self) {
        // It ends with the runtime.
        let keeper = tokio::task::spawn_local(upstream::keep(self.crew.borrow().clone()));
        if let Some(before) = self.keeper.replace(Some(keeper)) {
            before.abort();
        }
    }

    fn waiting(&self) -> usize {
        let left = self.left.borrow();
        left.iter().map(Pool::waiting).sum::<usize>() + self.pool.borrow().waiting()
    }

    /// Takes on less while memory is short, and more again after that.
    fn adapt(&self) {
        let short = self.settings.pressure.is_on();
        self.metrics.memory_short.set(i64::from(short));
        let waits = self.connections.is_full();
        self.in_flight.adapt(short);
        self.connections.adapt(short);
        if waits && !self.connections.is_full() {
            self.freed.notify_waiters();
        }
    }

    /// Adds this thread's counts to everybody's.
    pub(crate) fn show_counts(&self) {
        self.counts.borrow_mut().hand_over(self.clock.wall());
        let in_flight = i64::try_from(self.in_flight.count()).unwrap_or(i64::MAX);
        self.metrics.calls.in_flight.add(in_flight - self.shown_in_flight.replace(in_flight));
        let waiting = i64::try_from(self.waiting()).unwrap_or(i64::MAX);
        self.metrics.calls.waiting.add(waiting - self.shown_waiting.replace(waiting));
    }

    /// The same for the last time: waits for whoever is busy with what was counted.
    pub(crate) fn settle_counts(&self) {
        self.show_counts();
        self.counts.borrow_mut().settle(self.clock.wall());
    }

    /// Looks for a call among the last ones.
    pub(crate) fn recall(&self, id: &str, to: &mpsc::Sender<Option<Box<Recalled>>>) {
        let found = self.recall.as_ref().and_then(|recall| recall.find(id.as_bytes()));
        // Whoever asked may have gone.
        let _ = to.send(found.map(Box::new));
    }

    /// Counts the calls of some keys that are under way.
    pub(crate) fn look(&self, keys: &[KeyIx], to: &mpsc::Sender<UnderWay>) {
        // Whoever asked may have gone.
        let _ = to.send(self.ticker.under_way(keys));
    }

    /// Whether this call's judging is timed. To look at a clock takes as long as a part of it, so
    /// without records only one in sixteen is.
    pub(crate) fn is_sampled(&self) -> bool {
        let count = self.sample.get().wrapping_add(1);
        self.sample.set(count);
        self.ring.is_some() || self.tracer.is_some() || count.is_multiple_of(16)
    }

    /// How refusals are rendered.
    pub(crate) fn style(&self) -> Style<'_> {
        let Settings { family, problem_types, .. } = &*self.settings;
        Style { family: *family, types: problem_types, rates: &self.rates }
    }

    /// Has WebSockets told that the gate ends.
    pub(crate) fn close(&self) {
        self.closing.set(true);
        self.ticker.wake_flows();
    }

    /// Has every answer under way judged again.
    pub(crate) fn cut(&self) {
        self.cuts.set(self.cuts.get().wrapping_add(1));
        self.ticker.wake_flows();
    }
}
