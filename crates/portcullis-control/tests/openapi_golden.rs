//! The description of the admin API is a promise: it changes on purpose only.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use std::path::Path;

#[test]
fn the_description_is_the_one_that_was_agreed_on() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi.json");
    let described = portcullis_control::openapi().to_pretty_json().unwrap() + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&golden, &described).unwrap();
    }
    let agreed = std::fs::read_to_string(&golden).unwrap();
    assert!(
        agreed == described,
        "openapi.json differs from the routes: look at the difference after `UPDATE_GOLDEN=1 cargo test -p portcullis-control --test openapi_golden`"
    );
}
