//! A gate in memory: the judge that serves, with partners of a file, and nothing else of a gate.
//!
//! For the tools that judge without a server. Keys have no secrets here: a caller is known by its
//! place. Must not know what is judged, or why.

use std::collections::HashMap;
use std::sync::Arc;

use portcullis_judge::{Bounds, Judge, Names, Rules};
use portcullis_keys::{Pepper, Peppers};
use portcullis_registry::{Actor, ActorKind, Command, KeyStart, Place, State, Use};
use portcullis_types::{
    Binding, Facts, KeyId, KeyIx, PartnerId, PartnerIx, Revision, TierName, Wall,
};

use crate::failure::Failure;
use crate::files::Compiled;

/// Nothing is kept secret by it: no key of this gate has a text.
const PEPPER: &str = "d3074bc30de809260ac626fd80dc3b7f891572c2c616740969eac9274c2d86af";

/// A judge with rules and a state of its own.
pub(crate) struct Memory {
    pub(crate) judge: Arc<Judge>,
    pub(crate) rules: Arc<Rules>,
    state: State,
    revision: u64,
    keys: u64,
    blobs: HashMap<String, Arc<[u8]>>,
}

/// One partner to be.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) id: &'a PartnerId,
    pub(crate) name: &'a str,
    pub(crate) declared_use: &'a str,
    /// None: the one for its use.
    pub(crate) tier: Option<&'a TierName>,
    pub(crate) facts: &'a Facts,
    pub(crate) keys: &'a [KeyId],
}

impl Memory {
    /// A gate with these rules and no partner.
    pub(crate) fn new(compiled: Compiled, names: Names, set: &str) -> Result<Self, Failure> {
        let Compiled { catalogue, policies } = compiled;
        let pepper = Pepper::from_text(PEPPER).map_err(internal)?;
        let judge = Arc::new(Judge::new(Peppers::new(pepper, None), Bounds::default()));
        let rules =
            Arc::new(Rules { catalogue, policies, revision: Revision(0), set: set.to_owned() });
        judge.set_names(names);
        judge.set_rules(Arc::clone(&rules));
        let state = State::new();
        let mut memory = Self { judge, rules, state, revision: 0, keys: 0, blobs: HashMap::new() };
        // The rules were compiled outside; the state only has to name a set that is in force.
        let files = vec![("policies/in-memory.yaml".to_owned(), Arc::from(set))];
        memory.take(&Command::PublishPolicy { files }, Wall(0))?;
        Ok(memory)
    }

    /// Adds a partner with its keys; `at` is when it was accepted.
    pub(crate) fn add(&mut self, entry: &Entry<'_>, at: Wall) -> Result<PartnerIx, Failure> {
        let mut facts = entry.facts.clone();
        // No use declared is a use that no tier is for.
        facts.purpose.get_or_insert_with(|| "none".to_owned());
        self.take(
            &Command::AddPartner {
                id: entry.id.clone(),
                name: entry.name.to_owned(),
                tier: entry.tier.cloned(),
                // What stands in the facts counts.
                r#use: Use::Research,
                declared_use: entry.declared_use.to_owned(),
                scopes: None,
                facts,
            },
            at,
        )?;
        for key in entry.keys {
            self.keys += 1;
            self.take(
                &Command::IssueKey {
                    id: key.clone(),
                    partner: entry.id.clone(),
                    client: None,
                    scopes: None,
                    start: KeyStart::AtOnce,
                    expires: None,
                    digest: format!("{0:016x}{0:016x}", self.keys),
                    pepper: self.judge.peppers().current().fingerprint().to_owned(),
                    label: String::new(),
                    binding: Binding::default(),
                    identity: None,
                },
                at,
            )?;
        }
        self.state.current().partner_ix(entry.id).ok_or_else(|| internal("the partner is missing"))
    }

    /// Lets an account grant a partner leave to act for it.
    pub(crate) fn grant(&self, account: &str, partner: PartnerIx, term: [Option<Wall>; 2]) {
        let [from, until] = term;
        self.judge.grants().put(account, (partner, None), from, until);
    }

    /// What was added so far comes into force.
    pub(crate) fn publish(&self) {
        self.judge.publish(self.state.snapshot());
    }

    pub(crate) fn key(&self, id: &KeyId) -> Option<KeyIx> {
        self.state.current().key_ix(id)
    }

    /// The id of a partner.
    pub(crate) fn partner(&self, ix: PartnerIx) -> Option<&str> {
        self.state.current().partner(ix).map(|partner| partner.id.as_str())
    }

    /// The tier a partner is on, by name.
    pub(crate) fn tier(&self, entry: &Entry<'_>) -> Option<&TierName> {
        let policies = &self.rules.policies;
        let ix = match (entry.tier, &entry.facts.purpose) {
            (Some(tier), _) => policies.tier(tier.as_str()),
            (None, purpose) => policies.tier_for_use(purpose.as_deref().unwrap_or("none")),
        };
        policies.tier_at(ix?).map(|tier| &tier.name)
    }

    fn take(&mut self, command: &Command, at: Wall) -> Result<(), Failure> {
        let by = Actor { kind: ActorKind::Local, id: "offline".to_owned() };
        let planned = self.state.handle(&by, command, at).map_err(internal)?;
        self.blobs.extend(planned.blobs.into_iter().map(|blob| (blob.sha256, blob.body)));
        for event in planned.events {
            let blobs = |sha: &str| self.blobs.get(sha).cloned();
            let revision = Revision(self.revision);
            let place = Place { revision, ts: at, by: &by, approver: None };
            self.state.apply(place, &event, &blobs).map_err(internal)?;
            self.revision += 1;
        }
        Ok(())
    }
}

fn internal(why: impl std::fmt::Display) -> Failure {
    Failure::Local(why.to_string())
}
