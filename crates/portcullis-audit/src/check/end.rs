//! The end of a check of a log: what must not be left over, and the verdict.
//!
//! Must not read a leaf or a checkpoint.

use super::LogCheck;
use crate::key::LogVerifier;
use crate::verdict::{Fault, Verification, at, cut};

impl LogCheck {
    /// Ends the check. `trusted` is the key the caller knows from elsewhere; without it a log that
    /// was forged as a whole, keys included, passes, and `trusted_key` says so.
    #[must_use]
    pub fn finish(self, trusted: Option<&LogVerifier>) -> Verification {
        let fault = self.left_over(trusted).err();
        self.report(fault, trusted.is_some())
    }

    /// Ends the check at a fault that was found.
    #[must_use]
    pub fn fail(self, fault: Fault) -> Verification {
        self.report(Some(fault), false)
    }

    fn left_over(&self, trusted: Option<&LogVerifier>) -> Result<(), Fault> {
        let size = self.peaks.size();
        if let Some(kept) = self.kept.first() {
            return Err(kept.missing(size));
        }
        if let Some((claimed, _)) = &self.beside {
            if claimed.size > size {
                return Err(at(size, cut(claimed.size, size)));
            }
            let why = format!(
                "the log has no checkpoint of size {}, and the file beside it has",
                claimed.size
            );
            return Err(at(claimed.size.saturating_sub(1), why));
        }
        if self.signed != size {
            return Err(at(self.signed, "the event is under no signed checkpoint"));
        }
        match (trusted, self.keys.first()) {
            (Some(trusted), Some(key)) if !self.signers().any(|signer| signer == trusted) => {
                Err(Fault {
                    revision: None,
                    why: format!(
                        "the log is signed by `{key}`, and the trusted key is `{trusted}`"
                    ),
                })
            }
            _ => Ok(()),
        }
    }

    fn report(self, fault: Option<Fault>, trusted: bool) -> Verification {
        let key = self.keys.first();
        Verification {
            events: self.peaks.size(),
            checkpoints: self.checkpoints,
            kept: self.held,
            origin: key.map(|key| key.name().to_owned()),
            root: Some(self.peaks.root().to_base64()),
            signed_by: key.map(ToString::to_string),
            trusted_key: trusted && fault.is_none(),
            replayed: false,
            fault,
        }
    }
}
