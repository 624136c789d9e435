//! Partners that bring no key: tokens of an issuer, over a whole gate, while the issuer exchanges its
//! keys; and what the command line says of them.

use crate::common::http::{Answer, once};
use crate::common::{FOUND, Gate, House, Platform, text};
use crate::idp::{Issuer, Key};
use serde_json::{Value, json};

struct Bed {
    _platform: Platform,
    house: House,
    gate: Gate,
}

impl Bed {
    /// A gate that trusts an issuer; `keys` says where its keys are.
    fn open(issuer: &str, keys: &str) -> Self {
        let platform = Platform::start(None);
        let house = House::init(&platform.url());
        let issuers = format!(
            "issuers:\n  - {{ issuer: '{issuer}', audience: portcullis, refresh: 1s, {keys} }}\npeople:\n"
        );
        house.edit("portcullis.yaml", "people:\n", &issuers);
        let gate = house.serve();
        Self { _platform: platform, house, gate }
    }

    /// Lets tokens of an issuer for `calls` stand for a key of the partner that `init` made; its id.
    fn assign(&self, issuer: &str) -> String {
        let partner = self.of(&self.house.key_id(), "partner");
        let issue = ["key", "issue", "--partner", &partner, "--label", "by token"];
        let proof = ["--token-of", issuer, "--subject", "calls", "-o", "json"];
        let answer = self.house.ok(&[&issue[..], &proof[..]].concat());
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert!(!answer.to_string().contains("ptc_"), "no secret is shown: {answer}");
        answer["id"].as_str().unwrap().to_owned()
    }

    fn of(&self, key: &str, member: &str) -> String {
        let shown = self.house.ok(&["key", "show", key, "-o", "json"]);
        let shown: Value = serde_json::from_str(&shown).unwrap();
        shown[member].as_str().unwrap_or_default().to_owned()
    }

    fn call(&self, credential: &str) -> Answer {
        once(self.house.public, "/v21.0/me", credential)
    }

    fn says(&self, word: &str) {
        self.gate.wait_for(word).unwrap_or_else(|talk| panic!("never said {word}: {talk}"));
    }
}

fn claims(issuer: &str) -> Value {
    json!({"iss": issuer, "aud": "portcullis", "sub": "calls", "exp": 4_102_444_800_u64})
}

#[test]
fn tokens_of_an_issuer_call_while_it_exchanges_its_keys_until_the_record_is_held() {
    let (issuer, old, new) = (Issuer::open(), Key::ec("old"), Key::rsa("new"));
    issuer.serve(&[&old]);
    let bed = Bed::open(&issuer.url, &format!("jwks: '{}/jwks'", issuer.url));
    bed.says("are known");
    let id = bed.assign(&issuer.url);
    let token = old.token(&claims(&issuer.url));
    let answer = bed.call(&token);
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(bed.call(&format!("{token}x")).code(), "token_invalid");
    let mut other = claims(&issuer.url);
    other["aud"] = json!("elsewhere");
    assert_eq!(bed.call(&old.token(&other)).code(), "token_invalid");
    other = claims(&issuer.url);
    other["exp"] = json!(1_000);
    assert_eq!(bed.call(&old.token(&other)).code(), "token_expired");
    issuer.serve(&[&new]);
    bed.says("changed");
    assert_eq!(bed.call(&new.token(&claims(&issuer.url))).status, 200);
    let gone = bed.call(&token).code();
    assert!(["token_invalid", "issuer_unreachable"].contains(&&*gone), "{gone}");
    let token = new.token(&claims(&issuer.url));
    let own = once(bed.house.public, "/partner/v1/keys", &token);
    assert_eq!(own.status, 200, "{}", own.body);
    assert!(own.body.contains("\"subject\":\"calls\""), "{}", own.body);
    let tell = "Calls of this night are looked at.";
    let hold = ["key", "hold", &id, "--reason", "investigation", "--tell", tell];
    bed.house.ok(&[&hold[..], &FOUND[..]].concat());
    assert_eq!(bed.call(&token).code(), "key_held");
    assert_eq!(bed.call(&bed.house.key).status, 200, "the key beside it goes on");
}

/// What `/readyz` says of the issuers.
fn issuers(house: &House) -> (bool, String) {
    let ready = once(house.admin, "/readyz", "").json();
    let lines = ready["detail"].as_array().unwrap();
    let line = lines.iter().find(|line| line["name"] == "issuers").unwrap();
    (line["ok"].as_bool().unwrap(), line["detail"].as_str().unwrap().to_owned())
}

#[test]
fn an_issuer_whose_keys_can_t_be_had_is_told_of_until_they_can() {
    let (issuer, key) = (Issuer::open(), Key::ec("one"));
    issuer.down(true);
    let bed = Bed::open(&issuer.url, &format!("jwks: '{}/jwks'", issuer.url));
    bed.says("can't be had");
    let (ok, detail) = issuers(&bed.house);
    let named = format!("the keys of `{}`, for partners, can't be had since 20", issuer.url);
    assert!(!ok && detail.starts_with(&named), "{detail}");
    let up = |bit: u8| {
        let line = format!(
            "portcullis_issuer_keys_up{{issuer=\"{}\",of=\"partners\"}} {bit}\n",
            issuer.url
        );
        once(bed.house.admin, "/metrics", "").body.contains(&line)
    };
    assert!(up(0));
    assert_eq!(once(bed.house.admin, "/readyz", "").status, 200, "calls with keys go on");
    issuer.serve(&[&key]);
    issuer.down(false);
    let ok = (true, "the keys of the issuer can be had".to_owned());
    while issuers(&bed.house) != ok || !up(1) {
        std::thread::yield_now();
    }
}

#[test]
fn keys_of_an_issuer_may_come_from_a_file_and_a_file_without_keys_stops_the_start() {
    let key = Key::ed("one");
    let name = "https://login.acme.example";
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let issuers = format!(
        "issuers:\n  - {{ issuer: '{name}', audience: portcullis, algorithms: [EdDSA], jwks_file: acme.json }}\npeople:\n"
    );
    house.edit("portcullis.yaml", "people:\n", &issuers);
    std::fs::write(house.dir().join("acme.json"), "{}").unwrap();
    let config = house.config();
    let refused = crate::common::portcullis(&["serve", "--config", config.to_str().unwrap()]);
    let said = text(&refused);
    assert!(!refused.status.success() && said.contains("acme.json"), "{said}");
    let set = json!({"keys": [key.public()]}).to_string();
    std::fs::write(house.dir().join("acme.json"), set).unwrap();
    let gate = house.serve();
    let bed = Bed { _platform: platform, house, gate };
    let id = bed.assign(name);
    assert_eq!(bed.call(&key.token(&claims(name))).status, 200);
    let shown = bed.house.ok(&["key", "show", &id]);
    assert!(shown.contains("tokens of https://login.acme.example for calls"), "{shown}");
    let refused = bed.house.cli(&["key", "rotate", &id]);
    assert!(text(&refused).contains("has no secret of its own"), "{}", text(&refused));
    let again = bed.house.cli(&[
        "key",
        "issue",
        "--partner",
        &bed.of(&id, "partner"),
        "--token-of",
        name,
        "--subject",
        "calls",
    ]);
    assert!(text(&again).contains("already"), "{}", text(&again));
}
