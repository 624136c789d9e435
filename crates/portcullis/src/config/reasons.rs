//! Reasons as they are written, into the list of this gate.
//!
//! Must not know which reasons every gate has.

use portcullis_registry::{Reason, Reasons};

use super::settle::Settling;
use super::shape::ConfigFile;

impl Settling<'_> {
    pub(super) fn reasons(&mut self, file: &ConfigFile) -> Reasons {
        let mut reasons = Reasons::default();
        for written in &file.reasons {
            let put = reasons.put(Reason {
                code: written.code.value.clone().into(),
                about: written.about.clone().into(),
                facts: written.facts,
                ground: written.ground,
                clause: written.clause.clone().into(),
                because: written.because.clone().into(),
            });
            if let Err(error) = put {
                let help = "see *Reasons* in docs/operating.md";
                self.fault("PC0050", &written.code, error.to_string(), help);
            }
        }
        reasons
    }
}
