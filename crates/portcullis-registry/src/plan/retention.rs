//! What was kept long enough, and what may go of it.

use std::collections::HashSet;

use portcullis_types::Wall;

use super::Planned;
use crate::rejected::Rejected;
use crate::retention::{
    BATCHES_MAX, ERASED_MAX, ErasedBody, KeptBody, RecordKind, Retention, RetentionCommand,
    RetentionEvent, STATEMENTS_ERASED_MAX,
};
use crate::standing::{StandingRejected, Who};
use crate::state::State;
use crate::words::Actor;

impl State {
    /// Takes how long things are kept at this gate. It is no part of the log: what went stays gone,
    /// whatever is kept from here on.
    pub fn take_retention(&mut self, retention: Retention) {
        self.retention = retention;
    }

    /// What may go at a moment, the oldest first and not all at once: to be carried out by
    /// [`Actor::clock`]. A body that anything else still names stays.
    #[must_use]
    pub fn erasable(&self, now: Wall) -> Vec<RetentionCommand> {
        let holds = self.now.holds(now);
        let goes = |body: &KeptBody| holds.lets_go(body, &self.retention, now);
        let there = || self.now.bodies.iter().filter(|body| body.gone.is_none());
        let stays: HashSet<&str> =
            there().filter(|body| !goes(body)).map(|body| &*body.sha256).collect();
        let mut batches = Vec::new();
        for kind in RecordKind::ALL {
            let Some(before) = self.retention.before(kind, now) else { continue };
            let due = there().filter(|body| body.kind == kind && goes(body));
            let due = due.filter(|body| !stays.contains(&*body.sha256));
            let due: Vec<ErasedBody> = due.take(ERASED_MAX * BATCHES_MAX).map(named).collect();
            let most = match kind {
                RecordKind::Statements => STATEMENTS_ERASED_MAX,
                _ => ERASED_MAX,
            };
            let mut brought_before = HashSet::new();
            for (at, bodies) in due.chunks(most).enumerate() {
                // What went in the parts before this one names nothing any more.
                let gone = due.get(..at * most + bodies.len()).unwrap_or_default();
                let mut brought = self.brought_by(gone);
                brought.retain(|body| brought_before.insert(body.sha256.clone()));
                let bodies = bodies.to_vec();
                batches.push(RetentionCommand::Erase { kind, before, bodies, brought });
            }
        }
        batches.truncate(BATCHES_MAX);
        batches
    }

    /// Evidence that came with these statements and with no other, and that no case has.
    fn brought_by(&self, statements: &[ErasedBody]) -> Vec<ErasedBody> {
        let goes = |at| statements.iter().any(|one| one.revision == at);
        let only = self.brought.iter().filter(|(_, named)| named.iter().all(|at| goes(*at)));
        let free = only.filter(|(sha256, _)| {
            let mut named = self.now.bodies.iter().filter(|body| *body.sha256 == ***sha256);
            !self.now.bodies.is_needed(sha256) && named.all(|body| body.gone.is_some())
        });
        let first = free.filter_map(|(sha256, named)| Some((sha256, *named.first()?)));
        first.map(|(sha256, revision)| ErasedBody { revision, sha256: sha256.clone() }).collect()
    }

    pub(super) fn retention(
        &self,
        by: &Actor,
        command: &RetentionCommand,
        now: Wall,
    ) -> Result<Planned, Rejected> {
        if Who::of(by) != Who::Clock {
            return Err(StandingRejected::NotTheClock.into());
        }
        let (kind, before, count, bodies) = match command {
            RetentionCommand::Erase { kind, before, bodies, brought } => {
                let holds = self.now.holds(now);
                let goes = |one: &&ErasedBody| {
                    let body = self.now.bodies.named_by(one.revision, &one.sha256);
                    let body = body.filter(|body| body.kind == *kind && body.gone.is_none());
                    body.is_some_and(|body| holds.lets_go(body, &self.retention, now))
                };
                let bodies: Vec<_> = bodies.iter().filter(goes).chain(brought).cloned().collect();
                (*kind, *before, bodies.len() as u64, bodies)
            }
            RetentionCommand::Forget { before, count } => {
                (RecordKind::Deliveries, *before, *count, Vec::new())
            }
        };
        let kept = self.retention.of(kind);
        let over = self.retention.before(kind, now).is_some_and(|latest| before <= latest);
        let Some(kept) = kept.filter(|_| over && count > 0) else {
            return Ok(Planned::nothing("nothing was kept long enough"));
        };
        let what =
            format!("{count} {kind} erased: kept for {kept}, from before {}", before.rfc3339());
        let event = RetentionEvent::Erased { kind, kept, before, count, bodies };
        Ok(Planned::one(event.into(), what))
    }
}

fn named(body: &KeptBody) -> ErasedBody {
    ErasedBody { revision: body.revision, sha256: body.sha256.to_string() }
}
