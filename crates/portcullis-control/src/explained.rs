//! A call that the gate remembers, as it was decided and as it would be now.
//!
//! The binary fills it in from the data plane and the judge. Must not know either of them.

use serde::Serialize;
use utoipa::ToSchema;

/// Remembers the last calls, and judges them again as of now.
pub trait Recall: Send + Sync {
    /// The newest call of that id; none: it is not among the last ones. Blocks for a moment.
    fn explain(&self, id: &str) -> Option<CallExplained>;

    /// How many calls are remembered.
    fn room(&self) -> usize;
}

/// A call: what it asked, what came of it, and what would now.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct CallExplained {
    /// The id that its answer carried.
    pub request: String,
    /// When it came, RFC 3339.
    pub at: String,
    /// Whose it was.
    pub partner: String,
    /// The partner's client that the key is bound to.
    pub client: Option<String>,
    /// The key's id.
    pub key: String,
    /// The method that was meant; null where what was asked is not kept.
    pub method: Option<String>,
    /// Path and query as the gate read them, without any key; null where they are not kept.
    pub target: Option<String>,
    /// Why not all of what was asked is kept.
    pub not_kept: Option<String>,
    /// What came of it.
    pub then: CallThen,
    /// Which way it went, and how long that took.
    pub way: CallWay,
    /// The revision of the policies in force now.
    pub policy_revision: Option<u64>,
    /// Whether they are others than those it was judged by.
    pub policies_changed: bool,
    /// What would come of it now, by the rules, facts, grants and budgets of this moment; null where
    /// it can't be judged again.
    pub now: Option<CallNow>,
}

/// What came of a call.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct CallThen {
    /// `allow`, or the code of what it was answered instead.
    pub verdict: String,
    /// The rule that let it pass or refused it; null where that is not known any more.
    pub rule: Option<String>,
    /// Every rule that refused it, where that was more than one.
    pub rules: Vec<String>,
    /// Rules in shadow that would have refused it, or taken something out of the answer.
    pub shadowed: Vec<String>,
    /// The code of the refusal that the partner was spared, since it is observed.
    pub observed: Option<String>,
    /// Watches that hit.
    pub signals: Vec<CallSignal>,
    /// Its operation.
    pub operation: Option<String>,
    /// The class that decided.
    pub class: Option<String>,
    /// The status of the answer.
    pub status: u16,
    /// Whether the answer went out whole.
    pub whole: bool,
    /// Entries, where it was a batch.
    pub entries: u32,
    /// Those of them that were refused.
    pub entries_refused: u32,
    /// Items that were taken out of the answer.
    pub items_dropped: u64,
    /// The revision of the policies it was judged by.
    pub policy_revision: Option<u64>,
    /// The revision of the state it was judged by.
    pub state_revision: Option<u64>,
}

/// Which way a call went, and how long that took. Times are counted from where its head was read.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct CallWay {
    /// Where its key stood: `header`, `query` or `body`; `certificate` where that of the client stood in
    /// its place; null where it was not read that far.
    pub credential: Option<String>,
    /// Microseconds to the end of the answer.
    pub total_us: u32,
    /// Of which until its body was there; null where that was not waited for.
    pub body_us: Option<u32>,
    /// Nanoseconds to judge it. Without access records that is timed for one call in sixteen, and null
    /// for the others.
    pub judge_ns: Option<u32>,
    /// Microseconds that it waited until an upstream could take it; null where it did not.
    pub queue_us: Option<u32>,
    /// Microseconds until a connection to the platform was open; null where one was open already.
    pub connect_us: Option<u32>,
    /// Microseconds from there, or from its turn where it waited for one, to the head of the platform's
    /// answer; null where it was not sent.
    pub answer_us: Option<u32>,
    /// The upstream that it was sent to last; null where it was not sent, and for a batch, whose entries
    /// each go their own way.
    pub upstream: Option<String>,
    /// How often it was sent: more than once where a connection turned out closed before an answer.
    pub sent: u8,
    /// Connections that were opened for it, or tried to be.
    pub connections_opened: u8,
    /// The trace that it is told in, where its spans went to a collector.
    pub trace: Option<String>,
}

/// A watch that hit.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct CallSignal {
    /// The watch, with its tier.
    pub rule: String,
    /// What it measures.
    pub signal: String,
    /// What was measured.
    pub evidence: String,
}

/// What would come of a call now. Nothing is debited, and paced rates are not looked at.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct CallNow {
    /// Whose it is.
    pub partner: String,
    /// The tier that partner is on now.
    pub tier: Option<String>,
    /// This moment, RFC 3339.
    pub at: String,
    /// The method.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// `allow`, or the code of the refusal.
    pub verdict: String,
    /// The rule that would let it pass.
    pub rule: Option<String>,
    /// What the partner would read.
    pub told: Option<String>,
    /// Every step, in the order of the decision.
    pub steps: Vec<CallStep>,
    /// The entries of a batch, each as if it came alone.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(no_recursion)]
    pub entries: Vec<CallNow>,
}

/// A step of a decision.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct CallStep {
    /// `request`, `key`, `standing`, `catalogue`, `policy`, `limits` or `answer`.
    pub stage: String,
    /// What was looked at.
    pub what: String,
    /// What it came to.
    pub outcome: String,
}
