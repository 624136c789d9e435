//! `partner`: parse, call, render.
//!
//! Must not know the rules about partners: the gate has them.

use serde_json::{Map, Value, json};
use ureq::http::Method;

use crate::args::{Common, PartnerCommand, PartnerFields};
use crate::case;
use crate::change::{self, segment, set, set_list};
use crate::facts;
use crate::failure::Failure;
use crate::gate::Gate;
use crate::host::Host;
use crate::out::{Out, text};
use crate::standing;
use crate::told;

pub(crate) fn run(
    command: &PartnerCommand,
    common: &Common,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    let gate = Gate::find(common, host)?;
    match command {
        PartnerCommand::Add { id, name, tier, r#use, fields } => {
            let mut body = json!({ "id": id, "use": r#use });
            set(&mut body, "tier", tier.as_deref());
            set(&mut body, "declared_use", fields.declared_use.as_deref());
            set(&mut body, "name", name.as_deref());
            set_list(&mut body, "scopes", &fields.scope);
            set(&mut body, "facts", declared(fields));
            change::show(&gate.post("/v1/partners", &body)?, out)
        }
        PartnerCommand::Edit {
            id,
            name,
            tier,
            tier_by_use,
            r#use,
            all_scopes,
            fields,
            dry,
            told,
        } => {
            let mut body = json!({});
            set(&mut body, "name", name.as_deref());
            set(&mut body, "tier", tier.as_deref());
            set(&mut body, "tier", tier_by_use.then_some(Value::Null));
            set(&mut body, "use", r#use.as_deref());
            set(&mut body, "declared_use", fields.declared_use.as_deref());
            set_list(&mut body, "scopes", &fields.scope);
            set(&mut body, "scopes", all_scopes.then_some(Value::Null));
            set(&mut body, "facts", declared(fields));
            if body.as_object().is_some_and(Map::is_empty) {
                return Err(Failure::Usage("name what to change, such as `--tier TIER`; see `portcullis partner edit --help`".to_owned()));
            }
            told::put(&mut body, told, host)?;
            set(&mut body, "dry_run", dry.dry_run.then_some(true));
            let path = format!("/v1/partners/{}", segment(id));
            change::show(&gate.call(Method::PATCH, &path, Some(&body), &[])?, out)
        }
        PartnerCommand::List { tier, suspended, observed, limit } => {
            let filters = [
                ("tier", tier.as_deref()),
                ("suspended", suspended.then_some("true")),
                ("mode", observed.then_some("observe")),
            ];
            let partners = change::list(&gate, "/v1/partners", &filters, *limit, out)?;
            list(&partners, tier.is_some() || *suspended || *observed, out)
        }
        PartnerCommand::Show { id } => {
            show(&gate.get(&format!("/v1/partners/{}", segment(id)))?, out)?;
            case::about(&format!("partner:{id}"), &gate, out)
        }
        PartnerCommand::HoldAll(args) => standing::hold_all(args, &gate, host, out),
        PartnerCommand::Facts(args) => facts::run("partners", args, &gate, host, out),
        PartnerCommand::Observe(args) => facts::mode("observe", args, &gate, host, out),
        PartnerCommand::Enforce(args) => facts::mode("enforce", args, &gate, host, out),
        PartnerCommand::Standing(verb) => standing::run("partners", verb, &gate, host, out),
    }
}

/// The facts that were named; none when none was.
fn declared(fields: &PartnerFields) -> Option<Value> {
    let (mut facts, mut lists) = (json!({}), json!({}));
    set_list(&mut lists, "locations", &fields.location);
    set_list(&mut lists, "hashtags", &fields.hashtag);
    set_list(&mut lists, "brands", &fields.brand);
    let any = lists.as_object().is_some_and(|lists| !lists.is_empty());
    set(&mut facts, "lists", any.then_some(lists));
    set(&mut facts, "review_by", fields.review_by.as_deref());
    facts.as_object().is_some_and(|facts| !facts.is_empty()).then_some(facts)
}

fn list(partners: &[Value], filtered: bool, out: &mut Out) -> Result<(), Failure> {
    if out.is_json() {
        return out.json(&partners);
    }
    let rows = partners.iter().map(|partner| {
        let mut row: Vec<String> = ["id", "name", "tier", "use", "mode", "state"]
            .map(|member| text(partner, member))
            .to_vec();
        if let Some(tier) = row.get_mut(2).filter(|tier| tier.is_empty()) {
            "by use".clone_into(tier);
        }
        row.push(scopes(partner));
        row
    });
    let empty = if filtered {
        "no such partner; `portcullis partner list` shows all"
    } else {
        "no partner yet: declare one with `portcullis partner add ID --use USE`"
    };
    out.table(&["PARTNER", "NAME", "TIER", "USE", "MODE", "STATE", "SCOPES"], rows.collect(), empty)
}

/// A partner with all that is known of it.
pub(crate) fn show(partner: &Value, out: &mut Out) -> Result<(), Failure> {
    if out.is_json() {
        return out.json(partner);
    }
    let tier = Some(text(partner, "tier")).filter(|tier| !tier.is_empty());
    let tier = tier.unwrap_or_else(|| "by use".to_owned());
    let mut members = vec![
        ("partner", text(partner, "id")),
        ("name", text(partner, "name")),
        ("tier", tier),
        ("use", text(partner, "use")),
        ("scopes", scopes(partner)),
        ("mode", text(partner, "mode")),
        ("state", text(partner, "state")),
    ];
    notice(partner, &mut members);
    let facts = partner.get("facts").cloned().unwrap_or_default();
    members.push(("declared use", text(partner, "declared_use")));
    let facts = facts::lines(&facts);
    members.extend(facts.iter().map(|(name, value)| (&**name, value.clone())));
    members.push(("platform", platform(partner)));
    members.push(("deletions", deletions(partner)));
    members.push(("added", text(partner, "added")));
    members.push(("revision", text(partner, "revision")));
    members.retain(|(_, value)| !value.is_empty());
    out.card(&members)
}

/// What the partner is told of its standing, and what that closes.
pub(crate) fn notice(of: &Value, members: &mut Vec<(&str, String)>) {
    let standing = of.get("standing").and_then(|standing| standing.get("notice"));
    let notice = standing.or_else(|| of.get("notice")).filter(|notice| !notice.is_null());
    if let Some(notice) = notice {
        members.push(("since", text(notice, "since")));
        members.push(("reason", text(notice, "reason")));
        members.push(("told", text(notice, "tell")));
        if standing.is_none() {
            members.push(("review by", text(notice, "review_by")));
        }
    }
    standing::lines(of, members);
}

/// How the partner fares with what it was told to delete.
fn deletions(partner: &Value) -> String {
    let Some(figures) = partner.get("deletions") else { return String::new() };
    let of = |member: &str| text(figures, member);
    let (lists, told, attested) = (of("lists"), of("told"), of("attested"));
    let (overdue, open, kept) = (of("overdue"), of("overdue_open"), of("kept"));
    format!(
        "{told} records in {lists} lists; {attested} lists attested, {overdue} were overdue ({open} are), {kept} records kept"
    )
}

/// What the platform itself said when it was told of the partner.
fn platform(partner: &Value) -> String {
    let Some(seen) = partner.get("platform") else { return String::new() };
    let (about, at, status) = (text(seen, "about"), text(seen, "at"), text(seen, "status"));
    match status.as_str() {
        "" => format!("could not be told of event {about} by {at}"),
        status => format!("told of event {about}, answered {status} on {at}"),
    }
}

/// Scopes in words: nothing is narrowed unless it is said.
pub(crate) fn scopes(of: &Value) -> String {
    match of.get("scopes") {
        None | Some(Value::Null) => "all".to_owned(),
        Some(Value::Array(list)) if list.is_empty() => "none".to_owned(),
        Some(_) => text(of, "scopes"),
    }
}
