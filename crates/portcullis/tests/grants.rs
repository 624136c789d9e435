//! A withdrawn grant is refused at the next request, also after a kill; an observed partner is not.

use crate::common::http::{Connection, once};
use crate::common::{ACCOUNT, FOUND, House, Platform};

const PARTNER: &str = "first-partner";

fn profile() -> String {
    format!("/v21.0/{ACCOUNT}?fields=username")
}

#[test]
fn a_withdrawal_bites_at_the_next_request_on_every_connection() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    let mut connections: Vec<Connection> =
        (0..30).map(|_| Connection::open(house.public)).collect();
    let mut expect = |status: u16, code: &str| {
        for connection in &mut connections {
            let answer = connection.get(&profile(), &house.key);
            assert_eq!(answer.status, status, "{}", answer.body);
            assert_eq!(answer.json()["code"].as_str().unwrap_or(""), code);
        }
    };
    expect(200, "");
    let other = "17841400000099999";
    for round in 0..3 {
        house.ok(&["grant", "withdraw", ACCOUNT, "--partner", PARTNER]);
        expect(403, "target_not_agreed");
        house.ok(&["grant", "add", other, "--partner", PARTNER]);
        expect(403, "target_not_agreed");
        let file = house.folder.path().join(format!("grants-{round}.csv"));
        std::fs::write(&file, format!("account,partner\n{ACCOUNT},{PARTNER}\n")).unwrap();
        house.ok(&["grant", "import", file.to_str().unwrap(), "--whole"]);
        expect(200, "");
    }
    let listed = house.ok(&["grant", "list"]);
    assert!(listed.contains(ACCOUNT) && !listed.contains(other), "{listed}");
    let ended = ["--from", "2020-01-01", "--until", "2020-12-31"];
    house.ok(&[["grant", "add", ACCOUNT, "--partner", PARTNER].as_slice(), &ended].concat());
    expect(403, "target_not_agreed");
    drop(gate);
}

#[test]
fn what_a_feed_was_told_is_there_after_a_kill() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    for round in 0..4 {
        let gate = house.serve();
        let granted = round % 2 == 0;
        let status = once(house.public, &profile(), &house.key).status;
        assert_eq!(status == 200, granted, "round {round}: {status}");
        let verb = if granted { "withdraw" } else { "add" };
        house.ok(&["grant", verb, ACCOUNT, "--partner", PARTNER]);
        gate.kill();
        let db = house.dir().join("data/portcullis.db");
        house.ok(&["audit", "verify", "--db", db.to_str().unwrap()]);
    }
}

#[test]
fn an_observed_partner_is_refused_by_holds_alone() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let gate = house.serve();
    house.ok(&["grant", "withdraw", ACCOUNT, "--partner", PARTNER]);
    let asked = || once(house.public, &profile(), &house.key);
    assert_eq!(asked().status, 403);
    house.ok(&["partner", "observe", PARTNER, "--why", "a month of watching"]);
    assert_eq!(asked().status, 200, "{}", asked().body);
    let tell = "We are looking into an unusual pattern of calls.";
    let hold = ["partner", "hold", PARTNER, "--reason", "investigation", "--tell", tell];
    house.ok(&[&hold[..], &FOUND].concat());
    assert_eq!(asked().code(), "partner_held");
    let why = ["--reason", "mistake", "--tell", "It was a mistake of ours."];
    house.ok(&[["partner", "restore", PARTNER].as_slice(), &why].concat());
    assert_eq!(once(house.public, &profile(), "ptc_live_wrong").status, 401);
    let over = ["--reason", "agreement-changed", "--tell", "The month of watching is over."];
    house.ok(&[&["partner", "enforce", PARTNER, "--why", "over"][..], &over, &FOUND].concat());
    assert_eq!(asked().status, 403);
    drop(gate);
}
