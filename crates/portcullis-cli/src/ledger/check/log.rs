//! What a log says of a piece of evidence: a database file or an export, verified first.
//!
//! Must not know what evidence says.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_audit::LogVerifier;
use serde_json::{Value, json};

use super::super::show::list;
use crate::args::EvidenceCheckArgs;
use crate::failure::Failure;
use crate::files::unreadable;
use crate::host::Host;
use crate::offline::{self, Row};
use crate::out::text;

/// What was read.
#[derive(Debug, Default)]
pub(super) struct LogRead {
    /// Why the log can't be believed.
    pub(super) damaged: Option<String>,
    /// Whether it was checked against a key that somebody trusts.
    pub(super) trusted: bool,
    /// Its name.
    pub(super) origin: Option<String>,
    /// Events that add evidence of the digest, with their cases.
    pub(super) added: Vec<(u64, String)>,
    /// Cases for which the gate itself says that it took such evidence from its ledger: a file that somebody
    /// else adds to a case has no such event.
    pub(super) taken: BTreeSet<String>,
    /// Events that anchor files.
    pub(super) anchored: BTreeMap<u64, Value>,
}

/// Verifies the log, and looks for what is about the digest.
pub(super) fn read(
    args: &EvidenceCheckArgs,
    sha256: &str,
    host: &dyn Host,
) -> Result<LogRead, Failure> {
    let key = |text: &str| {
        text.parse::<LogVerifier>().map_err(|error| Failure::Usage(format!("`--log-key`: {error}")))
    };
    let trusted = args.log_key.as_deref().map(key).transpose()?;
    let mut read = LogRead { trusted: trusted.is_some(), ..LogRead::default() };
    let mut faulty = None;
    let mut line = |line: &str| match offline::read(line) {
        Ok(Row::Event { rev, leaf, .. }) => read.take(rev, &leaf, sha256),
        Ok(Row::Checkpoint { .. }) => {}
        Err(why) => {
            faulty.get_or_insert(why);
        }
    };
    let verdict = match (&args.db, &args.export) {
        (Some(db), _) => {
            let mut each = |text: String| {
                line(&text);
                true
            };
            host.export(db, &mut each).map_err(Failure::Local)?;
            host.verify(db, trusted.as_ref(), Vec::new()).map_err(Failure::Local)?
        }
        (None, Some(file)) => {
            let bytes = host.read(file).map_err(|error| unreadable(file, &error))?;
            let text = String::from_utf8_lossy(&bytes);
            text.lines().for_each(&mut line);
            offline::verify(&text, trusted.as_ref(), Vec::new())
        }
        (None, None) => {
            return Err(Failure::Usage("name the log: `--db FILE` or `--export FILE`".to_owned()));
        }
    };
    read.damaged = faulty.or_else(|| (!verdict.is_clean()).then(|| verdict.to_string()));
    let told = serde_json::to_value(&verdict).unwrap_or_default();
    read.origin = Some(text(&told, "origin")).filter(|origin| !origin.is_empty());
    Ok(read)
}

impl LogRead {
    fn take(&mut self, revision: u64, leaf: &str, sha256: &str) {
        let leaf: Value = serde_json::from_str(leaf).unwrap_or_default();
        let Some(event) = leaf.get("event") else { return };
        match text(event, "type").as_str() {
            "case.evidence_added" if text(event, "sha256") == sha256 => {
                self.added.push((revision, text(event, "case")));
            }
            "ledger.evidence_taken" if text(event, "sha256") == sha256 => {
                self.taken.insert(text(event, "case"));
            }
            "ledger.anchored" => drop(self.anchored.insert(revision, event.clone())),
            _ => {}
        }
    }

    /// Sets that were anchored when the answer was read and that it was not read from. Those that were gone
    /// by then are among them: where their files are there after all, the answer lacks what they hold.
    pub(super) fn others(&self, evidence: &Value) -> Vec<Value> {
        let named: BTreeSet<String> = list(evidence, "sets").map(|set| text(set, "set")).collect();
        let until = evidence.get("anchored_to").and_then(Value::as_u64).unwrap_or_default();
        let before = self.anchored.range(..=until);
        let others = before.filter_map(|(at, event)| Some((at, event, set_of(event)?)));
        let others = others.filter(|(_, _, set)| !named.contains(set));
        others
            .map(|(at, event, set)| json!({ "set": set, "event": at, "files": event.get("files") }))
            .collect()
    }
}

/// What all files of a set begin with: their names end with a table and an ending.
pub(super) fn set_of(event: &Value) -> Option<String> {
    let first = list(event, "files").next()?;
    let name = first.get("name")?.as_str()?;
    let (table, _ending) = name.rsplit_once('.')?;
    Some(table.rsplit_once('.')?.0.to_owned())
}
