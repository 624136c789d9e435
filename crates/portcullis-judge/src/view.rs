//! A snapshot seen through the rules: every name looked up once, so that a call looks up none.
//!
//! Must not know requests or rates.

use std::sync::Arc;

use portcullis_policy::PolicySet;
use portcullis_registry::{KeyRecord, Snapshot};
use portcullis_types::{ClassSet, ScopeName, ScopeSet, TierIx};

use crate::rules::Bound;

/// State and rules of one moment. Built at each publication, never changed.
pub(crate) struct View {
    pub(crate) epoch: u64,
    pub(crate) bound: Arc<Bound>,
    pub(crate) snapshot: Arc<Snapshot>,
    partners: Vec<PartnerView>,
    clients: Vec<ScopeSet>,
    lists: Vec<ScopeSet>,
}

/// A partner, as far as policy goes.
struct PartnerView {
    /// None: its tier is not in the set in force.
    tier: Option<TierIx>,
    scopes: ScopeSet,
    /// What those scopes grant: most keys narrow no further.
    granted: ClassSet,
}

impl View {
    pub(crate) fn new(epoch: u64, bound: Arc<Bound>, snapshot: Arc<Snapshot>) -> Self {
        let policies = &bound.rules.policies;
        let partners = snapshot.partners().map(|(_, partner)| {
            let tier_ix = partner.tier.as_ref().and_then(|tier| policies.tier(tier.as_str()));
            let tier = tier_ix.and_then(|ix| policies.tier_at(ix));
            let own = narrowing(policies, partner.scopes.as_deref());
            let scopes = tier.map_or(ScopeSet::EMPTY, |tier| tier.scopes.intersection(own));
            let most = tier.map_or(ClassSet::EMPTY, |tier| tier.classes);
            let granted = policies.classes_of(scopes).intersection(&most);
            PartnerView { tier: tier.and(tier_ix), scopes, granted }
        });
        let partners = partners.collect();
        let clients = snapshot
            .clients()
            .map(|(_, client)| narrowing(policies, client.scopes.as_deref()))
            .collect();
        let lists =
            snapshot.scope_lists().map(|(_, list)| narrowing(policies, Some(list))).collect();
        Self { epoch, bound, snapshot, partners, clients, lists }
    }

    /// The tier of a key's partner, where the set in force has it.
    pub(crate) fn tier(&self, key: &KeyRecord) -> Option<TierIx> {
        self.partners.get(key.partner.at())?.tier
    }

    /// What a key may touch: tier, then partner, client and key, each of which only narrows.
    pub(crate) fn granted(&self, key: &KeyRecord) -> ClassSet {
        let Some(partner) = self.partners.get(key.partner.at()) else { return ClassSet::EMPTY };
        // A client or list this view does not have grants nothing.
        let client = key
            .client
            .map_or(ScopeSet::ALL, |ix| self.clients.get(ix.at()).copied().unwrap_or_default());
        let own = key.scopes.map_or(ScopeSet::ALL, |list| {
            self.lists.get(list.0 as usize).copied().unwrap_or_default()
        });
        if client == ScopeSet::ALL && own == ScopeSet::ALL {
            return partner.granted;
        }
        let scopes = partner.scopes.intersection(client).intersection(own);
        self.bound.rules.policies.classes_of(scopes).intersection(&partner.granted)
    }
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
