//! Cases: opened, written in, given to somebody, looked at again, closed. Who changes access names an
//! open one or none.

mod evidence;
mod links;
mod planned;
mod preserved;

use portcullis_types::{CaseId, PartnerId, PersonId, Wall, nearest};

use super::standing::{ahead, later};
use super::{NEAR_NAMES_MAX, Planned};
use crate::cases::{
    CaseCommand, CaseEvent, CaseRecord, CaseRejected, LINKS_MAX, NOTE_BYTES_MAX, REVIEW_DAYS,
    REVIEW_DAYS_MAX, TIMELINE_MAX,
};
use crate::events::Event;
use crate::rejected::Rejected;
use crate::standing::Who;
use crate::state::{Blob, State};
use crate::texts;
use crate::words::{Actor, ActorKind, SubjectId};
use links::bounded;

impl State {
    pub(crate) fn case(
        &self,
        by: &Actor,
        command: &CaseCommand,
        now: Wall,
    ) -> Result<Planned, Rejected> {
        if let Some(case) = command.case().filter(|_| grows(command)) {
            let record = self.open_case(case.as_str())?;
            room(record, "events", record.timeline.len(), 1, TIMELINE_MAX)?;
        }
        match command {
            CaseCommand::Open { .. } => self.case_opened(by, command, now),
            CaseCommand::Note { case, text } => noted(case, text),
            CaseCommand::AddEvidence { .. } => self.evidence_added(command),
            CaseCommand::ReadEvidence { case, sha256, purpose } => {
                self.evidence_read(case, sha256, purpose)
            }
            CaseCommand::Link { case, subjects, signals } => self.linked(case, subjects, signals),
            CaseCommand::Assign { case, owner } => self.assigned(case, owner),
            CaseCommand::Review { case, review_by } => {
                let review_by = reviewed(Some(*review_by), now)?;
                let what = format!("case `{case}` is looked at again by {}", review_by.rfc3339());
                let event = CaseEvent::ReviewSet { case: case.clone(), review_by };
                Ok(Planned::one(event.into(), what))
            }
            CaseCommand::ReviewOver { case, at } => self.review_over(by, case, *at, now),
            CaseCommand::Preserve { case, until } => self.preserved(case, *until, now),
            CaseCommand::Close { case, why } => self.case_closed(case, why),
            CaseCommand::Export { case, digest, evidence } => {
                self.exported(case, digest, *evidence)
            }
            CaseCommand::Plan { case, plan } => self.plan_restore(case, plan),
            CaseCommand::Stage { case, stage, reason, tell } => {
                self.stage(by, (case, *stage), (reason, tell), now)
            }
            CaseCommand::Finish { case, reason, tell } => {
                self.finish(by, case, (reason, tell), now)
            }
            CaseCommand::Attest { partner, client, text } => {
                self.attest(partner, client.as_ref(), text)
            }
        }
    }

    fn case_opened(
        &self,
        by: &Actor,
        command: &CaseCommand,
        now: Wall,
    ) -> Result<Planned, Rejected> {
        let CaseCommand::Open { id, title, owner, subjects, signals, review_by } = command else {
            return Ok(Planned::nothing("nothing to do"));
        };
        let case = match id {
            Some(id) if self.now.cases.find(id).is_some() => {
                return Err(CaseRejected::Exists(id.clone()).into());
            }
            Some(id) => id.clone(),
            None => self.next_case()?,
        };
        let owner = match owner {
            Some(owner) => self.known_person(owner)?.id.to_string(),
            None => by.id.clone(),
        };
        let review_by = reviewed(Some(review_by.unwrap_or_else(|| later(now, REVIEW_DAYS))), now)?;
        let (mut named, mut marks) = (Vec::new(), Vec::new());
        self.links((subjects, signals), (&mut named, &mut marks))?;
        bounded(&case, ("subjects", named.len()), ("signals", marks.len()))?;
        let title = texts::label("title", title)?;
        let what = format!(
            "case `{case}` opened, owned by `{owner}`, to be looked at again by {}",
            review_by.rfc3339()
        );
        let (subjects, signals) = (named, marks);
        let event = CaseEvent::Opened { case, title, owner, subjects, signals, review_by };
        Ok(Planned::one(event.into(), what))
    }

    /// The case that a signal belongs to: the one that the gate opened about its partner, or a new one.
    pub(super) fn case_of_signal(
        &self,
        by: &Actor,
        partner: &PartnerId,
        rule: &str,
        now: Wall,
    ) -> Result<(CaseId, Option<Event>), Rejected> {
        let about = SubjectId::Partner(partner.clone());
        let own = |case: &&CaseRecord| {
            let room = case.signals.len() < LINKS_MAX && case.timeline.len() < TIMELINE_MAX;
            case.closed.is_none() && case.by.kind == ActorKind::Gate && room
        };
        let mut open = self.now.cases.iter().rev().filter(own);
        if let Some(case) = open.find(|case| case.subjects.contains(&about)) {
            return Ok((case.id.clone(), None));
        }
        let case = self.next_case()?;
        let event = CaseEvent::Opened {
            case: case.clone(),
            title: rule.to_owned(),
            owner: by.id.clone(),
            subjects: vec![about],
            signals: Vec::new(),
            review_by: later(now, REVIEW_DAYS),
        };
        Ok((case, Some(event.into())))
    }

    /// The next number that nobody took by hand.
    fn next_case(&self) -> Result<CaseId, Rejected> {
        let from = self.now.cases.count() + 1;
        let free = (from..from.saturating_add(from)).find_map(|n| {
            let id = CaseId::new(&format!("case-{n}")).ok()?;
            self.now.cases.find(&id).is_none().then_some(id)
        });
        free.ok_or(Rejected::Full("cases"))
    }

    fn assigned(&self, case: &CaseId, owner: &PersonId) -> Result<Planned, Rejected> {
        let record = self.open_case(case.as_str())?;
        let owner = self.known_person(owner)?.id.to_string();
        if *record.owner == *owner {
            return Err(CaseRejected::Same(case.clone()).into());
        }
        let what = format!("case `{case}` is owned by `{owner}`");
        Ok(Planned::one(CaseEvent::Assigned { case: case.clone(), owner }.into(), what))
    }

    fn review_over(
        &self,
        by: &Actor,
        case: &CaseId,
        at: Wall,
        now: Wall,
    ) -> Result<Planned, Rejected> {
        let record = self.open_case(case.as_str())?;
        let due = at <= now && record.review.at == at && !record.review.ran_out;
        if Who::of(by) != Who::Clock || !due {
            return Err(CaseRejected::NotDue(case.clone()).into());
        }
        let what = format!("case `{case}` was to be looked at again by {}", at.rfc3339());
        Ok(Planned::one(CaseEvent::ReviewOver { case: case.clone(), at }.into(), what))
    }

    fn case_closed(&self, case: &CaseId, why: &str) -> Result<Planned, Rejected> {
        let record = self.open_case(case.as_str())?;
        if let Some(partner) = self.way_back_of(record) {
            return Err(CaseRejected::PlanRunning { case: case.clone(), partner }.into());
        }
        let why = worded("reason", why)?;
        let what = format!("case `{case}` closed: {why}");
        Ok(Planned::one(CaseEvent::Closed { case: case.clone(), why }.into(), what))
    }

    /// Cases that were to be looked at again by now: each wants its event, once.
    pub(super) fn cases_due(&self, now: Wall) -> impl Iterator<Item = CaseCommand> {
        let due = self.case_clocks.iter().take_while(move |(at, _)| *at <= now);
        due.map(|(at, case)| CaseCommand::ReviewOver { case: case.clone(), at: *at })
    }

    /// What a command about a case is about: the partner whose access it brings back.
    pub(super) fn about_case(&self, command: &CaseCommand) -> Vec<String> {
        let stages = matches!(command, CaseCommand::Stage { .. } | CaseCommand::Finish { .. });
        let record = command.case().and_then(|id| self.now.cases.find(id));
        let of = match command {
            CaseCommand::Plan { plan, .. } => {
                plan.partner.clone().or_else(|| record.and_then(planned::only_partner))
            }
            _ => record.filter(|_| stages).and_then(|record| self.way_back_of(record)),
        };
        let case = command.case().map(|case| format!("case:{case}"));
        case.into_iter().chain(of.map(|partner| format!("partner:{partner}"))).collect()
    }

    /// Whatever names a case names one that is open.
    pub(super) fn case_is_open(&self, event: &Event) -> Result<(), Rejected> {
        match (event, event.case()) {
            // A signal may open the case that it names, and an answer may come when it is closed.
            (Event::Case(_) | Event::SignalRaised { .. } | Event::Hook(_), _) | (_, None) => Ok(()),
            (_, Some(case)) => self.open_case(case).map(|_| ()),
        }
    }

    pub(super) fn open_case(&self, id: &str) -> Result<&CaseRecord, Rejected> {
        let record = self.known_case(id)?;
        match record.closed {
            Some(closed) => Err(CaseRejected::Closed { id: record.id.clone(), closed }.into()),
            None => Ok(record),
        }
    }

    fn known_case(&self, id: &str) -> Result<&CaseRecord, Rejected> {
        let named = CaseId::new(id).ok();
        let found = named.and_then(|id| self.now.cases.find(&id));
        found.ok_or_else(|| {
            let names = self.now.cases.iter().rev().map(|record| record.id.as_str());
            let near = nearest(id, names.take(NEAR_NAMES_MAX)).map(str::to_owned);
            CaseRejected::Unknown { id: id.chars().take(80).collect(), near }.into()
        })
    }
}

/// Whether it adds to an open case. Closing does too, and is always possible.
fn grows(command: &CaseCommand) -> bool {
    !matches!(
        command,
        CaseCommand::Open { .. }
            | CaseCommand::Close { .. }
            | CaseCommand::Preserve { .. }
            | CaseCommand::ReadEvidence { .. }
            | CaseCommand::Export { .. }
            | CaseCommand::ReviewOver { .. }
    )
}

fn noted(case: &CaseId, text: &str) -> Result<Planned, Rejected> {
    let (text, max) = (text.trim(), NOTE_BYTES_MAX);
    if text.is_empty() {
        return Err(CaseRejected::Empty("note").into());
    }
    if text.len() > max {
        return Err(Rejected::TextTooLong { what: "note", bytes: text.len(), max });
    }
    let blob = Blob::new(text.as_bytes().to_vec());
    let event = CaseEvent::Noted { case: case.clone(), note: blob.sha256.clone() };
    let what = format!("note added to case `{case}`");
    Ok(Planned { blobs: vec![blob], ..Planned::one(event.into(), what) })
}

fn reviewed(review_by: Option<Wall>, now: Wall) -> Result<Wall, Rejected> {
    let (most, days) = (later(now, REVIEW_DAYS_MAX), REVIEW_DAYS_MAX);
    let at = ahead("review date", review_by, now)?.unwrap_or(most);
    if at > most { Err(CaseRejected::ReviewTooFar { at, most, days }.into()) } else { Ok(at) }
}

fn worded(what: &'static str, text: &str) -> Result<String, Rejected> {
    let text = texts::words(what, text)?;
    if text.is_empty() { Err(CaseRejected::Empty(what).into()) } else { Ok(text) }
}

fn room(
    record: &CaseRecord,
    what: &'static str,
    there: usize,
    more: usize,
    max: usize,
) -> Result<(), Rejected> {
    let case = record.id.clone();
    if there + more > max { Err(CaseRejected::Full { case, what, max }.into()) } else { Ok(()) }
}
