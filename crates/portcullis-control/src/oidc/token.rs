//! One token: its head, its signature, its claims, in this order.
//!
//! Pure: keys and time come in. The library's own checks of claims are off, since they read the
//! system's clock and take claims of the wrong type for absent ones. Must not fetch.

use std::fmt;

use jsonwebtoken::Validation;
use portcullis_types::Wall;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::keys::{Found, Keys};
use super::{Oidc, SignatureAlgorithm};

/// Longest token.
const TOKEN_BYTES_MAX: usize = 16 << 10;
/// How far the issuer's clock may be off.
const LEEWAY_SECONDS: f64 = 30.0;
/// Most bytes of a subject; OpenID Connect allows 255.
const SUBJECT_BYTES_MAX: usize = 255;
/// Most entries of the claim that lists roles.
const LISTED_MAX: usize = 1_000;

/// Why a token signs nobody in.
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("the token is longer than {TOKEN_BYTES_MAX} bytes")]
    TooLong,
    #[error("the token is not a signed JWT: three parts in base64url, joined by dots")]
    Shape,
    #[error("the token's `alg` is not one of those that are accepted ({0})")]
    Algorithm(String),
    #[error("the token's head demands extensions (`crit`) that are not known")]
    Critical,
    #[error("the token's `typ` is not that of a sign-in or access token")]
    Kind,
    #[error("the issuer has no key that the token's head names; sign in again for a new token")]
    NoKey,
    #[error("several keys of the issuer fit the token; its head must name one (`kid`)")]
    SeveralKeys,
    #[error("the token's signature is not the issuer's")]
    Signature,
    #[error("the token's claims are not a JSON object in which each name stands once")]
    Claims,
    #[error("the token's claim `{0}` is missing")]
    Missing(&'static str),
    #[error("the token's claim `{0}` is not of the right type")]
    Type(String),
    #[error("the token is from another issuer than the one configured here")]
    Issuer,
    #[error("the token is for another audience than this gate")]
    Audience,
    #[error("the token expired at {}; sign in again", .0.rfc3339())]
    Expired(Wall),
    #[error("the token is not valid before {}; the clocks differ too much", .0.rfc3339())]
    Early(Wall),
    #[error("the issuer's keys can't be had: {0}")]
    Unreachable(String),
}

/// Whose token it is.
#[derive(Debug, Clone, Eq, PartialEq)]
pub(crate) struct Verified {
    pub(crate) subject: String,
    /// What the claim for roles lists.
    pub(crate) listed: Vec<String>,
}

/// What the head of a token asks for; nothing of it is proved.
#[derive(Debug, Clone, Eq, PartialEq)]
pub(super) struct Head {
    pub(super) algorithm: SignatureAlgorithm,
    pub(super) key: Option<String>,
}

impl Head {
    /// Reads the head. Where to find a key it does not say: `jku`, `x5u`, `jwk` and `x5c` are not looked at.
    pub(super) fn read(token: &str, oidc: &Oidc) -> Result<Self, TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::TooLong);
        }
        if token.split('.').count() != 3 {
            return Err(TokenError::Shape);
        }
        // `none` and whatever else is unknown can't be read as an algorithm at all.
        let accepted = || oidc.algorithms.iter().map(|a| a.name()).collect::<Vec<_>>().join(", ");
        let head =
            jsonwebtoken::decode_header(token).map_err(|_| TokenError::Algorithm(accepted()))?;
        let algorithm = oidc.algorithms.iter().copied().find(|known| known.jwt() == head.alg);
        let algorithm = algorithm.ok_or_else(|| TokenError::Algorithm(accepted()))?;
        if head.crit.is_some() {
            return Err(TokenError::Critical);
        }
        let kind = head.typ.as_deref().unwrap_or("JWT").to_ascii_lowercase();
        if !["jwt", "at+jwt", "application/at+jwt"].contains(&kind.as_str()) {
            return Err(TokenError::Kind);
        }
        Ok(Self { algorithm, key: head.kid })
    }
}

/// Verifies a token with the keys at hand.
pub(super) fn verify(
    token: &str,
    head: &Head,
    keys: &Keys,
    oidc: &Oidc,
    now: Wall,
) -> Result<Verified, TokenError> {
    let key = match keys.find(head.key.as_deref(), head.algorithm) {
        Found::One(key) => key,
        Found::None => return Err(TokenError::NoKey),
        Found::Several => return Err(TokenError::SeveralKeys),
    };
    let mut only = Validation::new(head.algorithm.jwt());
    only.required_spec_claims.clear();
    (only.validate_exp, only.validate_nbf, only.validate_aud) = (false, false, false);
    let Claims(claims) = jsonwebtoken::decode::<Claims>(token, key, &only)
        .map_err(|error| match error.kind() {
            jsonwebtoken::errors::ErrorKind::Json(_) => TokenError::Claims,
            _ => TokenError::Signature,
        })?
        .claims;
    claims_hold(&claims, oidc, now)
}

fn claims_hold(
    claims: &Map<String, Value>,
    oidc: &Oidc,
    now: Wall,
) -> Result<Verified, TokenError> {
    if text(claims, "iss")? != oidc.issuer {
        return Err(TokenError::Issuer);
    }
    let audiences = match claims.get("aud") {
        None => return Err(TokenError::Missing("aud")),
        Some(Value::String(one)) => vec![one.as_str()],
        Some(Value::Array(all)) => all
            .iter()
            .map(Value::as_str)
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| TokenError::Type("aud".to_owned()))?,
        Some(_) => return Err(TokenError::Type("aud".to_owned())),
    };
    if !audiences.iter().any(|aud| oidc.audiences.iter().any(|ours| ours == aud)) {
        return Err(TokenError::Audience);
    }
    let seconds = now.0 as f64 / 1000.0;
    let expires = moment(claims, "exp")?.ok_or(TokenError::Missing("exp"))?;
    if seconds >= expires + LEEWAY_SECONDS {
        return Err(TokenError::Expired(wall(expires)));
    }
    for early in ["nbf", "iat"] {
        if let Some(from) = moment(claims, early)?.filter(|from| seconds + LEEWAY_SECONDS < *from) {
            return Err(TokenError::Early(wall(from)));
        }
    }
    let subject = text(claims, "sub")?;
    if subject.is_empty() || subject.len() > SUBJECT_BYTES_MAX {
        return Err(TokenError::Type("sub".to_owned()));
    }
    Ok(Verified { subject: subject.to_owned(), listed: listed(claims, oidc)? })
}

fn text<'a>(claims: &'a Map<String, Value>, name: &'static str) -> Result<&'a str, TokenError> {
    let value = claims.get(name).ok_or(TokenError::Missing(name))?;
    value.as_str().ok_or_else(|| TokenError::Type(name.to_owned()))
}

/// A moment in seconds: a JSON number, never a text.
fn moment(claims: &Map<String, Value>, name: &'static str) -> Result<Option<f64>, TokenError> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let number = value.as_f64().filter(|number| (0.0..1e12).contains(number));
    number.map(Some).ok_or_else(|| TokenError::Type(name.to_owned()))
}

fn wall(seconds: f64) -> Wall {
    Wall((seconds * 1000.0) as u64)
}

/// A list of texts, or one text with spaces between, as scopes are written.
fn listed(claims: &Map<String, Value>, oidc: &Oidc) -> Result<Vec<String>, TokenError> {
    let Some(claim) = oidc.roles_claim.as_deref() else { return Ok(Vec::new()) };
    let wrong = || TokenError::Type(claim.chars().take(80).collect());
    let all: Vec<String> = match claims.get(claim) {
        None => Vec::new(),
        Some(Value::String(text)) => text.split_whitespace().map(str::to_owned).collect(),
        Some(Value::Array(all)) => {
            let texts = all.iter().map(|one| one.as_str().map(str::to_owned));
            texts.collect::<Option<_>>().ok_or_else(wrong)?
        }
        Some(_) => return Err(wrong()),
    };
    if all.len() > LISTED_MAX { Err(wrong()) } else { Ok(all) }
}

/// An object in which no name stands twice: of two, readers would believe different ones.
struct Claims(Map<String, Value>);

impl<'de> Deserialize<'de> for Claims {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Once;
        impl<'de> Visitor<'de> for Once {
            type Value = Claims;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<Claims, A::Error> {
                let mut claims = Map::new();
                while let Some((name, value)) = from.next_entry::<String, Value>()? {
                    if claims.insert(name, value).is_some() {
                        return Err(A::Error::custom("a claim stands twice"));
                    }
                }
                Ok(Claims(claims))
            }
        }
        from.deserialize_map(Once)
    }
}
