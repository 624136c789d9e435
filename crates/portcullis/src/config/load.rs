//! `portcullis.yaml` from the disk: all its faults at once, and no secret in any of them.
//!
//! Must not know what its members mean.

use std::path::Path;
use std::sync::Arc;

use portcullis_yaml::{Fault, Partial, Source};

use super::settle::{Config, Settling};
use super::shape::ConfigFile;

/// Longest name repeated in a fault about secrets; `platform_credential` fits.
const NAME_SHOWN_MAX: usize = 20;

/// Reads and checks a configuration file.
///
/// # Errors
/// Every fault in it, with line and excerpt.
pub(crate) fn load(path: &Path) -> Result<Config, Vec<Fault>> {
    let inside = path.join("portcullis.yaml");
    let path = if path.is_dir() { &inside } else { path };
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|why| {
        let source = Source { name: name.clone(), text: Arc::from("") };
        let help =
            "write one with `portcullis init DIR --upstream URL`, or name it with `--config FILE`";
        vec![source.fault_at("PC0001", 1, 1, format!("can't be read: {why}")).with_help(help)]
    })?;
    let source = Source { name, text: Arc::from(text) };
    let base = path.parent().unwrap_or(Path::new(".")).to_path_buf();
    let Partial { value, faults: shape, .. } = portcullis_yaml::read_partly::<ConfigFile>(&source);
    let settle = |file: &ConfigFile| {
        Settling { source: &source, faults: Vec::new(), base: base.clone() }.settle(file)
    };
    let values = match value.as_ref().map(settle) {
        Some(Ok(config)) if shape.is_empty() => return Ok(config),
        Some(Err(values)) => values,
        Some(Ok(_)) | None => Vec::new(),
    };
    let values = values.into_iter().filter(|fault| !follows(fault, &shape, &source.text));
    let mut faults: Vec<_> = values.collect();
    faults.extend(shape.into_iter().map(|fault| veil(fault, &source.text)));
    faults.sort_by_key(|fault| (fault.line, fault.column));
    Err(faults)
}

/// Whether a value may only be wrong because something faulty was left out: what is missing has no
/// line of its own, and a secret without its place names none.
fn follows(fault: &Fault, shape: &[Fault], text: &str) -> bool {
    let hidden = |fault: &Fault| under_secrets(fault, text);
    !shape.is_empty()
        && ((fault.line, fault.column) == (1, 1) || hidden(fault) && shape.iter().any(hidden))
}

fn under_secrets(fault: &Fault, text: &str) -> bool {
    let at = usize::try_from(fault.line).unwrap_or(usize::MAX);
    let top = |line: &&str| line.starts_with(|c: char| c.is_ascii_alphabetic() || c == '"');
    let under = text.lines().take(at).filter(top).last();
    under.is_some_and(|line| line.trim_matches('"').starts_with("secrets"))
}

/// A secret typed under `secrets:` by mistake must not be repeated in a message or a log.
fn veil(fault: Fault, text: &str) -> Fault {
    if !under_secrets(&fault, text) {
        return fault;
    }
    let expected = fault.message.split(", found").next().unwrap_or_default();
    // Every second part stands in backticks: a name, or the secret itself.
    let quoted = |at: usize, word: &str| at % 2 == 1 && word.len() > NAME_SHOWN_MAX;
    let parts = expected.split('`').enumerate();
    let parts = parts.map(|(at, word)| if quoted(at, word) { "…" } else { word });
    let message = parts.collect::<Vec<_>>().join("`");
    // Of the line, the name stays; where there is none, nothing does.
    let name = |line: String| {
        let (name, _) = line.split_once(':')?;
        (name.trim().len() <= NAME_SHOWN_MAX).then(|| format!("{name}: …"))
    };
    let excerpt = fault.excerpt.and_then(name);
    let help = fault.help.unwrap_or_else(|| {
        "name where it is: `{ file: … }`, `{ env: … }` or `{ credential: … }`; a secret that stood in this text is to be replaced".to_owned()
    });
    Fault { message, excerpt, help: Some(help), ..fault }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_typed_into_the_text_is_not_repeated() {
        let secret = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        for line in [
            format!("pepper: {secret}"),
            format!("pepper: {{ {secret} }}"),
            format!("pepper: {{ value: {secret} }}"),
            format!("pepper: {{ flie: {secret} }}"),
            format!("{secret}: 1"),
            format!("pepper: [{secret}"),
            secret.to_owned(),
        ] {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("portcullis.yaml");
            std::fs::write(&path, format!("version: 1\nsecrets:\n  {line}\nstore: {{}}\n"))
                .unwrap();
            let told = portcullis_yaml::Faults(load(&path).unwrap_err()).to_string();
            assert!(!told.contains(&secret[..32]), "{told}");
            assert!(told.contains("portcullis.yaml:"), "{told}");
        }
    }
}
