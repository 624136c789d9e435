//! `client coverage`: which calls can't be told apart by client.
//!
//! Must not know how a call's client is told.

use serde_json::Value;

use crate::change::segment;
use crate::failure::Failure;
use crate::gate::Gate;
use crate::out::{Out, text};

pub(super) fn run(
    partner: Option<&str>,
    since: Option<&str>,
    gate: &Gate,
    out: &mut Out,
) -> Result<(), Failure> {
    let asked = [("partner", partner), ("since", since)];
    let asked = asked.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let asked: Vec<_> = asked.map(|(name, value)| format!("{name}={}", segment(value))).collect();
    let coverage = gate.get(&format!("/v1/clients/coverage?{}", asked.join("&")))?;
    if out.is_json() {
        return out.json(&coverage);
    }
    let list = |of: &Value, member: &str| {
        of.get(member).and_then(Value::as_array).cloned().unwrap_or_default()
    };
    let partners = list(&coverage, "data");
    let rows = partners.iter().flat_map(|one| {
        let name = text(one, "partner");
        let clients = list(one, "clients").into_iter().map(|client| {
            let by = [text(&client, "by_key"), text(&client, "by_grant")];
            row(&name, &text(&client, "client"), &text(&client, "calls"), &how(&by))
        });
        clients.chain(untold(one, &name)).collect::<Vec<_>>()
    });
    let rows: Vec<_> = rows.collect();
    let empty = format!("no call since {} was counted", text(&coverage, "from"));
    let any = !rows.is_empty();
    out.table(&["PARTNER", "CLIENT", "CALLS", "TOLD BY"], rows, &empty)?;
    for one in partners.iter().filter(|one| any && !list(one, "keys").is_empty()) {
        let keys = list(one, "keys");
        let keys = keys.iter().map(|key| format!("{} {}", text(key, "key"), text(key, "calls")));
        let (partner, keys) = (text(one, "partner"), keys.collect::<Vec<_>>().join(", "));
        out.line("")?;
        out.line(format!("calls of `{partner}` that can't be told, by key: {keys}"))?;
        out.line(if text(one, "declared") == "0" {
            format!("`{partner}` declared no client: `portcullis client add ID --partner {partner}`")
        } else {
            format!("bind a key to each client: `portcullis key issue --partner {partner} --client ID`; or have the platform grant each account for its client")
        })?;
    }
    Ok(())
}

fn row(partner: &str, client: &str, calls: &str, told: &str) -> Vec<String> {
    [partner, client, calls, told].map(str::to_owned).into()
}

fn how([key, grant]: &[String; 2]) -> String {
    match (&**key, &**grant) {
        (_, "0") => "key".to_owned(),
        ("0", _) => "grant".to_owned(),
        _ => format!("key {key}, grant {grant}"),
    }
}

/// Rows of calls whose client can't be told, by why.
fn untold(one: &Value, partner: &str) -> Vec<Vec<String>> {
    let of = one.get("untold").cloned().unwrap_or_default();
    let why = [
        ("no_account", "nothing: the call acts for no granted account"),
        ("undeclared", "nothing: its account is granted for no client"),
        ("several", "nothing: it acts for accounts of several clients"),
    ];
    let rows = why.into_iter().filter_map(|(member, why)| {
        let calls = text(&of, member);
        (!matches!(&*calls, "" | "0")).then(|| row(partner, "none", &calls, why))
    });
    rows.collect()
}
