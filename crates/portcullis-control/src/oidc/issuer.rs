//! The issuer's keys in memory: fetched when needed, bounded in size, in age and in tries.
//!
//! Must not know what a token says.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use portcullis_types::{Clock, Mono};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::keys::{Found, Keys};
use super::token::{self, Head, TokenError, Verified};
use super::{ISSUER_BYTES_MAX, Oidc};

/// Keys are used this long before they are fetched again.
const FRESH: u64 = minutes(10);
/// Keys of an issuer that can't be reached are used this long.
const USABLE: u64 = minutes(60);
/// Least time between two tries, whoever asks for whatever key.
const BETWEEN: u64 = minutes(1) / 2;
/// The time between tries doubles with each failure, up to this.
const BACK_OFF_MAX: u64 = minutes(8);
const PATIENCE: Duration = Duration::from_secs(5);

const fn minutes(minutes: u64) -> u64 {
    minutes * 60 * 1_000_000_000
}

/// An issuer with what is known of its keys.
pub(crate) struct Issuer {
    pub(crate) oidc: Oidc,
    clock: Arc<dyn Clock>,
    known: RwLock<Known>,
    tries: Mutex<Tries>,
}

#[derive(Clone, Default)]
struct Known {
    keys: Arc<Keys>,
    at: Option<Mono>,
}

#[derive(Default)]
struct Tries {
    last: Option<Mono>,
    failures: u32,
    why: String,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

impl Issuer {
    pub(crate) fn new(oidc: Oidc, clock: Arc<dyn Clock>) -> Self {
        Self { oidc, clock, known: RwLock::default(), tries: Mutex::default() }
    }

    /// Whose token it is.
    pub(crate) async fn verify(&self, token: &str) -> Result<Verified, TokenError> {
        let head = Head::read(token, &self.oidc)?;
        let mut known = self.known();
        if !within(known.at, self.clock.now().mono, FRESH) {
            known = self.fetch_again().await;
        }
        if matches!(known.keys.find(head.key.as_deref(), head.algorithm), Found::None) {
            known = self.fetch_again().await;
        }
        let now = self.clock.now();
        if !within(known.at, now.mono, USABLE) {
            return Err(TokenError::Unreachable(self.tries.lock().await.why.clone()));
        }
        token::verify(token, &head, &known.keys, &self.oidc, now.wall)
    }

    fn known(&self) -> Known {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Fetches unless that was just tried; yields what is known then, old or new. Whoever comes
    /// meanwhile waits for the one try.
    async fn fetch_again(&self) -> Known {
        let mut tries = self.tries.lock().await;
        let now = self.clock.now().mono;
        let wait = BETWEEN.saturating_mul(1 << tries.failures.saturating_sub(1).min(8));
        if within(tries.last, now, wait.min(BACK_OFF_MAX)) {
            return self.known();
        }
        tries.last = Some(now);
        match self.fetch().await {
            Ok(keys) => {
                (tries.failures, tries.why) = (0, String::new());
                let known = Known { keys: Arc::new(keys), at: Some(now) };
                *self.known.write().unwrap_or_else(PoisonError::into_inner) = known.clone();
                known
            }
            Err(why) => {
                (tries.failures, tries.why) = (tries.failures.saturating_add(1), why);
                self.known()
            }
        }
    }

    async fn fetch(&self) -> Result<Keys, String> {
        let url = match &self.oidc.jwks {
            Some(url) => url.clone(),
            None => self.discover().await?,
        };
        Keys::read(&self.document(url).await?)
    }

    async fn discover(&self) -> Result<String, String> {
        let issuer = self.oidc.issuer.trim_end_matches('/');
        let body = self.document(format!("{issuer}/.well-known/openid-configuration")).await?;
        let found: Discovery = serde_json::from_slice(&body)
            .map_err(|_| "its discovery document names no `issuer` and `jwks_uri`".to_owned())?;
        if found.issuer != self.oidc.issuer {
            return Err("its discovery document is that of another issuer".to_owned());
        }
        // An issuer behind TLS may not send us to where anybody can answer.
        let safe = found.jwks_uri.starts_with("https://") || issuer.starts_with("http://");
        if safe { Ok(found.jwks_uri) } else { Err("its `jwks_uri` is not https".to_owned()) }
    }

    async fn document(&self, url: String) -> Result<Vec<u8>, String> {
        match timeout(PATIENCE, self.oidc.fetch.fetch(url)).await {
            Ok(Ok(body)) if body.len() > ISSUER_BYTES_MAX => {
                Err(format!("its answer is longer than {ISSUER_BYTES_MAX} bytes"))
            }
            Ok(answer) => answer,
            Err(_) => Err(format!("it did not answer within {} s", PATIENCE.as_secs())),
        }
    }
}

fn within(at: Option<Mono>, now: Mono, long: u64) -> bool {
    at.is_some_and(|at| now.0.saturating_sub(at.0) < long)
}
