//! A network that calls may come from: an address and how much of it counts.
//!
//! Must not know whose networks they are, nor how the address of a caller is found out.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// One network, such as `203.0.113.0/24`, or one address of it.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Ord, PartialOrd, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Network(IpNet);

/// Why a text is no network.
#[expect(missing_docs, reason = "the message names every member")]
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
pub enum NetworkError {
    /// Neither an address nor a network.
    #[error("`{text}` is no network; write `203.0.113.0/24`, `2001:db8::/32` or one address")]
    Unreadable { text: String },
    /// Bits are set that do not count: whoever wrote it may have meant one address.
    #[error("`{text}` has more in it than its length says; write `{whole}`, or the one address")]
    Loose { text: String, whole: String },
    /// Everybody.
    #[error(
        "`{text}` holds every address; name networks, or leave them out to accept calls from anywhere"
    )]
    Everywhere { text: String },
    /// An IPv4 network in the form of IPv6, in which no caller's address is ever compared.
    #[error("`{text}` is a network of IPv4 in the form of IPv6; write it as IPv4")]
    Mapped { text: String },
}

impl Network {
    /// Whether an address lies in it. One of IPv4 that came by IPv6 counts as what it is.
    #[must_use]
    pub fn holds(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }

    /// Whether every address of another lies in it.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        self.0.contains(&other.0)
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let own = || text.to_owned();
        let one = || text.parse::<IpAddr>().ok().map(IpNet::from);
        let net = text.parse::<IpNet>().ok().or_else(one);
        let net = net.ok_or_else(|| NetworkError::Unreadable { text: own() })?;
        if net.trunc() != net {
            return Err(NetworkError::Loose { text: own(), whole: net.trunc().to_string() });
        }
        if net.prefix_len() == 0 {
            return Err(NetworkError::Everywhere { text: own() });
        }
        match net.addr() {
            IpAddr::V6(address) if address.to_ipv4_mapped().is_some() => {
                Err(NetworkError::Mapped { text: own() })
            }
            IpAddr::V4(_) | IpAddr::V6(_) => Ok(Self(net)),
        }
    }
}

impl TryFrom<String> for Network {
    type Error = NetworkError;

    fn try_from(text: String) -> Result<Self, NetworkError> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.prefix_len() == self.0.max_prefix_len() {
            return self.0.addr().fmt(f);
        }
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_written_in_one_way() {
        #[track_caller]
        fn check(text: &str, expected: Result<&str, &str>) {
            let found = text.parse::<Network>();
            match expected {
                Ok(shown) => assert_eq!(found.unwrap().to_string(), shown),
                Err(why) => assert!(found.unwrap_err().to_string().contains(why), "{text}"),
            }
        }
        check("203.0.113.0/24", Ok("203.0.113.0/24"));
        check("203.0.113.9", Ok("203.0.113.9"));
        check("203.0.113.9/32", Ok("203.0.113.9"));
        check("2001:DB8:0:0::/32", Ok("2001:db8::/32"));
        check("2001:db8::1", Ok("2001:db8::1"));
        check("203.0.113.9/24", Err("write `203.0.113.0/24`"));
        check("0.0.0.0/0", Err("every address"));
        check("::/0", Err("every address"));
        check("::ffff:203.0.113.0/120", Err("write it as IPv4"));
        for text in ["", "acme", "203.0.113", "203.0.113.0/33", "203.0.113.0/", " 203.0.113.9"] {
            check(text, Err("is no network"));
        }
    }

    #[test]
    fn an_address_lies_in_a_network_however_it_came() {
        let office: Network = "203.0.113.0/24".parse().unwrap();
        let lies = |text: &str| office.holds(text.parse().unwrap());
        assert!(lies("203.0.113.9") && lies("::ffff:203.0.113.9"));
        assert!(!lies("203.0.114.9") && !lies("2001:db8::1"));
    }

    #[test]
    fn a_network_covers_what_lies_in_it_whole() {
        let covers = |wide: &str, narrow: &str| {
            wide.parse::<Network>().unwrap().covers(&narrow.parse().unwrap())
        };
        assert!(covers("203.0.113.0/24", "203.0.113.0/24"));
        assert!(covers("203.0.113.0/24", "203.0.113.9"));
        assert!(!covers("203.0.113.9", "203.0.113.0/24"));
        assert!(!covers("203.0.113.0/24", "2001:db8::1"));
    }
}
