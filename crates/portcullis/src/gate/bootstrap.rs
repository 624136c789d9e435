//! The first events of a deployment: its policy set, a partner, a key.
//!
//! Works without a running gate. Must not start a listener.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use portcullis_control::KeyMaker;
use portcullis_registry::{Actor, ActorKind, Command, Done, Facts, Use};
use portcullis_types::{KeyId, PartnerId, Revision, TierName};

use super::keymaker::Minter;
use super::{open, set};
use crate::config::Secret;

/// The first partner and its key.
pub(crate) struct First {
    pub partner: PartnerId,
    pub tier: TierName,
    pub key: Secret,
}

/// Publishes the set, declares a partner and issues a key, straight into the store.
pub(crate) fn first_partner(config: &Path) -> anyhow::Result<First> {
    let config = crate::serve::read(config)?;
    let runtime = open::control_runtime()?;
    let files = set::read(&config.routes, &config.policies)
        .and_then(|files| set::compile(&files, Revision(0)).map(|_| files))
        .map_err(|faults| anyhow::anyhow!("{}", portcullis_yaml::Faults(faults)))?;
    let opened = runtime.block_on(open::open(&config, Arc::new(())))?;
    let submit = |command| {
        let actor = Actor { kind: ActorKind::Local, id: "init".to_owned() };
        runtime.block_on(opened.submit(actor, command)).context("the log can't be begun")
    };
    submit(Command::PublishPolicy { files })?;
    let partner = PartnerId::new("first-partner")?;
    let tier = TierName::new("publishing")?;
    submit(Command::AddPartner {
        id: partner.clone(),
        name: "First partner".to_owned(),
        tier: Some(tier.clone()),
        r#use: Use::Publishing,
        declared_use: String::new(),
        scopes: None,
        facts: Facts::default(),
    })?;
    let minter = Minter { judge: open::judge(&config)?, env: config.key_env.clone() };
    let (_, key) = issue(&minter, partner.clone(), submit)?;
    let lost = runtime.block_on(opened.close());
    anyhow::ensure!(lost == 0, "the log can't be written");
    Ok(First { partner, tier, key })
}

/// Issues a key for a partner.
pub(crate) fn issue(
    minter: &Minter,
    partner: PartnerId,
    submit: impl Fn(Command) -> anyhow::Result<Done>,
) -> anyhow::Result<(KeyId, Secret)> {
    let minted = minter.mint(None)?;
    submit(Command::IssueKey {
        id: minted.id.clone(),
        partner,
        client: None,
        scopes: None,
        expires: None,
        digest: minted.digest,
        pepper: minter.pepper(),
        label: "first key".to_owned(),
    })?;
    Ok((minted.id, Secret::new(minted.secret.to_string())))
}
