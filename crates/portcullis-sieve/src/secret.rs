//! The last wall: whatever an answer looks like, the platform's credential does not leave in it.
//!
//! Must not know how the credential got there.

use memchr::memmem::Finder;

use crate::Fault;

/// Texts that must not leave.
#[derive(Clone, Default)]
pub(crate) struct Secrets {
    finders: Vec<Finder<'static>>,
    longest: usize,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(redacted)")
    }
}

impl Secrets {
    pub(crate) fn add(&mut self, secret: &[u8]) {
        if !secret.is_empty() {
            self.finders.push(Finder::new(secret).into_owned());
            self.longest = self.longest.max(secret.len());
        }
    }

    fn hit(&self, text: &[u8]) -> bool {
        self.finders.iter().any(|finder| finder.find(text).is_some())
    }
}

/// The end of what left, so that no secret slips out in two pieces.
#[derive(Default)]
pub(crate) struct Watch {
    tail: Vec<u8>,
}

impl Watch {
    /// Looks at a piece before it leaves.
    pub(crate) fn pass(&mut self, secrets: &Secrets, piece: &[u8]) -> Result<(), Fault> {
        if secrets.finders.is_empty() {
            return Ok(());
        }
        let keep = secrets.longest.saturating_sub(1);
        let joint = piece.get(..keep.min(piece.len())).unwrap_or_default();
        let old = self.tail.len();
        self.tail.extend_from_slice(joint);
        if (old > 0 && secrets.hit(&self.tail)) || secrets.hit(piece) {
            return Err(Fault::Secret);
        }
        if let Some(end) = piece.len().checked_sub(keep) {
            self.tail.clear();
            self.tail.extend_from_slice(piece.get(end..).unwrap_or_default());
        } else {
            let over = self.tail.len().saturating_sub(keep);
            self.tail.drain(..over);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_however_it_is_cut() {
        let mut secrets = Secrets::default();
        secrets.add(b"");
        secrets.add(b"hush-hush");
        secrets.add(b"x9");
        let text = b"..hush-hush-hus..";
        for first in 0..text.len() {
            for second in first..text.len() {
                let mut watch = Watch::default();
                let pieces = [&text[..first], &text[first..second], &text[second..]];
                assert!(pieces.iter().any(|piece| watch.pass(&secrets, piece).is_err()));
            }
        }
        let mut watch = Watch::default();
        for byte in b"hush-husx8 9x hush" {
            assert_eq!(watch.pass(&secrets, &[*byte]), Ok(()));
        }
        assert_eq!(format!("{secrets:?}"), "Secrets(redacted)");
    }
}
