//! A key is found wherever clients put it, and is never sent on.

use crate::common::{Call, POST, USER};
use portcullis_request::{Amendments, SentBody, SentTarget, write};
use portcullis_types::Refusal;

const KEY: &str = "ptc_live_abcdefghij_0123456789";

fn part(name: &str, value: &str) -> String {
    format!("--XX\nContent-Disposition: form-data; name=\"{name}\"\n\n{value}\n")
}

fn media() -> String {
    format!("/v21.0/{USER}/media")
}

/// Every way to present a key that a client was seen to use (clients.md R1, R19).
fn presentations(key: &str) -> Vec<Call> {
    let path = media();
    let encoded: String = key.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let escaped: String = key.chars().map(|c| format!("\\u{:04x}", c as u32)).collect();
    vec![
        Call::get(&path).bearer(key),
        Call::get(&path).bearer(key).bearer(key),
        Call::get(&format!("{path}?access_token={key}")),
        Call::get(&format!("{path}?fields=id&access_token={key}&limit=2")),
        Call::get(&format!("{path}?access_token={encoded}")),
        Call::get(&format!("{path}?acces%73_token={key}")),
        Call::get(&format!("{path}?access_token={key}&access_token={key}")),
        Call::get(&format!("{path}?access_token={key}")).bearer(key),
        Call::get(&format!("{path}?access_token={key}&appsecret_proof=beef")),
        Call::get(&format!("{path}?access_token={key}")).json("{}"),
        Call::get(&path).json(&format!("{{\"access_token\":\"{key}\"}}")),
        Call::new("DELETE", &format!("/v21.0/{POST}?access_token={key}")),
        Call::new("DELETE", &format!("/v21.0/{POST}")).form(&format!("access_token={key}")),
        Call::post(&path).form(&format!("caption=a&access_token={key}")),
        Call::post(&path).form(&format!("access_token={key}")),
        Call::post(&path).body(None, format!("access_token={key}&caption=a")),
        Call::post(&format!("{path}?access_token={key}"))
            .body(None, format!("access_token={key}&caption=a")),
        Call::post(&format!("{path}?access_token={key}&caption=a")),
        Call::post(&path).json(&format!("{{\"caption\":\"a\",\"access_token\":\"{key}\"}}")),
        Call::post(&path).json(&format!("{{\"access_token\":\"{escaped}\"}}")),
        Call::post(&path)
            .json(&format!("{{\"acces\\u0073_token\":\"{key}\",\"access_token\":\"{key}\"}}")),
        Call::post(&path).multipart(&format!(
            "{}{}--XX--\n",
            part("access_token", key),
            part("caption", "a")
        )),
        Call::post(&path).multipart(&format!(
            "{}{}--XX--\n",
            part("access_token", key),
            part("access_token", key)
        )),
        Call::post(&format!("{path}?access_token={key}"))
            .bearer(key)
            .form(&format!("access_token={key}")),
        Call::post(&format!("/v21.0/{POST}?method=delete&access_token={key}")),
        Call::post(&format!("/v21.0/{POST}")).form(&format!("method=delete&access_token={key}")),
    ]
}

#[test]
fn a_key_is_found_in_every_place_and_taken_out_of_all() {
    for call in presentations(KEY) {
        assert_eq!(call.key(), Ok(Some(KEY.to_owned())), "{call:?}");
        let in_query = call.query.as_ref().is_some_and(|query| query.contains("_token="));
        let found = call.read(|call| call.query_credential().map(<[u8]>::to_vec)).unwrap();
        assert_eq!(found, in_query.then(|| KEY.as_bytes().to_vec()), "{call:?}");
        assert!(call.asks().is_ok(), "{}: {call:?}", call.asked());
        let sent = call.sent().unwrap();
        let text = sent.text();
        assert!(!text.contains(KEY) && !text.contains("access_token"), "{text}");
        assert!(!text.contains("proof"), "{text}");
        assert_eq!(sent.asks(), call.asks(), "{text}");
    }
}

#[test]
fn two_different_keys_are_refused_wherever_they_stand() {
    let other = "ptc_live_other";
    for first in presentations(KEY) {
        let conflict = |call: &Call| assert_eq!(call.key(), Err(Refusal::KeyConflict), "{call:?}");
        conflict(&first.clone().bearer(other));
        conflict(&first.clone().bearer(""));
        let query = first.query.clone().map_or(String::new(), |query| query + "&");
        for second in [other, "", &KEY.to_lowercase().replace("ptc", "PTC"), &format!("{KEY}%20")] {
            conflict(&Call {
                query: Some(format!("{query}access_token={second}")),
                ..first.clone()
            });
        }
    }
    let path = media();
    for call in [
        Call::post(&path).form(&format!("access_token={KEY}&access_token={other}")),
        Call::post(&path)
            .json(&format!("{{\"access_token\":\"{KEY}\",\"access_token\":\"{other}\"}}")),
        Call::post(&path).multipart(&format!(
            "{}{}--XX--\n",
            part("access_token", KEY),
            part("access_token", other)
        )),
    ] {
        assert_eq!(call.key(), Err(Refusal::KeyConflict), "{call:?}");
    }
}

#[test]
fn no_key_and_an_empty_one_are_the_same() {
    for call in [
        Call::get(&media()),
        Call::get(&media()).bearer(""),
        Call::get(&format!("{}?access_token=", media())),
    ] {
        assert_eq!(call.key(), Ok(None), "{call:?}");
    }
}

/// Some reader takes each of these for `access_token`, hence none of them is passed on.
#[test]
fn a_name_that_is_almost_that_of_the_key_is_refused() {
    for name in [
        "Access_Token",
        "ACCESS_TOKEN",
        "access.token",
        "access-token",
        "access_token[]",
        "access_token[0]",
        "access_token%00",
        "%20access_token",
        "+access_token",
        "access_token%20",
        "access%5Ftoken%5B%5D",
        "access%255Ftoken",
        "acce%C5%BFs_token",
        "%EF%BB%BFaccess_token",
        "access_token%0A",
    ] {
        for path in [media(), "/v21.0/loose".to_owned()] {
            let call = Call::get(&format!("{path}?{name}={KEY}")).bearer("other");
            assert!(call.asked().starts_with("unreadable"), "{name}: {}", call.asked());
        }
    }
    for call in [
        Call::post(&media()).json(&format!("{{\"Access_Token\":\"{KEY}\"}}")),
        Call::post(&media()).json("{\"access_token\":5}"),
        Call::post(&media()).json("{\"access_token\":[\"a\"]}"),
        Call::post(&media()).json("{\"access_token\":null}"),
        Call::get(&format!("{}?access_token=a;access_token=b", media())),
        Call::get(&format!("{}?limit=1;access_token=b", media())),
    ] {
        assert!(call.asked().starts_with("unreadable"), "{call:?}: {}", call.asked());
    }
}

#[test]
fn a_key_as_an_argument_is_never_passed_on() {
    let check = |call: Call, what: &str| {
        assert_eq!(call.clone().bearer(KEY).asked(), format!("not judged: {what}"), "{call:?}");
    };
    let argument = "a key as an argument";
    check(Call::get(&format!("/v21.0/debug_token?input_token={KEY}")), argument);
    check(Call::get("/v21.0/debug_token?input_token=somebodys"), argument);
    check(Call::get("/v21.0/loose?input_token=somebodys"), argument);
    check(Call::get(&format!("/v21.0/{USER}/media?input_token=x")), argument);
    check(Call::post(&media()).form(&format!("caption={KEY}")), argument);
    check(Call::post(&media()).form(&format!("caption=my+{KEY}+here")), argument);
    check(Call::get(&format!("/v21.0/loose?{KEY}=1")), argument);
    check(Call::get(&format!("/explore/tags/{KEY}")), argument);
    check(Call::post(&media()).json(&format!("{{\"tags\":[{{\"a\":\"{KEY}\"}}]}}")), argument);
    let escaped: String = KEY.chars().map(|c| format!("\\u{:04x}", c as u32)).collect();
    check(Call::post(&media()).json(&format!("{{\"tags\":[\"{escaped}\"]}}")), argument);
    check(
        Call::post(&media()).json("{\"tags\":[{\"access_token\":\"another\"}]}"),
        "a key inside a nested value",
    );
    // Forms have no other way to nest than JSON as text, and platforms read it.
    let nested = "%5B%7B%22access_token%22:%22another%22%7D%5D";
    check(Call::post(&media()).form(&format!("tags={nested}")), "a key inside a nested value");
    check(Call::post(&media()).form(&format!("tags=+{nested}")), "a key inside a nested value");
    check(
        Call::post(&media()).json("{\"tags\":\"{\\\"Access_Token\\\":1, broken\"}"),
        "a key inside a nested value",
    );
    let doubly = escaped.replace('\\', "\\\\");
    check(Call::post(&media()).json(&format!("{{\"tags\":\"[\\\"{doubly}\\\"]\"}}")), argument);
    let fine = Call::post(&media()).bearer(KEY).form("caption=%7Bnot+json,+no+access_token%7D");
    assert_eq!(fine.asked(), "createMedia: media.publish");
}

#[test]
fn the_platforms_own_key_goes_in_by_amendment() {
    let amendments = Amendments {
        query: vec![
            ("access_token".into(), "PLATFORM+KEY".into()),
            ("appsecret_proof".into(), "beef".into()),
        ],
    };
    let check = |call: Call, expected: &str| {
        assert_eq!(call.sent_with(&amendments).unwrap().text(), expected);
    };
    let tail = "access_token=PLATFORM%2BKEY&appsecret_proof=beef";
    check(Call::get(&media()).bearer(KEY), &format!("GET {}?{tail}", media()));
    check(
        Call::get(&format!("{}?access_token={KEY}&appsecret_proof=old&limit=2", media())),
        &format!("GET {}?limit=2&{tail}", media()),
    );
    check(
        Call::post(&media()).form(&format!("access_token={KEY}&caption=a b").replace(' ', "+")),
        &format!("POST {}?{tail} [application/x-www-form-urlencoded] caption=a%20b", media()),
    );
}

#[test]
fn an_amended_parameter_is_sent_as_amended_only() {
    let amendments = Amendments { query: vec![("limit".into(), "50".into())] };
    let check = |call: Call, expected: &str| {
        assert_eq!(call.sent_with(&amendments).unwrap().text(), format!("{expected}?limit=50"));
    };
    check(Call::get(&format!("{}?limit=100", media())), &format!("GET {}", media()));
    check(Call::get(&media()), &format!("GET {}", media()));
    check(Call::post(&media()).form("limit=100"), &format!("POST {}", media()));
    check(
        Call::post(&media()).multipart(&(part("limit", "9") + "--XX--")),
        &format!("POST {}", media()),
    );
}

#[test]
fn nothing_that_shows_itself_shows_a_key() {
    let path = format!("{}?access_token={KEY}&since={KEY}", media());
    let keys: [&[u8]; 1] = [KEY.as_bytes()];
    let (path, query) = path.split_once('?').unwrap();
    let body = format!("access_token={KEY}&caption={KEY}");
    let arrival = portcullis_request::Arrival {
        method: "POST",
        path,
        query: Some(query),
        content_type: None,
        header_keys: &keys,
        body: body.as_bytes(),
        has_body: true,
    };
    let bounds = portcullis_request::Bounds::default();
    let canonical =
        portcullis_request::canonicalise(&arrival, crate::common::shared(), &bounds).unwrap();
    let amendments = Amendments { query: vec![("access_token".into(), KEY.into())] };
    let sent = write(&canonical, &amendments);
    let shown = format!(
        "{arrival:?}{arrival:#?}{canonical:?}{canonical:#?}{:?}{amendments:?}{sent:?}",
        canonical.params()
    );
    assert!(!shown.contains("ptc_") && !shown.contains("0123456789"), "{shown}");
    assert!(
        matches!(sent.target, SentTarget::Written(_))
            && matches!(sent.body, SentBody::Params { .. })
    );
}

#[test]
fn a_file_that_holds_the_callers_own_key_is_not_sent_on() {
    let file = |head: &str, bytes: &str| {
        let part = format!("--XX\nContent-Disposition: form-data; {head}\n\n{bytes}\n--XX--\n");
        Call::post(&media()).bearer(KEY).multipart(&part).asked()
    };
    let fine = "name=\"source\"; filename=\"a\"";
    assert_eq!(file(fine, "bytes"), "createMedia: media.publish");
    for (head, bytes) in [
        (fine, format!("x{KEY}y")),
        ("name=\"caption\"; filename=\"\"", KEY.to_owned()),
        (&*format!("name=\"source\"; filename=\"{KEY}.jpg\""), "bytes".to_owned()),
        (&*format!("name=\"source\"; filename*=UTF-8''{KEY}"), "bytes".to_owned()),
        (&*format!("{fine}\nContent-Type: image/{KEY}"), "bytes".to_owned()),
    ] {
        let asked = file(head, &bytes);
        assert!(asked.contains("key as an argument"), "{head}: {asked}");
    }
}
