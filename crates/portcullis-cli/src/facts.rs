//! `partner facts`, `client facts`, `partner observe` and `enforce`: parse, call, render.
//!
//! Single facts are put into what is declared and sent whole, with the revision they build on. Must
//! not know the rules about facts: the gate has them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Value, json};
use ureq::http::Method;

use crate::args::{FactsArgs, ModeArgs};
use crate::change::{self, segment, set};
use crate::failure::Failure;
use crate::files::by_hand;
use crate::gate::Gate;
use crate::host::Host;
use crate::out::{Out, text};
use crate::standing::dried;
use crate::told;

/// Entries of a list shown to people.
const SHOWN: usize = 12;

/// All that is declared, as a file and as the gate takes it.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts {
    #[serde(default, rename = "use", skip_serializing_if = "Option::is_none")]
    purpose: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    review_by: Option<String>,
    #[serde(default)]
    figures: BTreeMap<String, u64>,
    #[serde(default)]
    lists: BTreeMap<String, Vec<Entry>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    group: Option<String>,
}

/// An entry of a list. Ids are mostly digits, which a file may hold without quotes.
#[derive(Debug, Clone, Eq, PartialEq, Serialize)]
struct Entry(String);

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Entry;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an id or a name")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Entry, E> {
                Ok(Entry(text.to_owned()))
            }
            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Entry, E> {
                Ok(Entry(number.to_string()))
            }
        }
        from.deserialize_any(Either)
    }
}

/// Declares or shows; `kind` is `partners` or `clients`.
pub(crate) fn run(
    kind: &str,
    args: &FactsArgs,
    gate: &Gate,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    let path = format!("/v1/{kind}/{}", segment(&args.id));
    let known = gate.get(&path)?;
    if args.set.is_empty() {
        return show(&known, out);
    }
    let facts = match args.set.as_slice() {
        [file] if !file.contains('=') => by_hand(Path::new(file), "declared", host)?,
        single => {
            let mut facts = declared(&known);
            single.iter().try_for_each(|fact| facts.put(fact))?;
            facts
        }
    };
    let mut body = serde_json::to_value(&facts).map_err(std::io::Error::other)?;
    told::put(&mut body, &args.told, host)?;
    set(&mut body, "dry_run", args.dry.dry_run.then_some(true));
    let on = [("if-match", format!("\"{}\"", text(&known, "revision")))];
    // The revision that was typed goes with every call.
    let headers = if gate.builds_on().is_some() { &[][..] } else { &on[..] };
    change::show(&gate.call(Method::PUT, &format!("{path}/facts"), Some(&body), headers)?, out)
}

/// Sets the mode of partners, one after the other.
pub(crate) fn mode(
    to: &str,
    args: &ModeArgs,
    gate: &Gate,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    for id in &args.id {
        let mut body = dried(json!({ "mode": to, "why": args.why }), args.dry);
        told::put(&mut body, &args.told, host)?;
        let path = format!("/v1/partners/{}/mode", segment(id));
        change::show(&gate.call(Method::PUT, &path, Some(&body), &[])?, out)?;
    }
    Ok(())
}

fn declared(of: &Value) -> Facts {
    let facts = of.get("facts").cloned().unwrap_or_default();
    let member = |name: &str| facts.get(name).cloned().unwrap_or_default();
    let some = |name: &str| Some(text(&facts, name)).filter(|text| !text.is_empty());
    Facts {
        purpose: Some(text(of, "use")).filter(|purpose| !purpose.is_empty()),
        review_by: some("review_by"),
        figures: serde_json::from_value(member("figures")).unwrap_or_default(),
        lists: serde_json::from_value(member("lists")).unwrap_or_default(),
        group: some("group"),
    }
}

impl Facts {
    /// Puts in a single fact, `name=value`.
    fn put(&mut self, fact: &str) -> Result<(), Failure> {
        let Some((name, value)) = fact.split_once('=') else {
            return Err(Failure::Usage(format!(
                "`{fact}` is no fact: write `name=value`, such as `locations=77,78`; a file stands alone"
            )));
        };
        let value = value.trim();
        let given = Some(value.to_owned()).filter(|value| !value.is_empty());
        let entries = || value.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        match (name, name.strip_prefix("figures."), name.split_at_checked(name.len() - 1)) {
            ("use", ..) => self.purpose = given,
            ("group", ..) => self.group = given,
            ("review_by", ..) => self.review_by = given,
            (_, Some(figure), _) if value.is_empty() => drop(self.figures.remove(figure)),
            (_, Some(figure), _) => {
                let number = value.parse().map_err(|_| {
                    Failure::Usage(format!("figure `{figure}` is no whole number: `{value}`"))
                })?;
                self.figures.insert(figure.to_owned(), number);
            }
            (_, _, Some((list, "+"))) => {
                let list = self.lists.entry(list.to_owned()).or_default();
                list.extend(entries().map(|entry| Entry(entry.to_owned())));
            }
            (_, _, Some((list, "-"))) => {
                let gone: Vec<String> = entries().map(str::to_lowercase).collect();
                if let Some(list) = self.lists.get_mut(list) {
                    list.retain(|entry| !gone.contains(&entry.0));
                }
                self.lists.retain(|_, entries| !entries.is_empty());
            }
            _ if value.is_empty() => drop(self.lists.remove(name)),
            _ => {
                let entries = entries().map(|entry| Entry(entry.to_owned()));
                self.lists.insert(name.to_owned(), entries.collect());
            }
        }
        Ok(())
    }
}

fn show(of: &Value, out: &mut Out) -> Result<(), Failure> {
    let mut facts = of.get("facts").cloned().unwrap_or_default();
    if out.is_json() {
        change::set(&mut facts, "use", of.get("use").cloned());
        return out.json(&facts);
    }
    let mut members = vec![("use".to_owned(), text(of, "use"))];
    members.extend(lines(&facts));
    members.retain(|(_, value)| !value.is_empty());
    if members.is_empty() {
        out.say("nothing is declared: declare with `--set FILE`, or `--set locations=77,78`");
        return Ok(());
    }
    let members: Vec<_> = members.iter().map(|(name, value)| (&**name, value.clone())).collect();
    out.card(&members)
}

/// Facts for people: long lists by their beginning.
pub(crate) fn lines(facts: &Value) -> Vec<(String, String)> {
    let mut lines = vec![("group".to_owned(), text(facts, "group"))];
    if let Some(Value::Object(figures)) = facts.get("figures") {
        lines.extend(figures.iter().map(|(name, value)| (name.clone(), value.to_string())));
    }
    if let Some(Value::Object(lists)) = facts.get("lists") {
        for (name, entries) in lists {
            let entries = entries.as_array().map(Vec::as_slice).unwrap_or_default();
            let first = entries.iter().take(SHOWN).filter_map(Value::as_str);
            let mut line = first.collect::<Vec<_>>().join(", ");
            if entries.len() > SHOWN {
                line.push_str(&format!(", … ({} in all)", entries.len()));
            }
            lines.push((name.clone(), line));
        }
    }
    lines.push(("review by".to_owned(), text(facts, "review_by")));
    lines
}
