//! The book as bytes, for who keeps it beside the store.
//!
//! One line of JSON with the names, then rows of 20 bytes, then a digest over all before it. Must not
//! know files.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::book::{Outcome, UsageBook};
use super::rows::{OF_KEY, Row};

/// Names the format.
const MAGIC: &str = "portcullis usage 2";
const ROW_BYTES: usize = 20;
/// The one before, whose rows named no client.
const BEFORE: (&str, usize) = ("portcullis usage 1", 16);
const DIGEST_BYTES: usize = 32;

/// Why saved usage can't be taken up.
#[derive(Debug, Clone, Copy, Eq, PartialEq, thiserror::Error)]
#[error("saved usage is damaged or of another program; move it away to start anew")]
pub struct UsageUnreadable;

#[derive(Debug, Serialize, Deserialize)]
struct Head {
    format: String,
    classes: Vec<Arc<str>>,
    outcomes: Vec<Outcome>,
    /// Hour and number of rows, in order.
    hours: Vec<(u64, usize)>,
    since: Option<u64>,
    lost: u64,
}

impl UsageBook {
    /// Everything that is counted, as bytes.
    #[must_use]
    pub fn save(&self) -> Vec<u8> {
        let inner = self.lock();
        let mut parts: Vec<_> = inner.over.iter().cloned().collect();
        let running = inner.running_rows();
        if !running.is_empty() {
            parts.push((inner.running_hour(), running.into()));
        }
        let head = Head {
            format: MAGIC.to_owned(),
            classes: (*inner.named.classes).clone(),
            outcomes: (*inner.named.outcomes).clone(),
            hours: parts.iter().map(|(hour, rows)| (*hour, rows.len())).collect(),
            since: inner.since,
            lost: inner.lost,
        };
        drop(inner);
        let mut bytes = serde_json::to_vec(&head).unwrap_or_default();
        bytes.push(b'\n');
        for row in parts.iter().flat_map(|(_, rows)| rows.iter()) {
            bytes.extend(row.key.to_le_bytes());
            bytes.extend(row.class.to_le_bytes());
            bytes.extend(row.outcome.to_le_bytes());
            bytes.extend(row.client.to_le_bytes());
            bytes.extend(row.calls.to_le_bytes());
        }
        let digest = Sha256::digest(&bytes);
        bytes.extend(digest);
        bytes
    }

    /// Takes up what was saved, into a book that has counted nothing yet; gives how many hours.
    ///
    /// # Errors
    /// [`UsageUnreadable`], and nothing was taken up.
    pub fn restore(&self, saved: &[u8]) -> Result<usize, UsageUnreadable> {
        let (head, rows) = read(saved).ok_or(UsageUnreadable)?;
        let mut inner = self.lock();
        if inner.since.is_some() {
            return Err(UsageUnreadable);
        }
        let known = std::mem::take(&mut inner.named.classes);
        inner.named.classes = Arc::new(head.classes);
        inner.named.outcomes = Arc::new(head.outcomes);
        inner.renumber(&known);
        (inner.since, inner.lost) = (head.since, head.lost);
        let mut rows = rows.into_iter();
        let hours = head.hours.len();
        for (hour, count) in head.hours {
            let part = rows.by_ref().take(count).collect();
            inner.put(hour, part);
        }
        Ok(hours)
    }
}

fn read(saved: &[u8]) -> Option<(Head, Vec<Row>)> {
    let (content, digest) = saved.split_at_checked(saved.len().checked_sub(DIGEST_BYTES)?)?;
    if Sha256::digest(content).as_slice() != digest {
        return None;
    }
    let end = content.iter().position(|byte| *byte == b'\n')?;
    let (head, rest) = content.split_at_checked(end)?;
    let head: Head = serde_json::from_slice(head).ok()?;
    let bytes = match &*head.format {
        MAGIC => ROW_BYTES,
        format if format == BEFORE.0 => BEFORE.1,
        _ => return None,
    };
    let rows: Vec<Row> = rest.get(1..)?.chunks_exact(bytes).filter_map(row).collect();
    let in_order = head.hours.is_sorted_by(|one, next| one.0 <= next.0);
    let counted: usize = head.hours.iter().map(|(_, count)| count).sum();
    let whole = rest.len() == 1 + rows.len() * bytes && counted == rows.len() && in_order;
    whole.then_some((head, rows))
}

fn row(bytes: &[u8]) -> Option<Row> {
    let (key, bytes) = bytes.split_first_chunk()?;
    let (class, bytes) = bytes.split_first_chunk()?;
    let (outcome, bytes) = bytes.split_first_chunk()?;
    let (client, calls) = match bytes.len() {
        8 => (OF_KEY, bytes),
        _ => {
            bytes.split_first_chunk().map(|(client, calls)| (u32::from_le_bytes(*client), calls))?
        }
    };
    Some(Row {
        key: u32::from_le_bytes(*key),
        class: u16::from_le_bytes(*class),
        outcome: u16::from_le_bytes(*outcome),
        client,
        calls: u64::from_le_bytes(calls.try_into().ok()?),
    })
}
