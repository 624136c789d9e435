//! Every fault of a configuration is named with file and line, all at once, before anything starts.

use crate::common::{House, text};

fn faulty(change: impl Fn(String) -> String) -> String {
    let house = House::init("http://127.0.0.1:9");
    let config = std::fs::read_to_string(house.config()).unwrap();
    std::fs::write(house.config(), change(config)).unwrap();
    let output = house.cli(&["serve"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));
    let checked = house.cli(&["check", house.dir().to_str().unwrap()]);
    assert_eq!(
        checked.status.code(),
        Some(1),
        "check finds what serve refuses: {}",
        text(&checked)
    );
    text(&output)
}

#[test]
fn each_fault_of_a_configuration_is_named_with_its_line() {
    let table: &[(&str, &str, &[&str])] = &[
        ("version: 1", "version: 9", &["PC0002", "version 1"]),
        ("key_header: x-api-key", "key_header: authorization", &["PC0008"]),
        ("trusted_proxies: []", "trusted_proxies: [nonsense]", &["PC0009", "10.0.0.0/8"]),
        ("url: http://127.0.0.1:9\n", "url: https://127.0.0.1:9\n", &["PC0082", "authorities:"]),
        (
            "upstream:\n",
            "upstream:\n  tls: { authorities: nowhere.pem }\n",
            &["PC0083", "nowhere.pem"],
        ),
        ("credential: bearer", "credential: cookie", &["cookie", "bearer"]),
        ("{ file: secrets/pepper }", "{ file: secrets/peper }", &["PC0014", "secrets/peper"]),
        ("{ file: secrets/pepper }", "{}", &["PC0014", "exactly one"]),
        ("{ file: secrets/pepper }", "{ env: NO_SUCH_VARIABLE_HERE }", &["NO_SUCH_VARIABLE_HERE"]),
        ("{ file: secrets/log-key }", "{ credential: log }", &["LoadCredential"]),
        ("store:\n", "telemetry: { traces: 'collector:4318' }\nstore:\n", &["PC0095", "4318"]),
        ("store:\n", "telemetry: { traces: 'http://a', sample: 5 }\nstore:\n", &["PC0096"]),
        ("store:\n", "telemetry: { sample: 0.5 }\nstore:\n", &["PC0096", "nobody"]),
        ("store:\n", "telemetry: { service: 'a b' }\nstore:\n", &["PC0097", "a b"]),
        ("to: stdout", "to: file", &["PC0011", "path:"]),
        ("to: stdout", "too: stdout", &["too", "to"]),
        (
            "people:\n",
            "issuers: [{ issuer: 'http://a.example', audience: b }]\npeople:\n",
            &["PC0020"],
        ),
        (
            "people:\n",
            "issuers: [{ issuer: a, audience: ' ', jwks_file: x }]\npeople:\n",
            &["PC0021"],
        ),
        (
            "people:\n",
            "issuers: [{ issuer: a, audience: b, jwks_file: x, algorithms: [HS256] }]\npeople:\n",
            &["PC0022"],
        ),
        (
            "people:\n",
            "issuers: [{ issuer: a, audience: b, jwks_file: x, jwks: 'https://a' }]\npeople:\n",
            &["PC0090"],
        ),
        (
            "people:\n",
            "issuers: [{ issuer: a, audience: b, jwks_file: x }, { issuer: a, audience: c, jwks_file: y }]\npeople:\n",
            &["PC0091"],
        ),
        (
            "people:\n",
            "issuers: [{ issuer: a, audience: b, jwks_file: x, refresh: 2h }]\npeople:\n",
            &["PC0093"],
        ),
        (
            "people:\n",
            "issuers: [{ issuer: a, audience: b, jwks_file: x, subject_claim: ' ' }]\npeople:\n",
            &["PC0094"],
        ),
        ("store:\n", "shop:\n", &["shop", "store"]),
        ("upstream:\n", "upstream:\nupstream:\n", &["upstream"]),
        ("upstream:\n", "upstream:\n  addresses: [{ url: 'ftp://x' }]\n", &["PC0006", "ftp"]),
        (
            "upstream:\n",
            "upstream:\n  addresses: [{ url: 'http://a:1', weight: 0 }]\n",
            &["PC0012"],
        ),
        ("upstream:\n", "upstream:\n  spread: random\n", &["random", "least"]),
        ("upstream:\n", "upstream:\n  repeats_percent: 101\n", &["PC0012"]),
        (
            "upstream:\n",
            "upstream:\n  limits: { calls: 0 }\n",
            &["PC0012", "never means unlimited"],
        ),
        ("upstream:\n", "upstream:\n  limits: { wait: 0s }\n", &["PC0013"]),
        (
            "upstream:\n",
            "upstream:\n  limits: { calls: 8, adaptive: { least: 9 } }\n",
            &["PC0012", "9 is outside 1 to 8"],
        ),
        (
            "upstream:\n",
            "upstream:\n  limits: { adaptive: { slower_percent: 0 } }\n",
            &["PC0012", "10 to 1000"],
        ),
        ("upstream:\n", "upstream:\n  limits: { adaptive: { every: 0s } }\n", &["PC0013"]),
        ("upstream:\n", "upstream:\n  check: { path: healthz }\n", &["PC0081", "/healthz"]),
        ("public:\n", "public:\n  threads: 900\n", &["PC0007"]),
        ("public:\n", "limits: { memory_bytes: 1 }\npublic:\n", &["PC0012"]),
        ("public:\n", "limits: { calls: 0 }\npublic:\n", &["PC0012", "never means unlimited"]),
        ("public:\n", "timeouts: { head: 0s }\npublic:\n", &["PC0013"]),
        ("public:\n", "keys: { env: staging }\npublic:\n", &["PC0010"]),
        ("public:\n", "limits: { calls: many }\npublic:\n", &["calls"]),
        (
            "public:\n",
            "reasons:\n  - { code: Prices, about: a, facts: stated, ground: contract, clause: c, because: d }\npublic:\n",
            &["PC0050", "`Prices` is no reason code"],
        ),
        ("public:\n", "\tpublic:\n", &["portcullis.yaml"]),
    ];
    for (from, to, words) in table {
        let said = faulty(|config| {
            assert!(config.contains(from), "the starter config holds `{from}`");
            config.replacen(from, to, 1)
        });
        assert!(said.contains("portcullis.yaml:"), "{to}: names file and line: {said}");
        for word in *words {
            assert!(said.contains(word), "{to}: no `{word}` in {said}");
        }
        assert!(!said.contains("panicked"), "{said}");
    }
}

#[test]
fn several_faults_are_named_at_once() {
    let said = faulty(|config| {
        config
            .replacen("version: 1", "version: 9", 1)
            .replacen("key_header: x-api-key", "key_header: host", 1)
            .replacen("trusted_proxies: []", "trusted_proxies: [a, b]", 1)
            .replacen("{ file: secrets/pepper }", "{ file: nowhere }", 1)
            .replacen("{ file: secrets/log-key }", "{ file: nowhere-either }", 1)
    });
    for code in ["PC0002", "PC0008", "`a`", "`b`", "nowhere`", "nowhere-either"] {
        assert!(said.contains(code), "no {code} in {said}");
    }
}

#[test]
fn a_misspelt_field_hides_no_faulty_value() {
    let said = faulty(|config| {
        config
            .replacen("key_header: x-api-key", "key_header: host", 1)
            .replacen("trusted_proxies: []", "trusted_proxys: []", 1)
            .replacen("{ file: secrets/pepper }", "{ flie: secrets/pepper }", 1)
            .replacen("{ file: secrets/log-key }", "{ file: nowhere }", 1)
    });
    for told in ["PC0008", "trusted_proxys", "flie"] {
        assert!(said.contains(told), "no {told} in {said}");
    }
    assert!(!said.contains("exactly one"), "follows from `flie`: {said}");
}
