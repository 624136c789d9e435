//! `portcullis.yaml` from the disk: all its faults at once, and no secret in any of them.
//!
//! Must not know what its members mean.

use std::path::Path;
use std::sync::Arc;

use portcullis_yaml::{Fault, Source};

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
    let file: ConfigFile = portcullis_yaml::read(&source).map_err(|faults| {
        faults.into_iter().map(|fault| veil(fault, &source.text)).collect::<Vec<_>>()
    })?;
    Settling { source: &source, faults: Vec::new(), base }.settle(&file).map_err(|mut faults| {
        faults.sort_by_key(|fault| (fault.line, fault.column));
        faults
    })
}

/// A secret typed under `secrets:` by mistake must not be repeated in a message or a log.
fn veil(fault: Fault, text: &str) -> Fault {
    let at = usize::try_from(fault.line).unwrap_or(usize::MAX);
    let top = |line: &&str| line.starts_with(|c: char| c.is_ascii_alphabetic() || c == '"');
    let under = text.lines().take(at).filter(top).last();
    if !under.is_some_and(|line| line.trim_matches('"').starts_with("secrets")) {
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
