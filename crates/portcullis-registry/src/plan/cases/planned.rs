//! A plan of stages, checked against its partner: all its faults at once.

use portcullis_types::{CaseId, ClientId, PartnerId, PartnerIx};

use crate::cases::{
    CaseEvent, CaseRecord, CaseRejected, Cohort, PLAN_BYTES_MAX, PlanState, RestorePlan,
    STAGE_DAYS_MAX, Stage,
};
use crate::plan::Planned;
use crate::rejected::Rejected;
use crate::standing::{DAY, STAGES_MAX};
use crate::state::{Blob, State};
use crate::texts;
use crate::words::SubjectId;
use portcullis_types::StandingName;

impl State {
    pub(super) fn plan_restore(
        &self,
        case: &CaseId,
        plan: &RestorePlan,
    ) -> Result<Planned, Rejected> {
        let record = self.open_case(case.as_str())?;
        if let Some(partner) = self.way_back_of(record) {
            return Err(CaseRejected::PlanRunning { case: case.clone(), partner }.into());
        }
        let partner = match &plan.partner {
            Some(partner) => partner.clone(),
            None => only_partner(record).ok_or_else(|| CaseRejected::PlanOfWhom(case.clone()))?,
        };
        let (at, _) = self.known_partner(&partner)?;
        let other = self.now.cases.plan_of(at);
        if let Some((other, _)) = other.filter(|(_, plan)| plan.state == PlanState::Running) {
            return Err(CaseRejected::PlanRunning { case: other.id.clone(), partner }.into());
        }
        let state = self.state_of(crate::records::SubjectIx::Partner(at));
        if !matches!(state, StandingName::Suspended | StandingName::Restricted) {
            let subject = SubjectId::Partner(partner);
            return Err(CaseRejected::NothingToStage { subject, state }.into());
        }
        let faults = self.faults(at, plan);
        if !faults.is_empty() {
            return Err(CaseRejected::PlanUnfit(faults).into());
        }
        let body = serde_json::to_vec(plan).map_err(|_| Rejected::Full("plans"))?;
        let (bytes, max) = (body.len(), PLAN_BYTES_MAX);
        if bytes > max {
            return Err(Rejected::TextTooLong { what: "plan", bytes, max });
        }
        let (blob, stages) = (Blob::new(body), plan.len());
        let what = format!(
            "access of partner `{partner}` planned to come back in {stages} stages; nothing opens before the first"
        );
        let plan = blob.sha256.clone();
        let event = CaseEvent::Planned { case: case.clone(), partner, plan, stages };
        Ok(Planned { blobs: vec![blob], ..Planned::one(event.into(), what) })
    }

    /// The partner whose access a case is bringing back.
    pub(super) fn way_back_of(&self, record: &CaseRecord) -> Option<PartnerId> {
        let plan = record.plan.as_deref().filter(|plan| plan.state == PlanState::Running)?;
        self.now.partner(plan.partner).map(|partner| partner.id.clone())
    }

    fn faults(&self, partner: PartnerIx, plan: &RestorePlan) -> Vec<String> {
        let mut faults = Vec::new();
        let count = plan.stages.len();
        if count == 0 || count > usize::from(STAGES_MAX) {
            faults.push(format!("it has {count} stages; write 1 to {STAGES_MAX}"));
        }
        for (index, stage) in plan.stages.iter().enumerate().take(usize::from(STAGES_MAX)) {
            let mut fault = |what: String| faults.push(format!("stage {}: {what}", index + 1));
            match texts::name(&stage.name) {
                Err(error) => fault(error.to_string()),
                Ok(name) => {
                    let twice = plan.stages.iter().filter(|other| other.name.trim() == name);
                    if twice.count() > 1 {
                        fault(format!("the name `{name}` comes twice"));
                    }
                }
            }
            if stage.at_least > STAGE_DAYS_MAX * DAY {
                fault(format!("it would last more than {STAGE_DAYS_MAX} days"));
            }
            if stage.cohort == Cohort::Clients(Vec::new()) {
                fault("it names no client; leave `clients` out to mean all".to_owned());
            }
            for client in named(stage) {
                let found = self.now.client_ix(client).and_then(|at| self.now.client(at));
                match found {
                    Some(found) if found.partner == partner => {}
                    Some(_) => fault(format!("client `{client}` is another partner's")),
                    None => fault(format!("unknown client `{client}`")),
                }
            }
        }
        faults
    }
}

fn named(stage: &Stage) -> impl Iterator<Item = &ClientId> {
    let cohort = match &stage.cohort {
        Cohort::Clients(clients) => clients.as_slice(),
        Cohort::All | Cohort::Share(_) => &[],
    };
    cohort.iter().chain(&stage.entry.attestation).chain(&stage.exit.attestation)
}

pub(super) fn only_partner(record: &CaseRecord) -> Option<PartnerId> {
    let mut partners = record.subjects.iter().filter_map(|subject| match subject {
        SubjectId::Partner(partner) => Some(partner),
        SubjectId::Client(_) | SubjectId::Key(_) => None,
    });
    let first = partners.next()?;
    partners.next().is_none().then(|| first.clone())
}
