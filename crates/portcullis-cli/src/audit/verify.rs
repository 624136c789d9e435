//! `audit verify`: a gate's log, a database or an export, against keys and what was kept elsewhere.
//!
//! Must not know how any of them is read.

use std::path::Path;

use owo_colors::OwoColorize as _;
use portcullis_audit::{Kept, LogVerifier, Verification};
use serde_json::{Value, json};

use super::bundle;
use crate::args::{Common, VerifyArgs};
use crate::failure::Failure;
use crate::files::unreadable;
use crate::gate::Gate;
use crate::host::Host;
use crate::offline;
use crate::out::{Out, clean, text};

pub(super) fn run(
    args: &VerifyArgs,
    common: &Common,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    let kept = args.against.iter().map(|path| kept(path, host));
    let kept = kept.collect::<Result<Vec<_>, _>>()?;
    let trusted = args.log_key.as_deref().map(key).transpose()?;
    if let (Some(file), Some(key)) = (&args.bundle, &trusted) {
        return bundle::verify(file, key, host, out);
    }
    let only = |kept: Vec<(String, Kept)>| kept.into_iter().map(|(_, kept)| kept).collect();
    let verdict = match (&args.db, &args.export) {
        (Some(db), _) => host.verify(db, trusted.as_ref(), only(kept)).map_err(Failure::Local)?,
        (None, Some(file)) => {
            let bytes = host.read(file).map_err(|error| unreadable(file, &error))?;
            offline::verify(&String::from_utf8_lossy(&bytes), trusted.as_ref(), only(kept))
        }
        (None, None) if trusted.is_some() => {
            return Err(Failure::Usage(
                "`--log-key` goes with `--db FILE` or `--export FILE`: a running gate compares with the key it is configured with".to_owned(),
            ));
        }
        (None, None) => {
            let against: Vec<String> = kept.into_iter().map(|(text, _)| text).collect();
            let wish = json!({ "against": against });
            return report(&Gate::find(common, host)?.post("/v1/audit/verify", &wish)?, out);
        }
    };
    report(&view(&verdict), out)
}

/// A checkpoint or receipt in a file: its text and what it is.
pub(super) fn kept(path: &Path, host: &dyn Host) -> Result<(String, Kept), Failure> {
    let bytes = host.read(path).map_err(|error| unreadable(path, &error))?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let kept = Kept::read(&text)
        .map_err(|error| Failure::Local(format!("{} can't be used: {error}", path.display())))?;
    Ok((text, kept))
}

pub(super) fn key(text: &str) -> Result<LogVerifier, Failure> {
    text.parse().map_err(|error| Failure::Usage(format!("`--log-key`: {error}")))
}

fn view(verdict: &Verification) -> Value {
    let mut view = serde_json::to_value(verdict).unwrap_or_default();
    if let Some(members) = view.as_object_mut() {
        members.remove("fault");
        members.insert("clean".to_owned(), json!(verdict.is_clean()));
        members.insert("what".to_owned(), json!(verdict.to_string()));
        let revision = verdict.fault.as_ref().and_then(|fault| fault.revision);
        members.insert("revision".to_owned(), json!(revision));
    }
    view
}

fn report(verdict: &Value, out: &mut Out) -> Result<(), Failure> {
    let clean_log = verdict.get("clean").and_then(Value::as_bool) == Some(true);
    if out.is_json() {
        out.json(verdict)?;
    } else {
        let what = clean(&text(verdict, "what"));
        let what = match what.strip_prefix("damaged") {
            Some(place) => format!("{}{place}", "DAMAGED".red().bold()),
            None if clean_log => format!("{} {what}", "clean:".green()),
            None => format!("{} {what}", "DAMAGED:".red().bold()),
        };
        out.line(what)?;
        for (name, member) in [("log", "origin"), ("root", "root"), ("signed by", "signed_by")] {
            let value = text(verdict, member);
            if !value.is_empty() {
                out.line(format!("{name:<10}{}", clean(&value)))?;
            }
        }
    }
    if !clean_log {
        return Err(Failure::Findings);
    }
    let agreed = verdict.get("kept").and_then(Value::as_u64).is_some_and(|kept| kept > 0);
    if verdict.get("trusted_key").and_then(Value::as_bool) != Some(true) && !agreed {
        out.say("the log was checked against the key it names itself; to rule out that it was forged as a whole, name the key you trust with `--log-key VKEY`");
    }
    Ok(())
}
