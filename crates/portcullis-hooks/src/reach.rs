//! Which addresses may be called: those of the open internet, and those that were allowed by name.
//!
//! The lists are those of the IANA registries for special addresses, and the few that clouds put
//! elsewhere. Must not look a name up.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use ipnet::IpNet;

/// Networks of IPv4 that are not the open internet.
const CLOSED_V4: &[([u8; 4], u8)] = &[
    ([0, 0, 0, 0], 8),        // this host
    ([10, 0, 0, 0], 8),       // private
    ([100, 64, 0, 0], 10),    // shared by carriers; one cloud's metadata
    ([127, 0, 0, 0], 8),      // loopback
    ([169, 254, 0, 0], 16),   // link-local; metadata of most clouds
    ([172, 16, 0, 0], 12),    // private
    ([192, 0, 0, 0], 24),     // protocols
    ([192, 0, 2, 0], 24),     // documentation
    ([192, 88, 99, 0], 24),   // relays from IPv6
    ([192, 168, 0, 0], 16),   // private
    ([198, 18, 0, 0], 15),    // benchmarks
    ([198, 51, 100, 0], 24),  // documentation
    ([203, 0, 113, 0], 24),   // documentation
    ([168, 63, 129, 16], 32), // one cloud's host agent, at a public address
    ([224, 0, 0, 0], 4),      // multicast
    ([240, 0, 0, 0], 4),      // reserved, broadcast
];
/// What of IPv6 is handed out to the open internet; everything else is closed.
const OPEN_V6: ([u16; 8], u8) = ([0x2000, 0, 0, 0, 0, 0, 0, 0], 3);
/// Networks within it that are not the open internet.
const CLOSED_V6: &[([u16; 8], u8)] = &[
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23), // protocols; tunnels to IPv4
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32), // documentation
    ([0x2002, 0, 0, 0, 0, 0, 0, 0], 16), // tunnels to IPv4
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20), // documentation
];

/// Which addresses may be called.
#[derive(Debug, Clone, Default, Eq, PartialEq)]
pub struct Reach {
    allowed: Vec<IpNet>,
}

impl Reach {
    /// The open internet and these networks.
    #[must_use]
    pub fn new(allowed: Vec<IpNet>) -> Self {
        Self { allowed }
    }

    /// Why an address may not be called; none: it may. Without TLS only loopback may, and only where
    /// it was allowed.
    #[must_use]
    pub fn refuses(&self, at: SocketAddr, tls: bool) -> Option<&'static str> {
        // `::ffff:10.0.0.1` is 10.0.0.1 in other clothes.
        let ip = at.ip().to_canonical();
        let allowed = self.allowed.iter().any(|net| net.contains(&ip));
        let plain = allowed && ip.is_loopback();
        if !(tls || plain) {
            return Some(
                "is called without TLS; only loopback can be, where `hooks.allow` lists it",
            );
        }
        (!allowed && is_closed(ip)).then_some(
            "is not on the open internet (private, loopback, link-local, metadata or reserved); `hooks.allow` can list its network",
        )
    }
}

fn is_closed(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => CLOSED_V4.iter().any(|(net, length)| within_v4(ip, *net, *length)),
        IpAddr::V6(ip) => {
            let (open, length) = OPEN_V6;
            !within_v6(ip, open, length)
                || CLOSED_V6.iter().any(|(net, length)| within_v6(ip, *net, *length))
        }
    }
}

fn within_v4(ip: Ipv4Addr, net: [u8; 4], length: u8) -> bool {
    let differs = ip.to_bits() ^ Ipv4Addr::from(net).to_bits();
    differs.leading_zeros() >= u32::from(length)
}

fn within_v6(ip: Ipv6Addr, net: [u16; 8], length: u8) -> bool {
    let differs = ip.to_bits() ^ Ipv6Addr::from(net).to_bits();
    differs.leading_zeros() >= u32::from(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ip: &str) -> SocketAddr {
        SocketAddr::new(ip.parse().unwrap(), 443)
    }

    #[test]
    fn only_the_open_internet_is_called() {
        let closed = [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.100.100.200",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.168.1.1",
            "198.19.0.1",
            "168.63.129.16",
            "224.0.0.1",
            "239.1.1.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::a00:1",
            "100::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:a00:1::",
            "3fff::1",
        ];
        let open = [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.0.0.1",
            "128.0.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "168.63.129.17",
            "192.169.0.1",
            "223.255.255.255",
            "2606:4700::1111",
            "2a00::1",
            "2001:4860::8888",
            "::ffff:1.1.1.1",
        ];
        let reach = Reach::default();
        for ip in closed {
            assert!(reach.refuses(at(ip), true).is_some(), "{ip}");
        }
        for ip in open {
            assert_eq!(reach.refuses(at(ip), true), None, "{ip}");
            assert!(reach.refuses(at(ip), false).is_some(), "{ip} without TLS");
        }
    }

    #[test]
    fn what_is_allowed_by_network_is_called_and_plain_text_only_on_loopback() {
        let nets = ["127.0.0.0/8", "10.1.0.0/16", "::1/128"].map(|net| net.parse().unwrap());
        let reach = Reach::new(nets.to_vec());
        let rows = [
            ("127.0.0.1", true, true),
            ("127.0.0.1", false, true),
            ("::1", false, true),
            ("10.1.2.3", true, true),
            ("::ffff:10.1.2.3", true, true),
            ("10.1.2.3", false, false),
            ("10.2.0.1", true, false),
            ("169.254.169.254", true, false),
        ];
        for (ip, tls, called) in rows {
            assert_eq!(reach.refuses(at(ip), tls).is_none(), called, "{ip} {tls}");
        }
    }
}
