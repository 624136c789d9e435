//! Certificates of the listeners: read at the start, and again whenever their files change.
//!
//! A file that TLS can't stand on changes nothing and is told of. Must not know what a certificate
//! is for.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use portcullis_proxy::{Listener, Pem, Running, TlsBack, TlsFront, TlsMaterial};
use portcullis_types::Clock;
use sha2::{Digest, Sha256};

use super::back::HeldBack;
use super::sockets::HandedOver;
use crate::clock::SystemClock;
use crate::config::{Config, ListenerOf, TlsFiles};
use crate::talk;

/// TLS of every listener that has it.
#[derive(Debug, Default)]
pub(crate) struct Certificates {
    each: Vec<Held>,
    back: Option<HeldBack>,
}

/// The listeners, and TLS towards the platform, as the data plane takes them.
pub(crate) type Entries = (Vec<Listener>, Option<TlsBack>);

/// TLS of one listener.
#[derive(Debug)]
struct Held {
    at: String,
    files: TlsFiles,
    front: TlsFront,
    /// Of what was read last, so that what did not change is not told.
    digest: Mutex<[u8; 32]>,
}

/// The listeners as the data plane takes them, and their certificates.
pub(crate) fn open(
    config: &Config,
    handed: &mut HandedOver,
) -> anyhow::Result<(Entries, Certificates)> {
    let (mut listeners, mut certificates) = (Vec::new(), Certificates::default());
    for ListenerOf { address, tls, proxy_protocol, socket } in &config.listeners {
        let held = tls.as_ref().map(|files| Held::open(address.to_string(), files)).transpose()?;
        let tls = held.as_ref().map(|held| held.front.clone());
        let proxy_protocol = proxy_protocol.clone();
        let (handed_over, shared) = handed.take(*address, socket.as_deref())?;
        listeners.push(Listener { address: *address, tls, proxy_protocol, handed_over, shared });
        certificates.each.extend(held);
    }
    certificates.back = config.back.as_ref().map(HeldBack::open).transpose()?;
    let back = certificates.back.as_ref().map(|held| held.back.clone());
    Ok(((listeners, back), certificates))
}

/// Where partners reach a data plane that runs.
pub(crate) fn reached_at(of: &[ListenerOf], running: &Running) -> String {
    let each = of.iter().zip(running.addrs()).map(|(listener, at)| match listener.tls {
        Some(_) => format!("https://{at}"),
        None => format!("http://{at}"),
    });
    each.collect::<Vec<_>>().join(" and ")
}

impl Certificates {
    /// The folders to watch.
    pub(crate) fn folders(&self) -> Vec<PathBuf> {
        let back = self.back.iter().flat_map(|held| held.files.folders());
        self.each.iter().flat_map(|held| held.files.folders()).chain(back).collect()
    }

    /// Reads all files again.
    ///
    /// # Errors
    /// What is wrong with those that are not put in force.
    pub(crate) fn look(&self) -> Result<(), String> {
        let fronts = self.each.iter().map(Held::look);
        let looked = fronts.chain(self.back.iter().map(HeldBack::look));
        let faults: Vec<String> =
            looked.filter_map(|looked| looked.err().map(|why| why.to_string())).collect();
        if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
    }
}

impl Held {
    fn open(at: String, files: &TlsFiles) -> anyhow::Result<Self> {
        let material = files.read().with_context(|| format!("no TLS at {at}"))?;
        let front = TlsFront::new(&material, Arc::new(SystemClock::start()))
            .with_context(|| format!("no TLS at {at}"))?;
        let now = SystemClock::start().wall();
        for (name, end) in front.ends().iter().filter(|(_, end)| *end < now) {
            let end = end.rfc3339();
            talk::warn(&format!("the certificate `{name}` ended at {end}; have it renewed"));
        }
        let digest = Mutex::new(of(&material));
        Ok(Self { at, files: files.clone(), front, digest })
    }

    fn look(&self) -> anyhow::Result<()> {
        let material = self.files.read()?;
        let mut known = self.digest.lock().unwrap_or_else(PoisonError::into_inner);
        let now = of(&material);
        if *known == now {
            return Ok(());
        }
        self.front.exchange(&material)?;
        *known = now;
        talk::info(&format!("the changed certificates are in force at {}", self.at));
        Ok(())
    }
}

fn of(material: &TlsMaterial) -> [u8; 32] {
    let own = material.certificates.iter().flat_map(|one| [&one.chain, &one.key]);
    digest(own.chain(material.clients.iter().map(|clients| &clients.authorities)))
}

/// Each text after its length, so that none runs into the next.
pub(super) fn digest<'p>(all: impl Iterator<Item = &'p Pem>) -> [u8; 32] {
    let mut sha = Sha256::new();
    for pem in all {
        sha.update(pem.text.len().to_be_bytes());
        sha.update(&*pem.text);
    }
    sha.finalize().into()
}
