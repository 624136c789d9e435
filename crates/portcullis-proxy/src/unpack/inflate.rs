//! gzip and deflate.
//!
//! Must not know what is packed.

use flate2::{Decompress, FlushDecompress, Status};

use super::{Broken, Coding, Step};

/// The bits of deflate's one window size.
const WINDOW_BITS: u8 = 15;

pub(super) struct Inflate {
    state: Option<Decompress>,
    /// The first byte, until what follows tells whether it begins a zlib stream.
    ended: bool,
}

impl Inflate {
    pub(super) fn gzip() -> Self {
        Self { state: Some(Decompress::new_gzip(WINDOW_BITS)), ended: false }
    }

    /// With zlib's head, as it should be, or without, as some servers send it.
    pub(super) const fn deflate() -> Self {
        Self { state: None, ended: false }
    }
}

impl Coding for Inflate {
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Step, Broken> {
        if self.ended {
            return Ok(Step { took: 0, gave: 0 });
        }
        let Some(first) = input.first() else {
            return self.run(input, output);
        };
        // A raw stream never begins so: this would be a stored block of a kind nobody writes.
        self.state.get_or_insert_with(|| Decompress::new(first & 0x0f == 8));
        self.run(input, output)
    }

    fn memory(&self) -> u64 {
        1 << WINDOW_BITS
    }

    fn is_end(&self) -> bool {
        self.ended
    }
}

impl Inflate {
    fn run(&mut self, input: &[u8], output: &mut [u8]) -> Result<Step, Broken> {
        let Some(state) = &mut self.state else { return Ok(Step { took: 0, gave: 0 }) };
        let (before_in, before_out) = (state.total_in(), state.total_out());
        let status = state.decompress(input, output, FlushDecompress::None).map_err(|_| Broken)?;
        self.ended = status == Status::StreamEnd;
        let count = |now: u64, before: u64| usize::try_from(now - before).map_err(|_| Broken);
        Ok(Step {
            took: count(state.total_in(), before_in)?,
            gave: count(state.total_out(), before_out)?,
        })
    }
}
