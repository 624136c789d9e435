//! Puts the configured rule for people in force, as an event where it changed.
//!
//! Must not decide what needs a second person.

use std::sync::Arc;

use portcullis_registry::{Actor, ActorKind, Office, PeopleCommand};

use crate::config::Config;
use crate::talk;

/// Records the rule where the log knows another one, and says what it comes to.
pub(crate) fn rule(
    config: &Config,
    runtime: &tokio::runtime::Runtime,
    office: &Arc<dyn Office>,
) -> anyhow::Result<()> {
    let rule = config.people.rule;
    let snapshot = office.snapshot();
    if snapshot.people().rule() != rule {
        let actor = Actor { kind: ActorKind::Gate, id: "start".to_owned() };
        let command = PeopleCommand::SetRule(rule).into();
        talk::info(&runtime.block_on(office.submit(actor, command))?.what);
    }
    if rule.two_persons && snapshot.people().approvers() < 2 {
        talk::warn(
            "giving access takes two persons, and fewer than two may approve: declare them by `portcullis person add ID --role approver`, or write `two_persons: false` under `people:`",
        );
    }
    Ok(())
}
