//! The entries of a batch, judged one by one, each as the call it would be alone.
//!
//! Must not know in what order they run, nor how their answers are put together.

use std::fmt;

use portcullis_catalogue::Catalogue;
use portcullis_request::{Bounds, Canonical, Entry, Texts, ask, batch};
use portcullis_types::asked::Asks;
use portcullis_types::{KeyIx, Now, Refusal};
use smallvec::SmallVec;
use zeroize::Zeroizing;

use crate::desk::Desk;
use crate::metering::Caller;
use crate::outbound::{Batch, Granted, PlatformCredential};
use crate::pass::{Pass, Stop};
use crate::recorded::Case;
use crate::verdict::Verdict;

/// What the entries of one batch have in common while they are judged.
pub struct Together {
    key: KeyIx,
    /// The key as it was presented: an entry that brings another is refused, and none carries it out.
    credential: Option<Zeroizing<Vec<u8>>>,
    /// How many asks there may still be.
    asks_left: usize,
}

impl Together {
    pub(crate) fn new(key: KeyIx, credential: Option<&[u8]>, asks_left: usize) -> Self {
        let credential = credential.map(|key| Zeroizing::new(key.to_vec()));
        Self { key, credential, asks_left }
    }
}

/// A caller that is known before its call is read.
#[derive(Clone, Copy)]
pub(crate) struct KnownKey {
    pub(crate) key: KeyIx,
    /// Where the call stands in a batch: how many asks it and those after it may have.
    pub(crate) asks_left: Option<usize>,
}

impl Desk {
    /// Judges an entry of a batch. One that takes values from others' answers is to be
    /// [resolved](Entry::resolved) before.
    pub fn judge_entry(
        &mut self,
        together: &mut Together,
        entry: &Entry,
        now: Now,
        platform: &PlatformCredential,
    ) -> Verdict {
        self.entry(together, entry, Case { known: None, origin: None, now, platform, see: None })
    }

    /// The same, and shows what the entry asks for, as [`Self::judge_seen`] does.
    pub fn judge_entry_seen(
        &mut self,
        together: &mut Together,
        entry: &Entry,
        now: Now,
        see: &mut dyn FnMut(&Asks<'_>),
    ) -> Verdict {
        let platform = &PlatformCredential::Header;
        self.entry(
            together,
            entry,
            Case { known: None, origin: None, now, platform, see: Some(see) },
        )
    }

    fn entry(&mut self, together: &mut Together, entry: &Entry, case: Case<'_>) -> Verdict {
        let own = together.credential.as_ref().map(|key| key.as_slice());
        let keys: SmallVec<[&[u8]; 2]> = own.into_iter().chain(entry.credential()).collect();
        let known = Some(KnownKey { key: together.key, asks_left: Some(together.asks_left) });
        let case = Case { known, ..case };
        let (verdict, left) = match entry.refusal() {
            Some(refusal) => self.verdict(case, |pass| pass.refuse(refusal)),
            None => {
                let arrival = entry.arrival(&keys);
                self.verdict(case, |pass| pass.call(&arrival))
            }
        };
        together.asks_left = left.unwrap_or(0);
        verdict
    }
}

impl<'v> Pass<'v, '_> {
    pub(crate) fn entries(
        &mut self,
        caller: Caller<'v>,
        canonical: &Canonical<'_>,
    ) -> Result<Granted, Stop> {
        if self.known.is_some_and(|known| known.asks_left.is_some()) {
            return Err(Refusal::NotJudged { what: "a batch within a batch" }.into());
        }
        let seat = self.seat(caller)?;
        if !seat.tier.batch {
            return Err(Refusal::BatchNotAgreed.into());
        }
        self.trace.passed = Some((seat.ix, None));
        let bounds = &self.desk.judge.bounds;
        let entries = batch(canonical, &self.view.bound.rules.catalogue, bounds)?;
        let together = Together::new(caller.ix, canonical.credential(), bounds.asks_max);
        Ok(Granted::Batch(Box::new(Batch { entries, key: caller.ix, together })))
    }

    /// Unfolds a call; in a batch, as far as the entries before it leave room.
    pub(crate) fn ask<'c>(
        &mut self,
        canonical: &'c Canonical<'_>,
        catalogue: &'c Catalogue,
        texts: &'c Texts,
    ) -> Result<Asks<'c>, Refusal> {
        let bounds = &self.desk.judge.bounds;
        let Some(left) = self.known.as_mut().and_then(|known| known.asks_left.as_mut()) else {
            return ask(canonical, catalogue, bounds, texts);
        };
        // It would hold the others up for as long as it lasts.
        let operation = canonical.operation.as_ref().ok();
        if operation.is_some_and(|operation| operation.stream.is_some() || operation.websocket) {
            return Err(Refusal::NotJudged { what: "a stream within a batch" });
        }
        let bounds = Bounds { asks_max: bounds.asks_max.min(*left), ..*bounds };
        let mut asks = ask(canonical, catalogue, &bounds, texts)?;
        *left = left.saturating_sub(asks.asks.len());
        asks.params.in_batch = true;
        Ok(asks)
    }
}

impl fmt::Debug for Together {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Together").field("asks_left", &self.asks_left).finish_non_exhaustive()
    }
}
