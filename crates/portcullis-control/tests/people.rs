//! Signing in by an issuer's tokens, roles, and the two-person rule, over real sockets.

use std::time::Duration;

use crate::gate::{Gate, NOON, TOKEN};
use crate::issuer::signing::base64url;
use crate::issuer::{Issuer, Key};
use portcullis_control::{ControlSettings, Oidc};
use portcullis_keys::SignatureAlgorithm;
use portcullis_registry::{Actor, ActorKind, PeopleCommand, PeopleRule, login};
use serde_json::{Value, json};

const NOW: u64 = NOON.0 / 1000;

struct Bed {
    gate: Gate,
    issuer: Issuer,
    key: Key,
}

impl Bed {
    fn open() -> Self {
        Self::with(|settings| settings)
    }

    fn with(change: impl FnOnce(Oidc) -> Oidc) -> Self {
        let (issuer, key) = (Issuer::open(), Key::ed("one"));
        issuer.serve(&[&key]);
        let oidc = Some(change(issuer.settings()));
        let gate = Gate::with(ControlSettings { oidc, ..ControlSettings::default() });
        Self { gate, issuer, key }
    }

    fn claims(&self) -> Value {
        json!({"iss": self.issuer.url, "aud": "portcullis", "sub": "ana@example.com",
            "exp": NOW + 600, "iat": NOW, "groups": ["gate-approvers", "others"]})
    }

    fn claims_but(&self, name: &str, value: Value) -> Value {
        let mut claims = self.claims();
        match value {
            Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
            value => claims[name] = value,
        }
        claims
    }

    fn call(&self, token: &str, method: &str, path: &str, body: Option<&Value>) -> (u16, Value) {
        self.call_with(token, method, path, body, &[])
    }

    fn call_with(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> (u16, Value) {
        let agent: ureq::Agent =
            ureq::Agent::config_builder().http_status_as_error(false).build().into();
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.gate.url))
            .header("authorization", format!("Bearer {token}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut answer = match body {
            Some(body) => {
                let request = request.header("content-type", "application/json");
                agent.run(request.body(body.to_string()).unwrap()).unwrap()
            }
            None => agent.run(request.body(()).unwrap()).unwrap(),
        };
        let status = answer.status().as_u16();
        let text = answer.body_mut().read_to_string().unwrap();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    /// `STATUS CODE: detail`, or who signed in.
    fn signs_in(&self, token: &str) -> String {
        match self.call(token, "GET", "/v1/me", None) {
            (200, me) => format!("{} {}", me["kind"].as_str().unwrap(), me["roles"]),
            (status, problem) => told(status, &problem),
        }
    }

    fn me(&self) -> String {
        self.signs_in(&self.key.token(&self.claims()))
    }

    #[track_caller]
    fn done(&self, token: &str, method: &str, path: &str, body: &Value) -> Value {
        let (status, answer) = self.call(token, method, path, Some(body));
        assert!((200..300).contains(&status), "{path}: {answer}");
        answer
    }

    fn two_persons(&self) {
        let gate = Actor { kind: ActorKind::Gate, id: "start".to_owned() };
        let rule = PeopleRule { two_persons: true, alone: 10 };
        self.gate.office.carry_out(gate, PeopleCommand::SetRule(rule).into()).unwrap();
    }
}

fn told(status: u16, problem: &Value) -> String {
    let text = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
    format!("{status} {}: {}", text("code"), text("detail"))
}

const SIGNED_IN: &str = r#"person ["approver"]"#;

#[test]
fn each_kind_of_signature_signs_in() {
    let bed = Bed::open();
    let (rsa, ec, ed) = (Key::rsa("r"), Key::ec("e"), Key::ed("d"));
    bed.issuer.serve(&[&rsa, &ec, &ed]);
    for (key, algorithm) in [(&rsa, "RS256"), (&rsa, "PS256"), (&ec, "ES256"), (&ed, "EdDSA")] {
        let head = json!({"alg": algorithm, "kid": key.id, "typ": "at+jwt"});
        let token = key.token_with(&head, &bed.claims().to_string());
        assert_eq!(bed.signs_in(&token), SIGNED_IN, "{algorithm}");
    }
    assert_eq!(bed.issuer.fetches(), 1, "one fetch for all");
}

#[test]
fn a_token_that_is_not_all_right_signs_nobody_in_and_says_why() {
    let bed = Bed::open();
    let rsa = Key::rsa("rsa");
    bed.issuer.serve(&[&bed.key, &rsa]);
    let stranger = Key::ed("one");
    let claims = bed.claims().to_string();
    let head = json!({"alg": "EdDSA", "kid": "one"});
    let but = |name: &str, value: Value| bed.key.token(&bed.claims_but(name, value));
    let headed = |head: Value| bed.key.token_with(&head, &claims);
    let none = format!("{}.{}.", base64url(br#"{"alg":"none"}"#), base64url(claims.as_bytes()));
    let text = format!(
        "{}.{}",
        base64url(br#"{"alg":"HS256","kid":"rsa"}"#),
        base64url(claims.as_bytes())
    );
    let public = rsa.public()["n"].as_str().unwrap().to_owned();
    let secret = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, public.as_bytes());
    let mac = aws_lc_rs::hmac::sign(&secret, text.as_bytes());
    let shared = format!("{text}.{}", base64url(mac.as_ref()));
    let twice = claims.replacen('{', r#"{"sub":"ben","#, 1);
    let good = bed.key.token(&bed.claims());
    let mut changed = good.clone();
    changed.replace_range(good.len() - 6..good.len() - 4, "AA");
    let rows = [
        ("alg none", none),
        ("HS256 with the public key as secret", shared),
        ("an algorithm of another kind of key", headed(json!({"alg": "ES256", "kid": "one"}))),
        ("signed by somebody else", stranger.token(&bed.claims())),
        ("signature changed", changed),
        ("unknown key", headed(json!({"alg": "EdDSA", "kid": "two"}))),
        ("crit", headed(json!({"alg": "EdDSA", "kid": "one", "crit": ["b64"], "b64": false}))),
        (
            "another kind of token",
            headed(json!({"alg": "EdDSA", "kid": "one", "typ": "logout+jwt"})),
        ),
        ("wrong issuer", but("iss", json!("https://elsewhere.example"))),
        ("issuer as a list", but("iss", json!([bed.issuer.url]))),
        ("no audience", but("aud", Value::Null)),
        ("wrong audience", but("aud", json!(["another", "third"]))),
        ("audience of numbers", but("aud", json!(["portcullis", 7]))),
        ("audience as an object", but("aud", json!({"portcullis": true}))),
        ("expired", but("exp", json!(NOW - 31))),
        ("no expiry", but("exp", Value::Null)),
        ("expiry as a text", but("exp", json!((NOW + 600).to_string()))),
        ("expiry below zero", but("exp", json!(-5))),
        ("not yet", but("nbf", json!(NOW + 31))),
        ("issued in the future", but("iat", json!(NOW + 31))),
        ("not-before as a truth value", but("nbf", json!(true))),
        ("no subject", but("sub", Value::Null)),
        ("empty subject", but("sub", json!(""))),
        ("subject as a number", but("sub", json!(7))),
        ("roles as a number", but("groups", json!(7))),
        ("roles as a list of lists", but("groups", json!([["gate-approvers"]]))),
        ("a claim twice", bed.key.token_with(&head, &twice)),
        ("claims as a list", bed.key.token_with(&head, "[]")),
        ("four parts", format!("{good}.e30")),
        ("too long", bed.key.token(&bed.claims_but("pad", json!("x".repeat(17 << 10))))),
    ];
    let mut page = String::new();
    for (what, token) in rows {
        let answer = bed.signs_in(&token);
        assert!(!answer.starts_with("person"), "{what}");
        let answer = answer.replace(&bed.issuer.url, "ISSUER");
        page.push_str(&format!("{what}\n  {answer}\n"));
    }
    insta::assert_snapshot!(page);
    assert_eq!(bed.signs_in(&good), SIGNED_IN);
    for (name, value) in [
        ("exp", json!(NOW - 29)),
        ("exp", json!(NOW as f64 + 0.5)),
        ("nbf", json!(NOW + 29)),
        ("aud", json!(["other", "portcullis"])),
        ("groups", json!("gate-approvers others")),
    ] {
        assert_eq!(bed.signs_in(&but(name, value)), SIGNED_IN, "{name}");
    }
}

#[test]
fn where_a_token_says_its_key_is_nobody_looks() {
    let (bed, elsewhere, stranger) = (Bed::open(), Issuer::open(), Key::ed("two"));
    elsewhere.serve(&[&stranger]);
    let there = format!("{}/jwks", elsewhere.url);
    for head in [
        json!({"alg": "EdDSA", "kid": "two", "jku": there}),
        json!({"alg": "EdDSA", "kid": "two", "x5u": there}),
        json!({"alg": "EdDSA", "kid": "one", "jwk": stranger.public()}),
        json!({"alg": "EdDSA", "jwk": stranger.public()}),
        json!({"alg": "EdDSA", "kid": there}),
    ] {
        let token = stranger.token_with(&head, &bed.claims().to_string());
        assert!(bed.signs_in(&token).starts_with("401 token_refused"), "{head}");
    }
    assert_eq!(elsewhere.served.lock().unwrap().asked.len(), 0);
}

#[test]
fn an_algorithm_that_is_not_listed_is_refused_although_the_key_is_known() {
    let only = vec![SignatureAlgorithm::Es256];
    let bed = Bed::with(|mut oidc| {
        oidc.rules.algorithms = only;
        oidc
    });
    insta::assert_snapshot!(bed.me(), @"401 token_refused: the token's `alg` is not one of those that are accepted (ES256)");
}

#[test]
fn a_new_key_is_fetched_when_a_token_names_it_and_at_most_every_thirty_seconds() {
    let bed = Bed::open();
    assert_eq!((bed.me().as_str(), bed.issuer.fetches()), (SIGNED_IN, 1));
    let new = Key::ec("new");
    let token = new.token(&bed.claims());
    bed.issuer.serve(&[&bed.key, &new]);
    for _ in 0..20 {
        assert!(bed.signs_in(&token).starts_with("401"), "fetched a moment ago");
    }
    assert_eq!(bed.issuer.fetches(), 1, "nobody makes the gate knock at will");
    bed.gate.clock.advance(Duration::from_secs(30));
    assert_eq!((bed.signs_in(&token).as_str(), bed.issuer.fetches()), (SIGNED_IN, 2));
    assert_eq!(bed.me(), SIGNED_IN, "the old one is still listed");
    bed.issuer.serve(&[&new]);
    bed.gate.clock.advance(Duration::from_secs(9 * 60));
    assert_eq!(bed.me(), SIGNED_IN, "fresh for ten minutes");
    bed.gate.clock.advance(Duration::from_secs(31));
    let later = bed.claims_but("exp", json!(NOW + 9000));
    bed.gate.clock.advance(Duration::from_secs(30));
    let answer = bed.signs_in(&bed.key.token(&later));
    assert!(answer.starts_with("401 token_refused: the issuer has no key"), "{answer}");
}

#[test]
fn while_the_issuer_is_down_known_keys_go_on_for_an_hour_and_tries_get_rarer() {
    let bed = Bed::open();
    let token = bed.key.token(&bed.claims_but("exp", json!(NOW + 100_000)));
    assert_eq!(bed.signs_in(&token), SIGNED_IN);
    bed.issuer.down(true);
    let mut fetches = Vec::new();
    for minute in 1..60 {
        bed.gate.clock.advance(Duration::from_secs(60));
        assert_eq!(bed.signs_in(&token), SIGNED_IN, "minute {minute}");
        fetches.push(bed.issuer.fetches());
    }
    assert!(*fetches.last().unwrap() <= 12, "{fetches:?}");
    bed.gate.clock.advance(Duration::from_secs(60));
    let answer = bed.signs_in(&token);
    assert!(
        answer.starts_with("503 issuer_unreachable: the issuer's keys can't be had"),
        "{answer}"
    );
    bed.issuer.down(false);
    bed.gate.clock.advance(Duration::from_secs(8 * 60));
    assert_eq!(bed.signs_in(&token), SIGNED_IN);
}

fn without_jwks(mut oidc: Oidc) -> Oidc {
    oidc.source.jwks = None;
    oidc
}

#[test]
fn the_keys_are_found_by_the_discovery_document_of_that_very_issuer() {
    let bed = Bed::with(without_jwks);
    assert_eq!(bed.me(), SIGNED_IN);
    let bed = Bed::with(without_jwks);
    bed.issuer.served.lock().unwrap().issuer = Some("https://elsewhere.example".to_owned());
    insta::assert_snapshot!(bed.me(), @"503 issuer_unreachable: the issuer's keys can't be had: its discovery document is that of another issuer");
    assert_eq!(bed.issuer.fetches(), 0);
}

#[test]
fn a_subject_is_a_person_by_its_record_and_else_has_the_roles_of_its_claim() {
    let bed = Bed::open();
    let token = bed.key.token(&bed.claims());
    let digest = login(&bed.issuer.url, "ana@example.com");
    let (_, me) = bed.call(&token, "GET", "/v1/me", None);
    assert_eq!(me["name"], format!("claim:{}", &digest[..16]), "no personal data in the log");
    let nobody = bed.key.token(&bed.claims_but("groups", Value::Null));
    let answer = bed.signs_in(&nobody).replace(&digest, "DIGEST");
    insta::assert_snapshot!(answer, @"403 person_unknown: the token is genuine, but no person signs in with it and it lists no role; an admin adds its login: `portcullis person edit ID --login DIGEST`");
    let ana = json!({"id": "ana", "roles": ["viewer"], "logins": [digest]});
    bed.done(TOKEN, "POST", "/v1/people", &ana);
    assert_eq!(bed.signs_in(&nobody), r#"person ["viewer"]"#);
    assert_eq!(bed.signs_in(&token), r#"person ["viewer"]"#, "the record counts, not the claim");
    let (_, people) = bed.call(TOKEN, "GET", "/v1/people", None);
    assert_eq!((&people["data"][0]["id"], &people["two_persons"]), (&json!("ana"), &json!("off")));
}

#[test]
fn who_lacks_the_role_is_told_which_and_it_is_recorded() {
    let bed = Bed::open();
    let token = bed.key.token(&bed.claims());
    let (status, problem) = bed.call(&token, "GET", "/v1/audit", None);
    let name = login(&bed.issuer.url, "ana@example.com")[..16].to_owned();
    insta::assert_snapshot!(told(status, &problem).replace(&name, "DIGEST"), @"403 role_missing: this needs the role `auditor`, and claim:DIGEST has approver; an admin gives roles by `portcullis person edit`");
    let calls = bed.gate.calls.lock().unwrap();
    let last = calls.last().unwrap();
    assert_eq!((last.problem, last.actor.is_some()), (Some("role_missing"), true));
}

#[test]
fn what_one_person_proposes_another_approves_and_no_second_login_of_the_first() {
    let bed = Bed::open();
    let person = |id: &str, sub: &str| {
        let logins = [login(&bed.issuer.url, sub)];
        let person =
            json!({"id": id, "roles": ["approver", "investigator", "admin"], "logins": logins});
        bed.done(TOKEN, "POST", "/v1/people", &person);
        bed.key.token(&bed.claims_but("sub", json!(sub)))
    };
    let acme = json!({"id": "acme", "tier": "basic", "use": "travel_search"});
    bed.done(TOKEN, "POST", "/v1/partners", &acme);
    let (ana, ben) = (person("ana", "ana@example.com"), person("ben", "ben@example.com"));
    let both = json!({"logins": [login(&bed.issuer.url, "ana@example.com"), login(&bed.issuer.url, "ana")]});
    bed.done(TOKEN, "PATCH", "/v1/people/ana", &both);
    let other_ana = bed.key.token(&bed.claims_but("sub", json!("ana")));
    bed.two_persons();
    let (status, key) = bed.call(&ana, "POST", "/v1/keys", Some(&json!({"partner": "acme"})));
    assert_eq!(status, 202, "{key}");
    assert!(key["key"].is_string(), "shown now, works once approved");
    let waits = &key["change"]["proposal"];
    let (id, approval) = (waits["id"].as_u64().unwrap(), json!({"digest": waits["digest"]}));
    let path = format!("/v1/proposals/{id}/approve");
    let (_, shown) = bed.call(&ben, "GET", &format!("/v1/proposals/{id}"), None);
    assert_eq!(shown["command"]["issue_key"]["partner"], "acme");
    for (who, code) in [(&ana, "same_person"), (&other_ana, "same_person")] {
        let (status, problem) = bed.call(who, "POST", &path, Some(&approval));
        assert_eq!((status, problem["code"].as_str()), (403, Some(code)));
    }
    let token = bed.call(TOKEN, "POST", &path, Some(&approval));
    assert_eq!((token.0, token.1["code"].as_str()), (403, Some("not_a_person")));
    let done = bed.done(&ben, "POST", &path, &approval);
    let revision = done["revision"].as_u64().unwrap();
    let (_, event) = bed.call(TOKEN, "GET", &format!("/v1/audit/{revision}"), None);
    assert_eq!((&event["actor"]["id"], &event["approver"]["id"]), (&json!("ana"), &json!("ben")));
    assert_eq!((&event["proposal"], &event["event"]["type"]), (&json!(id), &json!("key.issued")));
    let again = bed.call(&ben, "POST", &path, Some(&approval));
    assert_eq!((again.0, again.1["code"].as_str()), (404, Some("unknown_proposal")));
}

#[test]
fn in_an_emergency_the_answer_and_the_list_say_that_somebody_must_ratify() {
    let bed = Bed::open();
    for id in ["ana", "ben"] {
        let logins = [login(&bed.issuer.url, id)];
        bed.done(
            TOKEN,
            "POST",
            "/v1/people",
            &json!({"id": id, "roles": ["admin", "approver"], "logins": logins}),
        );
    }
    let acme = json!({"id": "acme", "tier": "basic", "use": "travel_search"});
    bed.done(TOKEN, "POST", "/v1/partners", &acme);
    bed.two_persons();
    let [ana, ben] = ["ana", "ben"].map(|sub| bed.key.token(&bed.claims_but("sub", json!(sub))));
    let (new, why) =
        (json!({"partner": "acme"}), [("portcullis-emergency", "their key was stolen")]);
    let (status, key) = bed.call_with(&ana, "POST", "/v1/keys", Some(&new), &why);
    assert_eq!(status, 201, "{key}");
    let (_, waiting) = bed.call(&ben, "GET", "/v1/proposals", None);
    let emergency = &waiting["emergencies"][0];
    assert_eq!(
        (&emergency["why"], &emergency["by"]),
        (&json!("their key was stolen"), &json!("ana"))
    );
    let path = format!("/v1/emergencies/{}/ratify", emergency["id"]);
    assert_eq!(bed.call(&ana, "POST", &path, None).0, 403);
    assert_eq!(bed.call(&ben, "POST", &path, None).0, 200);
    let (_, waiting) = bed.call(&ben, "GET", "/v1/proposals", None);
    assert_eq!(waiting["emergencies"], json!([]));
}
