//! Spans of calls, posted to a collector in batches.
//!
//! One thread: whoever is slow or gone costs spans, which are counted, and never a call. Must not know
//! how a span is written down.

mod otlp;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use portcullis_proxy::{CallSpan, Ended, Metrics, Spans, Traces};
use portcullis_registry::Office;
use portcullis_types::Clock as _;
use ureq::Agent;

use self::otlp::Names;
use super::agent::agent;
use super::board::Board;
use crate::clock::SystemClock;
use crate::config::{Config, Telemetry};
use crate::talk;

/// Spans that wait at the most.
const ROOM: usize = 4096;
/// Spans in one post at the most.
const BATCH: usize = 512;
/// The longest that a span waits for others.
const EVERY: Duration = Duration::from_secs(1);
/// How often a batch is tried.
const TRIES: u32 = 4;
/// The longest pause between two tries, whatever the collector asks for.
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// Longest answer that is read.
const ANSWER_MAX: u64 = 64 << 10;

/// The thread that tells of calls.
pub(super) struct Telling {
    stopping: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

/// What it works with.
struct Teller {
    spans: Spans,
    clock: SystemClock,
    names: Names,
    agent: Agent,
    url: String,
    authorization: Option<String>,
    stopping: Arc<AtomicBool>,
    /// Whether it was said that spans are lost.
    failing: bool,
}

/// Why a batch was not taken.
struct NotTaken {
    why: String,
    /// How long to wait with the next try; none: there should be none.
    again: Option<Duration>,
}

/// Begins to tell of calls, where the configuration wants it. The clock is the data plane's.
pub(super) fn start(
    config: &Config,
    (office, board): (&Arc<dyn Office>, &Arc<Board>),
    metrics: &Metrics,
    clock: &SystemClock,
) -> anyhow::Result<Option<(Traces, Telling)>> {
    let Some(Telemetry { url, part, service }) = config.telemetry.clone() else { return Ok(None) };
    let (traces, spans) = Traces::new(part, ROOM, metrics);
    let stopping = Arc::new(AtomicBool::new(false));
    let teller = Teller {
        spans,
        clock: clock.clone(),
        names: Names::new(service, &config.public_url, (Arc::clone(office), Arc::clone(board))),
        agent: agent([url.as_str()])?,
        url,
        authorization: config.secrets.collector.as_ref().map(|text| text.expose().to_owned()),
        stopping: Arc::clone(&stopping),
        failing: false,
    };
    let thread = std::thread::Builder::new()
        .name("portcullis-traces".into())
        .spawn(move || teller.run())
        .context("no thread for traces")?;
    Ok(Some((traces, Telling { stopping, thread })))
}

impl Telling {
    /// Tells what waits, once, and ends. The data plane must have ended before.
    pub(super) fn finish(self) {
        self.stopping.store(true, Ordering::Release);
        self.thread.thread().unpark();
        // One that panicked has nothing left to tell.
        let _gone = self.thread.join();
    }
}

impl Teller {
    fn run(mut self) {
        let mut ended = false;
        while !ended {
            let mut batch = Vec::new();
            ended = self.gather(&mut batch).is_err();
            if !batch.is_empty() {
                self.tell(&batch);
            }
        }
    }

    /// Takes what comes until there is enough, or the first has waited for long.
    fn gather(&self, batch: &mut Vec<CallSpan>) -> Result<(), Ended> {
        batch.extend(self.spans.next(EVERY)?);
        let begun = self.clock.now().mono.0;
        while !batch.is_empty() && batch.len() < BATCH {
            let passed = Duration::from_nanos(self.clock.now().mono.0.saturating_sub(begun));
            match self.spans.next(EVERY.saturating_sub(passed))? {
                Some(span) => batch.push(span),
                None => return Ok(()),
            }
        }
        Ok(())
    }

    /// Posts a batch, and again where that may help.
    fn tell(&mut self, batch: &[CallSpan]) {
        let body = self.names.body(batch, &self.clock).to_string();
        let count = otlp::count(batch);
        let mut left = TRIES;
        let refused = loop {
            left -= 1;
            match self.post(&body) {
                Ok(refused) => break refused.min(count),
                Err(NotTaken { why, again }) => {
                    self.say(&why);
                    let again =
                        again.filter(|_| left > 0 && !self.stopping.load(Ordering::Acquire));
                    let Some(pause) = again else { return self.spans.lost(count) };
                    std::thread::park_timeout(pause.min(PAUSE_MAX));
                }
            }
        };
        self.failing = refused > 0;
        self.spans.told(count - refused);
        self.spans.lost(refused);
    }

    /// How many of them the collector refused.
    fn post(&self, body: &str) -> Result<u64, NotTaken> {
        let mut post = self.agent.post(&self.url).header("content-type", "application/json");
        if let Some(authorization) = &self.authorization {
            post = post.header("authorization", authorization);
        }
        let sent = post.send(body);
        let mut answer =
            sent.map_err(|error| NotTaken { why: error.to_string(), again: Some(EVERY) })?;
        let status = answer.status().as_u16();
        if !answer.status().is_success() {
            let asks = answer.headers().get("retry-after").and_then(|value| value.to_str().ok());
            let asks = asks.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
            let may = matches!(status, 429 | 502 | 503 | 504);
            let again = may.then(|| asks.unwrap_or(EVERY));
            return Err(NotTaken { why: format!("it answered {status}"), again });
        }
        let said = answer.body_mut().with_config().limit(ANSWER_MAX).read_to_string();
        Ok(otlp::refused(&said.unwrap_or_default()))
    }

    /// Says once that spans are lost.
    fn say(&mut self, why: &str) {
        if !std::mem::replace(&mut self.failing, true) {
            let url = &self.url;
            talk::warn(&format!(
                "the collector of traces at `{url}` takes no spans: {why}; they are dropped and counted (`portcullis_spans_dropped_total`) until it does"
            ));
        }
    }
}
