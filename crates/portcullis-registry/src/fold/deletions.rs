//! Duties into the state, and out of it once they are attested.

use std::sync::Arc;

use portcullis_types::PartnerId;

use crate::deletions::{DeletionEvent, DeletionTotals, OpenDeletion};
use crate::state::{FoldError, Place, State};

impl State {
    pub(super) fn deletion_event(
        &mut self,
        place: Place<'_>,
        event: &DeletionEvent,
    ) -> Result<(), FoldError> {
        match event {
            DeletionEvent::Due { partner, batch, cause, count, due_by, list, .. } => {
                let at = self.now.partner_ix(partner);
                let at = at.ok_or_else(|| place.bad(format!("unknown partner `{partner}`")))?;
                let open = OpenDeletion {
                    revision: place.revision,
                    partner: at,
                    cause: *cause,
                    count: *count,
                    told: place.ts,
                    due_by: *due_by,
                    list: Arc::from(list.as_str()),
                    overdue: None,
                };
                self.deletion_clocks.insert((*due_by, batch.clone()));
                Arc::make_mut(&mut self.now.deletions.open).insert(batch.clone(), open);
                self.count_deletions(place, partner, |totals| {
                    totals.lists += 1;
                    totals.told = totals.told.saturating_add(*count);
                })
            }
            DeletionEvent::Attested { partner, batch, counts, .. } => {
                let done = Arc::make_mut(&mut self.now.deletions.open).remove(batch);
                let done = done.ok_or_else(|| place.bad(format!("unknown list `{batch}`")))?;
                self.deletion_clocks.remove(&(done.due_by, batch.clone()));
                self.count_deletions(place, partner, |totals| {
                    totals.attested += 1;
                    let before = &mut totals.counts;
                    before.deleted = before.deleted.saturating_add(counts.deleted);
                    before.never_stored = before.never_stored.saturating_add(counts.never_stored);
                    before.kept = before.kept.saturating_add(counts.kept);
                })
            }
            DeletionEvent::Overdue { partner, batch, due_by, .. } => {
                let open = Arc::make_mut(&mut self.now.deletions.open).get_mut(batch);
                let open = open.ok_or_else(|| place.bad(format!("unknown list `{batch}`")))?;
                open.overdue = Some(place.revision);
                self.deletion_clocks.remove(&(*due_by, batch.clone()));
                self.count_deletions(place, partner, |totals| totals.overdue += 1)
            }
        }
    }

    fn count_deletions(
        &mut self,
        place: Place<'_>,
        partner: &PartnerId,
        count: impl FnOnce(&mut DeletionTotals),
    ) -> Result<(), FoldError> {
        let at = self.now.partner_ix(partner);
        let at = at.ok_or_else(|| place.bad(format!("unknown partner `{partner}`")))?;
        count(Arc::make_mut(&mut self.now.deletions.totals).entry(at).or_default());
        Ok(())
    }
}
