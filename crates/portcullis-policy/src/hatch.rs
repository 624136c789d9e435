//! `deny_when`: a Cedar condition over the facts of a call, which can only deny.
//!
//! What can't be evaluated denies. Absent, it costs nothing: it is asked last, of the rules that have
//! one. Must not know how it was checked.

use std::fmt;
use std::sync::Arc;

use cedar_policy::{
    Authorizer, Context, Entities, EntityId, EntityTypeName, EntityUid, PolicySet, Request,
    RestrictedExpression,
};
use portcullis_types::Effect;
use portcullis_types::asked::{Ask, Target, Via};

use crate::fields;
use crate::judge::rules::Call;

/// The type of what has no target.
pub(crate) const NO_TARGET: &str = "nothing";
/// The type of who calls.
pub(crate) const CALLER: &str = "caller";

/// The type of what is known of a call.
pub(crate) const FACTS: &str = "facts";

/// A condition, compiled into a policy set of its own: what others deny costs it nothing.
#[derive(Clone)]
pub struct Hatch {
    pub(crate) text: Arc<str>,
    pub(crate) policies: Arc<PolicySet>,
}

impl fmt::Debug for Hatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hatch").field(&self.text).finish()
    }
}

impl PartialEq for Hatch {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// A name of ours as Cedar writes identifiers.
pub(crate) fn ident(name: &str) -> String {
    let legal = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let word: String = name.chars().map(legal).collect();
    let reserved = [
        "true", "false", "if", "then", "else", "in", "is", "like", "has", CALLER, NO_TARGET, FACTS,
    ];
    let starts = word.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if !starts || word.starts_with("__") || reserved.contains(&word.as_str()) {
        return format!("t_{word}");
    }
    word
}

impl Hatch {
    /// What the author wrote.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it denies an ask. In doubt it does.
    pub(crate) fn denies(&self, call: &Call<'_, '_>, ask: &Ask<'_>) -> bool {
        let Some(request) = request(call, ask) else { return true };
        let response =
            Authorizer::new().is_authorized(&request, &self.policies, &Entities::empty());
        // The set holds one policy, which forbids: it decided, or failed.
        let diagnostics = response.diagnostics();
        diagnostics.reason().next().is_some() || diagnostics.errors().next().is_some()
    }
}

fn uid(kind: &str, id: &str) -> Option<EntityUid> {
    let kind: EntityTypeName = kind.parse().ok()?;
    Some(EntityUid::from_type_name_and_id(kind, EntityId::new(id)))
}

fn request(call: &Call<'_, '_>, ask: &Ask<'_>) -> Option<Request> {
    let kind = |ix| call.catalogue.node_type(ix).map(|kind| ident(kind.name.as_str()));
    let resource = match ask.target {
        Target::None => uid(NO_TARGET, ""),
        Target::Node(of, id) | Target::Named(of, id) => uid(&kind(of)?, id),
        Target::Found(of, _) => uid(&kind(of)?, ""),
    };
    let action = uid("Action", call.catalogue.class_name(ask.class));
    let context = Context::from_pairs(facts(call, ask)).ok()?;
    Request::new(uid(CALLER, "")?, action?, resource?, context, None).ok()
}

/// The members of `context`, as the schema declares them.
fn facts(call: &Call<'_, '_>, ask: &Ask<'_>) -> Vec<(String, RestrictedExpression)> {
    let params = &call.asks.params;
    let known = call.caller.known;
    let truth = RestrictedExpression::new_bool;
    let number = |n: u64| RestrictedExpression::new_long(i64::try_from(n).unwrap_or(i64::MAX));
    let text = |text: &str| RestrictedExpression::new_string(text.to_owned());
    let paths = ask.fields.iter().filter_map(|ix| fields::path_of(call.catalogue, ix));
    let now_ms = call.caller.now.0;
    let mut all = vec![
        ("write", truth(ask.effect == Effect::Write)),
        ("nested", truth(matches!(ask.via, Via::Edge(..)))),
        ("named", truth(matches!(ask.target, Target::Named(..)))),
        ("granted", truth(known.is_granted(&ask.target))),
        ("fields", RestrictedExpression::new_set(paths.map(text))),
        ("fields_named", truth(ask.fields_named)),
        ("rows", number(ask.rows.count().into())),
        ("ids", number(call.asks.ids.into())),
        ("cursor", truth(params.cursor)),
        ("batch", truth(params.in_batch)),
        ("standing", text(known.standing().word())),
        ("hour", number(now_ms / 3_600_000 % 24)),
        // The first of January 1970 was a Thursday; Monday is 1.
        ("weekday", number((now_ms / 86_400_000 + 3) % 7 + 1)),
    ];
    all.extend(params.words.map(|words| ("words", text(words))));
    if let Some((latitude, longitude)) = params.point {
        all.push(("latitude_e6", degrees(latitude)));
        all.push(("longitude_e6", degrees(longitude)));
    }
    all.extend(params.distance_m.map(|metres| ("distance_m", whole(metres))));
    all.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// What is no number in range is the largest: a bound on it denies.
fn whole(value: f64) -> RestrictedExpression {
    let bounded = if value.is_finite() { value.ceil().clamp(-9e15, 9e15) } else { 9e15 };
    #[allow(clippy::cast_possible_truncation, reason = "bounded to what is exact in both")]
    RestrictedExpression::new_long(bounded as i64)
}

fn degrees(value: f64) -> RestrictedExpression {
    whole(value * 1e6)
}
