//! What a case is about is kept from being erased, also beyond its end.

use portcullis_types::{CaseId, Wall};

use crate::cases::{CaseEvent, CaseRejected};
use crate::plan::Planned;
use crate::plan::standing::{ahead, later};
use crate::rejected::Rejected;
use crate::retention::PRESERVED_DAYS_MAX;
use crate::state::State;

impl State {
    /// Also of a case that is closed: an inquiry elsewhere may begin later. Never for a shorter time: what
    /// somebody relies on is not given up by one who doesn't know.
    pub(super) fn preserved(
        &self,
        case: &CaseId,
        until: Wall,
        now: Wall,
    ) -> Result<Planned, Rejected> {
        let record = self.known_case(case.as_str())?;
        let until = ahead("date", Some(until), now)?.unwrap_or(until);
        let (most, days) = (later(now, PRESERVED_DAYS_MAX), PRESERVED_DAYS_MAX);
        if until > most {
            return Err(CaseRejected::PreservedTooFar { at: until, most, days }.into());
        }
        if let Some(at) = record.preserve_until.filter(|at| until <= *at) {
            return Err(CaseRejected::PreservedLonger { case: case.clone(), at }.into());
        }
        let what = format!(
            "nothing that case `{case}` is about is erased before {}, even once it is closed",
            until.rfc3339()
        );
        let event = CaseEvent::Preserved { case: case.clone(), until };
        Ok(Planned::one(event.into(), what))
    }
}
