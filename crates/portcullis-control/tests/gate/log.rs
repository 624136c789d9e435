//! The log in memory as evidence, from the whole tree.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use portcullis_audit::{
    Fault, Hash, Kept, LogKey, Nodes as _, Receipt, Tile, Tree, bundle, leaf_hash,
};
use portcullis_registry::{
    BoxFuture, Evidence, LogPoint, LoggedEvent, OfficeError, Place, Snapshot, State, Verification,
};
use portcullis_types::Revision;

use super::Memory;

impl Memory {
    /// The log's key itself, for a test that signs another history with it.
    pub fn secret(&self) -> LogKey {
        LogKey::from_seed("gate.test", &[7; 32]).unwrap()
    }

    /// The tree and the leaves.
    fn grown(&self) -> (Tree, Vec<Vec<u8>>) {
        let inner = self.inner.lock().unwrap();
        let leaves: Vec<_> = inner.events.iter().map(|event| event.leaf.clone().into()).collect();
        let mut tree = Tree::default();
        leaves.iter().for_each(|leaf: &Vec<u8>| tree.append(leaf_hash(leaf)));
        (tree, leaves)
    }
}

impl Evidence for Memory {
    fn tile(&self, tile: Tile) -> BoxFuture<'_, Result<Option<Vec<u8>>, OfficeError>> {
        let (tree, leaves) = self.grown();
        let found = tile.is_in(tree.size()).then(|| {
            let first = usize::try_from(tile.first()).unwrap();
            let entries = leaves.iter().skip(first).take(tile.width.into()).map(Vec::as_slice);
            tile.hashes(&tree).or_else(|| bundle(entries)).unwrap()
        });
        Box::pin(async move { Ok(found) })
    }

    fn receipt(&self, asked: Revision) -> BoxFuture<'_, Result<Receipt, OfficeError>> {
        let (tree, leaves) = self.grown();
        let note = self.inner.lock().unwrap().notes.last().unwrap().1.clone();
        let leaf = leaves.get(usize::try_from(asked.0).unwrap()).cloned();
        let newest = tree.size().checked_sub(1).map(Revision);
        let hashes = tree.inclusion(asked.0, tree.size());
        let hashes = hashes.ok_or(OfficeError::NoSuchEvent { asked, newest });
        let receipt = hashes.map(|hashes| Receipt { index: asked.0, leaf, hashes, note });
        Box::pin(async move { receipt })
    }

    fn consistency(
        &self,
        from: u64,
        to: u64,
    ) -> BoxFuture<'_, Result<Option<Vec<Hash>>, OfficeError>> {
        let found = self.grown().0.consistency(from, to);
        Box::pin(async move { Ok(found) })
    }

    fn verify(&self, kept: Vec<Kept>) -> BoxFuture<'_, Result<Verification, OfficeError>> {
        let mut verdict = self.inner.lock().unwrap().verify(kept);
        if self.damaged.load(Ordering::Relaxed) {
            let why = "the event does not match its stored hash: one of them was changed";
            let fault = Fault { revision: Some(1), why: why.to_owned() };
            verdict = Verification { events: 1, checkpoints: 1, fault: Some(fault), ..verdict };
        }
        Box::pin(async move { Ok(verdict) })
    }

    fn past(&self, point: LogPoint) -> BoxFuture<'_, Result<Arc<Snapshot>, OfficeError>> {
        let inner = self.inner.lock().unwrap();
        let mut state = State::new();
        let newest = inner.events.last().map(|event| event.revision);
        if let LogPoint::Revision(asked) = point
            && newest.is_none_or(|newest| newest < asked)
        {
            return Box::pin(async move { Err(OfficeError::NoSuchEvent { asked, newest }) });
        }
        let then = inner.events.iter().take_while(|event| match point {
            LogPoint::Revision(last) => event.revision <= last,
            LogPoint::Time(moment) => event.at <= moment,
        });
        for logged in then {
            let LoggedEvent { revision, at: ts, actor: by, approver, event, .. } = logged;
            let place = Place { revision: *revision, ts: *ts, by, approver: approver.as_ref() };
            state.apply(place, event, &|digest| inner.blobs.get(digest).cloned()).unwrap();
        }
        Box::pin(async move { Ok(state.snapshot()) })
    }
}
