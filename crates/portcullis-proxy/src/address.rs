//! The addresses and the one secret the data plane is given, checked.
//!
//! Must not know where they were configured.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use http::HeaderValue;
use http::uri::Uri;
use zeroize::Zeroizing;

use crate::SettingError;

/// An address of the platform: `http://host:port`, `https://host:port` or `unix:/path`.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Upstream {
    target: Target,
    secure: bool,
    authority: HeaderValue,
}

/// Where to connect to.
#[derive(Debug, Clone, Eq, PartialEq)]
pub(crate) enum Target {
    Ip(SocketAddr),
    Name(String, u16),
    /// A socket of this machine.
    Unix(PathBuf),
}

impl Upstream {
    /// Where to connect to.
    pub(crate) const fn target(&self) -> &Target {
        &self.target
    }

    /// Whether TLS is spoken there.
    #[must_use]
    pub const fn is_secure(&self) -> bool {
        self.secure
    }

    /// The host that its certificate is for, unless another is said to be.
    #[must_use]
    pub fn host(&self) -> &str {
        let authority = self.authority.to_str().unwrap_or_default();
        let port = authority.rfind(':').filter(|at| !authority.ends_with(']') && *at > 0);
        let host = port.and_then(|at| authority.get(..at)).unwrap_or(authority);
        host.trim_start_matches('[').trim_end_matches(']')
    }

    /// What `Host` says there.
    pub(crate) fn authority(&self) -> &HeaderValue {
        &self.authority
    }
}

impl Upstream {
    /// A socket of this machine; who calls it names no host but this one.
    fn socket(path: &str) -> Option<Self> {
        let legal =
            path.starts_with('/') && !path.ends_with('/') && !path.contains(char::is_control);
        let authority = HeaderValue::from_static("localhost");
        legal.then(|| Self { target: Target::Unix(path.into()), secure: false, authority })
    }
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Target::Unix(path) = &self.target {
            return write!(f, "unix:{}", path.display());
        }
        let scheme = if self.secure { "https" } else { "http" };
        write!(f, "{scheme}://{}", self.authority.to_str().unwrap_or("?"))
    }
}

impl FromStr for Upstream {
    type Err = SettingError;
    fn from_str(text: &str) -> Result<Self, SettingError> {
        let wrong = || SettingError::Upstream(printable(text));
        if let Some(path) = text.trim().strip_prefix("unix:") {
            return Self::socket(path).ok_or_else(wrong);
        }
        let uri: Uri = text.trim().parse().map_err(|_| wrong())?;
        let secure = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(wrong()),
        };
        let authority = uri.authority().ok_or_else(wrong)?;
        let plain = uri.path() == "/" && uri.query().is_none() && !authority.as_str().contains('@');
        if !plain || authority.host().is_empty() {
            return Err(wrong());
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = match authority.port() {
            Some(port) => port.as_str().parse().map_err(|_| wrong())?,
            None if secure => 443,
            None => 80,
        };
        let authority = HeaderValue::from_str(authority.as_str()).map_err(|_| wrong())?;
        let target = match host.parse::<IpAddr>() {
            Ok(ip) => Target::Ip((ip, port).into()),
            Err(_) => Target::Name(host, port),
        };
        Ok(Self { target, secure, authority })
    }
}

/// What partners type to reach the gate: scheme, host and, where there is one, a path prefix.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct PublicUrl {
    base: String,
    prefix: String,
    secure: bool,
}

impl PublicUrl {
    /// Without a trailing slash.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The path prefix, empty or beginning with a slash.
    pub(crate) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// `https` or `http`.
    pub(crate) fn scheme(&self) -> &'static str {
        if self.secure { "https" } else { "http" }
    }
}

impl FromStr for PublicUrl {
    type Err = SettingError;
    fn from_str(text: &str) -> Result<Self, SettingError> {
        let wrong = || SettingError::PublicUrl(printable(text));
        let text = text.trim();
        let uri: Uri = text.parse().map_err(|_| wrong())?;
        let secure = match uri.scheme_str() {
            Some("https") => true,
            Some("http") => false,
            _ => return Err(wrong()),
        };
        let authority = uri.authority().ok_or_else(wrong)?.as_str();
        let path = uri.path().trim_end_matches('/');
        let odd = authority.contains('@')
            || uri.query().is_some()
            || text.contains('#')
            || path.contains("//")
            || path.contains(['%', '\\'])
            || path.split('/').any(|part| part == "." || part == "..");
        if odd {
            return Err(wrong());
        }
        let base = format!("{}://{authority}{path}", if secure { "https" } else { "http" });
        Ok(Self { base, prefix: path.to_owned(), secure })
    }
}

/// A text of the configuration without what might be a secret in it: userinfo and query.
fn printable(text: &str) -> String {
    let text = text.split(['?', '#']).next().unwrap_or_default();
    match text.rsplit_once('@') {
        Some((before, after)) => {
            let scheme = before.split_once("://").map_or("", |(scheme, _)| scheme);
            format!("{scheme}://…@{after}").chars().take(120).collect()
        }
        None => text.chars().take(120).collect(),
    }
}

/// The platform's own credential, which replaces the partner's key. Never printed.
#[derive(Clone)]
pub struct PlatformCredential {
    secret: Zeroizing<String>,
    placement: Placement,
}

/// Where the platform wants its credential.
#[derive(Debug, Clone, Eq, PartialEq)]
pub enum Placement {
    /// `Authorization: Bearer …`
    Bearer,
    /// A query parameter of that name.
    Query(String),
    /// Nowhere: the platform wants none.
    Nowhere,
}

impl PlatformCredential {
    /// Takes the secret; surrounding white space, such as the newline of a file, is cut off.
    ///
    /// # Errors
    /// [`SettingError::Credential`] when it is empty or no header could carry it.
    pub fn new(secret: &str, placement: Placement) -> Result<Self, SettingError> {
        let secret = Zeroizing::new(secret.trim().to_owned());
        let fits = !secret.is_empty() && secret.bytes().all(|b| (0x21..0x7f).contains(&b));
        if fits { Ok(Self { secret, placement }) } else { Err(SettingError::Credential) }
    }

    /// For a platform that wants none.
    #[must_use]
    pub fn none() -> Self {
        Self { secret: Zeroizing::new(String::new()), placement: Placement::Nowhere }
    }

    /// Where it goes.
    #[must_use]
    pub fn placement(&self) -> &Placement {
        &self.placement
    }

    /// The secret itself.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.secret
    }

    /// The header value, where it goes into the header.
    pub(crate) fn bearer(&self) -> Option<HeaderValue> {
        if self.placement != Placement::Bearer {
            return None;
        }
        let text = Zeroizing::new(format!("Bearer {}", self.secret.as_str()));
        let mut value = HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl fmt::Debug for PlatformCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlatformCredential(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upstream_is_a_host_and_port_or_a_socket() {
        let target = |text: &str| text.parse::<Upstream>().unwrap().target().clone();
        let ip = |text: &str| Target::Ip(text.parse().unwrap());
        let up: Upstream = "http://127.0.0.1:9000/".parse().unwrap();
        assert_eq!(up.to_string(), "http://127.0.0.1:9000");
        assert_eq!(*up.target(), ip("127.0.0.1:9000"));
        assert_eq!(target("http://[::1]:80"), ip("[::1]:80"));
        assert_eq!(target("http://plaza"), Target::Name("plaza".to_owned(), 80));
        for text in
            ["", "plaza:80", "http://", "ftp://x", "http://x/y", "http://u:p@x", "http://x?y"]
        {
            assert!(matches!(text.parse::<Upstream>(), Err(SettingError::Upstream(_))), "{text}");
        }
        let secure: Upstream = "https://plaza.test".parse().unwrap();
        assert_eq!((secure.is_secure(), secure.host()), (true, "plaza.test"));
        assert_eq!(*secure.target(), Target::Name("plaza.test".to_owned(), 443));
        assert_eq!("https://[::1]:8443".parse::<Upstream>().unwrap().host(), "::1");
        assert_eq!("https://[::1]".parse::<Upstream>().unwrap().host(), "::1");
        let socket: Upstream = "unix:/run/plaza.sock".parse().unwrap();
        assert_eq!(*socket.target(), Target::Unix("/run/plaza.sock".into()));
        assert_eq!(
            (socket.to_string().as_str(), socket.host()),
            ("unix:/run/plaza.sock", "localhost")
        );
        assert!("unix:plaza.sock".parse::<Upstream>().is_err());
        let error = "https://u:hush@x:443".parse::<Upstream>().unwrap_err().to_string();
        insta::assert_snapshot!(error, @"`https://…@x:443` is not an upstream address; write `http://host:port` or `https://host:port`, without a path, or `unix:/path/of/a.sock`");
    }

    #[test]
    fn a_public_url_may_have_a_prefix() {
        let url: PublicUrl = "https://example.com/graph/".parse().unwrap();
        assert_eq!((url.base(), url.prefix()), ("https://example.com/graph", "/graph"));
        assert_eq!("http://x:1".parse::<PublicUrl>().unwrap().prefix(), "");
        for text in
            ["", "example.com", "https://x/?a", "https://x/a/../b", "https://x/%61", "https://u@x"]
        {
            assert!(text.parse::<PublicUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_credential_never_prints() {
        let secret = PlatformCredential::new("hush\n", Placement::Bearer).unwrap();
        assert_eq!(format!("{secret:?}"), "PlatformCredential(redacted)");
        assert_eq!(format!("{:?}", secret.bearer().unwrap()), "Sensitive");
        assert!(PlatformCredential::new(" \n", Placement::Bearer).is_err());
        assert!(PlatformCredential::new("a\nb", Placement::Bearer).is_err());
    }
}
