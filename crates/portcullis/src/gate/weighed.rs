//! What a set of policies or another tier does to the partners there are: who may do more, and whom it
//! leaves less.
//!
//! Must not put anything in force, nor know what partners are told.

use std::collections::BTreeMap;
use std::sync::Arc;

use portcullis_control::{AgreedTier, LedgerChange, LedgerWay, Weighed};
use portcullis_judge::Rules;
use portcullis_policy::{Effect, Side, Tier, Way, Whom, diff, diff_ledger, diff_tiers};
use portcullis_registry::{Narrowed, PartnerRecord, Snapshot};
use portcullis_types::{Revision, ScopeName, TierIx, TierName};

use super::board::Board;
use super::set;

/// What a set does to the partners. Without a set in force, or where this one can't be read, nothing is
/// proved.
pub(crate) fn weigh_set(
    board: &Board,
    files: &[(String, Arc<str>)],
    partners: &Snapshot,
) -> Weighed {
    let Some(old) = board.rules() else { return Weighed::default() };
    let Ok(new) = set::compile(&files.to_vec(), Revision(0)) else { return Weighed::default() };
    let effects = diff(side(&old), side(&new));
    let proved_narrower = effects.iter().all(|effect| effect.way == Way::Narrower);
    let mut whom = Whose { old: &old, new: &new, effects: &effects, moved: BTreeMap::new() };
    let callers = partners.callers();
    let scoped = scopes_of_keys(partners, &effects);
    let mut narrowed = Vec::new();
    for (ix, partner) in partners.partners().filter(|(ix, _)| callers.contains(ix)) {
        let mut less = whom.less(partner);
        less.extend(scoped.get(&ix.0).into_iter().flatten().cloned());
        if !less.is_empty() {
            narrowed.push(Narrowed::new(partner.id.clone(), less));
        }
    }
    Weighed { proved_narrower, narrowed }
}

/// What the ledger writes down otherwise by a set. Without a set in force, or where this one can't be read,
/// there is nothing to compare.
pub(crate) fn weigh_ledger(board: &Board, files: &[(String, Arc<str>)]) -> Vec<LedgerChange> {
    let Some(old) = board.rules() else { return Vec::new() };
    let Ok(new) = set::compile(&files.to_vec(), Revision(0)) else { return Vec::new() };
    let change = |effect: Effect| LedgerChange {
        way: match effect.way {
            Way::Wider => LedgerWay::Wider,
            Way::Narrower => LedgerWay::Narrower,
        },
        text: format!("{} {}", effect.who, effect.text),
    };
    diff_ledger(&old.catalogue, &new.catalogue).into_iter().map(change).collect()
}

/// What another tier of the set in force does to a partner.
pub(crate) fn weigh_move(board: &Board, partner: &PartnerRecord, to: &AgreedTier) -> Weighed {
    let Some(rules) = board.rules() else { return Weighed::default() };
    let before = tier(&rules, at(&rules, partner));
    let after = rules.policies.tier_of(to.tier.as_deref(), to.purpose.as_deref());
    let effects = diff_tiers((side(&rules), before), (side(&rules), tier(&rules, after)));
    let less: Vec<String> = lost(&effects).collect();
    let narrowed =
        if less.is_empty() { Vec::new() } else { vec![Narrowed::new(partner.id.clone(), less)] };
    Weighed { proved_narrower: effects.iter().all(|effect| effect.way == Way::Narrower), narrowed }
}

/// Two sets, and what was found of those who go from one tier to another.
struct Whose<'a> {
    old: &'a Rules,
    new: &'a Rules,
    effects: &'a [Effect],
    moved: BTreeMap<(Option<TierIx>, Option<TierIx>), Vec<String>>,
}

impl Whose<'_> {
    /// What a partner has less.
    fn less(&mut self, partner: &PartnerRecord) -> Vec<String> {
        let (before, after) = (at(self.old, partner), at(self.new, partner));
        let (old, new) = (tier(self.old, before), tier(self.new, after));
        if old.map(|tier| &tier.name) != new.map(|tier| &tier.name) {
            let sides = ((side(self.old), old), (side(self.new), new));
            let all = self.moved.entry((before, after));
            return all.or_insert_with(|| lost(&diff_tiers(sides.0, sides.1)).collect()).clone();
        }
        let Some(name) = old.map(|tier| tier.name.to_string()) else { return Vec::new() };
        let concerns = |effect: &&Effect| match &effect.whom {
            Whom::All => true,
            Whom::Tiers(tiers) => tiers.contains(&name),
            Whom::Scope(scope) => narrowed_to(partner.scopes.as_deref(), scope),
            Whom::Nobody => false,
        };
        lost(self.effects.iter().filter(concerns)).collect()
    }
}

/// By partner, what keys and clients lose that are narrowed to a scope of which less is left.
fn scopes_of_keys(partners: &Snapshot, effects: &[Effect]) -> BTreeMap<u32, Vec<String>> {
    let mut all: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    for effect in effects.iter().filter(|effect| effect.way == Way::Narrower) {
        let Whom::Scope(scope) = &effect.whom else { continue };
        let keys = partners.keys().filter(|(_, key)| key.ended.is_none()).filter(|(_, key)| {
            let own = key.scopes.and_then(|list| partners.scope_list(list));
            let client = key.client.and_then(|ix| partners.client(ix));
            narrowed_to(own, scope)
                || narrowed_to(client.and_then(|client| client.scopes.as_deref()), scope)
        });
        for (_, key) in keys {
            let less = all.entry(key.partner.0).or_default();
            if !less.contains(&effect.text) {
                less.push(effect.text.clone());
            }
        }
    }
    all
}

fn narrowed_to(scopes: Option<&[ScopeName]>, scope: &str) -> bool {
    scopes.is_some_and(|scopes| scopes.iter().any(|name| name.as_str() == scope))
}

fn lost<'e>(effects: impl IntoIterator<Item = &'e Effect>) -> impl Iterator<Item = String> {
    let less = |effect: &&Effect| effect.way == Way::Narrower && effect.whom != Whom::Nobody;
    effects.into_iter().filter(less).map(|effect| effect.text.clone())
}

fn at(rules: &Rules, partner: &PartnerRecord) -> Option<TierIx> {
    let named = partner.tier.as_ref().map(TierName::as_str);
    rules.policies.tier_of(named, partner.facts.purpose.as_deref())
}

fn tier(rules: &Rules, ix: Option<TierIx>) -> Option<&Tier> {
    ix.and_then(|ix| rules.policies.tier_at(ix))
}

fn side(rules: &Rules) -> Side<'_> {
    Side { policies: &rules.policies, catalogue: &rules.catalogue }
}
