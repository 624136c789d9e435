//! One token: its head, its signature, its claims, in this order.
//!
//! Pure: keys and time come in. The library's own checks of claims are off, since they read the
//! system's clock and take claims of the wrong type for absent ones. Must not fetch.

use std::fmt;

use jsonwebtoken::Validation;
use portcullis_types::Wall;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::{Map, Value};

use super::jwks::{Found, IssuerKeys};
use super::{SignatureAlgorithm, TokenRules};

/// Longest token.
const TOKEN_BYTES_MAX: usize = 16 << 10;
/// How far the issuer's clock may be off.
const LEEWAY_MS: u64 = 30_000;
/// Most bytes of a subject; OpenID Connect allows 255.
const SUBJECT_BYTES_MAX: usize = 255;
/// Most entries of the claim that lists roles.
const LISTED_MAX: usize = 1_000;

/// Why a token proves nobody.
#[expect(missing_docs, reason = "the message names every member")]
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
pub enum TokenError {
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
    Missing(String),
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
}

/// Whose token it is.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Verified {
    /// Whom the issuer calls so.
    pub subject: String,
    /// What the claim for lists has.
    pub listed: Vec<String>,
    /// When it is good.
    pub span: TokenSpan,
}

/// When a token is good, as it says itself.
#[derive(Debug, Clone, Copy, Eq, PartialEq)]
pub struct TokenSpan {
    from: Wall,
    until: Wall,
}

/// What the head of a token asks for; nothing of it is proved.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct TokenHead {
    pub(super) algorithm: SignatureAlgorithm,
    pub(super) key: Option<String>,
}

impl TokenHead {
    /// Reads the head. Where to find a key it does not say: `jku`, `x5u`, `jwk` and `x5c` are not looked at.
    ///
    /// # Errors
    /// [`TokenError`] for a head that is not accepted.
    pub fn read(token: &str, rules: &TokenRules) -> Result<Self, TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::TooLong);
        }
        if token.split('.').count() != 3 {
            return Err(TokenError::Shape);
        }
        // `none` and whatever else is unknown can't be read as an algorithm at all.
        let accepted = || rules.algorithms.iter().map(|a| a.name()).collect::<Vec<_>>().join(", ");
        let head =
            jsonwebtoken::decode_header(token).map_err(|_| TokenError::Algorithm(accepted()))?;
        let algorithm = rules.algorithms.iter().copied().find(|known| known.jwt() == head.alg);
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

    /// Verifies the token of this head with the keys at hand.
    ///
    /// # Errors
    /// [`TokenError`]; then it proves nobody.
    pub fn verify(
        &self,
        token: &str,
        keys: &IssuerKeys,
        rules: &TokenRules,
        now: Wall,
    ) -> Result<Verified, TokenError> {
        let key = match keys.find(self.key.as_deref(), self.algorithm) {
            Found::One(key) => key,
            Found::None => return Err(TokenError::NoKey),
            Found::Several => return Err(TokenError::SeveralKeys),
        };
        let mut only = Validation::new(self.algorithm.jwt());
        only.required_spec_claims.clear();
        (only.validate_exp, only.validate_nbf, only.validate_aud) = (false, false, false);
        let Claims(claims) = jsonwebtoken::decode::<Claims>(token, key, &only)
            .map_err(|error| match error.kind() {
                jsonwebtoken::errors::ErrorKind::Json(_) => TokenError::Claims,
                _ => TokenError::Signature,
            })?
            .claims;
        claims_hold(&claims, rules, now)
    }
}

impl TokenSpan {
    /// Whether it is that time.
    ///
    /// # Errors
    /// [`TokenError::Expired`] and [`TokenError::Early`].
    pub fn check(&self, now: Wall) -> Result<(), TokenError> {
        if now.0 >= self.until.0.saturating_add(LEEWAY_MS) {
            return Err(TokenError::Expired(self.until));
        }
        if now.0.saturating_add(LEEWAY_MS) < self.from.0 {
            return Err(TokenError::Early(self.from));
        }
        Ok(())
    }
}

/// Whether a text has the form of a token, at no cost. It never says whether it is a good one.
#[must_use]
pub fn looks_like_token(text: &[u8]) -> bool {
    // `{"` in base64, with which the head of every token begins.
    text.starts_with(b"eyJ") && text.iter().filter(|byte| **byte == b'.').count() == 2
}

/// Whom a token names as its issuer; nothing of it is proved.
///
/// # Errors
/// [`TokenError`] for what can't be read.
pub fn claimed_issuer(token: &str) -> Result<String, TokenError> {
    #[derive(serde::Deserialize)]
    struct Named {
        iss: String,
    }
    if token.len() > TOKEN_BYTES_MAX {
        return Err(TokenError::TooLong);
    }
    let named = jsonwebtoken::dangerous::insecure_decode_claims::<Named>(token);
    named.map(|named| named.iss).map_err(|_| TokenError::Claims)
}

fn claims_hold(
    claims: &Map<String, Value>,
    rules: &TokenRules,
    now: Wall,
) -> Result<Verified, TokenError> {
    if text(claims, "iss")? != rules.issuer {
        return Err(TokenError::Issuer);
    }
    let audiences = match claims.get("aud") {
        None => return Err(missing("aud")),
        Some(Value::String(one)) => vec![one.as_str()],
        Some(Value::Array(all)) => all
            .iter()
            .map(Value::as_str)
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| TokenError::Type("aud".to_owned()))?,
        Some(_) => return Err(TokenError::Type("aud".to_owned())),
    };
    if !audiences.iter().any(|aud| rules.audiences.iter().any(|ours| ours == aud)) {
        return Err(TokenError::Audience);
    }
    let until = moment(claims, "exp")?.ok_or_else(|| missing("exp"))?;
    let from = moment(claims, "nbf")?.max(moment(claims, "iat")?).unwrap_or(Wall(0));
    let span = TokenSpan { from, until };
    span.check(now)?;
    let subject = text(claims, &rules.subject_claim)?;
    if subject.is_empty() || subject.len() > SUBJECT_BYTES_MAX {
        return Err(TokenError::Type(shown(&rules.subject_claim)));
    }
    Ok(Verified { subject: subject.to_owned(), listed: listed(claims, rules)?, span })
}

fn missing(name: &str) -> TokenError {
    TokenError::Missing(shown(name))
}

fn shown(name: &str) -> String {
    name.chars().take(80).collect()
}

fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Result<&'a str, TokenError> {
    let value = claims.get(name).ok_or_else(|| missing(name))?;
    value.as_str().ok_or_else(|| TokenError::Type(shown(name)))
}

/// A moment in seconds: a JSON number, never a text.
fn moment(claims: &Map<String, Value>, name: &'static str) -> Result<Option<Wall>, TokenError> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let number = value.as_f64().filter(|number| (0.0..1e12).contains(number));
    let wall = number.map(|seconds| Wall((seconds * 1000.0) as u64));
    wall.map(Some).ok_or_else(|| TokenError::Type(name.to_owned()))
}

/// A list of texts, or one text with spaces between, as scopes are written.
fn listed(claims: &Map<String, Value>, rules: &TokenRules) -> Result<Vec<String>, TokenError> {
    let Some(claim) = rules.listed_claim.as_deref() else { return Ok(Vec::new()) };
    let wrong = || TokenError::Type(shown(claim));
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
