//! Gets the issuer's documents over HTTP, with TLS and the machine's own authorities.
//!
//! Must not know what stands in them.

mod partners;

use std::sync::Arc;

use anyhow::Context;
use portcullis_control::{ISSUER_BYTES_MAX, IssuerFetch, KeySource, Oidc};
use portcullis_keys::TokenRules;
use portcullis_registry::BoxFuture;
use ureq::Agent;

use super::agent::agent;
use crate::config::Issuer;

pub(crate) use partners::trust;

struct Fetcher {
    agent: Agent,
}

/// The issuer as the admin API uses it.
pub(crate) fn oidc(of: &Issuer) -> anyhow::Result<Oidc> {
    let Issuer { issuer, audience, jwks, algorithms, roles_claim, roles } = of.clone();
    let asked = [Some(issuer.as_str()), jwks.as_deref()];
    let fetch = fetcher(asked.into_iter().flatten())?;
    let rules = TokenRules {
        issuer: issuer.clone(),
        audiences: vec![audience],
        algorithms,
        subject_claim: "sub".to_owned(),
        listed_claim: roles_claim,
    };
    Ok(Oidc { rules, roles, source: KeySource { issuer, jwks, fetch } })
}

/// Gets documents of an issuer; it speaks TLS where one of the addresses wants it.
pub(crate) fn fetcher<'a>(
    asked: impl IntoIterator<Item = &'a str>,
) -> anyhow::Result<Arc<dyn IssuerFetch>> {
    let agent = agent(asked).context("the issuer can't be believed")?;
    Ok(Arc::new(Fetcher { agent }))
}

impl IssuerFetch for Fetcher {
    fn fetch(&self, url: String) -> BoxFuture<'_, Result<Vec<u8>, String>> {
        let agent = self.agent.clone();
        Box::pin(async move {
            let work = move || get(&agent, &url).map_err(|error| format!("{error:#}"));
            tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err("a fault".to_owned()))
        })
    }
}

fn get(agent: &Agent, url: &str) -> anyhow::Result<Vec<u8>> {
    let mut answer = agent.get(url).call().with_context(|| format!("`{url}` can't be asked"))?;
    anyhow::ensure!(answer.status() == 200, "`{url}` answered {}", answer.status().as_u16());
    let body = answer.body_mut().with_config().limit(ISSUER_BYTES_MAX as u64);
    Ok(body.read_to_vec()?)
}
