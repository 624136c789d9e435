//! The first events of a deployment: its policy set, a partner, a key.
//!
//! Works without a running gate. Must not start a listener.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use portcullis_control::KeyMaker;
use portcullis_registry::{
    Actor, ActorKind, Command, Done, Facts, Grant, GrantLine, GrantName, GrantsBatch, KeyStart,
    Office, Term, Use,
};
use portcullis_types::{Binding, ClientId, KeyId, PartnerId, Revision, TierName};

use super::keymaker::Minter;
use super::{open, set};
use crate::config::Secret;

/// The first partner and its key.
pub(crate) struct First {
    pub partner: PartnerId,
    pub tier: TierName,
    pub key: Secret,
}

/// Calls of each key in an hour, as the first partner declares them.
const CALLS_PER_HOUR: u64 = 1_000;

/// Publishes the set, declares a partner and issues a key, straight into the store. With accounts that
/// authorised it, the partner publishes for them; without, it searches for places.
pub(crate) fn first_partner(config: &Path, accounts: &[String]) -> anyhow::Result<First> {
    let config = crate::serve::read(config)?;
    let runtime = open::control_runtime()?;
    let files = set::read(&config.routes, &config.policies)
        .and_then(|files| set::compile(&files, Revision(0)).map(|_| files))
        .map_err(|faults| anyhow::anyhow!("{}", portcullis_yaml::Faults(faults)))?;
    let opened = runtime.block_on(open::open(&config, Arc::new(()), None))?;
    let actor = || Actor { kind: ActorKind::Local, id: "init".to_owned() };
    let submit = |command| {
        runtime.block_on(opened.submit(actor(), command)).context("the log can't be begun")
    };
    submit(Command::PublishPolicy { files })?;
    let partner = PartnerId::new("first-partner")?;
    let (tier, r#use) = match accounts {
        [] => ("travel-search", Use::TravelSearch),
        _ => ("publishing", Use::Publishing),
    };
    let tier = TierName::new(tier)?;
    submit(Command::AddPartner {
        id: partner.clone(),
        name: "First partner".to_owned(),
        tier: Some(tier.clone()),
        r#use,
        declared_use: String::new(),
        scopes: None,
        facts: calls_per_hour(CALLS_PER_HOUR),
    })?;
    if !accounts.is_empty() {
        let batch = granted(&partner, accounts);
        runtime
            .block_on(opened.office.change_grants(actor(), batch))
            .context("the accounts can't be taken in")?;
    }
    let minter = Minter { judge: open::judge(&config)?, env: config.key_env.clone() };
    let (_, key) = issue(&minter, (partner.clone(), None), submit)?;
    let lost = runtime.block_on(opened.close());
    anyhow::ensure!(lost == 0, "the log can't be written");
    Ok(First { partner, tier, key })
}

/// Carries out commands before a gate serves, straight into the store.
pub(crate) fn before_start(config: &Path, commands: Vec<Command>) -> anyhow::Result<()> {
    let config = crate::serve::read(config)?;
    let runtime = open::control_runtime()?;
    let opened = runtime.block_on(open::open(&config, Arc::new(()), None))?;
    for command in commands {
        let actor = Actor { kind: ActorKind::Local, id: "init".to_owned() };
        runtime.block_on(opened.submit(actor, command)).context("the log can't be begun")?;
    }
    anyhow::ensure!(runtime.block_on(opened.close()) == 0, "the log can't be written");
    Ok(())
}

/// Declared facts with a rate and nothing else.
pub(crate) fn calls_per_hour(calls: u64) -> Facts {
    Facts { figures: [("calls_per_hour".to_owned(), calls)].into(), ..Facts::default() }
}

/// Accounts that let a partner act for them, for whichever client and until they withdraw it.
pub(crate) fn granted(partner: &PartnerId, accounts: &[String]) -> GrantsBatch {
    let line = |account: &String| {
        let name = GrantName { account: account.clone(), partner: partner.clone(), client: None };
        GrantLine::Grant(Grant { name, term: Term::default() })
    };
    GrantsBatch { lines: accounts.iter().map(line).collect(), ..GrantsBatch::default() }
}

/// Issues a key for a partner, or for a client of it.
pub(crate) fn issue(
    minter: &Minter,
    (partner, client): (PartnerId, Option<ClientId>),
    submit: impl Fn(Command) -> anyhow::Result<Done>,
) -> anyhow::Result<(KeyId, Secret)> {
    let minted = minter.mint(None)?;
    submit(Command::IssueKey {
        id: minted.id.clone(),
        partner,
        client,
        scopes: None,
        start: KeyStart::AtOnce,
        expires: None,
        digest: minted.digest,
        pepper: minter.pepper(),
        label: "first key".to_owned(),
        binding: Binding::default(),
        identity: None,
    })?;
    Ok((minted.id, Secret::new(minted.secret.to_string())))
}
