//! Grants: which accounts let which partner act for them, as of now.
//!
//! Live state, looked up at each call, so that a withdrawal bites at the next one. Holds keyed hashes
//! of account ids and no account; 10 million of them take about 60 bytes each. Must not know policies
//! or where grants are stored.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::BuildHasher;

use dashmap::DashMap;
use portcullis_limits::budget::{HashedAlready, Hasher128, TargetKey};
use portcullis_types::{ClientIx, PartnerIx, Wall};
use smallvec::SmallVec;

/// Every grant in force or to come.
pub struct GrantBook {
    /// A keyed hash of 128 bits, so that no two of millions of accounts meet.
    hasher: Hasher128,
    accounts: DashMap<TargetKey, SmallVec<[Leave; 1]>, HashedAlready>,
    counts: DashMap<PartnerIx, Count>,
}

/// One account's leave for one partner.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
struct Leave {
    partner: PartnerIx,
    client: Option<ClientIx>,
    from: Wall,
    until: Wall,
}

/// A partner's accounts. An account counts once, whatever clients it granted.
#[derive(Debug, Default)]
struct Count {
    lasting: u64,
    /// Those with a beginning or an end: a moment is needed to count them.
    timed: HashMap<TargetKey, (Wall, Wall), HashedAlready>,
    /// How many of those held in a span of time that no beginning or end falls into.
    counted: Option<(Wall, Wall, u64)>,
}

/// How an account counts for a partner.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
enum Tally {
    Not,
    Lasting,
    Timed(Wall, Wall),
}

/// Since ever, and for ever.
const ALWAYS: (Wall, Wall) = (Wall(0), Wall(u64::MAX));

impl Default for GrantBook {
    fn default() -> Self {
        Self {
            hasher: Hasher128::new(&secret()),
            accounts: DashMap::default(),
            counts: DashMap::new(),
        }
    }
}

/// A secret of this book alone.
fn secret() -> [u8; 16] {
    let half = || RandomState::new().hash_one(()).to_le_bytes();
    let mut secret = [0; 16];
    for (byte, chance) in secret.iter_mut().zip(half().into_iter().chain(half())) {
        *byte = chance;
    }
    secret
}

impl GrantBook {
    /// Takes in a grant; one of the same account, partner and client is replaced.
    pub fn put(
        &self,
        account: &str,
        (partner, client): (PartnerIx, Option<ClientIx>),
        from: Option<Wall>,
        until: Option<Wall>,
    ) {
        let at = self.key(account);
        let (from, until) = (from.unwrap_or(ALWAYS.0), until.unwrap_or(ALWAYS.1));
        let mut leaves = self.accounts.entry(at).or_default();
        let before = Tally::of(&leaves, partner);
        leaves.retain(|have| (have.partner, have.client) != (partner, client));
        leaves.push(Leave { partner, client, from, until });
        self.recount(at, partner, before, Tally::of(&leaves, partner));
    }

    /// Withdraws everything an account granted a partner, or what it granted for one client.
    pub fn withdraw(&self, account: &str, partner: PartnerIx, client: Option<ClientIx>) {
        let at = self.key(account);
        let Some(mut leaves) = self.accounts.get_mut(&at) else { return };
        let before = Tally::of(&leaves, partner);
        leaves
            .retain(|have| have.partner != partner || (client.is_some() && have.client != client));
        self.recount(at, partner, before, Tally::of(&leaves, partner));
        drop(leaves);
        self.accounts.remove_if(&at, |_, leaves| leaves.is_empty());
    }

    /// Forgets all of them: before a whole new list is taken in.
    pub fn clear(&self) {
        self.accounts.clear();
        self.counts.clear();
    }

    /// Whether the account lets this partner act for it at that moment. A grant for a client holds for
    /// that client's keys, and for keys that are bound to no client.
    #[must_use]
    pub fn holds(
        &self,
        account: &str,
        partner: PartnerIx,
        client: Option<ClientIx>,
        now: Wall,
    ) -> bool {
        let Some(leaves) = self.accounts.get(&self.key(account)) else { return false };
        leaves.iter().any(|leave| {
            let whose = leave.client.is_none() || client.is_none() || leave.client == client;
            leave.partner == partner && whose && leave.holds(now)
        })
    }

    /// For which clients the account lets this partner act at that moment; none: for whichever.
    pub(crate) fn clients(
        &self,
        account: &str,
        partner: PartnerIx,
        now: Wall,
        mut each: impl FnMut(Option<ClientIx>),
    ) {
        let Some(leaves) = self.accounts.get(&self.key(account)) else { return };
        let ours = leaves.iter().filter(|leave| leave.partner == partner && leave.holds(now));
        ours.for_each(|leave| each(leave.client));
    }

    /// How many accounts let this partner act for them at that moment.
    #[must_use]
    pub fn count(&self, partner: PartnerIx, now: Wall) -> u64 {
        {
            let Some(count) = self.counts.get(&partner) else { return 0 };
            if let Some(known) = count.known(now) {
                return count.lasting + known;
            }
        }
        self.counts.get_mut(&partner).map_or(0, |mut count| count.lasting + count.learn(now))
    }

    fn key(&self, account: &str) -> TargetKey {
        self.hasher.key(0, account)
    }

    /// Counts an account of a partner anew. The account's entry is held meanwhile.
    fn recount(&self, at: TargetKey, partner: PartnerIx, before: Tally, after: Tally) {
        if before == after {
            return;
        }
        let mut count = self.counts.entry(partner).or_default();
        match before {
            Tally::Not => {}
            Tally::Lasting => count.lasting = count.lasting.saturating_sub(1),
            Tally::Timed(..) => _ = count.timed.remove(&at),
        }
        match after {
            Tally::Not => {}
            Tally::Lasting => count.lasting += 1,
            Tally::Timed(from, until) => _ = count.timed.insert(at, (from, until)),
        }
        count.counted = None;
    }
}

impl Leave {
    fn holds(&self, now: Wall) -> bool {
        self.from <= now && now < self.until
    }
}

impl Tally {
    fn of(leaves: &[Leave], partner: PartnerIx) -> Self {
        let ours = || leaves.iter().filter(|leave| leave.partner == partner);
        if ours().any(|leave| (leave.from, leave.until) == ALWAYS) {
            return Self::Lasting;
        }
        // Of several with an end, the one that lasts longest counts.
        let longest = ours().max_by_key(|leave| leave.until);
        longest.map_or(Self::Not, |leave| Self::Timed(leave.from, leave.until))
    }
}

impl Count {
    /// The number of timed ones, where it was counted for a span that holds this moment.
    fn known(&self, now: Wall) -> Option<u64> {
        if self.timed.is_empty() {
            return Some(0);
        }
        self.counted.filter(|(from, until, _)| *from <= now && now < *until).map(|(.., n)| n)
    }

    fn learn(&mut self, now: Wall) -> u64 {
        let (mut from, mut until, mut number) = (ALWAYS.0, ALWAYS.1, 0);
        for (begin, end) in self.timed.values() {
            number += u64::from(*begin <= now && now < *end);
            for edge in [*begin, *end] {
                if edge <= now {
                    from = from.max(edge);
                } else {
                    until = until.min(edge);
                }
            }
        }
        self.counted = Some((from, until, number));
        number
    }
}

impl fmt::Debug for GrantBook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GrantBook").field("accounts", &self.accounts.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACME: PartnerIx = PartnerIx(0);
    const ZENITH: PartnerIx = PartnerIx(1);
    const SHOP: Option<ClientIx> = Some(ClientIx(7));

    #[test]
    fn a_grant_holds_for_its_partner_and_between_its_moments() {
        let book = GrantBook::default();
        book.put("1", (ACME, None), Some(Wall(10)), Some(Wall(20)));
        book.put("2", (ACME, None), None, None);
        let holds = |account, partner, now| book.holds(account, partner, None, Wall(now));
        assert!(!holds("1", ACME, 9) && holds("1", ACME, 10));
        assert!(holds("1", ACME, 19) && !holds("1", ACME, 20));
        assert!(!holds("1", ZENITH, 15) && !holds("3", ACME, 15));
        let counts: Vec<_> = [9, 10, 19, 20, 9].map(|now| book.count(ACME, Wall(now))).into();
        assert_eq!(counts, [1, 2, 2, 1, 1]);
        assert_eq!(book.count(ZENITH, Wall(15)), 0);
    }

    #[test]
    fn a_grant_for_a_client_holds_for_its_keys_and_for_unbound_ones() {
        let book = GrantBook::default();
        book.put("1", (ACME, SHOP), None, None);
        assert!(book.holds("1", ACME, SHOP, Wall(5)));
        assert!(book.holds("1", ACME, None, Wall(5)));
        assert!(!book.holds("1", ACME, Some(ClientIx(8)), Wall(5)));
    }

    #[test]
    fn what_is_withdrawn_holds_no_more_and_counts_once_only() {
        let book = GrantBook::default();
        book.put("1", (ACME, SHOP), None, None);
        book.put("1", (ACME, None), None, None);
        book.put("1", (ZENITH, None), None, None);
        assert_eq!(book.count(ACME, Wall(0)), 1, "one account, granted for a client and for all");
        book.withdraw("1", ACME, SHOP);
        assert!(book.holds("1", ACME, None, Wall(0)));
        book.withdraw("1", ACME, None);
        book.withdraw("1", ACME, None);
        assert!(!book.holds("1", ACME, None, Wall(0)) && book.holds("1", ZENITH, None, Wall(0)));
        assert_eq!((book.count(ACME, Wall(0)), book.count(ZENITH, Wall(0))), (0, 1));
        book.clear();
        assert!(!book.holds("1", ZENITH, None, Wall(0)));
    }
}
