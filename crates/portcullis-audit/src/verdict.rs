//! What a verification found.

use std::fmt;

use serde::Serialize;

/// What a verification found, first fault first and only.
#[derive(Debug, Clone, Default, Eq, PartialEq, Serialize)]
pub struct Verification {
    /// Whole and consecutive events, up to the fault where there is one.
    pub events: u64,
    /// Signed checkpoints that hold.
    pub checkpoints: u64,
    /// Checkpoints and receipts kept elsewhere that it agrees with.
    #[serde(skip_serializing_if = "is_none")]
    pub kept: u64,
    /// The name of the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// Root hash over those events, base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// The public key that signed last, in the form `name+hash+base64`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<String>,
    /// Whether that key was compared with one the caller trusts. If not, a whole forged log with
    /// keys of its own would pass.
    pub trusted_key: bool,
    /// Whether the log was folded anew and led to the state that a running gate acts on.
    #[serde(skip_serializing_if = "is_not")]
    pub replayed: bool,
    /// What is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
}

impl Verification {
    /// Whether all is as it was written.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.fault.is_none()
    }
}

/// The first thing that is wrong with a log.
#[derive(Debug, Clone, Eq, PartialEq, Serialize)]
pub struct Fault {
    /// The first bad revision, where one can be named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<u64>,
    /// What is wrong with it.
    pub why: String,
}

/// A fault with its place.
pub(crate) fn at(revision: u64, why: impl Into<String>) -> Fault {
    Fault { revision: Some(revision), why: why.into() }
}

/// What is said of a log that is shorter than what was signed.
pub(crate) fn cut(signed: u64, there: u64) -> String {
    format!("the log was cut: a checkpoint is signed for {signed} events and {there} are there")
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_not(replayed: &bool) -> bool {
    !replayed
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_none(kept: &u64) -> bool {
    *kept == 0
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.revision {
            Some(revision) => write!(f, "revision {revision}: {}", self.why),
            None => f.write_str(&self.why),
        }
    }
}

impl fmt::Display for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fault {
            Some(fault @ Fault { revision: Some(_), .. }) => write!(f, "damaged at {fault}"),
            Some(fault) => write!(f, "damaged: {fault}"),
            None => {
                let (events, checkpoints) = (self.events, self.checkpoints);
                write!(
                    f,
                    "{events} events and {checkpoints} signed checkpoints are as they were written"
                )?;
                match self.kept {
                    0 => {}
                    1 => f.write_str(", and agree with what was kept elsewhere")?,
                    kept => write!(f, ", and agree with {kept} things kept elsewhere")?,
                }
                if self.replayed { f.write_str(", and lead to the state in force") } else { Ok(()) }
            }
        }
    }
}
