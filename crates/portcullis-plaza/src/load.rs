//! Reads fixtures from a folder of JSON lines.
//!
//! Files must be whole: a bad line stops the start and is named. Must not know HTTP.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::model::{Id, Rows};
use crate::settings::PlazaError;

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    paging_user: Option<Id>,
}

/// All rows of the folder.
///
/// # Errors
/// A file that cannot be read, or the first line that is no such row.
pub(crate) fn rows(dir: &Path) -> Result<Rows, PlazaError> {
    Ok(Rows {
        places: lines(&dir.join("places.jsonl"))?,
        users: lines(&dir.join("users.jsonl"))?,
        media: lines(&dir.join("media.jsonl"))?,
        stories: lines(&dir.join("stories.jsonl"))?,
        comments: lines(&dir.join("comments.jsonl"))?,
        hashtags: lines(&dir.join("hashtags.jsonl"))?,
        paging_user: manifest(&dir.join("manifest.json"))?,
    })
}

fn manifest(path: &Path) -> Result<Option<Id>, PlazaError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(PlazaError::Read { path: path.to_owned(), source }),
    };
    let row = |source: serde_json::Error| PlazaError::Row {
        path: path.to_owned(),
        line: source.line(),
        source,
    };
    let manifest: Manifest = serde_json::from_str(&text).map_err(row)?;
    Ok(manifest.paging_user)
}

fn lines<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, PlazaError> {
    let read = |source| PlazaError::Read { path: path.to_owned(), source };
    let text = fs::read_to_string(path).map_err(read)?;
    let mut rows = Vec::new();
    for (at, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            continue;
        }
        let row = |source| PlazaError::Row { path: path.to_owned(), line: at + 1, source };
        rows.push(serde_json::from_str(line).map_err(row)?);
    }
    Ok(rows)
}
