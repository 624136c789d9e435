//! `audit prove`, `audit receipt`, `audit verify-receipt`: what can be shown to somebody else.
//!
//! Nothing that the gate answers is believed: proofs are followed here. Must not know what events
//! mean.

use std::path::{Path, PathBuf};

use owo_colors::OwoColorize as _;
use portcullis_audit::{
    Checkpoint, Hash, LogVerifier, Receipt, WitnessVerifier, leaf_hash, verify_consistency,
};
use serde_json::{Value, json};

use super::verify::{kept, key};
use crate::args::{ProveArgs, VerifyReceiptArgs};
use crate::failure::Failure;
use crate::files::unreadable;
use crate::gate::Gate;
use crate::host::Host;
use crate::out::Out;

/// Shows that a change is in the log, or that the log only grew.
pub(super) fn prove(
    args: &ProveArgs,
    gate: &Gate,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    let trusted = args.log_key.as_deref().map(key).transpose()?;
    let shown = match (args.revision, &args.since) {
        (Some(revision), _) => included(&fetch(revision, gate)?, trusted.as_ref(), out),
        (None, Some(file)) => grown(file, trusted.as_ref(), gate, host, out),
        (None, None) => Ok(()),
    };
    if trusted.is_none() && shown.is_ok() {
        out.say("signatures were not looked at: name the key you trust with `--log-key VKEY`");
    }
    shown
}

/// Writes a receipt, once it has been followed.
pub(super) fn receipt(
    revision: u64,
    to: Option<&PathBuf>,
    gate: &Gate,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    let receipt = fetch(revision, gate)?;
    receipt.leads().map_err(|error| Failure::Local(format!("the receipt is not used: {error}")))?;
    out.put(receipt.to_string().as_bytes(), to, host)?;
    if let Some(path) = to {
        let path = path.display();
        out.say(format!("receipt written to {path}; anybody can check it with `portcullis audit verify-receipt {path} --log-key VKEY`"));
    }
    Ok(())
}

/// Verifies a receipt without a server.
pub(super) fn verify_receipt(
    args: &VerifyReceiptArgs,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    let (file, trusted) = (&args.file, key(&args.log_key)?);
    let witnesses = args.witness.iter().map(|key| witness(key));
    let witnesses = witnesses.collect::<Result<Vec<_>, _>>()?;
    let quorum = quorum(args.quorum, &witnesses)?;
    let bytes = host.read(file).map_err(|error| unreadable(file, &error))?;
    let receipt = String::from_utf8_lossy(&bytes).parse::<Receipt>();
    let receipt = receipt
        .map_err(|error| Failure::Local(format!("{} can't be used: {error}", file.display())))?;
    cosigned(&receipt.note, &witnesses, quorum)?;
    included(&receipt, Some(&trusted), out)?;
    if witnesses.is_empty() || out.is_json() {
        return Ok(());
    }
    out.line(format!("{} enough witnesses have signed that the log only grew", "shown:".green()))
}

fn witness(text: &str) -> Result<WitnessVerifier, Failure> {
    text.parse().map_err(|error| Failure::Usage(format!("`--witness`: {error}")))
}

/// How many must have signed, of witnesses that are each named once.
fn quorum(wanted: Option<usize>, witnesses: &[WitnessVerifier]) -> Result<usize, Failure> {
    let there = witnesses.len();
    let twice = witnesses
        .iter()
        .enumerate()
        .find(|(at, key)| witnesses.iter().take(*at).any(|other| other == *key));
    if let Some((_, key)) = twice {
        return Err(Failure::Usage(format!(
            "`--witness` names `{}` twice: it signs once",
            key.name()
        )));
    }
    match wanted {
        None => Ok(there),
        Some(wanted) if (1..=there).contains(&wanted) => Ok(wanted),
        Some(wanted) => Err(Failure::Usage(format!(
            "`--quorum {wanted}` of {there} witnesses can't be: write 1 to {there}, or name more with `--witness VKEY`"
        ))),
    }
}

/// Whether enough witnesses have signed the checkpoint of a receipt.
fn cosigned(note: &str, witnesses: &[WitnessVerifier], quorum: usize) -> Result<(), Failure> {
    let silent: Vec<String> = witnesses
        .iter()
        .filter(|key| !matches!(key.signed(note), Ok(Some(_))))
        .map(|key| format!("`{}`", key.name()))
        .collect();
    let signed = witnesses.len() - silent.len();
    if signed >= quorum {
        return Ok(());
    }
    Err(Failure::Local(format!(
        "it is not shown: {signed} of {} witnesses have signed its checkpoint and {quorum} must; not {}; fetch the receipt again a minute later, when more have",
        witnesses.len(),
        silent.join(", ")
    )))
}

fn fetch(revision: u64, gate: &Gate) -> Result<Receipt, Failure> {
    let text = gate.text(&format!("/v1/audit/{revision}/receipt"))?;
    text.parse().map_err(|error| Failure::Local(format!("the gate's answer: {error}")))
}

fn included(
    receipt: &Receipt,
    trusted: Option<&LogVerifier>,
    out: &mut Out,
) -> Result<(), Failure> {
    let verified = match trusted {
        Some(key) => receipt.verify(key),
        None => receipt.leads(),
    };
    let signed = verified.map_err(|error| Failure::Local(format!("it is not shown: {error}")))?;
    let leaf = receipt.leaf.clone().unwrap_or_default();
    let event: Value = serde_json::from_slice(&leaf).unwrap_or_default();
    let hashes: Vec<String> = receipt.hashes.iter().map(Hash::to_base64).collect();
    if out.is_json() {
        return out.json(&json!({
            "revision": receipt.index, "origin": signed.origin, "size": signed.size,
            "root": signed.root.to_base64(), "leaf_hash": leaf_hash(&leaf).to_base64(),
            "hashes": hashes, "trusted_key": trusted.is_some(), "leaf": event,
        }));
    }
    let (revision, Checkpoint { origin, size, root }) = (receipt.index, &signed);
    out.line(format!(
        "{} revision {revision} is in the log {origin} of {size} events",
        "shown:".green()
    ))?;
    out.card(&[
        ("leaf hash", leaf_hash(&leaf).to_base64()),
        ("root", root.to_base64()),
        ("proof", format!("{} hashes lead from one to the other", hashes.len())),
    ])?;
    out.line(serde_json::to_string_pretty(&event).unwrap_or_default())
}

fn grown(
    file: &Path,
    trusted: Option<&LogVerifier>,
    gate: &Gate,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    let (_, kept) = kept(file, host)?;
    let then = kept.claimed();
    let note = gate.text("/log/checkpoint")?;
    let not_one = |error| Failure::Local(format!("the gate's checkpoint can't be used: {error}"));
    let now = Checkpoint::claimed(&note).map_err(not_one)?;
    for note in trusted.map(|key| [(key, kept.note()), (key, &note)]).into_iter().flatten() {
        let (key, note) = note;
        Checkpoint::signed_by(note, key)
            .map_err(|error| Failure::Local(format!("a checkpoint can't be believed: {error}")))?;
    }
    if then.size > now.size || then.origin != now.origin {
        let (there, size) = (now.size, then.size);
        return found(
            out,
            format!(
                "{} covers {size} events of {}, and the log {} has {there}: it was cut, or is another one",
                file.display(),
                then.origin,
                now.origin
            ),
        );
    }
    let answer = gate.get(&format!("/v1/audit/consistency?from={}&to={}", then.size, now.size))?;
    let hashes = answer.get("hashes").and_then(Value::as_array).cloned().unwrap_or_default();
    let hashes = hashes.iter().map(|hash| Hash::from_base64(hash.as_str()?));
    let hashes = hashes.collect::<Option<Vec<_>>>().unwrap_or_default();
    let shown = verify_consistency((then.size, &then.root), (now.size, &now.root), &hashes);
    if let Err(error) = shown {
        return found(
            out,
            format!(
                "the log was rewritten: its first {} events are not those of {}: {error}",
                then.size,
                file.display()
            ),
        );
    }
    if out.is_json() {
        let hashes = answer.get("hashes");
        return out.json(&json!({ "from": then.size, "to": now.size, "origin": now.origin, "hashes": hashes, "trusted_key": trusted.is_some() }));
    }
    out.line(format!(
        "{} the {} events of {} are the first of the {} that the log {} has now",
        "shown:".green(),
        then.size,
        file.display(),
        now.size,
        now.origin
    ))
}

fn found(out: &mut Out, what: String) -> Result<(), Failure> {
    out.line(format!("{} {what}", "DAMAGED:".red().bold()))?;
    Err(Failure::Findings)
}
