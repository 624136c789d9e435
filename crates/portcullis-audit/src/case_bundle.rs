//! A case as one file: its events as leaves, what they name by digest, and the proofs that lead from
//! each to one signed root.
//!
//! The part above the seal is named by digest in an event of the log, the seal; so every line is
//! covered by a digest, a proof or a signature. Must not know what an event means, save the seal.

mod verify;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::encoding::to_hex;

pub use verify::{BundleCovers, BundleFault};

/// Most bytes of a bundle that are read.
const BUNDLE_BYTES_MAX: usize = 256 << 20;

/// A case as one file.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct CaseBundle {
    /// Which case, of which log.
    pub head: BundleHead,
    /// Its events, in order.
    pub events: Vec<BundleEvent>,
    /// What they name by digest.
    pub contents: Vec<BundleContent>,
    /// The event that names the digest of all above.
    pub seal: BundleEvent,
    /// For each event, the seal last.
    pub proofs: Vec<BundleProof>,
    /// The signed root that the proofs lead to.
    pub checkpoint: String,
}

/// Which case, of which log.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleHead {
    /// The version of the format; 1.
    pub bundle: u64,
    /// The case.
    pub case: String,
    /// The name of the log.
    pub origin: String,
}

/// An event.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleEvent {
    /// Its revision.
    pub event: u64,
    /// Its leaf, as it is hashed.
    pub leaf: String,
}

/// What an event names by digest.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleContent {
    /// What it is, such as `statement`.
    pub content: String,
    /// Lower-case hex SHA-256.
    pub sha256: String,
    /// The body, where it is text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The body in base64, where it is not; neither: it was left out, or is kept no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base64: Option<String>,
}

/// Shows that an event is in the log.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BundleProof {
    /// The event's revision.
    pub proof: u64,
    /// From the leaf's neighbour up to the root's child, base64.
    pub hashes: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Root {
    checkpoint: String,
}

/// One line, by its members.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Line {
    Head(BundleHead),
    Event(BundleEvent),
    Content(BundleContent),
    Proof(BundleProof),
    Root(Root),
}

impl CaseBundle {
    /// What the seal names by its digest: head, events and contents.
    #[must_use]
    pub fn digest(head: &BundleHead, events: &[BundleEvent], contents: &[BundleContent]) -> String {
        let mut hasher = Sha256::new();
        hasher.update(line(head));
        events.iter().for_each(|event| hasher.update(line(event)));
        contents.iter().for_each(|content| hasher.update(line(content)));
        to_hex(&hasher.finalize())
    }

    /// Whether a text claims to be one.
    #[must_use]
    pub fn is_one(text: &str) -> bool {
        text.starts_with("{\"bundle\":")
    }
}

fn line(value: &impl Serialize) -> String {
    let mut line = serde_json::to_string(value).unwrap_or_default();
    line.push('\n');
    line
}

impl fmt::Display for CaseBundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&line(&self.head))?;
        self.events.iter().try_for_each(|event| f.write_str(&line(event)))?;
        self.contents.iter().try_for_each(|content| f.write_str(&line(content)))?;
        f.write_str(&line(&self.seal))?;
        self.proofs.iter().try_for_each(|proof| f.write_str(&line(proof)))?;
        f.write_str(&line(&Root { checkpoint: self.checkpoint.clone() }))
    }
}

impl FromStr for CaseBundle {
    type Err = BundleFault;

    /// Reads strictly: a line that could be written in two ways could be changed unseen.
    fn from_str(text: &str) -> Result<Self, BundleFault> {
        if text.len() > BUNDLE_BYTES_MAX {
            return Err(BundleFault::Line { line: 1, why: "the file is too large" });
        }
        let mut lines = Vec::new();
        for (at, written) in text.split_inclusive('\n').enumerate() {
            let unreadable = BundleFault::Line { line: at + 1, why: "it is no line of a bundle" };
            let read: Line = serde_json::from_str(written).map_err(|_| unreadable.clone())?;
            if line(&read) != written {
                return Err(unreadable);
            }
            lines.push(read);
        }
        sorted(lines)
    }
}

/// The lines in their one order.
fn sorted(lines: Vec<Line>) -> Result<CaseBundle, BundleFault> {
    let (mut head, mut root) = (None, None);
    let (mut events, mut contents, mut proofs, mut seal) =
        (Vec::new(), Vec::new(), Vec::new(), None);
    for (at, line) in lines.into_iter().enumerate() {
        let why = "it does not stand where it belongs";
        let misplaced = Err(BundleFault::Line { line: at + 1, why });
        let sealed = seal.is_some();
        match line {
            Line::Head(found) if at == 0 => head = Some(found),
            Line::Event(found) if contents.is_empty() && !sealed && proofs.is_empty() => {
                events.push(found);
            }
            Line::Event(found) if !sealed => seal = Some(found),
            Line::Content(found) if !sealed && proofs.is_empty() => contents.push(found),
            Line::Proof(found) if root.is_none() => proofs.push(found),
            Line::Root(found) if root.is_none() => root = Some(found.checkpoint),
            _ => return misplaced,
        }
    }
    // Without contents the seal is the last of the events.
    let seal = seal.or_else(|| events.pop());
    match (head, seal, root) {
        (Some(head), Some(seal), Some(checkpoint)) => {
            Ok(CaseBundle { head, events, contents, seal, proofs, checkpoint })
        }
        _ => Err(BundleFault::Cut),
    }
}
