//! The platform is told of holds and restores, its answer is in the log, and a preview tells beforehand
//! what a hold does not stop.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};

use crate::common::http::once;
use crate::common::{FOUND, House, PATIENCE, Platform};
use portcullis_hooks::HookSecret;
use serde_json::Value;

const WHY: [&str; 4] =
    ["--reason", "investigation", "--tell", "We look at how places were read last night."];

/// The platform's own hook, which fails so often and then takes everything: head and body of each.
fn listener(failures: usize) -> (SocketAddr, Receiver<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for (count, stream) in listener.incoming().enumerate() {
            let mut stream = stream.unwrap();
            // A gate that is killed may leave at any byte.
            let Ok((head, body)) = message(&stream) else { continue };
            let answer = if count < failures {
                "HTTP/1.1 503 Later\r\ncontent-length: 0\r\n\r\n"
            } else {
                "HTTP/1.1 200 OK\r\ncontent-length: 17\r\n\r\n{\"urls_ended\":41}"
            };
            let _gone = stream.write_all(answer.as_bytes());
            if tell.send((head, body)).is_err() {
                return;
            }
        }
    });
    (at, told)
}

/// Head and body of what a gate sends.
fn message(stream: &TcpStream) -> std::io::Result<(String, String)> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while reader.read_line(&mut head)? > 2 {}
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length = length.ok_or(std::io::ErrorKind::UnexpectedEof)?;
    let mut body = vec![0; length.parse().unwrap()];
    reader.read_exact(&mut body)?;
    Ok((head, String::from_utf8(body).unwrap()))
}

fn header<'h>(head: &'h str, name: &str) -> &'h str {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap()
}

/// A deployment whose platform has a hook there.
fn with_hook(platform: &str, at: SocketAddr) -> (House, HookSecret) {
    let house = House::init(platform);
    let secret = HookSecret::new(&[7; 32]).unwrap();
    let file = house.dir().join("secrets/platform-hook");
    std::fs::write(&file, &*secret.expose()).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&file, mode).unwrap();
    house.edit(
        "portcullis.yaml",
        "secrets:\n",
        "secrets:\n  platform_hook: { file: secrets/platform-hook }\n",
    );
    let file = house.dir().join("portcullis.yaml");
    let with = std::fs::read_to_string(&file).unwrap()
        + &format!("\nplatform_hook: {{ url: \"http://{at}/gate\", allow: [127.0.0.0/8] }}\n");
    std::fs::write(&file, with).unwrap();
    (house, secret)
}

/// Waits until a line of the log says so.
fn logged(house: &House, word: &str) -> Value {
    for _ in 0..5000 {
        let log = house.ok(&["audit", "list", "-o", "json", "--count", "1000"]);
        let events: Value = serde_json::from_str(&log).unwrap();
        let found = events.as_array().unwrap().iter().find(|one| one["event"]["type"] == word);
        if let Some(event) = found {
            return event.clone();
        }
    }
    panic!("no {word} in {}", house.ok(&["audit", "list"]))
}

#[test]
fn the_platform_is_told_of_a_hold_until_it_answers_and_the_log_has_its_answer() {
    let (at, told) = listener(1);
    let (house, secret) = with_hook("http://127.0.0.1:9", at);
    let gate = house.serve();
    house.ok(&[&["partner", "hold", "first-partner"], &WHY[..], &FOUND].concat());
    let first = told.recv_timeout(PATIENCE).unwrap();
    let again = told.recv_timeout(PATIENCE).unwrap();
    assert_eq!(header(&first.0, "webhook-id"), header(&again.0, "webhook-id"));
    assert_eq!(first.1, again.1, "the same message again");
    let seconds = header(&again.0, "webhook-timestamp").parse().unwrap();
    let signature = secret.sign(header(&again.0, "webhook-id"), seconds, &again.1);
    assert_eq!(header(&again.0, "webhook-signature"), signature);
    let message: Value = serde_json::from_str(&again.1).unwrap();
    assert_eq!(message["type"], "standing.held");
    let event = logged(&house, "platform.told");
    assert!(house.ok(&["partner", "show", "first-partner"]).contains("answered 200"));
    assert_eq!(event["event"]["about"], message["data"]["revision"]);
    assert_eq!(
        (&event["event"]["partner"], &event["event"]["status"]),
        (&"first-partner".into(), &200.into())
    );
    assert_eq!(event["event"]["reply"].as_str().unwrap().len(), 64, "the answer by its digest");
    let why = ["--reason", "mistake", "--tell", "The hold was our mistake and is lifted."];
    house.ok(&[&["partner", "restore", "first-partner"], &why[..]].concat());
    assert!(told.recv_timeout(PATIENCE).unwrap().1.contains("standing.restored"));
    house.ok(&["audit", "verify"]);
    drop(gate);
}

#[test]
fn what_happened_while_the_platform_was_away_is_told_after_a_restart() {
    let (at, told) = listener(0);
    let (house, _) = with_hook("http://127.0.0.1:9", at);
    let gate = house.serve();
    house.ok(&[&["partner", "hold", "first-partner"], &WHY[..], &FOUND].concat());
    // Whether it went out before the end or not, it does go out, under one name.
    gate.kill();
    let gate = house.serve();
    let (head, _) = told.recv_timeout(PATIENCE).unwrap();
    logged(&house, "platform.told");
    for (other, _) in told.try_iter() {
        assert_eq!(header(&other, "webhook-id"), header(&head, "webhook-id"));
    }
    drop(gate);
}

#[test]
fn a_preview_tells_what_a_hold_does_not_stop() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    let dry = || {
        let dry =
            ["partner", "hold", "first-partner", "--shape", "reads", "--dry-run", "-o", "json"];
        let shown = house.cli(&[&dry[..], &WHY, &FOUND].concat());
        serde_json::from_slice::<Value>(&shown.stdout).unwrap()
    };
    let before = dry();
    assert_eq!(before["preview"]["under_way"], serde_json::json!({ "reads": 0, "writes": 0 }));
    let media = |shown: &Value| shown["preview"]["not_stopped"][0]["until"].clone();
    let (count, began) = (&before["preview"]["keys"]["count"], media(&before));
    assert_eq!(count, 1);
    let read = once(house.public, "/v21.0/me/media?fields=id,media_url", &house.key);
    assert_eq!(read.status, 200, "{}", read.body);
    let after = dry();
    assert!(media(&after).as_str() > began.as_str(), "{} {}", media(&after), began);
    assert!(after["what"].as_str().unwrap().starts_with("nothing was done"), "{after}");
    assert_eq!(after["preview"]["notices"][0]["type"], "standing.held");
    assert!(after["preview"]["notices"][0]["statement"]["facts"].is_array(), "{after}");
    let still = once(house.public, "/v21.0/me?fields=id", &house.key);
    assert_eq!(still.status, 200, "nothing was done");
    drop(gate);
}
