//! The shape of limits and rules.
//!
//! Must not know which values make sense together: `compile` does.

use portcullis_types::Span;
use portcullis_yaml::At;
use schemars::JsonSchema;
use serde::Deserialize;

use super::{Either, Expects};
use crate::rule::{AgeOf, Presence, Sharer, Standing};

/// The figure of a rate or limit.
pub(crate) type MaxFile = Either<u64, MaxFields>;

/// A figure that hangs on the partner.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MaxFields {
    /// As the partner declared under this name; 0 where it did not.
    pub(crate) figure: Option<At<String>>,
    /// So many `times` for each: `grants`, or the name of a declared list.
    pub(crate) for_each: Option<At<String>>,
    /// How many for each.
    pub(crate) times: Option<At<u64>>,
}

impl Expects for MaxFields {
    const WORDS: &'static str =
        "a whole number, `{ figure: NAME }` or `{ for_each: grants, times: N }`";
    const NUMBER: bool = true;
}

/// A budget in a rolling window.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LimitFile {
    /// Its name, shown to the partner when it is reached.
    pub(crate) id: At<String>,
    /// What it counts: different `targets`, `rows` asked for, `calls`, or different `cells` of a grid in
    /// which the points asked for lie.
    pub(crate) count: CountWord,
    /// How long the sides of a cell are, in metres; where `cells` are counted.
    pub(crate) cell_m: Option<At<u32>>,
    /// Counts targets of these types only: those asked for, and those found in answers, such as the
    /// owners of posts. Found ones count even beyond `max`, and the next call is refused.
    pub(crate) returned: Option<At<Vec<At<String>>>>,
    /// `target`: for each target alone. Left out: over all of them.
    pub(crate) each: Option<EachWord>,
    /// Most in the window. 0: none at all.
    pub(crate) max: At<MaxFile>,
    /// The rolling window, up to `31d`.
    #[schemars(with = "String")]
    pub(crate) window: At<Span>,
    /// Who shares it; the `partner` where not given.
    pub(crate) per: Option<Sharer>,
    /// Counted and recorded, but refuses nothing.
    pub(crate) shadow: Option<bool>,
}

/// What a limit counts.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum CountWord {
    /// Different targets.
    Targets,
    /// Rows asked for.
    Rows,
    /// Calls.
    Calls,
    /// Different cells of a grid over the earth.
    Cells,
}

/// For each of what a limit counts alone.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum EachWord {
    /// Each target.
    Target,
}

/// Classes, or `any`.
pub(crate) type ClassesFile = Either<AnyWord, Vec<At<String>>>;

/// All of them.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AnyWord {
    /// Every class.
    Any,
}

impl Expects for Vec<At<String>> {
    const WORDS: &'static str = "`any` or a list of classes";
    const LIST: bool = true;
}

/// Whose things a rule speaks of.
pub(crate) type TargetFile = Either<TargetWord, TargetFields>;

/// A target in one word.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TargetWord {
    /// Whatever the target, said on purpose.
    Any,
    /// An account that authorised the partner.
    Granted,
    /// No target at all, as in a search.
    None,
}

/// Conditions on a target; all must hold.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TargetFields {
    /// It stands in this declared list.
    pub(crate) declared: Option<At<String>>,
    /// It does not stand in this declared list.
    pub(crate) undeclared: Option<At<String>>,
    /// It is an account that authorised the partner.
    pub(crate) granted: Option<At<bool>>,
    /// It is asked inside something of these classes, in one call.
    pub(crate) found_by: Option<At<Vec<At<String>>>>,
    /// It is of one of these types.
    #[serde(rename = "type")]
    pub(crate) types: Option<At<Vec<At<String>>>>,
}

impl Expects for TargetFields {
    const WORDS: &'static str =
        "`any`, `granted`, `none`, or fields such as `{ declared: locations }`";
}

/// Conditions on a call; all must hold.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WhenFile {
    /// Words to search for.
    pub(crate) words: Option<WordsFile>,
    /// The distance around a point, where the call has one.
    pub(crate) distance_m: Option<DistanceFile>,
    /// Whether there is a point to search around.
    pub(crate) point: Option<Presence>,
    /// Whether a further page is asked for.
    pub(crate) cursor: Option<Presence>,
    /// The time of day in UTC.
    pub(crate) hour: Option<At<HourFile>>,
    /// The partner's standing is one of these.
    pub(crate) standing: Option<At<Vec<Standing>>>,
    /// Rows asked for.
    pub(crate) rows: Option<AtMostFile>,
    /// Ids in the call.
    pub(crate) ids: Option<AtMostFile>,
    /// The key holds one of these scopes: neither its partner, nor its client, nor itself is narrowed
    /// to others.
    pub(crate) scope: Option<At<Vec<At<String>>>>,
    /// How long the partner, or its key, is there already.
    pub(crate) age: Option<AgeFile>,
    /// Not all of this.
    pub(crate) not: Option<Box<At<WhenFile>>>,
    /// One of these at least.
    pub(crate) any: Option<At<Vec<At<WhenFile>>>>,
    /// All of these.
    pub(crate) all: Option<At<Vec<At<WhenFile>>>>,
}

/// Words to search for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WordsFile {
    /// Letters and digits at least.
    pub(crate) min: At<u32>,
}

/// How long someone is there already.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AgeFile {
    /// So long at least, such as `30d`.
    #[schemars(with = "String")]
    pub(crate) min: At<Span>,
    /// Whose age: the `partner`'s where not given, or that of the `key`.
    pub(crate) of: Option<AgeOf>,
}

/// A distance.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DistanceFile {
    /// Metres at most.
    pub(crate) max: At<u32>,
    /// What the platform takes where a call names a point and no distance. Left out: such a call
    /// does not fit.
    pub(crate) default: Option<At<u32>>,
}

/// A bound.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AtMostFile {
    /// So many at most.
    pub(crate) max: At<u32>,
}

/// Hours of the day in UTC.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HourFile {
    /// From this hour, 0 to 23.
    pub(crate) from: At<u8>,
    /// To before this hour, 1 to 24.
    pub(crate) to: At<u8>,
}

/// Grants classes to targets.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AllowFile {
    /// Its name.
    pub(crate) id: At<String>,
    /// The classes it grants.
    pub(crate) class: At<Vec<At<String>>>,
    /// Whose; may be left out only where the classes have no target.
    pub(crate) target: Option<At<TargetFile>>,
    /// What else must hold.
    pub(crate) when: Option<At<WhenFile>>,
    /// The fields it grants: names of field sets, or dotted fields. `[]`: none. Needed where the
    /// classes give fields.
    pub(crate) fields: Option<At<Vec<At<String>>>>,
    /// Most rows of one page. The operation's own page is cut down to it; a nested one over it is
    /// refused.
    pub(crate) rows: Option<At<u32>>,
    /// Most ids in one call; 1 where not given.
    pub(crate) ids: Option<At<u32>>,
    /// The limits it debits.
    #[serde(default)]
    pub(crate) limits: Vec<At<String>>,
    /// What the partner is told where this rule is what was missed.
    pub(crate) tell: Option<At<String>>,
    /// Judged and recorded, but grants nothing.
    pub(crate) shadow: Option<bool>,
}

/// Denies, whatever is allowed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DenyFile {
    /// Its name.
    pub(crate) id: At<String>,
    /// The classes it denies, or `any`.
    pub(crate) class: At<ClassesFile>,
    /// Whose; whatever the target where not given.
    pub(crate) target: Option<At<TargetFile>>,
    /// What else must hold.
    pub(crate) when: Option<At<WhenFile>>,
    /// Only asks for one of these fields; whatever the fields where not given.
    pub(crate) fields: Option<At<Vec<At<String>>>>,
    /// A further condition, as a Cedar expression over the facts of the call. What can't be
    /// evaluated denies.
    pub(crate) deny_when: Option<At<String>>,
    /// The reason code, for records.
    pub(crate) reason: Option<At<String>>,
    /// What the partner is told.
    pub(crate) tell: Option<At<String>>,
    /// Judged and recorded, but denies nothing.
    pub(crate) shadow: Option<bool>,
}
