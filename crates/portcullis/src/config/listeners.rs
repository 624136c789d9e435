//! Addresses that partners connect to, and the files that TLS on them stands on.
//!
//! Must not listen, nor watch a file.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ipnet::IpNet;
use portcullis_proxy::{Certificate, Clients, Pem, TlsError, TlsFront, TlsMaterial};
use portcullis_yaml::At;

use super::secrets::{SecretError, fetch};
use super::settle::Settling;
use super::shape::{Listen, ListenerAt, SecretFrom, Tls};
use crate::clock::SystemClock;

/// Most listeners, and most certificates of one.
const MOST: usize = 64;

/// An address that partners connect to.
#[derive(Debug, Clone)]
pub(crate) struct ListenerOf {
    pub address: SocketAddr,
    pub tls: Option<TlsFiles>,
    pub proxy_protocol: Vec<IpNet>,
    /// What the socket is called that is handed over for it.
    pub socket: Option<String>,
}

impl ListenerOf {
    const fn plain(address: SocketAddr) -> Self {
        Self { address, tls: None, proxy_protocol: Vec::new(), socket: None }
    }
}

/// The files that TLS stands on.
#[derive(Debug, Clone)]
pub(crate) struct TlsFiles {
    base: PathBuf,
    certificates: Vec<(PathBuf, SecretFrom)>,
    clients: Option<(PathBuf, bool)>,
}

/// Why TLS can't be had from its files.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TlsFault {
    #[error("the file `{path}` can't be read: {why}")]
    File { path: PathBuf, why: std::io::Error },
    #[error(transparent)]
    Key(#[from] SecretError),
    #[error(transparent)]
    Material(#[from] TlsError),
}

impl TlsFiles {
    /// What is in them now.
    pub(crate) fn read(&self) -> Result<TlsMaterial, TlsFault> {
        let certificates = self.certificates.iter().map(|(chain, key)| {
            let secret = fetch(key, &self.base)?;
            let text = secret.expose().as_bytes().to_vec().into();
            Ok(Certificate { chain: pem(chain)?, key: Pem { name: called(key), text } })
        });
        let clients = self.clients.as_ref().map(|(authorities, required)| {
            Ok::<_, TlsFault>(Clients { authorities: pem(authorities)?, required: *required })
        });
        Ok(TlsMaterial {
            certificates: certificates.collect::<Result<_, TlsFault>>()?,
            clients: clients.transpose()?,
        })
    }

    /// The folders they are in: files are replaced rather than written.
    pub(crate) fn folders(&self) -> Vec<PathBuf> {
        let chains = self.certificates.iter().map(|(chain, _)| chain.clone());
        let keys = self.certificates.iter().filter_map(|(_, key)| key.path(&self.base));
        let clients = self.clients.iter().map(|(authorities, _)| authorities.clone());
        let folder = |path: PathBuf| path.parent().map(Path::to_path_buf);
        let mut folders: Vec<_> = chains.chain(keys).chain(clients).filter_map(folder).collect();
        folders.sort();
        folders.dedup();
        folders
    }
}

pub(super) fn pem(path: &Path) -> Result<Pem, TlsFault> {
    let text =
        std::fs::read(path).map_err(|why| TlsFault::File { path: path.to_path_buf(), why })?;
    Ok(Pem { name: path.display().to_string(), text: text.into() })
}

/// What a key is called in a fault.
pub(super) fn called(SecretFrom { file, env, credential }: &SecretFrom) -> String {
    let name = file.as_ref().or(env.as_ref()).or(credential.as_ref());
    name.cloned().unwrap_or_default()
}

impl Settling<'_> {
    pub(super) fn listeners(&mut self, at: &At<Listen>, admin: SocketAddr) -> Vec<ListenerOf> {
        let each = match &at.value {
            Listen::One(address) => {
                let address = self.listen_at(at, address, admin);
                return address.map(ListenerOf::plain).into_iter().collect();
            }
            Listen::Each(each) => each,
        };
        if each.is_empty() || each.len() > MOST {
            let help = "write an address and port, or one listener and more";
            self.fault("PC0070", at, format!("{} listeners can't be had", each.len()), help);
        }
        let mut listeners: Vec<ListenerOf> = Vec::new();
        for listener in each {
            let Some(address) = self.listen_at(&listener.address, &listener.address, admin) else {
                continue;
            };
            if address.port() != 0 && listeners.iter().any(|known| known.address == address) {
                let help = "give each listener an address or a port of its own";
                self.fault("PC0004", &listener.address, "two listeners share an address", help);
            }
            let proxy_protocol = self.announcers(listener);
            let (tls, socket) = (self.tls(listener), listener.socket.clone());
            listeners.push(ListenerOf { address, tls, proxy_protocol, socket });
        }
        listeners
    }

    fn listen_at<T>(&mut self, at: &At<T>, text: &str, admin: SocketAddr) -> Option<SocketAddr> {
        let address = self.address_at(at, text)?;
        if address == admin && address.port() != 0 {
            self.fault(
                "PC0004",
                at,
                "the admin API may not share the public address",
                "give it a port of its own, such as 127.0.0.1:9901",
            );
        }
        Some(address)
    }

    fn announcers(&mut self, listener: &ListenerAt) -> Vec<IpNet> {
        let Some(list) = &listener.proxy_protocol else { return Vec::new() };
        if list.is_empty() {
            let message = "`proxy_protocol` names no proxy, so nobody could connect";
            let help = "name the networks of the proxies, or leave the line out";
            self.fault("PC0072", &listener.address, message, help);
        }
        self.networks(list)
    }

    fn tls(&mut self, listener: &ListenerAt) -> Option<TlsFiles> {
        let at = listener.tls.as_ref()?;
        let Tls { certificates, clients } = &at.value;
        if certificates.len() > MOST {
            self.fault("PC0071", at, format!("more than {MOST} certificates"), "leave some out");
        }
        let files = TlsFiles {
            base: self.base.clone(),
            certificates: certificates
                .iter()
                .map(|one| (self.base.join(&one.chain.value), one.key.value.clone()))
                .collect(),
            clients: clients.as_ref().map(|clients| {
                let required = clients.required.as_ref().is_none_or(|at| at.value);
                (self.base.join(&clients.authorities.value), required)
            }),
        };
        // Looked at now, as secrets are: what TLS can't stand on must not stop a start halfway.
        let stands = files.read().and_then(|material| {
            Ok(TlsFront::new(&material, Arc::new(SystemClock::start())).map(drop)?)
        });
        if let Err(why) = stands {
            self.fault("PC0071", at, why.to_string(), "see `TLS` in docs/operating.md");
        }
        Some(files)
    }
}
