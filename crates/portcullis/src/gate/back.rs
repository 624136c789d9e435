//! TLS towards the platform: read at the start, and again whenever its files change.
//!
//! A file that TLS can't stand on changes nothing and is told of. Must not know what a certificate
//! is for.

use std::sync::{Mutex, PoisonError};

use anyhow::Context;
use portcullis_proxy::{BackMaterial, TlsBack};

use super::certs::digest;
use crate::config::BackFiles;
use crate::talk;

/// TLS towards the platform.
#[derive(Debug)]
pub(super) struct HeldBack {
    pub(super) files: BackFiles,
    pub(super) back: TlsBack,
    /// Of what was read last, so that what did not change is not told.
    digest: Mutex<[u8; 32]>,
}

impl HeldBack {
    pub(super) fn open(files: &BackFiles) -> anyhow::Result<Self> {
        let material = files.read().context("no TLS towards the platform")?;
        let back = files.open(&material).context("no TLS towards the platform")?;
        Ok(Self { files: files.clone(), back, digest: Mutex::new(of(&material)) })
    }

    pub(super) fn look(&self) -> anyhow::Result<()> {
        let material = self.files.read()?;
        let mut known = self.digest.lock().unwrap_or_else(PoisonError::into_inner);
        let now = of(&material);
        if *known == now {
            return Ok(());
        }
        self.back.exchange(&material)?;
        *known = now;
        talk::info("the changed certificates are in force towards the platform");
        Ok(())
    }
}

fn of(material: &BackMaterial) -> [u8; 32] {
    let own = material.own.iter().flat_map(|own| [&own.chain, &own.key]);
    digest(own.chain([&material.authorities]))
}
