//! Opens connections, and keeps those that wait for their next call.
//!
//! Must not know what is spoken on them.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;

use super::Failure;
use crate::Upstream;
use crate::metrics::Metrics;
use crate::settings::Settings;
use crate::ticker::Ticker;

/// How the platform is reached.
#[derive(Clone)]
pub(super) struct Dial {
    upstream: Upstream,
    connect: Duration,
    pub(super) ticker: Rc<Ticker>,
    pub(super) metrics: Arc<Metrics>,
}

impl Dial {
    pub(super) fn new(settings: &Settings, ticker: &Rc<Ticker>, metrics: &Arc<Metrics>) -> Self {
        Self {
            upstream: settings.upstream.clone(),
            connect: settings.timeouts.connect,
            ticker: Rc::clone(ticker),
            metrics: Arc::clone(metrics),
        }
    }

    pub(super) async fn connect(&self) -> Result<TcpStream, Failure> {
        let alarm = self.ticker.alarm();
        alarm.set(self.connect);
        let stream = alarm.guard(TcpStream::connect(self.upstream.target())).await;
        let stream = stream.and_then(Result::ok).ok_or(Failure::Unreachable)?;
        // Without it small requests would wait for the last one's acknowledgement.
        stream.set_nodelay(true).map_err(|_| Failure::Unreachable)?;
        Ok(stream)
    }
}

/// Connections that wait for their next call.
pub(super) struct Idle<T> {
    list: RefCell<VecDeque<(u64, T)>>,
    max: usize,
    max_ms: u64,
    ticker: Rc<Ticker>,
}

impl<T> Idle<T> {
    pub(super) fn new(settings: &Settings, ticker: &Rc<Ticker>) -> Self {
        let max_ms = settings.timeouts.upstream_idle.as_millis();
        Self {
            list: RefCell::default(),
            max: settings.limits.idle_upstream.div_ceil(settings.threads.max(1)),
            max_ms: u64::try_from(max_ms).unwrap_or(u64::MAX),
            ticker: Rc::clone(ticker),
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
