//! Narrowings that bite already and wait to become durable.
//!
//! A bounded queue, kept in the order in which they were asked; they are written before anything
//! else is.

use std::collections::VecDeque;

use portcullis_registry::{
    Command, KeyCommand, NarrowKind, Narrowing, Planned, Rejected, SubjectId,
};
use portcullis_types::Wall;

use crate::append::Batch;

/// Most narrowings that may wait: the blast radius of a full disk is stated.
pub(crate) const PENDING_MAX: usize = 1024;

/// One that waits.
#[derive(Debug)]
pub(crate) struct Waiting {
    pub(crate) batch: Batch,
    pub(crate) planned: Planned,
}

/// All that wait.
#[derive(Debug, Default)]
pub(crate) struct Pending(VecDeque<Waiting>);

impl Pending {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.0.len() >= PENDING_MAX
    }

    pub(crate) fn push(&mut self, waiting: Waiting) {
        self.0.push_back(waiting);
    }

    pub(crate) fn first(&self) -> Option<&Waiting> {
        self.0.front()
    }

    pub(crate) fn pop(&mut self) -> Option<Waiting> {
        self.0.pop_front()
    }

    /// The state does not know what waits here; a narrowing that was asked before is refused alike.
    pub(crate) fn check(&self, command: &Command, new: &Narrowing) -> Result<(), Rejected> {
        let same = |kind: NarrowKind| {
            let mut narrowings =
                self.0.iter().filter_map(|waiting| waiting.planned.narrows.as_ref());
            narrowings.find(move |old| old.subject == new.subject && old.kind == kind)
        };
        let since = |old: &Narrowing| -> Wall { old.notice.since };
        match (command.bare(), same(NarrowKind::Hold), same(NarrowKind::Revoke)) {
            (Command::Stand { subject: SubjectId::Key(key), .. }, _, Some(old)) => {
                Err(Rejected::RevokedNeverReturns { key: key.clone(), since: since(old) })
            }
            (Command::Stand { subject, .. }, Some(old), _) if old.notice.covers(&new.notice) => {
                let (since, reason) = (since(old), old.notice.reason.clone());
                Err(Rejected::AlreadyHeld { subject: subject.clone(), since, reason })
            }
            (Command::RaiseSignal { seen, .. }, Some(old), _) => {
                let (since, reason) = (since(old), old.notice.reason.clone());
                let subject = SubjectId::Partner(seen.partner.clone());
                Err(Rejected::AlreadyHeld { subject, since, reason })
            }
            (Command::Credential(KeyCommand::Compromised { key, .. }), _, Some(old))
            | (Command::RevokeKey { key, .. }, _, Some(old)) => {
                let (since, reason) = (since(old), old.notice.reason.clone());
                Err(Rejected::AlreadyRevoked { key: key.clone(), since, reason })
            }
            _ => Ok(()),
        }
    }
}
