//! What keeps a body from going although it was kept long enough, and what would go now.
//!
//! Must not know how a body goes.

use std::collections::{BTreeMap, HashMap, HashSet};

use portcullis_types::{CaseId, PartnerIx, Revision, StandingName, Wall};
use serde::Serialize;

use super::{KeptBody, RecordKind, Retention};
use crate::cases::CaseRecord;
use crate::records::SubjectIx;
use crate::snapshot::Snapshot;
use crate::words::SubjectId;

/// What keeps a body.
#[derive(Debug, Clone, Copy)]
pub enum HeldBy<'a> {
    /// A case that is open, or preserves what it is about beyond its end.
    Case(&'a CaseRecord),
    /// It says why access is taken away now, or will be on a day that was announced; or the log can't
    /// be read without it.
    InForce,
    /// It is an answer that waits, or what such an answer is about.
    Unanswered,
}

/// What keeps bodies at a moment.
#[derive(Debug)]
pub struct Holds<'a> {
    snapshot: &'a Snapshot,
    /// The case that preserves all of a partner.
    partners: BTreeMap<PartnerIx, &'a CaseRecord>,
    /// The case that preserves what a case has: itself, or another about the same partner.
    cases: HashMap<&'a CaseId, &'a CaseRecord>,
    unanswered: HashSet<Revision>,
    announced: HashSet<Revision>,
}

impl CaseRecord {
    /// Whether nothing that it is about may go at a moment.
    #[must_use]
    pub fn preserves(&self, now: Wall) -> bool {
        self.closed.is_none() || self.preserve_until.is_some_and(|until| now < until)
    }
}

impl Snapshot {
    /// What keeps bodies at a moment.
    #[must_use]
    pub fn holds(&self, now: Wall) -> Holds<'_> {
        let mut partners = BTreeMap::new();
        for case in self.cases.iter().filter(|case| case.preserves(now)) {
            for partner in self.partners_of(case) {
                partners.entry(partner).or_insert(case);
            }
        }
        let keeper = |case: &CaseRecord| {
            let mut about = self.partners_of(case);
            about.find_map(|partner| partners.get(&partner).copied())
        };
        let kept = |case| if CaseRecord::preserves(case, now) { Some(case) } else { keeper(case) };
        let cases = self.cases.iter().filter_map(|case| Some((&case.id, kept(case)?))).collect();
        let open = self.answers.open().flat_map(|answer| [answer.revision, answer.about]);
        let unanswered = open.collect();
        let coming = self.changes().iter().flat_map(|change| &change.announced);
        let announced = coming.map(|told| told.revision).collect();
        Holds { snapshot: self, partners, cases, unanswered, announced }
    }

    fn partners_of<'a>(&'a self, case: &'a CaseRecord) -> impl Iterator<Item = PartnerIx> + 'a {
        let of = |subject: &SubjectId| self.partner_of(self.subject_ix(subject)?);
        case.subjects.iter().filter_map(of)
    }
}

impl<'a> Holds<'a> {
    /// Partners of which a case keeps everything.
    pub fn partners(&self) -> impl Iterator<Item = PartnerIx> {
        self.partners.keys().copied()
    }

    /// The case that keeps everything of a partner; none: none does.
    #[must_use]
    pub fn of_partner(&self, partner: PartnerIx) -> Option<&'a CaseRecord> {
        self.partners.get(&partner).copied()
    }

    /// The case that keeps what a case has: itself, or another about the same partner; none: none does.
    #[must_use]
    pub fn of_case(&self, case: &CaseId) -> Option<&'a CaseRecord> {
        self.cases.get(case).copied()
    }

    /// What keeps a body; none: nothing but its time.
    #[must_use]
    pub fn of(&self, body: &KeptBody) -> Option<HeldBy<'a>> {
        let partner = body.subject.and_then(|at| self.snapshot.partner_of(at));
        let case = body.case.as_ref().and_then(|id| self.cases.get(id));
        if let Some(case) = case.or_else(|| self.partners.get(&partner?)) {
            return Some(HeldBy::Case(case));
        }
        if self.unanswered.contains(&body.revision) {
            return Some(HeldBy::Unanswered);
        }
        self.is_in_force(body).then_some(HeldBy::InForce)
    }

    /// Whether a body was kept long enough. What a case has is as old as its end, and a statement
    /// stays as long as the partner may object to it.
    #[must_use]
    pub fn is_over(&self, body: &KeptBody, retention: &Retention, now: Wall) -> bool {
        if body.until.is_some_and(|until| now < until) {
            return false;
        }
        let case = body.case.as_ref().and_then(|id| self.snapshot.cases.find(id));
        let since = case.and_then(|case| case.closed).map_or(body.at, |closed| closed.max(body.at));
        retention.before(body.kind, now).is_some_and(|before| since <= before)
    }

    /// Whether nothing keeps a body any more.
    pub(crate) fn lets_go(&self, body: &KeptBody, retention: &Retention, now: Wall) -> bool {
        self.is_over(body, retention, now) && self.of(body).is_none()
    }

    /// Whether a statement says why something is taken away now, or will be.
    fn is_in_force(&self, body: &KeptBody) -> bool {
        let needed = self.snapshot.bodies.is_needed(&body.sha256);
        if needed || self.announced.contains(&body.revision) {
            return true;
        }
        let Some(at) = body.subject.filter(|_| body.kind == RecordKind::Statements) else {
            return false;
        };
        if let SubjectIx::Key(key) = at {
            let held = self.snapshot.key(key).filter(|key| !key.credential.is_final());
            let notice = held.and_then(|key| key.narrowed.as_ref());
            return notice.is_some_and(|notice| notice.revision == Some(body.revision));
        }
        let Some(course) = self.snapshot.course(at) else { return false };
        let base = match at {
            SubjectIx::Partner(partner) => self.snapshot.cases.plan_of(partner),
            _ => None,
        };
        let base = base.and_then(|(_, plan)| plan.base.as_deref());
        let mut named = [Some(course), base].into_iter().flatten();
        // What is closed while a notice runs has a statement of its own; that of the notice stays.
        course.state == StandingName::Terminating
            || named.any(|course| course.statement.as_deref() == Some(&*body.sha256))
    }
}

/// What is kept, and what would go now.
#[derive(Debug, Clone, Eq, PartialEq, Serialize)]
pub struct RetentionReport {
    /// By kind.
    pub kinds: Vec<KeptOfKind>,
    /// What cases keep although its time is over.
    pub preserved: Vec<PreservedBy>,
}

/// What is kept of a kind.
#[derive(Debug, Clone, Eq, PartialEq, Serialize)]
pub struct KeptOfKind {
    /// What.
    pub kind: RecordKind,
    /// How long; null: for ever.
    pub keep: Option<String>,
    /// Bodies that are there.
    pub bodies: u64,
    /// Of these, how many would go now.
    pub due: u64,
    /// How many would go but for a case.
    pub preserved: u64,
    /// How many would go if they did not say why access is taken away now.
    pub in_force: u64,
    /// How many would go but for an answer that waits.
    pub unanswered: u64,
    /// Bodies that are gone.
    pub erased: u64,
}

/// What a case keeps.
#[derive(Debug, Clone, Eq, PartialEq, Serialize)]
pub struct PreservedBy {
    /// The case.
    pub case: CaseId,
    /// Until when, once it is closed; null: until it is closed.
    pub until: Option<String>,
    /// Bodies that would go but for it.
    pub bodies: u64,
}

impl RetentionReport {
    /// What is kept at a moment, and what would go.
    #[must_use]
    pub fn of(snapshot: &Snapshot, retention: &Retention, now: Wall) -> Self {
        let mut kinds = RecordKind::ALL.map(|kind| KeptOfKind {
            kind,
            keep: retention.of(kind).map(|keep| keep.to_string()),
            bodies: 0,
            due: 0,
            preserved: 0,
            in_force: 0,
            unanswered: 0,
            erased: 0,
        });
        let (holds, mut cases) = (snapshot.holds(now), BTreeMap::new());
        for body in snapshot.bodies.iter() {
            let Some(of) = kinds.get_mut(body.kind as usize) else { continue };
            if body.gone.is_some() {
                of.erased += 1;
                continue;
            }
            of.bodies += 1;
            if !holds.is_over(body, retention, now) {
                continue;
            }
            match holds.of(body) {
                None => of.due += 1,
                Some(HeldBy::InForce) => of.in_force += 1,
                Some(HeldBy::Unanswered) => of.unanswered += 1,
                Some(HeldBy::Case(case)) => {
                    of.preserved += 1;
                    let case = cases.entry(case.revision).or_insert((case, 0));
                    case.1 += 1;
                }
            }
        }
        let preserved = cases.into_values().map(|(case, bodies)| PreservedBy {
            case: case.id.clone(),
            until: case.preserve_until.map(Wall::rfc3339),
            bodies,
        });
        Self { kinds: kinds.to_vec(), preserved: preserved.collect() }
    }
}
