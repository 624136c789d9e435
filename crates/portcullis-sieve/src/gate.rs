//! How the gate is seen from outside, and what a link becomes by it.
//!
//! Must not know where a link stood.

use crate::link_key::LinkKey;
use crate::program::Param;
use crate::secret::Secrets;

/// What links are rewritten to, and what must not leave. One for each listener.
#[derive(Debug, Clone, Default)]
pub struct Gate {
    base: Box<str>,
    credentials: Vec<Box<str>>,
    pub(crate) secrets: Secrets,
}

impl Gate {
    /// A gate whose public base is this, without a slash at its end.
    #[must_use]
    pub fn new(base: &str) -> Self {
        Self { base: base.into(), ..Self::default() }
    }

    /// Names a query parameter that carries a credential, beside `access_token` and
    /// `appsecret_proof`.
    #[must_use]
    pub fn credential(mut self, name: &str) -> Self {
        self.credentials.push(name.into());
        self
    }

    /// Names a text that must not leave in any answer, such as the platform's own credential.
    #[must_use]
    pub fn secret(mut self, secret: &[u8]) -> Self {
        self.secrets.add(secret);
        self
    }

    /// The link as a partner may have it; none: it is no URL that can be rewritten.
    ///
    /// Whatever host it names: a platform may know itself by several, and a link to any of them
    /// leads round the gate. What carries a credential there goes.
    #[must_use]
    pub fn rewrite(&self, link: &str) -> Option<String> {
        self.link(link, &[], None)
    }

    /// The same, asking for what the caller asked for; `key` is the caller's own, where it may come
    /// back.
    pub(crate) fn link(
        &self,
        link: &str,
        params: &[Param],
        key: Option<&LinkKey>,
    ) -> Option<String> {
        let rest = match strip_scheme(link) {
            Some(rest) => {
                let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
                let (authority, rest) = rest.split_at_checked(end)?;
                if authority.is_empty() {
                    return None;
                }
                rest
            }
            None if link.starts_with('/') || link.starts_with('?') => link,
            None => return None,
        };
        let rest = rest.split('#').next().unwrap_or_default();
        let (path, query) = rest.split_once('?').map_or((rest, ""), |(p, q)| (p, q));
        let mut out = format!("{}{path}", self.base);
        let mut mark = '?';
        let mut add = |part: &[&str]| {
            out.push(mark);
            part.iter().for_each(|text| out.push_str(text));
            mark = '&';
        };
        for part in query.split('&').filter(|part| !part.is_empty()) {
            let name = decode(part.split('=').next().unwrap_or_default());
            if !self.is_credential(&name) && !params.iter().any(|(p, _)| p.as_bytes() == name) {
                add(&[part]);
            }
        }
        for (name, value) in params {
            if let Some(value) = value {
                add(&[name, "=", value]);
            }
        }
        if let Some(key) = key {
            add(&["access_token=", key.expose()]);
        }
        Some(out)
    }

    fn is_credential(&self, name: &[u8]) -> bool {
        let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
        is("access_token") || is("appsecret_proof") || self.credentials.iter().any(|name| is(name))
    }
}

fn strip_scheme(link: &str) -> Option<&str> {
    if let Some(rest) = link.strip_prefix("//") {
        return Some(rest);
    }
    let (scheme, rest) = link.split_once("://")?;
    (scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https")).then_some(rest)
}

/// Undoes percent-encoding, so that no spelling hides a name.
fn decode(name: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    let mut bytes = name.bytes();
    while let Some(byte) = bytes.next() {
        let mut ahead = bytes.clone();
        let digit = |byte: Option<u8>| byte.and_then(|b| char::from(b).to_digit(16));
        let pair = (byte == b'%').then(|| digit(ahead.next()).zip(digit(ahead.next()))).flatten();
        match pair.map(|(high, low)| u8::try_from(high * 16 + low)) {
            Some(Ok(decoded)) => {
                out.push(decoded);
                bytes = ahead;
            }
            _ => out.push(byte),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_keeps_its_path_and_all_but_credentials() {
        let gate = Gate::new("https://g/p").credential("tok");
        for (link, expected) in [
            ("http://up/a?x=1&access_token=s&y=2#f", Some("https://g/p/a?x=1&y=2")),
            ("HTTPS://up:1/a?ACCESS%5FTOKEN=s", Some("https://g/p/a")),
            ("//up/a?tok=1&token=2", Some("https://g/p/a?token=2")),
            ("/a?%zz=1", Some("https://g/p/a?%zz=1")),
            ("http://up", Some("https://g/p")),
            ("http://up?after=x&&", Some("https://g/p?after=x")),
            ("http:///a", None),
            ("ftp://up/a", None),
            ("a", None),
            ("", None),
        ] {
            assert_eq!(gate.rewrite(link).as_deref(), expected, "{link}");
        }
    }

    #[test]
    fn a_link_carries_the_callers_key_in_place_of_any_other() {
        let gate = Gate::new("https://g").credential("tok");
        let key = LinkKey::new("own");
        for (link, expected) in [
            ("http://up/a?access_token=s&x=1", "https://g/a?x=1&access_token=own"),
            ("http://up/a?Access_Token=s&access_token=t&tok=u", "https://g/a?access_token=own"),
            ("/a", "https://g/a?access_token=own"),
            ("http://up?after=x#f", "https://g?after=x&access_token=own"),
        ] {
            assert_eq!(gate.link(link, &[], key.as_ref()).as_deref(), Some(expected), "{link}");
        }
    }

    #[test]
    fn a_link_asks_for_what_the_caller_asked_for() {
        let gate = Gate::new("https://g");
        let link = "http://up/a?fields=id%2Cexpires_at&access_token=s&limit=5";
        let check = |params: &[Param], expected: &str| {
            assert_eq!(gate.link(link, params, None).as_deref(), Some(expected));
        };
        check(&[("fields".into(), Some("id".into()))], "https://g/a?limit=5&fields=id");
        check(&[("fields".into(), None)], "https://g/a?limit=5");
        check(&[("x".into(), Some("1".into()))], "https://g/a?fields=id%2Cexpires_at&limit=5&x=1");
    }
}
