//! Who is asked about items while an answer passes: whose they are, against declared facts and grants;
//! and what they name, where a limit counts that.
//!
//! Holds what it needs, so that it can stay with an answer as long as that takes. Must not know how items
//! are found.

use std::fmt;
use std::sync::Arc;

use portcullis_limits::budget::Budgets;
use portcullis_policy::ListIx;
use portcullis_sieve::{Fate, Item, Items, Test};
use portcullis_types::{ClientIx, KeyIx, LedgerRecords, Now, PartnerIx, RateId, TypeIx, Wall};
use smallvec::{SmallVec, smallvec};

use super::Duties;
use super::record::RecordRule;
use crate::desk::Desk;
use crate::judge::Judge;
use crate::known::FactSets;
use crate::ledger::{Look, Recording};
use crate::metering::Caller;
use crate::names::Names;
use crate::view::View;

/// What is asked about the items of one tag.
#[derive(Debug, Default)]
pub(crate) struct ItemRule {
    /// Each of them must hold for an item to stay.
    pub(super) owners: Vec<OwnerRule>,
    /// Counted, but drops nothing: what would have been looked at by the program.
    pub(super) shadow: Vec<Test>,
    pub(super) shadowed: bool,
    /// What is counted of the items that stay.
    pub(super) found: Vec<FoundRule>,
    /// What the ledger is told of them.
    pub(super) record: Option<RecordRule>,
}

/// A member that names a node which a limit counts.
#[derive(Debug)]
pub(super) struct FoundRule {
    /// Which read.
    pub(super) read: usize,
    /// The type of the node.
    pub(super) kind: TypeIx,
    /// The limit, by name, since its number may change.
    pub(super) limit: RateId,
}

/// Where what is found is counted.
struct Account {
    budgets: Arc<Budgets>,
    limit: usize,
}

/// Whose items stay.
#[derive(Debug)]
pub(super) struct OwnerRule {
    /// The declared list, by name, since its number may change; none: those with a grant.
    pub(super) list: Option<Box<str>>,
    /// Which read is the owner's id.
    pub(super) id: Option<usize>,
    /// Which read is the owner's name.
    pub(super) name: Option<usize>,
    /// The type of owners, by name.
    pub(super) kind: Option<Box<str>>,
}

/// Decides about the items of one answer.
pub struct ItemJudge(Option<Box<Asked>>);

struct Asked {
    judge: Arc<Judge>,
    facts: Arc<FactSets>,
    names: Arc<Names>,
    duties: Arc<Duties>,
    /// For each tag, the lists of its owners.
    lists: SmallVec<[Vec<Option<ListIx>>; 1]>,
    /// For each tag, where what its items name is counted.
    accounts: SmallVec<[Vec<Option<Account>>; 1]>,
    partner: PartnerIx,
    client: Option<ClientIx>,
    now: Wall,
    shadowed: SmallVec<[u64; 1]>,
    /// What the ledger is told; none: nothing that it would have to be told may leave.
    recording: Option<Recording>,
}

impl Desk {
    /// Whoever decides about the items of an answer to a call of that key; `look`: what its permit
    /// brought for the ledger.
    pub fn items(
        &mut self,
        key: KeyIx,
        duties: &Arc<Duties>,
        look: Option<Box<Look>>,
        now: Now,
    ) -> ItemJudge {
        let asks = |rule: &ItemRule| {
            let judged = rule.shadowed || !rule.owners.is_empty() || !rule.found.is_empty();
            judged || rule.record.is_some()
        };
        if !duties.items.iter().any(asks) {
            return ItemJudge(None);
        }
        self.renew();
        let recording = look.map(Recording::new);
        let asked = self.items_of(key, duties, now.wall);
        ItemJudge(asked.map(|asked| Box::new(Asked { recording, ..asked })))
    }

    fn items_of(&self, ix: KeyIx, duties: &Arc<Duties>, now: Wall) -> Option<Asked> {
        let view = self.view.as_ref()?;
        let key = view.snapshot.key(ix)?;
        let caller = Caller::new(ix, key);
        let account = |found: &FoundRule| self.account(view, &caller, found, now);
        let facts = Arc::clone(&view.partner(key)?.facts);
        let policies = &view.bound.rules.policies;
        let list = |owner: &OwnerRule| {
            let wanted = owner.list.as_deref()?;
            let at = policies.lists().position(|name| *name == *wanted)?;
            u16::try_from(at).ok().map(ListIx)
        };
        Some(Asked {
            judge: Arc::clone(&self.judge),
            facts,
            names: Arc::clone(&view.names),
            lists: duties.items.iter().map(|rule| rule.owners.iter().map(list).collect()).collect(),
            accounts: duties
                .items
                .iter()
                .map(|rule| rule.found.iter().map(account).collect())
                .collect(),
            shadowed: smallvec![0; duties.items.len()],
            recording: None,
            duties: Arc::clone(duties),
            partner: key.partner,
            client: key.client,
            now,
        })
    }

    /// Where a limit of the caller's tier counts.
    fn account(
        &self,
        view: &View,
        caller: &Caller<'_>,
        found: &FoundRule,
        now: Wall,
    ) -> Option<Account> {
        let (tier, bound) = view.bound.tier(view.tier(caller.key)?)?;
        let at = tier.limits().iter().position(|limit| limit.id == found.limit)?;
        let place = bound.limits.get(at)?;
        let counted = caller.shares(place.per, view.partner(caller.key)?.group);
        let specs = bound.specs(place.per)?;
        let budgets = self.judge.live.budgets(counted, specs, view.epoch, now).ok()?;
        Some(Account { budgets, limit: place.at })
    }
}

impl ItemJudge {
    /// Filters in shadow, and how many items each would have dropped so far.
    #[must_use]
    pub fn shadowed(&self) -> Vec<(Arc<str>, u64)> {
        let Some(asked) = &self.0 else { return Vec::new() };
        let counts = asked.duties.rules.iter().zip(&asked.shadowed);
        counts
            .filter(|(_, count)| **count > 0)
            .map(|(name, count)| (Arc::clone(name), *count))
            .collect()
    }
}

impl ItemJudge {
    /// What left, for the ledger; none: nobody looked. Nothing that it would have to be told may leave
    /// after that.
    pub fn recorded(&mut self) -> Option<Box<LedgerRecords>> {
        Some(self.0.as_mut()?.recording.take()?.records())
    }
}

impl Items for ItemJudge {
    fn keep(&mut self, item: &Item<'_>) -> Fate {
        // Without anyone to ask, what must be asked about goes.
        self.0.as_mut().map_or(Fate::Drop, |asked| asked.keep(item))
    }

    fn noted(&self) -> usize {
        let recording = self.0.as_ref().and_then(|asked| asked.recording.as_ref());
        recording.map_or(0, Recording::len)
    }

    fn forget(&mut self, noted: usize) {
        let recording = self.0.as_mut().and_then(|asked| asked.recording.as_mut());
        recording.into_iter().for_each(|recording| recording.forget(noted));
    }

    fn late(&mut self, item: &Item<'_>, noted: usize) {
        let Some(Asked { duties, recording: Some(recording), .. }) = self.0.as_deref_mut() else {
            return;
        };
        let at = usize::try_from(item.tag).unwrap_or(usize::MAX);
        if let Some(rule) = duties.items.get(at).and_then(|rule| rule.record.as_ref()) {
            recording.complete(item.tag, rule.ask(), rule.seen(item), noted);
        }
    }
}

impl Asked {
    fn keep(&mut self, item: &Item<'_>) -> Fate {
        let at = usize::try_from(item.tag).unwrap_or(usize::MAX);
        let Some((rule, lists)) = self.duties.items.get(at).zip(self.lists.get(at)) else {
            return Fate::Drop;
        };
        if let Some(rule) = &rule.record {
            let recording = self.recording.as_mut();
            let noted = recording.is_some_and(|to| to.add(item.tag, rule.ask(), rule.seen(item)));
            return if noted { Fate::Keep } else { Fate::Cut };
        }
        let mut owners = rule.owners.iter().zip(lists);
        let agreed = owners.all(|(owner, list)| self.is_agreed(owner, *list, item));
        if !rule.found.is_empty() {
            return self.count(rule, at, item);
        }
        if !rule.shadowed {
            return if agreed { Fate::Keep } else { Fate::Drop };
        }
        let seconds = i64::try_from(self.now.0 / 1000).unwrap_or(i64::MAX);
        let drops = !agreed || rule.shadow.iter().any(|test| item.is(test, seconds));
        if let Some(count) = self.shadowed.get_mut(at).filter(|_| drops) {
            *count += 1;
        }
        Fate::Keep
    }

    /// Counts what an item names. What can't be counted does not leave.
    fn count(&self, rule: &ItemRule, at: usize, item: &Item<'_>) -> Fate {
        let accounts = self.accounts.get(at).map_or(&[][..], Vec::as_slice);
        for (found, account) in rule.found.iter().zip(accounts) {
            let (Some(account), false) = (account, item.is_unreadable(found.read)) else {
                return Fate::Cut;
            };
            if let Some(id) = item.text(found.read) {
                let target = self.judge.hasher.key(found.kind.0, id);
                account.budgets.found(account.limit, target, self.now);
            }
        }
        Fate::Keep
    }

    /// Whether an item's owner is one of those whose items stay. One that is not told is none.
    fn is_agreed(&self, owner: &OwnerRule, list: Option<ListIx>, item: &Item<'_>) -> bool {
        let id = owner.id.and_then(|read| item.text(read));
        if owner.list.is_none() {
            let holds = |id| self.judge.grants().holds(id, self.partner, self.client, self.now);
            return id.is_some_and(holds);
        }
        let Some(list) = list.and_then(|list| self.facts.list(list)) else { return false };
        let name = owner.name.and_then(|read| item.text(read)).map(str::to_lowercase);
        let kind = owner.kind.as_deref();
        let known = id.zip(kind).and_then(|(id, kind)| self.names.of(kind, id));
        let mut words = id.into_iter().chain(name.as_deref()).chain(known);
        words.any(|word| list.contains(word))
    }
}

impl fmt::Debug for ItemJudge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ItemJudge").field("asks", &self.0.is_some()).finish()
    }
}
