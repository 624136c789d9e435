//! Answers of the ledger as tables and sheets.
//!
//! Must not know which question was asked.

use serde_json::Value;

use crate::failure::Failure;
use crate::out::{Out, clean, text};

/// What can't be told.
pub(super) fn unknown(told: &Value, of_days: &str) -> Vec<String> {
    let days = clean(&text(told, "shredded"));
    let days = (!days.is_empty())
        .then(|| format!("NOT KNOWN: {of_days}, since their keys are dropped: {days}"));
    let more = told.get("more").and_then(Value::as_bool) == Some(true);
    let more =
        more.then(|| "NOT ALL: there is more than is listed; ask for a shorter time".to_owned());
    let stood = |member: &str, place: &str| {
        let named = some(told, member);
        (!named.is_empty()).then(|| format!("NOT KNOWN: what stood in {place}: {named}"))
    };
    let damaged = stood("damaged", "damaged journals");
    let missing = stood("missing", "files that are gone before their time");
    let since = clean(&text(told, "unwritten_since"));
    let unwritten = (!since.is_empty())
        .then(|| format!("NOT KNOWN: what left since {since} and is not written down yet"));
    [days, more, damaged, missing, unwritten].into_iter().flatten().collect()
}

/// The first of a list's names, and how many more there are.
pub(super) fn some(told: &Value, member: &str) -> String {
    const NAMED: usize = 5;
    let mut names: Vec<String> =
        list(told, member).take(NAMED).filter_map(|one| one.as_str().map(clean)).collect();
    let more = list(told, member).count().saturating_sub(NAMED);
    if more > 0 {
        names.push(format!("{more} more"));
    }
    names.join(", ")
}

/// Lines beside a sheet go where they don't get into it.
pub(super) fn beside(lines: &[String], out: &mut Out) {
    lines.iter().for_each(|line| out.say(line));
}

pub(super) fn list<'a>(told: &'a Value, member: &str) -> impl Iterator<Item = &'a Value> {
    told.get(member).and_then(Value::as_array).into_iter().flatten()
}

pub(super) fn rows(told: &Value, member: &str, heads: &[&str]) -> Vec<Vec<String>> {
    list(told, member).map(|one| heads.iter().map(|head| text(one, head)).collect()).collect()
}

/// Where the south-west corner of a cell is: a tenth of a degree each way.
pub(super) fn cell(of: &Value) -> Vec<String> {
    let number = of.get("cell").and_then(Value::as_i64).unwrap_or_default();
    let tenths = |tenths: i64| {
        let sign = if tenths < 0 { "-" } else { "" };
        format!("{sign}{}.{}", tenths.abs() / 10, tenths.abs() % 10)
    };
    vec![tenths(number / 3600 - 900), tenths(number % 3600 - 1800), text(of, "records")]
}

pub(super) fn table(
    heads: &[&str],
    rows: Vec<Vec<String>>,
    empty: &str,
    out: &mut Out,
) -> Result<(), Failure> {
    let heads: Vec<String> = heads.iter().map(|head| head.to_uppercase()).collect();
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    out.table(&heads, rows, empty)
}

/// Comma-separated values (RFC 4180).
pub(super) fn csv(heads: &[&str], rows: &[Vec<String>], out: &mut Out) -> Result<(), Failure> {
    out.line(heads.join(","))?;
    for row in rows {
        let cells: Vec<String> = row.iter().map(|cell| quoted(&clean(cell))).collect();
        out.line(cells.join(","))?;
    }
    Ok(())
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_cell_is_told_by_its_corner() {
        let corner = |number: u32| cell(&json!({ "cell": number, "records": 3 })).join(" ");
        assert_eq!(corner(0), "-90.0 -180.0 3");
        assert_eq!(corner(1382 * 3600 + 1963), "48.2 16.3 3");
        assert_eq!(corner(897 * 3600 + 1795), "-0.3 -0.5 3");
    }

    #[test]
    fn a_cell_of_a_sheet_that_holds_a_comma_is_quoted() {
        assert_eq!(quoted("acme"), "acme");
        assert_eq!(quoted("a, \"b\""), "\"a, \"\"b\"\"\"");
    }

    #[test]
    fn of_many_names_the_first_are_told_and_how_many_more_there_are() {
        let told =
            json!({ "none": [], "few": ["a", "b"], "many": ["a", "b", "c", "d", "e", "f", "g"] });
        let [none, few, many] = ["none", "few", "many"].map(|member| some(&told, member));
        assert_eq!(
            (none.as_str(), few.as_str(), many.as_str()),
            ("", "a, b", "a, b, c, d, e, 2 more")
        );
        assert_eq!(some(&told, "absent"), "");
    }
}
