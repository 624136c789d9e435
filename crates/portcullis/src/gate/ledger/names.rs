//! What the data plane tells by numbers, with the names that people know it by.
//!
//! Answers are told some time after they were judged, perhaps by rules that are not in force any more. Must
//! not know where rows are written.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::FixedState;
use portcullis_judge::Rules;
use portcullis_ledger::{Row, Terms, Whose};
use portcullis_types::{
    ClassIx, ClassSet, ClientIx, KeyIx, LedgerAnswer, LedgerLevel, LedgerRecords, OperationIx,
    PartnerIx, Revision, TierIx,
};

use super::super::board::Board;
use super::folder::day_of;

/// Keys, and things that are asked, that are remembered at most; then they are gathered anew.
const KNOWN_MAX: usize = 65_536;

/// The names of a set of rules.
#[derive(Debug)]
pub(crate) struct SetNames {
    /// The revision that put it in force.
    pub(crate) revision: Revision,
    digest: Arc<str>,
    classes: Vec<Arc<str>>,
    operations: Vec<Arc<str>>,
    tiers: Vec<TierNames>,
}

#[derive(Debug)]
struct TierNames {
    name: Arc<str>,
    /// Of its rules that let something pass, with the tier's.
    allows: Vec<Arc<str>>,
}

impl SetNames {
    /// Of a compiled set.
    pub(crate) fn of(rules: &Rules) -> Self {
        let Rules { catalogue, policies, revision, set } = rules;
        let tiers = policies.tiers().map(|tier| TierNames {
            name: Arc::from(tier.name.as_str()),
            allows: tier.allows().iter().map(|rule| Arc::clone(&rule.name)).collect(),
        });
        Self {
            revision: *revision,
            digest: Arc::from(set.as_str()),
            classes: catalogue.classes().map(|class| Arc::from(class.as_str())).collect(),
            operations: catalogue
                .operations()
                .map(|operation| Arc::from(operation.name.as_str()))
                .collect(),
            tiers: tiers.collect(),
        }
    }

    fn class(&self, class: ClassIx) -> Option<&Arc<str>> {
        self.classes.get(class.at())
    }

    fn fields(&self, fields: &ClassSet) -> Vec<Arc<str>> {
        let each = (0..).map(ClassIx).zip(&self.classes);
        each.filter(|(class, _)| fields.contains(*class))
            .map(|(_, name)| Arc::clone(name))
            .collect()
    }

    fn rule(&self, (tier, rule): (TierIx, Option<u16>)) -> Option<Arc<str>> {
        let tier = self.tiers.get(tier.at())?;
        let rule = rule.and_then(|rule| tier.allows.get(usize::from(rule)));
        Some(Arc::clone(rule.unwrap_or(&tier.name)))
    }
}

/// What was asked, by numbers.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Hash)]
struct Asked {
    operation: Option<OperationIx>,
    class: ClassIx,
    passed: Option<(TierIx, Option<u16>)>,
    policy: Revision,
    level: LedgerLevel,
    counted: bool,
    fields: ClassSet,
}

impl Asked {
    const fn of(answer: &LedgerAnswer) -> Self {
        let LedgerAnswer { operation, class, passed, policy, level, counted, fields, .. } = *answer;
        Self { operation, class, passed, policy, level, counted, fields }
    }
}

type OfSet = (Arc<Terms>, Option<Arc<SetNames>>);

/// An answer with its names: a row without records, and what the classes of these are called.
pub(super) struct Named {
    pub(super) row: Row,
    set: Option<Arc<SetNames>>,
}

impl Named {
    pub(super) fn class(&self, of: ClassIx) -> Arc<str> {
        class(self.set.as_deref(), of)
    }
}

/// Turns numbers into names. The numbers are the gate's own, so that nobody from outside chooses what falls
/// together in these maps.
pub(super) struct Names {
    node: Arc<str>,
    board: Arc<Board>,
    none: Arc<str>,
    partners: HashMap<PartnerIx, Arc<str>, FixedState>,
    clients: HashMap<ClientIx, Arc<str>, FixedState>,
    whose: HashMap<(KeyIx, Option<ClientIx>), Arc<Whose>, FixedState>,
    terms: HashMap<Asked, OfSet, FixedState>,
}

impl Names {
    pub(super) fn new(node: &str, board: Arc<Board>) -> Self {
        Self {
            node: Arc::from(node),
            board,
            none: Arc::from(""),
            partners: HashMap::default(),
            clients: HashMap::default(),
            whose: HashMap::default(),
            terms: HashMap::default(),
        }
    }

    /// An answer with its names.
    pub(super) fn row(&mut self, answer: &LedgerAnswer) -> Named {
        let whose = self.whose(answer);
        let (terms, set) = self.terms(answer);
        let digested = answer.digested.as_deref();
        let row = Row {
            at: answer.at,
            request: answer.request.clone(),
            whose,
            terms,
            rows: answer.rows,
            owners: digested.map_or(0, LedgerRecords::owners),
            places: digested.map_or(0, LedgerRecords::places),
            bytes: answer.bytes,
            whole: answer.whole,
            answers: answer.answers,
            day: digested.map_or_else(|| day_of(answer.at), LedgerRecords::day),
            records: Vec::new(),
        };
        Named { row, set }
    }

    /// What a partner is called.
    pub(super) fn partner(&mut self, answer: &LedgerAnswer) -> Arc<str> {
        Arc::clone(&self.whose(answer).partner)
    }

    fn whose(&mut self, answer: &LedgerAnswer) -> Arc<Whose> {
        let LedgerAnswer { partner, client, key, .. } = *answer;
        if let Some(known) = self.whose.get(&(key, client)) {
            return Arc::clone(known);
        }
        if self.whose.len() >= KNOWN_MAX {
            self.whose.clear();
            self.partners.clear();
            self.clients.clear();
        }
        let state = self.board.state().unwrap_or_default();
        let id = |partner| state.partner(partner).map(|found| Arc::from(found.id.as_str()));
        let named = || id(partner).unwrap_or_else(|| unknown(partner.at()));
        let partner = Arc::clone(self.partners.entry(partner).or_insert_with(named));
        let client = client.map(|ix| {
            let id = || state.client(ix).map(|found| Arc::from(found.id.as_str()));
            let named = || id().unwrap_or_else(|| unknown(ix.at()));
            Arc::clone(self.clients.entry(ix).or_insert_with(named))
        });
        let id = state.key(key).map(|found| Arc::from(found.id().as_str()));
        let whose = Whose { partner, client, key: id.unwrap_or_else(|| unknown(key.at())) };
        let whose = Arc::new(whose);
        self.whose.insert((key, answer.client), Arc::clone(&whose));
        whose
    }

    fn terms(&mut self, answer: &LedgerAnswer) -> OfSet {
        let asked = Asked::of(answer);
        if let Some(known) = self.terms.get(&asked) {
            return known.clone();
        }
        if self.terms.len() >= KNOWN_MAX {
            self.terms.clear();
        }
        let set = self.board.names_of(asked.policy);
        let named = (Arc::new(self.named(&asked, set.as_deref())), set);
        self.terms.insert(asked, named.clone());
        named
    }

    fn named(&self, asked: &Asked, set: Option<&SetNames>) -> Terms {
        let Asked { operation, class: of, passed, policy, level, counted, fields } = asked;
        let none = || Arc::clone(&self.none);
        let operation = operation.map(|ix| {
            let name = set.and_then(|set| set.operations.get(ix.at()).cloned());
            name.unwrap_or_else(|| unknown(ix.at()))
        });
        Terms {
            node: Arc::clone(&self.node),
            operation: operation.unwrap_or_else(none),
            class: class(set, *of),
            rule: passed.zip(set).and_then(|(passed, set)| set.rule(passed)).unwrap_or_else(none),
            policy: policy.0,
            policy_digest: set.map_or_else(none, |set| Arc::clone(&set.digest)),
            level: *level,
            counted: *counted,
            fields: set.map(|set| set.fields(fields)).unwrap_or_default(),
        }
    }
}

fn class(set: Option<&SetNames>, class: ClassIx) -> Arc<str> {
    set.and_then(|set| set.class(class).cloned()).unwrap_or_else(|| unknown(class.at()))
}

/// What has no name any more is told by its number rather than left out.
fn unknown(at: usize) -> Arc<str> {
    Arc::from(format!("#{at}"))
}
