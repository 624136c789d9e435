//! What of a call is sent otherwise than it was asked: a smaller page, the fields that are granted.
//!
//! Must not know why a rule says so.

use portcullis_catalogue::{Catalogue, Operation, ParamRole};
use portcullis_policy::Ruling;
use portcullis_types::FieldSet;

/// Parameters in place of those the caller sent; none, for most calls. `fields`: what the duties on the
/// answer say is to be asked for.
pub(crate) fn parameters(
    ruling: &Ruling,
    operation: &Operation,
    catalogue: &Catalogue,
    fields: Option<&str>,
) -> Vec<(String, String)> {
    let mut amended = Vec::new();
    if let Some((name, rows)) = named(operation, ParamRole::PageSize).zip(ruling.clamp) {
        amended.push((name.to_owned(), rows.to_string()));
    }
    if let Some(name) = fields_param(operation) {
        let cut = || ruling.default_fields.map(|fields| text(&fields, catalogue));
        amended.extend(fields.map(str::to_owned).or_else(cut).map(|text| (name.to_owned(), text)));
    }
    amended
}

/// Whether the operation can be amended as the ruling says. One that can't is refused: it would give
/// more than is granted.
pub(crate) fn possible(ruling: &Ruling, operation: &Operation) -> bool {
    let has = |role| named(operation, role).is_some();
    (ruling.clamp.is_none() || has(ParamRole::PageSize))
        && (ruling.default_fields.is_none() || has(ParamRole::Fields))
}

/// The parameter by which fields are chosen, where they can be.
pub(crate) fn fields_param(operation: &Operation) -> Option<&str> {
    named(operation, ParamRole::Fields)
}

fn named(operation: &Operation, role: ParamRole) -> Option<&str> {
    operation.params.iter().find(|(_, of)| **of == role).map(|(name, _)| &**name)
}

/// Fields as a call names them: `id,owner{username}`.
pub(crate) fn text(fields: &FieldSet, catalogue: &Catalogue) -> String {
    let mut paths: Vec<&str> =
        fields.iter().filter_map(|ix| Some(catalogue.field_ref(ix)?.path)).collect();
    // What is inside one object stands together then.
    paths.sort_unstable();
    paths.dedup();
    let mut out = String::new();
    let mut open: Vec<&str> = Vec::new();
    for path in paths {
        let mut names: Vec<&str> = path.split('.').collect();
        let last = names.pop().unwrap_or_default();
        let common = open.iter().zip(&names).take_while(|(one, other)| one == other).count();
        for _ in common..open.len() {
            out.push('}');
        }
        open.truncate(common);
        if !out.is_empty() && !out.ends_with('{') {
            out.push(',');
        }
        for name in names.into_iter().skip(common) {
            out.push_str(name);
            out.push('{');
            open.push(name);
        }
        out.push_str(last);
    }
    out.extend(open.iter().map(|_| '}'));
    out
}

#[cfg(test)]
mod tests {
    use portcullis_yaml::Source;

    use super::*;

    #[test]
    fn fields_are_named_as_a_call_names_them() {
        let routes = r##"
version: 1
classes: { a: A, b: B }
types:
  user:
    ids: ["1####"]
    default: [id]
    fields: { a: [id, username, owner_note] }
    edges:
      home: { class: b, holds: town, inline: true }
  town:
    default: [id]
    fields: { b: [id, name, zone] }
operations:
  getUser: { method: GET, path: "/{id}", target: id, class: a, answer: target, params: { fields: fields } }
"##;
        let source = Source { name: "r.yaml".into(), text: routes.into() };
        let catalogue = Catalogue::compile(&[source]).unwrap();
        let user = catalogue.type_named("user").unwrap();
        let check = |paths: &[&str], want: &str| {
            let mut set = FieldSet::EMPTY;
            for path in paths {
                set.insert(catalogue.field_of(user, path).unwrap());
            }
            assert_eq!(text(&set, &catalogue), want, "{paths:?}");
        };
        check(&["username", "id"], "id,username");
        check(&["home.name", "id", "home.id"], "home{id,name},id");
        check(&["username", "home.zone"], "home{zone},username");
        check(&["home.id"], "home{id}");
    }
}
