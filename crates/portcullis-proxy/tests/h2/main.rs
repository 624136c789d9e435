//! HTTP/2 as a partner's client may speak it, right and wrong: each case by its section.
//!
//! Frames and fields are written by hand, since a client that keeps to the protocol can't break it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    unreachable_pub,
    reason = "tests"
)]

mod compression;
mod fields;
mod floods;
mod framing;
mod kinds;
mod messages;
mod opening;
mod streams;
#[path = "../support/mod.rs"]
mod support;
mod table;
mod windows;
mod wire;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::TcpStream;

use portcullis_proxy::{Bounds, Settings};
use support::certs::{self as tls, Authority, front, listener, material};
use support::{Gate, MEDIA, PATIENCE, Reply, Upstream};
use table::Case;
use wire::Client;

fn cases() -> Vec<&'static Case> {
    let sections = [
        opening::CASES,
        framing::CASES,
        streams::CASES,
        kinds::CASES,
        windows::CASES,
        messages::CASES,
        compression::CASES,
    ];
    sections.into_iter().flatten().collect()
}

/// A call whose answer is large.
const LARGE: &str = "/v21.0/17841000000000002";

/// A platform that answers with few bytes, with 5,000, or never, and to HEAD without a body.
fn platform() -> Upstream {
    Upstream::new(|seen| {
        let size = if seen.line().contains(LARGE) { 5000 } else { 5 };
        let body = if seen.line().starts_with("HEAD") { String::new() } else { "x".repeat(size) };
        let head = "HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: ";
        match seen.line().contains(MEDIA) {
            true => Reply::Never,
            false => Reply::Bytes(format!("{head}{size}\r\n\r\n{body}").into()),
        }
    })
}

/// Calls that the platform takes at once.
const AT_ONCE: u32 = 32;

/// A gate before a platform that takes no more than that.
fn gate(up: &Upstream, change: impl FnOnce(&mut Settings)) -> Gate {
    Gate::with(up, |settings| {
        let calls = AT_ONCE as usize;
        settings.upstreams.bounds =
            Bounds { calls, partner_percent: 100, wait: PATIENCE, ..Bounds::default() };
        change(settings);
    })
}

fn dial(gate: &Gate) -> TcpStream {
    let stream = TcpStream::connect(gate.running().addr()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

fn connect(gate: &Gate) -> Client {
    Client::new(Box::new(dial(gate)))
}

#[test]
fn every_case_ends_as_its_section_says_over_h2c() {
    let up = platform();
    let gate = gate(&up, |_| {});
    table::check(&cases(), || connect(&gate));
}

#[test]
fn every_case_ends_as_its_section_says_over_tls() {
    let authority = Authority::new();
    let tls = front(&material(&[&authority.for_names(&["gate.test"])]));
    let up = platform();
    let gate = gate(&up, |settings| settings.listeners = vec![listener(&tls)]);
    let client = tls::Client::plain(&authority).asking_for(&["h2"]);
    table::check(&cases(), || Client::new(Box::new(client.blocking(dial(&gate), "gate.test"))));
}

#[test]
fn the_table_is_as_wide_as_it_was() {
    let cases = cases();
    let names: BTreeSet<_> = cases.iter().map(|case| (case.section, case.name)).collect();
    assert_eq!(names.len(), cases.len(), "two cases of one name");
    let mut shown = String::new();
    for case in &cases {
        let Case { section, name, ends, departs, .. } = case;
        writeln!(shown, "{section:<13} {name}: {ends:?}").unwrap();
        if let Some((end, why)) = departs {
            writeln!(shown, "              but {end:?}: {why}").unwrap();
        }
    }
    insta::assert_snapshot!(format!("{} cases\n{shown}", cases.len()));
}
