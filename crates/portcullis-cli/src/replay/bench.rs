//! One set of policies, judging recorded calls one after the other by their own clock.
//!
//! Limits, budgets and signals are in force as they would be in the gate. Must not know files or how
//! anything is reported.

use std::collections::{HashMap, HashSet};
use std::hash::BuildHasherDefault;
use std::sync::Arc;

use memchr::memchr;
use portcullis_judge::{Arrival, Batch, Bounds, Desk, Granted, Rules, Verdict};
use portcullis_types::asked::Asks;
use portcullis_types::{KeyIx, Mono, Now, PartnerIx, Refusal, Wall};

use super::call::Call;
use super::declared::Declared;
use super::pages::Pages;
use super::tally::{Judged, JudgedLine, Spot, Tally, Word, not_found};
use super::targets::{AsIs, mark};
use super::wanted::{Seen, wanted};
use crate::failure::Failure;
use crate::memory::{Entry, Memory};

/// A set of policies with the partners' calls so far.
pub(crate) struct Bench {
    pub(super) memory: Memory,
    pub(super) desk: Desk,
    bounds: Bounds,
    keys: HashMap<String, Caller, BuildHasherDefault<AsIs>>,
    pub(crate) seats: Vec<Seat>,
    /// Names of plain rates.
    rates: HashSet<String>,
    /// Calls with keys that nobody has.
    pub(crate) strangers: Tally,
    /// Entries of batches that take values from answers, which were not recorded.
    pub(crate) unknown: u64,
    pages: Pages,
}

/// One partner.
pub(crate) struct Seat {
    pub(super) ix: PartnerIx,
    pub(crate) tier: Option<String>,
    pub(crate) tally: Tally,
    /// Raised between two of its calls: named with the next one.
    pub(super) raised: Option<Arc<str>>,
}

#[derive(Debug, Clone, Copy)]
struct Caller {
    key: KeyIx,
    seat: usize,
}

/// What became of a line.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    /// Which partner's it is; none: a stranger's.
    pub(crate) seat: Option<usize>,
    pub(crate) word: Word,
    pub(crate) rule: Option<Arc<str>>,
    /// Whether nothing but a plain rate refused any of it.
    pub(crate) rate: bool,
    pub(crate) signal: Option<Arc<str>>,
    pub(crate) requests: u64,
}

impl Bench {
    pub(crate) fn new(mut memory: Memory, partners: &[Declared]) -> Result<Self, Failure> {
        let (mut keys, mut seats) = (HashMap::default(), Vec::new());
        for partner in partners {
            let entry = Entry {
                id: &partner.id,
                name: &partner.name,
                declared_use: &partner.declared_use,
                tier: None,
                facts: &partner.facts,
                keys: &partner.keys,
            };
            let refused = |why: Failure| {
                Failure::Local(format!("partner `{}` can't be taken: {why}", partner.id))
            };
            let ix = memory.add(&entry, Wall(0)).map_err(refused)?;
            for grant in &partner.grants {
                memory.grant(&grant.account, ix, [grant.from, grant.until]);
            }
            for id in &partner.keys {
                let seat = seats.len();
                keys.extend(memory.key(id).map(|key| (id.to_string(), Caller { key, seat })));
            }
            let tier = memory.tier(&entry).map(ToString::to_string);
            seats.push(Seat { ix, tier, tally: Tally::default(), raised: None });
        }
        memory.publish();
        let rates = memory.rules.policies.tiers().flat_map(|tier| {
            tier.rates.iter().map(move |rate| format!("{}/{}", tier.name, rate.id))
        });
        let rates = rates.collect();
        let pages = Pages::new(&memory.rules.catalogue);
        let desk = memory.judge.desk().untold();
        Ok(Self {
            memory,
            desk,
            bounds: Bounds::default(),
            keys,
            seats,
            rates,
            strangers: Tally::default(),
            unknown: 0,
            pages,
        })
    }

    pub(crate) fn rules(&self) -> &Rules {
        &self.memory.rules
    }

    /// Judges a line.
    pub(crate) fn line(&mut self, spot: Spot, call: &Call<'_>, mono: Mono) -> Outcome {
        let target = call.path_and_query();
        let at = memchr(b'?', target.as_bytes()).unwrap_or(target.len());
        let (path, query) = target.split_at_checked(at).unwrap_or((target, ""));
        let query = query.get(1..);
        let arrival = arrival(&call.method, path, query);
        let mut line = Line {
            spot,
            now: Now { wall: spot.at, mono },
            path: mark(mark(0, call.method.as_bytes()), target.as_bytes()),
            more: false,
            out: Outcome::default(),
        };
        match self.keys.get(&*call.key).copied() {
            None => self.stranger(&mut line, &arrival),
            Some(caller) => {
                line.out.seat = Some(caller.seat);
                let path = line.path;
                self.request(&mut line, caller, &arrival, path);
                if let Some(status) = call.status.filter(|_| line.out.word == Word::Allow) {
                    let found = !not_found(status);
                    let hits = self.desk.answered(caller.key, found, line.now);
                    self.signals(&mut line, caller.seat, &hits);
                }
                self.pending(&mut line, caller.seat);
            }
        }
        line.out.rate &= !line.more;
        let tally = match line.out.seat.and_then(|seat| self.seats.get_mut(seat)) {
            Some(seat) => &mut seat.tally,
            None => &mut self.strangers,
        };
        tally.line(&JudgedLine {
            at: spot.at,
            worst: line.out.word,
            rate: line.out.rate,
            status: call.status,
            bytes: call.bytes,
        });
        line.out
    }

    /// A key that nobody has is refused, as the gate would.
    fn stranger(&mut self, line: &mut Line, arrival: &Arrival<'_>) {
        let rule: Arc<str> = Arc::from("key");
        let judged = Judged {
            spot: line.spot,
            path: line.path,
            word: Word::Deny,
            rule: Some(&rule),
            refusal: Some(&Refusal::KeyUnknown),
            rate: false,
        };
        let known = (&self.memory.rules.catalogue, &self.bounds);
        self.strangers.request(&judged, || wanted(arrival, known));
        line.out.requests += 1;
        line.worst(Word::Deny, Some(&rule));
    }

    /// Judges the line's own request.
    fn request(&mut self, line: &mut Line, caller: Caller, arrival: &Arrival<'_>, path: u64) {
        let mut seen = self.unseen(caller, path);
        let see = &mut |asks: &Asks<'_>| seen.take(asks);
        let verdict = self.desk.judge_seen(caller.key, arrival, line.now, see);
        self.judged(line, caller, (arrival, path, seen), verdict);
    }

    /// What a request asks for is looked at where its path is new.
    fn unseen(&self, caller: Caller, path: u64) -> Seen {
        let known = self.seats.get(caller.seat).is_some_and(|seat| seat.tally.targets.knows(path));
        Seen::new(!known)
    }

    fn judged(
        &mut self,
        line: &mut Line,
        caller: Caller,
        (arrival, path, seen): (&Arrival<'_>, u64, Seen),
        verdict: Verdict,
    ) {
        let Verdict { trace, outcome } = verdict;
        let refusal = match outcome {
            Ok(Granted::Batch(batch)) => return self.batch(line, caller, *batch),
            // What is permitted counts, whatever came back.
            Ok(Granted::Call(_)) => None,
            Err(refusal) => Some(refusal),
        };
        if let Some(notes) = trace.notes.filter(|notes| !notes.signals.is_empty()) {
            self.signals(line, caller.seat, &notes.signals);
        }
        let rule = trace.rule.filter(|_| refusal.is_some());
        self.count(line, caller, (arrival, path, seen), (refusal.as_ref(), rule.as_ref()));
    }

    /// Each entry is a call of its own.
    fn batch(&mut self, line: &mut Line, caller: Caller, batch: Batch) {
        let Batch { entries, mut together, .. } = batch;
        for entry in &entries {
            let arrival = entry.arrival(&[]);
            let start = mark(mark(1, arrival.method.as_bytes()), arrival.body);
            let path = self.pages.mark(start, (arrival.path, arrival.query));
            self.unknown += u64::from(entry.refs);
            let mut seen = self.unseen(caller, path);
            let see = &mut |asks: &Asks<'_>| seen.take(asks);
            let verdict = self.desk.judge_entry_seen(&mut together, entry, line.now, see);
            self.judged(line, caller, (&arrival, path, seen), verdict);
        }
    }

    fn count(
        &mut self,
        line: &mut Line,
        caller: Caller,
        (arrival, path, seen): (&Arrival<'_>, u64, Seen),
        (refusal, rule): (Option<&Refusal>, Option<&Arc<str>>),
    ) {
        let word = refusal.map_or(Word::Allow, Word::of);
        let rate = match refusal {
            Some(Refusal::RateReached(_)) => true,
            Some(Refusal::BudgetReached(_)) => {
                rule.is_some_and(|rule| self.rates.contains(&**rule))
            }
            _ => false,
        };
        let judged = Judged { spot: line.spot, path, word, rule, refusal, rate };
        let known = (&self.memory.rules.catalogue, &self.bounds);
        if let Some(seat) = self.seats.get_mut(caller.seat) {
            seat.tally.request(&judged, || seen.or_else(|| wanted(arrival, known)));
        }
        line.out.requests += 1;
        line.worst(word, rule);
        line.out.rate |= rate;
        line.more |= word != Word::Allow && !rate;
    }
}

/// A line under way.
pub(super) struct Line {
    pub(super) spot: Spot,
    pub(super) now: Now,
    path: u64,
    /// Whether more than a rate refused any of it.
    more: bool,
    pub(super) out: Outcome,
}

impl Line {
    /// A line is worth the worst of its requests, and names the rule that said so first.
    fn worst(&mut self, word: Word, rule: Option<&Arc<str>>) {
        if word > self.out.word {
            self.out.word = word;
            self.out.rule = rule.cloned();
        }
    }
}

/// A call as it was recorded: keys and bodies never were.
fn arrival<'a>(method: &'a str, path: &'a str, query: Option<&'a str>) -> Arrival<'a> {
    Arrival {
        method,
        path,
        query,
        content_type: None,
        header_keys: &[],
        body: &[],
        has_body: false,
    }
}
