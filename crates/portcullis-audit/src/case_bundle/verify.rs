//! Whether a bundle is as it was sealed, and what it covers.

use serde_json::Value;

use super::{BundleContent, BundleEvent, CaseBundle};
use crate::checkpoint::{Checkpoint, NoteError};
use crate::encoding::{from_base64, to_hex};
use crate::hash::{Hash, leaf_hash};
use crate::key::LogVerifier;
use crate::tree::verify_inclusion;
use sha2::{Digest, Sha256};

/// The event that seals a bundle.
const SEAL: &str = "case.exported";

/// What a bundle covers.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct BundleCovers {
    /// The case.
    pub case: String,
    /// The root that all of it leads to.
    pub checkpoint: Checkpoint,
    /// How many events.
    pub events: usize,
    /// The first and the last of them, the seal.
    pub from: u64,
    /// The event that sealed it.
    pub seal: u64,
    /// What there is of each kind of content: how many with their body, how many without.
    pub contents: Vec<(String, usize, usize)>,
}

/// What is wrong with a bundle: the first thing, by its name.
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
pub enum BundleFault {
    /// A line.
    #[error("line {line} of the bundle was changed: {why}")]
    Line {
        /// Which, from 1 on.
        line: usize,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The end is missing.
    #[error("the bundle is cut: head, seal or checkpoint is missing")]
    Cut,
    /// The signed root.
    #[error("the checkpoint can't be believed: {0}")]
    Checkpoint(#[from] NoteError),
    /// An event.
    #[error("event {0} was changed, or its proof was: it is not in the log")]
    Event(u64),
    /// A proof that leads nowhere.
    #[error("the proofs are not those of the events, one each and in order")]
    Proofs,
    /// A content.
    #[error("{kind} `{sha256}` was changed: its body has another digest")]
    Content {
        /// What it is.
        kind: String,
        /// What it was to be.
        sha256: String,
    },
    /// A content that no event of the bundle names.
    #[error("{kind} `{sha256}` is named by no event of the bundle")]
    Stray {
        /// What it is.
        kind: String,
        /// Its digest.
        sha256: String,
    },
    /// The seal is of something else.
    #[error("event {0} does not seal a bundle of this case")]
    Seal(u64),
    /// Something is missing, added or put elsewhere.
    #[error(
        "the bundle is not the one that event {0} sealed: something was added, left out or moved"
    )]
    Sealed(u64),
}

impl CaseBundle {
    /// Follows everything to the root that this key has signed.
    ///
    /// # Errors
    /// [`BundleFault`].
    pub fn verify(&self, key: &LogVerifier) -> Result<BundleCovers, BundleFault> {
        let checkpoint = Checkpoint::signed_by(&self.checkpoint, key)?;
        if checkpoint.origin != self.head.origin {
            return Err(BundleFault::Sealed(self.seal.event));
        }
        let all = || self.events.iter().chain([&self.seal]);
        if !all().map(|event| event.event).eq(self.proofs.iter().map(|proof| proof.proof)) {
            return Err(BundleFault::Proofs);
        }
        for (event, proof) in all().zip(&self.proofs) {
            let hashes = proof.hashes.iter().map(|hash| Hash::from_base64(hash));
            let hashes: Option<Vec<Hash>> = hashes.collect();
            let (at, size, root) = (event.event, checkpoint.size, &checkpoint.root);
            let shown = hashes.is_some_and(|hashes| {
                verify_inclusion(&leaf_hash(event.leaf.as_bytes()), at, size, &hashes, root).is_ok()
            });
            if !shown {
                return Err(BundleFault::Event(at));
            }
        }
        self.contents.iter().try_for_each(|content| self.whole(content))?;
        let seal = said(&self.seal);
        let member = |name: &str| seal.get(name).and_then(Value::as_str).unwrap_or_default();
        if member("type") != SEAL || member("case") != self.head.case {
            return Err(BundleFault::Seal(self.seal.event));
        }
        if member("digest") != Self::digest(&self.head, &self.events, &self.contents) {
            return Err(BundleFault::Sealed(self.seal.event));
        }
        let from = self.events.first().map_or(self.seal.event, |event| event.event);
        let (case, events, seal) = (self.head.case.clone(), self.events.len(), self.seal.event);
        let contents = self.counted();
        Ok(BundleCovers { case, checkpoint, events, from, seal, contents })
    }

    /// Whether a body has its digest, and an event names it.
    fn whole(&self, content: &BundleContent) -> Result<(), BundleFault> {
        let (kind, sha256) = (content.content.clone(), content.sha256.clone());
        let body = match (&content.text, &content.base64) {
            (Some(text), None) => Some(text.as_bytes().to_vec()),
            (None, Some(text)) => from_base64(text),
            (None, None) => None,
            (Some(_), Some(_)) => return Err(BundleFault::Content { kind, sha256 }),
        };
        let left_out = content.text.is_none() && content.base64.is_none();
        let same = body.is_some_and(|body| to_hex(&Sha256::digest(body)) == sha256);
        if !left_out && !same {
            return Err(BundleFault::Content { kind, sha256 });
        }
        let named = format!("\"{sha256}\"");
        if self.events.iter().any(|event| event.leaf.contains(&named)) {
            return Ok(());
        }
        Err(BundleFault::Stray { kind, sha256 })
    }

    fn counted(&self) -> Vec<(String, usize, usize)> {
        let mut counted: Vec<(String, usize, usize)> = Vec::new();
        for content in &self.contents {
            let at = counted.iter().position(|(kind, ..)| *kind == content.content);
            let at = at.unwrap_or_else(|| {
                counted.push((content.content.clone(), 0, 0));
                counted.len() - 1
            });
            let there = content.text.is_some() || content.base64.is_some();
            if let Some((_, with, without)) = counted.get_mut(at) {
                *(if there { with } else { without }) += 1;
            }
        }
        counted
    }
}

/// What the leaf of an event says happened.
fn said(event: &BundleEvent) -> Value {
    let leaf: Value = serde_json::from_str(&event.leaf).unwrap_or_default();
    leaf.get("event").cloned().unwrap_or_default()
}
