//! What must be given with a step: shapes, classes and dates that fit.

use portcullis_types::{ClassName, Closes, Notice, Wall};

use crate::rejected::Rejected;
use crate::standing::{Course, DAY, NOTICE_DAYS_MIN, StandingRejected, Stood};
use crate::words::SubjectId;

pub(super) fn shaped(
    subject: &SubjectId,
    closes: &Closes,
    even: &[ClassName],
    fallback: &[ClassName],
) -> Result<(), Rejected> {
    let plain = *closes == Closes::All && even.is_empty() && fallback.is_empty();
    match (subject, closes) {
        (SubjectId::Key(_), _) if !plain => Err(StandingRejected::KeyHeldWhole.into()),
        (_, Closes::Nothing | Closes::Classes(_)) => Err(StandingRejected::ShapeUnfit.into()),
        (_, Closes::ReadsOf(classes)) if classes.is_empty() => {
            Err(StandingRejected::ShapeUnfit.into())
        }
        (_, Closes::ReadsOf(classes)) => match fallback.iter().find(|c| !classes.contains(c)) {
            Some(class) => Err(StandingRejected::FallbackWider { class: class.clone() }.into()),
            None => Ok(()),
        },
        (_, Closes::Writes) if !fallback.is_empty() => Err(StandingRejected::WritesStay.into()),
        (_, Closes::All | Closes::Reads | Closes::Writes) => Ok(()),
    }
}

pub(super) fn closed_by_name(closes: &Closes) -> &[ClassName] {
    match closes {
        Closes::ReadsOf(classes) | Closes::Classes(classes) => classes,
        Closes::Nothing | Closes::All | Closes::Reads | Closes::Writes => &[],
    }
}

pub(super) fn names(mut classes: Vec<ClassName>) -> Vec<ClassName> {
    classes.sort();
    classes.dedup();
    classes
}

pub(in crate::plan) fn later(now: Wall, days: u64) -> Wall {
    Wall(now.0.saturating_add(days.saturating_mul(DAY)))
}

/// A moment that must lie ahead, where one is given.
pub(in crate::plan) fn ahead(
    what: &'static str,
    at: Option<Wall>,
    now: Wall,
) -> Result<Option<Wall>, Rejected> {
    match at {
        Some(at) if at <= now => Err(Rejected::InPast { what, at, now }),
        at => Ok(at),
    }
}

impl Stood {
    /// Closes classes by name, those among them that would stay open too.
    pub(super) fn closed(&mut self, classes: &[ClassName]) {
        let classes = names(classes.to_vec());
        self.even.clone_from(&classes);
        self.closes =
            if classes.is_empty() { Closes::Nothing } else { Closes::Classes(classes.into()) };
    }

    /// Closes by a shape. What was closed by name stays closed, whatever stays open under a hold: who
    /// is put on hold again gets nothing back by it.
    pub(super) fn held(
        &mut self,
        closes: &Closes,
        even: &[ClassName],
        fallback: &[ClassName],
        old: Option<&Course>,
    ) {
        let named = old.map_or(&[][..], |old| &old.notice.even);
        self.even = names([even, closed_by_name(closes), named].concat());
        self.factor = old.and_then(|old| old.notice.factor);
        self.fallback = names(fallback.to_vec());
        self.closes = closes.clone();
    }

    /// Ends at a date that lies far enough ahead; closed meanwhile as before.
    pub(super) fn ending(
        &mut self,
        until: Option<Wall>,
        old: Option<&Course>,
        now: Wall,
    ) -> Result<(), Rejected> {
        let least = later(now, NOTICE_DAYS_MIN);
        let until = until.unwrap_or(least);
        if until < least {
            let days = NOTICE_DAYS_MIN;
            return Err(StandingRejected::NoticeTooShort { until, least, days }.into());
        }
        if let Some(old) = old {
            self.keep(&old.notice);
        }
        self.until = Some(until);
        Ok(())
    }

    /// Ends, once the notice ran out.
    pub(super) fn ended(&mut self, old: Option<&Course>, now: Wall) -> Result<(), Rejected> {
        self.closes = Closes::All;
        match old.and_then(|old| old.until) {
            Some(until) if until.at > now => {
                let (subject, until) = (self.subject.clone(), until.at);
                Err(StandingRejected::NoticeRunning { subject, until }.into())
            }
            _ => Ok(()),
        }
    }

    /// Goes on closing what a notice closes.
    pub(in crate::plan) fn keep(&mut self, notice: &Notice) {
        self.closes = notice.closes.clone();
        self.even = notice.even.to_vec();
        self.factor = notice.factor;
    }
}
