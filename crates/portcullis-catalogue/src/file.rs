//! The shape of a route file, as serde and the editor's schema know it.
//!
//! Must not know which values make sense together: `compile` does.

use portcullis_types::Span;
use portcullis_yaml::{At, Entries};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::model::{Body, Extra, ParamRole};

/// A route file: what each operation, node type and field of the platform is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RouteFile {
    /// Version of this file format: 1.
    pub(crate) version: At<u32>,
    /// How paths are versioned. Leave out for a platform without a version segment.
    pub(crate) versions: Option<VersionsFile>,
    /// Classes by name, each with what it covers.
    #[serde(default)]
    pub(crate) classes: Entries<At<String>>,
    /// Classes that stay open to a partner on hold, such as the status of a prepared post, unless
    /// the hold names them.
    #[serde(default)]
    pub(crate) continuity: Vec<At<String>>,
    /// How much the ledger writes down of answers, beside counts: by class, or by the beginning of
    /// classes, such as `story.*`.
    pub(crate) ledger: Option<LedgerFile>,
    /// What vanishes by itself: partners are told each day of what they received of it the day before.
    pub(crate) vanishing: Option<VanishingFile>,
    /// Node types by name.
    #[serde(default)]
    pub(crate) types: Entries<TypeFile>,
    /// Operations by name.
    #[serde(default)]
    pub(crate) operations: Entries<OperationFile>,
}

/// How much the ledger writes down of answers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LedgerFile {
    /// Classes with a keyed digest of each record, of whose it is and of where it was made. What can't
    /// be written down of them does not leave.
    #[serde(default)]
    pub(crate) digests: Vec<At<String>>,
    /// Of those under `digests`, classes that give nothing but what belongs to the account that the call
    /// names, such as the posts of an account: their owner is told by the call, and is not asked for.
    #[serde(default)]
    pub(crate) owned: Vec<At<String>>,
    /// Classes of which nothing is written down.
    #[serde(default)]
    pub(crate) none: Vec<At<String>>,
}

/// What vanishes by itself.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VanishingFile {
    /// How long after the day on which a partner received it it has to be gone, `1d` to `90d`.
    #[schemars(with = "String")]
    pub(crate) after: At<Span>,
    /// Its classes, or the beginning of some, such as `story.*`; each at `digests` in `ledger`.
    pub(crate) classes: Vec<At<String>>,
}

/// How paths are versioned.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VersionsFile {
    /// Versions that are open, such as `v21.0`.
    pub(crate) known: At<Vec<At<String>>>,
    /// What a call without a version gets; one of `known`.
    pub(crate) missing: At<String>,
}

/// A kind of node.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TypeFile {
    /// Patterns of its ids: `#` stands for a digit, everything else for itself. None: the type is
    /// only reached through a field or an answer.
    #[serde(default)]
    pub(crate) ids: Vec<At<String>>,
    /// The fields given when no `fields` is sent.
    pub(crate) default: At<Vec<At<String>>>,
    /// Plain fields, grouped by their class.
    #[serde(default)]
    pub(crate) fields: Entries<Vec<At<String>>>,
    /// Plain fields that hold an address of media, each with how long such an address works once it
    /// was given out, such as `24h`. A hold does not end it.
    #[serde(default)]
    #[schemars(with = "std::collections::BTreeMap<String, String>")]
    pub(crate) media: Entries<At<Span>>,
    /// Fields that hold nodes, or that take modifiers.
    #[serde(default)]
    pub(crate) edges: Entries<EdgeFile>,
}

/// A field that holds nodes or takes modifiers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct EdgeFile {
    /// What it is.
    pub(crate) class: At<String>,
    /// The type of the nodes it holds. None: a plain value.
    pub(crate) holds: Option<At<String>>,
    /// Modifiers it takes, such as `limit`.
    #[serde(default)]
    pub(crate) modifiers: Vec<At<String>>,
    /// The fields given when it is named without braces, where other than the type's default.
    pub(crate) default: Option<At<Vec<At<String>>>>,
    /// Whether it is an object that belongs to the node itself: its plain fields are fields of the
    /// node, such as `owner.username`.
    pub(crate) inline: Option<At<bool>>,
    /// The modifier that names whose it is, such as `username`: the node it stands in only carries
    /// it.
    pub(crate) named_by: Option<At<String>>,
    /// Rows given when no limit is asked; 25 where it takes `limit`.
    pub(crate) rows: Option<At<u32>>,
}

/// A method as route files write it. HEAD is judged as GET and is not listed.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum MethodWord {
    Get,
    Post,
    Put,
    Patch,
    Delete,
    Options,
}

/// Forms of call the gate does not judge yet, hence refuses.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum NotJudgedWord {
    /// Sub-requests in one call.
    Batch,
    /// Many targets in one call.
    Ids,
}

/// Protocols that a connection may switch to.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum UpgradeWord {
    /// Messages both ways (RFC 6455).
    Websocket,
}

/// One method and path template.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OperationFile {
    /// Its method.
    pub(crate) method: MethodWord,
    /// Its path template; `{version}` first where paths are versioned.
    pub(crate) path: At<String>,
    /// What it is. `unclassified`: closed.
    pub(crate) class: Option<At<String>>,
    /// What it is by the target's type; a type that is not listed is refused.
    pub(crate) class_by_type: Option<Entries<At<String>>>,
    /// Listed, but refused, since its form is not judged.
    pub(crate) not_judged: Option<At<NotJudgedWord>>,
    /// It holds other calls, each judged alone; stands in place of a class.
    pub(crate) batch: Option<At<bool>>,
    /// The template parameter that holds the target's id.
    pub(crate) target: Option<At<String>>,
    /// The parameter that holds the ids of several targets.
    pub(crate) targets: Option<At<String>>,
    /// The type of what a parameter of the role `target_name` names.
    pub(crate) target_type: Option<At<String>>,
    /// What `fields` unfolds against: `target`, or the name of a type. None: nothing with fields.
    pub(crate) answer: Option<At<String>>,
    /// The fields given when no `fields` is sent, where other than the type's default.
    pub(crate) default: Option<At<Vec<At<String>>>>,
    /// Rows given when no page size is asked; 25 where a parameter is a page size.
    pub(crate) rows: Option<At<u32>>,
    /// Declared parameters of query and body, by name.
    #[serde(default)]
    pub(crate) params: Entries<At<ParamRole>>,
    /// What to do with parameters that are not declared: `refuse` (default) or `pass`.
    pub(crate) extra: Option<Extra>,
    /// What the body may be: `params` (default), or `opaque` bytes that the gate does not read.
    pub(crate) body: Option<Body>,
    /// Whether it makes a subscription: the platform pushes from then on, and a hold does not end it.
    pub(crate) subscribes: Option<At<bool>>,
    /// Whether answers hold paging links that must be rewritten.
    pub(crate) links: Option<bool>,
    /// Its answer is a stream, such as one of events, that may say nothing for so long, such as `10m`. It
    /// is cut as soon as its key may not read it any more, whatever its method.
    #[schemars(with = "Option<String>")]
    pub(crate) stream: Option<At<Span>>,
    /// The protocol that its connection switches to.
    pub(crate) upgrade: Option<At<UpgradeWord>>,
}
