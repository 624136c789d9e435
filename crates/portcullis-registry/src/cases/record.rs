//! What the state keeps of a case and of its way back.
//!
//! Must not know how an event changes it; only the fold may.

use std::collections::BTreeMap;
use std::sync::Arc;

use portcullis_types::{CaseId, ClientId, PartnerIx, Revision, Wall};

use super::{RestorePlan, Stage};
use crate::names::Names;
use crate::pages::Pages;
use crate::records::SubjectIx;
use crate::snapshot::Snapshot;
use crate::standing::{Clock, Course};
use crate::words::{Actor, SubjectId};

/// A case.
#[derive(Debug, Clone)]
pub struct CaseRecord {
    /// Its id.
    pub id: CaseId,
    /// What people call it.
    pub title: Arc<str>,
    /// Whose it is.
    pub owner: Arc<str>,
    /// Who opened it.
    pub by: Actor,
    /// When.
    pub opened: Wall,
    /// Whom it is about.
    pub subjects: Vec<SubjectId>,
    /// Signals that belong to it.
    pub signals: Vec<Revision>,
    /// Its evidence, in order.
    pub evidence: Vec<EvidenceRecord>,
    /// How many notes there are.
    pub notes: u64,
    /// The events that name it, in order.
    pub timeline: Vec<Revision>,
    /// When it is looked at again.
    pub review: Clock,
    /// When it ended.
    pub closed: Option<Wall>,
    /// Until when nothing that it is about is erased, even once it ended.
    pub preserve_until: Option<Wall>,
    /// The way back, the last one that was planned.
    pub plan: Option<Arc<PlanRecord>>,
    /// The event that last changed it.
    pub revision: Revision,
}

/// A piece of evidence.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct EvidenceRecord {
    /// What people call it.
    pub name: Arc<str>,
    /// Lower-case hex SHA-256 of its body.
    pub sha256: Arc<str>,
    /// How long it is.
    pub bytes: u64,
    /// Whether its body is kept in the store.
    pub kept: bool,
    /// The event that added it.
    pub revision: Revision,
    /// The event that says that its body is gone.
    pub erased: Option<Revision>,
}

/// How far a way back has come.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub enum PlanState {
    /// It goes on.
    Running,
    /// All of it was given back.
    Finished,
    /// A signal broke it off.
    FellBack,
    /// Somebody changed the partner's standing otherwise.
    Overtaken,
}

/// A way back that was planned.
#[derive(Debug, Clone)]
pub struct PlanRecord {
    /// The plan.
    pub plan: Arc<RestorePlan>,
    /// Lower-case hex SHA-256 of the plan as it is kept.
    pub digest: String,
    /// Whose access comes back.
    pub partner: PartnerIx,
    /// When it was planned.
    pub planned: Wall,
    /// How far it has come.
    pub state: PlanState,
    /// The stage it is at; 0: none began.
    pub stage: u8,
    /// When that one began.
    pub since: Wall,
    /// Signals since then.
    pub signals: u32,
    /// What for whom was attested: when, and the digest of the text.
    pub attested: BTreeMap<Option<ClientId>, (Wall, Arc<str>)>,
    /// What held before the first stage, and holds again after a breach.
    pub base: Option<Arc<Course>>,
    /// Clients and keys that it keeps on hold, each by the event that did.
    pub held: Vec<(SubjectIx, Revision)>,
}

impl PlanRecord {
    /// The stage it is at.
    #[must_use]
    pub fn current(&self) -> Option<&Stage> {
        self.plan.stage(self.stage)
    }

    /// Whether its stages shape the partner's access now.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        self.state == PlanState::Running && self.stage > 0
    }
}

impl PlanState {
    /// The name as answers have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Finished => "finished",
            Self::FellBack => "fell_back",
            Self::Overtaken => "overtaken",
        }
    }
}

/// All cases. A clone shares all pages.
#[derive(Debug, Clone, Default)]
pub struct Cases {
    pub(crate) records: Pages<Arc<CaseRecord>>,
    pub(crate) names: Names<CaseId>,
    /// The case of a partner's last plan.
    pub(crate) plans: Arc<BTreeMap<PartnerIx, u32>>,
}

impl Snapshot {
    /// All cases, and the ways back that were planned.
    #[must_use]
    pub fn cases(&self) -> &Cases {
        &self.cases
    }
}

impl Cases {
    /// How many there ever were.
    #[must_use]
    pub fn count(&self) -> usize {
        self.records.len()
    }

    /// The case of that id.
    #[must_use]
    pub fn find(&self, id: &CaseId) -> Option<&CaseRecord> {
        self.at(id).and_then(|at| self.records.get(at)).map(|record| &**record)
    }

    /// All in order of opening.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &CaseRecord> {
        (0..self.records.len()).filter_map(|at| self.records.get(at)).map(|record| &**record)
    }

    /// The last way back that was planned for a partner, with its case.
    #[must_use]
    pub fn plan_of(&self, partner: PartnerIx) -> Option<(&CaseRecord, &PlanRecord)> {
        let case = self.records.get(*self.plans.get(&partner)? as usize)?;
        let plan = case.plan.as_deref().filter(|plan| plan.partner == partner)?;
        Some((case, plan))
    }

    pub(crate) fn at(&self, id: &CaseId) -> Option<usize> {
        self.names.get(id, self.records.len()).map(|at| at as usize)
    }

    /// The record at a position, to be changed.
    pub(crate) fn change(&mut self, at: usize, how: impl FnOnce(&mut CaseRecord)) {
        self.records.change(at, |record| how(Arc::make_mut(record)));
    }

    /// The plan of a case, to be changed.
    pub(crate) fn change_plan(&mut self, at: usize, how: impl FnOnce(&mut PlanRecord)) {
        self.change(at, |case| {
            if let Some(plan) = &mut case.plan {
                how(Arc::make_mut(plan));
            }
        });
    }
}
