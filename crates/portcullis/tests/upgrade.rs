//! One gate follows another on one store, under calls that are under way.

use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::http::{Answer, Connection, get, once};
use crate::common::next::{Next, SERVES};
use crate::common::{FOUND, Gate, House, Platform, SLOW};

const PROFILE: &str = "/v21.0/me?fields=id";

fn hold(house: &House, id: &str) {
    let why = ["--reason", "investigation", "--tell", "We are looking into your calls."];
    house.ok(&[&["key", "hold", id], &why[..], &FOUND].concat());
}

/// A gate whose program can be exchanged: it was started from a copy.
fn copied(house: &House) -> (Gate, PathBuf) {
    started(house, |_| {})
}

fn started(house: &House, change: impl FnOnce(&mut Command)) -> (Gate, PathBuf) {
    let program = house.folder.path().join("portcullis");
    shell("cp \"$1\" \"$2\"", &[env!("CARGO_BIN_EXE_portcullis"), program.to_str().unwrap()]);
    let mut command = Command::new(&program);
    command.args(["serve", "--config", house.config().to_str().unwrap()]).env("NO_COLOR", "1");
    change(&mut command);
    let gate = Gate::spawn_command(command);
    gate.wait_for("serving").unwrap();
    (gate, program)
}

/// Puts a script where the program was.
fn exchange(program: &Path, script: &str) {
    let line = "printf %s \"$1\" >\"$2.new\" && chmod 755 \"$2.new\" && mv \"$2.new\" \"$2\"";
    shell(line, &[script, program.to_str().unwrap()]);
}

/// Has a shell write a program: what this process itself writes, a child that another test forks meanwhile
/// holds open until it becomes something else, and until then nobody can start it.
fn shell(line: &str, words: &[&str]) {
    let done = Command::new("sh").args(["-c", line, "sh"]).args(words).status();
    assert!(done.unwrap().success(), "{line}");
}

/// An answer that takes long: it is on its way when this returns.
fn long_answer(house: &House, platform: &Platform) -> Connection {
    let user = platform.ids().paging_user;
    let mut connection = Connection::open(house.public);
    let target = format!(
        "/v21.0/{user}/insights?metric=reach,impressions,profile_views&period=day&since=1&until=1700000000"
    );
    connection.send(get(&target, &house.key).as_bytes());
    let head = connection.head();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    assert!(connection.chunk().is_some());
    connection
}

/// A platform whose answers drip, and a gate that passes them on as they come.
fn dripping() -> (Platform, House, Gate) {
    let platform = Platform::start(Some(SLOW));
    let house = House::init(&platform.url());
    let gate = house.serve();
    let params = "since: plain, until: plain, summary: plain }\n";
    house.edit("routes/plaza.yaml", &format!("{params}    links: true"), params);
    house.ok(&["apply"]);
    (platform, house, gate)
}

#[test]
fn calls_under_way_end_where_they_are_and_new_ones_come_to_the_next() {
    // An answer of many pieces takes longer than the other gate needs.
    let platform = Platform::start(Some(SLOW / 60));
    let house = House::init(&platform.url());
    let mut gate = house.serve();
    let mut idle = Connection::open(house.public);
    assert_eq!(idle.get(PROFILE, &house.key).status, 200);
    platform.running.forget_requests();
    let mut long = Connection::open(house.public);
    let figures =
        format!("/v21.0/{}/insights?metric=reach,impressions", platform.ids().paging_user);
    let figures = format!("{figures}&period=day&since=1&until=1700000000");
    long.send(get(&figures, &house.key).as_bytes());
    while platform.running.requests().is_empty() {
        std::thread::yield_now();
    }
    gate.follow();
    let _next = Next::of(&gate, SERVES);
    assert_eq!(once(house.public, PROFILE, &house.key).status, 200);
    assert!(idle.is_closed(), "who is idle is told to connect anew");
    let answer = long.answer();
    assert_eq!((answer.status, answer.whole), (200, true), "{answer:?}");
    assert_eq!(gate.child.wait().unwrap().code(), Some(0));
    hold(&house, &house.key_id());
    assert_eq!(once(house.public, PROFILE, &house.key).code(), "key_held");
    house.ok(&["audit", "verify"]);
}

#[test]
fn a_hold_of_the_next_gate_bites_in_the_one_before() {
    let (platform, house, mut gate) = dripping();
    let mut long = long_answer(&house, &platform);
    gate.follow();
    let _next = Next::of(&gate, SERVES);
    hold(&house, &house.key_id());
    while long.chunk().is_some() {}
    assert!(long.is_closed(), "it is cut and not ended as if whole");
    assert_eq!(gate.child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_gate_that_nothing_can_follow_goes_on() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let (mut gate, program) = copied(&house);
    let goes_on = |fault: &str| {
        gate.follow();
        gate.wait_for(fault).unwrap();
        assert_eq!(once(house.public, PROFILE, &house.key).status, 200);
        house.ok(&["key", "list"]);
    };
    exchange(&program, "#!/bin/sh\nexit 7\n");
    goes_on("not handed over");
    std::fs::remove_file(&program).unwrap();
    goes_on("can't be started");
    assert_eq!(gate.terminate(), Some(0));
}

#[test]
fn where_the_next_fails_with_the_log_in_its_hands_the_same_program_goes_on() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let (mut gate, program) = copied(&house);
    exchange(&program, "#!/bin/sh\nprintf folded >&0\nsleep 1\nexit 7\n");
    gate.follow();
    let _next = Next::of(&gate, SERVES);
    assert!(gate.talk().contains("could not take over"), "{}", gate.talk());
    assert_eq!(once(house.public, PROFILE, &house.key).status, 200);
    hold(&house, &house.key_id());
    assert_eq!(once(house.public, PROFILE, &house.key).code(), "key_held");
    assert_eq!(gate.child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_partner_who_writes_between_two_writers_is_told_to_come_again() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let (mut gate, program) = copied(&house);
    // It reads the log, is let have it, says so here, and fails once it may.
    let folder = house.folder.path().display().to_string();
    let (has_it, may_fail) = (format!("{folder}/has-it"), format!("{folder}/may-fail"));
    let script = format!(
        "#!/bin/sh\nprintf folded >&0\n\
         until [ \"$word\" = 'let go' ]; do word=$(dd bs=4096 count=1 2>/dev/null) && [ \"$word\" ] || exit 7; done\n\
         : > {has_it}\nuntil [ -e {may_fail} ] || [ ! -d {folder} ]; do sleep 0.01; done\nexit 7\n"
    );
    exchange(&program, &script);
    gate.follow();
    while !Path::new(&has_it).exists() {
        std::thread::yield_now();
    }
    let refused = rotate(&house);
    assert_eq!((refused.status, refused.code().as_str()), (503, "shutting_down"), "{refused:?}");
    assert!(refused.header("retry-after").is_some(), "{}", refused.head);
    assert_eq!(once(house.public, "/partner/v1/me", &house.key).status, 200);
    assert_eq!(once(house.public, PROFILE, &house.key).status, 200);
    std::fs::write(&may_fail, "").unwrap();
    let _next = Next::of(&gate, SERVES);
    assert_eq!(gate.child.wait().unwrap().code(), Some(0));
    let rotated = rotate(&house);
    assert_eq!(rotated.status, 201, "{rotated:?}");
    house.ok(&["audit", "verify"]);
}

fn rotate(house: &House) -> Answer {
    let mut connection = Connection::open(house.public);
    let key = (house.key_id(), &house.key);
    connection.send(
        format!(
            "POST /partner/v1/keys/{}/rotate HTTP/1.1\r\nHost: g\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/json\r\nContent-Length: 15\r\n\r\n{{\"until\": \"2d\"}}",
            key.0, key.1
        )
        .as_bytes(),
    );
    connection.answer()
}

#[test]
fn the_service_manager_is_told_of_the_next_process_by_the_one_it_believes() {
    let platform = Platform::start(None);
    let house = House::init(&platform.url());
    let at = house.folder.path().join("notify");
    let manager = UnixDatagram::bind(&at).unwrap();
    let (mut gate, _program) = started(&house, |command| {
        command.env("NOTIFY_SOCKET", &at);
    });
    let told = || {
        let mut text = [0; 256];
        let length = manager.recv(&mut text).unwrap();
        String::from_utf8(text[..length].to_vec()).unwrap()
    };
    assert_eq!(told(), "READY=1");
    gate.follow();
    let next = Next::of(&gate, SERVES);
    assert_eq!(told(), format!("MAINPID={}\nREADY=1", next.0));
    assert_eq!(gate.child.wait().unwrap().code(), Some(0));
    // The one after that is told by the next.
    next.follow();
    let (process, ready) = {
        let text = told();
        let (process, ready) = text.split_once('\n').unwrap();
        (process.to_owned(), ready.to_owned())
    };
    let last = Next(process.strip_prefix("MAINPID=").unwrap().parse().unwrap());
    assert_eq!((ready.as_str(), last.0 == next.0), ("READY=1", false));
    assert_eq!(once(house.public, PROFILE, &house.key).status, 200);
}
