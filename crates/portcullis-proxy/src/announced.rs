//! Whom a proxy in front announces before the first byte of its client: PROXY protocol 1 and 2.
//!
//! Believed from peers that the listener names, and then demanded: a header that may be left out is
//! one that a client can write itself. Must not know what follows the header.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

/// How a header of version 2 begins.
const SIGNATURE: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// How one of version 1 does.
const WORD: &[u8] = b"PROXY ";
/// Longest line of version 1, with its end.
const LINE_MAX: usize = 107;
/// Longest header of version 2 that is read: addresses and what else a proxy has to tell.
const HEADER_MAX: usize = 2048;

/// What stands in the bytes read so far.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub(crate) enum Announced {
    /// A header of so many bytes. It names a client, or says that the proxy speaks for itself.
    Whole(usize, Option<IpAddr>),
    /// The beginning of a header.
    Part,
    /// No header, or a faulty one.
    Fault,
}

/// Reads a header and not a byte more; the client that it names.
pub(crate) async fn read(stream: &mut TcpStream) -> io::Result<Option<IpAddr>> {
    let mut header = Vec::new();
    let mut seen = [0; 256];
    loop {
        let count = stream.peek(&mut seen).await?;
        let known = header.len();
        header.extend_from_slice(seen.get(..count).unwrap_or_default());
        let (own, whom) = match parse(&header) {
            _ if count == 0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            Announced::Fault => return Err(io::ErrorKind::InvalidData.into()),
            Announced::Part => (count, None),
            Announced::Whole(bytes, whom) => (bytes.saturating_sub(known), Some(whom)),
        };
        // What follows is left for whoever is to read it.
        stream.read_exact(seen.get_mut(..own).unwrap_or_default()).await?;
        if let Some(whom) = whom {
            return Ok(whom);
        }
    }
}

/// What stands in those bytes.
pub(crate) fn parse(bytes: &[u8]) -> Announced {
    let begins = |with: &[u8]| {
        let both = bytes.len().min(with.len());
        bytes.get(..both) == with.get(..both)
    };
    if begins(SIGNATURE) {
        version_2(bytes).unwrap_or(Announced::Part)
    } else if begins(WORD) {
        version_1(bytes)
    } else {
        Announced::Fault
    }
}

fn version_1(bytes: &[u8]) -> Announced {
    let Some(end) = memchr::memchr(b'\n', bytes) else {
        return if bytes.len() < LINE_MAX { Announced::Part } else { Announced::Fault };
    };
    let line = bytes.get(WORD.len()..end).and_then(|line| line.strip_suffix(b"\r"));
    let line = line.filter(|_| end < LINE_MAX).and_then(|line| std::str::from_utf8(line).ok());
    match line.and_then(client) {
        Some(whom) => Announced::Whole(end + 1, whom),
        None => Announced::Fault,
    }
}

/// What a line says after its first word.
fn client(line: &str) -> Option<Option<IpAddr>> {
    let mut words = line.split(' ');
    let family = words.next()?;
    if family == "UNKNOWN" {
        return Some(None);
    }
    let mut address = || -> Option<IpAddr> {
        let word = words.next()?;
        match family {
            "TCP4" => word.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
            "TCP6" => word.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
            _ => None,
        }
    };
    let (from, _to) = (address()?, address()?);
    let is_port =
        |word: &str| word.bytes().all(|byte| byte.is_ascii_digit()) && word.parse::<u16>().is_ok();
    let ports = [words.next()?, words.next()?];
    (ports.into_iter().all(is_port) && words.next().is_none()).then_some(Some(from))
}

/// None: there is more to come.
fn version_2(bytes: &[u8]) -> Option<Announced> {
    let &[meant, family, high, low] = bytes.get(SIGNATURE.len()..)?.first_chunk::<4>()?;
    let length = usize::from(u16::from_be_bytes([high, low]));
    let whole = SIGNATURE.len() + 4 + length;
    if whole > HEADER_MAX || !matches!(meant, 0x20 | 0x21) {
        return Some(Announced::Fault);
    }
    let rest = bytes.get(SIGNATURE.len() + 4..whole)?;
    let from = match (meant, family) {
        // The proxy's own connection, such as a look at our health; or one of a kind it can't tell.
        (0x20, _) | (0x21, 0) => Some(None),
        (0x21, 0x11) if length >= 12 => {
            rest.first_chunk::<4>().map(|from| Some(Ipv4Addr::from(*from).into()))
        }
        (0x21, 0x21) if length >= 36 => {
            rest.first_chunk::<16>().map(|from| Some(Ipv6Addr::from(*from).into()))
        }
        _ => None,
    };
    Some(from.map_or(Announced::Fault, |whom| Announced::Whole(whole, whom)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn binary(meant: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let mut header = SIGNATURE.to_vec();
        header.extend([meant, family]);
        header.extend(u16::try_from(rest.len()).unwrap().to_be_bytes());
        header.extend(rest);
        header
    }

    #[test]
    fn a_header_names_a_client_or_nobody_or_is_faulty() {
        let four = [192, 0, 2, 7, 10, 0, 0, 1, 1, 2, 3, 4];
        let mut six = [0; 36];
        six[..4].copy_from_slice(&[0x20, 1, 0x0d, 0xb8]);
        let mut more = four.to_vec();
        more.extend([4, 0, 1, 0]);
        let long = vec![0; HEADER_MAX];
        let v4 = Some(Some("192.0.2.7"));
        let v6 = Some(Some("2001:db8::"));
        let table: &[(&[u8], Option<Option<&str>>)] = &[
            (b"PROXY TCP4 192.0.2.7 10.0.0.1 4711 443\r\n", v4),
            (b"PROXY TCP6 2001:db8:: ::1 0 65535\r\n", v6),
            (b"PROXY UNKNOWN\r\n", Some(None)),
            (b"PROXY UNKNOWN ffff:f::1 ::1 65535 1\r\n", Some(None)),
            (b"PROXY TCP4 192.0.2.7 10.0.0.1 4711 443\n", None),
            (b"PROXY TCP4 192.0.2.7 10.0.0.1 4711\r\n", None),
            (b"PROXY TCP4 192.0.2.7 10.0.0.1 4711 443 9\r\n", None),
            (b"PROXY TCP4 192.0.2.7  10.0.0.1 4711 443\r\n", None),
            (b"PROXY TCP4 192.0.2.7 10.0.0.1 4711 65536\r\n", None),
            (b"PROXY TCP4 192.0.2.7 10.0.0.1 +711 443\r\n", None),
            (b"PROXY TCP4 192.0.2.7 10.0.0.1  443\r\n", None),
            (b"PROXY TCP4 192.0.02.7 10.0.0.1 1 443\r\n", None),
            (b"PROXY TCP4 ::1 ::1 1 443\r\n", None),
            (b"PROXY TCP6 192.0.2.7 10.0.0.1 1 443\r\n", None),
            (b"PROXY UDP4 192.0.2.7 10.0.0.1 1 443\r\n", None),
            (b"PROXY\tTCP4 192.0.2.7 10.0.0.1 1 443\r\n", None),
            (b"proxy TCP4 192.0.2.7 10.0.0.1 1 443\r\n", None),
            (b"PROXY \xff\r\n", None),
            (&[&b"PROXY UNKNOWN "[..], &[b'x'; 100], b"\r\n"].concat(), None),
            (b"GET / HTTP/1.1\r\n\r\n", None),
            (b"\x16\x03\x01\x02\x00", None),
            (&binary(0x21, 0x11, &four), v4),
            (&binary(0x21, 0x11, &more), v4),
            (&binary(0x21, 0x21, &six), v6),
            (&binary(0x20, 0x11, &four), Some(None)),
            (&binary(0x20, 0, &[]), Some(None)),
            (&binary(0x21, 0, &[]), Some(None)),
            (&binary(0x21, 0x11, &four[..11]), None),
            (&binary(0x21, 0x21, &six[..35]), None),
            (&binary(0x21, 0x12, &four), None),
            (&binary(0x21, 0x31, &[0; 216]), None),
            (&binary(0x22, 0x11, &four), None),
            (&binary(0x11, 0x11, &four), None),
            (&binary(0x21, 0x11, &long), None),
        ];
        for (bytes, wanted) in table {
            let wanted = match wanted {
                None => Announced::Fault,
                Some(whom) => {
                    let whom = whom.map(|text| text.parse().unwrap());
                    Announced::Whole(bytes.len(), whom)
                }
            };
            assert_eq!(parse(bytes), wanted, "{}", bytes.escape_ascii());
            if let Announced::Whole(..) = wanted {
                let followed = [*bytes, b"GET / HTTP/1.1\r\n\r\n"].concat();
                assert_eq!(parse(&followed), wanted, "what follows is not read");
                for end in 0..bytes.len() {
                    assert_eq!(parse(&bytes[..end]), Announced::Part, "{end} bytes");
                }
            }
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_a_header_longer_than_they_are(bytes: Vec<u8>, kind in 0..3_usize) {
            let begin = [&b""[..], WORD, SIGNATURE][kind];
            let bytes = [begin, &bytes].concat();
            if let Announced::Whole(length, _) = parse(&bytes) {
                prop_assert!(length <= bytes.len());
                prop_assert_eq!(parse(&bytes[..length]), parse(&bytes));
                prop_assert_eq!(parse(&bytes[..length - 1]), Announced::Part);
            }
        }
    }
}
