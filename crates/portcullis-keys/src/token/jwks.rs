//! The issuer's public keys, as far as they are fit to be believed.
//!
//! Must not know how they are fetched.

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyOperations, PublicKeyUse};
use serde::Deserialize;
use serde_json::Value;

use super::{SignatureAlgorithm, TokenHead};

/// Most keys of a set; real ones have two or three.
const KEYS_MAX: usize = 100;
/// A modulus of 2048 bits in base64 without padding.
const MODULUS_CHARS_MIN: usize = 342;

/// The public keys of an issuer.
#[derive(Debug, Default)]
pub struct IssuerKeys(Vec<Known>);

#[derive(Debug)]
struct Known {
    id: Option<String>,
    fits: Vec<SignatureAlgorithm>,
    key: DecodingKey,
}

/// What a search came to.
pub(super) enum Found<'a> {
    One(&'a DecodingKey),
    None,
    /// The token names no key and several would fit.
    Several,
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<Value>,
}

impl IssuerKeys {
    /// Reads a JWK set. Keys of kinds that nobody here can use are left out, as RFC 7517 asks.
    ///
    /// # Errors
    /// What is wrong with the set; then nothing of it is to be believed.
    pub fn read(body: &[u8]) -> Result<Self, String> {
        let set: Set = serde_json::from_slice(body)
            .map_err(|_| "its answer is not a JWK set (`{\"keys\":[…]}`)".to_owned())?;
        if set.keys.len() > KEYS_MAX {
            return Err(format!("its JWK set has {} keys, at most {KEYS_MAX}", set.keys.len()));
        }
        let keys: Vec<Known> = set.keys.into_iter().filter_map(known).collect();
        if keys.is_empty() {
            return Err("its JWK set has no key that verifies signatures".to_owned());
        }
        Ok(Self(keys))
    }

    /// Whether a key fits the token of that head.
    #[must_use]
    pub fn has(&self, head: &TokenHead) -> bool {
        !matches!(self.find(head.key.as_deref(), head.algorithm), Found::None)
    }

    /// The key that a token names, fit for its algorithm.
    pub(super) fn find(&self, id: Option<&str>, algorithm: SignatureAlgorithm) -> Found<'_> {
        let named = |known: &&Known| id.is_none() || known.id.as_deref() == id;
        let mut fit = self.0.iter().filter(named).filter(|known| known.fits.contains(&algorithm));
        match (fit.next(), fit.next()) {
            (None, _) => Found::None,
            (Some(known), None) => Found::One(&known.key),
            (Some(_), Some(_)) => Found::Several,
        }
    }
}

fn known(value: Value) -> Option<Known> {
    // A set with private or shared secrets in it is a leak, not a key to believe.
    if value.get("d").is_some() || value.get("k").is_some() {
        return None;
    }
    let named = value.get("alg").and_then(Value::as_str).map(str::to_owned);
    let jwk: Jwk = serde_json::from_value(value).ok()?;
    let signs = jwk.common.public_key_use.as_ref().is_none_or(|u| *u == PublicKeyUse::Signature);
    let verifies = jwk.common.key_operations.as_ref();
    if !signs || verifies.is_some_and(|all| !all.contains(&KeyOperations::Verify)) {
        return None;
    }
    let kind: &[SignatureAlgorithm] = match &jwk.algorithm {
        AlgorithmParameters::RSA(key) if key.n.len() >= MODULUS_CHARS_MIN => {
            &[SignatureAlgorithm::Rs256, SignatureAlgorithm::Ps256]
        }
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
            &[SignatureAlgorithm::Es256]
        }
        AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P384 => {
            &[SignatureAlgorithm::Es384]
        }
        AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
            &[SignatureAlgorithm::EdDsa]
        }
        _ => return None,
    };
    let fits = kind.iter().copied();
    let fits = fits.filter(|algorithm| named.as_ref().is_none_or(|name| name == algorithm.name()));
    let fits: Vec<_> = fits.collect();
    let key = DecodingKey::from_jwk(&jwk).ok()?;
    (!fits.is_empty()).then_some(Known { id: jwk.common.key_id, fits, key })
}

#[cfg(test)]
mod tests {
    use super::*;

    const N: &str = "sXchDaQebHnPiGvyDOAT4saGEUetSyo9MKLOoWFsueri23bOdgWp4Dy1WlUzewbgBHod5pcM9H95GQRV3JDXboIRROSBigeC5yjU1hGzHHyXss8UDprecbAYxknTcQkhslANGRUZmdTOQ5qTRsLAt6BTYuyvVRdhS8exSZEy_c4gs_7svlJJQ4H9_NxsiIoLwAEk7-Q3UXERGYw_75IDrGA84-lA_-Ct4eTlXHBIY2EaV7t7LjJaynVJCpkv4LKjTTAumiGUIuQhrNhZLuF_RJLqHpM2kgWFLU7-VTdL1VbC2tejvcI2BlMkEpk1BzBZI0KQB0GaDWFLN-aEAw3vRw";

    #[test]
    fn only_public_signing_keys_of_known_kinds_and_safe_sizes_are_kept() {
        #[track_caller]
        fn check(key: &str, algorithm: SignatureAlgorithm, kept: bool) {
            let text = format!(r#"{{"keys":[{}]}}"#, key.replace("$N", N));
            let keys = IssuerKeys::read(text.as_bytes()).unwrap_or_default();
            let found = matches!(keys.find(Some("a"), algorithm), Found::One(_));
            assert_eq!(found, kept, "{key}");
        }
        use SignatureAlgorithm::{EdDsa, Es256, Es384, Ps256, Rs256};
        let rsa = r#"{"kty":"RSA","kid":"a","e":"AQAB","n":"$N"}"#;
        check(rsa, Rs256, true);
        check(rsa, Ps256, true);
        check(rsa, Es256, false);
        check(r#"{"kty":"RSA","kid":"a","e":"AQAB","n":"$N","alg":"RS256"}"#, Ps256, false);
        check(r#"{"kty":"RSA","kid":"a","e":"AQAB","n":"$N","alg":"HS256"}"#, Rs256, false);
        check(r#"{"kty":"RSA","kid":"a","e":"AQAB","n":"$N","use":"enc"}"#, Rs256, false);
        check(r#"{"kty":"RSA","kid":"a","e":"AQAB","n":"$N","key_ops":["sign"]}"#, Rs256, false);
        check(r#"{"kty":"RSA","kid":"a","e":"AQAB","n":"$N","key_ops":["verify"]}"#, Rs256, true);
        check(r#"{"kty":"RSA","kid":"a","e":"AQAB","n":"$N","d":"AA"}"#, Rs256, false);
        check(r#"{"kty":"RSA","kid":"a","e":"AQAB","n":"sXchDaQebHnPiGvyDOAT4w"}"#, Rs256, false);
        check(r#"{"kty":"RSA","kid":"b","e":"AQAB","n":"$N"}"#, Rs256, false);
        check(r#"{"kty":"oct","kid":"a","k":"c2VjcmV0"}"#, Rs256, false);
        check(r#"{"kty":"EC","kid":"a","crv":"P-256","x":"AA","y":"AA"}"#, Es256, true);
        check(r#"{"kty":"EC","kid":"a","crv":"P-256","x":"AA","y":"AA"}"#, Es384, false);
        check(r#"{"kty":"EC","kid":"a","crv":"P-521","x":"AA","y":"AA"}"#, Es256, false);
        check(r#"{"kty":"OKP","kid":"a","crv":"Ed25519","x":"AA"}"#, EdDsa, true);
        check(r#"{"kty":"OKP","kid":"a","crv":"Ed448","x":"AA"}"#, EdDsa, false);
        check(r#"7, {"kty":"OKP","kid":"a","crv":"Ed25519","x":"AA"}"#, EdDsa, true);
    }

    #[test]
    fn without_a_name_the_key_must_be_the_only_one() {
        let a = r#"{"kty":"OKP","kid":"a","crv":"Ed25519","x":"AA"}"#;
        let b = r#"{"kty":"OKP","kid":"b","crv":"Ed25519","x":"AA"}"#;
        let one = IssuerKeys::read(format!(r#"{{"keys":[{a}]}}"#).as_bytes()).unwrap();
        let two = IssuerKeys::read(format!(r#"{{"keys":[{a},{b}]}}"#).as_bytes()).unwrap();
        assert!(matches!(one.find(None, SignatureAlgorithm::EdDsa), Found::One(_)));
        assert!(matches!(two.find(None, SignatureAlgorithm::EdDsa), Found::Several));
        let same = IssuerKeys::read(format!(r#"{{"keys":[{a},{a}]}}"#).as_bytes()).unwrap();
        assert!(matches!(same.find(Some("a"), SignatureAlgorithm::EdDsa), Found::Several));
    }
}
