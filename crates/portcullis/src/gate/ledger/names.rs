//! What the data plane tells by numbers, with the names that people know it by.
//!
//! Answers are told some time after they were judged, perhaps by rules that are not in force any more. Must
//! not know where rows are written.

use std::collections::HashMap;
use std::sync::Arc;

use portcullis_judge::Rules;
use portcullis_ledger::{Request, Row, RowRecord, Terms};
use portcullis_registry::Snapshot;
use portcullis_types::{
    ClassIx, ClassSet, ClientIx, KeyIx, LedgerAnswer, LedgerLevel, LedgerRecord, OperationIx,
    PartnerIx, Revision, TierIx,
};

use super::super::board::Board;

/// Terms that are remembered at most; then they are gathered anew.
const TERMS_MAX: usize = 65_536;

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

/// What answers have in common, by numbers.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Hash)]
struct Numbers {
    partner: PartnerIx,
    client: Option<ClientIx>,
    key: KeyIx,
    operation: Option<OperationIx>,
    class: ClassIx,
    passed: Option<(TierIx, Option<u16>)>,
    policy: Revision,
    level: LedgerLevel,
    counted: bool,
    fields: ClassSet,
}

/// Turns numbers into names.
pub(super) struct Names {
    node: Arc<str>,
    board: Arc<Board>,
    none: Arc<str>,
    known: HashMap<Numbers, (Arc<Terms>, Option<Arc<SetNames>>)>,
}

impl Names {
    pub(super) fn new(node: &str, board: Arc<Board>) -> Self {
        Self { node: Arc::from(node), board, none: Arc::from(""), known: HashMap::new() }
    }

    /// An answer with its names.
    pub(super) fn row(&mut self, answer: LedgerAnswer) -> Row {
        let (terms, set) = self.terms(&answer);
        let record = |record: LedgerRecord| RowRecord {
            class: class(set.as_deref(), record.class),
            id: record.id,
            owner: record.owner,
            place: record.place,
            cell: record.cell,
        };
        Row {
            at: answer.at,
            request: Request::new(&answer.request_id),
            terms,
            rows: answer.rows,
            owners: answer.owners,
            places: answer.places,
            bytes: answer.bytes,
            whole: answer.whole,
            answers: answer.answers,
            day: answer.day,
            records: answer.records.into_iter().map(record).collect(),
        }
    }

    fn terms(&mut self, answer: &LedgerAnswer) -> (Arc<Terms>, Option<Arc<SetNames>>) {
        let numbers = Numbers {
            partner: answer.partner,
            client: answer.client,
            key: answer.key,
            operation: answer.operation,
            class: answer.class,
            passed: answer.passed,
            policy: answer.policy,
            level: answer.level,
            counted: answer.counted,
            fields: answer.fields,
        };
        if let Some(known) = self.known.get(&numbers) {
            return known.clone();
        }
        if self.known.len() >= TERMS_MAX {
            self.known.clear();
        }
        let set = self.board.names_of(numbers.policy);
        let state = self.board.state().unwrap_or_default();
        let terms = Arc::new(self.named(&numbers, set.as_deref(), &state));
        self.known.insert(numbers, (Arc::clone(&terms), set.clone()));
        (terms, set)
    }

    fn named(&self, numbers: &Numbers, set: Option<&SetNames>, state: &Snapshot) -> Terms {
        let Numbers { partner, client, key, operation, class: of, passed, policy, .. } = *numbers;
        let none = || Arc::clone(&self.none);
        let client = client.map(|ix| match state.client(ix) {
            Some(client) => Arc::from(client.id.as_str()),
            None => unknown(ix.at()),
        });
        let operation = operation.map(|ix| {
            let name = set.and_then(|set| set.operations.get(ix.at()).cloned());
            name.unwrap_or_else(|| unknown(ix.at()))
        });
        Terms {
            node: Arc::clone(&self.node),
            partner: state
                .partner(partner)
                .map_or_else(|| unknown(partner.at()), |partner| Arc::from(partner.id.as_str())),
            client,
            key: state
                .key(key)
                .map_or_else(|| unknown(key.at()), |key| Arc::from(key.id().as_str())),
            operation: operation.unwrap_or_else(none),
            class: class(set, of),
            rule: passed.zip(set).and_then(|(passed, set)| set.rule(passed)).unwrap_or_else(none),
            policy: policy.0,
            policy_digest: set.map_or_else(none, |set| Arc::clone(&set.digest)),
            level: numbers.level,
            counted: numbers.counted,
            fields: set.map(|set| set.fields(&numbers.fields)).unwrap_or_default(),
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
