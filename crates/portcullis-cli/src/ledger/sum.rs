//! Answers about different people added up to one about all of them.
//!
//! Nobody is in two parts, so that counts of people add up as counts of records do. Must not know how an
//! answer is shown.

use serde_json::{Map, Value};

/// Members that are added.
const COUNTS: [&str; 3] = ["asked_about", "affected", "records"];
/// Lists of sums, and what tells their entries apart.
const LISTS: [(&str, &str); 4] =
    [("regions", "region"), ("partners", "partner"), ("classes", "class"), ("days", "day")];
/// Lists of what is in any of them.
const UNIONS: [&str; 3] = ["shredded", "damaged", "missing"];

/// Adds the answer to a further part.
pub(super) fn add(all: &mut Value, part: &Value) {
    let (Some(all), Some(part)) = (all.as_object_mut(), part.as_object()) else { return };
    sums(all, part);
    earliest(all, part, "unwritten_since");
    for (list, key) in LISTS {
        entries(all, part, list, key);
    }
    for list in UNIONS {
        join(all, part, list, |known, one| known != one);
    }
    join(all, part, "people", |_, _| true);
    // Each part was asked by an event of its own.
    let mut events = match all.remove("asked") {
        Some(Value::Array(events)) => events,
        other => other.into_iter().collect(),
    };
    events.extend(part.get("asked").cloned());
    all.insert("asked".to_owned(), events.into());
}

fn sums(all: &mut Map<String, Value>, part: &Map<String, Value>) {
    let number = |of: &Map<String, Value>, member| of.get(member).and_then(Value::as_u64);
    for member in COUNTS {
        if let (Some(one), Some(other)) = (number(all, member), number(part, member)) {
            all.insert(member.to_owned(), (one + other).into());
        }
    }
    earliest(all, part, "first");
    let last = moment(all, "last").max(moment(part, "last"));
    all.insert("last".to_owned(), last.into());
}

/// Moments of one form are in order as their texts are.
fn moment(of: &Map<String, Value>, member: &str) -> Option<String> {
    of.get(member).and_then(Value::as_str).map(str::to_owned)
}

fn earliest(all: &mut Map<String, Value>, part: &Map<String, Value>, member: &str) {
    let moments = [moment(all, member), moment(part, member)];
    all.insert(member.to_owned(), moments.into_iter().flatten().min().into());
}

fn entries(all: &mut Map<String, Value>, part: &Map<String, Value>, list: &str, key: &str) {
    let further = part.get(list).and_then(Value::as_array).into_iter().flatten();
    let Some(known) = all.get_mut(list).and_then(Value::as_array_mut) else { return };
    for one in further {
        let same = known.iter_mut().find(|known| known.get(key) == one.get(key));
        match (same.and_then(Value::as_object_mut), one.as_object()) {
            (Some(same), Some(one)) => sums(same, one),
            _ => known.push(one.clone()),
        }
    }
    known.sort_by_cached_key(|one| one.get(key).and_then(Value::as_str).map(str::to_owned));
}

fn join(
    all: &mut Map<String, Value>,
    part: &Map<String, Value>,
    list: &str,
    differ: impl Fn(&Value, &Value) -> bool,
) {
    let further = part.get(list).and_then(Value::as_array).into_iter().flatten();
    let Some(known) = all.get_mut(list).and_then(Value::as_array_mut) else { return };
    for one in further {
        if known.iter().all(|known| differ(known, one)) {
            known.push(one.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn answers_about_different_people_add_up() {
        let mut all = json!({
            "asked_about": 2, "affected": 1, "records": 5, "first": "2026-01-02", "last": "2026-01-03",
            "regions": [{ "region": "EU", "asked_about": 2, "affected": 1, "records": 5,
                "first": "2026-01-02", "last": "2026-01-03" }],
            "partners": [{ "partner": "zenith", "affected": 1, "records": 5,
                "first": "2026-01-02", "last": "2026-01-03" }],
            "classes": [], "days": [], "people": [{ "id": "1" }], "shredded": ["2025-12-31"],
            "damaged": [], "missing": ["m"], "unwritten_since": null, "asked": 7,
        });
        let part = json!({
            "asked_about": 2, "affected": 2, "records": 4, "first": "2026-01-01", "last": null,
            "regions": [{ "region": "EU", "asked_about": 1, "affected": 1, "records": 1,
                "first": "2026-01-01", "last": "2026-01-01" }, { "region": null, "asked_about": 1,
                "affected": 1, "records": 3, "first": null, "last": null }],
            "partners": [{ "partner": "acme", "affected": 2, "records": 4, "first": "2026-01-01",
                "last": "2026-01-01" }],
            "classes": [], "days": [], "people": [{ "id": "3" }], "shredded": ["2025-12-31"],
            "damaged": ["a"], "missing": ["m"], "unwritten_since": "2026-01-02", "asked": 8,
        });
        add(&mut all, &part);
        let expected = json!({
            "asked_about": 4, "affected": 3, "records": 9, "first": "2026-01-01", "last": "2026-01-03",
            "regions": [{ "region": null, "asked_about": 1, "affected": 1, "records": 3, "first": null,
                "last": null }, { "region": "EU", "asked_about": 3, "affected": 2, "records": 6,
                "first": "2026-01-01", "last": "2026-01-03" }],
            "partners": [{ "partner": "acme", "affected": 2, "records": 4, "first": "2026-01-01",
                "last": "2026-01-01" }, { "partner": "zenith", "affected": 1, "records": 5,
                "first": "2026-01-02", "last": "2026-01-03" }],
            "classes": [], "days": [], "people": [{ "id": "1" }, { "id": "3" }],
            "shredded": ["2025-12-31"], "damaged": ["a"], "missing": ["m"],
            "unwritten_since": "2026-01-02", "asked": [7, 8],
        });
        assert_eq!(all, expected);
        for (then, since) in [("2026-01-03", "2026-01-02"), ("2026-01-01", "2026-01-01")] {
            add(&mut all, &json!({ "unwritten_since": then }));
            assert_eq!(all["unwritten_since"], since, "the first of them all");
        }
    }
}
