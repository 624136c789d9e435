//! Signals on their way from the judge to the log, with what their rules want done.
//!
//! A thread empties the judge's ring four times a second and compares partners every hour. What the
//! store does not take waits here, bounded; what is to be held bites all the same. Must not know how
//! a signal is measured.

mod figures;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use portcullis_judge::{Desk, Judge, SignalHit};
use portcullis_policy::Action;
use portcullis_registry::{
    Actor, ActorKind, Command, Office, OfficeError, Rejected, SignalAction, SignalBounds,
    SignalSeen, Snapshot,
};
use portcullis_types::{ClassIx, ClassName, Clock, KeyIx, Now, PartnerIx, Wall};

use crate::clock::SystemClock;
use crate::talk;
pub(crate) use figures::Figures;

/// How often the ring is looked at.
const EVERY: Duration = Duration::from_millis(250);
/// How often partners are compared, in milliseconds of gate time.
const COMPARE_EVERY: u64 = 3_600_000;
/// Most signals that wait for the store; beyond them new ones are counted and lost.
const WAITING: usize = 1024;
/// Most pairs of partners whose hits are remembered; beyond them the oldest is told again.
const PAIRS: usize = 10_000;

/// What signals need.
pub(super) struct Parts {
    pub(super) judge: Arc<Judge>,
    pub(super) office: Arc<dyn Office>,
    pub(super) figures: Arc<Figures>,
    pub(super) runtime: tokio::runtime::Handle,
}

/// Records signals until it is stopped.
pub(super) struct Recording {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

/// Begins to record.
pub(super) fn record(parts: Parts) -> anyhow::Result<Recording> {
    let (stop, stopped) = channel();
    let mut drain = Drain::new(parts);
    let thread = std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || {
            let clock = SystemClock::start();
            while stopped.recv_timeout(EVERY) == Err(RecvTimeoutError::Timeout) {
                drain.round(clock.now());
            }
            drain.round(clock.now());
        })
        .context("no thread for signals")?;
    Ok(Recording { stop, thread })
}

impl Recording {
    /// Records what was raised last, and ends.
    pub(super) fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            talk::error("the last signals were not recorded, since their thread failed");
        }
    }
}

struct Drain {
    parts: Parts,
    desk: Desk,
    waiting: VecDeque<SignalSeen>,
    /// Holds that bite and are not in the state, since the store can't be written.
    uncounted: u64,
    failing: bool,
    lost: u64,
    /// When partners were last compared; none before the first round.
    compared: Option<Wall>,
    /// Until when a pair of partners is not told again.
    quiet: HashMap<(Arc<str>, PartnerIx, PartnerIx), Wall>,
}

impl Drain {
    fn new(parts: Parts) -> Self {
        let desk = parts.judge.desk();
        let (waiting, quiet) = (VecDeque::new(), HashMap::new());
        Self { parts, desk, waiting, uncounted: 0, failing: false, lost: 0, compared: None, quiet }
    }

    fn round(&mut self, now: Now) {
        let snapshot = self.parts.office.snapshot();
        for raised in self.parts.judge.take_signals() {
            let seen = self.seen(&snapshot, raised.partner, &raised.hit);
            self.keep(seen.map(|seen| SignalSeen { key: key(&snapshot, raised.key), ..seen }));
        }
        let compared = *self.compared.get_or_insert(now.wall);
        if compared.0.saturating_add(COMPARE_EVERY) <= now.wall.0 {
            self.compared = Some(now.wall);
            self.compare(&snapshot, now);
        }
        if !self.waiting.is_empty() {
            self.send();
        }
        self.tell_lost();
    }

    fn keep(&mut self, seen: Option<SignalSeen>) {
        let Some(seen) = seen else { return };
        if self.waiting.len() < WAITING {
            self.waiting.push_back(seen);
        } else {
            self.lost += 1;
        }
    }

    /// Keeps what partners have in common for both of them; what follows is for those whose own tier
    /// says so.
    fn compare(&mut self, snapshot: &Snapshot, now: Now) {
        self.quiet.retain(|_, until| *until > now.wall);
        for (one, other, hit) in self.desk.overlaps(now) {
            let pair = (Arc::clone(&hit.rule), one, other);
            if self.quiet.contains_key(&pair) {
                continue;
            }
            if self.quiet.len() < PAIRS {
                self.quiet.insert(pair, Wall(now.wall.0.saturating_add(self.cool_down(&hit))));
            }
            let same = self.tier(snapshot, one) == self.tier(snapshot, other);
            for (of, with) in [(one, other), (other, one)] {
                let with = snapshot.partner(with).map(|partner| partner.id.clone());
                let then = if of == one || same { actions(&hit) } else { vec![SignalAction::Flag] };
                let seen = self.seen(snapshot, of, &hit);
                self.keep(seen.map(|seen| SignalSeen { with, then, ..seen }));
            }
        }
    }

    fn tier(&self, snapshot: &Snapshot, partner: PartnerIx) -> Option<portcullis_types::TierIx> {
        let (rules, partner) = (self.parts.judge.rules()?, snapshot.partner(partner)?);
        match &partner.tier {
            Some(tier) => rules.policies.tier(tier.as_str()),
            None => rules.policies.tier_for_use(partner.facts.purpose.as_deref()?),
        }
    }

    fn cool_down(&self, hit: &SignalHit) -> u64 {
        let rules = self.parts.judge.rules();
        let tiers = rules.iter().flat_map(|rules| rules.policies.tiers());
        let mut watches = tiers.flat_map(|tier| tier.watches());
        let watch = watches.find(|watch| watch.name == hit.rule);
        watch.map_or(portcullis_registry::SIGNAL_HOLDS_WINDOW, |watch| {
            watch.cool_down.milliseconds()
        })
    }

    /// Sends what waits; where the store takes nothing, only what is to be held, which bites at once.
    fn send(&mut self) {
        if self.parts.office.health().durable {
            self.uncounted = 0;
        }
        let mut failed = None;
        let mut still = VecDeque::new();
        while let Some(seen) = self.waiting.pop_front() {
            if failed.is_some() && !seen.then.contains(&SignalAction::Hold) {
                still.push_back(seen);
                continue;
            }
            match self.submit(&seen) {
                Ok(()) => {}
                Err(OfficeError::Rejected(why)) if !matches!(why, Rejected::AlreadyHeld { .. }) => {
                    talk::error(&format!("signal `{}` was not recorded: {why}", seen.rule));
                }
                // Also where a hold of the same partner bites and waits to be written.
                Err(why) => {
                    failed.get_or_insert(why);
                    still.push_back(seen);
                }
            }
        }
        self.waiting = still;
        self.parts.figures.waiting.store(self.waiting.len() as u64, Ordering::Relaxed);
        self.tell_failed(failed);
    }

    fn submit(&mut self, seen: &SignalSeen) -> Result<(), OfficeError> {
        let actor = Actor { kind: ActorKind::Gate, id: format!("signal:{}", seen.rule) };
        let bounds = SignalBounds {
            holds_per_day: self.parts.figures.holds_per_day,
            uncounted: self.uncounted,
        };
        let command = Command::RaiseSignal { seen: seen.clone(), bounds };
        let done = self.parts.runtime.block_on(self.parts.office.submit(actor, command))?;
        let undone = done.undo.is_some();
        let undo = done.undo.map(|undo| format!(" (undo: {undo})")).unwrap_or_default();
        talk::warn(&format!("{}{undo}", done.what));
        let figures = &self.parts.figures;
        figures.count(&seen.signal);
        // Only a hold can be undone, and only a hold is in force before it is durable.
        if undone {
            figures.held.fetch_add(1, Ordering::Relaxed);
        }
        self.uncounted += u64::from(!done.durable);
        Ok(())
    }

    fn seen(&self, snapshot: &Snapshot, partner: PartnerIx, hit: &SignalHit) -> Option<SignalSeen> {
        Some(SignalSeen {
            partner: snapshot.partner(partner)?.id.clone(),
            key: None,
            with: None,
            rule: hit.rule.to_string(),
            signal: hit.signal.to_owned(),
            evidence: hit.evidence.clone(),
            limit: hit.limit.clone(),
            window: hit.window,
            classes: self.classes(&hit.rule).unwrap_or_default(),
            then: actions(hit),
            tell: hit.tell.as_deref().map(str::to_owned),
        })
    }

    /// The classes that a watch names.
    fn classes(&self, rule: &str) -> Option<Vec<ClassName>> {
        let rules = self.parts.judge.rules()?;
        let mut watches = rules.policies.tiers().flat_map(|tier| tier.watches());
        let classes = watches.find(|watch| *watch.name == *rule)?.classes.as_ref()?;
        let named = (0..).map(ClassIx).zip(rules.catalogue.classes());
        let named = named.filter(|(at, _)| classes.contains(*at));
        Some(named.map(|(_, class)| class.clone()).collect())
    }

    /// Said once: it is tried again four times a second.
    fn tell_failed(&mut self, failed: Option<OfficeError>) {
        match failed {
            None if self.failing => {
                self.failing = false;
                talk::info("signals are recorded again");
            }
            Some(why) if !self.failing => {
                self.failing = true;
                talk::error(&format!("signals wait to be recorded: {why}"));
            }
            _ => {}
        }
    }

    fn tell_lost(&mut self) {
        let lost = self.lost.saturating_add(self.parts.judge.signals_lost());
        if lost > self.parts.figures.lost.swap(lost, Ordering::Relaxed) {
            talk::error(&format!("{lost} signals were lost since the start: too many at once"));
        }
    }
}

fn key(snapshot: &Snapshot, key: KeyIx) -> Option<portcullis_types::KeyId> {
    Some(snapshot.key(key)?.id())
}

fn actions(hit: &SignalHit) -> Vec<SignalAction> {
    let action = |action: &Action| match action {
        Action::Flag => SignalAction::Flag,
        Action::OpenCase => SignalAction::OpenCase,
        Action::Restrict => SignalAction::Restrict,
        Action::Hold => SignalAction::Hold,
    };
    hit.then.iter().map(action).collect()
}
