//! Route and tier files, mutated byte by byte: in force as a whole, or refused with what is wrong
//! and where.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

use portcullis_catalogue::Catalogue;
use portcullis_policy::PolicySet;
use portcullis_testkit::fuzz;
use portcullis_yaml::Source;

const DIR: &str = env!("CARGO_MANIFEST_DIR");
const ROUTES: &str = include_str!("corpus/routes/calls.yaml");
const SCOPES: &str = "version: 1\nscopes:\n  all: { about: All, classes: [profile.basic] }\n";
const PARTS: &[&str] = &[
    "- ",
    ": ",
    "\n",
    "\n  ",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\"",
    "'",
    "#",
    "&a ",
    "*a",
    "<<: ",
    "!!str ",
    "|\n",
    "null",
    "~",
    "true",
    "0",
    "-1",
    "1e9",
    "18446744073709551616",
    "1h",
    "999999d",
    "version: 1\n",
    "tier: fuzz\n",
    "inherits: fuzz\n",
    "any",
    "granted",
    "\"17841############\"",
    "{version}",
    "\t",
    "é",
    "\u{0}",
    "\u{feff}",
];

fn faulty<T, F: ToString>(name: &str, outcome: Result<T, Vec<F>>) -> Option<T> {
    match outcome {
        Ok(whole) => Some(whole),
        Err(faults) => {
            assert!(!faults.is_empty(), "refused, and nothing is wrong");
            let told = faults.iter().all(|fault| fault.to_string().contains(name));
            assert!(told, "a fault names no file");
            None
        }
    }
}

#[test]
fn a_route_file_is_whole_or_refused() {
    fuzz(DIR, "routes", PARTS, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        faulty("routes/fuzz.yaml", Catalogue::compile(&[Source::new("routes/fuzz.yaml", &*text)]));
    });
}

#[test]
fn a_tier_file_is_whole_or_refused() {
    let catalogue = Catalogue::compile(&[Source::new("routes/r.yaml", ROUTES)]).unwrap();
    fuzz(DIR, "tiers", PARTS, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        let files = [
            Source::new("policies/scopes.yaml", SCOPES),
            Source::new("policies/fuzz.yaml", &*text),
        ];
        faulty("policies/", PolicySet::compile(&files, &catalogue));
    });
}
