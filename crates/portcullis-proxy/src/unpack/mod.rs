//! Undoes the content coding of an answer, a piece at a time.
//!
//! The gate asks for answers as they are; what comes packed all the same is unpacked where it is
//! read. What comes out at once is bounded, whatever went in, and so is what a coding needs to look
//! back on. Must not know what an answer says.

mod brotli;
mod inflate;
mod zstd;

use bytes::Bytes;
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use portcullis_types::Refusal;

use self::brotli::Brotli;
use self::inflate::Inflate;
use self::zstd::Zstd;

/// Most that comes out at once.
const PIECE: usize = 32 * 1024;
/// How many times as long an answer may become, once it is longer than [`FREE`].
const RATIO_MAX: u64 = 256;
const FREE: u64 = 4 * 1024 * 1024;

/// The packed bytes can't be unpacked.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
struct Broken;

/// What one step did: how much it took, how much it gave.
struct Step {
    took: usize,
    gave: usize,
}

/// Undoes one coding.
trait Coding {
    /// Takes of the input, gives into the output; neither, where it wants more.
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Step, Broken>;
    /// Bytes that it looks back on, once that is known.
    fn memory(&self) -> u64;
    /// Whether all of it has come.
    fn is_end(&self) -> bool;
}

/// Undoes the coding of one answer.
pub(crate) struct Unpack {
    coding: Option<Box<dyn Coding>>,
    input: Bytes,
    taken: u64,
    given: u64,
    /// What was accounted for of its memory.
    memory: u64,
}

impl Unpack {
    /// For an answer with that head.
    ///
    /// # Errors
    /// A coding that can't be undone, or more than one.
    pub(crate) fn new(headers: &HeaderMap) -> Result<Self, Refusal> {
        let mut coding: Option<Box<dyn Coding>> = None;
        let names = headers.get_all(CONTENT_ENCODING).iter();
        let names = names.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
        for name in names.map(<[u8]>::trim_ascii) {
            let is = |other: &str| name.eq_ignore_ascii_case(other.as_bytes());
            if name.is_empty() || is("identity") {
                continue;
            }
            let found: Box<dyn Coding> = if is("gzip") || is("x-gzip") {
                Box::new(Inflate::gzip())
            } else if is("deflate") {
                Box::new(Inflate::deflate())
            } else if is("br") {
                Box::new(Brotli::new())
            } else if is("zstd") {
                Box::new(Zstd::new())
            } else {
                return Err(Refusal::UpstreamMalformed);
            };
            if coding.replace(found).is_some() {
                return Err(Refusal::UpstreamMalformed);
            }
        }
        Ok(Self { coding, input: Bytes::new(), taken: 0, given: 0, memory: 0 })
    }

    /// Whether there is a coding to undo.
    pub(crate) const fn is_packed(&self) -> bool {
        self.coding.is_some()
    }

    /// Takes the next piece, after all that came out of the one before was taken.
    pub(crate) fn feed(&mut self, piece: Bytes) {
        self.input = piece;
    }

    /// The next piece that came out; none: it wants more.
    ///
    /// `more` is asked for the memory that it takes to look back.
    ///
    /// # Errors
    /// It can't be unpacked, or there is no memory for it.
    pub(crate) fn next(
        &mut self,
        more: impl FnOnce(u64) -> Result<(), Refusal>,
    ) -> Result<Option<Bytes>, Refusal> {
        let Some(coding) = &mut self.coding else {
            let piece = std::mem::take(&mut self.input);
            return Ok((!piece.is_empty()).then_some(piece));
        };
        let mut out = vec![0; PIECE];
        let mut gave = 0;
        while let Some(free) = out.get_mut(gave..).filter(|free| !free.is_empty()) {
            let step =
                coding.step(&self.input, free).map_err(|Broken| Refusal::UpstreamMalformed)?;
            let _ = self.input.split_to(step.took.min(self.input.len()));
            gave += step.gave;
            self.taken += step.took as u64;
            if step.took == 0 && step.gave == 0 {
                break;
            }
        }
        if coding.is_end() && !self.input.is_empty() {
            // What follows the packed answer is nobody's.
            return Err(Refusal::UpstreamMalformed);
        }
        self.given += gave as u64;
        if self.given > FREE && self.given / RATIO_MAX > self.taken {
            return Err(Refusal::UpstreamMalformed);
        }
        let memory = coding.memory() + 2 * PIECE as u64;
        if memory > self.memory {
            more(memory - self.memory)?;
            self.memory = memory;
        }
        out.truncate(gave);
        Ok((gave > 0).then(|| out.into()))
    }

    /// Whether the packed answer is whole.
    ///
    /// # Errors
    /// It is not.
    pub(crate) fn finish(&self) -> Result<(), Refusal> {
        // A body without a byte packs nothing.
        let whole = self.coding.as_ref().is_none_or(|coding| coding.is_end() || self.taken == 0);
        if whole && self.input.is_empty() { Ok(()) } else { Err(Refusal::UpstreamMalformed) }
    }
}

#[cfg(test)]
mod tests;
