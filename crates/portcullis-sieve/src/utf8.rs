//! Checks UTF-8 across chunks.
//!
//! Must not know what the text is.

use crate::Fault;

/// A character that the last chunk left unfinished.
#[derive(Debug, Default)]
pub(crate) struct Utf8 {
    part: [u8; 4],
    len: usize,
}

impl Utf8 {
    /// Checks the next chunk.
    pub(crate) fn push(&mut self, chunk: &[u8]) -> Result<(), Fault> {
        let mut rest = chunk;
        while self.len > 0 {
            let Some((byte, tail)) = rest.split_first() else { return Ok(()) };
            let Some(place) = self.part.get_mut(self.len) else { return Err(Fault::NotUtf8) };
            *place = *byte;
            self.len += 1;
            rest = tail;
            match std::str::from_utf8(self.part.get(..self.len).unwrap_or_default()) {
                Ok(_) => self.len = 0,
                Err(error) if error.error_len().is_none() => {}
                Err(_) => return Err(Fault::NotUtf8),
            }
        }
        let Err(error) = std::str::from_utf8(rest) else { return Ok(()) };
        if error.error_len().is_some() {
            return Err(Fault::NotUtf8);
        }
        for byte in rest.get(error.valid_up_to()..).unwrap_or_default() {
            if let Some(place) = self.part.get_mut(self.len) {
                *place = *byte;
                self.len += 1;
            }
        }
        Ok(())
    }

    /// Whether the text ends with a whole character.
    pub(crate) fn is_whole(&self) -> bool {
        self.len == 0
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn whole(chunks: &[&[u8]]) -> bool {
        let mut utf8 = Utf8::default();
        chunks.iter().all(|chunk| utf8.push(chunk).is_ok()) && utf8.is_whole()
    }

    #[test]
    fn broken_text_is_found_wherever_the_chunk_ends() {
        for text in
            [&b"\xff"[..], b"\xc3", b"\xe2\x82", b"\xed\xa0\x80", b"\xc3\x28", b"a\xf0\x9f\x98"]
        {
            for at in 0..=text.len() {
                let (head, tail) = text.split_at(at);
                assert!(!whole(&[head, tail]), "{text:?} at {at}");
            }
        }
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_whole_text(bytes in prop_oneof![any::<Vec<u8>>(), any::<String>().prop_map(String::into_bytes)], sizes in proptest::collection::vec(0_usize..4, 0..40)) {
            let mut chunks = Vec::new();
            let mut rest = bytes.as_slice();
            for size in sizes {
                let (head, tail) = rest.split_at(size.min(rest.len()));
                chunks.push(head);
                rest = tail;
            }
            chunks.push(rest);
            prop_assert_eq!(whole(&chunks), std::str::from_utf8(&bytes).is_ok());
        }
    }
}
