//! What a standing closes: a shape over classes and effects, and a factor for rates and budgets.
//!
//! Access is taken away by halves as well as whole: reads alone, reads of a class, some classes.
//! Must not know who is concerned, why, or which classes stay open whatever is closed.

use std::fmt;
use std::num::NonZeroU8;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{ClassName, Effect};

/// How a partner or client stands with the platform; keys are good or suspended.
#[derive(
    Debug, Clone, Copy, Default, Eq, PartialEq, Ord, PartialOrd, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum StandingName {
    /// As agreed.
    #[default]
    Good,
    /// As agreed, after a warning.
    Warned,
    /// Some classes closed, or rates and budgets cut.
    Restricted,
    /// On hold, in a shape.
    Suspended,
    /// It ends at a date that was told; closed meanwhile as it was before.
    Terminating,
    /// It ended.
    Terminated,
    /// On the way back, in stages.
    Probation,
}

impl StandingName {
    /// Every one, from good on.
    pub const ALL: [Self; 7] = [
        Self::Good,
        Self::Warned,
        Self::Restricted,
        Self::Suspended,
        Self::Terminating,
        Self::Terminated,
        Self::Probation,
    ];

    /// The name as it stands in events and answers.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warned => "warned",
            Self::Restricted => "restricted",
            Self::Suspended => "suspended",
            Self::Terminating => "terminating",
            Self::Terminated => "terminated",
            Self::Probation => "probation",
        }
    }
}

impl fmt::Display for StandingName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is closed.
#[derive(Debug, Clone, Default, Eq, PartialEq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "shape", content = "classes")]
pub enum Closes {
    /// Nothing.
    #[default]
    Nothing,
    /// Every class, to read and to write.
    All,
    /// Every class, to read.
    Reads,
    /// These classes, to read.
    ReadsOf(Arc<[ClassName]>),
    /// Every class, to write.
    Writes,
    /// These classes, to read and to write.
    Classes(Arc<[ClassName]>),
}

impl Closes {
    /// Whether a class is closed to such a call.
    #[must_use]
    pub fn bars(&self, class: &str, effect: Effect) -> bool {
        let among = |classes: &[ClassName]| classes.iter().any(|closed| closed.as_str() == class);
        match self {
            Self::Nothing => false,
            Self::All => true,
            Self::Reads => effect == Effect::Read,
            Self::ReadsOf(classes) => effect == Effect::Read && among(classes),
            Self::Writes => effect == Effect::Write,
            Self::Classes(classes) => among(classes),
        }
    }

    /// Whether everything that `other` closes is closed by this too. In doubt it says no.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let within = |few: &[ClassName], many: &[ClassName]| few.iter().all(|c| many.contains(c));
        match (self, other) {
            (Self::All, _) | (_, Self::Nothing) => true,
            (Self::Reads, Self::Reads | Self::ReadsOf(_)) | (Self::Writes, Self::Writes) => true,
            (Self::ReadsOf(many) | Self::Classes(many), Self::ReadsOf(few))
            | (Self::Classes(many), Self::Classes(few)) => within(few, many),
            (
                Self::Nothing | Self::Reads | Self::ReadsOf(_) | Self::Writes | Self::Classes(_),
                _,
            ) => false,
        }
    }

    /// Whether nothing is closed.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        match self {
            Self::Nothing => true,
            Self::ReadsOf(classes) | Self::Classes(classes) => classes.is_empty(),
            Self::All | Self::Reads | Self::Writes => false,
        }
    }
}

impl fmt::Display for Closes {
    /// What is closed, in words, as it follows "closed: ".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = |f: &mut fmt::Formatter<'_>, classes: &[ClassName]| {
            let classes: Vec<_> = classes.iter().map(|class| format!("`{class}`")).collect();
            f.write_str(&classes.join(", "))
        };
        match self {
            Self::Nothing => f.write_str("nothing"),
            Self::All => f.write_str("all reads and writes"),
            Self::Reads => f.write_str("all reads"),
            Self::ReadsOf(classes) => {
                f.write_str("reads of ")?;
                named(f, classes)
            }
            Self::Writes => f.write_str("all writes"),
            Self::Classes(classes) => named(f, classes),
        }
    }
}

/// A share of rates and budgets, 1 to 100 in a hundred.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct Percent(NonZeroU8);

impl Percent {
    /// A share between 1 and 100.
    #[must_use]
    pub fn new(percent: u8) -> Option<Self> {
        NonZeroU8::new(percent).filter(|percent| percent.get() <= 100).map(Self)
    }

    /// The figure.
    #[must_use]
    pub fn get(self) -> u8 {
        self.0.get()
    }

    /// That share of an amount, rounded down; at least 1 unless the amount is 0.
    #[must_use]
    pub fn of(self, amount: u64) -> u64 {
        let share = u128::from(amount) * u128::from(self.get()) / 100;
        u64::try_from(share).unwrap_or(amount).max(amount.min(1))
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} %", self.get())
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u8(self.get())
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let percent = u8::deserialize(from)?;
        Self::new(percent).ok_or_else(|| {
            serde::de::Error::custom(format!("`{percent}` is no share; write 1 to 100"))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(names: &[&str]) -> Arc<[ClassName]> {
        names.iter().map(|name| ClassName::new(name).unwrap()).collect()
    }

    #[test]
    fn each_shape_closes_what_its_name_says() {
        let posts = || classes(&["place.posts"]);
        let rows = [
            (Closes::Nothing, [false; 4]),
            (Closes::All, [true; 4]),
            (Closes::Reads, [true, false, true, false]),
            (Closes::ReadsOf(posts()), [true, false, false, false]),
            (Closes::Writes, [false, true, false, true]),
            (Closes::Classes(posts()), [true, true, false, false]),
        ];
        for (closes, expected) in rows {
            let found = ["place.posts", "media.publish"].map(|class| {
                [Effect::Read, Effect::Write].map(|effect| closes.bars(class, effect))
            });
            assert_eq!(found.concat(), expected, "{closes:?}");
        }
    }

    #[test]
    fn what_covers_another_bars_all_that_it_bars() {
        let shapes = [
            Closes::Nothing,
            Closes::All,
            Closes::Reads,
            Closes::ReadsOf(classes(&["a"])),
            Closes::ReadsOf(classes(&["a", "b"])),
            Closes::Writes,
            Closes::Classes(classes(&["a"])),
            Closes::Classes(classes(&["b", "a"])),
        ];
        let asked = [
            ("a", Effect::Read),
            ("a", Effect::Write),
            ("b", Effect::Read),
            ("b", Effect::Write),
            ("c", Effect::Read),
            ("c", Effect::Write),
        ];
        for one in &shapes {
            for other in &shapes {
                let all = asked.iter().all(|(c, e)| one.bars(c, *e) || !other.bars(c, *e));
                assert_eq!(one.covers(other), all, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn a_share_is_rounded_down_and_never_to_nothing() {
        let half = Percent::new(50).unwrap();
        assert_eq!([0, 1, 3, 200, u64::MAX].map(|n| half.of(n)), [0, 1, 1, 100, u64::MAX / 2]);
        assert_eq!([0, 101].map(Percent::new), [None, None]);
    }
}
