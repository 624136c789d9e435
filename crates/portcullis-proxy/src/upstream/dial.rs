//! Opens connections to one upstream, and keeps those that wait for their next call.
//!
//! Must not know what is spoken on them.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::HeaderValue;
use portcullis_types::Clock;
use tokio::net::{TcpStream, UnixStream};

use super::Failure;
use super::health::Health;
use super::known::Known;
use super::site::Connections;
use super::socket::Socket;
use crate::address::Target;
use crate::metrics::Metrics;
use crate::settings::{Codec, Settings};
use crate::ticker::Ticker;
use crate::ticket::since;
use crate::trace::micros;
use crate::upstreams::{Check, digest};

/// What connections of one thread are made with.
#[derive(Clone)]
pub(crate) struct Crew {
    pub(crate) settings: Arc<Settings>,
    pub(crate) ticker: Rc<Ticker>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) clock: Arc<dyn Clock>,
    /// Of each upstream, in order.
    pub(crate) known: Arc<[Known]>,
}

impl Crew {
    /// How each upstream is reached.
    pub(super) fn dials(&self) -> impl Iterator<Item = Dial> {
        let all = self.settings.upstreams.each(&self.settings.upstream);
        all.enumerate().map(|(ix, (at, weight))| Dial {
            target: at.target().clone(),
            secure: at.is_secure(),
            text: at.to_string().into(),
            name: digest(at.to_string().as_bytes()),
            weight,
            turn: Cell::new(0),
            ix,
            known: Arc::clone(&self.known),
            settings: Arc::clone(&self.settings),
            ticker: Rc::clone(&self.ticker),
            metrics: Arc::clone(&self.metrics),
            clock: Arc::clone(&self.clock),
        })
    }
}

/// How one upstream is reached.
pub(super) struct Dial {
    target: Target,
    secure: bool,
    /// Its address.
    pub(super) text: Rc<str>,
    /// Stands for the address, in every process.
    pub(super) name: u64,
    pub(super) weight: u32,
    /// Which of a name's addresses is next.
    turn: Cell<usize>,
    ix: usize,
    known: Arc<[Known]>,
    settings: Arc<Settings>,
    pub(super) ticker: Rc<Ticker>,
    pub(super) metrics: Arc<Metrics>,
    clock: Arc<dyn Clock>,
}

impl Dial {
    /// Opens a connection; also tells how many microseconds that took.
    pub(super) async fn connect_timed(&self) -> (Result<Socket, Failure>, u32) {
        let begun = self.clock.now();
        let stream = self.connect().await;
        (stream, micros(since(self.clock.now(), begun)))
    }

    pub(super) async fn connect(&self) -> Result<Socket, Failure> {
        let alarm = self.ticker.alarm();
        alarm.set(self.settings.timeouts.connect);
        let stream = alarm.guard(self.stream()).await;
        let stream = stream.and_then(Result::ok).ok_or(Failure::Unreachable);
        match &stream {
            Ok(_) => {
                self.health().connected();
                self.metrics.upstreams.connects.inc();
            }
            Err(_) => self.health().refused(),
        }
        stream
    }

    async fn stream(&self) -> io::Result<Socket> {
        let stream = match &self.target {
            Target::Unix(path) => return UnixStream::connect(path).await.map(Socket::Unix),
            Target::Ip(address) => TcpStream::connect(address).await?,
            Target::Name(host, port) => {
                let known = self.known().name.addresses();
                let known = if known.is_empty() {
                    self.known().name.look_up(host, *port).await
                } else {
                    known
                };
                self.any_of(&known).await?
            }
        };
        // Without it small requests would wait for the last one's acknowledgement.
        stream.set_nodelay(true)?;
        if !self.secure {
            return Ok(Socket::Tcp(stream));
        }
        let tls = self.settings.upstreams.tls.as_ref().ok_or(io::ErrorKind::Unsupported)?;
        tls.connect(stream).await.map(|stream| Socket::Tls(Box::new(stream)))
    }

    /// Connects to one of a name's addresses: in turn, so that each gets its part.
    async fn any_of(&self, addresses: &[SocketAddr]) -> io::Result<TcpStream> {
        let first = self.turn.replace(self.turn.get().wrapping_add(1));
        let first = first.checked_rem(addresses.len()).unwrap_or(0);
        let (before, from) = addresses.split_at_checked(first).unwrap_or((addresses, &[]));
        let mut failed = io::ErrorKind::NotFound.into();
        for address in from.iter().chain(before) {
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    #[expect(clippy::indexing_slicing, reason = "made for as many upstreams as are known")]
    pub(super) fn known(&self) -> &Known {
        &self.known[self.ix]
    }

    pub(super) fn health(&self) -> &Health {
        &self.known().health
    }

    /// Looks its name up, where it is one.
    pub(super) async fn look_up(&self) {
        self.known().name.renew(&self.target).await;
    }

    pub(super) fn resolve_every(&self) -> Duration {
        self.settings.upstreams.resolve_every
    }

    /// What it is asked, where the operator wants it.
    pub(super) fn check(&self) -> Option<&Check> {
        self.settings.upstreams.check.as_ref()
    }

    /// What calls name as their host.
    pub(super) fn host(&self) -> &HeaderValue {
        self.settings.upstream.authority()
    }

    /// Shows nothing of it any more.
    pub(super) fn hide(&self) {
        // It may never have been shown.
        let _ = self.metrics.upstreams.up.remove_label_values(&[&*self.text]);
        let _ = self.metrics.upstreams.room.remove_label_values(&[&*self.text]);
    }

    /// Whether the platform speaks HTTP/2.
    pub(super) fn is_http2(&self) -> bool {
        self.settings.codec == Codec::Http2
    }

    /// Whether it is reached by TLS.
    pub(super) const fn is_secure(&self) -> bool {
        self.secure
    }

    /// Shows whether it takes calls, and how many.
    pub(super) fn show(&self) {
        let up = self.metrics.upstreams.up.with_label_values(&[&*self.text]);
        up.set(i64::from(self.is_well()));
        let room = self.metrics.upstreams.room.with_label_values(&[&*self.text]);
        room.set(self.known().room.load(Ordering::Relaxed).into());
    }

    /// Whether a connection can be made, as far as is known.
    #[inline]
    pub(super) fn is_open(&self) -> bool {
        self.health().is_open()
    }

    /// Whether it should take calls, where others can.
    pub(super) fn is_well(&self) -> bool {
        self.health().is_well(self.ticker.now_ms())
    }

    /// The number of times that its name led elsewhere.
    #[inline]
    pub(super) fn generation(&self) -> u32 {
        self.known().name.generation()
    }

    /// Whether its name still leads there.
    pub(super) fn leads_to(&self, address: io::Result<SocketAddr>) -> bool {
        address.is_ok_and(|address| self.known().name.addresses().contains(&address))
    }
}

/// Connections that wait for their next call.
pub(super) struct Idle<T> {
    list: RefCell<VecDeque<(u64, T)>>,
    max: usize,
    max_ms: u64,
    ticker: Rc<Ticker>,
}

impl<T> Connections for Idle<T> {
    fn free(&self) -> usize {
        self.list.borrow().len()
    }
}

impl<T> Idle<T> {
    pub(super) fn new(dial: &Dial) -> Self {
        let settings = &dial.settings;
        let max_ms = settings.timeouts.upstream_idle.as_millis();
        Self {
            list: RefCell::default(),
            max: settings.limits.idle_upstream.div_ceil(settings.threads.max(1)),
            max_ms: u64::try_from(max_ms).unwrap_or(u64::MAX),
            ticker: Rc::clone(&dial.ticker),
        }
    }

    /// The one that was used last.
    pub(super) fn take(&self) -> Option<T> {
        self.list.borrow_mut().pop_back().map(|(_, connection)| connection)
    }

    /// The one that was used last of those that are ready; drops closed ones on the way.
    pub(super) fn take_ready(
        &self,
        is_closed: impl Fn(&T) -> bool,
        is_ready: impl Fn(&T) -> bool,
    ) -> Option<T> {
        let mut list = self.list.borrow_mut();
        while list.back().is_some_and(|(_, connection)| is_closed(connection)) {
            list.pop_back();
        }
        let at = list.iter().rposition(|(_, connection)| is_ready(connection))?;
        list.remove(at).map(|(_, connection)| connection)
    }

    pub(super) fn put(&self, connection: T) {
        if self.max == 0 {
            return;
        }
        let mut list = self.list.borrow_mut();
        if list.len() >= self.max {
            list.pop_front();
        }
        list.push_back((self.ticker.now_ms(), connection));
    }

    /// Closes those that were not used for long.
    pub(super) fn forget_old(&self) {
        let now_ms = self.ticker.now_ms();
        let mut list = self.list.borrow_mut();
        let old = |(since, _): &(u64, T)| now_ms.saturating_sub(*since) > self.max_ms;
        while list.front().is_some_and(old) {
            list.pop_front();
        }
    }
}
