//! Whether the keys of each issuer can be had, for `/readyz` and `/metrics`.
//!
//! Must not know how they are fetched or whose tokens they verify.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use portcullis_types::Wall;

use crate::gate::page::Page;

/// All issuers that are configured.
#[derive(Debug, Default)]
pub(crate) struct Seen(Mutex<Vec<Row>>);

/// One of them.
#[derive(Debug)]
struct Row {
    name: String,
    /// Whose tokens it makes: `partners` or `operators`.
    of: &'static str,
    keys: Keys,
}

#[derive(Debug)]
enum Keys {
    /// Nobody has asked for them yet.
    Unasked,
    Known,
    Missing {
        since: Wall,
        why: String,
    },
}

/// Where what becomes of one issuer's keys is noted.
#[derive(Debug, Clone)]
pub(crate) struct Noted {
    seen: Arc<Seen>,
    at: usize,
}

impl Seen {
    /// Takes an issuer in.
    pub(crate) fn note(self: &Arc<Self>, name: &str, of: &'static str) -> Noted {
        let mut rows = self.rows();
        rows.push(Row { name: name.to_owned(), of, keys: Keys::Unasked });
        Noted { seen: Arc::clone(self), at: rows.len() - 1 }
    }

    fn rows(&self) -> MutexGuard<'_, Vec<Row>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For `/readyz`: whether all can be had, and what of those that can't; none where there is none.
    pub(crate) fn line(&self) -> Option<(bool, String)> {
        let rows = self.rows();
        let missing: Vec<String> = rows.iter().filter_map(Row::missing).collect();
        match (rows.len(), missing.as_slice()) {
            (0, _) => None,
            (_, [_, ..]) => Some((false, missing.join("; "))),
            (1, []) => Some((true, "the keys of the issuer can be had".to_owned())),
            (all, []) => Some((true, format!("the keys of all {all} issuers can be had"))),
        }
    }

    /// For `/metrics`.
    pub(crate) fn page(&self) -> String {
        let rows = self.rows();
        if rows.is_empty() {
            return String::new();
        }
        let mut page = Page::default();
        let line = |row: &Row| (row.labels(), u64::from(!matches!(row.keys, Keys::Missing { .. })));
        page.each(
            ("issuer_keys_up", "gauge"),
            "Whether the keys of an issuer could be had when they were last asked for.",
            &rows.iter().map(line).collect::<Vec<_>>(),
        );
        page.text()
    }
}

impl Row {
    fn missing(&self) -> Option<String> {
        let Keys::Missing { since, why } = &self.keys else { return None };
        let (name, of) = (&self.name, self.of);
        Some(format!(
            "the keys of `{name}`, for {of}, can't be had since {}: {why}; those that are known go on for an hour at most",
            since.rfc3339()
        ))
    }

    fn labels(&self) -> String {
        // An issuer is a URL of the configuration; what would end the text is told apart all the same.
        let name = self.name.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
        format!("{{issuer=\"{name}\",of=\"{}\"}}", self.of)
    }
}

impl Noted {
    /// They were asked for: they are there, or why they are not.
    pub(crate) fn came(&self, came: Result<(), &str>, now: Wall) {
        let mut rows = self.seen.rows();
        let Some(row) = rows.get_mut(self.at) else { return };
        row.keys = match (came, &row.keys) {
            (Ok(()), _) => Keys::Known,
            (Err(why), Keys::Missing { since, .. }) => {
                Keys::Missing { since: *since, why: why.to_owned() }
            }
            (Err(why), Keys::Unasked | Keys::Known) => {
                Keys::Missing { since: now, why: why.to_owned() }
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_t_be_had_is_told_since_when_and_why() {
        let seen = Arc::new(Seen::default());
        assert_eq!((seen.line(), seen.page()), (None, String::new()));
        let partners = seen.note("https://login.acme.example", "partners");
        let operators = seen.note("https://sso.example", "operators");
        let up = |seen: &Seen| {
            let page = seen.page();
            let lines = page.lines().filter(|line| !line.starts_with('#'));
            lines.map(|line| line.ends_with(" 1")).collect::<Vec<_>>()
        };
        let ok = (true, "the keys of all 2 issuers can be had".to_owned());
        assert_eq!((seen.line(), up(&seen)), (Some(ok.clone()), vec![true, true]));
        operators.came(Err("it answered 500"), Wall(60_000));
        operators.came(Err("it did not answer"), Wall(120_000));
        partners.came(Ok(()), Wall(120_000));
        let told = "the keys of `https://sso.example`, for operators, can't be had since 1970-01-01T00:01:00.000Z: it did not answer; those that are known go on for an hour at most";
        assert_eq!(seen.line(), Some((false, told.to_owned())));
        assert_eq!(up(&seen), [true, false]);
        assert!(seen.page().contains(
            "portcullis_issuer_keys_up{issuer=\"https://sso.example\",of=\"operators\"} 0\n"
        ));
        operators.came(Ok(()), Wall(180_000));
        assert_eq!(seen.line(), Some(ok));
        operators.came(Err("it answered 404"), Wall(240_000));
        let (_, told) = seen.line().unwrap();
        assert!(told.contains("00:04:00"), "a new failure begins anew: {told}");
    }
}
