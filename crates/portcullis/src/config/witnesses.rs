//! Witnesses of the log, and the name by which they know it.
//!
//! Must not ask one.

use portcullis_audit::{LogKey, WitnessVerifier};
use portcullis_hooks::Target;
use portcullis_yaml::At;

use super::settle::Settling;
use super::shape::{ConfigFile, WitnessAt};

/// What a gate's log is called unless it is said otherwise.
const LOG_NAME: &str = "portcullis";
/// Their signatures stand in one note with the log's own.
const WITNESSES_MAX: usize = 8;

/// Who signs checkpoints beside the log, and how many must have.
#[derive(Debug, Clone, Default)]
pub(crate) struct Witnesses {
    pub quorum: usize,
    pub list: Vec<WitnessOf>,
}

/// One of them.
#[derive(Debug, Clone)]
pub(crate) struct WitnessOf {
    /// Where it is asked, without a slash at its end.
    pub url: String,
    pub key: WitnessVerifier,
}

impl Settling<'_> {
    pub(super) fn witnesses(&mut self, file: &ConfigFile) -> Witnesses {
        let mut list: Vec<WitnessOf> = Vec::new();
        for WitnessAt { url, key } in &file.witnesses.list {
            if let Err(error) = Target::read(&url.value) {
                let help = "write the address that the witness listens on, such as https://witness.example";
                self.fault("PC0030", url, error.to_string(), help);
            }
            match key.value.parse::<WitnessVerifier>() {
                Ok(key) if list.iter().all(|known| known.key != key) => {
                    list.push(WitnessOf { url: url.value.trim_end_matches('/').to_owned(), key });
                }
                Ok(_) => self.fault(
                    "PC0030",
                    key,
                    "this witness is named twice",
                    "leave one out: whoever signs twice counts once",
                ),
                Err(_) => {
                    let message = "this is not the public key of a witness";
                    self.fault(
                        "PC0030",
                        key,
                        message,
                        "write what the witness tells as its key, in the form `name+id+key`",
                    );
                }
            }
        }
        if let Some(too_many) = file.witnesses.list.get(WITNESSES_MAX) {
            let message = format!("there are more than {WITNESSES_MAX} witnesses");
            self.fault("PC0030", &too_many.url, message, "leave some out");
        }
        let quorum = match &file.witnesses.quorum {
            Some(at) if at.value == 0 || at.value > file.witnesses.list.len() => {
                let message = format!(
                    "{} of {} witnesses can't have signed",
                    at.value,
                    file.witnesses.list.len()
                );
                self.fault(
                    "PC0030",
                    at,
                    message,
                    "write how many of the witnesses in `list` must have signed a checkpoint",
                );
                0
            }
            Some(at) => at.value,
            None => list.len(),
        };
        Witnesses { quorum, list }
    }

    /// The name of the log: its own key and every witness tell it by that.
    pub(super) fn log_name(&mut self, at: Option<&At<String>>) -> String {
        let Some(at) = at else { return LOG_NAME.to_owned() };
        // Only the name is looked at here; the key is not made of it.
        if let Err(error) = LogKey::from_seed(&at.value, &[0; 32]) {
            self.fault("PC0031", at, error.to_string(), "a log keeps the name that it began with");
        }
        at.value.clone()
    }
}
