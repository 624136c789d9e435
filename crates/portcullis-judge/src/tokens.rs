//! Tokens in a key's place: whose they are, by the issuers that are trusted.
//!
//! A token is verified once and remembered by its digest; each call looks at its time, at the keys
//! of its issuer and at the record it stands for again. Keys come from outside: nothing is fetched
//! here. Must not know requests, sockets or files.

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use arc_swap::ArcSwapOption;
use portcullis_keys::{
    Digest, IssuerKeys, TokenError, TokenHead, TokenRules, TokenSpan, claimed_issuer,
    looks_like_token,
};
use portcullis_registry::{Snapshot, identity_digest};
use portcullis_types::{Identity, KeyIx, Now, Refusal, TokenOf, Wall};

use crate::tries::Tries;

/// Keys that were not confirmed for so long are believed no more.
const USABLE_MS: u64 = 60 * 60 * 1000;
/// Most tokens that are remembered, in so many parts.
const PARTS: usize = 16;
const REMEMBERED_MAX: usize = 1024;

/// What the holder of a token of a trusted issuer reads whom nobody gave access.
const STRANGER: Refusal = invalid("the token is genuine, but its subject has no access here");

/// What reads whoever sent many tokens that proved nobody. One that is remembered passes all the same.
const TIRED: Refusal =
    invalid("too many tokens from this address proved nobody; this one was not looked at");

/// Asks for the keys of an issuer to be fetched now.
pub type Wake = Box<dyn Fn() + Send + Sync>;

/// An issuer whose tokens prove partners, with its keys as far as they are known.
pub struct TrustedIssuer {
    rules: TokenRules,
    wake: Wake,
    held: ArcSwapOption<Held>,
    /// When the keys may be asked for again.
    rested: AtomicU64,
}

/// The keys of an issuer.
struct Held {
    /// As they came, to tell whether they changed.
    set: Vec<u8>,
    keys: Arc<IssuerKeys>,
    /// Rises when they change: what was verified by others is verified again.
    generation: u64,
    confirmed: Wall,
}

impl Held {
    fn usable(&self, now: Wall) -> bool {
        now.0.saturating_sub(self.confirmed.0) < USABLE_MS
    }
}

impl TrustedIssuer {
    /// One whose keys are not known yet.
    #[must_use]
    pub fn new(rules: TokenRules, wake: Wake) -> Self {
        Self { rules, wake, held: ArcSwapOption::empty(), rested: AtomicU64::new(0) }
    }

    /// Its keys as they are now, a JWK set; says whether they changed.
    ///
    /// # Errors
    /// What is wrong with the set; then the keys before it stay.
    pub fn learn(&self, set: Vec<u8>, now: Wall) -> Result<bool, String> {
        let before = self.held.load_full();
        let same = before.as_ref().filter(|before| before.set == set);
        let (keys, generation) = match same {
            Some(same) => (Arc::clone(&same.keys), same.generation),
            None => {
                let generation = before.as_ref().map_or(1, |before| before.generation + 1);
                (Arc::new(IssuerKeys::read(&set)?), generation)
            }
        };
        let changed = same.is_none();
        self.held.store(Some(Arc::new(Held { set, keys, generation, confirmed: now })));
        Ok(changed)
    }

    /// Until then nobody's token has the keys fetched.
    pub fn rest(&self, until: Wall) {
        self.rested.store(until.0, Ordering::Release);
    }

    /// The keys, if somebody confirmed them not long ago.
    fn held(&self, now: Wall) -> Result<Arc<Held>, Refusal> {
        let held = self.held.load_full().filter(|held| held.usable(now));
        held.ok_or(Refusal::IssuerUnreachable)
    }

    /// Which keys those are.
    fn generation(&self, now: Wall) -> Result<u64, Refusal> {
        let held = self.held.load();
        let held = held.as_ref().filter(|held| held.usable(now));
        held.map(|held| held.generation).ok_or(Refusal::IssuerUnreachable)
    }

    /// A token names a key that is not known. One that was made just now may be fetched soon.
    fn unknown_key(&self, now: Wall) -> Refusal {
        if now.0 < self.rested.load(Ordering::Acquire) {
            return invalid("the token's issuer has no key that fits the token");
        }
        (self.wake)();
        Refusal::IssuerUnreachable
    }
}

impl fmt::Debug for TrustedIssuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrustedIssuer").field("issuer", &self.rules.issuer).finish_non_exhaustive()
    }
}

/// What is known of tokens, shared by all threads. Calls with keys take none of its locks.
#[derive(Default)]
pub(crate) struct Tokens {
    issuers: OnceLock<Box<[Arc<TrustedIssuer>]>>,
    seen: [Mutex<HashMap<[u8; 16], Seen>>; PARTS],
    tries: Tries,
}

/// A token that was verified.
#[derive(Clone, Copy)]
struct Seen {
    /// Its issuer, by its place.
    issuer: usize,
    generation: u64,
    span: TokenSpan,
    /// The identity it proves.
    proves: [u8; 16],
}

impl Tokens {
    /// Trusts these issuers, once and for all.
    pub(crate) fn trust(&self, issuers: Vec<Arc<TrustedIssuer>>) {
        let _first = self.issuers.set(issuers.into());
    }

    /// Whether a text may be a token that somebody here would look at.
    pub(crate) fn concern(&self, text: &[u8]) -> bool {
        self.issuers.get().is_some_and(|all| !all.is_empty()) && looks_like_token(text)
    }

    /// The record that a token stands for. `digest` is the token's own, `from` where it came from.
    pub(crate) fn find(
        &self,
        (token, digest): (&[u8], Digest),
        from: Option<IpAddr>,
        state: &Snapshot,
        now: Now,
    ) -> Result<KeyIx, Refusal> {
        let issuers = self.issuers.get().map(|all| &**all).unwrap_or_default();
        let part = self.seen.get(usize::from(digest.bytes()[0]) % PARTS);
        let find = |seen: &Seen| state.key_of(&seen.proves).ok_or(STRANGER);
        let seen = part.and_then(|part| lock(part).get(digest.bytes()).copied());
        if let Some(seen) = seen
            && let Some(issuer) = issuers.get(seen.issuer)
            && issuer.generation(now.wall)? == seen.generation
        {
            seen.span.check(now.wall).map_err(told)?;
            return find(&seen);
        }
        let fresh = Fresh::read(token, issuers, now)?;
        if from.is_some_and(|from| !self.tries.may(from, now.mono)) {
            return Err(TIRED);
        }
        let proved = fresh.verify(now).and_then(|seen| Ok((seen, find(&seen)?)));
        let (seen, found) = proved.inspect_err(|_| {
            if let Some(from) = from {
                self.tries.failed(from, now.mono);
            }
        })?;
        // Only subjects with a record are remembered, so that no others can push them out.
        if let Some(part) = part {
            remember(&mut lock(part), *digest.bytes(), seen, now);
        }
        Ok(found)
    }
}

#[cfg(test)]
impl Tokens {
    /// How many are remembered.
    pub(crate) fn remembered(&self) -> usize {
        self.seen.iter().map(|part| lock(part).len()).sum()
    }
}

/// A token that is not remembered: nothing of it is proved yet, and nothing was spent on it.
struct Fresh<'t> {
    token: &'t str,
    named: String,
    at: usize,
    issuer: &'t TrustedIssuer,
    head: TokenHead,
    held: Arc<Held>,
}

impl<'t> Fresh<'t> {
    fn read(token: &'t [u8], issuers: &'t [Arc<TrustedIssuer>], now: Now) -> Result<Self, Refusal> {
        let token = std::str::from_utf8(token).map_err(|_| told(TokenError::Shape))?;
        let named = claimed_issuer(token).map_err(told)?;
        let (at, issuer) = issuers
            .iter()
            .enumerate()
            .find(|(_, issuer)| issuer.rules.issuer == named)
            .ok_or_else(|| told(TokenError::Issuer))?;
        let head = TokenHead::read(token, &issuer.rules).map_err(told)?;
        let held = issuer.held(now.wall)?;
        if !held.keys.has(&head) {
            return Err(issuer.unknown_key(now.wall));
        }
        Ok(Self { token, named, at, issuer, head, held })
    }

    /// What it proves.
    fn verify(self, now: Now) -> Result<Seen, Refusal> {
        let Self { token, named, at, issuer, head, held } = self;
        let verified = head.verify(token, &held.keys, &issuer.rules, now.wall).map_err(told)?;
        let of = TokenOf { issuer: named.into(), subject: verified.subject.into() };
        let proves = identity_digest(&Identity::Token(of));
        Ok(Seen { issuer: at, generation: held.generation, span: verified.span, proves })
    }
}

/// Bounded: where there is no room, those go whose time is over, else all of the part.
fn remember(part: &mut HashMap<[u8; 16], Seen>, digest: [u8; 16], seen: Seen, now: Now) {
    if part.len() >= REMEMBERED_MAX && !part.contains_key(&digest) {
        part.retain(|_, seen| seen.span.check(now.wall).is_ok());
        if part.len() >= REMEMBERED_MAX {
            part.clear();
        }
    }
    part.insert(digest, seen);
}

fn lock<T>(part: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    part.lock().unwrap_or_else(PoisonError::into_inner)
}

const fn invalid(why: &'static str) -> Refusal {
    Refusal::TokenInvalid { why }
}

/// What its holder reads. Nothing of the token is repeated.
fn told(error: TokenError) -> Refusal {
    invalid(match error {
        TokenError::Expired(at) => return Refusal::TokenExpired { at },
        TokenError::TooLong => "the token is longer than the gate accepts",
        TokenError::Shape => "the token is not a signed JWT",
        TokenError::Algorithm(_) => "the token is not signed with an algorithm that was agreed on",
        TokenError::Critical => "the token demands extensions that the gate does not know",
        TokenError::Kind => "the token is not of a kind that gives access",
        TokenError::NoKey => "the token's issuer has no key that fits the token",
        TokenError::SeveralKeys => "several keys of its issuer fit the token, which names none",
        TokenError::Signature => "the token's signature is not its issuer's",
        TokenError::Claims => "the token's claims cannot be read in one way only",
        TokenError::Missing(_) => "the token lacks a claim that is demanded",
        TokenError::Type(_) => "a claim of the token is not of the right type",
        TokenError::Issuer => "the token is from no issuer that is trusted here",
        TokenError::Audience => "the token is for another audience",
        TokenError::Early(_) => "the token is not valid yet",
    })
}
