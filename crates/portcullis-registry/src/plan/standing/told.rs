//! What the operator is told of a step, and the command that undoes it.

use portcullis_types::{ClassName, Closes, Notice, StandingName, Wall};

use super::meanwhile;
use crate::plan::undo;
use crate::records::SubjectIx;
use crate::standing::{Course, Stood, fall_back, took_nothing};
use crate::state::State;
use crate::words::SubjectId;

impl State {
    /// What the operator reads.
    pub(super) fn told(&self, at: SubjectIx, to: StandingName, stood: &Stood, now: Wall) -> String {
        let subject = &stood.subject;
        let reach = if matches!(at, SubjectIx::Key(_)) { "" } else { " and all its keys" };
        let meanwhile = if stood.from == StandingName::Terminating && meanwhile(to) {
            "; the notice that access ends goes on"
        } else {
            ""
        };
        let mut what = match to {
            StandingName::Good => return self.told_restored(at, subject, now),
            StandingName::Warned => format!("{subject} warned: nothing is closed"),
            StandingName::Restricted => format!("{subject}{reach} restricted: {}", taken(stood)),
            StandingName::Suspended if stood.closes == Closes::All => {
                format!("{subject}{reach} on hold: refused from the next call on")
            }
            StandingName::Suspended => {
                format!("{subject}{reach} on hold: {} refused from the next call on", stood.closes)
            }
            StandingName::Terminating => format!("{subject} told that access ends"),
            StandingName::Terminated => format!("access of {subject} ended: refused for good"),
            StandingName::Probation => {
                let stage = stood.stage.unwrap_or_default();
                format!("{subject} on probation, stage {stage}: {}", taken(stood))
            }
        };
        let by = |what: &mut String, text: &str, at: Option<Wall>| {
            if let Some(at) = at {
                what.push_str(&format!("; {text} {}", at.rfc3339()));
            }
        };
        by(&mut what, "to be acknowledged by", stood.acknowledge_by);
        by(&mut what, "may be ended from", stood.until);
        by(&mut what, "to be looked at again by", stood.review_by);
        by(&mut what, "to be confirmed by somebody else by", stood.ratify_by);
        if let SubjectIx::Key(at) = at {
            what.push_str(&self.now.key(at).map(|key| self.left(key)).unwrap_or_default());
        }
        if stood.ratify_by.is_some() {
            what.push_str(&confirming(stood));
        }
        what.push_str(meanwhile);
        what
    }

    fn told_restored(&self, at: SubjectIx, subject: &SubjectId, now: Wall) -> String {
        let expired = match at {
            SubjectIx::Key(at) => self.now.key(at).and_then(|key| key.expires),
            SubjectIx::Partner(_) | SubjectIx::Client(_) => None,
        };
        match (self.still_held_by(at), expired.filter(|at| *at <= now)) {
            (Some(wider), _) => {
                format!("{subject} restored, and still refused: {wider} is on hold")
            }
            (None, Some(at)) => {
                format!("{subject} restored, and still refused: it ended on {}", at.rfc3339())
            }
            (None, None) if self.state_of(at) == StandingName::Suspended => {
                format!("{subject} restored: the hold is lifted")
            }
            (None, None) => format!("{subject} restored: nothing of it is closed any more"),
        }
    }

    /// The command that puts back what was before, where one does.
    pub(super) fn undo_of(
        &self,
        at: SubjectIx,
        to: StandingName,
        subject: &SubjectId,
        old: Option<&Course>,
    ) -> Option<String> {
        let (noun, id) = (subject.kind(), subject.as_str());
        if to != StandingName::Good {
            // What was given up for it can't be named in one command.
            let tell = match to {
                StandingName::Suspended => "The hold was our mistake and is lifted.",
                _ => "This was our mistake and is undone.",
            };
            let plain = self.now.notice(at).is_none() && to != StandingName::Terminated;
            return plain.then(|| undo(&format!("{noun} restore"), id, "mistake", tell));
        }
        let notice = old.map(|old| &*old.notice).or(self.now.notice(at))?;
        let simple = notice.state == StandingName::Suspended && notice.factor.is_none();
        let command = undo(&format!("{noun} hold"), id, notice.reason.as_str(), &notice.tell);
        simple.then(|| format!("{command}{}", again(notice, old)))
    }
}

/// How a hold is confirmed, and what becomes of it otherwise.
fn confirming(stood: &Stood) -> String {
    let (noun, id) = (stood.subject.kind(), stood.subject.as_str());
    let left = fall_back(&stood.closes, &stood.fallback).filter(|_| took_nothing(stood.from));
    let otherwise = match left {
        Some(closes) => format!("otherwise only {closes} stay closed"),
        None => "otherwise it stays and is overdue".to_owned(),
    };
    format!(" (`portcullis {noun} ratify {id}`), {otherwise}")
}

/// Options that put on hold again as before, for what was found then.
fn again(notice: &Notice, old: Option<&Course>) -> String {
    let (shape, named) = match &notice.closes {
        Closes::Reads => (" --shape reads", &[][..]),
        Closes::Writes => (" --shape writes", &[][..]),
        Closes::ReadsOf(classes) => (" --shape reads-of", &**classes),
        Closes::All | Closes::Classes(_) | Closes::Nothing => ("", &[][..]),
    };
    let mut options = shape.to_owned();
    let even: Vec<_> = notice.even.iter().filter(|class| !named.contains(class)).cloned().collect();
    let fallback = old.map_or(&[][..], |old| &*old.fallback);
    for (option, classes) in [("class", named), ("even", &*even), ("fallback", fallback)] {
        let names: Vec<&str> = classes.iter().map(ClassName::as_str).collect();
        if !names.is_empty() {
            options.push_str(&format!(" --{option} {}", names.join(",")));
        }
    }
    match (old, notice.revision) {
        // A key's hold has no usual review date.
        (None, Some(revision)) => {
            options.push_str(&format!(" --facts-from {} --review-by 7d", revision.0));
        }
        (Some(Course { statement: Some(_), .. }), Some(revision)) => {
            options.push_str(&format!(" --facts-from {}", revision.0));
        }
        _ => {}
    }
    options
}

/// What a restriction or a stage leaves, in words.
fn taken(stood: &Stood) -> String {
    let classes = (!stood.closes.is_nothing()).then(|| format!("{} closed", stood.closes));
    let factor = stood.factor.map(|factor| format!("rates and budgets at {factor}"));
    let parts: Vec<String> = classes.into_iter().chain(factor).collect();
    if parts.is_empty() { "nothing is closed".to_owned() } else { parts.join(", ") }
}
