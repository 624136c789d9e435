//! An answer that is evidence, asked again over a copy of the folder: without a gate.
//!
//! Must not change anything in the copy, nor know what the log says.

use std::path::Path;
use std::sync::Arc;

use portcullis_types::Wall;
use serde_json::{Value, json};

use super::anchors::Anchored;
use super::answered::answered;
use super::evidence::{may_hold, read, read_set};
use super::folder::{Folder, Part};
use super::keys::Keys;
use super::library::Shelf;
use super::verify::{Found, compare};

/// Compares the files that an answer was read from with their roots, looks whether one of `others` holds
/// answers of that time as well, and asks the question anew.
pub(crate) fn ask_again(dir: &Path, evidence: &Value, others: &[Value]) -> Result<Value, String> {
    let unread =
        |why: std::io::Error| format!("the folder `{}` can't be read: {why}", dir.display());
    let folder = Folder::at_rest(dir).map_err(unread)?;
    let keys = Arc::new(Keys::new(&folder));
    let question = evidence.get("question").and_then(read);
    let question = question.ok_or("its question is none that this program knows")?;
    let sets = evidence.get("sets").and_then(Value::as_array).into_iter().flatten();
    let sets: Option<Vec<Anchored>> = sets.map(read_set).collect();
    let sets = sets.ok_or("the sets of files that it names can't be read")?;
    let mut found = Found::default();
    for one in &sets {
        for file in one.files.iter() {
            compare(&folder, one, file, Wall(0), &mut found).map_err(unread)?;
        }
    }
    let time = question.time();
    let others: Option<Vec<Anchored>> = others.iter().map(read_set).collect();
    let others = others.ok_or("the sets of files that the log names can't be read")?;
    overlooked(&folder, &keys, others, time, &mut found).map_err(unread)?;
    let mut answer = Value::Null;
    if found.faults.is_empty() {
        let parts = sets.iter().map(|one| one.part.clone()).collect();
        let shelf = Shelf::of(&folder, &keys, parts).with_roots(sets);
        answer = answered(&shelf, &question).map_err(|why| why.to_string())?;
    }
    Ok(json!({
        "files": found.files, "bytes": found.bytes, "faults": found.faults, "answer": answer,
    }))
}

/// Sets that the log has and the evidence does not name, although they hold answers of its time.
fn overlooked(
    folder: &Folder,
    keys: &Arc<Keys>,
    others: Vec<Anchored>,
    (since, until): (Wall, Wall),
    found: &mut Found,
) -> std::io::Result<()> {
    let names = folder.names()?;
    let there = |part: &Part| names.iter().any(|name| Part::of_file(name).as_ref() == Some(part));
    for one in may_hold(others, since).filter(|one| there(&one.part)) {
        let part = one.part.clone();
        let shelf = Shelf::of(folder, keys, [part.clone()].into()).with_roots(vec![one]);
        let what = match shelf.overlaps(&part, since, until) {
            Ok(false) => continue,
            Ok(true) => {
                "it holds answers of that time, and the evidence does not name it".to_owned()
            }
            Err(why) => {
                format!("it can't be read, so nobody can tell whether it belongs there: {why}")
            }
        };
        found.fault(&part.hour(), None, None, what);
    }
    Ok(())
}
