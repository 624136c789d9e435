//! Grants: batches of feeds into the table, the log and the judge, in one step each.
//!
//! Rows and the event that counts them are one transaction; the judge hears of them before the feed
//! is answered. Where the store takes nothing, what a batch withdraws is refused all the same.

mod feed;
mod load;
pub(crate) mod table;

use portcullis_registry::{
    Actor, Event, GRANTS_MAX, GrantChange, GrantsBatch, GrantsDone, GrantsPart, GrantsPlan,
    GrantsSum, GrantsWanted, OfficeError, Planned, Rejected, Settled, Snapshot,
};
use portcullis_types::{ClientId, Revision};

use crate::answer::bounded;
use crate::append::Batch;
use crate::error::said;
use crate::pending::Waiting;
use crate::writer::Writer;

pub(crate) use feed::Feed;
use load::{grant, indexes, place};
pub(crate) use load::{list, load};
use table::Write;

/// Rows read at once.
const PAGE: usize = 5000;
/// Pages looked through before other commands have their turn.
const PAGES_MAX: usize = 10;

impl Writer {
    /// Takes a batch of a feed, whole or not at all.
    pub(crate) async fn change_grants(
        &mut self,
        actor: Actor,
        batch: &GrantsBatch,
    ) -> Result<GrantsDone, OfficeError> {
        self.flush().await;
        let version = version(self.state.current());
        if let Some(on) = batch.on.filter(|on| *on != version.unwrap_or(Revision(0))) {
            return Err(Rejected::GrantsMoved { on, now: version }.into());
        }
        let changes = self.state.grant_changes(&batch.lines)?;
        feed::enter(&mut self.feed, &batch.part)?;
        match &batch.part {
            GrantsPart::SnapshotEnds { thin, .. } if changes.is_empty() => {
                self.end_snapshot(actor, *thin).await
            }
            GrantsPart::Changes => {
                let done = self.take_changes(actor, &changes).await?;
                if let Some(feed) = &mut self.feed {
                    feed.changed(&changes);
                }
                Ok(done)
            }
            _ => {
                let later = |change: &&GrantChange<'_>| {
                    let GrantChange { account, partner, client, .. } = **change;
                    !self.feed.as_ref().is_some_and(|f| f.is_changed(account, partner, client))
                };
                let own: Vec<_> = changes.iter().filter(later).copied().collect();
                let done = self.take_changes(actor, &own).await?;
                if let Some(feed) = &mut self.feed {
                    feed.named(&changes);
                }
                let more = matches!(batch.part, GrantsPart::SnapshotEnds { .. });
                Ok(GrantsDone { more, ..done })
            }
        }
    }

    async fn take_changes(
        &mut self,
        actor: Actor,
        changes: &[GrantChange<'_>],
    ) -> Result<GrantsDone, OfficeError> {
        let mut plan = GrantsPlan::default();
        for change in changes {
            plan.wish(change);
        }
        self.carry_out_plan(actor, plan).await
    }

    /// Withdraws some of what the snapshot did not name.
    async fn end_snapshot(&mut self, actor: Actor, thin: bool) -> Result<GrantsDone, OfficeError> {
        let total = self.state.current().grants().map_or(0, |logged| logged.total);
        let Some(feed) = &self.feed else { return Err(Rejected::GrantsFeedLost.into()) };
        if feed.after.is_none() && !thin {
            feed.check_thin(total)?;
        }
        let mut after = feed.after.clone();
        let (mut gone, mut more) = (Vec::new(), true);
        for _ in 0..PAGES_MAX {
            let connection = &mut self.store.log.connection;
            let page = table::page(connection, place(&after), &GrantsWanted::default(), PAGE).await;
            let page = page.map_err(|error| OfficeError::NotRead(said(&error)))?;
            more = page.len() == PAGE;
            if let Some(last) = page.last() {
                after = Some(grant(last)?.name);
            }
            for row in page {
                let (partner, client) = indexes(self.state.current(), &row)?;
                let account = row.account.as_str();
                if !feed.names(account, partner, client)
                    && !feed.is_changed(account, partner, client)
                {
                    gone.push((row, partner, client));
                }
            }
            if !more || gone.len() >= PAGE {
                break;
            }
        }
        let mut plan = GrantsPlan::default();
        for (row, partner, client) in &gone {
            plan.end(&row.account, *partner, *client);
        }
        let done = self.carry_out_plan(actor, plan).await?;
        match &mut self.feed {
            Some(feed) if more => feed.after = after,
            slot => *slot = None,
        }
        Ok(GrantsDone { more, ..done })
    }

    /// Looks up, settles, writes, tells.
    async fn carry_out_plan(
        &mut self,
        actor: Actor,
        mut plan: GrantsPlan<'_>,
    ) -> Result<GrantsDone, OfficeError> {
        let now = self.state.current();
        let asked: Vec<_> = plan.asked().collect();
        let named = asked
            .iter()
            .filter_map(|(account, partner)| Some((*account, now.partner(*partner)?.id.as_str())));
        let named: Vec<_> = named.collect();
        let found = table::lookup(&mut self.store.log.connection, &named).await;
        for row in found.map_err(|error| OfficeError::NotRead(said(&error)))? {
            let (partner, client) = indexes(now, &row)?;
            plan.found(&row.account, partner, client, row.term);
        }
        let settled = plan.settle();
        if !settled.rows.is_empty() {
            let waiting = self.batch(actor, &settled)?;
            if let Err(error) = self.write(&waiting).await {
                self.sink.grants(&settled.narrowing);
                return Err(told(error, settled.withdrawn));
            }
        }
        self.sink.grants(&settled.feed);
        Ok(done(self.state.current(), &settled))
    }

    fn batch(&self, actor: Actor, settled: &Settled<'_>) -> Result<Waiting, OfficeError> {
        let now = self.state.current();
        let logged = now.grants();
        let mut sum = logged.map_or(Some(GrantsSum::default()), |l| GrantsSum::from_hex(&l.digest));
        let mut rows = Vec::with_capacity(settled.rows.len());
        for row in &settled.rows {
            let partner = now.partner(row.partner).map(|record| &record.id);
            let client = row.client.and_then(|at| now.client(at)).map(|record| &record.id);
            let partner = partner.ok_or(OfficeError::Closed)?;
            let digest = |term| GrantsSum::of(&self.salt, row.account, partner, client, term);
            sum = sum.map(|sum| row.before.map_or(sum, |term| sum.minus(digest(term))));
            sum = sum.map(|sum| row.after.map_or(sum, |term| sum.plus(digest(term))));
            rows.push(Write {
                account: row.account.to_owned(),
                partner: partner.as_str().to_owned(),
                client: client.map(ClientId::as_str).unwrap_or_default().to_owned(),
                after: row.after,
            });
        }
        let total = logged.map_or(0, |logged| logged.total) + settled.granted;
        let total = total.saturating_sub(settled.withdrawn);
        if total > GRANTS_MAX && settled.granted > 0 {
            return Err(Rejected::GrantsFull { max: GRANTS_MAX }.into());
        }
        let digest = sum.ok_or(OfficeError::Closed)?.to_hex();
        let Settled { granted, renewed, withdrawn, .. } = *settled;
        let events = vec![Event::GrantsChanged { granted, renewed, withdrawn, total, digest }];
        let at = self.clock.now().wall.max(self.store.log.last);
        let (actor, approved) = (bounded(actor), None);
        let batch = Batch { at, actor, approved, events, blobs: Vec::new(), grants: rows };
        let planned = Planned {
            events: Vec::new(),
            blobs: Vec::new(),
            narrows: None,
            widens: None,
            what: String::new(),
            undo: None,
            created: Vec::new(),
            proposed: None,
            approved: None,
            alone: false,
        };
        Ok(Waiting { batch, planned })
    }
}

fn version(now: &Snapshot) -> Option<Revision> {
    now.grants().map(|logged| logged.revision)
}

fn done(now: &Snapshot, settled: &Settled<'_>) -> GrantsDone {
    let Settled { granted, renewed, withdrawn, unchanged, .. } = *settled;
    let total = now.grants().map_or(0, |logged| logged.total);
    GrantsDone { version: version(now), granted, renewed, withdrawn, unchanged, total, more: false }
}

/// Why nothing was written, and what holds all the same.
fn told(error: OfficeError, withdrawn: u64) -> OfficeError {
    match error {
        OfficeError::NotWritten(why) if withdrawn > 0 => OfficeError::NotWritten(format!(
            "{why}; what was to be withdrawn is refused all the same until a restart: send it again once there is room"
        )),
        other => other,
    }
}
