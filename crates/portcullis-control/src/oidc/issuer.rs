//! The issuer's keys in memory: fetched when needed, bounded in size, in age and in tries.
//!
//! Must not know what a token says.

use std::sync::{Arc, PoisonError, RwLock};

use portcullis_keys::{IssuerKeys, TokenError, TokenHead, Verified};
use portcullis_types::{Clock, Mono};
use tokio::sync::Mutex;

use super::Oidc;

/// Keys are used this long before they are fetched again.
const FRESH: u64 = minutes(10);
/// Keys of an issuer that can't be reached are used this long.
const USABLE: u64 = minutes(60);
/// Least time between two tries, whoever asks for whatever key.
const BETWEEN: u64 = minutes(1) / 2;
/// The time between tries doubles with each failure, up to this.
const BACK_OFF_MAX: u64 = minutes(8);

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
    keys: Arc<IssuerKeys>,
    at: Option<Mono>,
}

#[derive(Default)]
struct Tries {
    last: Option<Mono>,
    failures: u32,
    why: String,
}

/// Why a token signs nobody in.
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
pub(crate) enum SignInError {
    #[error(transparent)]
    Token(#[from] TokenError),
    #[error("the issuer's keys can't be had: {0}")]
    Unreachable(String),
}

impl Issuer {
    pub(crate) fn new(oidc: Oidc, clock: Arc<dyn Clock>) -> Self {
        Self { oidc, clock, known: RwLock::default(), tries: Mutex::default() }
    }

    /// Whose token it is.
    pub(crate) async fn verify(&self, token: &str) -> Result<Verified, SignInError> {
        let head = TokenHead::read(token, &self.oidc.rules)?;
        let mut known = self.known();
        if !within(known.at, self.clock.now().mono, FRESH) {
            known = self.fetch_again().await;
        }
        if !known.keys.has(&head) {
            known = self.fetch_again().await;
        }
        let now = self.clock.now();
        if !within(known.at, now.mono, USABLE) {
            return Err(SignInError::Unreachable(self.tries.lock().await.why.clone()));
        }
        Ok(head.verify(token, &known.keys, &self.oidc.rules, now.wall)?)
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
        let fetched = self.fetch().await;
        (self.oidc.told)(fetched.as_ref().map(|_| ()).map_err(String::as_str));
        match fetched {
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

    async fn fetch(&self) -> Result<IssuerKeys, String> {
        IssuerKeys::read(&self.oidc.source.set().await?)
    }
}

fn within(at: Option<Mono>, now: Mono, long: u64) -> bool {
    at.is_some_and(|at| now.0.saturating_sub(at.0) < long)
}
