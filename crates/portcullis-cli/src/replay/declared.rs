//! What each partner declared when it was accepted: a file of JSON lines.
//!
//! `use`, `rate_per_key_per_hour`, every `declared_…` list, `authorised_accounts` and `keys` decide
//! what a partner may do; a member that decides nothing is said to. Must not know policies.

use std::collections::{BTreeMap, HashMap};

use portcullis_types::{Facts, KeyId, PartnerId, Wall};
use serde::Deserialize;
use serde_json::Value;

use super::call::wall;

/// One partner of the file.
#[derive(Debug)]
pub(crate) struct Declared {
    pub(crate) id: PartnerId,
    pub(crate) name: String,
    /// In words.
    pub(crate) declared_use: String,
    pub(crate) keys: Vec<KeyId>,
    pub(crate) facts: Facts,
    pub(crate) grants: Vec<Granted>,
}

/// An account's leave for the partner to act for it.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Granted {
    pub(crate) account: String,
    pub(crate) from: Option<Wall>,
    pub(crate) until: Option<Wall>,
}

#[derive(Deserialize)]
struct Written {
    partner: String,
    #[serde(default)]
    name: String,
    #[serde(default, rename = "use")]
    purpose: Option<String>,
    #[serde(default)]
    declared_use: String,
    #[serde(default)]
    rate_per_key_per_hour: Option<u64>,
    #[serde(default)]
    keys: Vec<String>,
    #[serde(default)]
    authorised_accounts: Vec<Account>,
    #[serde(default)]
    group: Option<String>,
    #[serde(default, alias = "review_date")]
    review_by: Option<String>,
    #[serde(flatten)]
    more: BTreeMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Account {
    Id(String),
    Grant { account: String, from: Option<String>, until: Option<String> },
}

/// Members that say nothing a policy asks for.
const KNOWN: [&str; 1] = ["since"];

/// Reads the file. `notes` gets what was read and decides nothing.
pub(crate) fn read(text: &str, notes: &mut Vec<String>) -> Result<Vec<Declared>, Vec<String>> {
    let (mut partners, mut faults) = (Vec::new(), Vec::new());
    let (mut ids, mut keys) = (HashMap::new(), HashMap::new());
    let mut unread: BTreeMap<String, u64> = BTreeMap::new();
    for (number, line) in (1_u64..).zip(text.lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let read = take(line, &mut unread).and_then(|partner| {
            let id = partner.id.to_string();
            if let Some(before) = ids.insert(id.clone(), number) {
                return Err(format!("`{id}` stands on line {before} already; give it one line"));
            }
            for key in &partner.keys {
                if let Some(before) = keys.insert(key.to_string(), number) {
                    return Err(format!(
                        "key `{key}` stands on line {before} already; a key has one partner"
                    ));
                }
            }
            Ok(partner)
        });
        match read {
            Ok(partner) => partners.push(partner),
            Err(why) => faults.push(format!("line {number}: {why}")),
        }
    }
    for (member, count) in unread {
        notes
            .push(format!("`{member}` of the partners' file decides nothing (read {count} times)"));
    }
    if partners.is_empty() && faults.is_empty() {
        faults.push("it holds no partner; write one JSON object a line".into());
    }
    if faults.is_empty() { Ok(partners) } else { Err(faults) }
}

fn take(line: &str, unread: &mut BTreeMap<String, u64>) -> Result<Declared, String> {
    let written: Written = serde_json::from_str(line).map_err(|error| {
        let error = error.to_string();
        let what = error.split(" at line").next().unwrap_or_default();
        format!("it is not a partner: {what}; it needs `partner`, `use` and `keys`")
    })?;
    let id = PartnerId::new(&written.partner).map_err(|error| error.to_string())?;
    let keys = written.keys.iter().map(|key| KeyId::new(key).map_err(|error| error.to_string()));
    let keys = keys.collect::<Result<Vec<_>, _>>()?;
    let grants = written.authorised_accounts.into_iter().map(Account::read);
    let grants = grants.collect::<Result<Vec<_>, String>>()?;
    let mut facts = Facts {
        purpose: written.purpose,
        review_by: written.review_by.as_deref().map(moment).transpose()?,
        group: written.group,
        ..Facts::default()
    };
    facts.figures.extend(written.rate_per_key_per_hour.map(|max| ("calls_per_hour".into(), max)));
    for (member, value) in written.more {
        match (member.strip_prefix("declared_"), &value) {
            (Some(list), Value::Array(items)) => {
                let texts = items.iter().map(|item| text(&member, item));
                facts.lists.insert(list.to_owned(), texts.collect::<Result<_, _>>()?);
            }
            _ if KNOWN.contains(&member.as_str()) => {}
            _ => *unread.entry(member).or_default() += 1,
        }
    }
    let name = if written.name.is_empty() { written.partner } else { written.name };
    Ok(Declared { id, name, declared_use: written.declared_use, keys, facts, grants })
}

impl Account {
    fn read(self) -> Result<Granted, String> {
        match self {
            Self::Id(account) => Ok(Granted { account, from: None, until: None }),
            Self::Grant { account, from, until } => {
                let from = from.as_deref().map(moment).transpose()?;
                Ok(Granted { account, from, until: until.as_deref().map(moment).transpose()? })
            }
        }
    }
}

/// An id or a name, as facts hold it: in lower case, without the `#` people write before hashtags.
fn text(member: &str, item: &Value) -> Result<String, String> {
    let text =
        item.as_str().ok_or_else(|| format!("`{member}` holds `{item}`, which is no text"))?;
    Ok(text.trim_start_matches('#').to_lowercase())
}

/// A day means its beginning.
pub(crate) fn moment(text: &str) -> Result<Wall, String> {
    wall(text).or_else(|| wall(&format!("{text}T00:00:00Z"))).ok_or_else(|| {
        format!("`{text}` is not a moment; write `2024-03-01` or `2024-03-01T12:00:00Z`")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(text: &str) -> (Result<Vec<Declared>, Vec<String>>, Vec<String>) {
        let mut notes = Vec::new();
        (read(text, &mut notes), notes)
    }

    #[test]
    fn a_partner_is_what_it_declared() {
        let line = r##"{"partner":"festivo","name":"Festivo","use":"social_wall","rate_per_key_per_hour":600,"keys":["kid_ac18e4dbe734"],"since":"2023-06-21","declared_locations":["200300000779"],"declared_hashtags":["#Festival"],"authorised_accounts":["17841400000820872",{"account":"17841400000820873","until":"2024-03-02"}],"story_scope":"own"}"##;
        let (partners, notes) = said(line);
        let partners = partners.unwrap();
        let facts = &partners[0].facts;
        assert_eq!(facts.purpose.as_deref(), Some("social_wall"));
        assert_eq!(facts.figures["calls_per_hour"], 600);
        assert_eq!(facts.lists["hashtags"], ["festival"]);
        assert_eq!(facts.lists["locations"], ["200300000779"]);
        assert_eq!(partners[0].grants[1].until, wall("2024-03-02T00:00:00Z"));
        assert_eq!(notes, ["`story_scope` of the partners' file decides nothing (read 1 times)"]);
    }

    #[test]
    fn every_fault_is_named_with_its_line() {
        let text = r#"{"partner":"a","keys":["kid_1"]}
{"partner":"b","keys":["kid_1"]}
{"partner":"a","keys":[]}
{"partner":"no good","keys":[]}
{"keys":[]}
{"partner":"c","review_by":"soon"}
"#;
        let faults = said(text).0.unwrap_err().join("\n");
        insta::assert_snapshot!(faults, @r"
        line 2: key `kid_1` stands on line 1 already; a key has one partner
        line 3: `a` stands on line 1 already; give it one line
        line 4: `no good` is not a partner: use 1 to 64 of a-z, A-Z, 0-9, `-`, `_`, `.`, and start with a letter or digit
        line 5: it is not a partner: missing field `partner`; it needs `partner`, `use` and `keys`
        line 6: `soon` is not a moment; write `2024-03-01` or `2024-03-01T12:00:00Z`
        ");
        assert_eq!(said("\n").0.unwrap_err().len(), 1);
    }
}
