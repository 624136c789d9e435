//! zstd.
//!
//! Fed block by block: a block of four bytes can unpack to 128 KiB, and the decoder would unpack all
//! that it is given. Must not know what is packed.

use std::io::Read;

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::{Broken, Coding, Step};

/// Most that is looked back on: what RFC 9659 lets a server ask for.
const WINDOW_MAX: u64 = 8 * 1024 * 1024;
const BLOCK_MAX: usize = 128 * 1024;
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
const CHECKSUM: usize = 4;

pub(super) struct Zstd {
    decoder: FrameDecoder,
    /// What came of the block that is not whole yet.
    pending: Vec<u8>,
    at: At,
    checked: bool,
    window: u64,
}

#[derive(Debug, Clone, Copy, Eq, PartialEq)]
enum At {
    Head,
    Blocks,
    /// All came; some of it may still have to go out.
    End,
}

impl Zstd {
    pub(super) fn new() -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(WINDOW_MAX);
        Self { decoder, pending: Vec::new(), at: At::Head, checked: false, window: 0 }
    }

    /// How many bytes the next part has, as far as that can be told from what came of it.
    fn wanted(&self) -> Result<usize, Broken> {
        match (self.at, self.pending.as_slice()) {
            (At::Head, [a, b, c, d, flags, ..]) => {
                if [*a, *b, *c, *d] != MAGIC {
                    return Err(Broken);
                }
                let dictionary = match flags & 3 {
                    0 => 0,
                    1 => 1,
                    2 => 2,
                    _ => 4,
                };
                let single = flags & 0x20 != 0;
                let size = match flags >> 6 {
                    0 => usize::from(single),
                    1 => 2,
                    2 => 4,
                    _ => 8,
                };
                Ok(5 + usize::from(!single) + dictionary + size)
            }
            (At::Head, _) => Ok(5),
            (At::Blocks, [a, b, c, ..]) => {
                let head = u32::from_le_bytes([*a, *b, *c, 0]);
                let size = usize::try_from(head >> 3).map_err(|_| Broken)?;
                let (last, repeated) = (head & 1 == 1, (head >> 1) & 3 == 1);
                if size > BLOCK_MAX {
                    return Err(Broken);
                }
                let checksum = if last && self.checked { CHECKSUM } else { 0 };
                Ok(3 + if repeated { 1 } else { size } + checksum)
            }
            (At::Blocks, _) => Ok(3),
            (At::End, _) => Ok(0),
        }
    }

    /// Reads the part that is whole now.
    fn part(&mut self) -> Result<(), Broken> {
        let part = std::mem::take(&mut self.pending);
        match self.at {
            At::Head => {
                let flags = part.get(4).copied().unwrap_or_default();
                self.checked = flags & 4 != 0;
                self.decoder.init(part.as_slice()).map_err(|_| Broken)?;
                self.window = window(flags, part.get(5).copied().unwrap_or_default())
                    .unwrap_or_else(|| self.decoder.content_size());
                self.at = At::Blocks;
            }
            At::Blocks => {
                let one = BlockDecodingStrategy::UptoBlocks(1);
                self.decoder.decode_blocks(part.as_slice(), one).map_err(|_| Broken)?;
                if self.decoder.is_finished() {
                    self.at = At::End;
                }
            }
            At::End => {}
        }
        Ok(())
    }
}

impl Coding for Zstd {
    fn step(&mut self, input: &[u8], output: &mut [u8]) -> Result<Step, Broken> {
        let gave = self.decoder.read(output).map_err(|_| Broken)?;
        if gave > 0 || self.at == At::End {
            if self.is_end()
                && self
                    .decoder
                    .get_checksum_from_data()
                    .is_some_and(|said| self.decoder.get_calculated_checksum() != Some(said))
            {
                return Err(Broken);
            }
            return Ok(Step { took: 0, gave });
        }
        let missing = self.wanted()?.saturating_sub(self.pending.len());
        let more = input.get(..missing.min(input.len())).unwrap_or_default();
        self.pending.extend_from_slice(more);
        if self.wanted()? == self.pending.len() && !self.pending.is_empty() {
            self.part()?;
        }
        Ok(Step { took: more.len(), gave: 0 })
    }

    fn memory(&self) -> u64 {
        self.window + 2 * BLOCK_MAX as u64
    }

    fn is_end(&self) -> bool {
        self.at == At::End && self.decoder.can_collect() == 0
    }
}

/// Bytes of the window; none: it is all of the content.
fn window(flags: u8, descriptor: u8) -> Option<u64> {
    if flags & 0x20 != 0 {
        return None;
    }
    let base = 1u64 << (10 + u64::from(descriptor >> 3)).min(40);
    Some(base + base / 8 * u64::from(descriptor & 7))
}
