//! A ring of bytes, in which a place is the count of bytes that were written before it.
//!
//! Must not know what the texts say.

/// A ring of bytes.
pub(super) struct Texts {
    bytes: Vec<u8>,
    room: usize,
    /// Where the next byte goes.
    at: usize,
    pub(super) end: u64,
}

impl Texts {
    pub(super) fn new(room: usize) -> Self {
        Self { bytes: Vec::with_capacity(room), room, at: 0, end: 0 }
    }

    /// Appends a text, over the oldest ones.
    pub(super) fn push(&mut self, mut text: &[u8]) {
        self.end += text.len() as u64;
        while !text.is_empty() {
            let (now, later) = text.split_at(text.len().min(self.room - self.at));
            let end = self.at + now.len();
            match self.bytes.get_mut(self.at..end) {
                Some(over) => over.copy_from_slice(now),
                None => {
                    self.bytes.truncate(self.at);
                    self.bytes.extend_from_slice(now);
                }
            }
            self.at = if end == self.room { 0 } else { end };
            text = later;
        }
    }

    /// The parts of a text that is still there.
    fn parts(&self, start: u64, length: u32) -> Option<(&[u8], &[u8])> {
        let room = self.room as u64;
        let length = u64::from(length);
        if start + length > self.end || self.end - start > room {
            return None;
        }
        let at = usize::try_from(start % room).ok()?;
        let length = usize::try_from(length).ok()?;
        let first = length.min(self.room - at);
        Some((self.bytes.get(at..at + first)?, self.bytes.get(..length - first)?))
    }

    pub(super) fn get(&self, start: u64, length: u32) -> Option<Vec<u8>> {
        self.parts(start, length).map(|(first, rest)| [first, rest].concat())
    }

    /// Whether that text is the one there.
    pub(super) fn is(&self, start: u64, length: u32, text: &[u8]) -> bool {
        length as usize == text.len()
            && self.parts(start, length).is_some_and(|(first, rest)| {
                text.strip_prefix(first).is_some_and(|left| left == rest)
            })
    }
}
