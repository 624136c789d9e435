//! Gets the issuer's documents over HTTP, with TLS and the machine's own authorities.
//!
//! Must not know what stands in them.

mod partners;
mod seen;

use std::sync::Arc;

use anyhow::Context;
use portcullis_control::{ISSUER_BYTES_MAX, IssuerFetch, KeySource, Oidc};
use portcullis_keys::TokenRules;
use portcullis_registry::BoxFuture;
use portcullis_types::Clock;
use ureq::Agent;

use super::agent::agent;
use crate::clock::SystemClock;
use crate::config::Issuer;

pub(crate) use partners::trust;
pub(crate) use seen::Seen;

struct Fetcher {
    agent: Agent,
}

/// The issuer as the admin API uses it.
pub(crate) fn oidc(of: &Issuer, seen: &Arc<Seen>) -> anyhow::Result<Oidc> {
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
    let (noted, clock) = (seen.note(&issuer, "operators"), SystemClock::start());
    let told = Arc::new(move |came: Result<(), &str>| noted.came(came, clock.now().wall));
    Ok(Oidc { rules, roles, source: KeySource { issuer, jwks, fetch }, told })
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
    let shown = shown(url);
    let mut answer = agent.get(url).call().with_context(|| format!("`{shown}` can't be asked"))?;
    anyhow::ensure!(answer.status() == 200, "`{shown}` answered {}", answer.status().as_u16());
    let body = answer.body_mut().with_config().limit(ISSUER_BYTES_MAX as u64);
    Ok(body.read_to_vec()?)
}

/// An address as everybody may read it: without a name, a password or a query.
fn shown(url: &str) -> String {
    let url = url.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn an_address_is_shown_without_what_may_be_secret_in_it() {
        for (url, expected) in [
            ("https://a.example/jwks", "https://a.example/jwks"),
            ("https://ana:s@cret@a.example:8443/jwks?key=x#y", "https://a.example:8443/jwks"),
            ("https://a.example", "https://a.example"),
            ("https://a.example/@x", "https://a.example/@x"),
            ("jwks?x", "jwks"),
        ] {
            assert_eq!(shown(url), expected);
        }
    }
}
