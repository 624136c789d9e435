//! Two partners that read one list, or share it out.
//!
//! Each partner has a [`Sketch`] of the ids it asked for and had not declared. Both keep those whose hash
//! is lowest, so that two sketches that had to leave something out left out the same. Compared are
//! * *common*: the share of common ids in all of both: one list, read twice. Popular targets are common
//!   to honest partners, too: figures below 80 % say little.
//! * *in turn*: both have nothing in common, and in the order of ids the one's and the other's take
//!   turns: one list, every other id for each. By chance half of the neighbours are the other's. Only
//!   seen while nothing had to be left out. A list that is shared out at random looks like two lists.
//!
//! Must not know whose the sketches are.

use std::collections::BTreeMap;

use portcullis_types::Wall;

use super::detector::Hit;
use super::spec::Measure;
use crate::budget::TargetKey;

/// Ids in a sketch, of 40 bytes each.
pub(crate) const TARGETS_MAX: usize = 4096;

/// Ids of one kind that a partner asked for.
#[derive(Debug, Default)]
pub struct Sketch {
    /// By hash: the id, and when it was asked for last.
    ids: BTreeMap<TargetKey, (u64, u64)>,
    /// Hashes from this one on were left out, once it had to be.
    left_out: Option<TargetKey>,
}

impl Sketch {
    /// Notes an undeclared target.
    pub fn asked(&mut self, target: TargetKey, number: u64, now: Wall) {
        if self.left_out.is_some_and(|from| target >= from) {
            return;
        }
        self.ids.insert(target, (number, now.0));
        if self.ids.len() > TARGETS_MAX {
            self.left_out = self.ids.pop_last().map(|(key, _)| key);
        }
    }

    /// Forgets what was not asked for within a window. What was left out is seen again.
    pub fn expire(&mut self, window: portcullis_types::Span, now: Wall) {
        self.ids.retain(|_, (_, at)| at.saturating_add(window.milliseconds()) > now.0);
        if self.ids.len() < TARGETS_MAX / 2 {
            self.left_out = None;
        }
    }

    /// How many ids it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}

/// The ids of one partner's sketches that are looked at together.
#[derive(Debug, Clone, Default)]
pub struct Listed {
    ids: Vec<(TargetKey, u64)>,
    left_out: Option<TargetKey>,
}

impl Listed {
    /// Adds what a sketch holds.
    pub fn add(&mut self, sketch: &Sketch) {
        self.ids.extend(sketch.ids.iter().map(|(key, (number, _))| (*key, *number)));
        self.left_out = [self.left_out, sketch.left_out].into_iter().flatten().min();
    }
}

/// Compares ids of one kind that two partners asked for; to be called now and then, such as every hour.
#[must_use]
pub fn compare(measure: &Measure, one: &Listed, other: &Listed) -> Option<Hit> {
    let bound = [one.left_out, other.left_out].into_iter().flatten().min();
    let ids = |listed: &Listed| -> Vec<u64> {
        let kept = listed.ids.iter().filter(|(key, _)| bound.is_none_or(|from| *key < from));
        let mut ids: Vec<u64> = kept.map(|(_, number)| *number).collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    };
    let (one, other) = (ids(one), ids(other));
    if (one.len().min(other.len()) as u64) < measure.min.max(1) {
        return None;
    }
    let merged = merge(&one, &other);
    let common = merged.iter().filter(|who| **who == Whose::Both).count();
    let pairs = merged.len().saturating_sub(1);
    let turns = merged.iter().zip(merged.iter().skip(1));
    let turns = turns.filter(|(one, next)| one != next).count();
    let percent =
        |part: usize, all: usize| (part as u64 * 100).checked_div(all as u64).unwrap_or(0);
    let common = percent(common, merged.len());
    let in_turn = if common == 0 && bound.is_none() { percent(turns, pairs) } else { 0 };
    (common.max(in_turn) > measure.over).then(|| {
        let targets = [("targets of the one", one.len()), ("targets of the other", other.len())];
        let [first, second] = targets.map(|(name, targets)| (name, targets as u64));
        let shares = [("percent common", common), ("percent in turn", in_turn)];
        let [common, in_turn] = shares;
        Hit::new(measure.signal, &[first, second, common, in_turn])
    })
}

#[derive(Debug, Clone, Copy, Eq, PartialEq)]
enum Whose {
    One,
    Other,
    Both,
}

/// Whose the ids of two sorted lists are, in order.
fn merge(one: &[u64], other: &[u64]) -> Vec<Whose> {
    let (mut left, mut right) = (one.iter().peekable(), other.iter().peekable());
    let mut merged = Vec::with_capacity(one.len() + other.len());
    loop {
        let whose = match (left.peek(), right.peek()) {
            (None, None) => return merged,
            (Some(_), None) => Whose::One,
            (None, Some(_)) => Whose::Other,
            (Some(one), Some(other)) => match one.cmp(other) {
                std::cmp::Ordering::Less => Whose::One,
                std::cmp::Ordering::Greater => Whose::Other,
                std::cmp::Ordering::Equal => Whose::Both,
            },
        };
        if whose != Whose::Other {
            left.next();
        }
        if whose != Whose::One {
            right.next();
        }
        merged.push(whose);
    }
}
