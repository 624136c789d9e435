//! One thread's place to judge from: canonicalise, identify, unfold, decide, meter, in that order.
//!
//! Takes no lock but that of a budget: the view is cached and renewed by one look at a number. Must not
//! know who calls it or how the answer is sent.

use std::cell::{Ref, RefCell};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use portcullis_policy::Ruling;
use portcullis_request::{Arrival, BodyWanted, wants_body};
use portcullis_types::{KeyIx, Now, PartnerIx, Refusal};

use crate::acting::Acting;
use crate::asked_text::AskedText;
use crate::duties::{Shapes, Standing};
use crate::judge::Judge;
use crate::origin::Origin;
use crate::outbound::{Granted, PlatformCredential};
use crate::overlaps;
use crate::pass::{Pass, Stop};
use crate::recorded::Case;
use crate::touched::Kept;
use crate::verdict::{Trace, Verdict};
use crate::view::View;
use crate::watching::{Post, SignalHit};

/// How often a call is judged again because the rules changed under it. They would have to change
/// that often within microseconds.
const ATTEMPTS_MAX: usize = 8;

/// One thread's place to judge from.
pub struct Desk {
    pub(crate) judge: Arc<Judge>,
    pub(crate) view: Option<Arc<View>>,
    epoch: u64,
    pub(crate) stages: Stages,
    /// Taken again for each call, so that a decision allocates nothing.
    pub(crate) ruling: RefCell<Ruling>,
    /// Duties that hang on nothing, and those of calls seen before.
    pub(crate) standing: Standing,
    pub(crate) shapes: RefCell<Shapes>,
    /// Whether a permit's trace bears names too; a refusal's always does.
    names_permits: bool,
    /// Whether a permit's trace bears how much of its limits is left.
    pub(crate) reads_limits: bool,
    /// What the last call that was permitted reads.
    pub(crate) touched: RefCell<Kept>,
    /// What the last call asked, where that is kept.
    pub(crate) asked: Option<RefCell<AskedText>>,
}

/// Names of what decides before any tier does. Each desk has its own, so that threads don't share
/// their counts.
pub(crate) struct Stages {
    pub(crate) gate: Arc<str>,
    pub(crate) request: Arc<str>,
    pub(crate) key: Arc<str>,
    pub(crate) standing: Arc<str>,
    pub(crate) catalogue: Arc<str>,
    pub(crate) policy: Arc<str>,
}

impl Desk {
    pub(crate) fn new(judge: Arc<Judge>) -> Self {
        let stages = Stages {
            gate: Arc::from("gate"),
            request: Arc::from("request"),
            key: Arc::from("key"),
            standing: Arc::from("standing"),
            catalogue: Arc::from("catalogue"),
            policy: Arc::from("policy"),
        };
        Self {
            judge,
            view: None,
            epoch: 0,
            stages,
            ruling: RefCell::default(),
            standing: Standing::new(),
            shapes: RefCell::default(),
            names_permits: true,
            reads_limits: true,
            touched: RefCell::default(),
            asked: None,
        }
    }

    /// A desk whose permits are recorded by nobody: their traces bear no names but the operation's.
    #[must_use]
    pub fn without_names(mut self) -> Self {
        self.names_permits = false;
        self
    }

    /// A desk whose permits are told to nobody: their traces bear neither how much of a limit is left
    /// nor names but the operation's.
    #[must_use]
    pub fn untold(mut self) -> Self {
        self.reads_limits = false;
        self.without_names()
    }

    /// A desk that keeps what the last call asked, so that it can be judged again.
    #[must_use]
    pub fn remembering(mut self) -> Self {
        self.asked = Some(RefCell::new(AskedText::new()));
        self
    }

    /// What the last call asked; none where its key is not known or it could not be read.
    #[must_use]
    pub fn remembered(&self) -> Option<Ref<'_, AskedText>> {
        self.asked.as_ref().map(RefCell::borrow).filter(|asked| asked.is_there)
    }

    /// Whether the whole body is needed before the call can be judged.
    pub fn wants_body(
        &mut self,
        method: &str,
        path: &str,
        query: Option<&str>,
        content_type: Option<&[u8]>,
    ) -> BodyWanted {
        self.renew();
        let Some(view) = &self.view else { return BodyWanted::None };
        let catalogue = &view.bound.rules.catalogue;
        wants_body(method, path, query, content_type, catalogue, &self.judge.bounds)
    }

    /// Judges a call of which nobody knows where it came from: a key that is bound is refused.
    pub fn judge(
        &mut self,
        arrival: &Arrival<'_>,
        now: Now,
        platform: &PlatformCredential,
    ) -> Verdict {
        let case = Case { known: None, origin: None, now, platform, see: None };
        self.verdict(case, |pass| pass.call(arrival)).0
    }

    /// Judges a call that came from there.
    pub fn judge_from(
        &mut self,
        origin: Origin<'_>,
        arrival: &Arrival<'_>,
        now: Now,
        platform: &PlatformCredential,
    ) -> Verdict {
        let case = Case { known: None, origin: Some(origin), now, platform, see: None };
        self.verdict(case, |pass| pass.call(arrival)).0
    }

    /// What comes of a call, and how many asks the batch it stands in has left.
    pub(crate) fn verdict(
        &mut self,
        case: Case<'_>,
        judge: impl Fn(&mut Pass<'_, '_>) -> Result<Granted, Stop>,
    ) -> (Verdict, Option<usize>) {
        let Case { known, origin, now, platform, mut see } = case;
        if let Some(asked) = &self.asked {
            asked.borrow_mut().is_there = false;
        }
        for _ in 0..ATTEMPTS_MAX {
            self.renew();
            let Some(view) = &self.view else { break };
            let mut trace = Trace {
                policy_revision: Some(view.bound.rules.revision),
                state_revision: view.snapshot.revision(),
                ..Trace::default()
            };
            let mut pass = Pass {
                desk: self,
                view,
                trace: &mut trace,
                rule: &self.stages.request,
                known,
                origin,
                now,
                platform,
                acting: Acting::default(),
                narrowed: None,
                see: match &mut see {
                    Some(see) => Some(&mut **see),
                    None => None,
                },
            };
            let outcome = match judge(&mut pass) {
                Ok(granted) => Ok(granted),
                Err(Stop::No(refusal)) => Err(refusal),
                Err(Stop::Again) => continue,
            };
            let (rule, left) = (pass.rule, pass.known.and_then(|known| known.asks_left));
            trace.refused = outcome.is_err();
            if self.names_permits || trace.refused || trace.observed().is_some() {
                name(&mut trace, view, rule);
            }
            self.judge.raising.keep(&trace, now.wall);
            return (Verdict { trace, outcome }, left);
        }
        let trace = Trace { rule: Some(Arc::clone(&self.stages.gate)), ..Trace::default() };
        let left = known.and_then(|known| known.asks_left);
        (Verdict { trace, outcome: Err(Refusal::NotReady) }, left)
    }

    /// Tells what the platform answered to a call of that key: whether it knew what was asked. Gives the
    /// signals that raises.
    pub fn answered(&mut self, key: KeyIx, found: bool, now: Now) -> Vec<SignalHit> {
        self.renew();
        let Some((view, record)) = (self.view.as_ref().filter(|view| view.bound.watches_misses))
            .and_then(|view| Some((view, view.snapshot.key(key)?)))
        else {
            return Vec::new();
        };
        let mut trace =
            Trace { partner_ix: Some(record.partner), key: Some(key), ..Trace::default() };
        let found_tier = view.tier(record).and_then(|ix| view.bound.tier(ix));
        if let Some((tier, bound)) = found_tier {
            let post = Post {
                live: &self.judge.live,
                tier,
                specs: &bound.watches,
                partner: record.partner,
                key,
                now: now.wall,
            };
            post.answered(found, &mut trace);
        }
        self.judge.raising.keep(&trace, now.wall);
        trace.notes.map(|notes| notes.signals).unwrap_or_default()
    }

    /// Compares what partners asked for that they had not declared; to be called now and then, such as
    /// every hour. Gives pairs of partners and the signal of the first one's tier, one for each pair and type
    /// of targets.
    pub fn overlaps(&mut self, now: Now) -> Vec<(PartnerIx, PartnerIx, SignalHit)> {
        self.renew();
        self.view
            .as_ref()
            .map_or_else(Vec::new, |view| overlaps::overlaps(&self.judge.live, view, now.wall))
    }

    pub(crate) fn renew(&mut self) {
        let epoch = self.judge.epoch.load(Ordering::Acquire);
        if epoch != self.epoch {
            self.view = self.judge.view();
            self.epoch = epoch;
        }
    }
}

/// Fills in the names of what the trace points to. They lie on lines of memory that a permit need not
/// touch, so a permit that nobody records goes without.
fn name(trace: &mut Trace, view: &View, rule: &Arc<str>) {
    trace.rule.get_or_insert_with(|| Arc::clone(rule));
    let key = trace.key.and_then(|key| view.snapshot.key(key));
    trace.key_id = key.map(|key| key.id());
    let partner = trace.partner_ix.and_then(|partner| view.snapshot.partner(partner));
    trace.partner = partner.map(|partner| partner.id.shared());
    if trace.class.is_none() {
        trace.class = trace.class_ix.and_then(|class| view.bound.class_name(class));
    }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}
