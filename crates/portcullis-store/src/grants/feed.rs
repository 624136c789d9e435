//! A snapshot of the grants that is being fed: what it named, and what was changed beside it.
//!
//! Changes that arrive meanwhile win over the snapshot, which was made before them. Must not know
//! rows or SQL.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::sync::Weak;

use portcullis_registry::{GrantChange, GrantName, GrantsPart, Rejected, SnapshotFeed};
use portcullis_types::{ClientIx, PartnerIx};

/// A snapshot under way.
#[derive(Debug)]
pub(crate) struct Feed {
    watch: Weak<()>,
    /// What it named. 128 bits under a key of this process: no two of millions meet.
    named: HashSet<u128>,
    /// What others changed since it began.
    changed: HashSet<u128>,
    hashers: [RandomState; 2],
    /// How far its end has come.
    pub(crate) after: Option<GrantName>,
}

impl Feed {
    fn new(feed: &SnapshotFeed) -> Self {
        Self {
            watch: feed.watch(),
            named: HashSet::new(),
            changed: HashSet::new(),
            hashers: [RandomState::new(), RandomState::new()],
            after: None,
        }
    }

    /// Whether whoever feeds it is still there.
    fn is_alive(&self) -> bool {
        self.watch.strong_count() > 0
    }

    /// Changes of somebody else, once they hold.
    pub(crate) fn changed(&mut self, changes: &[GrantChange<'_>]) {
        for change in changes {
            let whose = match change.term {
                None if change.client.is_none() => None,
                _ => Some(change.client),
            };
            let mark = self.mark(change.account, change.partner, whose);
            self.changed.insert(mark);
        }
    }

    /// Lines of its own, once they hold.
    pub(crate) fn named(&mut self, changes: &[GrantChange<'_>]) {
        for change in changes {
            let mark = self.mark(change.account, change.partner, Some(change.client));
            self.named.insert(mark);
        }
    }

    /// Whether somebody else's later word holds for a grant.
    pub(crate) fn is_changed(
        &self,
        account: &str,
        partner: PartnerIx,
        client: Option<ClientIx>,
    ) -> bool {
        !self.changed.is_empty()
            && (self.changed.contains(&self.mark(account, partner, Some(client)))
                || self.changed.contains(&self.mark(account, partner, None)))
    }

    /// Whether it named a grant.
    pub(crate) fn names(
        &self,
        account: &str,
        partner: PartnerIx,
        client: Option<ClientIx>,
    ) -> bool {
        self.named.contains(&self.mark(account, partner, Some(client)))
    }

    /// Refuses an end that would withdraw most of the grants.
    pub(crate) fn check_thin(&self, total: u64) -> Result<(), Rejected> {
        let named = self.named.len() as u64;
        let known = named.saturating_add(self.changed.len() as u64);
        if known.saturating_mul(2) < total {
            return Err(Rejected::GrantsThin { named, total });
        }
        Ok(())
    }

    /// `client`: none: whichever.
    fn mark(&self, account: &str, partner: PartnerIx, client: Option<Option<ClientIx>>) -> u128 {
        let [first, second] = &self.hashers;
        let what = (account, partner, client);
        u128::from(first.hash_one(what)) << 64 | u128::from(second.hash_one(what))
    }
}

/// Lets a batch in: begins a snapshot, or finds the one it belongs to.
pub(crate) fn enter(slot: &mut Option<Feed>, part: &GrantsPart) -> Result<(), Rejected> {
    if slot.as_ref().is_some_and(|feed| !feed.is_alive()) {
        *slot = None;
    }
    match (part, slot.as_ref()) {
        (GrantsPart::Changes, _) => Ok(()),
        (GrantsPart::SnapshotBegins(_), Some(_)) => Err(Rejected::GrantsFeedRunning),
        (GrantsPart::SnapshotBegins(feed), None) => {
            *slot = Some(Feed::new(feed));
            Ok(())
        }
        (
            GrantsPart::SnapshotGoesOn(feed) | GrantsPart::SnapshotEnds { feed, .. },
            Some(running),
        ) if feed.is(&running.watch) => Ok(()),
        (GrantsPart::SnapshotGoesOn(_) | GrantsPart::SnapshotEnds { .. }, _) => {
            Err(Rejected::GrantsFeedLost)
        }
    }
}
