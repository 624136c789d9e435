//! Which events their partner may have, and what it does not read of them all the same.
//!
//! A receipt shows its event to whoever holds it, so that who acted and in which case may not stand in
//! the leaf itself. Must not know how a leaf is sealed, or who asks for it.

use crate::events::Event;
use crate::words::{Actor, ActorKind};

/// What a partner learns of: how it stands, its keys, its clients, what it declared. What the gate saw
/// of its calls is not among it.
const TOLD: [&str; 10] = [
    "partner.",
    "client.",
    "facts.",
    "agreement.",
    "standing.",
    "restore.",
    "key.",
    "credential.",
    "answer.",
    "deletion.",
];
/// The platform's own business in them, by its place in the leaf (RFC 6901).
const OF_PLATFORM: &[&str] =
    &["/actor/id", "/approver/id", "/event/case", "/event/what", "/event/why"];
/// The same where the partner acted itself.
const OF_OTHERS: &[&str] = &["/approver/id", "/event/case"];

impl Event {
    /// Whether whoever it is about may have it.
    #[must_use]
    pub fn is_told(&self) -> bool {
        TOLD.iter().any(|told| self.name().starts_with(told))
    }

    /// The places of its leaf that are sealed, whoever may have it.
    #[must_use]
    pub fn sealed(&self, by: &Actor) -> &'static [&'static str] {
        match by.kind {
            _ if !self.is_told() => &[],
            ActorKind::Partner => OF_OTHERS,
            ActorKind::Token | ActorKind::Person | ActorKind::Local | ActorKind::Gate => {
                OF_PLATFORM
            }
        }
    }
}
