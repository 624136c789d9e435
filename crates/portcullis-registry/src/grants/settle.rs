//! What changes come to, given the grants there are: rows to write and changes to tell the judge.
//!
//! Must not know where the rows lie.

use std::collections::HashMap;

use portcullis_types::{ClientIx, PartnerIx};

use super::{GrantChange, Term};

/// One row of the table before and after.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub struct GrantRow<'a> {
    /// The account.
    pub account: &'a str,
    /// Who may act for it.
    pub partner: PartnerIx,
    /// For which client.
    pub client: Option<ClientIx>,
    /// Its term before; none: there was none.
    pub before: Option<Term>,
    /// Its term after; none: it is withdrawn.
    pub after: Option<Term>,
}

/// Changes on their way to rows: wishes in, then what was found for them, then the outcome.
#[derive(Debug, Default)]
pub struct GrantsPlan<'a> {
    groups: Vec<Group<'a>>,
    places: HashMap<(&'a str, PartnerIx), usize>,
    wishes: u64,
}

/// All that one account grants one partner.
#[derive(Debug)]
struct Group<'a> {
    account: &'a str,
    partner: PartnerIx,
    before: Terms,
    wishes: Vec<Wish>,
}

type Terms = Vec<(Option<ClientIx>, Term)>;

#[derive(Debug, Clone, Copy)]
enum Wish {
    Put(Option<ClientIx>, Term),
    End(Option<ClientIx>),
    EndAll,
}

/// What changes came to.
#[derive(Debug, Default)]
pub struct Settled<'a> {
    /// The rows that differ.
    pub rows: Vec<GrantRow<'a>>,
    /// For the judge, once the rows are durable. Names what is as it was, too: a withdrawal that bit
    /// without being written is healed by the next grant.
    pub feed: Vec<GrantChange<'a>>,
    /// For the judge, where the rows can't be written: the withdrawals alone.
    pub narrowing: Vec<GrantChange<'a>>,
    /// How many grants are new.
    pub granted: u64,
    /// How many have another term.
    pub renewed: u64,
    /// How many are withdrawn.
    pub withdrawn: u64,
    /// How many wishes changed nothing.
    pub unchanged: u64,
}

impl<'a> GrantsPlan<'a> {
    /// A change as a feed wishes it: a withdrawal without a client ends all of the account's grants to
    /// the partner.
    pub fn wish(&mut self, change: &GrantChange<'a>) {
        let wish = match (change.term, change.client) {
            (Some(term), client) => Wish::Put(client, term),
            (None, None) => Wish::EndAll,
            (None, client) => Wish::End(client),
        };
        self.add(change.account, change.partner, wish);
    }

    /// Ends exactly this grant and no other.
    pub fn end(&mut self, account: &'a str, partner: PartnerIx, client: Option<ClientIx>) {
        self.add(account, partner, Wish::End(client));
    }

    fn add(&mut self, account: &'a str, partner: PartnerIx, wish: Wish) {
        self.wishes += 1;
        let groups = &mut self.groups;
        let at = *self.places.entry((account, partner)).or_insert_with(|| {
            groups.push(Group { account, partner, before: Vec::new(), wishes: Vec::new() });
            groups.len() - 1
        });
        if let Some(group) = self.groups.get_mut(at) {
            group.wishes.push(wish);
        }
    }

    /// Whose rows must be looked up: accounts and partners, each once.
    pub fn asked(&self) -> impl Iterator<Item = (&'a str, PartnerIx)> {
        self.groups.iter().map(|group| (group.account, group.partner))
    }

    /// A row that was found.
    pub fn found(
        &mut self,
        account: &str,
        partner: PartnerIx,
        client: Option<ClientIx>,
        term: Term,
    ) {
        let at = self.places.get(&(account, partner));
        if let Some(group) = at.and_then(|at| self.groups.get_mut(*at)) {
            group.before.push((client, term));
        }
    }

    /// What the wishes come to.
    #[must_use]
    pub fn settle(self) -> Settled<'a> {
        let mut out = Settled::default();
        for group in &self.groups {
            let after = group.after();
            out.rows_of(group, &after);
            tell(&mut out.feed, group, &after, true);
            let kept: Terms =
                group.before.iter().copied().filter(|(c, _)| find(&after, *c).is_some()).collect();
            // Without a withdrawal nothing narrows.
            if kept.len() < group.before.len() {
                tell(&mut out.narrowing, group, &kept, false);
            }
        }
        let changed = out.granted + out.renewed + out.withdrawn;
        out.unchanged = self.wishes.saturating_sub(changed);
        out
    }
}

impl Group<'_> {
    fn after(&self) -> Terms {
        let mut after = self.before.clone();
        for wish in &self.wishes {
            match *wish {
                Wish::Put(client, term) => {
                    match after.iter_mut().find(|(have, _)| *have == client) {
                        Some((_, have)) => *have = term,
                        None => after.push((client, term)),
                    }
                }
                Wish::End(client) => after.retain(|(have, _)| *have != client),
                Wish::EndAll => after.clear(),
            }
        }
        after
    }

    /// Whether the grant for whichever client was wished gone: the judge then ends all, and what stays
    /// must be told again.
    fn ends_bare(&self) -> bool {
        let bare = |wish: &Wish| matches!(wish, Wish::EndAll | Wish::End(None));
        self.wishes.iter().any(bare)
    }
}

impl<'a> Settled<'a> {
    fn rows_of(&mut self, group: &Group<'a>, after: &Terms) {
        let (account, partner) = (group.account, group.partner);
        let row = |client, before, after| GrantRow { account, partner, client, before, after };
        for (client, before) in &group.before {
            match find(after, *client) {
                None => {
                    self.withdrawn += 1;
                    self.rows.push(row(*client, Some(*before), None));
                }
                Some(term) if term != *before => {
                    self.renewed += 1;
                    self.rows.push(row(*client, Some(*before), Some(term)));
                }
                Some(_) => {}
            }
        }
        for (client, term) in after {
            if find(&group.before, *client).is_none() {
                self.granted += 1;
                self.rows.push(row(*client, None, Some(*term)));
            }
        }
    }
}

fn find(terms: &Terms, client: Option<ClientIx>) -> Option<Term> {
    terms.iter().find(|(have, _)| *have == client).map(|(_, term)| *term)
}

/// Tells what leads to these terms, whatever the judge holds of the group; `puts`: new ones, too.
fn tell<'a>(feed: &mut Vec<GrantChange<'a>>, group: &Group<'a>, target: &Terms, puts: bool) {
    let (account, partner) = (group.account, group.partner);
    let change = |client, term| GrantChange { account, partner, client, term };
    if group.ends_bare() {
        feed.push(change(None, None));
        feed.extend(target.iter().map(|(client, term)| change(*client, Some(*term))));
        return;
    }
    for wish in &group.wishes {
        match *wish {
            Wish::Put(..) if !puts => {}
            Wish::Put(client, _) | Wish::End(client) => {
                feed.push(change(client, find(target, client)));
            }
            Wish::EndAll => {}
        }
    }
}
