//! Access records: one per call.
//!
//! Must not hold the path or the query as received, since a key may stand there.

mod recorder;

use std::sync::Arc;

use portcullis_judge::{Notes, SignalHit};
use portcullis_types::{KeyId, Wall};
use serde::{Serialize, Serializer};

pub use recorder::Recorder;
pub(crate) use recorder::Ring;

/// One call, as the operator reads it later.
#[derive(Debug, Serialize)]
pub struct Record {
    /// When it arrived.
    #[serde(serialize_with = "rfc3339")]
    pub ts: Wall,
    /// The id that its answer carried.
    pub request_id: Box<str>,
    /// Whose key it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partner: Option<Arc<str>>,
    /// The public id of the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<KeyId>,
    /// The operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<Arc<str>>,
    /// The class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class: Option<Arc<str>>,
    /// `permit`, or the code of the refusal.
    pub verdict: &'static str,
    /// What decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<Arc<str>>,
    /// The status of the answer.
    pub status: u16,
    /// Whether the answer went out whole.
    pub whole: bool,
    /// Bytes of the call's body.
    pub bytes_in: u64,
    /// Bytes of the answer's body.
    pub bytes_out: u64,
    /// Microseconds from its head to the end of its answer.
    pub total_us: u64,
    /// Of which until the head of the platform's answer.
    pub upstream_us: u64,
    /// Of which to judge it.
    pub judge_us: u64,
    /// The policy it was judged by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_revision: Option<u64>,
    /// The state it was judged by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_revision: Option<u64>,
    /// Who connected.
    pub peer: std::net::IpAddr,
    /// Entries of a batch; zero: it was none.
    #[serde(skip_serializing_if = "is_zero")]
    pub entries: u32,
    /// Those of them that were refused.
    #[serde(skip_serializing_if = "is_zero")]
    pub entries_refused: u32,
    /// Items that the sieve dropped from the answer.
    #[serde(skip_serializing_if = "is_zero")]
    pub items_dropped: u64,
    /// What few calls have to tell.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub more: Option<Box<More>>,
}

/// What few records hold, kept apart so that the others stay small.
#[derive(Debug, Default, Serialize)]
pub struct More {
    /// The method, where records say what was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<&'static str>,
    /// Path and query as they were sent on, without any credential.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<Box<str>>,
    /// The code of the refusal that a partner under observation was spared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed: Option<&'static str>,
    /// Every rule that said no, where that was more than one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Arc<str>>,
    /// Rules in shadow that would have said no, or taken something out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub shadowed: Vec<Arc<str>>,
    /// The key of the certificate that the client showed, by its SHA-256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<Box<str>>,
    /// The trace that it is told in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace: Option<Box<str>>,
    /// Watches that hit.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub signals: Vec<Signal>,
}

/// A watch that hit.
#[derive(Debug, Clone, Serialize)]
pub struct Signal {
    /// The watch, with its tier.
    pub rule: Arc<str>,
    /// What it measures.
    pub signal: &'static str,
    /// What was measured.
    pub evidence: String,
}

impl More {
    /// Whether it tells more than what was asked.
    pub(crate) fn has_notes(&self) -> bool {
        let Self { observed, rules, shadowed, signals, .. } = self;
        observed.is_some() || !(rules.is_empty() && shadowed.is_empty() && signals.is_empty())
    }

    /// Takes over what was noted about a call, or about entries of a batch.
    pub(crate) fn take(&mut self, notes: Notes) {
        let Notes { rules, shadowed, observed, signals } = notes;
        if rules.len() > 1 {
            add(&mut self.rules, rules);
        }
        add(&mut self.shadowed, shadowed);
        self.observed = self.observed.or_else(|| observed.map(|refusal| refusal.row().code));
        self.signals.extend(signals.into_iter().map(Signal::from));
    }
}

impl From<SignalHit> for Signal {
    fn from(hit: SignalHit) -> Self {
        let SignalHit { rule, signal, evidence, .. } = hit;
        Self { rule, signal, evidence }
    }
}

fn add(names: &mut Vec<Arc<str>>, more: Vec<Arc<str>>) {
    for name in more {
        if !names.contains(&name) {
            names.push(name);
        }
    }
}

fn is_zero<N: Default + PartialEq>(number: &N) -> bool {
    *number == N::default()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn rfc3339<S: Serializer>(at: &Wall, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&at.rfc3339())
}

/// Where records go.
#[derive(Debug, Default)]
pub enum Records {
    /// Nowhere, at no cost.
    #[default]
    Off,
    /// To a writer.
    On(Recorder),
}

impl Records {
    /// The way of a thread's records.
    pub(crate) fn ring(&self, thread: usize) -> Option<Ring> {
        match self {
            Self::Off => None,
            Self::On(recorder) => recorder.ring(thread),
        }
    }
}
