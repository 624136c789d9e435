//! Messages to hooks that were kept long enough: first the log says that they go, then they do, so that
//! none is ever missing without a word.

use portcullis_registry::{Actor, RecordKind, RetentionCommand};
use portcullis_store::Looks;
use portcullis_types::Clock as _;

use super::Keeper;

/// Forgets what is old, now and then, but for partners that a case is about.
pub(super) async fn forget(keeper: &Keeper, looks: &mut Looks) -> Result<(), String> {
    let now = keeper.clock.now();
    let before = keeper.retention.before(RecordKind::Deliveries, now.wall);
    let Some(before) = before.filter(|_| looks.are_due(now)) else { return Ok(()) };
    let snapshot = keeper.office.snapshot();
    let holds = snapshot.holds(now.wall);
    let kept = holds.partners().filter_map(|at| snapshot.partner(at));
    let kept: Vec<String> = kept.map(|partner| partner.id.to_string()).collect();
    let count = keeper.outbox.old(before, &kept).await.map_err(|error| error.to_string())?;
    if count == 0 {
        return Ok(());
    }
    let said = RetentionCommand::Forget { before, count };
    let said = keeper.office.submit(Actor::clock(), said.into()).await;
    said.map_err(|error| error.to_string())?;
    keeper.outbox.forget(before, &kept).await.map_err(|error| error.to_string())
}
