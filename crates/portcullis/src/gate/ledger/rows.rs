//! Rows for tests.

use std::sync::Arc;

use portcullis_ledger::{Row, RowRecord, Terms, Whose};
use portcullis_types::{LedgerDigest, LedgerLevel, RequestId, Wall};

use super::folder::day_of;

/// An answer to a partner with these records; without any, at level `counts`.
pub(super) fn row(at: Wall, partner: &str, records: Vec<RowRecord>) -> Row {
    let digested = !records.is_empty();
    let terms = Terms {
        node: "gate".into(),
        operation: "listPlacePosts".into(),
        class: "place.posts".into(),
        rule: "basic".into(),
        policy: 1,
        policy_digest: "sha256:aa".into(),
        level: if digested { LedgerLevel::Digests } else { LedgerLevel::Counts },
        counted: true,
        fields: Vec::new(),
    };
    Row {
        at,
        request: RequestId::new("req_1"),
        whose: Arc::new(Whose { partner: partner.into(), client: None, key: "k1".into() }),
        terms: Arc::new(terms),
        rows: 1,
        owners: u32::from(digested),
        places: 0,
        bytes: 10,
        whole: true,
        answers: 1,
        day: day_of(at),
        records,
    }
}

/// A record of an owner.
pub(super) fn record(id: Option<LedgerDigest>, owner: LedgerDigest) -> RowRecord {
    RowRecord { class: "place.posts".into(), id, owner: Some(owner), place: None, cell: None }
}
