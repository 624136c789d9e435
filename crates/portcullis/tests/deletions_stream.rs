//! A platform that keeps a stream of deletions open: each line reaches the partner as it comes.

use crate::common::http::{Connection, once};
use crate::common::{ACCOUNT, House, Platform, until};

#[test]
fn a_line_of_a_stream_that_stays_open_is_told_without_another_line_or_its_end() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let _gate = house.serve();
    assert_eq!(once(house.public, "/v21.0/me?fields=id,username", &house.key).status, 200);
    let token = std::fs::read_to_string(house.dir().join("secrets/admin-token")).unwrap();
    let mut stream = Connection::open(house.admin);
    let head = format!(
        "POST /v1/deletions HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {}\r\n\
         Content-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n",
        token.trim(),
    );
    stream.send(head.as_bytes());
    let mut send = |id: &str, owner: &str| {
        let line = serde_json::json!({
            "id": id, "what": "account_closed", "owner": owner, "at": "2026-01-01T00:00:00Z",
        });
        let line = format!("{line}\n");
        stream.send(format!("{:x}\r\n{line}\r\n", line.len()).as_bytes());
    };
    send("first", ACCOUNT);
    let lists = || {
        let page = once(house.admin, "/metrics", "").body;
        page.lines().any(|line| line == "portcullis_deletion_lists_open 1")
    };
    until("the line is told", lists);
    let owed = once(house.public, "/partner/v1/deletions", &house.key).json();
    assert_eq!(owed["data"][0]["id"], "first", "{owed}");
    // The stream is as open as before.
    send("second", "17841499999999999");
    stream.send(b"0\r\n\r\n");
    let answer = stream.answer();
    assert_eq!((answer.status, &answer.json()["new"]), (200, &2.into()), "{}", answer.body);
}
