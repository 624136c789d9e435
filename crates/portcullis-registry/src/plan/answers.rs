//! Answers of partners: taken in, replied to, decided by somebody who had no hand in the step.

use portcullis_types::{Revision, Wall};

use super::{Planned, quoted};
use crate::answers::{
    ANSWER_BYTES_MAX, ANSWERS_ASIDE_PER_DAY, ANSWERS_PER_DAY, ATTACHMENTS_MAX, AnswerBody,
    AnswerCommand, AnswerEvent, AnswerKind, AnswerRecord, AnswerRejected, Attachment, Outcome,
    REPLIES_MAX,
};
use crate::commands::Command;
use crate::people::PeopleRejected;
use crate::records::Credential;
use crate::records::SubjectIx;
use crate::rejected::Rejected;
use crate::standing::{StandingCommand, Who};
use crate::state::{Blob, State};
use crate::texts;
use crate::words::{Actor, ActorKind, SubjectId};

const DAY: u64 = 86_400_000;

impl State {
    pub(super) fn answer(
        &self,
        by: &Actor,
        command: &AnswerCommand,
        now: Wall,
    ) -> Result<Planned, Rejected> {
        match command {
            AnswerCommand::Receive { .. } => self.receive(by, command, now),
            AnswerCommand::Reply { answer, outcome, tell, case } => {
                let record = self.known_answer(*answer)?;
                self.may_reply(by, record, *outcome)?;
                let (tell, case) = (texts::tell(tell)?, case.as_deref());
                let case = case.map(|case| texts::label("case", case)).transpose()?;
                self.reply(record, *outcome, tell, case)
            }
            AnswerCommand::RunOut { answer } => {
                let record = self.known_answer(*answer)?;
                let due = record.due.filter(|due| *due <= now && record.replies.is_empty());
                let due = due.filter(|_| Who::of(by) == Who::Clock && !record.overdue);
                let due = due.ok_or(AnswerRejected::NotDue(*answer))?;
                let subject = self.subject_of(record)?;
                let what =
                    format!("nobody replied to {} {} by {}", record.kind, answer.0, due.rfc3339());
                Ok(Planned::one(
                    AnswerEvent::Overdue { answer: *answer, subject, due }.into(),
                    what,
                ))
            }
        }
    }

    fn receive(&self, by: &Actor, command: &AnswerCommand, now: Wall) -> Result<Planned, Rejected> {
        let AnswerCommand::Receive { partner, kind, about, text, attachments, due } = command
        else {
            return Ok(Planned::nothing("nothing to do"));
        };
        let (at, _) = self.known_partner(partner)?;
        if by.kind != ActorKind::Partner {
            return Err(AnswerRejected::NotThePartner.into());
        }
        let step = self.now.answers.step(*about);
        let step = step.filter(|step| self.now.partner_of(step.subject) == Some(at));
        let subject = step.and_then(|step| self.now.subject_id(step.subject));
        let subject = subject.ok_or(AnswerRejected::UnknownNotice(*about))?;
        let text = written(text, *kind)?;
        attached(attachments)?;
        let body =
            AnswerBody { v: 1, kind: *kind, about: *about, text, attachments: attachments.clone() };
        let body = serde_json::to_vec(&body).map_err(|_| Rejected::Full("answers"))?;
        let blob = Blob::new(body);
        let own = || self.now.answers.newest(None).filter(|answer| answer.partner == at);
        if let Some(same) = own().find(|one| one.is_open() && one.digest == blob.sha256) {
            return Err(AnswerRejected::Again { answer: same.revision }.into());
        }
        // Neither the rest of what is said nor a key that speaks for less takes the right to appeal.
        let (is_aside, is_appeal) = (self.speaks_aside(by, now), *kind == AnswerKind::Appeal);
        let max = if is_aside { ANSWERS_ASIDE_PER_DAY } else { ANSWERS_PER_DAY };
        let recent = own().take_while(|answer| now.0.saturating_sub(answer.at.0) < DAY);
        let alike = recent.filter(|answer| {
            let appeals = answer.kind == AnswerKind::Appeal;
            appeals == is_appeal && self.speaks_aside(&answer.by, answer.at) == is_aside
        });
        if alike.take(max).count() == max && !self.has_room_kept(by, *about, now) {
            return Err(AnswerRejected::Many { max }.into());
        }
        let due = Some(*due).filter(|_| *kind != AnswerKind::Acknowledgement);
        let (digest, about) = (blob.sha256.clone(), *about);
        let said = due.map_or_else(String::new, |due| format!("; replied to by {}", due.rfc3339()));
        let what = format!("{kind} to event {} taken in{said}", about.0);
        let received =
            AnswerEvent::Received { subject: subject.clone(), about, kind: *kind, digest, due };
        let mut planned = Planned { blobs: vec![blob], ..Planned::one(received.into(), what) };
        if *kind == AnswerKind::Acknowledgement {
            planned.events.extend(self.acknowledged(by, (subject, about), now));
        }
        Ok(planned)
    }

    /// Whether it is a key that is bound to a client, or had ended or not begun then.
    fn speaks_aside(&self, by: &Actor, at: Wall) -> bool {
        let id = by.id.split_once('/').and_then(|(_, key)| key.parse().ok());
        let key = id.and_then(|id| self.now.key(self.now.key_ix(&id)?));
        key.is_some_and(|key| {
            let over = key.expires.is_some_and(|ends| ends <= at);
            key.client.is_some() || over || key.credential == Credential::Pending
        })
    }

    /// A warning that the step still is, is acknowledged with it.
    fn acknowledged(
        &self,
        by: &Actor,
        (subject, about): (SubjectId, Revision),
        now: Wall,
    ) -> Option<crate::Event> {
        let course = self.now.course(self.now.subject_ix(&subject)?)?;
        let current = course.notice.revision == Some(about) && course.acknowledge.is_some();
        let why = "acknowledged over the partner API".to_owned();
        let command = StandingCommand::Acknowledge { subject, why };
        let planned = current.then(|| self.standing(by, &command, now).ok()).flatten()?;
        planned.events.into_iter().next()
    }

    /// Who may reply, and so.
    fn may_reply(
        &self,
        by: &Actor,
        record: &AnswerRecord,
        outcome: Outcome,
    ) -> Result<(), Rejected> {
        let answer = record.revision;
        if matches!(by.kind, ActorKind::Gate | ActorKind::Partner) {
            return Err(PeopleRejected::NotAPerson { token: by.id.clone() }.into());
        }
        if record.replies.len() >= REPLIES_MAX && outcome == Outcome::Noted {
            return Err(AnswerRejected::RepliesFull { answer, max: REPLIES_MAX }.into());
        }
        if outcome == Outcome::Noted {
            return Ok(());
        }
        if record.kind != AnswerKind::Appeal {
            return Err(AnswerRejected::NoAppeal { answer, kind: record.kind }.into());
        }
        if let Some(before) = record.decided() {
            let (outcome, by) = (before.outcome, before.revision);
            return Err(AnswerRejected::Decided { answer, outcome, by }.into());
        }
        // One person has nobody else to ask.
        if !self.now.people.rule.two_persons || by.kind == ActorKind::Local {
            return Ok(());
        }
        if by.kind != ActorKind::Person {
            return Err(PeopleRejected::NotAPerson { token: by.id.clone() }.into());
        }
        let step = self.now.answers.step(record.about);
        for other in step.into_iter().flat_map(|step| [Some(&step.by), step.second.as_ref()]) {
            let Some(other) = other.filter(|other| other.kind != ActorKind::Gate) else { continue };
            if other == by {
                let (person, step) = (by.id.clone(), record.about);
                return Err(AnswerRejected::OwnStep { person, step }.into());
            }
            self.two_persons(by, other)?;
        }
        Ok(())
    }

    fn reply(
        &self,
        record: &AnswerRecord,
        outcome: Outcome,
        tell: String,
        case: Option<String>,
    ) -> Result<Planned, Rejected> {
        let (answer, about, subject) = (record.revision, record.about, self.subject_of(record)?);
        let what = match outcome {
            Outcome::Upheld => {
                let left = self.to_give_back(record, &subject);
                format!("appeal {} of {subject} upheld; {left}", answer.0)
            }
            Outcome::Denied => {
                format!("appeal {} of {subject} denied: event {} stands", answer.0, about.0)
            }
            Outcome::Noted => format!("{} {} of {subject} replied to", record.kind, answer.0),
        };
        let event = AnswerEvent::Replied { answer, subject, about, outcome, tell, case };
        Ok(Planned::one(event.into(), what))
    }

    /// What is left to do about a step that was wrong: what came after it is another matter.
    fn to_give_back(&self, record: &AnswerRecord, subject: &SubjectId) -> String {
        let about = record.about.0;
        let agreed = self.now.answers.step(record.about).is_some_and(|step| step.agreement);
        if agreed {
            return format!("give back what event {about} took by another change of the agreement");
        }
        match self.in_force(record.subject) {
            Some(now) if now.0 == about => {
                format!("give back what event {about} took: {}", way_back(subject))
            }
            Some(now) => format!(
                "event {about} is no longer in force; event {} holds now (`portcullis notice show {0}`)",
                now.0
            ),
            None => {
                format!("event {about} is no longer in force, and nothing is left to give back")
            }
        }
    }

    /// The step that holds for somebody now.
    pub(crate) fn in_force(&self, subject: SubjectIx) -> Option<Revision> {
        self.now.taken(subject).and_then(|notice| notice.revision)
    }

    fn known_answer(&self, id: Revision) -> Result<&AnswerRecord, Rejected> {
        self.now.answers.find(id).ok_or_else(|| AnswerRejected::UnknownAnswer(id).into())
    }

    fn subject_of(&self, record: &AnswerRecord) -> Result<SubjectId, Rejected> {
        let unknown = AnswerRejected::UnknownAnswer(record.revision);
        self.now.subject_id(record.subject).ok_or_else(|| unknown.into())
    }

    /// What nobody replied to in time.
    pub(super) fn answers_due(&self, now: Wall) -> impl Iterator<Item = Command> {
        let over = self.now.answers.due.iter().take_while(move |(due, _)| *due <= now);
        over.map(|(_, id)| AnswerCommand::RunOut { answer: Revision(*id) }.into())
    }
}

fn written(text: &str, kind: AnswerKind) -> Result<String, AnswerRejected> {
    let text = text.trim();
    let (bytes, max) = (text.len(), ANSWER_BYTES_MAX);
    if text.is_empty() && kind != AnswerKind::Acknowledgement {
        return Err(AnswerRejected::Empty);
    }
    if bytes > max {
        return Err(AnswerRejected::TooLong { bytes, max });
    }
    if text.chars().any(|c| texts::is_unprintable(c) && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(AnswerRejected::Unprintable);
    }
    Ok(text.to_owned())
}

fn attached(attachments: &[Attachment]) -> Result<(), AnswerRejected> {
    let fits = |one: &Attachment| {
        let name = !one.name.trim().is_empty() && texts::name(&one.name).is_ok();
        let digits = one.sha256.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        name && digits && one.sha256.len() == 64 && !one.name.contains('\n')
    };
    if attachments.len() <= ATTACHMENTS_MAX && attachments.iter().all(fits) {
        Ok(())
    } else {
        Err(AnswerRejected::Attachment { max: ATTACHMENTS_MAX })
    }
}

/// The command that gives back what a step took; none does for a key that ended.
fn way_back(subject: &SubjectId) -> String {
    let tell = quoted("…");
    match subject {
        SubjectId::Partner(id) => {
            format!("portcullis partner restore {id} --reason mistake --tell {tell}")
        }
        SubjectId::Client(id) => {
            format!("portcullis client restore {id} --reason mistake --tell {tell}")
        }
        SubjectId::Key(id) => format!(
            "portcullis key restore {id} --reason mistake --tell {tell}, or issue another where it ended"
        ),
    }
}
