//! The files that TLS towards the platform stands on.
//!
//! Must not open a connection, nor watch a file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use portcullis_proxy::{BackMaterial, Certificate, Pem, TlsBack, Upstream};

use super::listeners::{TlsFault, called, pem};
use super::secrets::fetch;
use super::settle::Settling;
use super::shape::{CertificateAt, Codec, ConfigFile, SecretFrom};
use crate::clock::SystemClock;

/// The files that TLS towards the platform stands on.
#[derive(Debug, Clone)]
pub(crate) struct BackFiles {
    base: PathBuf,
    authorities: PathBuf,
    own: Option<(PathBuf, SecretFrom)>,
    name: String,
    http2: bool,
}

impl BackFiles {
    /// What is in them now.
    pub(crate) fn read(&self) -> Result<BackMaterial, TlsFault> {
        let own = self.own.as_ref().map(|(chain, key)| {
            let text = fetch(key, &self.base)?.expose().as_bytes().to_vec().into();
            let key = Pem { name: called(key), text };
            Ok::<_, TlsFault>(Certificate { chain: pem(chain)?, key })
        });
        Ok(BackMaterial { authorities: pem(&self.authorities)?, own: own.transpose()? })
    }

    /// TLS that stands on them.
    pub(crate) fn open(&self, material: &BackMaterial) -> Result<TlsBack, TlsFault> {
        let clock = Arc::new(SystemClock::start());
        Ok(TlsBack::new(material, &self.name, self.http2, clock)?)
    }

    /// The folders they are in: files are replaced rather than written.
    pub(crate) fn folders(&self) -> impl Iterator<Item = PathBuf> {
        let own = self.own.iter().flat_map(|(chain, key)| {
            [Some(chain.clone()), key.path(&self.base)].into_iter().flatten()
        });
        let all = own.chain([self.authorities.clone()]);
        all.filter_map(|path| path.parent().map(Path::to_path_buf))
    }
}

impl Settling<'_> {
    pub(super) fn back(&mut self, file: &ConfigFile) -> Option<BackFiles> {
        let from = &file.upstream;
        let Some(at) = &from.tls else {
            let all = from.addresses.iter().map(|address| &address.url).chain([&from.url]);
            if let Some(at) = all.into_iter().find(|at| at.value.starts_with("https://")) {
                let message = "nobody is said to vouch for who answers there";
                let help = "add `tls: { authorities: /etc/ssl/certs/ca-certificates.crt }` under `upstream:`, or the file of your own authority";
                self.fault("PC0082", at, message, help);
            }
            return None;
        };
        // What is wrong with the address was said.
        let host =
            from.url.value.parse().map_or(String::new(), |own: Upstream| own.host().to_owned());
        let own =
            at.value.certificate.as_ref().map(|CertificateAt { chain, key }| {
                (self.base.join(&chain.value), key.value.clone())
            });
        let files = BackFiles {
            base: self.base.clone(),
            authorities: self.base.join(&at.value.authorities.value),
            own,
            name: at.value.name.as_ref().map_or(host, |name| name.value.clone()),
            http2: from.codec == Codec::Http2,
        };
        // Looked at now, as secrets are: what TLS can't stand on must not stop a start halfway.
        if let Err(why) = files.read().and_then(|material| files.open(&material)) {
            self.fault("PC0083", at, why.to_string(), "see `upstream.tls` in docs/operating.md");
        }
        Some(files)
    }
}
