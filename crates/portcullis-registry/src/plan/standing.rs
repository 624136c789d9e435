//! Hold, restore, revoke: who is told what, and what can be undone.

use std::sync::Arc;

use portcullis_types::{ClassName, Closes, KeyId, Notice, ReasonCode, StandingName, Wall};

use super::undo;
use crate::events::Event;
use crate::office::NarrowKind;
use crate::records::{Credential, SubjectIx};
use crate::rejected::Rejected;
use crate::state::{Narrowing, Planned, State};
use crate::words::{SubjectId, Wish};
use crate::{reasons, texts};

impl State {
    pub(super) fn stand(
        &self,
        subject: &SubjectId,
        to: &Wish,
        why: Why<'_>,
        now: Wall,
    ) -> Result<Planned, Rejected> {
        match to {
            Wish::Suspended { closes, even, review_by } => {
                self.hold_subject(subject, why, (closes, even, *review_by), now)
            }
            Wish::Good => self.restore(subject, why, now),
        }
    }

    pub(super) fn hold_subject(
        &self,
        subject: &SubjectId,
        why: Why<'_>,
        (closes, even, review_by): (&Closes, &[ClassName], Option<Wall>),
        now: Wall,
    ) -> Result<Planned, Rejected> {
        let (at, held) = self.standing_of(subject)?;
        if let Some(notice) = held {
            let (since, reason) = (notice.since, notice.reason.clone());
            return Err(Rejected::AlreadyHeld { subject: subject.clone(), since, reason });
        }
        if let Some(at) = review_by.filter(|at| *at <= now) {
            return Err(Rejected::InPast { what: "review date", at, now });
        }
        let notice = Arc::new(Notice {
            closes: closes.clone(),
            even: Arc::from(even),
            review_by,
            ..why.notice(now)
        });
        let event = Event::Held {
            subject: subject.clone(),
            closes: closes.clone(),
            even: even.to_vec(),
            reason: why.reason.clone(),
            tell: why.tell,
            review_by,
            case: why.case,
        };
        let narrows = Some(Narrowing { subject: at, kind: NarrowKind::Hold, notice });
        let (reach, command) = match subject {
            SubjectId::Partner(_) => (" and all its keys", "partner restore"),
            SubjectId::Client(_) => (" and all its keys", "client restore"),
            SubjectId::Key(_) => ("", "key restore"),
        };
        let tell = "The hold was our mistake and is lifted.";
        let undo = Some(undo(command, subject.as_str(), "mistake", tell));
        let what = format!("{subject}{reach} on hold: refused from the next call on");
        Ok(Planned { narrows, undo, ..Planned::one(event, what) })
    }

    pub(super) fn restore(
        &self,
        subject: &SubjectId,
        why: Why<'_>,
        now: Wall,
    ) -> Result<Planned, Rejected> {
        let (at, held) = self.standing_of(subject)?;
        let held = held.ok_or_else(|| Rejected::NotHeld(subject.clone()))?;
        let event = Event::Restored {
            subject: subject.clone(),
            reason: why.reason.clone(),
            tell: why.tell,
            case: why.case,
        };
        let expired = match at {
            SubjectIx::Key(at) => self.now.key(at).and_then(|key| key.expires),
            _ => None,
        };
        let what = match (self.still_held_by(at), expired.filter(|at| *at <= now)) {
            (Some(wider), _) => {
                format!("{subject} restored, and still refused: {wider} is on hold")
            }
            (None, Some(at)) => {
                format!("{subject} restored, and still refused: it ended on {}", at.rfc3339())
            }
            (None, None) => format!("{subject} restored: the hold is lifted"),
        };
        let command = match subject {
            SubjectId::Partner(_) => "partner hold",
            SubjectId::Client(_) => "client hold",
            SubjectId::Key(_) => "key hold",
        };
        let undo = Some(undo(command, subject.as_str(), held.reason.as_str(), &held.tell));
        Ok(Planned { widens: Some(at), undo, ..Planned::one(event, what) })
    }

    pub(super) fn revoke(&self, id: &KeyId, why: Why<'_>, now: Wall) -> Result<Planned, Rejected> {
        let (at, key) = self.known_key(id)?;
        if key.credential == Credential::Revoked {
            let since = key.ended.as_ref().map_or(key.issued, |notice| notice.since);
            let reason =
                key.ended.as_ref().map_or_else(|| why.reason.clone(), |n| n.reason.clone());
            return Err(Rejected::AlreadyRevoked { key: id.clone(), since, reason });
        }
        let narrows = Some(Narrowing {
            subject: SubjectIx::Key(at),
            kind: NarrowKind::Revoke,
            notice: Arc::new(Notice { state: StandingName::Terminated, ..why.notice(now) }),
        });
        let event = Event::KeyRevoked {
            key: id.clone(),
            reason: why.reason.clone(),
            tell: why.tell,
            case: why.case,
        };
        let what = format!("key `{id}` revoked for ever: refused from the next call on");
        Ok(Planned { narrows, ..Planned::one(event, what) })
    }

    /// Where a subject is, and the hold on it; a revoked key has no standing to change.
    pub(super) fn standing_of(
        &self,
        subject: &SubjectId,
    ) -> Result<(SubjectIx, Option<&Notice>), Rejected> {
        Ok(match subject {
            SubjectId::Partner(id) => {
                let (at, record) = self.known_partner(id)?;
                (SubjectIx::Partner(at), record.narrowed.as_deref())
            }
            SubjectId::Client(id) => {
                let (at, record) = self.known_client(id)?;
                (SubjectIx::Client(at), record.narrowed.as_deref())
            }
            SubjectId::Key(id) => {
                let (at, record) = self.known_key(id)?;
                if record.credential == Credential::Revoked {
                    let since = record.ended.as_ref().map_or(record.issued, |notice| notice.since);
                    return Err(Rejected::RevokedNeverReturns { key: id.clone(), since });
                }
                (SubjectIx::Key(at), record.narrowed.as_deref())
            }
        })
    }

    /// A wider hold that keeps a subject refused although its own is lifted.
    pub(super) fn still_held_by(&self, at: SubjectIx) -> Option<SubjectId> {
        let (partner, client) = match at {
            SubjectIx::Partner(_) => return None,
            SubjectIx::Client(at) => (self.now.client(at)?.partner, None),
            SubjectIx::Key(at) => (self.now.key(at)?.partner, self.now.key(at)?.client),
        };
        let partner = self.now.partner(partner)?;
        if partner.narrowed.is_some() {
            return Some(SubjectId::Partner(partner.id.clone()));
        }
        let client = self.now.client(client?)?;
        client.narrowed.is_some().then(|| SubjectId::Client(client.id.clone()))
    }
}

/// Reason, text and case, checked.
pub(super) struct Why<'a> {
    reason: &'a ReasonCode,
    tell: String,
    case: Option<String>,
}

impl<'a> Why<'a> {
    pub(super) fn new(
        reason: &'a ReasonCode,
        tell: &str,
        case: Option<&str>,
    ) -> Result<Self, Rejected> {
        reasons::check(reason)?;
        let case = case.map(|case| texts::label("case", case)).transpose()?;
        Ok(Self { reason, tell: texts::tell(tell)?, case: case.filter(|case| !case.is_empty()) })
    }

    fn notice(&self, since: Wall) -> Notice {
        Notice::hold(since, self.reason.clone(), Arc::from(self.tell.as_str()))
    }
}
