//! The answer to a question as evidence of a case: its file is written here, its digest is in the log.
//!
//! Must not know what the answer says.

use std::io::Write as _;

use serde_json::{Value, json};

use crate::args::AsEvidence;
use crate::failure::Failure;
use crate::files::unwritable;
use crate::gate::Gate;
use crate::host::Host;
use crate::out::{Out, clean, text};

/// Asks, adds the answer to the case, writes the file, and gives back the answer.
pub(super) fn take(
    ask: Value,
    question: &str,
    taken: &AsEvidence,
    gate: &Gate,
    host: &dyn Host,
    out: &mut Out,
) -> Result<Value, Failure> {
    let (Some(case), Some(path)) = (&taken.evidence, &taken.save) else {
        return Err(Failure::Usage("`--evidence CASE` goes with `--save FILE`".to_owned()));
    };
    // Before anything stands in the log: nobody has the file but whoever gets it now.
    let mut file = host.create_private(path).map_err(|error| unwritable(path, &error))?;
    let wish = json!({ "case": case, "name": file_name(path), "ask": { question: ask } });
    let told = match gate.post("/v1/ledger/evidence", &wish) {
        Ok(told) => told,
        Err(failure) => {
            drop(file);
            let _empty = host.forget(path);
            return Err(failure);
        }
    };
    let written = file.write_all(text(&told, "file").as_bytes()).and_then(|()| file.flush());
    written.map_err(|error| unwritable(path, &error))?;
    out.say(format!("{} (revision {})", clean(&text(&told, "what")), text(&told, "revision")));
    let missing = told.get("not_anchored").and_then(Value::as_u64).unwrap_or_default();
    if missing > 0 {
        out.say(format!(
            "NOT IN IT: {missing} answers of that time that are not anchored yet; ask again after the hour for evidence with them"
        ));
    }
    out.say(format!(
        "keep {0}, a copy of the ledger's folder and an export of the log: `portcullis ledger check {0} --export FILE --ledger DIR` checks it with these alone",
        path.display()
    ));
    Ok(told.get("answer").cloned().unwrap_or_default())
}

fn file_name(path: &std::path::Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
