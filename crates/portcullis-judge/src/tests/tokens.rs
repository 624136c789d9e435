//! Tokens of an issuer, and certificates, in a key's place.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use portcullis_keys::{SignatureAlgorithm, TokenRules};
use portcullis_registry::{Command, KeyStart};
use portcullis_types::{Identity, KeyId, Mono, Now, PartnerId, Refusal, TokenOf, Wall};
use serde_json::{Value, json};

use super::bed::*;
use super::signing::{Key, base64url};
use crate::{Origin, PlatformCredential, Shown, TrustedIssuer};

const ACME: &str = "https://login.acme.example";
/// In seconds, as the bed's clock.
const NOON: u64 = 1_711_886_400;

struct Issuer {
    key: Key,
    trusted: Arc<TrustedIssuer>,
    woken: Arc<AtomicUsize>,
}

impl Issuer {
    fn new(issuer: &str) -> Self {
        let woken = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&woken);
        let rules = TokenRules {
            issuer: issuer.to_owned(),
            audiences: vec!["gate".to_owned()],
            algorithms: vec![SignatureAlgorithm::Es256, SignatureAlgorithm::EdDsa],
            subject_claim: "sub".to_owned(),
            listed_claim: None,
        };
        let wake = Box::new(move || {
            counted.fetch_add(1, Ordering::Relaxed);
        });
        let trusted = Arc::new(TrustedIssuer::new(rules, wake));
        Self { key: Key::ec("one"), trusted, woken }
    }

    fn serves(&self, keys: &[&Key], now: Now) -> bool {
        let set = json!({"keys": keys.iter().map(|key| key.public()).collect::<Vec<_>>()});
        self.trusted.learn(set.to_string().into_bytes(), now.wall).unwrap()
    }
}

fn claims() -> Value {
    json!({"iss": ACME, "aud": "gate", "sub": "calls", "exp": NOON + 600, "iat": NOON - 5})
}

fn but(name: &str, value: Value) -> Value {
    let mut claims = claims();
    claims[name] = value;
    claims
}

fn token_of(subject: &str) -> Identity {
    Identity::Token(TokenOf { issuer: ACME.into(), subject: subject.into() })
}

impl Bed {
    fn assign(&mut self, id: &str, partner: &str, identity: Identity) {
        self.command(Command::IssueKey {
            id: KeyId::new(id).unwrap(),
            partner: PartnerId::new(partner).unwrap(),
            client: None,
            scopes: None,
            start: KeyStart::AtOnce,
            expires: None,
            digest: String::new(),
            pepper: String::new(),
            label: String::new(),
            binding: Default::default(),
            identity: Some(identity),
        });
    }

    fn presents(&mut self, texts: &[&str], certificate: Option<Shown<'_>>) -> &'static str {
        let origin = Origin { address: "203.0.113.9".parse().unwrap(), certificate };
        let keys: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
        let arrival = super::arrivals::get(PROFILE, None, &keys);
        let now = self.now;
        code(&self.desks[0].judge_from(origin, &arrival, now, &PlatformCredential::Header))
    }

    fn later(&mut self, seconds: u64) {
        self.now.wall = Wall(self.now.wall.0 + seconds * 1000);
        self.now.mono = Mono(self.now.mono.0 + seconds * 1_000_000_000);
    }
}

/// A bed in which tokens for `calls` stand for key `t1` of acme.
fn bed() -> (Bed, Issuer) {
    let (mut bed, issuer) = (Bed::with(TIER), Issuer::new(ACME));
    bed.judge.trust(vec![Arc::clone(&issuer.trusted)]);
    assert!(issuer.serves(&[&issuer.key], bed.now));
    bed.assign("t1", "acme", token_of("calls"));
    (bed, issuer)
}

#[test]
fn a_token_stands_for_its_record_and_goes_the_way_of_every_key() {
    let (mut bed, issuer) = bed();
    let token = issuer.key.token(&claims());
    assert_eq!(bed.presents(&[&token], None), "permitted");
    assert_eq!(bed.presents(&[&token, &token], None), "permitted", "the same twice is one");
    bed.command(hold(key("t1")));
    assert_eq!(bed.presents(&[&token], None), "key_held", "although it was verified before");
    bed.command(restore(key("t1")));
    assert_eq!(bed.presents(&[&token], None), "permitted");
    bed.command(revoke("t1"));
    assert_eq!(bed.presents(&[&token], None), "key_revoked");
    let fresh = issuer.key.token(&but("jti", json!("other")));
    assert_eq!(bed.presents(&[&fresh], None), "key_revoked");
}

#[test]
fn a_record_that_comes_later_is_found_and_a_stranger_is_told_so() {
    let (mut bed, issuer) = bed();
    let token = issuer.key.token(&but("sub", json!("reports")));
    assert_eq!(bed.presents(&[&token], None), "token_invalid");
    bed.assign("t2", "zenith", token_of("reports"));
    assert_eq!(bed.presents(&[&token], None), "permitted");
}

#[test]
fn two_credentials_in_one_call_are_refused() {
    let (mut bed, issuer) = bed();
    let (token, other) = (issuer.key.token(&claims()), issuer.key.token(&but("jti", json!("x"))));
    assert_eq!(bed.presents(&[&token, &secret("a1")], None), "key_conflict");
    assert_eq!(bed.presents(&[&token, &other], None), "key_conflict");
}

#[test]
fn what_is_not_the_issuers_word_for_us_now_proves_nobody() {
    let (mut bed, issuer) = bed();
    issuer.trusted.rest(Wall(u64::MAX));
    let elsewhere = Key::ec("one");
    let spki = issuer.key.public()["x"].to_string();
    let head = |head: Value| issuer.key.token_with(&head, &claims().to_string());
    let unsigned = |alg: &str| {
        let head = json!({"alg": alg, "kid": "one", "typ": "JWT"});
        let parts = [head.to_string(), claims().to_string(), spki.clone()];
        parts.map(|part| base64url(part.as_bytes())).join(".")
    };
    let good = issuer.key.token(&claims());
    let (rest, _) = good.rsplit_once('.').unwrap();
    let claim = |name: &str, value: Value| issuer.key.token(&but(name, value));
    let invalid = [
        ("signed by another", elsewhere.token(&claims())),
        ("signature gone", format!("{rest}.")),
        ("alg none", unsigned("none")),
        ("HMAC with what is public", unsigned("HS256")),
        ("alg not listed", head(json!({"alg": "RS256", "kid": "one"}))),
        ("alg of other kind of key", head(json!({"alg": "EdDSA", "kid": "one"}))),
        ("crit", head(json!({"alg": "ES256", "kid": "one", "crit": ["b64"]}))),
        ("typ", head(json!({"alg": "ES256", "kid": "one", "typ": "logout+jwt"}))),
        ("other issuer", claim("iss", json!("https://login.zenith.example"))),
        ("other audience", claim("aud", json!("elsewhere"))),
        ("audiences of numbers", claim("aud", json!(["gate", 7]))),
        ("exp as text", claim("exp", json!((NOON + 600).to_string()))),
        ("exp negative", claim("exp", json!(-1))),
        ("exp null", claim("exp", Value::Null)),
        ("nbf as text", claim("nbf", json!("0"))),
        ("nbf ahead", claim("nbf", json!(NOON + 60))),
        ("iat ahead", claim("iat", json!(NOON + 60))),
        ("sub a number", claim("sub", json!(7))),
        ("sub empty", claim("sub", json!(""))),
        ("a claim twice", {
            let twice = claims().to_string().replacen('{', r#"{"sub":"calls","#, 1);
            issuer.key.token_with(&json!({"alg": "ES256", "kid": "one"}), &twice)
        }),
        ("too long", issuer.key.token(&but("x", json!("y".repeat(16 << 10))))),
    ];
    for (what, token) in invalid {
        assert_eq!(bed.presents(&[&token], None), "token_invalid", "{what}");
    }
    assert_eq!(bed.presents(&[&claim("exp", json!(NOON - 31))], None), "token_expired");
    let (_, cut) = good.split_once('.').unwrap();
    assert_eq!(bed.presents(&[cut], None), "key_unknown", "no token, hence an unknown key");
    assert_eq!(bed.presents(&[&good], None), "permitted");
}

#[test]
fn a_token_that_was_verified_ends_when_it_says() {
    let (mut bed, issuer) = bed();
    let token = issuer.key.token(&claims());
    assert_eq!(bed.presents(&[&token], None), "permitted");
    bed.later(629);
    assert_eq!(bed.presents(&[&token], None), "permitted", "clocks may differ by half a minute");
    bed.later(1);
    assert_eq!(bed.presents(&[&token], None), "token_expired");
}

#[test]
fn a_key_that_its_issuer_took_back_proves_nothing_any_more() {
    let (mut bed, issuer) = bed();
    let (token, new) = (issuer.key.token(&claims()), Key::ed("two"));
    assert_eq!(bed.presents(&[&token], None), "permitted");
    let later = new.token(&claims());
    assert_eq!(bed.presents(&[&later], None), "issuer_unreachable", "it is being asked");
    assert_eq!(issuer.woken.load(Ordering::Relaxed), 1);
    assert!(issuer.serves(&[&issuer.key, &new], bed.now));
    assert_eq!(bed.presents(&[&later], None), "permitted");
    assert_eq!(bed.presents(&[&token], None), "permitted", "both stand");
    assert!(issuer.serves(&[&new], bed.now));
    issuer.trusted.rest(Wall(bed.now.wall.0 + 1));
    assert_eq!(bed.presents(&[&token], None), "token_invalid");
    assert_eq!(issuer.woken.load(Ordering::Relaxed), 1, "nobody makes the gate knock at will");
    assert!(!issuer.serves(&[&new], bed.now), "the same set changes nothing");
    assert_eq!(bed.presents(&[&later], None), "permitted");
}

#[test]
fn keys_that_nobody_confirms_for_an_hour_are_believed_no_more() {
    let (mut bed, issuer) = bed();
    let token = issuer.key.token(&but("exp", json!(NOON + 100_000)));
    bed.later(3599);
    assert_eq!(bed.presents(&[&token], None), "permitted");
    bed.later(1);
    assert_eq!(bed.presents(&[&token], None), "issuer_unreachable");
    assert!(issuer.trusted.learn(b"{}".to_vec(), bed.now.wall).is_err());
    assert_eq!(bed.presents(&[&token], None), "issuer_unreachable");
    issuer.serves(&[&issuer.key], bed.now);
    assert_eq!(bed.presents(&[&token], None), "permitted");
}

#[test]
fn an_issuer_speaks_for_its_own_subjects_alone() {
    let (mut bed, acme) = (Bed::with(TIER), Issuer::new(ACME));
    let zenith = Issuer::new("https://login.zenith.example");
    bed.judge.trust(vec![Arc::clone(&acme.trusted), Arc::clone(&zenith.trusted)]);
    acme.serves(&[&acme.key], bed.now);
    zenith.serves(&[&zenith.key], bed.now);
    bed.assign("t1", "acme", token_of("calls"));
    let own = zenith.key.token(&but("iss", json!("https://login.zenith.example")));
    assert_eq!(bed.presents(&[&own], None), "token_invalid", "the same subject of another");
    assert_eq!(bed.presents(&[&zenith.key.token(&claims())], None), "token_invalid");
    assert_eq!(bed.presents(&[&acme.key.token(&claims())], None), "permitted");
}

#[test]
fn no_text_stands_for_an_identity_and_no_identity_without_its_proof() {
    let (mut bed, _issuer) = bed();
    let canonical = token_of("calls").canonical();
    assert_eq!(bed.presents(&[&canonical], None), "key_unknown");
    let digest: String = portcullis_registry::identity_digest(&token_of("calls"))
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    assert_eq!(bed.presents(&[&digest], None), "key_unknown");
    assert!(bed.judge.known(canonical.as_bytes()).is_none());
}

#[test]
fn where_no_issuer_is_trusted_a_token_is_an_unknown_key() {
    let (mut bed, issuer) = (Bed::with(TIER), Issuer::new(ACME));
    bed.assign("t1", "acme", token_of("calls"));
    let token = issuer.key.token(&claims());
    assert_eq!(bed.presents(&[&token], None), "key_unknown");
    assert!(!bed.judge.may_prove(token.as_bytes()));
    bed.judge.trust(vec![Arc::clone(&issuer.trusted)]);
    assert_eq!(bed.presents(&[&token], None), "issuer_unreachable", "its keys are not known yet");
    assert!(bed.judge.may_prove(token.as_bytes()));
}

#[test]
fn what_is_remembered_is_bounded_and_strangers_push_nobody_out() {
    let (mut bed, issuer) = bed();
    let token = issuer.key.token(&claims());
    assert_eq!(bed.presents(&[&token], None), "permitted");
    for n in 0..50 {
        let stranger = issuer.key.token(&but("sub", json!(format!("nobody{n}"))));
        assert_eq!(bed.presents(&[&stranger], None), "token_invalid");
    }
    assert_eq!(bed.judge.tokens.remembered(), 1);
}

#[test]
fn an_address_that_sends_tokens_of_nobody_is_not_verified_for_ever() {
    let (mut bed, issuer) = bed();
    let (known, fresh) = (issuer.key.token(&claims()), issuer.key.token(&but("jti", json!("n"))));
    assert_eq!(bed.presents(&[&known], None), "permitted");
    let forged = Key::ec("one").token(&claims());
    let said = |bed: &mut Bed| {
        let origin = Origin { address: "203.0.113.9".parse().unwrap(), certificate: None };
        let shown = [forged.as_bytes()];
        let arrival = super::arrivals::get(PROFILE, None, &shown);
        let now = bed.now;
        let judged = bed.desks[0].judge_from(origin, &arrival, now, &PlatformCredential::Header);
        match judged.outcome {
            Err(Refusal::TokenInvalid { why }) => why,
            other => panic!("{other:?}"),
        }
    };
    let looked_at = "the token's signature is not its issuer's";
    assert_eq!((0..200).filter(|_| said(&mut bed) == looked_at).count(), 100);
    assert!(said(&mut bed).starts_with("too many tokens from this address"));
    assert_eq!(bed.presents(&[&fresh], None), "token_invalid", "nor is a good one");
    assert_eq!(bed.presents(&[&known], None), "permitted", "what is remembered passes");
    bed.later(1);
    assert_eq!((0..200).filter(|_| said(&mut bed) == looked_at).count(), 20);
    bed.later(1);
    assert_eq!(bed.presents(&[&fresh], None), "permitted");
}

#[test]
fn a_certificate_stands_for_its_record_where_no_key_is_sent() {
    let mut bed = Bed::with(TIER);
    let calls = Identity::Certificate("dns:calls.acme.example".parse().unwrap());
    bed.assign("c1", "acme", calls);
    let digest = Identity::Certificate(format!("sha256:{}", "09".repeat(32)).parse().unwrap());
    bed.assign("c2", "zenith", digest);
    let names = |names: &[&str]| names.iter().map(|name| (*name).into()).collect::<Vec<Box<str>>>();
    let (own, other) = (names(&["uri:spiffe://a", "dns:Calls.Acme.Example"]), names(&["dns:a"]));
    let shown = |names, key| Some(Shown { key, names });
    assert_eq!(bed.presents(&[], shown(&own, &[7; 32])), "permitted");
    assert_eq!(bed.presents(&[], shown(&other, &[9; 32])), "permitted");
    assert_eq!(bed.presents(&[], shown(&other, &[7; 32])), "key_missing");
    assert_eq!(bed.presents(&[], None), "key_missing");
    assert_eq!(bed.presents(&[], shown(&own, &[9; 32])), "key_conflict", "of two partners");
    assert_eq!(bed.presents(&["wrong"], shown(&own, &[7; 32])), "key_unknown", "a key is asked");
    bed.command(hold(key("c1")));
    assert_eq!(bed.presents(&[], shown(&own, &[7; 32])), "key_held");
    assert_eq!(bed.presents(&[&secret("z1")], shown(&own, &[7; 32])), "permitted");
}
