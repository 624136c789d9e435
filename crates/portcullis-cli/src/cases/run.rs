//! Each case against the judge that serves, as a partner of its own.
//!
//! Must not know how a result is shown.

use std::collections::BTreeMap;

use portcullis_judge::{
    Batch, Desk, Explanation, Granted, Names, Permit, PlatformCredential, Verdict,
};
use portcullis_policy::{Case, Expect, Tier};
use portcullis_types::{KeyId, KeyIx, Mono, Now, PartnerId, Refusal, Wall};
use serde::Serialize;

use super::used;
use crate::answer::cut;
use crate::asked::Asked;
use crate::explain::Step;
use crate::failure::Failure;
use crate::files::Compiled;
use crate::memory::{Entry, Memory};

/// What became of a case.
#[derive(Debug, Serialize)]
pub(super) struct Tried {
    pub(super) ok: bool,
    pub(super) tier: String,
    pub(super) name: String,
    pub(super) file: String,
    pub(super) line: u32,
    pub(super) method: String,
    pub(super) target: String,
    pub(super) expected: String,
    pub(super) got: String,
    /// What the partner would read, and what else there is to say.
    pub(super) notes: Vec<String>,
    pub(super) steps: Vec<Step>,
}

/// A gate with one partner for each case.
pub(super) struct Bed {
    memory: Memory,
    desk: Desk,
    keys: Vec<KeyIx>,
}

/// When a case plays that does not say: a day at noon.
const NOON: Wall = Wall(1_709_294_400_000);
/// What a partner may call in a window, where a case does not say: it is about something else.
const FIGURE: u64 = 1_000_000;

impl Bed {
    pub(super) fn new(compiled: Compiled) -> Result<Self, Failure> {
        let mut memory = Memory::new(compiled, Names::default(), "tests")?;
        let rules = std::sync::Arc::clone(&memory.rules);
        let mut keys = Vec::new();
        for tier in rules.policies.tiers() {
            for case in tier.tests() {
                keys.push(seat(&mut memory, tier, case, keys.len())?);
            }
        }
        memory.publish();
        let desk = memory.judge.desk();
        Ok(Self { memory, desk, keys })
    }

    /// Runs the cases that are wanted, by tier and name.
    pub(super) fn run(&mut self, wanted: &dyn Fn(&str, &str) -> bool) -> Vec<Tried> {
        let rules = std::sync::Arc::clone(&self.memory.rules);
        let mut keys = self.keys.clone().into_iter();
        let mut all = Vec::new();
        for tier in rules.policies.tiers() {
            for case in tier.tests() {
                let Some(key) = keys.next() else { continue };
                if wanted(tier.name.as_str(), &case.name) {
                    all.push(self.case(tier, case, key));
                }
            }
        }
        all
    }

    fn case(&mut self, tier: &Tier, case: &Case, key: KeyIx) -> Tried {
        let asked = Asked {
            method: &case.method,
            target: &case.target,
            body: case.body.as_deref().map(str::as_bytes),
            content_type: case.content_type.as_deref(),
        };
        let now = Now { wall: case.at.unwrap_or(NOON), mono: Mono(3_600_000_000_000) };
        // Before the call itself, which debits.
        let Explanation { steps, verdict: _ } = self.desk.explain(key, &asked.arrival(), now);
        let (mut came, granted) = self.judge(key, &asked, now);
        if came.refusal.is_none()
            && !case.used.is_empty()
            && let Some(limit) = used::reached(&self.memory.rules, tier, case, &asked, now.wall)
        {
            came.words = vec![format!("limit {limit}")];
            came.refusal = None;
        }
        let expected = words(&case.expect);
        let mut notes: Vec<String> = came.refusal.iter().map(Refusal::detail).collect();
        let mut ok = came.words.contains(&expected);
        let got = came.words.into_iter().next().unwrap_or_default();
        if let Some(wrong) = self.filtered(case, key, granted, now) {
            ok = false;
            notes.push(wrong);
        }
        Tried {
            ok,
            tier: tier.name.to_string(),
            name: case.name.clone(),
            file: case.file.clone(),
            line: case.line,
            method: case.method.clone(),
            target: case.target.clone(),
            expected,
            got,
            notes,
            steps: steps.into_iter().map(Step::from).collect(),
        }
    }

    /// What is wrong with what the partner gets of the answer, if anything.
    fn filtered(
        &mut self,
        case: &Case,
        key: KeyIx,
        granted: Option<Permit>,
        now: Now,
    ) -> Option<String> {
        let filtered = case.filtered.as_ref()?;
        let Some(permit) = granted else { return Some("there is no answer to filter".to_owned()) };
        let Some(answer) = &case.answer else { return Some("no `answer` is written".to_owned()) };
        let (_, _, duties) = permit.into_parts();
        let body = answer.to_string();
        let left = match cut(&mut self.desk, key, duties.as_ref(), now, body.as_bytes()) {
            Ok(left) => left,
            Err(why) => return Some(format!("none of the answer leaves: {why}")),
        };
        let value: serde_json::Value = serde_json::from_slice(&left.body).unwrap_or_default();
        let what = || {
            let notes = left.notes.join(", ");
            format!("of the answer leaves {value} ({notes})")
        };
        (value != *filtered).then(what)
    }

    /// What the judge says: of a batch, what it says of the first entry it refuses.
    fn judge(&mut self, key: KeyIx, asked: &Asked<'_>, now: Now) -> (Came, Option<Permit>) {
        let platform = &PlatformCredential::Header;
        let verdict = self.desk.judge_known(key, &asked.arrival(), now, platform);
        let Verdict { trace, outcome } = verdict;
        let batch = match outcome {
            Ok(Granted::Batch(batch)) => *batch,
            outcome => return Came::of(Verdict { trace, outcome }),
        };
        let Batch { entries, mut together, .. } = batch;
        for entry in &entries {
            let came = Came::of(self.desk.judge_entry(&mut together, entry, now, platform)).0;
            if came.refusal.is_some() {
                return (came, None);
            }
        }
        (Came { words: vec!["allow".to_owned()], refusal: None }, None)
    }
}

/// A verdict, in each of the words a case may write for it.
struct Came {
    words: Vec<String>,
    refusal: Option<Refusal>,
}

impl Came {
    fn of(verdict: Verdict) -> (Self, Option<Permit>) {
        let Verdict { trace, outcome } = verdict;
        let notes = trace.notes.map(|notes| notes.rules).unwrap_or_default();
        let mut rules: Vec<&str> = trace.rule.iter().map(|rule| last(rule)).collect();
        rules.extend(notes.iter().map(|rule| last(rule)));
        match outcome {
            Ok(granted) => {
                let by = rules.first().map(|rule| format!("allow {rule}"));
                let words = by.into_iter().chain(["allow".to_owned()]).collect();
                (Self { words, refusal: None }, granted.call())
            }
            Err(refusal) => (Self::refused(refusal, &rules), None),
        }
    }

    fn refused(refusal: Refusal, rules: &[&str]) -> Self {
        let mut words = match &refusal {
            Refusal::RateReached(hit) => vec![format!("limit {}", hit.rate)],
            Refusal::BudgetReached(hit) => vec![format!("limit {}", hit.limit)],
            other => vec![format!("deny {}", other.row().code)],
        };
        words.extend(rules.iter().map(|rule| format!("deny {rule}")));
        Self { words, refusal: Some(refusal) }
    }
}

/// A rule's name within its tier.
fn last(rule: &str) -> &str {
    rule.rsplit('/').next().unwrap_or(rule)
}

fn words(expect: &Expect) -> String {
    match expect {
        Expect::Allow(None) => "allow".to_owned(),
        Expect::Allow(Some(rule)) => format!("allow {rule}"),
        Expect::Deny(what) => format!("deny {what}"),
        Expect::Limit(limit) => format!("limit {limit}"),
    }
}

fn seat(memory: &mut Memory, tier: &Tier, case: &Case, at: usize) -> Result<KeyIx, Failure> {
    let bad = |error: portcullis_types::IdError| Failure::Local(error.to_string());
    let id = PartnerId::new(&format!("case-{at}")).map_err(bad)?;
    let key = KeyId::new(&format!("key-{at}")).map_err(bad)?;
    let mut facts = case.facts.clone();
    let missing: BTreeMap<String, u64> = figures(memory, tier)
        .filter(|name| !facts.figures.contains_key(*name))
        .map(|name| (name.to_owned(), FIGURE))
        .collect();
    facts.figures.extend(missing);
    let entry = Entry {
        id: &id,
        name: "A case",
        declared_use: "",
        tier: Some(&tier.name),
        facts: &facts,
        keys: std::slice::from_ref(&key),
    };
    let why = |error: Failure| {
        Failure::Local(format!("{}:{}: {}: {error}", case.file, case.line, case.name))
    };
    let ix = memory.add(&entry, case.since.unwrap_or_default()).map_err(why)?;
    for account in &case.grants {
        memory.grant(account, ix, [None, None]);
    }
    memory.key(&key).ok_or_else(|| Failure::Local("a case has no key".to_owned()))
}

/// The figures that the tier's rates hang on.
fn figures<'m>(memory: &'m Memory, tier: &Tier) -> impl Iterator<Item = &'m str> {
    let wanted: Vec<usize> =
        tier.rates.iter().filter_map(|rate| rate.figure.map(|figure| figure.at())).collect();
    let names = memory.rules.policies.figures().enumerate();
    names.filter(move |(at, _)| wanted.contains(at)).map(|(_, name)| name)
}
