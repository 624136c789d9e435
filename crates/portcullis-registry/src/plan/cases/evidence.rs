//! Evidence of a case: by its digest, the body where it is given; each reading is taken down.

use portcullis_types::CaseId;

use super::{room, worded};
use crate::cases::{CaseCommand, CaseEvent, CaseRejected, EVIDENCE_BYTES_MAX, EVIDENCE_MAX};
use crate::plan::Planned;
use crate::rejected::Rejected;
use crate::state::{Blob, State};
use crate::texts;

impl State {
    pub(super) fn evidence_added(&self, command: &CaseCommand) -> Result<Planned, Rejected> {
        let CaseCommand::AddEvidence { case, name, sha256, bytes, body } = command else {
            return Ok(Planned::nothing("nothing to do"));
        };
        let record = self.open_case(case.as_str())?;
        digested(sha256)?;
        if record.evidence.iter().any(|one| *one.sha256 == **sha256) {
            return Err(CaseRejected::Same(case.clone()).into());
        }
        room(record, "evidence", record.evidence.len(), 1, EVIDENCE_MAX)?;
        let blob = body.clone().map(Blob::new);
        if let Some(blob) = &blob {
            let (len, max) = (blob.body.len(), EVIDENCE_BYTES_MAX);
            if len > max {
                return Err(Rejected::TextTooLong { what: "evidence", bytes: len, max });
            }
            if blob.sha256 != *sha256 {
                let (named, found) = (sha256.clone(), blob.sha256.clone());
                return Err(CaseRejected::DigestOther { named, found }.into());
            }
        }
        let (name, kept) = (texts::name(name)?, blob.is_some());
        let how = if kept { "kept" } else { "by its digest; keep the body where it is" };
        let what = format!("evidence `{name}` added to case `{case}`, {how}");
        let bytes = blob.as_ref().map_or(*bytes, |blob| blob.body.len() as u64);
        let (case, sha256) = (case.clone(), sha256.clone());
        let event = CaseEvent::EvidenceAdded { case, name, sha256, bytes, kept };
        Ok(Planned { blobs: blob.into_iter().collect(), ..Planned::one(event.into(), what) })
    }

    /// Also of a case that is closed: who looks later is recorded all the same.
    pub(super) fn evidence_read(
        &self,
        case: &CaseId,
        sha256: &str,
        purpose: &str,
    ) -> Result<Planned, Rejected> {
        let record = self.known_case(case.as_str())?;
        let found = record.evidence.iter().find(|one| *one.sha256 == *sha256);
        let found = found.ok_or_else(|| CaseRejected::NoEvidence {
            case: case.clone(),
            sha256: sha256.chars().take(80).collect(),
        })?;
        if let Some(gone) = found.erased {
            let name = found.name.to_string();
            return Err(CaseRejected::EvidenceErased { name, gone }.into());
        }
        if !found.kept {
            let (name, added) = (found.name.to_string(), found.revision);
            return Err(CaseRejected::NotKept { name, added }.into());
        }
        let purpose = worded("purpose", purpose)?;
        let what = format!("evidence `{}` of case `{case}` read: {purpose}", found.name);
        let (case, sha256) = (case.clone(), found.sha256.to_string());
        let event = CaseEvent::EvidenceRead { case, sha256, purpose };
        Ok(Planned::one(event.into(), what))
    }

    /// Also of a case that is closed.
    pub(super) fn exported(
        &self,
        case: &CaseId,
        digest: &str,
        evidence: bool,
    ) -> Result<Planned, Rejected> {
        self.known_case(case.as_str())?;
        digested(digest)?;
        let with = if evidence { ", with the bodies of its evidence" } else { "" };
        let what = format!("case `{case}` handed out as a bundle{with}");
        let (case, digest) = (case.clone(), digest.to_owned());
        Ok(Planned::one(CaseEvent::Exported { case, digest, evidence }.into(), what))
    }
}

/// Refuses what is no digest.
fn digested(text: &str) -> Result<(), CaseRejected> {
    let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if text.len() == 64 && text.bytes().all(hex) {
        return Ok(());
    }
    Err(CaseRejected::DigestUnreadable(text.chars().take(80).collect()))
}
