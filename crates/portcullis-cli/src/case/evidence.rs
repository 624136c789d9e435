//! `case evidence` and `case export`: what goes in and out of a case as files.
//!
//! Must not know what evidence says.

use portcullis_audit::{from_base64, to_base64};
use portcullis_registry::Blob;
use serde_json::{Value, json};

use super::{at, digest_of};
use crate::args::{CaseCommand, EvidenceCommand};
use crate::change;
use crate::failure::Failure;
use crate::files::unreadable;
use crate::gate::Gate;
use crate::host::Host;
use crate::out::{Out, text};

pub(super) fn run(
    command: &EvidenceCommand,
    gate: &Gate,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    match command {
        EvidenceCommand::Add { id, file, name, digest_only } => {
            let bytes = host.read(file).map_err(|error| unreadable(file, &error))?;
            let of_file = || file.file_name().map(|name| name.to_string_lossy().into_owned());
            let name = name.clone().or_else(of_file).unwrap_or_default();
            let mut body = json!({ "name": name, "bytes": bytes.len() });
            change::set(&mut body, "body", (!digest_only).then(|| to_base64(&bytes)));
            change::set(&mut body, "sha256", Some(Blob::new(bytes).sha256));
            change::show(&gate.post(&at(id, "/evidence"), &body)?, out)
        }
        EvidenceCommand::Read { id, digest, purpose, out: to } => {
            let digest = digest_of(&gate.get(&at(id, ""))?, digest)?;
            let path = at(id, &format!("/evidence/{digest}/read"));
            let read = gate.post(&path, &json!({ "purpose": purpose }))?;
            let body = read.get("body").and_then(Value::as_str).and_then(from_base64);
            let body = body.ok_or_else(|| {
                Failure::Local("the gate's answer holds no body that can be read".to_owned())
            })?;
            out.say(format!("recorded as read (revision {})", text(&read, "revision")));
            out.put(&body, to.as_ref(), host)
        }
    }
}

pub(super) fn export(
    command: &CaseCommand,
    gate: &Gate,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    let CaseCommand::Export { id, with_evidence, out: to } = command else { return Ok(()) };
    let body = json!({ "with_evidence": with_evidence });
    let made = gate.post(&at(id, "/export"), &body)?;
    let bundle = text(&made, "bundle");
    out.put(bundle.as_bytes(), to.as_ref(), host)?;
    if let Some(path) = to {
        let path = path.display();
        out.say(format!(
            "{}; anybody can check {path} with `portcullis audit verify {path} --log-key VKEY`",
            text(&made, "what")
        ));
    }
    Ok(())
}
