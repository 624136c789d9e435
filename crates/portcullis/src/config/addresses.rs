//! Addresses and networks: each one that can be listened at, called or believed.
//!
//! Must not resolve a name or open a connection.

use std::net::SocketAddr;
use std::str::FromStr;

use ipnet::IpNet;
use portcullis_proxy::Upstream;
use portcullis_yaml::At;

use super::settle::Settling;

impl Settling<'_> {
    pub(super) fn address(&mut self, at: Option<&At<String>>, default: &str) -> SocketAddr {
        let fallback = SocketAddr::from(([127, 0, 0, 1], 0));
        let Some(at) = at else { return default.parse().unwrap_or(fallback) };
        self.address_at(at, &at.value).unwrap_or(fallback)
    }

    /// None: it was none, which is told.
    pub(super) fn address_at<T>(&mut self, at: &At<T>, text: &str) -> Option<SocketAddr> {
        let address = SocketAddr::from_str(text).ok();
        if address.is_none() {
            let help = "write an IP address and a port, such as 127.0.0.1:8480 or [::1]:8480";
            self.fault("PC0003", at, format!("`{text}` is not an address and port"), help);
        }
        address
    }

    pub(super) fn public_url(&mut self, at: &At<String>) -> String {
        if let Some((message, help)) = public_url_fault(&at.value) {
            self.fault("PC0005", at, message, help);
        }
        at.value.trim_end_matches('/').to_owned()
    }

    pub(super) fn upstream(&mut self, at: &At<String>) -> String {
        match upstream_fault(&at.value) {
            None => {}
            Some((message, help)) => self.fault("PC0006", at, message, help),
        }
        at.value.trim_end_matches('/').to_owned()
    }

    pub(super) fn networks(&mut self, list: &[At<String>]) -> Vec<IpNet> {
        let mut out = Vec::new();
        for at in list {
            let net = at.value.parse::<IpNet>().ok();
            match net.or_else(|| at.value.parse::<std::net::IpAddr>().ok().map(IpNet::from)) {
                Some(net) => out.push(net),
                None => self.fault(
                    "PC0009",
                    at,
                    format!("`{}` is not a network", at.value),
                    "write an address or a network, such as 10.0.0.0/8",
                ),
            }
        }
        out
    }
}

/// What is wrong with the address partners call, and what to write.
pub(crate) fn public_url_fault(url: &str) -> Option<(String, &'static str)> {
    let url = url.trim_end_matches('/');
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    let plain = |rest: &str| {
        !rest.is_empty() && !rest.starts_with('/') && !rest.contains(['?', '#', '@', ' ', '\\'])
    };
    if rest.is_some_and(plain) {
        return None;
    }
    Some((
        format!("`{url}` is not the address partners call"),
        "write scheme and host, and a path prefix where there is one, such as https://api.example.com/graph",
    ))
}

/// What is wrong with an upstream's address, and what to write.
pub(crate) fn upstream_fault(url: &str) -> Option<(String, &'static str)> {
    if url.starts_with("unix:") && url.parse::<Upstream>().is_ok() {
        return None;
    }
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    let rest = rest.map(|rest| rest.trim_end_matches('/'));
    let legal = |rest: &str| {
        let port = rest.rsplit_once(':').and_then(|(host, port)| {
            (!host.is_empty()).then(|| port.parse::<u16>().ok()).flatten()
        });
        port.is_some_and(|port| port != 0) && !rest.contains(['/', '?', '#', '@', ' '])
    };
    if rest.is_some_and(legal) {
        return None;
    }
    Some((
        format!("`{url}` is not a platform's address"),
        "write scheme, host and port and nothing else, such as http://127.0.0.1:9000, or unix:/path/of/a.sock",
    ))
}
