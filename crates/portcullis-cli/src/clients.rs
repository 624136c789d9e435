//! `client`: parse, call, render.
//!
//! Must not know the rules about clients: the gate has them.

use serde_json::json;

use crate::args::{ClientCommand, Common};
use crate::change::{self, segment, set, set_list, transition};
use crate::facts;
use crate::failure::Failure;
use crate::gate::Gate;
use crate::host::Host;
use crate::out::{Out, text};
use crate::partners::scopes;

pub(crate) fn run(
    command: &ClientCommand,
    common: &Common,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    let gate = Gate::find(common, host)?;
    match command {
        ClientCommand::Add { id, partner, name, scope } => {
            let mut body = json!({ "id": id, "partner": partner });
            set(&mut body, "name", name.as_deref());
            set_list(&mut body, "scopes", scope);
            change::show(&gate.post("/v1/clients", &body)?, out)
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
        ClientCommand::Facts(args) => facts::run("clients", args, &gate, host, out),
        ClientCommand::Hold { id, reason, review_by } => {
            let path = format!("/v1/clients/{}/transitions", segment(id));
            let body = transition("held", reason, review_by.as_deref());
            change::show(&gate.post(&path, &body)?, out)
        }
        ClientCommand::Restore { id, reason } => {
            let path = format!("/v1/clients/{}/transitions", segment(id));
            change::show(&gate.post(&path, &transition("restored", reason, None))?, out)
        }
    }
}
