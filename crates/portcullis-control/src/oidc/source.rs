//! Where the keys of an issuer are: named, or found by its discovery document.
//!
//! Bounded in size and time. Must not know how often anybody asks, nor what a token says.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use tokio::time::timeout;

use super::{ISSUER_BYTES_MAX, IssuerFetch};

const PATIENCE: Duration = Duration::from_secs(5);

/// Where the keys of an issuer are.
#[derive(Clone)]
pub struct KeySource {
    /// `iss` of its tokens.
    pub issuer: String,
    /// Where its keys are; none: where its discovery document says.
    pub jwks: Option<String>,
    /// Gets its documents.
    pub fetch: Arc<dyn IssuerFetch>,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl KeySource {
    /// The JWK set as the issuer has it now.
    ///
    /// # Errors
    /// Why it can't be had.
    pub async fn set(&self) -> Result<Vec<u8>, String> {
        let url = match &self.jwks {
            Some(url) => url.clone(),
            None => self.discover().await?,
        };
        self.document(url).await
    }

    async fn discover(&self) -> Result<String, String> {
        let issuer = self.issuer.trim_end_matches('/');
        let body = self.document(format!("{issuer}/.well-known/openid-configuration")).await?;
        let found: Discovery = serde_json::from_slice(&body)
            .map_err(|_| "its discovery document names no `issuer` and `jwks_uri`".to_owned())?;
        if found.issuer != self.issuer {
            return Err("its discovery document is that of another issuer".to_owned());
        }
        // An issuer behind TLS may not send us to where anybody can answer.
        let safe = found.jwks_uri.starts_with("https://") || issuer.starts_with("http://");
        if safe { Ok(found.jwks_uri) } else { Err("its `jwks_uri` is not https".to_owned()) }
    }

    async fn document(&self, url: String) -> Result<Vec<u8>, String> {
        match timeout(PATIENCE, self.fetch.fetch(url)).await {
            Ok(Ok(body)) if body.len() > ISSUER_BYTES_MAX => {
                Err(format!("its answer is longer than {ISSUER_BYTES_MAX} bytes"))
            }
            Ok(answer) => answer,
            Err(_) => Err(format!("it did not answer within {} s", PATIENCE.as_secs())),
        }
    }
}

impl fmt::Debug for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeySource").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}
