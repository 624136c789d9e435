//! Tiles: the log as files that never change (C2SP tlog-tiles).
//!
//! A tile holds up to 256 neighbours of one level of the tree, or 256 entries; a path names it. The
//! names and the contents are made here, and who keeps or serves them is not known.

use std::fmt;
use std::str::FromStr;

use crate::hash::Hash;
use crate::tree::Nodes;

/// Hashes or entries in a full tile.
pub const TILE_WIDTH: u16 = 256;
/// Levels of tiles that a log of 2⁶⁴ entries could have.
const LEVELS: u8 = 8;

/// What a tile holds.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Hash)]
pub enum TileKind {
    /// Hashes, each over 256 to the power of this many leaves.
    Hashes(u8),
    /// Entries, each with its length before it.
    Entries,
}

/// The name of a tile.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Hash)]
pub struct Tile {
    /// What it holds.
    pub kind: TileKind,
    /// Its place in its level.
    pub index: u64,
    /// How many it holds, 1 to 256; fewer only at the end of the log.
    pub width: u16,
}

impl Tile {
    /// All tiles of a log of this size, entries first, then hashes from the leaves up.
    pub fn all(size: u64) -> impl Iterator<Item = Self> {
        Self::between(0, size)
    }

    /// The tiles that a log of size `new` has and one of size `old` had not.
    pub fn between(old: u64, new: u64) -> impl Iterator<Item = Self> {
        let width = u64::from(TILE_WIDTH);
        let kinds = std::iter::once(TileKind::Entries).chain((0..LEVELS).map(TileKind::Hashes));
        kinds.flat_map(move |kind| {
            let (before, now) = (kind.places(old), kind.places(new));
            let first = before / width;
            let last = if before < now { now.div_ceil(width) } else { first };
            (first..last).map(move |index| {
                let left = now.saturating_sub(index * width).min(width);
                Self { kind, index, width: u16::try_from(left).unwrap_or(TILE_WIDTH) }
            })
        })
    }

    /// Whether nothing can be added to it.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.width == TILE_WIDTH
    }

    /// Where it begins in its level.
    #[must_use]
    pub fn first(&self) -> u64 {
        self.index.saturating_mul(u64::from(TILE_WIDTH))
    }

    /// Whether a log of this size has as much.
    #[must_use]
    pub fn is_in(&self, size: u64) -> bool {
        let end = self.index.checked_mul(u64::from(TILE_WIDTH));
        let end = end.and_then(|first| first.checked_add(u64::from(self.width)));
        end.is_some_and(|end| end <= self.kind.places(size))
    }

    /// The content of a tile of hashes, where the tree has them all.
    #[must_use]
    pub fn hashes(&self, nodes: &impl Nodes) -> Option<Vec<u8>> {
        let TileKind::Hashes(level) = self.kind else { return None };
        let mut content = Vec::with_capacity(usize::from(self.width) * 32);
        for at in 0..u64::from(self.width) {
            let index = self.first().checked_add(at)?;
            content.extend(nodes.node(u32::from(level) * 8, index)?.0);
        }
        Some(content)
    }
}

impl TileKind {
    /// How many hashes or entries of this kind a log of this size has.
    fn places(self, size: u64) -> u64 {
        match self {
            Self::Entries => size,
            Self::Hashes(level) => size.checked_shr(u32::from(level) * 8).unwrap_or(0),
        }
    }
}

/// Its path below the log's address, such as `tile/0/x001/234.p/5`.
impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes(level) => write!(f, "tile/{level}/")?,
            TileKind::Entries => f.write_str("tile/entries/")?,
        }
        let digits = self.index.to_string();
        let digits = format!("{digits:0>width$}", width = digits.len().next_multiple_of(3));
        let groups = digits.len() / 3;
        for (at, digit) in digits.chars().enumerate() {
            match (at % 3, at / 3 + 1 < groups) {
                (0, true) => write!(f, "x{digit}")?,
                (2, true) => write!(f, "{digit}/")?,
                _ => write!(f, "{digit}")?,
            }
        }
        if self.is_full() { Ok(()) } else { write!(f, ".p/{}", self.width) }
    }
}

/// Not the path of a tile.
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
#[error(
    "`{0}` is no path of a tile: it has the form `tile/LEVEL/NUMBER` or `tile/entries/NUMBER`, and ends with `.p/WIDTH` where it is not full"
)]
pub struct NoTile(String);

impl FromStr for Tile {
    type Err = NoTile;

    fn from_str(path: &str) -> Result<Self, NoTile> {
        let bad = || NoTile(path.chars().take(80).collect());
        let rest = path.strip_prefix("tile/").ok_or_else(bad)?;
        let (kind, rest) = rest.split_once('/').ok_or_else(bad)?;
        let kind = match kind {
            "entries" => TileKind::Entries,
            level => TileKind::Hashes(level.parse().map_err(|_| bad())?),
        };
        let (number, width) = match rest.split_once(".p/") {
            Some((number, width)) => (number, width.parse().map_err(|_| bad())?),
            None => (rest, TILE_WIDTH),
        };
        let digits: String = number.chars().filter(char::is_ascii_digit).collect();
        let index = digits.parse().map_err(|_| bad())?;
        let tile = Self { kind, index, width };
        // One comparison settles leading zeros, groups of three and the `x` before all but the last.
        let known = (1..=TILE_WIDTH).contains(&width) && tile.to_string() == path;
        if known { Ok(tile) } else { Err(bad()) }
    }
}

/// Entries as the content of a tile: the length in two bytes, then the entry. None where one is too
/// long for that, which no leaf is.
#[must_use]
pub fn bundle<'a>(entries: impl IntoIterator<Item = &'a [u8]>) -> Option<Vec<u8>> {
    let mut content = Vec::new();
    for entry in entries {
        content.extend(u16::try_from(entry.len()).ok()?.to_be_bytes());
        content.extend(entry);
    }
    Some(content)
}

/// The entries in the content of a tile; none where it is cut off.
#[must_use]
pub fn unbundle(content: &[u8]) -> Option<Vec<&[u8]>> {
    let (mut rest, mut entries) = (content, Vec::new());
    while let Some((length, after)) = rest.split_first_chunk::<2>() {
        let (entry, after) = after.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        entries.push(entry);
        rest = after;
    }
    rest.is_empty().then_some(entries)
}

/// The hashes in the content of a tile; none where it is cut off.
#[must_use]
pub fn unhash(content: &[u8]) -> Option<Vec<Hash>> {
    let (hashes, rest) = content.as_chunks::<32>();
    rest.is_empty().then(|| hashes.iter().copied().map(Hash).collect())
}
