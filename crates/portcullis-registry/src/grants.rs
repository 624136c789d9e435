//! Grants: which account lets which partner act for it, for whom and for how long.
//!
//! They are live state and may be millions: the log says how many changed and what they come to, the
//! grants themselves lie beside it. Must not know how they are kept, fed or looked up.

use std::sync::{Arc, Weak};

use portcullis_types::{ClientId, ClientIx, PartnerId, PartnerIx, Revision, Wall};

mod settle;
mod sum;

pub use settle::{GrantRow, GrantsPlan, Settled};
pub use sum::GrantsSum;

use crate::rejected::Rejected;
use crate::state::State;

/// Longest account in bytes.
pub const ACCOUNT_BYTES_MAX: usize = 64;
/// Most lines of one batch: a hold waits for no more than one.
pub const GRANTS_BATCH_MAX: usize = 10_000;
/// Most grants there may be; beyond them nothing is added.
pub const GRANTS_MAX: u64 = 20_000_000;

/// When a grant holds: from the first moment on, until just before the second.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq, Hash)]
pub struct Term {
    /// Since when; none: since ever.
    pub from: Option<Wall>,
    /// Until when; none: until it is withdrawn.
    pub until: Option<Wall>,
}

impl Term {
    /// Whether it holds at a moment.
    #[must_use]
    pub fn holds(&self, now: Wall) -> bool {
        self.from.is_none_or(|from| from <= now) && self.until.is_none_or(|until| now < until)
    }
}

/// Which grant: there is one at most for an account, a partner and a client (or none).
#[derive(Debug, Clone, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct GrantName {
    /// The account's id at the platform, as its calls write it.
    pub account: String,
    /// Who may act for it.
    pub partner: PartnerId,
    /// For which client of the partner; none: for whichever.
    pub client: Option<ClientId>,
}

/// A grant.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Grant {
    /// Which.
    pub name: GrantName,
    /// When it holds.
    pub term: Term,
}

/// What a feed says about one grant.
#[derive(Debug, Clone, Eq, PartialEq)]
pub enum GrantLine {
    /// It is given, or its term is this one now.
    Grant(Grant),
    /// It is withdrawn; where there is none, all is as wished. Without a client, everything that the
    /// account granted the partner is, whatever the client.
    Withdraw(GrantName),
}

/// One change, as the judge is told. Changes hold in their order; a withdrawal without a client ends
/// everything that the account granted the partner.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub struct GrantChange<'a> {
    /// The account.
    pub account: &'a str,
    /// Who may act for it.
    pub partner: PartnerIx,
    /// For which client; none: for whichever.
    pub client: Option<ClientIx>,
    /// When it holds; none: it is withdrawn.
    pub term: Option<Term>,
}

/// A batch of a feed, taken whole or not at all.
#[derive(Debug, Clone, Default)]
pub struct GrantsBatch {
    /// In order. At most [`GRANTS_BATCH_MAX`].
    pub lines: Vec<GrantLine>,
    /// The version it builds on, 0 where there never was a grant; another one is a conflict.
    pub on: Option<Revision>,
    /// What the lines are a part of.
    pub part: GrantsPart,
}

/// What the lines of a batch are a part of.
#[derive(Debug, Clone, Default)]
pub enum GrantsPart {
    /// Nothing: they are changes.
    #[default]
    Changes,
    /// A snapshot of all grants, which begins with them.
    SnapshotBegins(SnapshotFeed),
    /// A snapshot that goes on with them.
    SnapshotGoesOn(SnapshotFeed),
    /// A snapshot that ends with them: whatever it did not name is withdrawn now, some at a time.
    /// Send it again without lines until [`GrantsDone::more`] is false.
    SnapshotEnds {
        /// Which snapshot.
        feed: SnapshotFeed,
        /// Whether it may name less than half of the grants there are; if not, nothing is withdrawn.
        thin: bool,
    },
}

/// A snapshot under way: all batches that hold a clone are parts of it. Dropped, it is given up.
#[derive(Debug, Clone, Default)]
pub struct SnapshotFeed(Arc<()>);

impl SnapshotFeed {
    /// Begins one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A handle that does not keep it under way.
    #[must_use]
    pub fn watch(&self) -> Weak<()> {
        Arc::downgrade(&self.0)
    }

    /// Whether it is the watched one.
    #[must_use]
    pub fn is(&self, watched: &Weak<()>) -> bool {
        std::ptr::eq(Arc::as_ptr(&self.0), watched.as_ptr())
    }
}

/// What a batch came to.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq)]
pub struct GrantsDone {
    /// The version of all grants now; none while there never was one.
    pub version: Option<Revision>,
    /// How many were new.
    pub granted: u64,
    /// How many have another term now.
    pub renewed: u64,
    /// How many were withdrawn.
    pub withdrawn: u64,
    /// How many lines said what was so already.
    pub unchanged: u64,
    /// How many grants there are now.
    pub total: u64,
    /// Whether the snapshot has more to withdraw: send its last batch again, empty.
    pub more: bool,
}

/// Which grants to list.
#[derive(Debug, Clone, Default)]
pub struct GrantsWanted {
    /// Only those after this one in order of account, partner, client.
    pub after: Option<GrantName>,
    /// Only of this account.
    pub account: Option<String>,
    /// Only to this partner.
    pub partner: Option<PartnerId>,
    /// Only for this client.
    pub client: Option<ClientId>,
    /// At most so many.
    pub count: usize,
}

/// A part of the list, in order of account, partner, client.
#[derive(Debug, Clone, Default)]
pub struct GrantsPage {
    /// The grants.
    pub grants: Vec<Grant>,
    /// Whether there are more after the last.
    pub more: bool,
}

impl GrantLine {
    /// Which grant it is about.
    #[must_use]
    pub fn name(&self) -> &GrantName {
        match self {
            Self::Grant(grant) => &grant.name,
            Self::Withdraw(name) => name,
        }
    }

    /// When the grant holds after it; none: withdrawn.
    #[must_use]
    pub fn term(&self) -> Option<Term> {
        match self {
            Self::Grant(grant) => Some(grant.term),
            Self::Withdraw(_) => None,
        }
    }
}

impl State {
    /// The lines of a batch as changes, in order.
    ///
    /// # Errors
    /// [`Rejected::GrantLine`] names the first line, from 0, that can't be taken.
    pub fn grant_changes<'a>(
        &self,
        lines: &'a [GrantLine],
    ) -> Result<Vec<GrantChange<'a>>, Rejected> {
        if lines.len() > GRANTS_BATCH_MAX {
            return Err(Rejected::GrantsTooMany { count: lines.len(), max: GRANTS_BATCH_MAX });
        }
        let change = |(index, line)| {
            let at_line = |why| Rejected::GrantLine { index, why: Box::new(why) };
            self.grant_change(line).map_err(at_line)
        };
        lines.iter().enumerate().map(change).collect()
    }

    fn grant_change<'a>(&self, line: &'a GrantLine) -> Result<GrantChange<'a>, Rejected> {
        let GrantName { account, partner, client } = line.name();
        if account.is_empty()
            || account.len() > ACCOUNT_BYTES_MAX
            || !account.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return Err(Rejected::GrantAccount { max: ACCOUNT_BYTES_MAX });
        }
        let (partner_ix, _) = self.known_partner(partner)?;
        let client = match client {
            Some(id) => {
                let (at, record) = self.known_client(id)?;
                if record.partner != partner_ix {
                    let owner = self.now.partner(record.partner);
                    let owner = owner.map_or_else(|| partner.clone(), |owner| owner.id.clone());
                    let (client, partner) = (id.clone(), partner.clone());
                    return Err(Rejected::ClientOfOther { client, owner, partner });
                }
                Some(at)
            }
            None => None,
        };
        let term = line.term();
        if let Some(Term { from: Some(from), until: Some(until) }) = term
            && until <= from
        {
            return Err(Rejected::GrantTerm { from, until });
        }
        Ok(GrantChange { account, partner: partner_ix, client, term })
    }
}
