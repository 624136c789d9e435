//! `client`: parse, call, render.
//!
//! Must not know the rules about clients: the gate has them.

mod coverage;

use serde_json::{Value, json};

use crate::args::{ClientCommand, Common};
use crate::case;
use crate::change::{self, segment, set, set_list};
use crate::facts;
use crate::failure::Failure;
use crate::gate::Gate;
use crate::host::Host;
use crate::out::{Out, text};
use crate::partners::{notice, scopes};
use crate::standing;

pub(crate) fn run(
    command: &ClientCommand,
    common: &Common,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    let gate = Gate::find(common, host)?;
    match command {
        ClientCommand::Add { id, partner, name, purpose, category, scope } => {
            let mut body = json!({ "id": id, "partner": partner });
            set(&mut body, "name", name.as_deref());
            set(&mut body, "purpose", purpose.as_deref());
            set(&mut body, "category", category.as_deref());
            set_list(&mut body, "scopes", scope);
            change::show(&gate.post("/v1/clients", &body)?, out)
        }
        ClientCommand::Show { id } => {
            show(&gate.get(&format!("/v1/clients/{}", segment(id)))?, out)?;
            case::about(&format!("client:{id}"), &gate, out)
        }
        ClientCommand::List { partner, limit } => {
            let filters = [("partner", partner.as_deref())];
            let clients = change::list(&gate, "/v1/clients", &filters, *limit, out)?;
            if out.is_json() {
                return out.json(&clients);
            }
            let rows = clients.iter().map(|client| {
                let mut row: Vec<String> =
                    ["id", "partner", "name", "state"].map(|member| text(client, member)).to_vec();
                row.push(scopes(client));
                row
            });
            let empty =
                "no client yet: declare one with `portcullis client add ID --partner PARTNER`";
            out.table(&["CLIENT", "PARTNER", "NAME", "STATE", "SCOPES"], rows.collect(), empty)
        }
        ClientCommand::Coverage { partner, since } => {
            coverage::run(partner.as_deref(), since.as_deref(), &gate, out)
        }
        ClientCommand::Facts(args) => facts::run("clients", args, &gate, host, out),
        ClientCommand::Standing(verb) => standing::run("clients", verb, &gate, host, out),
    }
}

fn show(client: &Value, out: &mut Out) -> Result<(), Failure> {
    if out.is_json() {
        return out.json(client);
    }
    let mut members = vec![
        ("client", text(client, "id")),
        ("partner", text(client, "partner")),
        ("name", text(client, "name")),
        ("purpose", text(client, "purpose")),
        ("category", text(client, "category")),
        ("scopes", scopes(client)),
        ("state", text(client, "state")),
    ];
    notice(client, &mut members);
    let facts = facts::lines(&client.get("facts").cloned().unwrap_or_default());
    members.extend(facts.iter().map(|(name, value)| (&**name, value.clone())));
    members.push(("added", text(client, "added")));
    members.push(("revision", text(client, "revision")));
    members.retain(|(_, value)| !value.is_empty());
    out.card(&members)
}
