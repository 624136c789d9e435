//! Reading a journal, frame by frame, and telling a torn end from damage.
//!
//! Must not know files.

use std::io::{self, Read};

use crate::Row;
use crate::journal::frame::{END, HEAD_BYTES, JOURNAL_HEAD, MARK, NAME_BYTES, read_head};
use crate::journal::rows::{Known, read};

/// How a journal ended.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub enum Ending {
    /// With a whole frame, or without any.
    Whole,
    /// Within a frame, which a crash cut off before it was synced.
    Torn {
        /// Where that frame begins, which is what is whole in bytes.
        at: u64,
    },
}

/// Why a frame can't be read.
#[derive(Debug, thiserror::Error)]
pub enum JournalFault {
    /// What lies below can't be read.
    #[error("the journal can't be read: {0}")]
    Read(#[from] io::Error),
    /// It is one of another version.
    #[error("a journal of a version that this program doesn't know; use the program that wrote it")]
    Unknown,
    /// Bytes within it are not those that were written.
    #[error("the journal is damaged at byte {at}; what is whole before and after can be read")]
    Damaged {
        /// Where the frame begins that is damaged.
        at: u64,
    },
}

/// Reads a journal from its beginning.
#[derive(Debug)]
pub struct JournalReader<R> {
    from: R,
    /// What was read and not used yet.
    ahead: Vec<u8>,
    place: u64,
    known: Known,
    /// Its head is no head, which is not told yet.
    headless: bool,
    ending: Option<Ending>,
}

/// Bytes read at a time while a frame is looked for.
const LOOK_BYTES: usize = 1 << 20;

impl<R: Read> JournalReader<R> {
    /// Reads the head.
    ///
    /// # Errors
    /// [`JournalFault::Unknown`] where it says that another version wrote it. A journal shorter than a head was
    /// torn; one whose head is wrong otherwise is damaged there, and what follows is read.
    pub fn new(from: R) -> Result<Self, JournalFault> {
        let known = Known::default();
        let ahead = Vec::new();
        let mut reader = Self { from, ahead, place: 0, known, headless: false, ending: None };
        reader.want(JOURNAL_HEAD.len())?;
        if !JOURNAL_HEAD.starts_with(&reader.ahead) {
            if is_of_another(&reader.ahead) {
                return Err(JournalFault::Unknown);
            }
            reader.headless = true;
            return Ok(reader);
        }
        match reader.ahead.len() {
            0 => reader.ending = Some(Ending::Whole),
            length if length < JOURNAL_HEAD.len() => reader.ending = Some(Ending::Torn { at: 0 }),
            length => reader.used(length),
        }
        Ok(reader)
    }

    /// How it ended; none: there may be more frames.
    #[must_use]
    pub const fn ending(&self) -> Option<Ending> {
        self.ending
    }

    /// Bytes up to where the next frame begins.
    #[must_use]
    pub const fn place(&self) -> u64 {
        self.place
    }

    /// The rows of the next frame; none: that was the last, and [`JournalReader::ending`] says how.
    ///
    /// # Errors
    /// [`JournalFault::Damaged`] where bytes are wrong. Asked again, it goes on with the next whole frame.
    pub fn next_frame(&mut self) -> Result<Option<Vec<Row>>, JournalFault> {
        if self.ending.is_some() {
            return Ok(None);
        }
        let at = self.place;
        if std::mem::take(&mut self.headless) {
            // Each frame says where it stands, so that none needs the head.
            self.used(JOURNAL_HEAD.len());
            return Err(JournalFault::Damaged { at });
        }
        self.want(HEAD_BYTES)?;
        if self.ahead.is_empty() {
            self.ending = Some(Ending::Whole);
            return Ok(None);
        }
        let head = self.ahead.first_chunk().and_then(|head| read_head(head, at));
        let Some((length, crc)) = head else { return self.look_on(at) };
        let whole = HEAD_BYTES + usize::try_from(length).unwrap_or(usize::MAX - HEAD_BYTES);
        // One byte more tells whether anything follows.
        self.want(whole + 1)?;
        let Some((frame, after)) = self.ahead.split_at_checked(whole) else {
            return self.torn(at);
        };
        let (_, body) = frame.split_at(HEAD_BYTES);
        let (last, ended) = (after.is_empty(), body.ends_with(&END));
        let right = crc32fast::hash(body) == crc;
        let rows = body.strip_suffix(&END).filter(|_| right);
        let rows = rows.and_then(|body| read(body, &mut self.known));
        if rows.is_none() && last && !ended && !right {
            return self.torn(at);
        }
        self.used(whole);
        rows.map(Some).ok_or(JournalFault::Damaged { at })
    }

    fn torn(&mut self, at: u64) -> Result<Option<Vec<Row>>, JournalFault> {
        self.ending = Some(Ending::Torn { at });
        Ok(None)
    }

    /// No frame begins here. Where a whole head follows further on, this is damage, else the torn end.
    fn look_on(&mut self, at: u64) -> Result<Option<Vec<Row>>, JournalFault> {
        loop {
            self.want(LOOK_BYTES)?;
            let heads = self.ahead.windows(HEAD_BYTES).enumerate().skip(1);
            let found =
                heads.filter(|(_, bytes)| bytes.starts_with(&MARK)).find(|(skipped, bytes)| {
                    let place = self.place + *skipped as u64;
                    bytes.first_chunk().is_some_and(|head| read_head(head, place).is_some())
                });
            if let Some((skipped, _)) = found {
                self.used(skipped);
                return Err(JournalFault::Damaged { at });
            }
            if self.ahead.len() < LOOK_BYTES {
                return self.no_more(at);
            }
            // The last bytes may be the beginning of a head.
            self.used(self.ahead.len() - (HEAD_BYTES - 1));
        }
    }

    /// What begins at `at` goes to the end of the journal. Where the end of a frame stands there, it was
    /// once written wholly, and what is wrong came later.
    fn no_more(&mut self, at: u64) -> Result<Option<Vec<Row>>, JournalFault> {
        if !self.ahead.ends_with(&END) {
            return self.torn(at);
        }
        self.used(self.ahead.len());
        self.ending = Some(Ending::Whole);
        Err(JournalFault::Damaged { at })
    }

    /// Reads until so many bytes are ahead, or there are no more.
    fn want(&mut self, bytes: usize) -> Result<(), io::Error> {
        let missing = bytes.saturating_sub(self.ahead.len()) as u64;
        self.from.by_ref().take(missing).read_to_end(&mut self.ahead)?;
        Ok(())
    }

    fn used(&mut self, bytes: usize) {
        self.ahead.drain(..bytes.min(self.ahead.len()));
        self.place += bytes as u64;
    }
}

/// Whether a head has the name that all have, and another version.
fn is_of_another(head: &[u8]) -> bool {
    let (name, version) = JOURNAL_HEAD.split_at(NAME_BYTES);
    head.split_at_checked(NAME_BYTES)
        .is_some_and(|(named, of)| named == name && of.first() != version.first())
}
