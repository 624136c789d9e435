//! Calls of the admin API, and tokens and claims of those who make them, mutated: each is answered, in
//! the one way that problems look, and nobody is signed in whom the issuer did not vouch for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "tests"
)]

mod gate;
mod issuer;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use gate::{Gate, NOON, TOKEN};
use issuer::signing::base64url;
use issuer::{Issuer, Key};
use portcullis_control::ControlSettings;
use portcullis_testkit::fuzz_slowly;
use serde_json::{Value, json};

const DIR: &str = env!("CARGO_MANIFEST_DIR");
/// After so many calls a gate begins anew, since most of what changes anything ends in a state that
/// refuses all the rest.
const ROUND: usize = 250;

const JSON: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\u0000",
    "\\ud800",
    "null",
    "true",
    "-1",
    "1e999",
    "0.5",
    "18446744073709551616",
    "\"\"",
    "é",
    "\u{0}",
    "\n",
    " ",
    "&",
    "=",
    "%00",
    "%",
    "..",
    "/",
];
const CALLS: &[&str] = &[
    "\"dry_run\":true,",
    "\"tell\":\"x\",",
    "\"to\":\"revoked\"",
    "\"to\":\"terminated\"",
    "\"to\":\"probation\"",
    "\"acme\"",
    "\"c-1\"",
    "\"{key}\"",
    "\"basic\"",
    "\"2024-02-30\"",
    "\"9999999999d\"",
    "\"now\"",
    "\"::/0\"",
    "\"effective\":\"2024-04-02\",",
    "?limit=0",
];

struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

/// One call, sent as it is.
fn call(gate: &Gate, method: &str, path: &str, token: &str, body: &[u8]) -> Answer {
    let address = gate.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let kind = if path.starts_with("/v1/grants") { "x-ndjson" } else { "json" };
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: gate.test\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/{kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer");
    let head = String::from_utf8(answer[..end].to_vec()).unwrap().to_ascii_lowercase();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head, body: answer[end + 4..].to_vec() }
}

/// A gate with a partner, a key, which is told, and a case.
fn furnished() -> (Gate, String) {
    let gate = Gate::open();
    let new = |path: &str, body: Value| {
        let answer = call(&gate, "POST", path, TOKEN, body.to_string().as_bytes());
        assert!((200..300).contains(&answer.status), "{path}: {}", answer.head);
        serde_json::from_slice::<Value>(&answer.body).unwrap()
    };
    new("/v1/partners", json!({"id": "acme", "tier": "basic", "use": "travel_search"}));
    let key = new("/v1/keys", json!({"partner": "acme"}))["id"].as_str().unwrap().to_owned();
    let case = json!({"id": "c-1", "title": "One night", "subjects": ["partner:acme"]});
    new("/v1/cases", case);
    (gate, key)
}

/// The method and target of a first line, where they can be sent.
fn line(text: &str) -> Option<(&str, &str)> {
    let (method, path) = text.split_once(' ')?;
    let known = ["GET", "POST", "PUT", "PATCH"].contains(&method);
    let sent = path.starts_with('/') && path.bytes().all(|byte| byte.is_ascii_graphic());
    (known && sent).then_some((method, path))
}

fn verified(gate: &Gate) {
    let answer = call(gate, "POST", "/v1/audit/verify", TOKEN, b"{}");
    let told: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(told["clean"], true, "{told}");
}

#[test]
fn a_call_is_answered_whatever_it_says_and_the_log_stays_whole() {
    let (mut gate, mut key) = furnished();
    let (mut count, mut done) = (0, 0);
    fuzz_slowly(DIR, "calls", &[JSON, CALLS].concat(), |bytes| {
        count += 1;
        if count % ROUND == 0 {
            verified(&gate);
            (gate, key) = furnished();
        }
        let end = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
        let first = String::from_utf8_lossy(&bytes[..end]).replace("{key}", &key);
        let (method, path) = line(&first).unwrap_or(("POST", "/v1/partners"));
        let body = bytes.get(end + 1..).unwrap_or_default();
        let answer = call(&gate, method, path, TOKEN, body);
        assert!(answer.status < 500 && !answer.head.contains(TOKEN), "{}", answer.head);
        // What is no target of HTTP gets no further than the library.
        let bare = answer.status == 400 && answer.body.is_empty();
        if answer.status >= 400 && !bare {
            let problem: Value = serde_json::from_slice(&answer.body).expect(&answer.head);
            assert!(answer.head.contains("application/problem+json"), "{}", answer.head);
            assert_eq!(problem["status"], answer.status);
            assert!(problem["code"].as_str().is_some_and(|code| !code.is_empty()), "{problem}");
        }
        done += usize::from(answer.status < 400);
    });
    verified(&gate);
    // The corpus alone brings as many.
    assert!(done > 5, "only {done} calls of {count} did anything");
}

/// Whether a token is taken for the issuer's, whoever it is that it names.
fn believed(gate: &Gate, token: &str) -> bool {
    let answer = call(gate, "GET", "/v1/me", token, b"");
    let told: Value = serde_json::from_slice(&answer.body).unwrap();
    match answer.status {
        200 => true,
        401 => false,
        403 if told["code"] == "person_unknown" => true,
        other => panic!("{other}: {told}"),
    }
}

fn vouched() -> (Issuer, Key, Gate) {
    let (issuer, key) = (Issuer::open(), Key::ed("one"));
    issuer.serve(&[&key]);
    let settings = ControlSettings { oidc: Some(issuer.settings()), ..ControlSettings::default() };
    let gate = Gate::with(settings);
    (issuer, key, gate)
}

/// A text of the corpus with what only this run knows.
fn filled(bytes: &[u8], issuer: &Issuer) -> String {
    let ends = (NOON.0 / 1000 + 600).to_string();
    String::from_utf8_lossy(bytes).replace("ISSUER", &issuer.url).replace("NOW", &ends)
}

#[test]
fn claims_sign_in_only_whom_they_name_for_this_gate_and_this_time() {
    let (issuer, key, gate) = vouched();
    let parts = [
        "\"exp\":1",
        "\"exp\":\"NOW\",",
        "\"nbf\":9999999999,",
        "\"aud\":[],",
        "\"aud\":\"other\",",
        "\"sub\":\"\",",
        "\"sub\":7,",
        "\"iss\":\"ISSUER\",",
        "\"groups\":{},",
        "\"exp\":NOW,",
    ];
    let mut signed_in = 0;
    fuzz_slowly(DIR, "claims", &[JSON, &parts].concat(), |bytes| {
        let claims = filled(bytes, &issuer);
        let head = json!({"alg": "EdDSA", "kid": "one", "typ": "JWT"});
        if !believed(&gate, &key.token_with(&head, &claims)) {
            return;
        }
        let read: Value = serde_json::from_str(&claims).expect("claims that were believed");
        assert_eq!(read["iss"], issuer.url);
        let audience = &read["aud"];
        let all = audience.as_array().map_or(std::slice::from_ref(audience), Vec::as_slice);
        assert!(all.contains(&json!("portcullis")));
        let now = (NOON.0 / 1000) as f64;
        assert!(read["exp"].as_f64().unwrap() > now - 30.0);
        assert!(read.get("nbf").is_none_or(|from| from.as_f64().unwrap() <= now + 30.0));
        assert!(!read["sub"].as_str().unwrap().is_empty());
        signed_in += 1;
    });
    assert!(signed_in > 2, "none but {signed_in}");
}

#[test]
fn no_token_that_was_touched_signs_anybody_in() {
    let (issuer, key, gate) = vouched();
    let claims =
        json!({"iss": issuer.url, "aud": "portcullis", "sub": "ana", "exp": NOON.0 / 1000 + 600});
    let token = key.token(&claims);
    let none = format!(
        "{}.{}.",
        base64url(br#"{"alg":"none"}"#),
        base64url(claims.to_string().as_bytes())
    );
    let parts = [".", "..", "=", "-", "_", "AAAA", "Bearer ", "TOKEN", "NONE"];
    let mut signed_in = 0;
    fuzz_slowly(DIR, "tokens", &parts, |bytes| {
        let text = String::from_utf8_lossy(bytes).replace("TOKEN", &token).replace("NONE", &none);
        let sent: String = text.chars().filter(char::is_ascii_graphic).collect();
        if believed(&gate, &sent) {
            assert_eq!(sent, token);
            signed_in += 1;
        }
    });
    assert!(signed_in > 0, "not even as it was");
}
