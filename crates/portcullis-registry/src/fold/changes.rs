//! Changes with a day of their own, into the state.

use std::sync::Arc;

use crate::agreement::AgreementEvent;
use crate::changes::{Announced, ChangeEvent, ScheduledChange};
use crate::state::{Place, State};

impl State {
    /// Keeps what was announced until the change is named that it is of.
    pub(super) fn announced(&mut self, place: Place<'_>, event: &AgreementEvent) {
        let AgreementEvent::Announced { partner, reason, tell, statement, .. } = event else {
            return;
        };
        Arc::make_mut(&mut self.now.changes).announced.push(Announced {
            revision: place.revision,
            partner: partner.clone(),
            reason: reason.clone(),
            tell: tell.clone(),
            statement: statement.clone(),
        });
    }

    pub(super) fn change_event(
        &mut self,
        place: Place<'_>,
        event: &ChangeEvent,
        blob: &dyn Fn(&str) -> Option<Arc<[u8]>>,
    ) {
        let changes = Arc::make_mut(&mut self.now.changes);
        match event {
            ChangeEvent::Scheduled { blob: digest, what, effective } => {
                // A command of an older version that means nothing any more is dropped on its day.
                let command = serde_json::from_slice(&blob(digest).unwrap_or_default());
                let change = ScheduledChange {
                    id: place.revision,
                    digest: digest.clone(),
                    what: what.clone(),
                    by: place.by.clone(),
                    approver: place.approver.cloned(),
                    made: place.ts,
                    effective: *effective,
                    announced: std::mem::take(&mut changes.announced),
                    command: command.ok().map(Arc::new),
                };
                changes.all.insert(place.revision.0, change);
            }
            ChangeEvent::Cancelled { change, .. }
            | ChangeEvent::CarriedOut { change }
            | ChangeEvent::Dropped { change, .. } => drop(changes.all.remove(&change.0)),
        }
    }
}
