//! Looks for the platform's own credential in what streams to a partner, also across pieces.
//!
//! A platform that echoes what it was called with would else hand the gate's credential out. Must not
//! know what a body means.

use memchr::memmem::Finder;

/// What is looked for; nothing, where the platform wants no credential.
pub(crate) struct Leak(Option<Finder<'static>>);

/// The end of what has gone out, where the credential may have begun.
#[derive(Default)]
pub(crate) struct Tail(Vec<u8>);

impl Leak {
    pub(crate) fn new(secret: &str) -> Self {
        let finder = (!secret.is_empty()).then(|| Finder::new(secret.as_bytes()).into_owned());
        Self(finder)
    }

    /// Whether the credential stands in a text.
    pub(crate) fn stands_in(&self, text: &[u8]) -> bool {
        let finder = self.0.as_ref().filter(|finder| text.len() >= finder.needle().len());
        finder.is_some_and(|finder| finder.find(text).is_some())
    }

    /// Whether the credential ends in this piece. A piece that holds it must not go out.
    pub(crate) fn is_in(&self, tail: &mut Tail, piece: &[u8]) -> bool {
        let Some(finder) = &self.0 else { return false };
        if finder.find(piece).is_some() {
            return true;
        }
        let keep = finder.needle().len().saturating_sub(1);
        let before = tail.0.len();
        tail.0.extend_from_slice(piece.get(..keep.min(piece.len())).unwrap_or_default());
        if before > 0 && finder.find(&tail.0).is_some() {
            return true;
        }
        if piece.len() >= keep {
            tail.0.clear();
            tail.0.extend_from_slice(piece.get(piece.len() - keep..).unwrap_or_default());
        } else {
            let surplus = tail.0.len().saturating_sub(keep);
            tail.0.drain(..surplus);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_credential_is_found_however_it_is_cut_and_nothing_else_is() {
        let secret = "plaza-secret-0123456789";
        let leak = Leak::new(secret);
        let text = format!("{{\"echo\":\"{secret}\"}}");
        for size in 1..=text.len() {
            let mut tail = Tail::default();
            let found = text.as_bytes().chunks(size).any(|piece| leak.is_in(&mut tail, piece));
            assert!(found, "in pieces of {size}");
            let mut tail = Tail::default();
            let other = text.replace("secret-0", "secret-1");
            let found = other.as_bytes().chunks(size).any(|piece| leak.is_in(&mut tail, piece));
            assert!(!found, "another text in pieces of {size}");
        }
        assert!(!Leak::new("").is_in(&mut Tail::default(), b"anything"));
    }
}
