//! `catalogue`: draws up a route file from an OpenAPI document, and lists the classes of those there are.
//!
//! Must not know the admin API.

mod classes;

use std::io::Write as _;
use std::path::Path;

use portcullis_yaml::Source;
use serde_json::json;

use crate::args::CatalogueCommand;
use crate::check::count;
use crate::failure::Failure;
use crate::files::{unreadable, unwritable};
use crate::host::Host;
use crate::out::{Out, clean};

pub(crate) fn run(
    command: &CatalogueCommand,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    match command {
        CatalogueCommand::Import { openapi, out: to } => import(openapi, to.as_deref(), host, out),
        CatalogueCommand::Classes { dir } => {
            classes::run(dir.as_deref().unwrap_or(Path::new(".")), host, out)
        }
    }
}

fn import(
    openapi: &Path,
    to: Option<&Path>,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    let bytes = host.read(openapi).map_err(|error| unreadable(openapi, &error))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::Local(format!("{} is not UTF-8 text", openapi.display())))?;
    let source = Source::new(openapi.display().to_string(), text);
    let imported = match portcullis_catalogue::import_openapi(&source) {
        Ok(imported) => imported,
        Err(faults) if out.is_json() => {
            out.json(&json!({ "ok": false, "faults": faults }))?;
            return Err(Failure::Findings);
        }
        Err(faults) => {
            for fault in faults {
                out.line(format!("{fault}\n"))?;
            }
            return Err(Failure::Findings);
        }
    };
    for skipped in &imported.skipped {
        out.say(format!("left out: {}", clean(skipped)));
    }
    let listed = format!(
        "{} listed, {} of them closed until you classify them",
        count(imported.operations, "operation"),
        imported.unclassified
    );
    match to {
        Some(path) => {
            let failed = |error: std::io::Error| unwritable(path, &error);
            let mut file = host.create(path).map_err(failed)?;
            file.write_all(imported.yaml.as_bytes()).and_then(|()| file.flush()).map_err(failed)?;
            out.say(format!("{}: {listed}", path.display()));
        }
        None if out.is_json() => out.json(&json!({
            "operations": imported.operations,
            "unclassified": imported.unclassified,
            "skipped": imported.skipped,
            "yaml": imported.yaml,
        }))?,
        None => {
            out.bytes().write_all(imported.yaml.as_bytes())?;
            out.say(listed);
        }
    }
    Ok(())
}
