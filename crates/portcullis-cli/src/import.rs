//! `key import`: a file of `key partner [active|revoked]` lines, all or none.
//!
//! Every bad line is named by its number; a key never appears in a message. Must not know digests.

use std::collections::HashMap;
use std::path::Path;

use portcullis_types::{PartnerId, nearest};
use serde::Serialize;
use serde_json::Value;
use zeroize::Zeroizing;

use crate::args::{Common, ImportArgs};
use crate::change;
use crate::check::count;
use crate::failure::{EntryFault, Failure};
use crate::files::unreadable;
use crate::gate::Gate;
use crate::host::Host;
use crate::out::Out;

const STATES: [&str; 2] = ["active", "revoked"];

#[derive(Serialize)]
struct Wish<'a> {
    keys: Vec<Entry<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    create_partners: Option<Value>,
}

#[derive(Debug, Eq, PartialEq, Serialize)]
struct Entry<'a> {
    line: u64,
    key: &'a str,
    partner: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'a str>,
}

pub(crate) fn run(
    args: &ImportArgs,
    common: &Common,
    host: &dyn Host,
    out: &mut Out,
) -> Result<(), Failure> {
    let text = Zeroizing::new(read(&args.file, host)?);
    let keys = parse(&text).map_err(|faults| {
        for fault in &faults {
            out.say(format!("line {}: {}", fault.line, fault.message));
        }
        let lines = match faults.len() {
            1 => "1 line can't be taken".to_owned(),
            n => format!("{n} lines can't be taken"),
        };
        Failure::Local(format!(
            "{lines}, so nothing was imported: correct or remove them, then import again"
        ))
    })?;
    if keys.is_empty() {
        return Err(Failure::Local(format!(
            "{} holds no key: write lines of `key partner [active|revoked]`",
            args.file.display()
        )));
    }
    out.say(format!("{} read", count(keys.len(), "key")));
    let create_partners =
        args.create_partners.then(|| serde_json::json!({ "tier": args.tier, "use": args.r#use }));
    let body = serde_json::to_value(Wish { keys, create_partners })
        .map_err(|error| Failure::Local(error.to_string()))?;
    change::show(&Gate::find(common, host)?.post("/v1/keys/import", &body)?, out)
}

fn read(file: &Path, host: &dyn Host) -> Result<String, Failure> {
    if file == Path::new("-") {
        let failed = |error| Failure::Local(format!("standard input can't be read: {error}"));
        return host.input().map_err(failed);
    }
    let bytes = host.read(file).map_err(|error| unreadable(file, &error))?;
    String::from_utf8(bytes)
        .map_err(|_| Failure::Local(format!("{} is not UTF-8 text", file.display())))
}

/// All entries, or all lines that can't be taken.
fn parse(text: &str) -> Result<Vec<Entry<'_>>, Vec<EntryFault>> {
    let mut entries = Vec::new();
    let mut faults = Vec::new();
    let mut seen: HashMap<&str, u64> = HashMap::new();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (line, words) in (1u64..).zip(text.lines()) {
        if words.trim().is_empty() || words.trim_start().starts_with('#') {
            continue;
        }
        match entry(line, words) {
            Ok(entry) => {
                if let Some(first) = seen.insert(entry.key, line) {
                    let message =
                        format!("the key stands on line {first} already: keep one of them");
                    faults.push(EntryFault { line, message });
                    seen.insert(entry.key, first);
                }
                entries.push(entry);
            }
            Err(messages) => {
                faults.extend(messages.into_iter().map(|message| EntryFault { line, message }));
            }
        }
    }
    if faults.is_empty() { Ok(entries) } else { Err(faults) }
}

/// One line, or everything that is wrong with it. Messages never repeat its words: any of them may
/// be the key.
fn entry(line: u64, words: &str) -> Result<Entry<'_>, Vec<String>> {
    let mut faults = Vec::new();
    let mut parts = words.split_whitespace();
    let (key, partner, state) = (parts.next().unwrap_or_default(), parts.next(), parts.next());
    if parts.next().is_some() {
        faults.push(
            "there are more than three words: write `key partner [active|revoked]`".to_owned(),
        );
    }
    if !(8..=512).contains(&key.len()) || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        faults.push("the key is not 8 to 512 visible ASCII characters".to_owned());
    }
    match partner {
        None => faults.push("there is no partner after the key".to_owned()),
        Some(partner) => {
            if let Err(error) = PartnerId::new(partner) {
                faults.push(format!("the partner's id is not one: {}", error.rule));
            }
        }
    }
    if let Some(state) = state.filter(|state| !STATES.contains(state)) {
        let near = nearest(state, STATES).map(|near| format!(", did you mean `{near}`?"));
        faults.push(format!(
            "the state is neither `active` nor `revoked`{}",
            near.unwrap_or_default()
        ));
    }
    match partner {
        Some(partner) if faults.is_empty() => Ok(Entry { line, key, partner, state }),
        _ => Err(faults),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_key_partner_and_state_and_comments_and_blanks_are_passed_over() {
        let text =
            "\u{feff}# of the old gateway\r\n\r\nold-key-1 acme\r\n  old#key-2\tacme  revoked \n";
        let entries = parse(text).unwrap();
        let shown: Vec<_> = entries.iter().map(|e| (e.line, e.key, e.partner, e.state)).collect();
        assert_eq!(
            shown,
            [(3, "old-key-1", "acme", None), (4, "old#key-2", "acme", Some("revoked"))]
        );
    }

    #[test]
    fn every_bad_line_is_named_and_no_word_of_it_repeated() {
        let text = "secret-key-1\nsecret-key-2 acme held\nkey acme\nsecret-key-3 acme\nsecret-key-3 acme\nacme secret/key/4 revokd more\n";
        let faults = parse(text).unwrap_err();
        let told: Vec<_> = faults.iter().map(|f| format!("{}: {}", f.line, f.message)).collect();
        let told = told.join("\n");
        assert!(!told.contains("secret"), "{told}");
        insta::assert_snapshot!(told, @r"
        1: there is no partner after the key
        2: the state is neither `active` nor `revoked`
        3: the key is not 8 to 512 visible ASCII characters
        5: the key stands on line 4 already: keep one of them
        6: there are more than three words: write `key partner [active|revoked]`
        6: the key is not 8 to 512 visible ASCII characters
        6: the partner's id is not one: use 1 to 64 of a-z, A-Z, 0-9, `-`, `_`, `.`, and start with a letter or digit
        6: the state is neither `active` nor `revoked`, did you mean `revoked`?
        ");
    }
}
