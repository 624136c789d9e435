//! What is remembered of the values that are open, and of the one that comes next.
//!
//! Must not know what happens to them.

/// An object or list that is open.
#[derive(Clone, Copy)]
pub(super) struct Frame {
    pub(super) node: u16,
    pub(super) object: bool,
    pub(super) paging: bool,
    /// Whether a member of it was written.
    pub(super) emitted: bool,
    /// Whether its only member so far is `error`.
    pub(super) error: bool,
    pub(super) ends: Ends,
    /// Members or elements so far.
    pub(super) count: u32,
    /// Names seen that a duty reads.
    pub(super) seen: u128,
}

/// A value that is about to come.
#[derive(Clone, Copy, Default)]
pub(super) struct Next {
    pub(super) node: u16,
    pub(super) drop: bool,
    pub(super) paging: bool,
    pub(super) link: bool,
}

/// What is to be done at the end of a value.
#[derive(Clone, Copy, Default, Eq, PartialEq)]
pub(super) struct Ends(u8);

impl Ends {
    pub(super) const NONE: Self = Self(0);
    pub(super) const READ: Self = Self(1);
    pub(super) const LINK: Self = Self(2);
    pub(super) const EMBED: Self = Self(4);
    pub(super) const STRIP: Self = Self(8);
    pub(super) const ITEM: Self = Self(16);

    pub(super) fn add(&mut self, other: Self) {
        self.0 |= other.0;
    }

    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}
