//! The networks a key is accepted from: bound when it is issued or later, unbound again.
//!
//! Must not know where a call comes from: the judge does.

use portcullis_types::{KeyId, Network, Wall};

use super::quoted;
use crate::events::Event;
use crate::proposals::Bearing;
use crate::records::KeyRecord;
use crate::rejected::Rejected;
use crate::standing::{CredentialRejected, KeyEvent};
use crate::state::{Planned, State};
use crate::texts;

/// Most networks of one key.
pub(crate) const NETWORKS_MAX: usize = 64;

impl State {
    pub(super) fn set_networks(
        &self,
        id: &KeyId,
        networks: &[Network],
        tell: &str,
        now: Wall,
    ) -> Result<Planned, Rejected> {
        let (_, key) = self.living(id, now)?;
        let (networks, before) = (bounded(networks)?, bound(key));
        let tell = texts::tell(tell)?;
        if networks == before {
            return Ok(Planned::nothing(&format!("key `{id}` is {} already", told(before))));
        }
        let what = format!("key `{id}` is {}, from the next call on", told(&networks));
        let undo = format!(
            "portcullis key networks {id}{} --tell {}",
            options(before),
            quoted("This was done by mistake and is undone.")
        );
        let event = Event::Credential(KeyEvent::NetworksSet { key: id.clone(), networks, tell });
        Ok(Planned { undo: Some(undo), ..Planned::one(event, what) })
    }

    /// What other networks do to access: whoever may call from fewer places than before has less.
    pub(crate) fn rebound(&self, id: &KeyId, networks: &[Network]) -> Bearing {
        let key = self.now.key_ix(id).and_then(|at| self.now.key(at));
        let before = key.map(bound).unwrap_or_default();
        let lies = |new: &Network| before.iter().any(|old| old.covers(new));
        match (before, networks) {
            (before, after) if before == after => Bearing::Neutral,
            ([], _) => Bearing::Narrowing,
            (_, []) => Bearing::Widening,
            (_, after) if after.iter().all(lies) => Bearing::Narrowing,
            _ => Bearing::Widening,
        }
    }
}

/// The networks of a key; none: it is accepted from anywhere.
pub(super) fn bound(key: &KeyRecord) -> &[Network] {
    key.networks().unwrap_or_default()
}

/// In one order and each once, so that the same wish is the same event.
pub(super) fn bounded(networks: &[Network]) -> Result<Vec<Network>, Rejected> {
    let mut networks = networks.to_vec();
    networks.sort_unstable();
    networks.dedup();
    if networks.len() > NETWORKS_MAX {
        let (count, max) = (networks.len(), NETWORKS_MAX);
        return Err(CredentialRejected::TooManyNetworks { count, max }.into());
    }
    Ok(networks)
}

fn told(networks: &[Network]) -> String {
    match networks {
        [] => "accepted from anywhere".to_owned(),
        [one] => format!("accepted from {one} only"),
        all => format!("accepted from {} networks only", all.len()),
    }
}

fn options(networks: &[Network]) -> String {
    if networks.is_empty() {
        return " --anywhere".to_owned();
    }
    networks.iter().map(|network| format!(" --network {network}")).collect()
}
