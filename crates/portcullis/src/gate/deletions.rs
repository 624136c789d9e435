//! What partners have to delete: the book beside the log, and who knows what each of them received.
//!
//! Must not know how a list is made or told.

use std::sync::Arc;

use anyhow::Context;
use portcullis_judge::Rules;
use portcullis_registry::{
    BoxFuture, DeletionDesk, DeletionHealth, Holders, HoldersError, LedgerName, Office, Snapshot,
    WhoHolds,
};
use portcullis_store::{DeletionBook, Duties, Vanishes};
use portcullis_types::{ClassIx, PartnerId, Wall};
use tokio::task::AbortHandle;

use super::board::Board;
use super::page::Page;
use crate::clock::SystemClock;
use crate::config::Config;

/// Opens the book and begins to match and to tell, on the control plane's runtime.
pub(super) fn start(
    (config, holders): (&Config, Option<Arc<dyn Holders>>),
    (office, board): (&Arc<dyn Office>, &Arc<Board>),
    runtime: &tokio::runtime::Runtime,
    errands: &mut Vec<AbortHandle>,
) -> anyhow::Result<Arc<dyn DeletionDesk>> {
    let book = runtime.block_on(DeletionBook::open(&config.store));
    let book = book.context("the book of deletions can't be opened")?;
    let clock = Arc::new(SystemClock::start());
    let keep = config.deletions.keep;
    let holders = holders.unwrap_or_else(|| Arc::new(NoLedger));
    let (office, board) = (Arc::clone(office), Arc::clone(board));
    let duties = Duties::new(book, office, holders, clock, keep);
    let duties = Arc::new(
        duties.with_vanishing(Arc::new(move || board.rules().and_then(|rules| vanishes(&rules)))),
    );
    errands.push(runtime.spawn(Arc::clone(&duties).run()).abort_handle());
    Ok(duties)
}

/// What vanishes by itself, as the set in force says.
fn vanishes(rules: &Rules) -> Option<Vanishes> {
    let catalogue = &rules.catalogue;
    let vanishing = catalogue.vanishing()?;
    let of =
        catalogue.classes().zip(0..).filter(|(_, ix)| vanishing.classes.contains(ClassIx(*ix)));
    let classes = of.map(|(class, _)| class.to_string()).collect();
    Some(Vanishes { classes, after: vanishing.after })
}

/// Nobody knows: what is posted waits.
#[derive(Debug)]
struct NoLedger;

const NO_LEDGER: &str = "this gate keeps no ledger that knows who received what: posted deletions are kept and matched once it does";

impl Holders for NoLedger {
    fn holders(&self, _: Vec<LedgerName>) -> BoxFuture<'_, Result<WhoHolds, HoldersError>> {
        Box::pin(async { Err(HoldersError(NO_LEDGER.to_owned())) })
    }

    fn look_out(&self, _: Vec<(LedgerName, Wall)>) {}

    fn seen(&self) -> BoxFuture<'_, Vec<LedgerName>> {
        Box::pin(std::future::pending())
    }

    fn received(
        &self,
        _: Vec<String>,
        _: u32,
    ) -> BoxFuture<'_, Result<Vec<(PartnerId, u64)>, HoldersError>> {
        Box::pin(async { Err(HoldersError(NO_LEDGER.to_owned())) })
    }
}

/// Whether all that was posted is told and attested in time, and a line about it.
pub(super) fn line(health: &DeletionHealth, snapshot: &Snapshot) -> (bool, String) {
    let deletions = snapshot.deletions();
    let (open, overdue) = (deletions.open().count(), deletions.overdue(None));
    let mut told =
        format!("{open} lists of deletions wait for partners, {overdue} of them overdue");
    if overdue > 0 {
        told.push_str("; `portcullis ledger deletions --overdue` shows them");
    }
    if let Some(why) = &health.fault {
        let posts = health.backlog.posts;
        told.push_str(&format!("; {posts} posted deletions are not matched yet: {why}"));
    }
    (overdue == 0 && health.fault.is_none(), told)
}

/// The figures in Prometheus' text format.
pub(super) fn page(health: &DeletionHealth, snapshot: &Snapshot, now: Wall) -> String {
    let deletions = snapshot.deletions();
    let mut page = Page::default();
    let about = "Posted deletions of which nobody knows yet who received them.";
    page.one(("deletions_unmatched", "gauge"), about, health.backlog.posts);
    let oldest = health.backlog.oldest.map_or(0, |at| now.0.saturating_sub(at.0) / 1000);
    let about = "Age of the oldest posted deletion that is not matched.";
    page.one(("deletions_oldest_seconds", "gauge"), about, oldest);
    let about = "Lists of deletions that wait for their partner.";
    page.one(("deletion_lists_open", "gauge"), about, deletions.open().count() as u64);
    let about = "Those among them whose deadline passed.";
    page.one(("deletion_lists_overdue", "gauge"), about, deletions.overdue(None) as u64);
    page.text()
}

#[cfg(test)]
mod tests;
