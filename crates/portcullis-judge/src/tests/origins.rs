//! Keys that are accepted from some places only.

use portcullis_registry::{Command, KeyCommand};
use portcullis_types::{Binding, KeyId, Refusal};

use super::bed::*;
use crate::{Origin, PlatformCredential, Shown};

fn bind(id: &str, networks: &[&str]) -> Command {
    let key = KeyId::new(id).unwrap();
    let networks = networks.iter().map(|text| text.parse().unwrap()).collect();
    let binding = Binding { networks, ..Binding::default() };
    let tell = "Calls are accepted from your office only.".to_owned();
    KeyCommand::Bind { key, binding, tell }.into()
}

impl Bed {
    fn from(&mut self, address: &str, key: &str, path: &str) -> &'static str {
        self.showing(address, None, key, path)
    }

    fn showing(
        &mut self,
        address: &str,
        certificate: Option<Shown<'_>>,
        key: &str,
        path: &str,
    ) -> &'static str {
        let origin = Origin { address: address.parse().unwrap(), certificate };
        let key = secret(key);
        let keys: [&[u8]; 1] = [key.as_bytes()];
        let arrival = super::arrivals::get(path, None, &keys);
        let now = self.now;
        code(&self.desks[0].judge_from(origin, &arrival, now, &PlatformCredential::Header))
    }
}

#[test]
fn a_bound_key_is_refused_from_elsewhere_and_another_is_not() {
    let mut bed = Bed::with(TIER);
    assert_eq!(bed.from("198.51.100.7", "a1", PROFILE), "permitted");
    bed.command(bind("a1", &["203.0.113.0/24", "2001:db8::/32"]));
    for (address, expected) in [
        ("203.0.113.9", "permitted"),
        ("::ffff:203.0.113.9", "permitted"),
        ("2001:db8::7", "permitted"),
        ("203.0.114.9", "network_not_allowed"),
        ("::1", "network_not_allowed"),
    ] {
        assert_eq!(bed.from(address, "a1", PROFILE), expected, "{address}");
    }
    assert_eq!(bed.from("198.51.100.7", "a2", PROFILE), "permitted");
    bed.command(bind("a1", &[]));
    assert_eq!(bed.from("198.51.100.7", "a1", PROFILE), "permitted");
}

#[test]
fn a_bound_key_is_refused_where_nobody_knows_where_the_call_came_from() {
    let mut bed = Bed::with(TIER);
    bed.command(bind("a1", &["203.0.113.0/24"]));
    bed.check("a1", PROFILE, "network_not_allowed");
    let origin = Origin { address: "198.51.100.7".parse().unwrap(), certificate: None };
    let (key, now) = (secret("a1"), bed.now);
    let refused = bed.desks[0].known(origin, Some(key.as_bytes()), now).unwrap_err();
    assert_eq!(refused, Refusal::NetworkNotAllowed { from: Some(origin.address) });
}

#[test]
fn from_elsewhere_a_key_is_told_nothing_of_its_state_nor_of_paths() {
    let mut bed = Bed::with(TIER);
    bed.command(bind("a1", &["203.0.113.0/24"]));
    bed.command(hold(key("a1")));
    assert_eq!(bed.from("198.51.100.7", "a1", NOWHERE), "network_not_allowed");
    assert_eq!(bed.from("203.0.113.9", "a1", NOWHERE), "key_held");
}

#[test]
fn a_call_whose_caller_is_known_otherwise_is_judged_wherever_it_came_from() {
    let mut bed = Bed::with(TIER);
    bed.command(bind("a1", &["203.0.113.0/24"]));
    let key = bed.judge.known(secret("a1").as_bytes()).unwrap();
    let (arrival, now) = (super::arrivals::get(PROFILE, None, &[]), bed.now);
    let verdict = bed.desks[0].judge_known(key, &arrival, now, &PlatformCredential::Header);
    assert_eq!(code(&verdict), "permitted");
    let told = bed.desks[0].explain(key, &arrival, now);
    assert!(told.steps.iter().any(|step| step.outcome == "203.0.113.0/24"), "{told:?}");
}

#[test]
fn a_key_that_is_bound_to_certificates_is_refused_without_one_of_them() {
    let mut bed = Bed::with(TIER);
    let certificates = ["uri:spiffe://acme/calls", "dns:calls.acme.example"];
    let certificates = certificates.iter().map(|text| text.parse().unwrap()).collect();
    let networks = vec!["203.0.113.0/24".parse().unwrap()];
    let (key, tell) = (KeyId::new("a1").unwrap(), "Calls are accepted from you only.".to_owned());
    let binding = Binding { networks, certificates };
    bed.command(KeyCommand::Bind { key, binding, tell }.into());
    let own: [Box<str>; 2] = ["dns:x.example".into(), "uri:spiffe://acme/calls".into()];
    let other: [Box<str>; 1] = ["uri:spiffe://zenith/calls".into()];
    let [own, other] = [&own[..], &other[..]].map(|names| Some(Shown { key: &[7; 32], names }));
    for (address, certificate, expected) in [
        ("203.0.113.9", own, "permitted"),
        ("203.0.113.9", other, "certificate_not_allowed"),
        ("203.0.113.9", None, "certificate_not_allowed"),
        ("198.51.100.7", own, "network_not_allowed"),
    ] {
        assert_eq!(bed.showing(address, certificate, "a1", PROFILE), expected, "{address}");
    }
    assert_eq!(bed.showing("198.51.100.7", None, "a2", PROFILE), "permitted");
}
