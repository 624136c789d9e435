//! What a case is about: subjects, and signals that bring theirs.

use portcullis_types::{CaseId, Revision};

use crate::cases::{CaseEvent, CaseRejected, LINKS_MAX};
use crate::plan::Planned;
use crate::rejected::Rejected;
use crate::state::State;
use crate::words::SubjectId;

impl State {
    pub(super) fn linked(
        &self,
        case: &CaseId,
        subjects: &[SubjectId],
        signals: &[Revision],
    ) -> Result<Planned, Rejected> {
        let record = self.open_case(case.as_str())?;
        let (mut named, mut marks) = (record.subjects.clone(), record.signals.clone());
        self.links((subjects, signals), (&mut named, &mut marks))?;
        bounded(case, ("subjects", named.len()), ("signals", marks.len()))?;
        let subjects = named.split_off(record.subjects.len());
        let signals = marks.split_off(record.signals.len());
        if subjects.is_empty() && signals.is_empty() {
            return Err(CaseRejected::Same(case.clone()).into());
        }
        let whom = subjects.iter().map(ToString::to_string);
        let seen = signals.iter().map(|at| format!("signal {}", at.0));
        let list: Vec<String> = whom.chain(seen).collect();
        let what = format!("case `{case}` is about {}, too", list.join(", "));
        let event = CaseEvent::Linked { case: case.clone(), subjects, signals };
        Ok(Planned::one(event.into(), what))
    }

    /// Adds those that exist and are not there yet; a signal brings its partner.
    pub(super) fn links(
        &self,
        (subjects, signals): (&[SubjectId], &[Revision]),
        (named, marks): (&mut Vec<SubjectId>, &mut Vec<Revision>),
    ) -> Result<(), Rejected> {
        let mut add = |subject: SubjectId| {
            if !named.contains(&subject) {
                named.push(subject);
            }
        };
        for subject in subjects {
            self.known_subject(subject)?;
            add(subject.clone());
        }
        for at in signals {
            let next = Revision(at.0.saturating_add(1));
            let mark = self.now.signals.newest(Some(next)).next();
            let mark = mark.filter(|mark| mark.revision == *at);
            let mark = mark.ok_or(CaseRejected::NoSignal(*at))?;
            if let Some(partner) = self.now.partner(mark.partner) {
                add(SubjectId::Partner(partner.id.clone()));
            }
            if !marks.contains(at) {
                marks.push(*at);
            }
        }
        Ok(())
    }

    fn known_subject(&self, subject: &SubjectId) -> Result<(), Rejected> {
        match subject {
            SubjectId::Partner(id) => self.known_partner(id).map(|_| ()),
            SubjectId::Client(id) => self.known_client(id).map(|_| ()),
            SubjectId::Key(id) => self.known_key(id).map(|_| ()),
        }
    }
}

pub(super) fn bounded(
    case: &CaseId,
    (what, one): (&'static str, usize),
    (also, other): (&'static str, usize),
) -> Result<(), Rejected> {
    let (case, max) = (case.clone(), LINKS_MAX);
    if one > max {
        return Err(CaseRejected::Full { case, what, max }.into());
    }
    if other > max {
        return Err(CaseRejected::Full { case, what: also, max }.into());
    }
    Ok(())
}
