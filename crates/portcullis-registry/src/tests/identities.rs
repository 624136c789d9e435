//! Keys that are no keys: proved by tokens of an issuer, or by a certificate.

use portcullis_types::{Identity, TokenOf};

use super::*;
use crate::{CredentialRejected, KeyRecord, identity_digest};

fn token(issuer: &str, subject: &str) -> Identity {
    Identity::Token(TokenOf { issuer: issuer.into(), subject: subject.into() })
}

pub(super) fn calls() -> Identity {
    token("https://login.acme.example", "calls")
}

fn issued(n: u64, of: Identity) -> Command {
    let mut command = key(n, "acme", None, None);
    if let Command::IssueKey { digest, pepper, identity, .. } = &mut command {
        (*digest, *pepper, *identity) = (String::new(), String::new(), Some(of));
    }
    command
}

fn desk() -> Desk {
    let mut desk = Desk::default();
    desk.ask(&partner("acme", None)).unwrap();
    desk
}

fn record(desk: &Desk, n: u64) -> KeyRecord {
    let now = desk.state.current();
    now.key(now.key_ix(&key_id(&format!("key{n}"))).unwrap()).unwrap().clone()
}

fn rotate(n: u64) -> Command {
    let new = NewSecret { id: key_id("other"), digest: digest(77), pepper: "aabbccdd".to_owned() };
    KeyCommand::Rotate { key: key_id(&format!("key{n}")), new, until: None }.into()
}

#[test]
fn a_record_stands_for_an_identity_and_is_found_by_its_digest_under_no_pepper() {
    let mut desk = desk();
    let told = desk.ask(&issued(1, calls())).unwrap();
    insta::assert_snapshot!(told.what, @"key `key1` issued to partner `acme` and proved by tokens of `https://login.acme.example` for `calls`");
    insta::assert_snapshot!(serde_json::to_string(&told.events[0]).unwrap(), @r#"{"type":"key.issued","key":"key1","partner":"acme","digest":"81b5151814d54341718abfc700c2ba84","pepper":"","label":"","identity":{"token":{"issuer":"https://login.acme.example","subject":"calls"}}}"#);
    let of = record(&desk, 1);
    assert_eq!(of.identity(), Some(&calls()));
    assert_eq!(desk.state.current().pepper(of.pepper), None);
    desk.ask(&revoke("key1")).unwrap();
    assert_eq!(desk.state.current().peppers().count(), 0, "no pepper is waited for");
    let certificate = Identity::Certificate("dns:Calls.acme.example".parse().unwrap());
    insta::assert_snapshot!(desk.ask(&issued(2, certificate)).unwrap().what, @"key `key2` issued to partner `acme` and proved by the certificate of `dns:calls.acme.example`");
    assert_eq!(all(&desk.state.snapshot()), all(&desk.replayed().state.snapshot()));
}

#[test]
fn an_identity_is_given_once_and_never_again_after_its_end() {
    let mut desk = desk();
    desk.ask(&issued(1, calls())).unwrap();
    let code = |desk: &mut Desk, n: u64, of: Identity| desk.ask(&issued(n, of)).unwrap_err().code();
    assert_eq!(code(&mut desk, 2, calls()), "identity_known");
    assert_eq!(code(&mut desk, 1, token("https://other.example", "calls")), "exists");
    desk.ask(&revoke("key1")).unwrap();
    assert_eq!(code(&mut desk, 2, calls()), "identity_known");
    assert_eq!(
        code(&mut desk, 2, token("https://login.acme.example", "two\nlines")),
        "identity_unfit"
    );
    desk.ask(&issued(2, token("https://login.acme.example", "Calls"))).unwrap();
}

#[test]
fn nothing_replaces_what_has_no_secret() {
    let mut desk = desk();
    desk.ask(&issued(1, calls())).unwrap();
    let refused = desk.ask(&rotate(1)).unwrap_err();
    let (key, identity) = (key_id("key1"), calls().to_string());
    assert_eq!(refused, CredentialRejected::NoSecret { key, identity }.into());
    assert_eq!(record(&desk, 1).credential, Credential::Active);
    desk.ask(&hold(SubjectId::Key(key_id("key1")))).unwrap();
    desk.ask(&restore(SubjectId::Key(key_id("key1")))).unwrap();
}

#[test]
fn an_event_whose_digest_is_not_that_of_its_identity_is_not_folded() {
    let mut desk = desk();
    let mut event = desk.ask(&issued(1, calls())).unwrap().events[0].clone();
    let Event::KeyIssued { key, digest: of, .. } = &mut event else { panic!() };
    (*key, *of) = (key_id("key2"), digest(5));
    let place = Place { revision: Revision(2), ts: NOON, by: &somebody(), approver: None };
    let told = desk.state.apply(place, &event, &|_: &str| None).unwrap_err();
    insta::assert_snapshot!(told, @"event 2 can't be folded: the digest is not that of the identity");
}

#[test]
fn an_identity_is_found_by_what_it_always_was() {
    // Computed apart, by `printf 'portcullis identity v1\0token\0…' | sha256sum`: another digest would
    // shut out everybody who has none but a token.
    let hex: String = identity_digest(&calls()).iter().map(|b| format!("{b:02x}")).collect();
    assert_eq!(hex, "81b5151814d54341718abfc700c2ba84");
}
