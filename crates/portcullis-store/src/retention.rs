//! Looks now and then for what was kept long enough, and erases it.
//!
//! What is erased never comes back, so it must not go by a clock that is wrong: a wall clock that
//! jumped since the start erases nothing before the gate is started again. Must not know what may go;
//! the registry says so.

use portcullis_registry::{Actor, ErasedBody, RetentionCommand, Terms};
use portcullis_types::{Mono, Now};

use crate::database;
use crate::writer::Writer;

/// From look to look, and from a start to the first one: ten minutes.
const EVERY: u64 = 600_000_000_000;

/// When it is looked for what was kept long enough.
#[derive(Debug, Default)]
pub struct Looks {
    started: Option<Now>,
    next: Mono,
    /// Whether the clock could not be trusted at the last one.
    parted: bool,
}

impl Looks {
    /// Whether it is time, by a clock that can be trusted.
    pub fn are_due(&mut self, now: Now) -> bool {
        let Some(started) = self.started else {
            (self.started, self.next) = (Some(now), Mono(now.mono.0 + EVERY));
            return false;
        };
        if now.mono < self.next {
            return false;
        }
        self.next = Mono(now.mono.0 + EVERY);
        self.parted = now.has_parted(started);
        !self.parted
    }

    /// What was due could not be done: the next look is at once.
    pub(crate) fn are_due_again(&mut self) {
        self.next = Mono(0);
    }

    /// Whether nothing is erased, since the wall clock jumped.
    #[must_use]
    pub const fn have_parted(&self) -> bool {
        self.parted
    }
}

impl Writer {
    /// Erases what was kept long enough, in events of a bounded size. What can't be written now is due
    /// again at the next look.
    pub(crate) async fn look_for_old(&mut self) {
        let now = self.clock.now();
        let due = self.looks.are_due(now);
        self.shared.erases(!self.looks.have_parted());
        if !due {
            return;
        }
        // Not the time of the newest event, which a clock that was ahead may have left behind.
        for command in self.state.erasable(now.wall) {
            let RetentionCommand::Erase { kind, before, bodies, brought } = command else {
                continue;
            };
            let brought = self.there(brought).await;
            let command = RetentionCommand::Erase { kind, before, bodies, brought };
            if self.submit(Actor::clock(), &command.into(), &Terms::default()).await.is_err() {
                return;
            }
        }
    }

    /// Those that are kept here: a statement may name what stayed where it was.
    async fn there(&mut self, brought: Vec<ErasedBody>) -> Vec<ErasedBody> {
        let log = &mut self.store.log;
        let mut there = Vec::new();
        for body in brought {
            let found = database::blob(&mut log.connection, &log.path, &body.sha256).await;
            if found.is_ok_and(|found| found.is_some()) {
                there.push(body);
            }
        }
        there
    }
}
