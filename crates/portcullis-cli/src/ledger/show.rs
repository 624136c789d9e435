//! Answers of the ledger as tables and sheets.
//!
//! Must not know which question was asked.

use serde_json::Value;

use crate::failure::Failure;
use crate::out::{Out, clean, text};

/// What can't be told.
pub(super) fn unknown(told: &Value, of_days: &str) -> Vec<String> {
    let (days, damaged) = (clean(&text(told, "shredded")), clean(&text(told, "damaged")));
    let days = (!days.is_empty())
        .then(|| format!("NOT KNOWN: {of_days}, since their keys are dropped: {days}"));
    let more = told.get("more").and_then(Value::as_bool) == Some(true);
    let more =
        more.then(|| "NOT ALL: there is more than is listed; ask for a shorter time".to_owned());
    let damaged = (!damaged.is_empty())
        .then(|| format!("NOT KNOWN: what stood in damaged journals: {damaged}"));
    [days, more, damaged].into_iter().flatten().collect()
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
}
