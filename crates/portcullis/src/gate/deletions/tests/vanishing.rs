//! Stories, which vanish by themselves: each day partners are told of what they received the day before.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::atomic::Ordering;

use portcullis_types::Clock as _;

use super::*;
use crate::clock::ahead;

const DAY: u64 = 86_400_000;
const ACCOUNT: &str = "17841400000006647";

/// A platform with two stories of an account, whatever it is asked for.
fn platform() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let story = |id: &str| {
        let (expires, kind) = ("2999-01-01T00:00:00+0000", "BUSINESS");
        json!({"id": id, "expires_at": expires, "account_type": kind, "media_product_type": "STORY"})
    };
    let body =
        json!({"data": [story("18000000000000001"), story("18000000000000002")]}).to_string();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let body = body.clone();
            std::thread::spawn(move || {
                let lines = BufReader::new(&stream).lines().map_while(Result::ok);
                for _request in lines.filter(String::is_empty) {
                    let length = body.len();
                    let head = format!(
                        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n"
                    );
                    (&stream).write_all(format!("{head}{body}").as_bytes()).unwrap();
                }
            });
        }
    });
    at
}

#[test]
fn stories_are_due_by_day_for_whom_received_any_and_for_nobody_else() {
    let mut bed = Bed::before((&format!("http://{}", platform()), None), "", None);
    for id in ["teller", "silent"] {
        let key = bed.add_for(id, Use::StoryInsights);
        let batch = bootstrap::granted(&PartnerId::new(id).unwrap(), &[ACCOUNT.to_owned()]);
        bed.gate.as_ref().unwrap().grant(actor(), batch).unwrap();
        bed.keys.insert(id, key);
    }
    let gate = bed.gate.as_ref().unwrap();
    let url = format!("http://{}/v21.0/{ACCOUNT}/stories?fields=id", gate.public());
    for _ in 0..2 {
        let (status, answer) = bed.get(&url, &bed.keys["teller"]);
        assert_eq!((status, answer["data"].as_array().map(Vec::len)), (200, Some(2)), "{answer}");
    }
    // Of a day is what was written down on it.
    let written = "portcullis_ledger_written_total 2";
    until(written, || bed.metrics().lines().any(|line| line == written));
    let now = crate::clock::SystemClock::start().wall().0;
    let today = (now / DAY) as u32;
    // Eleven minutes into tomorrow, at whatever time this runs: late on a day another date is named.
    ahead().fetch_add(DAY - now % DAY + 660_000, Ordering::Relaxed);
    let told = bed.polled("teller");
    let list = &told["lists"][0];
    let date = |day: u32| Wall(u64::from(day) * DAY).rfc3339();
    assert_eq!((&list["count"], &list["what"]), (&json!(4), &json!("expired")), "{told}");
    assert_eq!(list["day"], date(today)[..10], "{told}");
    assert_eq!(list["due_by"], date(today + 2), "{told}");
    assert_eq!(told["data"], json!([]), "it names nothing");
    let (_, none) = bed.get(&bed.partner("deletions"), &bed.keys["silent"]);
    assert_eq!(none["lists"], json!([]), "who received none hears nothing");
    bed.stop();
}
