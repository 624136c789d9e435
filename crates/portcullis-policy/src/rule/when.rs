//! The closed list of conditions on a call.
//!
//! Must not know targets, fields or counts. What is missing in a call never fits a condition on it.

use portcullis_types::asked::{Ask, Asks};
use portcullis_types::{ScopeSet, Span, Wall};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::judge::Caller;

/// A condition.
#[derive(Debug, Clone, PartialEq)]
pub enum When {
    /// At least so many letters or digits to search for.
    Words(u32),
    /// At most so many metres around the point, where there is one; the second is what the platform
    /// takes where the call names none.
    Distance(u32, Option<u32>),
    /// A point to search around.
    Point(Presence),
    /// A further page.
    Cursor(Presence),
    /// A time of day in UTC, from the first hour to before the second; it may pass midnight.
    Hour(u8, u8),
    /// The partner's standing.
    Standing(Vec<Standing>),
    /// One of these scopes, named as in a sentence.
    Scope(ScopeSet, Box<str>),
    /// There for so long at least.
    Age(AgeOf, Span),
    /// At most so many rows asked for.
    Rows(u32),
    /// At most so many ids in the call.
    Ids(u32),
    /// Not that.
    Not(Box<Self>),
    /// One of them at least.
    Any(Vec<Self>),
    /// All of them.
    All(Vec<Self>),
}

/// Whether a parameter must be there or must not.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Hash, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Presence {
    /// It must be there.
    Required,
    /// It must not be there.
    Forbidden,
}

impl Presence {
    const fn fits(self, there: bool) -> bool {
        matches!((self, there), (Self::Required, true) | (Self::Forbidden, false))
    }
}

/// Whose age it is.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq, Hash, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AgeOf {
    /// Since the partner was added.
    #[default]
    Partner,
    /// Since the key was issued or imported.
    Key,
}

/// How the platform regards a partner.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq, Hash, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// Nothing is held against it.
    #[default]
    Good,
    /// It was warned.
    Warned,
    /// Part of what it may do is closed.
    Restricted,
    /// It comes back in stages.
    Probation,
}

impl Standing {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warned => "warned",
            Self::Restricted => "restricted",
            Self::Probation => "probation",
        }
    }
}

impl When {
    /// Whether it holds for an ask.
    #[must_use]
    pub fn holds(&self, asks: &Asks<'_>, ask: &Ask<'_>, caller: &Caller<'_>) -> bool {
        let params = &asks.params;
        match self {
            Self::Words(min) => params.words.is_some_and(|text| letters(text) >= *min),
            Self::Distance(max, assumed) => {
                let metres = params.distance_m.or(assumed.map(f64::from));
                match (params.point, metres) {
                    (_, Some(metres)) => (0.0..=f64::from(*max)).contains(&metres),
                    (None, None) => true,
                    (Some(_), None) => false,
                }
            }
            Self::Point(presence) => presence.fits(params.point.is_some()),
            Self::Cursor(presence) => presence.fits(params.cursor),
            Self::Hour(from, to) => within(hour(caller.now), *from, *to),
            Self::Standing(list) => list.contains(&caller.known.standing()),
            Self::Scope(scopes, _) => {
                caller.known.scopes().intersection(*scopes) != ScopeSet::EMPTY
            }
            Self::Age(of, min) => caller
                .known
                .since(*of)
                .is_some_and(|since| caller.now.0.saturating_sub(since.0) >= min.milliseconds()),
            Self::Rows(max) => ask.rows.count() <= *max,
            Self::Ids(max) => u32::from(asks.ids) <= *max,
            Self::Not(inner) => !inner.holds(asks, ask, caller),
            Self::Any(all) => all.iter().any(|inner| inner.holds(asks, ask, caller)),
            Self::All(all) => all.iter().all(|inner| inner.holds(asks, ask, caller)),
        }
    }

    /// The first part that does not hold, for a refusal.
    pub(crate) fn missed(&self, asks: &Asks<'_>, ask: &Ask<'_>, caller: &Caller<'_>) -> &Self {
        match self {
            Self::All(all) => {
                let first = all.iter().find(|inner| !inner.holds(asks, ask, caller));
                first.map_or(self, |inner| inner.missed(asks, ask, caller))
            }
            _ => self,
        }
    }

    /// What it asks of a call, as it ends the sentence "with … only".
    #[must_use]
    pub fn needs(&self) -> String {
        let list = |all: &[Self], word: &str| {
            all.iter().map(Self::needs).collect::<Vec<_>>().join(&format!(" {word} "))
        };
        match self {
            Self::Words(1) => "words to search for".to_owned(),
            Self::Words(min) => format!("at least {min} letters to search for"),
            Self::Distance(max, _) => format!("at most {max} m around a point"),
            Self::Point(Presence::Required) => "a point to search around".to_owned(),
            Self::Point(Presence::Forbidden) => "no point to search around".to_owned(),
            Self::Cursor(Presence::Required) => "a cursor".to_owned(),
            Self::Cursor(Presence::Forbidden) => "the first page".to_owned(),
            Self::Hour(from, to) => format!("calls from {from}:00 to {to}:00 UTC"),
            Self::Standing(list) => {
                let words: Vec<&str> = list.iter().map(|one| one.word()).collect();
                format!("a standing of {}", words.join(" or "))
            }
            Self::Scope(_, names) => format!("a key of the scope {names}"),
            Self::Age(AgeOf::Partner, min) => format!("a partnership of at least {min}"),
            Self::Age(AgeOf::Key, min) => format!("a key that is at least {min} old"),
            Self::Rows(max) => format!("at most {max} rows a page"),
            Self::Ids(max) => format!("at most {max} ids in a call"),
            Self::Not(inner) => format!("anything but {}", inner.needs()),
            Self::Any(all) => list(all, "or"),
            Self::All(all) => list(all, "and"),
        }
    }
}

fn letters(text: &str) -> u32 {
    let count = text.chars().filter(|c| c.is_alphanumeric()).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn hour(now: Wall) -> u8 {
    u8::try_from(now.0 / 3_600_000 % 24).unwrap_or(0)
}

const fn within(hour: u8, from: u8, to: u8) -> bool {
    if from <= to { from <= hour && hour < to } else { from <= hour || hour < to }
}
