//! What the parameters and bodies of an operation mean.
//!
//! Must not know how either reaches the gate.

use schemars::JsonSchema;
use serde::Deserialize;

/// What a declared parameter means.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ParamRole {
    /// A value that is passed on.
    Plain,
    /// A `fields` tree.
    Fields,
    /// Rows asked for.
    PageSize,
    /// A paging cursor.
    Cursor,
    /// Several targets at once.
    Ids,
    /// Sub-requests in one.
    Batch,
    /// Words to search for.
    Words,
    /// A point to search around: latitude and longitude in degrees, with a comma between.
    Point,
    /// Metres around the point.
    Distance,
    /// The name of the target, such as a hashtag's; its type stands in `target_type`.
    TargetName,
    /// The id of the target once more: what differs from the path is refused.
    SameAsTarget,
    /// The account a call is made through: no target.
    Carrier,
    /// Never forwarded, since it carries a key (`debug_token?input_token=`).
    Secret,
}

/// What happens to parameters the operation does not declare.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Extra {
    /// The call is refused.
    Refuse,
    /// They pass on as they are.
    Pass,
}

/// What the body of an operation may be.
#[derive(Debug, Clone, Copy, Eq, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// Parameters, in a form, multipart or JSON, or none.
    Params,
    /// Bytes the gate does not read; they stream.
    Opaque,
}
