//! The address of a hook, as somebody wrote it: checked before it is kept.
//!
//! Must not look a name up.

use std::fmt;

/// Longest address in bytes.
pub const TARGET_BYTES_MAX: usize = 2000;

/// The address of a hook.
#[derive(Clone, Eq, PartialEq)]
pub struct Target {
    url: String,
    origin: usize,
}

/// Why a text is no address of a hook.
#[derive(Debug, Clone, Copy, Eq, PartialEq, thiserror::Error)]
pub enum TargetError {
    /// No such scheme.
    #[error("a hook's address begins with `https://`")]
    Scheme,
    /// Too long.
    #[error("a hook's address has at most {TARGET_BYTES_MAX} bytes")]
    Long,
    /// Not visible ASCII.
    #[error("a hook's address is written in visible ASCII characters; encode others with `%`")]
    Characters,
    /// User name or password in it.
    #[error("a hook's address holds no user name or password; messages are signed instead")]
    User,
    /// A fragment is never sent.
    #[error("a hook's address has no `#`: what follows it would never be sent")]
    Fragment,
    /// No host, or none that can be.
    #[error("a hook's address names a host, and a port from 1 to 65535 where it names one")]
    Host,
}

impl Target {
    /// Reads an address.
    ///
    /// # Errors
    /// [`TargetError`], which says what to write.
    pub fn read(text: &str) -> Result<Self, TargetError> {
        let scheme = ["https://", "http://"].into_iter().find(|scheme| {
            text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        });
        let rest = scheme.and_then(|scheme| text.get(scheme.len()..)).ok_or(TargetError::Scheme)?;
        if text.len() > TARGET_BYTES_MAX {
            return Err(TargetError::Long);
        }
        if !text.bytes().all(|byte| byte.is_ascii_graphic()) || text.contains('\\') {
            return Err(TargetError::Characters);
        }
        if rest.contains('#') {
            return Err(TargetError::Fragment);
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        if authority.contains('@') {
            return Err(TargetError::User);
        }
        if !is_host(authority) {
            return Err(TargetError::Host);
        }
        let scheme = scheme.unwrap_or("https://");
        let origin = scheme.len() + authority.len();
        let slash = if path.starts_with('/') { "" } else { "/" };
        let url = format!("{scheme}{}{slash}{path}", authority.to_ascii_lowercase());
        Ok(Self { url, origin })
    }

    /// The whole address. Whoever has it may be able to speak for the gate: keep it out of logs.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Scheme, host and port: what may be shown.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.url.get(..self.origin).unwrap_or_default()
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({}/…)", self.origin())
    }
}

fn is_host(authority: &str) -> bool {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, "")) => (host, None),
            Some((host, port)) => (host, Some(port.strip_prefix(':').unwrap_or("none"))),
            None => return false,
        },
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    let bracketed = authority.starts_with('[');
    let legal = |c: char| {
        c.is_ascii_alphanumeric() || if bracketed { ":.".contains(c) } else { "-._".contains(c) }
    };
    let digits = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    !host.is_empty()
        && host.len() <= 253
        && host.chars().all(legal)
        && (!bracketed || host.parse::<std::net::Ipv6Addr>().is_ok())
        && port.is_none_or(|port| digits(port) && port.parse::<u16>().is_ok_and(|port| port != 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_whole_or_not_at_all() {
        let rows = [
            ("https://a.example", Ok(("https://a.example/", "https://a.example"))),
            (
                "HTTPS://A.Example:8443/X?y=Z",
                Ok(("https://a.example:8443/X?y=Z", "https://a.example:8443")),
            ),
            ("https://a.example?y", Ok(("https://a.example/?y", "https://a.example"))),
            ("http://[::1]:80/x", Ok(("http://[::1]:80/x", "http://[::1]:80"))),
            ("http://2130706433/", Ok(("http://2130706433/", "http://2130706433"))),
            ("ftp://a.example", Err(TargetError::Scheme)),
            ("//a.example", Err(TargetError::Scheme)),
            ("", Err(TargetError::Scheme)),
            ("https://", Err(TargetError::Host)),
            ("https:///x", Err(TargetError::Host)),
            ("https://a.example:0/", Err(TargetError::Host)),
            ("https://a.example:65536/", Err(TargetError::Host)),
            ("https://a.example:+80/", Err(TargetError::Host)),
            ("https://a:b:c/", Err(TargetError::Host)),
            ("https://[::1/", Err(TargetError::Host)),
            ("https://[::1]x/", Err(TargetError::Host)),
            ("https://[fe80::1%25eth0]/", Err(TargetError::Host)),
            ("https://me:pw@a.example/", Err(TargetError::User)),
            ("https://a.example/#x", Err(TargetError::Fragment)),
            ("https://a.example\\@b.example/", Err(TargetError::Characters)),
            ("https://a.example/x y", Err(TargetError::Characters)),
            ("https://ä.example/", Err(TargetError::Characters)),
        ];
        for (text, expected) in rows {
            let found = Target::read(text);
            let found = found.as_ref().map(|target| (target.url(), target.origin()));
            assert_eq!(found, expected.as_ref().map(|pair| *pair), "{text}");
        }
        let long = format!("https://a.example/{}", "x".repeat(TARGET_BYTES_MAX));
        assert_eq!(Target::read(&long), Err(TargetError::Long));
    }

    #[test]
    fn what_follows_the_host_is_not_shown() {
        let target = Target::read("https://a.example/services/T0/secret").unwrap();
        assert_eq!(format!("{target:?}"), "Target(https://a.example/…)");
    }
}
