//! Laws of the canonical request, tried on random calls. `PROPTEST_CASES` sets how many.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod calls;
#[path = "../common/mod.rs"]
mod common;
mod naive;
#[path = "../plaza/mod.rs"]
mod plaza;
mod tree;
mod wraps;

use std::collections::BTreeMap;

use calls::{call, path, plain, respell};
use common::{Call, USER};
use naive::naive;
use proptest::prelude::*;
use proptest::sample::select;

/// The parameters as they were judged.
fn judged(call: &Call) -> BTreeMap<String, String> {
    let params = call.read(|canonical| {
        canonical.params().iter().map(|p| (p.name.to_string(), p.value.to_string())).collect()
    });
    params.unwrap()
}

/// Every law that holds for a call that is read at all.
fn laws(call: &Call) -> Result<(), TestCaseError> {
    let Ok(sent) = call.sent() else { return Ok(()) };
    let streamed = sent.path == "/v21.0/upload" && !sent.body.is_empty();
    let again = sent.sent();
    prop_assert!(again.is_ok(), "what is sent can't be read: {sent:?} {again:?}");
    let again = again.unwrap();
    if !sent.content_type.as_deref().unwrap_or("").starts_with("multipart") {
        prop_assert_eq!(sent.text(), again.text(), "not a fixed point");
    }
    // What is refused is not sent.
    if let Ok(asks) = call.asks() {
        prop_assert_eq!(sent.asks(), Ok(asks), "judged one thing, sent another: {}", sent.text());
    }
    prop_assert_eq!(judged(call), judged(&sent));
    if !streamed {
        prop_assert_eq!(judged(call), naive(&sent), "two readings: {}", sent.text());
    }
    prop_assert_eq!(sent.key(), Ok(None));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_sent_is_what_was_judged_and_stays_so(call in call()) {
        laws(&call)?;
    }

    #[test]
    fn a_path_in_its_one_spelling_stays_in_it(path in path()) {
        if let Ok(sent) = Call::get(&path).sent() {
            prop_assert_eq!(sent.sent().unwrap().path, sent.path.clone());
            let received = sent.read(|call| call.target_as_received());
            prop_assert_eq!(received, Ok(true), "{}", sent.path);
        }
    }

    #[test]
    fn no_spelling_of_a_path_leads_elsewhere(
        plain in plain(),
        ways in prop::collection::vec((0_usize..18, 0_usize..40), 1..4),
    ) {
        let spelled = ways.iter().fold(plain.clone(), |path, (how, at)| respell(&path, *how, *at));
        let spelled = if spelled.is_empty() { "/".to_owned() } else { spelled };
        let asks = Call::get(&spelled).asks();
        if asks.is_ok() {
            prop_assert_eq!(Call::get(&plain).asks(), asks, "{} {}", plain, spelled);
        }
    }

    #[test]
    fn no_spelling_of_a_field_leads_elsewhere(
        plain in select(vec!["stories", "media{secret}", "email", "id,stories{id}"]),
        ways in prop::collection::vec((0_usize..6, 0_usize..40), 1..4),
    ) {
        let mut spelled = plain.to_owned();
        for (how, at) in ways {
            let at = at % spelled.len();
            let Some(c) = spelled.get(at..at + 1).map(str::to_owned) else { continue };
            let with = match how {
                0 => format!("%{:02x}", c.as_bytes().first().unwrap()),
                1 => format!("%25{:02x}", c.as_bytes().first().unwrap()),
                2 => c.to_uppercase(),
                3 => format!("+{c}"),
                4 => format!("{c}%00"),
                _ => format!("{c},"),
            };
            spelled.replace_range(at..=at, &with);
        }
        let asks = |text: &str| Call::get(&format!("/v21.0/{USER}?fields={text}")).asks();
        if let Ok(found) = asks(&spelled) {
            prop_assert_eq!(asks(plain), Ok(found), "{}", spelled);
        }
    }

    #[test]
    fn a_key_never_goes_on_nor_shows(call in call(), key in "[a-zA-Z0-9_]{12,20}", places in 1_usize..8) {
        let mut call = call;
        if places & 1 != 0 { call = call.bearer(&key); }
        if places & 2 != 0 { call.query = Some(format!("{}&access_token={key}", call.query.unwrap_or_default())); }
        if places & 4 != 0 && call.content_type.as_deref() == Some("application/x-www-form-urlencoded") {
            call.body.extend_from_slice(format!("&access_token={key}").as_bytes());
        }
        if let (Ok(sent), Ok(_)) = (call.sent(), call.asks()) {
            prop_assert!(!sent.text().contains(&key), "{}", sent.text());
        }
        if let Ok(shown) = call.read(|canonical| format!("{canonical:?}")) {
            prop_assert!(!shown.contains(&key), "{}", shown);
        }
    }
}
