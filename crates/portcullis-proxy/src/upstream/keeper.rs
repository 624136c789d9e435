//! Looks after the upstreams in no call's time, once for all threads.
//!
//! One that can't be connected to is tried until it can; names are looked up anew; and where the
//! operator wants it, each is asked how it is. Must not know what a call is.

use std::rc::Rc;
use std::time::Duration;

use bytes::BytesMut;
use http::header::{CONNECTION, HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method};
use portcullis_h1::{Asked, HeadReader, RequestBody, RequestHead};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;

use super::dial::{Crew, Dial};
use super::known::Known;
use super::multiplex;
use crate::random::Random;
use crate::upstreams::Check;

/// The time between two looks, give or take a quarter: gates that began together don't look together.
const BEAT_MS: u64 = 250;
/// Connections to one upstream that are tried at once.
const TRIALS: usize = 16;
/// What a check says of who asks.
const WHO: HeaderValue = HeaderValue::from_static("portcullis-check");
const LAST: HeaderValue = HeaderValue::from_static("close");

/// Looks after all of them, unless another thread does.
pub(crate) async fn keep(crew: Crew) {
    if crew.known.iter().any(Known::is_kept) {
        return;
    }
    let mut watches = JoinSet::new();
    for dial in crew.dials() {
        watches.spawn_local(watch(Rc::new(dial)));
    }
    while watches.join_next().await.is_some() {}
}

/// Shows an upstream for as long as it is looked after.
struct Shown(Rc<Dial>);

impl Drop for Shown {
    fn drop(&mut self) {
        self.0.hide();
    }
}

async fn watch(dial: Rc<Dial>) {
    let _shown = Shown(Rc::clone(&dial));
    let (mut trials, random) = (JoinSet::new(), Random::new());
    let (mut looked_up, mut checks) = (tokio::time::Instant::now(), Checks::default());
    dial.look_up().await;
    loop {
        dial.show();
        let beat = BEAT_MS * 3 / 4 + random.below(BEAT_MS / 2).unwrap_or(0);
        tokio::time::sleep(Duration::from_millis(beat)).await;
        while trials.try_join_next().is_some() {}
        if !dial.is_open() && trials.len() < TRIALS {
            let dial = Rc::clone(&dial);
            // What comes of it, the dial notes itself.
            trials.spawn_local(async move { dial.connect().await.is_ok() });
        }
        if looked_up.elapsed() >= dial.resolve_every() {
            dial.look_up().await;
            looked_up = tokio::time::Instant::now();
        }
        checks.go_on(&dial);
    }
}

/// The checks of one upstream.
#[derive(Default)]
struct Checks {
    /// The last one.
    at: Option<tokio::time::Instant>,
    /// Those under way; one at the most.
    under_way: JoinSet<bool>,
    /// Those in a row that ended alike, and how.
    alike: u32,
    well: bool,
}

impl Checks {
    fn go_on(&mut self, dial: &Rc<Dial>) {
        let Some(check) = dial.check() else { return };
        if let Some(well) = self.under_way.try_join_next() {
            self.ended(dial, check, well.unwrap_or(false));
        }
        let due = self.at.is_none_or(|at| at.elapsed() >= check.every);
        if due && self.under_way.is_empty() {
            self.at = Some(tokio::time::Instant::now());
            let (dial, check) = (Rc::clone(dial), check.clone());
            self.under_way.spawn_local(async move {
                let answer = tokio::time::timeout(check.within, ask(&dial, &check.path));
                answer.await.is_ok_and(|status| status.is_some_and(|status| status < 400))
            });
        }
    }

    fn ended(&mut self, dial: &Dial, check: &Check, well: bool) {
        self.alike = if self.well == well { self.alike.saturating_add(1) } else { 1 };
        self.well = well;
        let enough = if well { check.good } else { check.bad };
        if self.alike >= enough {
            dial.health().checked(well);
        }
    }
}

/// Asks an upstream for a path, on a connection of its own; its status.
async fn ask(dial: &Dial, path: &str) -> Option<u16> {
    if dial.is_http2() {
        return multiplex::ask(dial, path).await;
    }
    let mut stream = dial.connect().await.ok()?.joined();
    let mut head = Vec::with_capacity(256);
    let mut writing = RequestHead::begin(&mut head, &Method::GET, &path.parse().ok()?);
    writing.field(&HOST, dial.host());
    writing.field(&USER_AGENT, &WHO);
    writing.field(&CONNECTION, &LAST);
    writing.end(RequestBody::None);
    stream.write_all(&head).await.ok()?;
    let (mut buffer, mut reader, mut fields) =
        (BytesMut::with_capacity(1024), HeadReader::default(), HeaderMap::new());
    loop {
        if stream.read_buf(&mut buffer).await.ok()? == 0 {
            return None;
        }
        let head = reader.read(&mut buffer, Asked::Other, &mut fields, |_, _| false).ok()?;
        if let Some(head) = head {
            return Some(head.status.as_u16());
        }
    }
}
