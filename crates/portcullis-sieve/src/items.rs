//! Who is asked about items, and what it is shown.
//!
//! Must not know how items are found.

use std::ops::Range;

use crate::plan::Test;
use crate::time;

/// What becomes of an item.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub enum Fate {
    /// It may leave.
    Keep,
    /// It goes.
    Drop,
    /// The answer ends here, as a fault.
    Cut,
}

/// Whoever decides about items by what it knows beside the answer: declared places, budgets.
pub trait Items {
    /// Asked once for each item that passed the checks of a duty that asks.
    fn keep(&mut self, item: &Item<'_>) -> Fate;

    /// How much was noted so far of items that were kept.
    fn noted(&self) -> usize {
        0
    }

    /// What was noted beyond so much is of items that go after all, with what they stood in.
    fn forget(&mut self, _noted: usize) {}

    /// An item that was shown before all of it was known, as it is at its end; `noted` is how much was
    /// noted before it.
    fn late(&mut self, _item: &Item<'_>, _noted: usize) {}
}

/// Nobody to ask: whatever would be asked goes.
impl Items for () {
    fn keep(&mut self, _: &Item<'_>) -> Fate {
        Fate::Drop
    }
}

impl<F: FnMut(&Item<'_>) -> Fate> Items for F {
    fn keep(&mut self, item: &Item<'_>) -> Fate {
        self(item)
    }
}

/// What was read of an item.
#[derive(Debug, Clone, Copy)]
pub struct Item<'a> {
    /// The duty's.
    pub tag: u32,
    /// The entry of the batch it stands in.
    pub entry: Option<u32>,
    pub(crate) slots: &'a [Slot],
    pub(crate) texts: &'a str,
}

impl<'a> Item<'a> {
    /// The value of a read, by its position in the duty; none: missing, null or unreadable.
    #[must_use]
    pub fn text(&self, read: usize) -> Option<&'a str> {
        self.slots.get(read)?.text(self.texts)
    }

    /// Whether the value is there but can't be read: an object, too long, given twice.
    #[must_use]
    pub fn is_unreadable(&self, read: usize) -> bool {
        self.slots.get(read) == Some(&Slot::Unreadable)
    }

    /// Whether a test is so of an item, as far as that was read; `now` in seconds since 1970. For
    /// whoever only wants to know, without the item going.
    #[must_use]
    pub fn is(&self, test: &Test, now: i64) -> bool {
        holds(test, self.slots, self.texts, now, true).unwrap_or(true)
    }
}

/// The state of one read of one item.
#[derive(Debug, Clone, Eq, PartialEq)]
pub(crate) enum Slot {
    Unknown,
    Null,
    Text(Range<usize>),
    Unreadable,
}

impl Slot {
    pub(crate) fn text<'a>(&self, texts: &'a str) -> Option<&'a str> {
        match self {
            Self::Text(range) => texts.get(range.clone()),
            Self::Unknown | Self::Null | Self::Unreadable => None,
        }
    }
}

/// Whether a test is true; none: that is not known yet.
pub(crate) fn holds(
    test: &Test,
    slots: &[Slot],
    texts: &str,
    now: i64,
    ended: bool,
) -> Option<bool> {
    let (read, missing) = match test {
        Test::OneOf { read, .. } | Test::Present { read } => (*read, false),
        Test::NotOneOf { read, missing, .. } => (*read, *missing),
        Test::Expired { read } => (*read, true),
        Test::Always => return Some(true),
    };
    let text = match slots.get(read)? {
        Slot::Unknown => return ended.then_some(missing),
        Slot::Null => return Some(missing),
        Slot::Unreadable => return Some(true),
        Slot::Text(range) => texts.get(range.clone())?,
    };
    Some(match test {
        Test::OneOf { values, .. } => values.iter().any(|value| value.eq_ignore_ascii_case(text)),
        Test::NotOneOf { values, .. } => !values.iter().any(|value| **value == *text),
        Test::Expired { .. } => time::seconds(text).is_none_or(|at| at <= now),
        Test::Present { .. } | Test::Always => true,
    })
}
