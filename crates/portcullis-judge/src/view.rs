//! A snapshot seen through the rules: every name looked up once, so that a call looks up none.
//!
//! Must not know requests or rates.

use std::sync::Arc;

use portcullis_policy::{PolicySet, Tier};
use portcullis_registry::{KeyRecord, Mode, PartnerRecord, Snapshot};
use portcullis_types::{ClassSet, ClientIx, PartnerIx, ScopeName, ScopeSet, TierIx, TierName};

use crate::known::FactSets;
use crate::ledger::LedgerKeys;
use crate::live::Live;
use crate::names::Names;
use crate::narrowed::Ground as Against;
use crate::rules::Bound;

/// State and rules of one moment. Built at each publication, never changed.
pub(crate) struct View {
    pub(crate) epoch: u64,
    pub(crate) bound: Arc<Bound>,
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) names: Arc<Names>,
    /// None: there is no ledger.
    pub(crate) ledger: Option<Arc<LedgerKeys>>,
    partners: Vec<PartnerView>,
    clients: Vec<ScopeSet>,
    lists: Vec<ScopeSet>,
}

/// A partner, as far as policy goes.
pub(crate) struct PartnerView {
    /// None: its tier is not in the set in force.
    tier: Option<TierIx>,
    /// What the partner itself is narrowed to.
    scopes: ScopeSet,
    /// What that leaves of the tier: most keys narrow no further.
    granted: ClassSet,
    /// What it declared.
    pub(crate) facts: Arc<FactSets>,
    /// The partners it is linked with.
    pub(crate) group: Option<u32>,
    /// Whether policies are enforced on it.
    pub(crate) observed: bool,
    /// Whether it declared clients.
    pub(crate) has_clients: bool,
}

/// What views are made of beside state and rules.
pub(crate) struct Ground<'a> {
    pub(crate) names: Arc<Names>,
    pub(crate) ledger: Option<Arc<LedgerKeys>>,
    pub(crate) live: &'a Live,
    /// The view before: what was not changed since is taken from it.
    pub(crate) before: Option<&'a View>,
}

impl View {
    pub(crate) fn new(
        epoch: u64,
        bound: Arc<Bound>,
        snapshot: Arc<Snapshot>,
        ground: Ground<'_>,
    ) -> Self {
        let policies = &bound.rules.policies;
        let before = ground.before.filter(|before| Arc::ptr_eq(&before.bound, &bound));
        let partners = snapshot.partners().map(|(ix, partner)| {
            let known = before.and_then(|before| before.partners.get(ix.at()));
            PartnerView::new(partner, policies, known, ground.live)
        });
        let mut partners: Vec<PartnerView> = partners.collect();
        for (_, client) in snapshot.clients() {
            if let Some(partner) = partners.get_mut(client.partner.at()) {
                partner.has_clients = true;
            }
        }
        let clients = snapshot
            .clients()
            .map(|(_, client)| narrowing(policies, client.scopes.as_deref()))
            .collect();
        let lists =
            snapshot.scope_lists().map(|(_, list)| narrowing(policies, Some(list))).collect();
        let Ground { names, ledger, .. } = ground;
        Self { epoch, bound, snapshot, names, ledger, partners, clients, lists }
    }

    /// A key's partner.
    pub(crate) fn partner(&self, key: &KeyRecord) -> Option<&PartnerView> {
        self.partners.get(key.partner.at())
    }

    /// The tier of a key's partner, where the set in force has it.
    pub(crate) fn tier(&self, key: &KeyRecord) -> Option<TierIx> {
        self.partner(key)?.tier
    }

    /// The tier of a partner, where the set in force has it.
    pub(crate) fn tier_of(&self, partner: PartnerIx) -> Option<TierIx> {
        self.partners.get(partner.at())?.tier
    }

    /// What a narrowed caller's call is held against.
    pub(crate) fn ground(&self, key: &KeyRecord, clients: &[ClientIx]) -> Against<'_> {
        let rules = &self.bound.rules;
        let granted = self.granted(key, clients);
        Against { catalogue: &rules.catalogue, rules: rules.revision, granted }
    }

    /// What a key's client, those that its call is for, and the key itself are narrowed to.
    fn narrowed(&self, key: &KeyRecord, clients: &[ClientIx]) -> [ScopeSet; 2] {
        // A client or list this view does not have grants nothing.
        let client = key.client.iter().chain(clients).fold(ScopeSet::ALL, |left, ix| {
            left.intersection(self.clients.get(ix.at()).copied().unwrap_or_default())
        });
        let own = key.scopes.map_or(ScopeSet::ALL, |list| {
            self.lists.get(list.0 as usize).copied().unwrap_or_default()
        });
        [client, own]
    }

    /// The scopes that a key holds: those of its partner, its clients and its own.
    pub(crate) fn scopes(&self, key: &KeyRecord, clients: &[ClientIx]) -> ScopeSet {
        let [client, own] = self.narrowed(key, clients);
        let partner = self.partner(key).map_or(ScopeSet::EMPTY, |partner| partner.scopes);
        partner.intersection(client).intersection(own)
    }

    /// What a key may touch: tier, then partner, clients and key, each of which only narrows. `clients`
    /// are those that a call of an unbound key is for.
    pub(crate) fn granted(&self, key: &KeyRecord, clients: &[ClientIx]) -> ClassSet {
        let Some(partner) = self.partner(key) else { return ClassSet::EMPTY };
        let [client, own] = self.narrowed(key, clients);
        if client == ScopeSet::ALL && own == ScopeSet::ALL {
            return partner.granted;
        }
        let policies = &self.bound.rules.policies;
        let tier = partner.tier.and_then(|ix| policies.tier_at(ix));
        let scopes = partner.scopes.intersection(client).intersection(own);
        tier.map_or(ClassSet::EMPTY, |tier| left(policies, tier, scopes))
            .intersection(&partner.granted)
    }
}

impl PartnerView {
    fn new(
        partner: &PartnerRecord,
        policies: &PolicySet,
        before: Option<&Self>,
        live: &Live,
    ) -> Self {
        let named = partner.tier.as_ref().map(TierName::as_str);
        let tier_ix = policies.tier_of(named, partner.facts.purpose.as_deref());
        let tier = tier_ix.and_then(|ix| policies.tier_at(ix));
        let scopes = narrowing(policies, partner.scopes.as_deref());
        let same = before.filter(|before| Arc::ptr_eq(&before.facts.facts, &partner.facts));
        let facts = same.map_or_else(
            || Arc::new(FactSets::new(&partner.facts, policies)),
            |before| Arc::clone(&before.facts),
        );
        Self {
            tier: tier_ix,
            scopes,
            granted: tier.map_or(ClassSet::EMPTY, |tier| left(policies, tier, scopes)),
            facts,
            // Each tier has limits of its own, so those of one group on one tier share them.
            group: (partner.facts.group.as_deref().zip(tier))
                .map(|(name, tier)| live.group(&format!("{}/{name}", tier.name))),
            observed: partner.mode == Mode::Observe,
            has_clients: false,
        }
    }
}

/// What a narrowing to scopes leaves of a tier. Of what the tier grants by scope, only the scopes that
/// both have: one that shares a class with another does not lend it.
fn left(policies: &PolicySet, tier: &Tier, scopes: ScopeSet) -> ClassSet {
    if scopes == ScopeSet::ALL {
        return tier.classes;
    }
    let by_rule = tier
        .allows()
        .iter()
        .fold(ClassSet::EMPTY, |all, allow| all.union(&allow.classes).union(&allow.field_classes));
    let by_scope = policies.classes_of(tier.scopes.intersection(scopes));
    policies.classes_of(scopes).intersection(&by_rule).union(&by_scope).intersection(&tier.classes)
}

/// A list of names as a set. No list narrows nothing; a name the set in force lacks grants nothing.
fn narrowing(policies: &PolicySet, names: Option<&[ScopeName]>) -> ScopeSet {
    let Some(names) = names else { return ScopeSet::ALL };
    let mut set = ScopeSet::EMPTY;
    for scope in names.iter().filter_map(|name| policies.scope(name.as_str())) {
        set.insert(scope);
    }
    set
}
