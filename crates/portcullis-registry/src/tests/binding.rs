//! Keys that are accepted from some places only.

use portcullis_types::Binding;

use super::*;
use crate::{Bearing, CredentialRejected, KeyMore};

const OFFICE: &str = "203.0.113.0/24";

/// Networks and holders of certificates, told by their forms.
fn binding(texts: &[&str]) -> Binding {
    let networks = texts.iter().filter_map(|text| text.parse().ok()).collect();
    let certificates = texts.iter().filter_map(|text| text.parse().ok()).collect();
    Binding { networks, certificates }
}

fn bind(n: u64, texts: &[&str]) -> Command {
    let tell = "Calls are accepted from your office only.".to_owned();
    let key = key_id(&format!("key{n}"));
    KeyCommand::Bind { key, binding: binding(texts), tell }.into()
}

fn issued(n: u64, texts: &[&str]) -> Command {
    let mut command = key(n, "acme", None, None);
    if let Command::IssueKey { binding: of, .. } = &mut command {
        *of = binding(texts);
    }
    command
}

fn desk() -> Desk {
    let mut desk = Desk::default();
    desk.ask(&partner("acme", None)).unwrap();
    desk.ask(&key(1, "acme", None, None)).unwrap();
    desk
}

fn bound(desk: &Desk, n: u64) -> String {
    let now = desk.state.current();
    let record = now.key(now.key_ix(&key_id(&format!("key{n}"))).unwrap()).unwrap();
    let Binding { networks, certificates } = record.binding().cloned().unwrap_or_default();
    let networks = networks.iter().map(ToString::to_string);
    networks.chain(certificates.iter().map(ToString::to_string)).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_key_is_bound_and_unbound_again() {
    let mut desk = desk();
    let told = desk.ask(&bind(1, &["dns:Acme.example", "2001:db8::/32", OFFICE, OFFICE])).unwrap();
    insta::assert_snapshot!(told.what, @"key `key1` is accepted from 2 networks and with the certificate of dns:acme.example only, from the next call on");
    insta::assert_snapshot!(told.undo.unwrap(), @"portcullis key bind key1 --anywhere --tell 'This was done by mistake and is undone.'");
    assert_eq!(bound(&desk, 1), "203.0.113.0/24 2001:db8::/32 dns:acme.example");
    let again = desk.ask(&bind(1, &[OFFICE, "2001:db8::/32", "dns:acme.example"])).unwrap();
    assert!(again.events.is_empty());
    insta::assert_snapshot!(again.what, @"key `key1` is accepted from 2 networks and with the certificate of dns:acme.example only already");
    let told = desk.ask(&bind(1, &[])).unwrap();
    insta::assert_snapshot!(told.what, @"key `key1` is accepted from anywhere, from the next call on");
    insta::assert_snapshot!(told.undo.unwrap(), @"portcullis key bind key1 --network 203.0.113.0/24 --network 2001:db8::/32 --certificate 'dns:acme.example' --tell 'This was done by mistake and is undone.'");
    assert_eq!(bound(&desk, 1), "");
    assert_eq!(all(&desk.state.snapshot()), all(&desk.replayed().state.snapshot()));
}

#[test]
fn whatever_replaces_a_bound_key_is_bound_as_well() {
    let mut desk = desk();
    desk.ask(&issued(2, &[OFFICE])).unwrap();
    let rotate = |n: u64, to: u64| {
        let (id, digest, pepper) = (key_id(&format!("key{to}")), digest(to), "aabbccdd".to_owned());
        let new = NewSecret { id, digest, pepper };
        Command::from(KeyCommand::Rotate { key: key_id(&format!("key{n}")), new, until: None })
    };
    desk.ask(&rotate(2, 3)).unwrap();
    assert_eq!(bound(&desk, 3), OFFICE);
    desk.ask(&bind(3, &["203.0.113.9"])).unwrap();
    assert_eq!((bound(&desk, 2).as_str(), bound(&desk, 3).as_str()), (OFFICE, "203.0.113.9"));
    desk.ask(&hold(SubjectId::Key(key_id("key3")))).unwrap();
    desk.ask(&restore(SubjectId::Key(key_id("key3")))).unwrap();
    desk.ask(&rotate(3, 4)).unwrap();
    assert_eq!(bound(&desk, 4), "203.0.113.9");
    assert_eq!(all(&desk.state.snapshot()), all(&desk.replayed().state.snapshot()));
}

#[test]
fn fewer_places_narrow_and_all_others_widen() {
    #[track_caller]
    fn check(before: &[&str], after: &[&str], expected: Bearing) {
        let mut desk = desk();
        desk.ask(&issued(2, before)).unwrap();
        let key = key_id("key2");
        assert_eq!(desk.state.rebound(&key, &binding(after)), expected, "{before:?} {after:?}");
    }
    check(&[], &[OFFICE], Bearing::Narrowing);
    check(&[OFFICE], &["203.0.113.9"], Bearing::Narrowing);
    check(&[OFFICE, "2001:db8::/32"], &[OFFICE], Bearing::Narrowing);
    check(&[OFFICE], &[OFFICE, "dns:a"], Bearing::Narrowing);
    check(&["dns:a"], &["dns:b"], Bearing::Widening);
    check(&[OFFICE], &[OFFICE], Bearing::Neutral);
    check(&[OFFICE], &[], Bearing::Widening);
    check(&["203.0.113.9"], &[OFFICE], Bearing::Widening);
    check(&[OFFICE], &["198.51.100.0/24"], Bearing::Widening);
}

#[test]
fn a_binding_that_says_nothing_or_too_much_is_refused() {
    let mut desk = desk();
    let many: Vec<String> = (0..=64).map(|n| format!("203.0.113.{n}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let expected = Rejected::Credential(CredentialRejected::BindingTooLong { count: 65, max: 64 });
    assert_eq!(desk.ask(&bind(1, &many)).unwrap_err(), expected);
    assert_eq!(desk.ask(&issued(2, &many)).unwrap_err(), expected);
    let mut wish = bind(1, &[OFFICE]);
    if let Command::Credential(KeyCommand::Bind { tell, .. }) = &mut wish {
        tell.clear();
    }
    assert_eq!(desk.ask(&wish).unwrap_err().code(), "text_missing");
    desk.ask(&bind(1, &many[..64])).unwrap();
    desk.ask(&revoke("key1")).unwrap();
    assert_eq!(desk.ask(&bind(1, &[])).unwrap_err().code(), "revoked_never_returns");
}

#[test]
fn an_event_without_a_binding_reads_as_it_did() {
    let mut desk = desk();
    let planned = desk.ask(&key(2, "acme", None, None)).unwrap();
    let text = serde_json::to_string(&planned.events).unwrap();
    assert!(!text.contains("binding"), "{text}");
    let more = desk.state.current().key(KeyIx(1)).unwrap().more.clone();
    assert_eq!(more, None::<std::sync::Arc<KeyMore>>);
    let planned = desk.ask(&issued(3, &[OFFICE])).unwrap();
    let text = serde_json::to_string(&planned.events).unwrap();
    assert!(text.contains(r#""binding":{"networks":["203.0.113.0/24"]}"#), "{text}");
}
