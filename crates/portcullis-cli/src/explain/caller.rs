//! Who calls, as it was typed: a partner of a file, or one made of a use and facts.
//!
//! Must not judge.

use std::path::Path;

use portcullis_types::{Facts, KeyId, PartnerId};
use portcullis_yaml::{Source, read_foreign};

use crate::args::ExplainArgs;
use crate::failure::Failure;
use crate::files::unreadable;
use crate::host::Host;
use crate::memory::Entry;
use crate::replay::{Declared, Granted, declared};

/// A partner with one key at least.
pub(super) struct Caller {
    pub(super) declared: Declared,
}

impl Caller {
    pub(super) fn entry(&self) -> Entry<'_> {
        Entry {
            id: &self.declared.id,
            name: &self.declared.name,
            declared_use: &self.declared.declared_use,
            tier: None,
            facts: &self.declared.facts,
            keys: &self.declared.keys,
        }
    }
}

pub(super) fn partner(args: &ExplainArgs, host: &dyn Host) -> Result<Caller, Failure> {
    let name = args.partner.as_deref().unwrap_or_default();
    let mut declared = match &args.partners {
        Some(path) => listed(name, path, host)?,
        None => typed(name, args, host)?,
    };
    let more = args.grant.iter().map(|account| Granted {
        account: account.clone(),
        from: None,
        until: None,
    });
    declared.grants.extend(more);
    if declared.keys.is_empty() {
        declared.keys.push(KeyId::new("key").map_err(|error| Failure::Local(error.to_string()))?);
    }
    Ok(Caller { declared })
}

fn listed(name: &str, path: &Path, host: &dyn Host) -> Result<Declared, Failure> {
    let shown = path.display();
    let all = declared(&text(path, host)?, &mut Vec::new())
        .map_err(|faults| Failure::Local(format!("{shown}: {}", faults.join("\n"))))?;
    all.into_iter().find(|partner| partner.id.as_str() == name).ok_or_else(|| {
        Failure::Usage(format!(
            "{shown} has no partner `{name}`; name one of its `partner` members"
        ))
    })
}

fn typed(name: &str, args: &ExplainArgs, host: &dyn Host) -> Result<Declared, Failure> {
    let mut facts = match &args.facts {
        None => Facts::default(),
        Some(path) => facts(path, host)?,
    };
    facts.purpose = args.r#use.clone().or(facts.purpose);
    let id = PartnerId::new(name).map_err(|error| Failure::Usage(error.to_string()))?;
    Ok(Declared {
        name: id.to_string(),
        id,
        declared_use: String::new(),
        keys: Vec::new(),
        facts,
        grants: Vec::new(),
    })
}

fn facts(path: &Path, host: &dyn Host) -> Result<Facts, Failure> {
    let shown = path.display().to_string();
    let source = Source::new(shown.clone(), text(path, host)?);
    let value = read_foreign(&source).map_err(|faults| {
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        Failure::Local(faults.join("\n"))
    })?;
    serde_json::from_value(value).map_err(|error| {
        Failure::Local(format!(
            "{shown} holds no facts: {error}; write `lists`, `figures`, `use`, `review_by`, `group`"
        ))
    })
}

fn text(path: &Path, host: &dyn Host) -> Result<String, Failure> {
    let bytes = host.read(path).map_err(|error| unreadable(path, &error))?;
    let shown = path.display();
    String::from_utf8(bytes).map_err(|_| Failure::Local(format!("{shown} is not UTF-8 text")))
}
