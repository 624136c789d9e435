//! `audit verify BUNDLE`: a case that was handed out, against the key of its log.
//!
//! Must not know what its events mean.

use std::path::Path;

use owo_colors::OwoColorize as _;
use portcullis_audit::{BundleCovers, CaseBundle, LogVerifier};
use serde_json::json;

use crate::failure::Failure;
use crate::files::unreadable;
use crate::host::Host;
use crate::out::{Out, clean};

pub(super) fn verify(
    file: &Path,
    key: &LogVerifier,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    let bytes = host.read(file).map_err(|error| unreadable(file, &error))?;
    let text = String::from_utf8_lossy(&bytes);
    if !CaseBundle::is_one(&text) {
        return Err(Failure::Local(format!(
            "{} is no bundle of a case; `--export FILE` verifies an exported log, `--db FILE` a database",
            file.display()
        )));
    }
    match text.parse::<CaseBundle>().and_then(|bundle| bundle.verify(key)) {
        Ok(covers) => whole(&covers, out),
        Err(fault) => {
            if out.is_json() {
                out.json(&json!({ "whole": false, "fault": fault.to_string() }))?;
            } else {
                let fault = clean(&fault.to_string());
                out.line(format!("{} {fault}", "DAMAGED:".red().bold()))?;
            }
            Err(Failure::Findings)
        }
    }
}

fn whole(covers: &BundleCovers, out: &mut Out) -> Result<(), Failure> {
    let BundleCovers { case, checkpoint, events, from, seal, contents } = covers;
    if out.is_json() {
        let contents = contents.iter().map(|(kind, with, without)| {
            json!({ "content": kind, "with_body": with, "digest_only": without })
        });
        return out.json(&json!({
            "whole": true, "case": case, "origin": checkpoint.origin, "size": checkpoint.size,
            "events": events, "from": from, "seal": seal,
            "contents": contents.collect::<Vec<_>>(),
        }));
    }
    out.line(format!(
        "{} the bundle of case {} is as it was sealed",
        "verified:".green(),
        clean(case)
    ))?;
    let contents = contents.iter().map(|(kind, with, without)| {
        let bare =
            if *without > 0 { format!(" and {without} by digest only") } else { String::new() };
        format!("{with} {}{bare}", clean(kind))
    });
    out.card(&[
        ("events", format!("{events}, from revision {from} on")),
        ("contents", contents.collect::<Vec<_>>().join(", ")),
        ("sealed by", format!("revision {seal}")),
        ("log", format!("{} of {} events", checkpoint.origin, checkpoint.size)),
    ])
}
