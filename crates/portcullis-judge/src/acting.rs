//! For which client a call is, where its key is bound to none: the grants of the accounts it acts for
//! tell.
//!
//! Who is meant by a call that may be for several of them is not guessed: what narrows any of them
//! narrows the call. Must not know policies or standings.

use portcullis_registry::{CallClient, KeyRecord};
use portcullis_types::asked::{Asks, Target};
use portcullis_types::{ClientIx, PartnerIx, Refusal, Wall};
use smallvec::SmallVec;

use crate::grants::GrantBook;

/// For whom a call is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Acting {
    /// Every client that may be meant; none where the key is bound to one, which the key tells.
    pub(crate) clients: SmallVec<[ClientIx; 2]>,
    /// What that comes to.
    pub(crate) told: CallClient,
}

impl Acting {
    /// Told by the accounts that a call of a partner's unbound key acts for.
    pub(crate) fn by_grants(
        grants: &GrantBook,
        partner: PartnerIx,
        asks: &Asks<'_>,
        now: Wall,
    ) -> Self {
        let mut clients: SmallVec<[ClientIx; 2]> = SmallVec::new();
        let mut undeclared = false;
        for ask in &asks.asks {
            let Target::Node(_, account) = ask.target else { continue };
            let mut for_all = false;
            let mut named = false;
            grants.clients(account, partner, now, |client| match client {
                None => for_all = true,
                Some(client) => {
                    named = true;
                    if !clients.contains(&client) {
                        clients.push(client);
                    }
                }
            });
            undeclared |= for_all && !named;
        }
        let told = match (clients.as_slice(), undeclared) {
            ([], false) => CallClient::OfKey,
            ([], true) => CallClient::Undeclared,
            ([client], false) => CallClient::Granted(*client),
            _ => CallClient::Several,
        };
        Self { clients, told }
    }

    /// Why a call is refused where only those for declared clients are agreed.
    pub(crate) fn refusal(&self, key: &KeyRecord, has_clients: bool) -> Option<Refusal> {
        if key.client.is_some() {
            return None;
        }
        match self.told {
            CallClient::Granted(_) => None,
            CallClient::Undeclared => Some(Refusal::ClientUndeclared),
            CallClient::OfKey if !has_clients => Some(Refusal::ClientUndeclared),
            CallClient::OfKey | CallClient::Several => Some(Refusal::ClientUnclear),
        }
    }

    /// The client that limits are counted for, where there is one.
    pub(crate) fn one(&self) -> Option<ClientIx> {
        match self.told {
            CallClient::Granted(client) => Some(client),
            _ => None,
        }
    }
}
