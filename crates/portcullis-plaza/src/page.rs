//! Cuts a page out of a list and writes its paging: cursors and absolute links.
//!
//! The links name the platform's own address and carry the token of the call: that is how the real ones look, and
//! what a gate must rewrite. Must not know node types.

use serde_json::{Map, Value, json};

use crate::error::{Answer, GraphError};
use crate::fields::Field;
use crate::model::Node;
use crate::params::{Params, encode, number};
use crate::schema::Edge;

/// Which rows of a list are wanted.
#[derive(Debug, Clone, Default)]
pub(crate) struct Window {
    limit: Option<i64>,
    after: Option<String>,
    before: Option<String>,
    since: Option<i64>,
    until: Option<i64>,
}

impl Window {
    /// # Errors
    /// Code 100 if a number is none.
    pub(crate) fn of_params(params: &Params) -> Answer<Self> {
        Self::of(|name| params.filled(name))
    }

    /// # Errors
    /// Code 100 if a number is none.
    pub(crate) fn of_modifiers(field: &Field) -> Answer<Self> {
        Self::of(|name| field.modifier(name))
    }

    fn of<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Answer<Self> {
        Ok(Self {
            limit: number("limit", get("limit"))?,
            after: get("after").map(str::to_owned),
            before: get("before").map(str::to_owned),
            since: number("since", get("since"))?,
            until: number("until", get("until"))?,
        })
    }

    pub(crate) fn since_until(&self) -> (Option<i64>, Option<i64>) {
        (self.since, self.until)
    }

    fn size(&self, edge: Edge) -> Answer<usize> {
        match self.limit {
            None => Ok(edge.limit_default()),
            Some(limit) if limit < 1 => {
                Err(GraphError::parameter("Param limit must be greater than 0"))
            }
            Some(limit) => Ok(usize::try_from(limit).unwrap_or(usize::MAX).min(edge.limit_max())),
        }
    }

    /// The rows of this page, and whether there are any before and after it.
    ///
    /// # Errors
    /// Code 100 for a cursor that this list never gave out.
    pub(crate) fn cut<'a>(&self, edge: Edge, rows: Vec<&'a Node>) -> Answer<Cut<'a>> {
        let size = self.size(edge)?;
        let after = self.since.unwrap_or(i64::MIN);
        let until = self.until.unwrap_or(i64::MAX);
        let rows: Vec<&Node> =
            rows.into_iter().filter(|r| (after..=until).contains(&r.timestamp())).collect();
        let (start, end) = match (&self.after, &self.before) {
            (Some(cursor), _) => {
                let start = find(&rows, cursor)? + 1;
                (start, rows.len().min(start.saturating_add(size)))
            }
            (None, Some(cursor)) => {
                let end = find(&rows, cursor)?;
                (end.saturating_sub(size), end)
            }
            (None, None) => (0, rows.len().min(size)),
        };
        let more = end < rows.len();
        Ok(Cut {
            size,
            rows: rows.get(start..end).unwrap_or_default().to_vec(),
            has_before: start > 0,
            has_after: more,
        })
    }
}

/// The rows of one page.
pub(crate) struct Cut<'a> {
    pub(crate) rows: Vec<&'a Node>,
    pub(crate) has_after: bool,
    has_before: bool,
    size: usize,
}

impl Cut<'_> {
    /// `{data, paging}`; `rendered` are the rows as JSON.
    pub(crate) fn page(
        &self,
        rendered: Vec<Value>,
        linker: &Linker<'_>,
        path: &str,
        carried: &[(String, String)],
    ) -> Value {
        let (Some(first), Some(last)) = (self.rows.first(), self.rows.last()) else {
            return json!({ "data": [] });
        };
        let (before, after) = (cursor(first.id()), cursor(last.id()));
        let mut paging = Map::new();
        let size = self.size.to_string();
        if self.has_after {
            let link = linker.link(path, carried, &[("limit", &size), ("after", &after)]);
            paging.insert("next".into(), link.into());
        }
        if self.has_before {
            let link = linker.link(path, carried, &[("limit", &size), ("before", &before)]);
            paging.insert("previous".into(), link.into());
        }
        paging.insert("cursors".into(), json!({ "before": before, "after": after }));
        json!({ "data": rendered, "paging": paging })
    }
}

/// Writes absolute links.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Linker<'a> {
    pub(crate) base: &'a str,
    /// With a trailing slash, or empty for paths that have no version.
    pub(crate) version: &'a str,
    pub(crate) token: &'a str,
}

impl Linker<'_> {
    pub(crate) fn link(
        &self,
        path: &str,
        carried: &[(String, String)],
        more: &[(&str, &str)],
    ) -> String {
        let mut link =
            format!("{}/{}{path}?access_token={}", self.base, self.version, encode(self.token));
        let carried = carried.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in carried.chain(more.iter().copied()) {
            link.push_str(&format!("&{}={}", encode(name), encode(value)));
        }
        link
    }
}

/// The cursor of a row: opaque to callers.
pub(crate) fn cursor(id: &str) -> String {
    let hex: String = id.bytes().rev().map(|byte| format!("{byte:02x}")).collect();
    format!("QVFI{hex}")
}

fn find(rows: &[&Node], wanted: &str) -> Answer<usize> {
    let found = rows.iter().position(|row| cursor(row.id()) == wanted);
    found.ok_or_else(|| GraphError::parameter("Invalid cursor: it was not given out for this list"))
}
