//! Where a key is accepted from: bound when it is issued or later, unbound again.
//!
//! Must not know where a call comes from: the judge does.

use portcullis_types::{Binding, KeyId, Wall};

use super::quoted;
use crate::events::Event;
use crate::key_record::KeyRecord;
use crate::proposals::Bearing;
use crate::rejected::Rejected;
use crate::standing::{CredentialRejected, KeyEvent};
use crate::state::{Planned, State};
use crate::texts;

/// Most networks and certificates of one key.
const BINDING_MAX: usize = 64;

impl State {
    pub(super) fn bind(
        &self,
        id: &KeyId,
        binding: &Binding,
        tell: &str,
        now: Wall,
    ) -> Result<Planned, Rejected> {
        let (_, key) = self.living(id, now)?;
        let (binding, before) = (checked(binding)?, bound(key));
        let tell = texts::tell(tell)?;
        if binding == before {
            return Ok(Planned::nothing(&format!("key `{id}` is {} already", told(&before))));
        }
        let what = format!("key `{id}` is {}, from the next call on", told(&binding));
        let undo = format!(
            "portcullis key bind {id}{} --tell {}",
            options(&before),
            quoted("This was done by mistake and is undone.")
        );
        let event = Event::Credential(KeyEvent::Bound { key: id.clone(), binding, tell });
        Ok(Planned { undo: Some(undo), ..Planned::one(event, what) })
    }

    /// What another binding does to access: whoever may call from fewer places than before has less.
    pub(crate) fn rebound(&self, id: &KeyId, binding: &Binding) -> Bearing {
        let key = self.now.key_ix(id).and_then(|at| self.now.key(at));
        let before = key.map(bound).unwrap_or_default();
        match before.covers(binding) {
            true if binding.covers(&before) => Bearing::Neutral,
            true => Bearing::Narrowing,
            false => Bearing::Widening,
        }
    }
}

/// Where a key is accepted from.
pub(super) fn bound(key: &KeyRecord) -> Binding {
    key.binding().cloned().unwrap_or_default()
}

/// In one order and each once, so that the same wish is the same event.
pub(super) fn checked(binding: &Binding) -> Result<Binding, Rejected> {
    let Binding { mut networks, mut certificates } = binding.clone();
    networks.sort_unstable();
    networks.dedup();
    certificates.sort_unstable();
    certificates.dedup();
    let count = networks.len().saturating_add(certificates.len());
    if count > BINDING_MAX {
        return Err(CredentialRejected::BindingTooLong { count, max: BINDING_MAX }.into());
    }
    Ok(Binding { networks, certificates })
}

fn told(binding: &Binding) -> String {
    let networks = match &*binding.networks {
        [] => None,
        [one] => Some(format!("from {one}")),
        all => Some(format!("from {} networks", all.len())),
    };
    let certificates = match &*binding.certificates {
        [] => None,
        [one] => Some(format!("with the certificate of {one}")),
        all => Some(format!("with {} certificates", all.len())),
    };
    let parts: Vec<String> = networks.into_iter().chain(certificates).collect();
    match &*parts {
        [] => "accepted from anywhere".to_owned(),
        parts => format!("accepted {} only", parts.join(" and ")),
    }
}

fn options(binding: &Binding) -> String {
    if binding.is_empty() {
        return " --anywhere".to_owned();
    }
    let networks = binding.networks.iter().map(|network| format!(" --network {network}"));
    let certificates = binding.certificates.iter();
    let certificates =
        certificates.map(|holder| format!(" --certificate {}", quoted(&holder.to_string())));
    networks.chain(certificates).collect()
}
