//! `key`: parse, call, render. A secret is printed once, on issue, and nowhere else.
//!
//! Must not know the rules about keys: the gate has them.

use portcullis_keys::{Inspection, inspect};
use serde_json::{Value, json};
use ureq::http::Method;
use zeroize::Zeroizing;

use crate::args::{Common, KeyCommand, Places, Proof};
use crate::change::{self, segment, set, set_list, transition};
use crate::failure::Failure;
use crate::gate::Gate;
use crate::host::Host;
use crate::import;
use crate::out::{Out, text};
use crate::partners::{notice, scopes};
use crate::standing::dried;
use crate::statement;

pub(crate) fn run(
    command: &KeyCommand,
    common: &Common,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    match command {
        KeyCommand::Inspect { key } => look_at(key.as_deref(), host, out),
        KeyCommand::Import(args) => import::run(args, common, host, out),
        KeyCommand::Issue { partner, client, scope, expires, start, places, proof, label, env } => {
            let mut body = json!({ "partner": partner, "label": label });
            set(&mut body, "client", client.as_deref());
            set_list(&mut body, "scopes", scope);
            set(&mut body, "expires", expires.as_deref());
            set(&mut body, "start", start.as_deref());
            set_list(&mut body, "networks", &places.network);
            set_list(&mut body, "certificates", &places.certificate);
            set(&mut body, "env", env.as_deref());
            set(&mut body, "identity", identity(proof));
            replaced(&Gate::find(common, host)?.post("/v1/keys", &body)?, out)
        }
        KeyCommand::List { partner, state, limit } => {
            let gate = Gate::find(common, host)?;
            let filters = [("partner", partner.as_deref()), ("state", state.as_deref())];
            list(&change::list(&gate, "/v1/keys", &filters, *limit, out)?, out)
        }
        KeyCommand::Show { id } => {
            let path = format!("/v1/keys/{}", segment(&public(id)?));
            show(&Gate::find(common, host)?.get(&path)?, out)
        }
        KeyCommand::Hold { id, reason, review_by, statement, dry } => {
            let mut body = transition("suspended", reason, review_by.as_deref());
            statement::put(&mut body, statement, host)?;
            to(id, &dried(body, *dry), common, host, out)
        }
        KeyCommand::Restore { id, reason, dry } => {
            to(id, &dried(transition("restored", reason, None), *dry), common, host, out)
        }
        KeyCommand::Revoke { id, reason, statement, dry } => {
            let mut body = transition("revoked", reason, None);
            statement::put(&mut body, statement, host)?;
            revoke(&public(id)?, &dried(body, *dry), &Gate::find(common, host)?, out)
        }
        KeyCommand::Activate { id, dry } => {
            to(id, &dried(json!({ "to": "activated" }), *dry), common, host, out)
        }
        KeyCommand::Rotate { id, overlap, env, dry } => {
            let mut body = dried(json!({}), *dry);
            set(&mut body, "overlap", overlap.as_deref());
            set(&mut body, "env", env.as_deref());
            let path = format!("/v1/keys/{}/rotate", segment(&public(id)?));
            replaced(&Gate::find(common, host)?.post(&path, &body)?, out)
        }
        KeyCommand::Bind { id, places, anywhere: _, tell, dry } => {
            let Places { network, certificate } = places;
            let body = json!({ "networks": network, "certificates": certificate, "tell": tell });
            let body = dried(body, *dry);
            let path = format!("/v1/keys/{}/binding", segment(&public(id)?));
            change::show(
                &Gate::find(common, host)?.call(Method::PUT, &path, Some(&body), &[])?,
                out,
            )
        }
        KeyCommand::Compromised { id, reason, reissue, env, statement, dry } => {
            let mut body = json!({ "reason": reason.reason, "tell": reason.tell });
            set(&mut body, "case", reason.case.as_deref());
            set(&mut body, "reissue", reissue.then_some(true));
            set(&mut body, "env", env.as_deref());
            statement::put(&mut body, statement, host)?;
            let path = format!("/v1/keys/{}/compromised", segment(&public(id)?));
            replaced(&Gate::find(common, host)?.post(&path, &dried(body, *dry))?, out)
        }
    }
}

/// What proves the caller in a key's place.
fn identity(proof: &Proof) -> Option<Value> {
    let Proof { token_of, subject, by_certificate } = proof;
    let certificate = by_certificate.as_ref().map(|holder| json!({ "certificate": holder }));
    let token = token_of.as_ref().map(|issuer| json!({ "issuer": issuer, "subject": subject }));
    certificate.or(token)
}

fn to(
    id: &str,
    body: &Value,
    common: &Common,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    let path = format!("/v1/keys/{}/transitions", segment(&public(id)?));
    change::show(&Gate::find(common, host)?.post(&path, body)?, out)
}

/// What waits for a second person closes nothing meanwhile.
fn revoke(id: &str, body: &Value, gate: &Gate, out: &mut Out) -> Result<(), Failure> {
    let change = gate.post(&format!("/v1/keys/{}/transitions", segment(id)), body)?;
    change::show(&change, out)?;
    if change::is_proposed(&change) {
        out.say(format!(
            "until it is approved the key goes on working; one person can stop it at once: `portcullis key hold {id}` or, for good, `portcullis key compromised {id}`"
        ));
    }
    Ok(())
}

/// A whole key given for an id is turned into its id here, so that its secret goes nowhere.
fn public(text: &str) -> Result<String, Failure> {
    match inspect(text) {
        Inspection::Ours { id, .. } => Ok(id.to_string()),
        Inspection::Foreign => Ok(text.to_owned()),
        Inspection::Damaged { why } => Err(Failure::Usage(format!(
            "this looks like a key and {why}; name the id, as `portcullis key list` shows it"
        ))),
    }
}

/// A new key where one was issued, and what was done in any case.
fn replaced(answer: &Value, out: &mut Out) -> Result<(), Failure> {
    match (answer.get("key"), answer.get("change")) {
        (Some(_), _) => issued(answer, out),
        // What is proved otherwise has no key to be shown, but an id.
        (None, Some(change)) if out.is_json() => {
            out.json(answer)?;
            change::talk(change, out);
            Ok(())
        }
        (None, Some(change)) => change::show(change, out),
        (None, None) => change::show(answer, out),
    }
}

/// The key alone on standard output, so that it can be piped into a vault.
fn issued(answer: &Value, out: &mut Out) -> Result<(), Failure> {
    let change = answer.get("change").cloned().unwrap_or_default();
    let written = if out.is_json() { out.json(answer) } else { out.line(text(answer, "key")) };
    let shown = written.and_then(|()| out.finish());
    change::talk(&change, out);
    match shown {
        Ok(()) => {
            out.say("this is the only time the key is shown: the gate keeps a digest of it");
            Ok(())
        }
        // Here a reader that went away is a failure: a key exists that nobody has.
        Err(failure) => Err(Failure::Local(format!(
            "{failure}; the key was issued and could not be shown, and the gate keeps only a digest: revoke it as `undo:` says and issue another"
        ))),
    }
}

fn list(keys: &[Value], out: &mut Out) -> Result<(), Failure> {
    if out.is_json() {
        return out.json(&keys);
    }
    let rows = keys.iter().map(|key| {
        let mut row: Vec<String> =
            ["id", "partner", "client", "state"].map(|member| text(key, member)).to_vec();
        row.push(scopes(key));
        row.extend(["issued", "expires", "label"].map(|member| text(key, member)));
        row
    });
    let empty = "no such key: issue one with `portcullis key issue --partner PARTNER`, or bring those of another gateway with `portcullis key import FILE`";
    let header = ["KEY", "PARTNER", "CLIENT", "STATE", "SCOPES", "ISSUED", "EXPIRES", "LABEL"];
    out.table(&header, rows.collect(), empty)
}

fn show(key: &Value, out: &mut Out) -> Result<(), Failure> {
    if out.is_json() {
        return out.json(key);
    }
    let mut state = text(key, "state");
    if let Some(whose) = key.get("standing_of").and_then(Value::as_str) {
        state.push_str(&format!(" (the {whose})"));
    }
    let mut members = vec![
        ("key", text(key, "id")),
        ("partner", text(key, "partner")),
        ("client", text(key, "client")),
        ("scopes", scopes(key)),
        ("networks", text(key, "networks")),
        ("certificates", text(key, "certificates")),
        ("proved by", proved_by(key)),
        ("state", state),
    ];
    notice(key, &mut members);
    for member in ["label", "issued", "starts", "expires", "successor", "pepper", "revision"] {
        members.push((member, text(key, member)));
    }
    members.retain(|(_, value)| !value.is_empty());
    out.card(&members)
}

/// What proves the caller where it is no key.
fn proved_by(key: &Value) -> String {
    let member = |name: &str| key.pointer(&format!("/identity/{name}")).and_then(Value::as_str);
    match (member("issuer"), member("subject"), member("certificate")) {
        (Some(issuer), Some(subject), _) => format!("tokens of {issuer} for {subject}"),
        (_, _, Some(holder)) => format!("the certificate of {holder}"),
        _ => String::new(),
    }
}

fn look_at(key: Option<&str>, host: &dyn Host, out: &mut Out) -> Result<(), Failure> {
    let key = match key {
        Some(key) if key != "-" => Zeroizing::new(key.to_owned()),
        _ => Zeroizing::new(
            host.input()
                .map_err(|e| Failure::Local(format!("standard input can't be read: {e}")))?,
        ),
    };
    let (form, members) = match inspect(key.trim()) {
        Inspection::Ours { env, id } => (
            true,
            vec![
                ("form", "a key of this gate, whole".to_owned()),
                ("id", id.to_string()),
                ("environment", env.to_owned()),
            ],
        ),
        Inspection::Damaged { why } => {
            (false, vec![("form", format!("like a key of this gate, but {why}"))])
        }
        Inspection::Foreign => (
            false,
            vec![(
                "form",
                "not that of a key of this gate; an imported key may look like anything".to_owned(),
            )],
        ),
    };
    if out.is_json() {
        let members = members.iter().map(|(name, value)| ((*name).to_owned(), json!(value)));
        out.json(&members.collect::<serde_json::Map<_, _>>())?;
    } else {
        out.card(&members)?;
    }
    out.say("whether it is valid only the gate can tell: `portcullis key show ID`");
    if form { Ok(()) } else { Err(Failure::Findings) }
}
