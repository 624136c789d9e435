//! Budgets against the simplest thing that could be right: a list of what was read, and when.

use proptest::prelude::*;

use super::*;

const SECOND: u64 = 1000;
const LIMITS: usize = 4;

fn limits() -> [Limit; LIMITS] {
    [
        targets("day", "20s"),
        targets("hour", "7s"),
        rows_each("rows", "11s"),
        limit("all-rows", Counts::Rows, false, "9s"),
    ]
}

/// One thing read: by which calls, of which limit and target, when, how much.
#[derive(Debug, Clone)]
struct Read {
    calls: Vec<usize>,
    limit: usize,
    target: u64,
    at: u64,
    amount: u64,
}

#[derive(Debug, Clone, Default)]
struct Model {
    reads: Vec<Read>,
    now: u64,
}

impl Model {
    fn expire(&mut self) {
        let (limits, now) = (limits(), self.now);
        self.reads.retain(|read| read.at + limits[read.limit].window.milliseconds() > now);
    }

    fn used(&self, limit: usize, target: u64) -> u64 {
        let counts = |read: &&Read| read.limit == limit && (limit != 2 || read.target == target);
        self.reads.iter().filter(counts).map(|read| read.amount).sum()
    }

    fn reserve(&mut self, call: usize, wants: &[Ask], now: u64) -> bool {
        self.now = self.now.max(now);
        self.expire();
        let before = self.reads.clone();
        for want in wants {
            if !self.take(call, want) {
                self.reads = before;
                return false;
            }
        }
        true
    }

    fn take(&mut self, call: usize, want: &Ask) -> bool {
        let Ask { limit, target, amount, max } = *want;
        if max == 0 {
            return false;
        }
        if limit < 2 {
            let same = |read: &&mut Read| read.limit == limit && read.target == target;
            if let Some(read) = self.reads.iter_mut().find(same) {
                read.calls.push(call);
                return true;
            }
        }
        let amount = if limit < 2 { 1 } else { u64::from(amount) };
        self.reads.push(Read { calls: vec![call], limit, target, at: self.now, amount });
        self.used(limit, target) <= max
    }

    fn release(&mut self, call: usize) {
        for read in &mut self.reads {
            read.calls.retain(|by| *by != call);
        }
        self.reads.retain(|read| !read.calls.is_empty());
    }

    fn knows(&self, want: &Ask) -> bool {
        let same = |read: &Read| read.limit == want.limit && read.target == want.target;
        want.limit < 2 && self.reads.iter().any(same)
    }
}

#[derive(Debug, Clone, Copy)]
struct Ask {
    limit: usize,
    target: u64,
    amount: u32,
    max: u64,
}

#[derive(Debug, Clone)]
enum Step {
    Call(Vec<Ask>),
    Release(usize),
    Later(u64),
    /// The clock goes back for the next call.
    Back(u64),
    /// Saved and loaded by another process, or carried to an equal policy: nothing changes.
    Restart(bool),
}

/// Within one call a limit has one maximum, as it stands for the subject.
fn asks() -> impl Strategy<Value = Vec<Ask>> {
    let max = prop_oneof![1 => Just(0_u64), 20 => 1..7_u64];
    let asks = prop::collection::vec((0..LIMITS, 0..5_u64, 0..4_u32), 1..5);
    (prop::collection::vec(max, LIMITS), asks).prop_map(|(max, asks)| {
        let ask = |(limit, target, amount)| Ask { limit, target, amount, max: max[limit] };
        asks.into_iter().map(ask).collect()
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        10 => asks().prop_map(Step::Call),
        3 => (0..20_usize).prop_map(Step::Release),
        4 => (0..6_u64).prop_map(Step::Later),
        1 => (0..30_u64).prop_map(Step::Back),
        1 => any::<bool>().prop_map(Step::Restart),
    ]
}

struct Run {
    budgets: Arc<Budgets>,
    model: Model,
    receipts: Vec<Option<Receipt>>,
    clock: u64,
}

impl Run {
    fn step(&mut self, step: Step) {
        match step {
            Step::Call(asks) => self.call(&asks),
            Step::Release(call) => {
                if let Some(receipt) = self.receipts.get_mut(call).and_then(Option::take) {
                    self.budgets.release(receipt);
                    self.model.release(call);
                }
            }
            Step::Later(seconds) => self.clock += seconds * SECOND,
            Step::Back(seconds) => self.clock = self.clock.saturating_sub(seconds * SECOND),
            Step::Restart(carried) => self.restart(carried),
        }
        for limit in 0..LIMITS {
            for target in 0..5 {
                self.model.now = self.model.now.max(self.clock);
                self.model.expire();
                let used = self.budgets.used(limit, Some(key(target)), at(self.clock));
                assert_eq!(used, Some(self.model.used(limit, target)), "{limit} {target}");
            }
        }
    }

    fn call(&mut self, asks: &[Ask]) {
        let wants: Vec<Want> =
            asks.iter().map(|ask| want(ask.limit, ask.target, ask.amount, ask.max)).collect();
        let before = self.model.clone();
        let passes = self.model.reserve(self.receipts.len(), asks, self.clock);
        match self.budgets.reserve(&wants, at(self.clock)) {
            Ok(receipt) => {
                assert!(passes, "the model refuses {asks:?}");
                self.receipts.push(Some(receipt));
            }
            Err(denied) => {
                assert!(!passes, "the model lets {asks:?} pass");
                check_wait(&before, asks, self.clock, told(denied).1);
            }
        }
    }

    fn restart(&mut self, carried: bool) {
        if carried {
            let mut turned = limits();
            turned.reverse();
            let there = self.budgets.carry(specs(&turned), at(self.clock));
            self.budgets = there.carry(specs(&limits()), at(self.clock));
            return;
        }
        let mut bytes = Vec::new();
        self.budgets.save(&mut bytes);
        let fresh = budgets(&limits());
        // The clock of a new process may be behind; the old one's latest moment counts here.
        fresh.load(&bytes, at(self.model.now)).unwrap();
        self.budgets = Arc::new(fresh);
        self.receipts.iter_mut().for_each(|receipt| *receipt = None);
    }
}

/// Before the time told the call is refused; then it passes, unless it names what was known and would
/// count anew by then.
fn check_wait(before: &Model, asks: &[Ask], now: u64, wait: Option<u64>) {
    let start = before.now.max(now);
    let passes = |seconds: u64| before.clone().reserve(99, asks, start + seconds * SECOND);
    for seconds in 0..wait.unwrap_or(40) {
        assert!(!passes(seconds), "passes after {seconds} already");
    }
    let mut known = before.clone();
    known.now = start;
    known.expire();
    if let Some(wait) = wait.filter(|_| !asks.iter().any(|ask| known.knows(ask))) {
        assert!(passes(wait), "does not pass after {wait}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]
    #[test]
    fn budgets_count_as_the_model_does(steps in prop::collection::vec(step(), 1..60)) {
        let mut run = Run {
            budgets: Arc::new(budgets(&limits())),
            model: Model::default(),
            receipts: Vec::new(),
            clock: 0,
        };
        for step in steps {
            run.step(step);
        }
    }
}
