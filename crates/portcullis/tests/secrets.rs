//! No key, pepper or token is ever seen outside: not by the platform, not in a log, not in a metric.

use crate::common::http::{Connection, once};
use crate::common::{FOUND, House, PLATFORM_TOKEN, Platform};

/// Calls with the key in every place it may sit; each must pass.
fn calls(user: &str, key: &str) -> Vec<(&'static str, String)> {
    let get = |name, target: String, headers: String| {
        (name, format!("GET {target} HTTP/1.1\r\nHost: gate.test\r\n{headers}\r\n"))
    };
    let post = |name, target: String, kind: &str, body: String| {
        let kind =
            if kind.is_empty() { String::new() } else { format!("Content-Type: {kind}\r\n") };
        let text = format!(
            "POST {target} HTTP/1.1\r\nHost: gate.test\r\n{kind}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        (name, text)
    };
    let form = "application/x-www-form-urlencoded";
    let parts = |token: &str| {
        format!(
            "--b\r\nContent-Disposition: form-data; name=\"image_url\"\r\n\r\nhttp://i.example/1.jpg\r\n--b\r\nContent-Disposition: form-data; name=\"access_token\"\r\n\r\n{token}\r\n--b--\r\n"
        )
    };
    vec![
        get("bearer", "/v21.0/me?fields=id".into(), format!("Authorization: Bearer {key}\r\n")),
        get("its own header", "/v21.0/me?fields=id".into(), format!("x-api-key: {key}\r\n")),
        get("query", format!("/v21.0/me?fields=id&access_token={key}"), String::new()),
        get(
            "query with a proof",
            format!("/v21.0/me?access_token={key}&appsecret_proof=abc123"),
            String::new(),
        ),
        get(
            "query twice",
            format!("/v21.0/me?access_token={key}&fields=id&access_token={key}"),
            String::new(),
        ),
        get(
            "query and bearer",
            format!("/v21.0/me?access_token={key}"),
            format!("Authorization: Bearer {key}\r\n"),
        ),
        post(
            "form",
            format!("/v21.0/{user}/media"),
            form,
            format!("image_url=http%3A%2F%2Fi.example%2F1.jpg&access_token={key}"),
        ),
        post(
            "form without a type",
            format!("/v21.0/{user}/media"),
            "",
            format!("image_url=http%3A%2F%2Fi.example%2F1.jpg&access_token={key}"),
        ),
        post(
            "JSON",
            format!("/v21.0/{user}/media"),
            "application/json",
            format!("{{\"image_url\":\"http://i.example/1.jpg\",\"access_token\":\"{key}\"}}"),
        ),
        post(
            "multipart",
            format!("/v21.0/{user}/media"),
            "multipart/form-data; boundary=b",
            parts(key),
        ),
        post(
            "query of a POST",
            format!(
                "/v21.0/{user}/media?access_token={key}&image_url=http%3A%2F%2Fi.example%2F1.jpg"
            ),
            "",
            String::new(),
        ),
    ]
}

#[test]
fn the_platform_never_sees_a_partners_key_in_any_place_it_may_sit() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    let user = platform.ids().paging_user;
    for (place, text) in calls(&user, &house.key) {
        platform.running.forget_requests();
        let mut connection = Connection::open(house.public);
        connection.send(text.as_bytes());
        let answer = connection.answer();
        assert_eq!(answer.status, 200, "{place}: {answer:?}");
        let seen = platform.running.requests();
        assert_eq!(seen.len(), 1, "{place} reaches the platform once");
        assert!(!seen[0].contains(&house.key), "{place}: the platform saw the key");
        assert!(!seen[0].contains("appsecret_proof"), "{place}: the platform saw the proof");
        assert!(seen[0].contains(PLATFORM_TOKEN), "{place}: the platform's own credential goes in");
        assert!(
            !answer.body.contains(PLATFORM_TOKEN) && !answer.head.contains(PLATFORM_TOKEN),
            "{place}"
        );
    }
    let mut two = Connection::open(house.public);
    two.send(format!("GET /v21.0/me?access_token={} HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer other\r\n\r\n", house.key).as_bytes());
    assert_eq!(two.answer().code(), "key_conflict");
    drop(gate);
}

/// Calls with copies of the key where none belongs.
fn odd(key: &str) -> Vec<String> {
    let head = |method: &str, target: String, lines: &str| {
        format!(
            "{method} {target} HTTP/1.1\r\nHost: gate.test\r\nAuthorization: Bearer {key}\r\n{lines}\r\n"
        )
    };
    let get = |target: String| head("GET", target, "");
    let post = |kind: &str, body: String| {
        let lines = format!("Content-Type: {kind}\r\nContent-Length: {}\r\n", body.len());
        head("POST", "/v21.0/".to_owned(), &lines) + &body
    };
    let form = "application/x-www-form-urlencoded";
    let entry = format!(r#"[{{"method":"GET","relative_url":"me?access_token={key}"}}]"#);
    let bare = r#"[{"method":"GET","relative_url":"me"}]"#;
    vec![
        get(format!("/v21.0/me?fields=id&after={key}")),
        get(format!("/v21.0/me?fields=id&after=x{key}x")),
        get(format!("/v21.0/me?fields=id&{key}=1")),
        get(format!("/v21.0/{key}?fields=id")),
        get(format!("/v21.0/me?fields={key}")),
        get(format!("/v21.0/me?fields=id&access_token={key}&after={key}")),
        post(form, format!("batch={entry}")),
        post(form, format!("access_token={key}&batch={bare}")),
        post("application/json", format!(r#"{{"batch":{entry}}}"#)),
        post(form, format!("caption={key}")),
    ]
}

/// What the gate tells of those calls.
fn explained(house: &House, ids: &[String]) -> String {
    let mut told = String::new();
    let mut found = 0;
    for id in ids {
        for format in ["json", "table"] {
            let output = house.cli(&["explain", "--request", id, "-o", format]);
            found += usize::from(output.status.success());
            told.push_str(&crate::common::text(&output));
        }
    }
    assert!(found > 30 && told.contains("/v21.0/me?fields=id"), "{found} of {}: {told}", ids.len());
    told
}

#[test]
fn nothing_the_gate_writes_holds_a_secret() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    let user = platform.ids().paging_user;
    let mut answers = String::new();
    let mut ids = Vec::new();
    for (_, text) in calls(&user, &house.key) {
        let mut connection = Connection::open(house.public);
        connection.send(text.as_bytes());
        let answer = connection.answer();
        answers.push_str(&answer.head);
        answers.push_str(&answer.body);
        ids.extend(answer.header("x-request-id"));
    }
    for text in odd(&house.key) {
        let mut connection = Connection::open(house.public);
        connection.send(text.as_bytes());
        // A refusal may tell its caller, and nobody else, the name it wrote.
        ids.extend(connection.answer().header("x-request-id"));
    }
    let wrong = format!("{}x", house.key);
    for target in [
        "/v1/locations/search?lat=1&lng=2",
        "/v21.0/me?bad",
        "/%zz",
        "/v21.0/debug_token?input_token=KEY",
    ] {
        let target = target.replace("KEY", &house.key);
        for key in [&house.key, &wrong] {
            let answer = once(house.public, &target, key);
            answers.push_str(&answer.head);
            answers.push_str(&answer.body);
            ids.extend(answer.header("x-request-id"));
        }
    }
    let explained = explained(&house, &ids);
    let id = house.key_id();
    let why = ["--reason", "investigation", "--tell", "We are looking into it."];
    house.ok(&[&["key", "hold", &id], &why[..], &FOUND].concat());
    answers.push_str(
        &once(house.public, &format!("/v21.0/me?access_token={}", house.key), &house.key).body,
    );
    let page = crate::common::http::once(house.admin, "/metrics", "");
    answers.push_str(&page.body);
    let export = house.ok(&["audit", "export"]);
    let secrets = house.dir().join("secrets");
    let mut hidden = vec![house.key.clone(), PLATFORM_TOKEN.to_owned()];
    hidden.push(house.key.split('_').nth(3).unwrap().to_owned());
    for entry in std::fs::read_dir(secrets).unwrap() {
        hidden.push(std::fs::read_to_string(entry.unwrap().path()).unwrap().trim().to_owned());
    }
    let database = std::fs::read(house.dir().join("data/portcullis.db")).unwrap();
    let wal = std::fs::read(house.dir().join("data/portcullis.db-wal")).unwrap_or_default();
    let stored = String::from_utf8_lossy(&[database, wal].concat()).into_owned();
    let mut gate = gate;
    gate.terminate();
    assert!(
        gate.records().contains("\"verdict\""),
        "access records were written: {}",
        gate.records()
    );
    for (place, text) in [
        ("answers and metrics", &answers),
        ("explained calls", &explained),
        ("the exported log", &export),
        ("the store", &stored),
        ("what the gate said", &gate.talk()),
        ("the access records", &gate.records()),
    ] {
        for secret in &hidden {
            assert!(
                !text.contains(secret.as_str()),
                "{place} holds a secret that begins with {}",
                &secret[..6]
            );
        }
    }
}
