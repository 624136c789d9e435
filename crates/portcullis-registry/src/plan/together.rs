//! One step about several partners: all of them or none, weighed and counted as what it is for each.

use portcullis_types::{Notice, Wall};

use super::Planned;
use crate::commands::Command;
use crate::events::Event;
use crate::proposals::Bearing;
use crate::rejected::Rejected;
use crate::standing::{StandingRejected, Wish};
use crate::state::{Place, State};
use crate::words::{Actor, SubjectId};

/// Most partners of one step.
const TOGETHER_MAX: usize = 500;
/// So many are named in its line.
const NAMED_MAX: usize = 10;

impl State {
    pub(super) fn together(
        &self,
        by: &Actor,
        steps: &[Command],
        now: Wall,
    ) -> Result<Planned, Rejected> {
        if steps.is_empty() || steps.len() > TOGETHER_MAX {
            let (count, max) = (steps.len(), TOGETHER_MAX);
            return Err(StandingRejected::TogetherCount { count, max }.into());
        }
        let mut whole = Planned::nothing("");
        let mut names: Vec<&str> = Vec::new();
        for step in steps {
            let (id, planned) = match step {
                Command::Stand { subject: SubjectId::Partner(id), to, .. } if takes(to) => {
                    (id, self.handle(by, step, now)?)
                }
                _ => return Err(StandingRejected::TogetherUnfit.into()),
            };
            if names.contains(&id.as_str()) {
                return Err(Rejected::NothingChanges(SubjectId::Partner(id.clone())));
            }
            names.push(id.as_str());
            whole.events.extend(planned.events);
            whole.blobs.extend(planned.blobs);
            if whole.what.is_empty() {
                whole.what = planned.what;
            }
        }
        if let [_, more @ ..] = names.as_slice()
            && !more.is_empty()
        {
            let listed = more.iter().take(NAMED_MAX).map(|id| format!("`{id}`"));
            let listed: Vec<String> = listed.collect();
            let rest = more.len().saturating_sub(NAMED_MAX);
            let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
            whole.what = format!("{}; the same for {}{rest}", whole.what, listed.join(", "));
        }
        Ok(whole)
    }

    /// The widest that any of its events is.
    pub(super) fn together_bears(&self, planned: &Planned) -> Bearing {
        planned.events.iter().map(|event| self.stood_bears(event)).max().unwrap_or_default()
    }

    /// A standing is narrower if it takes away at least all that the one before did.
    fn stood_bears(&self, event: &Event) -> Bearing {
        let Event::Standing(event) = event else { return Bearing::Widening };
        let Some((to, stood)) = event.stood() else { return Bearing::Widening };
        let by = Actor::clock();
        let (revision, ts) = (portcullis_types::Revision(0), self.now.at);
        let notice = stood.notice(to, Place { revision, ts, by: &by, approver: None });
        let at = self.now.subject_ix(&stood.subject);
        let before = at.and_then(|at| self.now.notice(at));
        match (notice.is_open(), before.is_none_or(|before: &Notice| notice.covers(before))) {
            (true, true) => Bearing::Neutral,
            (false, true) => Bearing::Narrowing,
            (_, false) => Bearing::Widening,
        }
    }
}

/// Whether a step takes something away and can be undone.
fn takes(to: &Wish) -> bool {
    match to {
        Wish::Warned { .. } | Wish::Restricted { .. } | Wish::Suspended { .. } => true,
        Wish::Terminating { .. } | Wish::Terminated | Wish::Probation { .. } | Wish::Good => false,
    }
}
