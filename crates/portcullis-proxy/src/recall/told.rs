//! A call that is remembered, as whoever asks for it gets it.
//!
//! Must not hold a key.

use std::sync::Arc;

use portcullis_judge::{AllowIx, CredentialAt, NotKept};
use portcullis_types::{ClassIx, KeyIx, Method, OperationIx, Revision, TierIx, Wall};

use crate::records::Signal;

/// A call that is remembered.
#[derive(Debug, Clone)]
pub struct Recalled {
    /// What came of it.
    pub came: RecalledOutcome,
    /// Which way it went, and how long that took.
    pub way: RecalledWay,
    /// What it asked; none: it could not be read, or is not kept.
    pub asked: Option<RecalledAsk>,
    /// Why not all of what it asked is kept.
    pub not_kept: Option<NotKept>,
}

/// What came of a call.
#[derive(Debug, Clone)]
pub struct RecalledOutcome {
    /// When it came.
    pub at: Wall,
    /// Whose it was.
    pub key: KeyIx,
    /// Its operation, by the rules of `policy`.
    pub operation: Option<OperationIx>,
    /// The class that decided, by the same rules.
    pub class: Option<ClassIx>,
    /// The tier that let it pass and the rule of it, by the same rules.
    pub passed: Option<(TierIx, Option<AllowIx>)>,
    /// `permit`, or the code of the refusal.
    pub verdict: &'static str,
    /// The status of the answer.
    pub status: u16,
    /// Whether the answer went out whole.
    pub whole: bool,
    /// The policies it was judged by.
    pub policy: Option<Revision>,
    /// The state it was judged by.
    pub state: Option<Revision>,
    /// What few calls have to tell.
    pub more: Option<Box<RecalledMore>>,
}

/// What few calls have to tell.
#[derive(Debug, Clone, Default)]
pub struct RecalledMore {
    /// What refused it, or would have.
    pub rule: Option<Arc<str>>,
    /// Every rule that said no, where that was more than one.
    pub rules: Vec<Arc<str>>,
    /// Rules in shadow that would have said no.
    pub shadowed: Vec<Arc<str>>,
    /// The code of the refusal that a partner under observation was spared.
    pub observed: Option<&'static str>,
    /// Watches that hit.
    pub signals: Vec<Signal>,
    /// Entries of a batch, and those of them that were refused.
    pub entries: (u32, u32),
    /// Items that were dropped from the answer.
    pub items_dropped: u64,
    /// The trace that it is told in.
    pub trace_id: Option<Box<str>>,
}

/// What a call asked: canonical, and without any key.
#[derive(Debug, Clone)]
pub struct RecalledAsk {
    /// The method that was meant.
    pub method: Method,
    /// Path and query.
    pub target: String,
    /// The body's media type; empty where there is none.
    pub kind: Vec<u8>,
    /// The body, as far as the gate reads it; none where there was none.
    pub body: Option<Vec<u8>>,
}

/// Which way a call went, and how long that took, in microseconds.
#[derive(Debug, Clone, Default)]
pub struct RecalledWay {
    /// Where its key stood; none: it was not read that far.
    pub credential: Option<CredentialAt>,
    /// From its head to the end of its answer.
    pub total_us: u32,
    /// Of which until its body was there, where that had to be waited for.
    pub body_us: Option<u32>,
    /// Of which to judge it, in nanoseconds, where that was timed.
    pub judge_ns: Option<u32>,
    /// Of which waiting until an upstream could take it.
    pub queue_us: Option<u32>,
    /// Of which until a connection was open, where one had to be opened.
    pub connect_us: Option<u32>,
    /// From sending it, or from its head where it was sent at once, to the head of the platform's answer.
    pub answer_us: Option<u32>,
    /// The upstream it was sent to last; none: it was not sent.
    pub upstream: Option<String>,
    /// How often it was sent.
    pub sent: u8,
    /// Connections that were opened for it, or tried to be.
    pub opened: u8,
}
