//! What follows a signal: it is recorded, and where its rule says so the partner is put on hold, as
//! long as not too many are.
//!
//! A rule may open a case: the next signals of its partner join it. Restrictions by a rule that names
//! no classes are recorded as wanted.

use portcullis_types::{ClassName, Closes, ReasonCode, StandingName, Wall};

use crate::events::Event;
use crate::records::PartnerRecord;
use crate::rejected::Rejected;
use crate::signals::{ALARM_EVERY, NotHeld, SignalAction, SignalBounds, SignalSeen};
use crate::standing::{Course, Who, Wish, cell};
use crate::state::{Planned, State};
use crate::statement::{Automation, Extent, StatementDraft, fact_of_watch};
use crate::texts;
use crate::words::{Actor, Mode, SubjectId};

/// The reason of a hold that no person chose.
const REASON: &str = "signal";
/// What a partner is told where its rule has no words.
const TELL: &str = "Unusual use of your access was seen and is being looked at.";
/// Why a restriction that no person chose has no end.
const UNTIL_EXPLAINED: &str = "until what the watch counted is explained and somebody lifts it";

impl State {
    pub(super) fn raise_signal(
        &self,
        seen: &SignalSeen,
        bounds: SignalBounds,
        by: &Actor,
        now: Wall,
    ) -> Result<Planned, Rejected> {
        let wants = seen.then.contains(&SignalAction::OpenCase);
        let case = wants.then(|| self.case_of_signal(by, &seen.partner, &seen.rule, now));
        let (case, opened) = case.transpose()?.unzip();
        let case = case.map(|case| case.to_string());
        let mut planned = self.raised(seen, bounds, case.as_deref(), (by, now))?;
        if let (Some(case), Some(opened)) = (case, opened.flatten()) {
            planned.events.insert(0, opened);
            planned.what.push_str(&format!("; case `{case}` opened"));
        }
        Ok(planned)
    }

    fn raised(
        &self,
        seen: &SignalSeen,
        bounds: SignalBounds,
        case: Option<&str>,
        (by, now): (&Actor, Wall),
    ) -> Result<Planned, Rejected> {
        let (at, partner) = self.known_partner(&seen.partner)?;
        let (signals, cap) = (&self.now.signals, bounds.cap(self.now.partner_count()));
        let held = signals.held_but(now, Some(at)).saturating_add(bounds.uncounted);
        let not_held = not_held(seen, partner, held >= cap);
        let hold = seen.then.contains(&SignalAction::Hold) && not_held.is_none();
        // A hold closes more than the restriction that is wanted beside it.
        let restrict = !hold && restricts(seen, partner);
        let id = &seen.partner;
        let undone = |action: &SignalAction| match action {
            SignalAction::Flag => false,
            SignalAction::OpenCase => case.is_none(),
            SignalAction::Restrict => !hold && !restrict,
            SignalAction::Hold => !hold,
        };
        let rule = texts::label("rule", &seen.rule)?;
        let raised = Event::SignalRaised {
            partner: seen.partner.clone(),
            key: seen.key.clone(),
            with: seen.with.clone(),
            rule: rule.clone(),
            signal: texts::label("signal", &seen.signal)?,
            evidence: texts::words("evidence", &seen.evidence)?,
            limit: Some(texts::words("limit", &seen.limit)?),
            window: Some(seen.window),
            then: seen.then.clone(),
            wanted: seen.then.iter().copied().filter(undone).collect(),
            not_held,
            case: case.map(str::to_owned),
        };
        let what = format!("signal `{rule}` for partner `{id}`: {}", seen.evidence);
        let broken = || self.broken_off(at, &closed(seen, restrict), hold, (by, now));
        if let Some(mut planned) = (!seen.then.is_empty()).then(broken).flatten() {
            planned.what = format!("{what}; {}", planned.what);
            planned.events.insert(0, raised);
            if hold && planned.narrows.is_none() {
                let base = self.now.cases.plan_of(at).and_then(|(_, plan)| plan.base.as_deref());
                let even = base.map(|base| base.notice.even.to_vec()).unwrap_or_default();
                let held = self.close_by_signal(by, seen, Some(even), now)?;
                planned.what = format!("{}; {}", planned.what, held.what);
                planned.narrows = held.narrows;
                planned.blobs.extend(held.blobs);
                planned.events.splice(2..2, held.events);
            }
            return Ok(planned);
        }
        if hold || restrict {
            let even = hold.then(Vec::new);
            let mut planned = self.close_by_signal(by, seen, even, now)?;
            planned.what = format!("{what}; {}", planned.what);
            planned.events.insert(0, raised);
            return Ok(planned);
        }
        let why = match not_held {
            None => "",
            Some(NotHeld::Observed) => "; not put on hold, since it is observed",
            Some(NotHeld::HeldAlready) => "; it is on hold already",
            Some(NotHeld::Capped) => {
                "; NOT put on hold: signals have put as many partners on hold as they may in 24 hours"
            }
        };
        let mut planned = Planned::one(raised, format!("{what}{why}"));
        let quiet = signals.capped().is_some_and(|at| at.0.saturating_add(ALARM_EVERY) > now.0);
        if not_held == Some(NotHeld::Capped) && !quiet {
            planned.events.push(Event::SignalCapped { partner: id.clone(), rule, held, cap });
        }
        Ok(planned)
    }

    /// Puts on hold, those classes too; restricts where there are none.
    fn close_by_signal(
        &self,
        by: &Actor,
        seen: &SignalSeen,
        hold: Option<Vec<ClassName>>,
        now: Wall,
    ) -> Result<Planned, Rejected> {
        let reason = ReasonCode::new(REASON);
        let reason = reason.map_err(|_| Rejected::NameMissing)?;
        // A rule without fit words must not keep its hold from biting.
        let tell = seen.tell.as_deref().filter(|tell| texts::tell(tell).is_ok()).unwrap_or(TELL);
        let why = self.why(&reason, tell, None)?;
        let classes = seen.classes.clone();
        let held = hold.is_some();
        let to = if let Some(even) = hold {
            let (closes, review_by) = (Closes::All, None);
            Wish::Suspended { closes, even, fallback: classes, review_by }
        } else {
            Wish::Restricted { classes, factor: None }
        };
        let subject = SubjectId::Partner(seen.partner.clone());
        let mut planned = self.stand(by, (&subject, &to), why, now)?;
        let mut draft = by_rule(&seen.rule);
        draft.facts.push(fact_of_watch(seen, now));
        draft.indefinite_because = (!held).then(|| UNTIL_EXPLAINED.to_owned());
        // A watch that measures nothing a statement could name must not keep its hold from biting.
        let _ = self.explain(by, &draft, &mut planned, now);
        Ok(planned)
    }
}

/// A statement of what a rule alone found and decided.
fn by_rule(rule: &str) -> StatementDraft {
    let automation =
        Automation { detection: Extent::Full, decision: Extent::Full, rule: Some(rule.to_owned()) };
    StatementDraft { automation: Some(automation), ..StatementDraft::default() }
}

/// Whether classes can be closed as the rule wants, and nobody closed more already.
fn restricts(seen: &SignalSeen, partner: &PartnerRecord) -> bool {
    let state = partner.course.as_deref().map(|course| course.state).unwrap_or_default();
    seen.then.contains(&SignalAction::Restrict)
        && !seen.classes.is_empty()
        && partner.mode == Mode::Enforce
        && cell(state, StandingName::Restricted).lets(Who::Signal)
        // What is closed meanwhile would be closed anew, perhaps less of it.
        && state != StandingName::Terminating
}

/// The classes that a signal closes at least.
fn closed(seen: &SignalSeen, restrict: bool) -> Vec<ClassName> {
    if restrict { seen.classes.clone() } else { Vec::new() }
}

fn not_held(seen: &SignalSeen, partner: &PartnerRecord, full: bool) -> Option<NotHeld> {
    if !seen.then.contains(&SignalAction::Hold) {
        None
    } else if partner.mode == Mode::Observe {
        Some(NotHeld::Observed)
    } else if partner.course.as_deref().is_some_and(stays) {
        Some(NotHeld::HeldAlready)
    } else {
        full.then_some(NotHeld::Capped)
    }
}

/// Whether a hold of the gate's would change nothing, or undo what a person decided.
fn stays(course: &Course) -> bool {
    course.notice.closes == Closes::All
        || !cell(course.state, StandingName::Suspended).lets(Who::Signal)
}
