//! The platform's own lists of names: what is declared by name is asked for by id.
//!
//! Must not know who declared what.

use std::path::Path;

use portcullis_judge::Names;
use serde::Deserialize;

use super::lines::{Line, Lines};
use crate::failure::Failure;
use crate::files::unreadable;
use crate::host::Host;

/// File, type of node, and how lists call the name.
const FILES: [(&str, &str); 2] = [("users.jsonl", "user"), ("hashtags.jsonl", "hashtag")];

#[derive(Deserialize)]
struct Named {
    id: String,
    /// An account is declared by this one, not by what it calls itself.
    username: Option<String>,
    name: Option<String>,
}

/// Reads the lists of a directory; at least one must be there.
pub(crate) fn read(dir: &Path, host: &dyn Host) -> Result<Names, Failure> {
    let mut names = Names::default();
    let mut found = false;
    for (file, kind) in FILES {
        let path = dir.join(file);
        let from = match host.open(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            other => other.map_err(|error| unreadable(&path, &error))?,
        };
        found = true;
        let bad = |error: &std::io::Error| unreadable(&path, error);
        let mut lines = Lines::new(from).map_err(|error| bad(&error))?;
        let mut number = 0;
        while let Some(line) = lines.next().map_err(|error| bad(&error))? {
            number += 1;
            let Line::Bytes(bytes) = line else { continue };
            if line.is_blank() {
                continue;
            }
            let named: Named = serde_json::from_slice(bytes).map_err(|error| {
                let path = path.display();
                Failure::Local(format!("{path}, line {number}: no `id` and `name`: {error}"))
            })?;
            if let Some(name) = named.username.or(named.name) {
                names.insert(kind, &name, &named.id);
            }
        }
    }
    if !found {
        let dir = dir.display();
        return Err(Failure::Local(format!(
            "{dir} holds neither `users.jsonl` nor `hashtags.jsonl`"
        )));
    }
    Ok(names)
}
