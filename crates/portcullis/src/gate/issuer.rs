//! Gets the issuer's documents over HTTP, with TLS and the machine's own authorities.
//!
//! Must not know what stands in them.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use portcullis_control::{ISSUER_BYTES_MAX, IssuerFetch, Oidc};
use portcullis_hooks::Roots;
use portcullis_registry::BoxFuture;
use ureq::Agent;

use crate::config::Issuer;

/// The longest wait for a document.
const PATIENCE: Duration = Duration::from_secs(5);

struct Fetcher {
    agent: Agent,
}

/// The issuer as the admin API uses it.
pub(crate) fn oidc(of: &Issuer) -> anyhow::Result<Oidc> {
    let Issuer { issuer, audience, jwks, algorithms, roles_claim, roles } = of.clone();
    let tls = issuer.starts_with("https://")
        || jwks.as_ref().is_some_and(|jwks| jwks.starts_with("https://"));
    let fetch = Arc::new(Fetcher { agent: agent(tls)? });
    let audiences = vec![audience];
    Ok(Oidc { issuer, audiences, jwks, algorithms, roles_claim, roles, fetch })
}

fn agent(tls: bool) -> anyhow::Result<Agent> {
    let mut config = Agent::config_builder()
        .proxy(None)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .timeout_global(Some(PATIENCE))
        .max_idle_connections(0)
        .user_agent("portcullis");
    if tls {
        let tls = portcullis_hooks::tls(&Roots::System).context("the issuer can't be believed")?;
        config = config.tls_config(tls);
    }
    Ok(config.build().new_agent())
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
