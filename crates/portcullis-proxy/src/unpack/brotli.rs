//! Brotli.
//!
//! Must not know what is packed.

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};

use super::{Broken, Coding, Step};

pub(super) struct Brotli {
    state: Box<BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>>,
    window: u64,
    ended: bool,
}

impl Brotli {
    pub(super) fn new() -> Self {
        let alloc = StandardAlloc::default;
        // Strict: no window beyond 16 MiB.
        let state = Box::new(BrotliState::new_strict(alloc(), alloc(), alloc()));
        Self { state, window: 0, ended: false }
    }
}

impl Coding for Brotli {
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Step, Broken> {
        if self.ended {
            return Ok(Step { took: 0, gave: 0 });
        }
        if let Some(first) = input.first().filter(|_| self.window == 0) {
            self.window = window(*first);
        }
        let (mut left_in, mut took, mut left_out, mut gave, mut total) =
            (input.len(), 0, output.len(), 0, 0);
        let result = BrotliDecompressStream(
            &mut left_in,
            &mut took,
            input,
            &mut left_out,
            &mut gave,
            output,
            &mut total,
            &mut self.state,
        );
        match result {
            BrotliResult::ResultSuccess => self.ended = true,
            BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => {}
            BrotliResult::ResultFailure => return Err(Broken),
        }
        Ok(Step { took, gave })
    }

    fn memory(&self) -> u64 {
        // The tables take some tens of KiB beside it.
        self.window + 128 * 1024
    }

    fn is_end(&self) -> bool {
        self.ended
    }
}

/// Bytes of the window, as the first byte says (RFC 7932 §9.1).
fn window(first: u8) -> u64 {
    let (three, next) = ((first >> 1) & 7, (first >> 4) & 7);
    let bits = match (first & 1, three, next) {
        (0, ..) => 16,
        (_, 0, 0) => 17,
        (_, 0, next) => 8 + next,
        (_, three, _) => 17 + three,
    };
    1 << bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_tells_the_window() {
        for (first, bits) in [(0b0, 16), (0b1, 17), (0b11, 18), (0b1111, 24), (0b10_0001, 10)] {
            assert_eq!(window(first), 1 << bits, "{first:b}");
        }
    }
}
