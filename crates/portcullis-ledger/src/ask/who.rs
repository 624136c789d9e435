//! Who received an account's data, what of it, when, and by which rule.
//!
//! Must not know how records are found.

use std::collections::BTreeMap;

use portcullis_types::{LedgerKind, Wall};
use serde::Serialize;

use crate::ask::asked::{Asked, Hit};
use crate::ask::hits::hits;
use crate::{LedgerError, Library};

/// Who received records of an account.
#[derive(Debug, Clone, Default, Eq, PartialEq, Serialize)]
pub struct Who {
    /// From this moment on.
    pub since: Wall,
    /// Before this moment.
    pub until: Wall,
    /// Records of the account that left.
    pub records: u64,
    /// Answers that held any.
    pub answers: u64,
    /// What left under the same terms, by partner.
    pub received: Vec<Receipt>,
    /// The answers, first ones first.
    pub deliveries: Vec<Delivery>,
    /// Whether there are more of either than are listed.
    pub more: bool,
    /// Days that may have had some, whose key was dropped: days since 1970.
    pub shredded: Vec<u32>,
}

/// What a partner received under the same terms.
#[derive(Debug, Clone, Eq, PartialEq, Ord, PartialOrd, Serialize)]
pub struct Receipt {
    /// The partner.
    pub partner: String,
    /// Its client, where one is known.
    pub client: Option<String>,
    /// The public id of the key.
    pub key: String,
    /// The operation.
    pub operation: String,
    /// The class of the records.
    pub class: String,
    /// The tier that let it pass, or `tier/rule`.
    pub rule: String,
    /// The revision of the rules.
    pub policy: u64,
    /// Their digest.
    pub policy_digest: String,
    /// Answers.
    pub answers: u64,
    /// Records.
    pub records: u64,
    /// When the first call came.
    pub first: Wall,
    /// When the last did.
    pub last: Wall,
}

/// An answer that held records of the account.
#[derive(Debug, Clone, Eq, PartialEq, Ord, PartialOrd, Serialize)]
pub struct Delivery {
    /// When the call came.
    pub at: Wall,
    /// The id of the request.
    pub request: String,
    /// The node that answered.
    pub node: String,
    /// The partner.
    pub partner: String,
    /// The operation.
    pub operation: String,
    /// Records of the account in it.
    pub records: u64,
}

/// Most lines that an answer lists of each kind.
const LIST_MAX: usize = 10_000;

/// Who received records of the account `owner` in answers to calls from `since` on and before `until`.
///
/// Only classes of level `digests` tell whose their records are.
///
/// # Errors
/// [`LedgerError`] where anything of that time can't be read: half an answer is none.
pub fn who<L: Library>(
    library: &L,
    owner: &str,
    since: Wall,
    until: Wall,
) -> Result<Who, LedgerError> {
    let ids = [owner];
    let asked = Asked {
        kind: LedgerKind::Owner,
        ids: &ids,
        since,
        until,
        partner: None,
        client: None,
        with_requests: true,
    };
    let mut fold = Fold { who: Who { since, until, ..Who::default() }, ..Fold::default() };
    let shredded = hits(library, &asked, &mut |hit| fold.hit(hit))?;
    Ok(Who { shredded: shredded.into_iter().collect(), ..fold.finish() })
}

/// What receipts are told apart by: a receipt without its counts.
type Terms = Receipt;

#[derive(Default)]
struct Fold {
    who: Who,
    received: BTreeMap<Terms, (Receipt, u64)>,
    last: Option<u64>,
}

impl Fold {
    fn hit(&mut self, hit: &Hit<'_>) {
        self.who.records += 1;
        self.receipt(hit);
        if self.last == Some(hit.answer) {
            // Of the same answer, so it is the last one listed, if it is.
            if let Some(delivery) = self.who.deliveries.last_mut() {
                delivery.records += 1;
            }
            return;
        }
        self.last = Some(hit.answer);
        self.who.answers += 1;
        if self.who.deliveries.len() >= 4 * LIST_MAX {
            self.cut();
        }
        self.who.deliveries.push(Delivery {
            at: hit.at,
            request: hit.request.map(ToString::to_string).unwrap_or_default(),
            node: hit.terms.node.to_string(),
            partner: hit.partner.to_string(),
            operation: hit.terms.operation.to_string(),
            records: 1,
        });
    }

    fn receipt(&mut self, hit: &Hit<'_>) {
        let terms = receipt_of(hit);
        if self.received.len() >= LIST_MAX && !self.received.contains_key(&terms) {
            self.who.more = true;
            return;
        }
        let fresh = || (Receipt { first: hit.at, ..terms.clone() }, u64::MAX);
        let (receipt, answer) = self.received.entry(terms.clone()).or_insert_with(fresh);
        receipt.records += 1;
        receipt.answers += u64::from(*answer != hit.answer);
        receipt.first = receipt.first.min(hit.at);
        receipt.last = receipt.last.max(hit.at);
        *answer = hit.answer;
    }

    /// Keeps the first ones.
    fn cut(&mut self) {
        self.who.deliveries.sort_unstable();
        if self.who.deliveries.len() > LIST_MAX {
            self.who.deliveries.truncate(LIST_MAX);
            self.who.more = true;
        }
    }

    fn finish(mut self) -> Who {
        self.cut();
        self.who.received = self.received.into_values().map(|(receipt, _)| receipt).collect();
        self.who
    }
}

fn receipt_of(hit: &Hit<'_>) -> Terms {
    let terms = hit.terms;
    Receipt {
        partner: hit.partner.to_string(),
        client: hit.client.map(ToString::to_string),
        key: hit.key.map(ToString::to_string).unwrap_or_default(),
        operation: terms.operation.to_string(),
        class: hit.class.to_string(),
        rule: terms.rule.to_string(),
        policy: terms.policy,
        policy_digest: terms.policy_digest.to_string(),
        answers: 0,
        records: 0,
        first: Wall(0),
        last: Wall(0),
    }
}
