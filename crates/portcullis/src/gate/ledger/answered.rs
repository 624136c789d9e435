//! Answers to questions, as people write moments and days.
//!
//! Must not know who asks, nor what is not in an answer.

use portcullis_control::LedgerQuestion;
use portcullis_ledger::{AskedPeople, affected, between, what, who};
use portcullis_types::{ClientId, PartnerId, Wall};
use serde::Serialize;
use serde_json::Value;

use super::desk::NoAnswer;
use super::folder::day_name;
use super::library::Shelf;

/// Members that hold moments.
const MOMENTS: [&str; 7] = ["since", "until", "from", "to", "first", "last", "at"];
/// Members that hold days.
const DAYS: [&str; 2] = ["day", "shredded"];

/// The answer to a question that is no `verify`.
pub(super) fn answered(shelf: &Shelf, question: &LedgerQuestion) -> Result<Value, NoAnswer> {
    Ok(match question {
        LedgerQuestion::Who { owner, since, until } => told(&who(shelf, owner, *since, *until)?)?,
        LedgerQuestion::What { partner, client, since, until } => {
            let client = client.as_ref().map(ClientId::as_str);
            told(&what(shelf, partner.as_str(), client, *since, *until)?)?
        }
        LedgerQuestion::Between { from, to, partner } => {
            let partner = partner.as_ref().map(PartnerId::as_str);
            told(&between(shelf, *from, *to, partner)?)?
        }
        LedgerQuestion::Affected { partner, client, people, since, until, list } => {
            let people: Vec<_> =
                people.iter().map(|one| (&*one.id, one.region.as_deref())).collect();
            let asked = AskedPeople {
                partner: partner.as_ref().map(PartnerId::as_str),
                client: client.as_ref().map(ClientId::as_str),
                people: &people,
                since: *since,
                until: *until,
                list: *list,
            };
            told(&affected(shelf, &asked)?)?
        }
        LedgerQuestion::Verify => Value::Null,
    })
}

/// An answer with moments and days as people write them.
fn told(answer: &impl Serialize) -> Result<Value, serde_json::Error> {
    let mut told = serde_json::to_value(answer)?;
    spell(&mut told, "");
    Ok(told)
}

pub(super) fn spell(value: &mut Value, name: &str) {
    match value {
        Value::Object(members) => members.iter_mut().for_each(|(name, value)| spell(value, name)),
        Value::Array(values) => values.iter_mut().for_each(|value| spell(value, name)),
        Value::Number(number) => {
            let Some(number) = number.as_u64() else { return };
            if MOMENTS.contains(&name) {
                *value = Wall(number).rfc3339().into();
            } else if DAYS.contains(&name) {
                *value = day_name(u32::try_from(number).unwrap_or(u32::MAX)).into();
            }
        }
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn moments_and_days_are_told_as_people_write_them() {
        let mut answer = json!({
            "since": 0, "records": 5, "shredded": [20_779], "received": [{ "first": 1, "policy": 7 }],
        });
        spell(&mut answer, "");
        assert_eq!(
            answer,
            json!({
                "since": "1970-01-01T00:00:00.000Z", "records": 5, "shredded": ["2026-11-22"],
                "received": [{ "first": "1970-01-01T00:00:00.001Z", "policy": 7 }],
            })
        );
    }
}
