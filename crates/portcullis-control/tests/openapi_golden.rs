//! The descriptions of both APIs are promises: they change on purpose only.

use std::path::Path;

use utoipa::openapi::OpenApi;

#[track_caller]
fn check(file: &str, described: &OpenApi) {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let described = described.to_pretty_json().unwrap() + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&golden, &described).unwrap();
    }
    let agreed = std::fs::read_to_string(&golden).unwrap();
    assert!(
        agreed == described,
        "{file} differs from the routes: look at the difference after `UPDATE_GOLDEN=1 cargo test -p portcullis-control --test openapi_golden`"
    );
}

#[test]
fn the_description_is_the_one_that_was_agreed_on() {
    check("openapi.json", &portcullis_control::openapi());
}

#[test]
fn what_partners_are_told_is_the_one_that_was_agreed_on() {
    check("partner-openapi.json", &portcullis_control::partner_openapi());
}
