//! The tiles of a log while its leaves go by, in memory for one tile of each level.
//!
//! Must not know where tiles are put.

use crate::hash::{Hash, Peaks, leaf_hash};
use crate::tiles::{TILE_WIDTH, Tile, TileKind, bundle};

/// Makes tiles from leaves, in order.
#[derive(Debug, Clone, Default)]
pub struct Tiler {
    size: u64,
    entries: Vec<Vec<u8>>,
    /// Of each level: full tiles that went by, and the hashes of the one under way.
    levels: Vec<(u64, Vec<Hash>)>,
}

impl Tiler {
    /// Takes the next leaf and hands out the tiles that it completes.
    pub fn append(&mut self, leaf: &[u8]) -> Vec<(Tile, Vec<u8>)> {
        let mut full = Vec::new();
        self.entries.push(leaf.to_vec());
        self.size += 1;
        if self.entries.len() == usize::from(TILE_WIDTH) {
            full.extend(self.bundled());
            self.entries.clear();
        }
        let mut hash = leaf_hash(leaf);
        for level in 0.. {
            if self.levels.len() <= usize::from(level) {
                self.levels.push((0, Vec::new()));
            }
            let Some((gone, hashes)) = self.levels.get_mut(usize::from(level)) else { break };
            hashes.push(hash);
            if hashes.len() < usize::from(TILE_WIDTH) {
                break;
            }
            full.push(tile(TileKind::Hashes(level), *gone, hashes));
            let mut peaks = Peaks::default();
            hashes.drain(..).for_each(|hash| peaks.append(hash));
            (*gone, hash) = (*gone + 1, peaks.root());
        }
        full
    }

    /// The tiles at the end, which are not full.
    #[must_use]
    pub fn rest(&self) -> Vec<(Tile, Vec<u8>)> {
        let levels = (0..).zip(&self.levels).filter(|(_, (_, hashes))| !hashes.is_empty());
        let hashes = levels.map(|(at, (gone, hashes))| tile(TileKind::Hashes(at), *gone, hashes));
        let entries = self.bundled().filter(|_| !self.entries.is_empty());
        entries.into_iter().chain(hashes).collect()
    }

    fn bundled(&self) -> Option<(Tile, Vec<u8>)> {
        let width = u16::try_from(self.entries.len()).ok()?;
        let index = self.size.saturating_sub(1) / u64::from(TILE_WIDTH);
        let content = bundle(self.entries.iter().map(Vec::as_slice))?;
        Some((Tile { kind: TileKind::Entries, index, width }, content))
    }
}

fn tile(kind: TileKind, index: u64, hashes: &[Hash]) -> (Tile, Vec<u8>) {
    let width = u16::try_from(hashes.len()).unwrap_or(TILE_WIDTH);
    (Tile { kind, index, width }, hashes.iter().flat_map(|hash| hash.0).collect())
}
