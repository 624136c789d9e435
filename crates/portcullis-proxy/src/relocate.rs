//! Rewrites the link of a redirect: its base becomes the public one, credentials in its query go.
//!
//! Links inside of answers are the sieve's. Must not know where the link stood.

/// How links are rewritten.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules<'a> {
    /// The public base, without a trailing slash.
    pub(crate) base: &'a str,
    /// The query parameter that carries the platform's credential.
    pub(crate) credential: &'a str,
    /// The platform's credential, which must not leave.
    pub(crate) secret: &'a str,
}

impl Rules<'_> {
    /// The link as a partner may have it; none: it is no URL that can be rewritten.
    ///
    /// Whatever host it names: a platform may know itself by several, and a link to any of them
    /// leads round the gate.
    pub(crate) fn rewrite(&self, link: &str) -> Option<String> {
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
        let (path, query) = rest.split_once('?').map_or((rest, None), |(p, q)| (p, Some(q)));
        let mut out = format!("{}{path}", self.base);
        let mut mark = '?';
        for part in query.unwrap_or_default().split('&') {
            let name = part.split('=').next().unwrap_or_default();
            if part.is_empty() || self.is_credential(name) {
                continue;
            }
            out.push(mark);
            out.push_str(part);
            mark = '&';
        }
        Some(out)
    }

    fn is_credential(&self, name: &str) -> bool {
        let name = decode(name);
        let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
        is("access_token") || is("appsecret_proof") || is(self.credential)
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
        let rules = Rules { base: "https://g/p", credential: "tok", secret: "" };
        for (link, expected) in [
            ("http://up/a?x=1&access_token=s&y=2#f", Some("https://g/p/a?x=1&y=2")),
            ("HTTPS://up:1/a?ACCESS%5FTOKEN=s", Some("https://g/p/a")),
            ("//up/a?tok=1&token=2", Some("https://g/p/a?token=2")),
            ("/a?%zz=1", Some("https://g/p/a?%zz=1")),
            ("http://up", Some("https://g/p")),
            ("http://up?after=x", Some("https://g/p?after=x")),
            ("http:///a", None),
            ("ftp://up/a", None),
            ("a", None),
            ("", None),
        ] {
            assert_eq!(rules.rewrite(link).as_deref(), expected, "{link}");
        }
    }
}
