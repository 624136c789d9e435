//! The arrows that must never exist (ARCHITECTURE.md, "Invariants of absence"), held by `cargo tree`.
//!
//! Every reader asserts that the command itself worked: an inverted exit status would also pass on
//! a misspelt crate.

#![allow(clippy::panic, clippy::expect_used, reason = "tests")]

use std::collections::BTreeSet;

use portcullis_testkit::{crates, dependency_names};

/// What a decision must be free of, so that it can be replayed from a file years later.
const RUNTIME: &[&str] = &[
    "axum",
    "clap",
    "getrandom",
    "h2",
    "http",
    "http-body",
    "hyper",
    "hyper-util",
    "mio",
    "notify",
    "prometheus",
    "socket2",
    "sqlx",
    "tokio",
    "tower",
    "tower-http",
    "tower-service",
    "ureq",
];

/// Which crates of ours each one may reach, directly or through others. What isn't listed must
/// never be: the table is the drawing in ARCHITECTURE.md, read from below.
const MAY_REACH: &[(&str, &[&str])] = &[
    ("portcullis-types", &[]),
    ("portcullis-yaml", &["types"]),
    ("portcullis-catalogue", &["types", "yaml"]),
    ("portcullis-request", &["types", "yaml", "catalogue"]),
    ("portcullis-policy", &["types", "yaml", "catalogue"]),
    ("portcullis-sieve", &[]),
    ("portcullis-keys", &["types"]),
    ("portcullis-limits", &["types"]),
    ("portcullis-h1", &[]),
    ("portcullis-hooks", &["types"]),
    ("portcullis-audit", &["types"]),
    ("portcullis-ledger", &["types", "audit", "keys"]),
    ("portcullis-registry", &["types", "audit", "keys"]),
    ("portcullis-judge", JUDGE),
    ("portcullis-store", &["types", "audit", "keys", "registry"]),
    (
        "portcullis-proxy",
        &[
            "types",
            "yaml",
            "catalogue",
            "request",
            "policy",
            "keys",
            "limits",
            "audit",
            "registry",
            "judge",
            "sieve",
            "h1",
        ],
    ),
    ("portcullis-control", &["types", "audit", "keys", "registry"]),
    (
        "portcullis-cli",
        &[
            "types",
            "yaml",
            "catalogue",
            "policy",
            "request",
            "keys",
            "limits",
            "audit",
            "registry",
            "judge",
            "sieve",
        ],
    ),
    ("portcullis-plaza", &[]),
    ("portcullis-testkit", &["types"]),
];

const JUDGE: &[&str] = &[
    "types",
    "yaml",
    "catalogue",
    "request",
    "policy",
    "keys",
    "limits",
    "audit",
    "registry",
    "sieve",
];

/// Crates whose decisions must not touch a runtime, a socket, HTTP or metrics.
const PURE: &[&str] = &[
    "portcullis-types",
    "portcullis-yaml",
    "portcullis-catalogue",
    "portcullis-request",
    "portcullis-policy",
    "portcullis-sieve",
    "portcullis-keys",
    "portcullis-limits",
    "portcullis-audit",
    "portcullis-registry",
    "portcullis-judge",
];

/// Everything but the binary and the tools beside the product.
fn shipped_libraries() -> impl Iterator<Item = &'static str> {
    let beside = ["portcullis-plaza", "portcullis-testkit"];
    MAY_REACH.iter().map(|(name, _)| *name).filter(move |name| !beside.contains(name))
}

#[track_caller]
fn check(krate: &str, banned: &[&str]) {
    let tree = dependency_names(krate);
    let found: Vec<&&str> = banned.iter().filter(|name| tree.contains(**name)).collect();
    assert!(found.is_empty(), "`{krate}` must not reach {found:?}; see ARCHITECTURE.md");
}

#[test]
fn no_pure_crate_reaches_a_runtime_a_socket_http_or_metrics() {
    for krate in PURE {
        check(krate, RUNTIME);
    }
}

#[test]
fn the_codec_reaches_no_runtime_and_no_socket() {
    let all = RUNTIME.iter().filter(|name| **name != "http");
    check("portcullis-h1", &all.copied().collect::<Vec<_>>());
}

#[test]
fn the_ledger_reaches_no_runtime_and_no_socket() {
    // Parquet's library seeds its hash maps with it; what is written does not depend on it.
    let all = RUNTIME.iter().filter(|name| **name != "getrandom");
    check("portcullis-ledger", &all.copied().collect::<Vec<_>>());
}

#[test]
fn each_crate_reaches_only_the_crates_of_ours_that_the_drawing_allows() {
    for (krate, allowed) in MAY_REACH {
        for name in dependency_names(krate) {
            let Some(ours) = name.strip_prefix("portcullis-") else {
                assert_ne!(name, "portcullis", "`{krate}` must not reach the binary");
                continue;
            };
            assert!(
                allowed.contains(&ours),
                "`{krate}` must not reach `{name}`; see ARCHITECTURE.md"
            );
        }
    }
}

#[test]
fn every_crate_has_its_row_in_the_table_of_arrows() {
    let known: BTreeSet<&str> = MAY_REACH.iter().map(|(name, _)| *name).collect();
    for krate in crates() {
        let exempt = ["portcullis", "portcullis-benches"].contains(&krate.name.as_str());
        assert!(exempt || known.contains(krate.name.as_str()), "`{}` has no row", krate.name);
    }
}

#[test]
fn the_gate_stands_when_the_office_burns() {
    check("portcullis-proxy", &["portcullis-store", "portcullis-control", "sqlx", "axum", "ureq"]);
    check("portcullis-control", &["portcullis-proxy", "portcullis-store", "sqlx", "ureq"]);
    check(
        "portcullis-store",
        &["portcullis-proxy", "portcullis-control", "hyper", "axum", "tower"],
    );
    check("portcullis-cli", &["portcullis-proxy", "portcullis-store", "sqlx", "hyper", "axum"]);
}

#[test]
fn nothing_but_the_judge_joins_policy_and_limits() {
    for krate in shipped_libraries() {
        let mut tree = dependency_names(krate);
        tree.insert(krate.to_owned());
        let joins = tree.contains("portcullis-policy") && tree.contains("portcullis-limits");
        let by_judge = tree.contains("portcullis-judge");
        assert!(!joins || by_judge, "`{krate}` joins policy and limits without the judge");
    }
}

#[test]
fn anyhow_stays_in_the_binary() {
    for krate in shipped_libraries() {
        check(krate, &["anyhow"]);
    }
}

#[test]
fn one_tls_library_and_no_system_one() {
    check("portcullis", &["openssl", "openssl-sys", "native-tls", "ring"]);
}

#[test]
#[allow(clippy::unwrap_used, reason = "tests")]
fn a_misspelt_crate_fails_instead_of_passing_for_a_clean_one() {
    let outcome = std::panic::catch_unwind(|| dependency_names("portcullis-no-such-crate"));
    let message = outcome.unwrap_err();
    let text = message.downcast_ref::<String>().map_or("", String::as_str);
    assert!(text.contains("failed"), "{text}");
}
