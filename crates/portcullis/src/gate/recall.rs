//! Explains one of the last calls: what the data plane remembers of it, and what the judge says now.
//!
//! Must not show what may be a key.

use std::sync::Arc;
use std::time::Duration;

use portcullis_control::{
    CallExplained, CallNow, CallSignal, CallStep, CallThen, CallWay, Recall as RecallEdge,
};
use portcullis_judge::{Arrival, Bounds, CredentialAt, Desk, Explanation, Judge, NotKept, Rules};
use portcullis_policy::RuleIx;
use portcullis_proxy::{Recalled, RecalledAsk, RecalledOutcome, RecalledWay, Recaller};
use portcullis_registry::{KeyRecord, Office, Snapshot};
use portcullis_request::{batch, canonicalise};
use portcullis_types::{Clock, KeyIx, Now, Refusal, Revision};

use super::board::Board;
use crate::clock::SystemClock;

/// How long one thread may take to look.
const WITHIN: Duration = Duration::from_secs(2);
/// A shorter word is no key.
const KEY_MIN: usize = 8;

/// Remembers calls for the admin API.
pub(super) struct Recall {
    pub(super) judge: Arc<Judge>,
    pub(super) office: Arc<dyn Office>,
    pub(super) board: Arc<Board>,
    pub(super) recaller: Recaller,
    pub(super) room: usize,
}

impl RecallEdge for Recall {
    fn explain(&self, id: &str) -> Option<CallExplained> {
        let Recalled { came, way: went, asked, not_kept } = self.recaller.recall(id, WITHIN)?;
        let snapshot = self.office.snapshot();
        let key = snapshot.key(came.key)?;
        let rules = self.judge.rules();
        let current = rules.as_ref().map(|rules| rules.revision);
        let (asked, not_kept) = match asked {
            Some(asked) if self.shows_key(&asked) => (None, Some(NotKept::HoldsKey)),
            asked => (asked, not_kept),
        };
        let whole = asked.as_ref().filter(|_| not_kept.is_none());
        let now = whole.zip(rules.as_ref()).map(|(asked, rules)| {
            let seat = Seat { snapshot: &snapshot, rules, key: came.key, record: key };
            seat.explain(self.judge.desk(), asked)
        });
        let partner = snapshot.partner(key.partner);
        let client = key.client.and_then(|client| snapshot.client(client));
        Some(CallExplained {
            request: id.to_owned(),
            at: came.at.rfc3339(),
            partner: partner.map(|partner| partner.id.to_string()).unwrap_or_default(),
            client: client.map(|client| client.id.to_string()),
            key: key.id().to_string(),
            method: asked.as_ref().map(|asked| asked.method.as_str().to_owned()),
            not_kept: why(asked.as_ref(), not_kept),
            target: asked.as_ref().map(|asked| asked.target.clone()),
            policies_changed: came.policy != current,
            policy_revision: current.map(|revision| revision.0),
            way: way(went, &came),
            then: then(came, &self.board),
            now,
        })
    }

    fn room(&self) -> usize {
        self.room
    }
}

impl Recall {
    /// Whether a word of what was asked is a key that the gate knows, whoever's. The key it came with
    /// was looked for when it came.
    fn shows_key(&self, asked: &RecalledAsk) -> bool {
        let is_key = |text: &[u8]| {
            let in_key = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(byte);
            text.split(|byte| !in_key(byte))
                .filter(|word| word.len() >= KEY_MIN)
                .any(|word| self.judge.may_prove(word))
        };
        is_key(asked.target.as_bytes()) || asked.body.as_deref().is_some_and(is_key)
    }
}

fn why(asked: Option<&RecalledAsk>, not_kept: Option<NotKept>) -> Option<String> {
    let why = match (not_kept, asked) {
        (Some(NotKept::TooLong), None) => "the call is too long to be kept",
        (Some(NotKept::TooLong), Some(_)) => "its body is too long to be kept",
        (Some(NotKept::HoldsKey), None) => "it holds what may be a key where none belongs",
        (Some(NotKept::HoldsKey), Some(_)) => "its body holds what may be a key",
        (None, None) => "it could not be read, or longer calls have pushed it out",
        (None, Some(_)) => return None,
    };
    Some(why.to_owned())
}

fn way(went: RecalledWay, came: &RecalledOutcome) -> CallWay {
    let trace = came.more.as_ref().and_then(|more| more.trace_id.as_ref());
    let credential = went.credential.map(|at| match at {
        CredentialAt::Header => "header",
        CredentialAt::Query => "query",
        CredentialAt::Body => "body",
        CredentialAt::Certificate => "certificate",
    });
    CallWay {
        credential: credential.map(str::to_owned),
        total_us: went.total_us,
        body_us: went.body_us,
        judge_ns: went.judge_ns,
        queue_us: went.queue_us,
        connect_us: went.connect_us,
        answer_us: went.answer_us,
        upstream: went.upstream,
        sent: went.sent,
        connections_opened: went.opened,
        trace: trace.map(ToString::to_string),
    }
}

/// What came of it, with the names of the rules it was judged by.
fn then(came: RecalledOutcome, board: &Board) -> CallThen {
    let rules = came.policy.and_then(|revision| board.rules_of(revision));
    let more = came.more.map(|more| *more).unwrap_or_default();
    let names = |list: Vec<Arc<str>>| list.iter().map(ToString::to_string).collect();
    let catalogue = rules.as_ref().map(|rules| &rules.catalogue);
    let operation =
        catalogue.zip(came.operation).and_then(|(catalogue, ix)| catalogue.operation(ix));
    let class = catalogue.zip(came.class).map(|(catalogue, ix)| catalogue.class_name(ix));
    let passed = || {
        let ((tier, rule), rules) = came.passed.zip(rules.as_ref())?;
        let tier = rules.policies.tier_at(tier)?;
        let rule = rule.and_then(|ix| tier.rule_name(RuleIx::Allow(ix)));
        Some(rule.map_or_else(|| tier.name.to_string(), ToString::to_string))
    };
    CallThen {
        verdict: if came.verdict == "permit" { "allow" } else { came.verdict }.to_owned(),
        rule: more.rule.as_ref().map(ToString::to_string).or_else(passed),
        rules: names(more.rules),
        shadowed: names(more.shadowed),
        observed: more.observed.map(str::to_owned),
        signals: more
            .signals
            .into_iter()
            .map(|signal| CallSignal {
                rule: signal.rule.to_string(),
                signal: signal.signal.to_owned(),
                evidence: signal.evidence,
            })
            .collect(),
        operation: operation.map(|operation| operation.name.to_string()),
        class: class.map(str::to_owned),
        status: came.status,
        whole: came.whole,
        entries: more.entries.0,
        entries_refused: more.entries.1,
        items_dropped: more.items_dropped,
        policy_revision: came.policy.map(|Revision(revision)| revision),
        state_revision: came.state.map(|Revision(revision)| revision),
    }
}

/// Who calls, by the state and rules of this moment.
struct Seat<'a> {
    snapshot: &'a Snapshot,
    rules: &'a Rules,
    key: KeyIx,
    record: &'a KeyRecord,
}

impl Seat<'_> {
    fn explain(&self, mut desk: Desk, asked: &RecalledAsk) -> CallNow {
        let (path, query) = match asked.target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (asked.target.as_str(), None),
        };
        let kind = Some(asked.kind.as_slice()).filter(|kind| !kind.is_empty());
        let arrival = Arrival {
            method: asked.method.as_str(),
            path,
            query,
            content_type: kind,
            header_keys: &[],
            body: asked.body.as_deref().unwrap_or_default(),
            has_body: asked.body.is_some(),
        };
        self.again(&mut desk, &arrival, SystemClock::start().now())
    }

    /// As `portcullis explain` does offline: the entries of a batch each as if alone.
    fn again(&self, desk: &mut Desk, arrival: &Arrival<'_>, now: Now) -> CallNow {
        let Explanation { steps, verdict } = desk.explain(self.key, arrival, now);
        let passes = verdict.is_ok();
        let mut told = self.told(arrival, now, verdict.map(|rule| rule.to_string()));
        let step = |step: portcullis_judge::Step| CallStep {
            stage: step.stage.to_owned(),
            what: step.what,
            outcome: step.outcome,
        };
        told.steps = steps.into_iter().map(step).collect();
        let (catalogue, bounds) = (&self.rules.catalogue, Bounds::default());
        if passes
            && let Ok(canonical) = canonicalise(arrival, catalogue, &bounds)
            && let Ok(entries) = batch(&canonical, catalogue, &bounds)
        {
            for entry in &entries {
                let arrival = entry.arrival(&[]);
                told.entries.push(match entry.refusal() {
                    None => self.again(desk, &arrival, now),
                    Some(refusal) => self.told(&arrival, now, Err(refusal.clone())),
                });
            }
        }
        told
    }

    fn told(&self, arrival: &Arrival<'_>, now: Now, verdict: Result<String, Refusal>) -> CallNow {
        let query = arrival.query.map(|query| format!("?{query}")).unwrap_or_default();
        let partner = self.snapshot.partner(self.record.partner);
        let (word, rule, told) = match verdict {
            Ok(rule) => ("allow".to_owned(), Some(rule), None),
            Err(refusal) => (refusal.row().code.to_owned(), None, Some(refusal.detail())),
        };
        CallNow {
            partner: partner.map(|partner| partner.id.to_string()).unwrap_or_default(),
            tier: self.tier(),
            at: now.wall.rfc3339(),
            method: arrival.method.to_owned(),
            target: format!("{}{query}", arrival.path),
            verdict: word,
            rule,
            told,
            steps: Vec::new(),
            entries: Vec::new(),
        }
    }

    fn tier(&self) -> Option<String> {
        let partner = self.snapshot.partner(self.record.partner)?;
        if let Some(tier) = &partner.tier {
            return Some(tier.to_string());
        }
        let policies = &self.rules.policies;
        let ix = policies.tier_for_use(partner.facts.purpose.as_deref()?)?;
        policies.tier_at(ix).map(|tier| tier.name.to_string())
    }
}
