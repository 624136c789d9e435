//! The list of upstreams: read again when the gate is told to look at its files.
//!
//! Of `portcullis.yaml` nothing else is taken over while the gate runs. Must not call an upstream.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use portcullis_proxy::{Exchanger, Upstreams};

use crate::config::{self, Config};
use crate::talk;

/// The upstreams in force, and where they are listed.
pub(crate) struct Listed {
    file: PathBuf,
    secure: bool,
    known: Mutex<Upstreams>,
    exchanger: Exchanger,
}

impl Listed {
    pub(super) fn new(config: &Config, exchanger: Exchanger) -> Self {
        let (file, secure) = (config.file.clone(), config.back.is_some());
        Self { file, secure, known: Mutex::new(config.upstreams.clone()), exchanger }
    }

    /// Reads them again.
    ///
    /// # Errors
    /// What is wrong with the file; those in force stay.
    pub(super) fn look(&self) -> Result<(), String> {
        let config = config::load(&self.file)
            .map_err(|faults| portcullis_yaml::Faults(faults).to_string())?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if *known == config.upstreams {
            return Ok(());
        }
        if self.secure != config.back.is_some() {
            return Err("`upstream.tls` came or went, which takes a restart".to_owned());
        }
        let count = config.upstreams.list.len().max(1);
        self.exchanger.exchange(config.upstreams.clone());
        *known = config.upstreams;
        talk::info(&format!("the changed upstreams are in force, {count} of them"));
        Ok(())
    }
}
