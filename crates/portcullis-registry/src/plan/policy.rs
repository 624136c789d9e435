//! Publishing a set of route and policy files, named by content.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::hex;
use crate::events::Event;
use crate::rejected::Rejected;
use crate::state::{Blob, Planned, State};
use crate::words::PublishedFile;

impl State {
    pub(super) fn publish_policy(&self, files: &[(String, Arc<str>)]) -> Result<Planned, Rejected> {
        if files.is_empty() {
            return Err(Rejected::PolicyEmpty);
        }
        let mut listed: Vec<PublishedFile> = Vec::new();
        let mut blobs: Vec<Blob> = Vec::new();
        for (name, text) in files {
            file_name(name)?;
            let blob = Blob::new(text.as_bytes().to_vec());
            listed.push(PublishedFile { name: name.clone(), sha256: blob.sha256.clone() });
            blobs.push(blob);
        }
        listed.sort();
        let twice = listed.iter().zip(listed.iter().skip(1)).find(|(a, b)| a.name == b.name);
        if let Some((file, _)) = twice {
            let (name, fault) = (file.name.clone(), "comes twice");
            return Err(Rejected::PolicyFileName { name, fault });
        }
        if let Some(old) = self.now.policy().filter(|old| old.files == listed) {
            let what = format!("this set is in force already, since event {}", old.revision.0);
            return Ok(Planned::nothing(&what));
        }
        blobs.sort_by(|a, b| a.sha256.cmp(&b.sha256));
        blobs.dedup_by(|a, b| a.sha256 == b.sha256);
        let set = set_name(&listed);
        let what = format!("policy set {set} of {} files in force", listed.len());
        Ok(Planned { blobs, ..Planned::one(Event::PolicyPublished { files: listed, set }, what) })
    }
}

fn file_name(name: &str) -> Result<(), Rejected> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '/');
    let fault = if name.is_empty() || name.len() > 120 {
        "is empty or longer than 120 bytes"
    } else if !name.chars().all(legal) {
        "holds characters other than letters, digits, `.`, `-`, `_`, `/`"
    } else if name.split('/').any(|part| part.is_empty() || part == "." || part == "..") {
        "is not a plain relative path"
    } else {
        return Ok(());
    };
    Err(Rejected::PolicyFileName { name: name.chars().take(120).collect(), fault })
}

/// The name of a set: 16 hex digits over its files, enough to tell sets apart at a glance; what is
/// in force is settled by the files' whole digests.
fn set_name(files: &[PublishedFile]) -> String {
    let mut hash = Sha256::new();
    for file in files {
        hash.update(file.name.as_bytes());
        hash.update(b"\0");
        hash.update(file.sha256.as_bytes());
        hash.update(b"\n");
    }
    hex(&hash.finalize()).chars().take(16).collect()
}
