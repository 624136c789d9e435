//! Gets the issuer's documents over HTTP, with TLS and the machine's own authorities.
//!
//! Must not know what stands in them.

use std::sync::Arc;

use anyhow::Context;
use portcullis_control::{ISSUER_BYTES_MAX, IssuerFetch, Oidc};
use portcullis_registry::BoxFuture;
use ureq::Agent;

use super::agent::agent;
use crate::config::Issuer;

struct Fetcher {
    agent: Agent,
}

/// The issuer as the admin API uses it.
pub(crate) fn oidc(of: &Issuer) -> anyhow::Result<Oidc> {
    let Issuer { issuer, audience, jwks, algorithms, roles_claim, roles } = of.clone();
    let asked = [Some(issuer.as_str()), jwks.as_deref()];
    let agent = agent(asked.into_iter().flatten()).context("the issuer can't be believed")?;
    let fetch = Arc::new(Fetcher { agent });
    let audiences = vec![audience];
    Ok(Oidc { issuer, audiences, jwks, algorithms, roles_claim, roles, fetch })
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
