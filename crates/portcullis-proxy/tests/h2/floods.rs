//! Peers that keep to the grammar and mean harm: floods of frames, of resets and of fields (RFC 9113
//! §10.5), and peers that are slow.
//!
//! A flood ends its connection with ENHANCE_YOUR_CALM, and nobody else's.

use std::time::Duration;

use portcullis_proxy::Settings;

use crate::fields::{get, get_with, integer, large, literal, silent, upload, upload_with};
use crate::support::{Gate, KEY, PATIENCE, Upstream};
use crate::table::{ENHANCE_YOUR_CALM, answer};
use crate::wire::{
    ACK, CONTINUATION, Client, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PING, SETTINGS,
    WHOLE, WITH_PRIORITY, frame, ping, priority, reset, settings, window,
};
use crate::{connect, platform};

/// The gate closed the one connection there was, and says for what.
#[track_caller]
fn check_cut(gate: &Gate, at: &str) {
    while !gate.metrics.render().contains("portcullis_open_connections 0") {
        std::thread::yield_now();
    }
    let line = format!("portcullis_connections_cut_total{{at=\"{at}\"}} ");
    let shown = gate.metrics.render();
    let cuts: Vec<&str> = shown.lines().filter(|line| line.contains("_cut_total{")).collect();
    assert!(cuts.iter().any(|cut| cut.starts_with(&line)), "{cuts:?}");
}

/// Short enough to wait for, and long enough that nothing else takes as long.
const SHORT: Duration = Duration::from_millis(400);
/// Many times what any of them is allowed.
const MANY: u32 = 10_000;

/// The odd numbers in order.
fn stream(at: u32) -> u32 {
    2 * at + 1
}

/// Each call by its number, one after another.
fn calls(one: impl Fn(u32) -> Vec<u8>) -> Vec<u8> {
    (0..MANY).flat_map(|at| one(stream(at))).collect()
}

/// Sends all of that, and hears that it was too much.
#[track_caller]
fn check(gate: &Gate, name: &str, flood: &[u8]) {
    let mut client = connect(gate);
    client.shake_hands();
    client.send(flood);
    let away = client.until(|frame| frame.kind == GOAWAY);
    let code = away.map(|frame| frame.number(4));
    assert_eq!(code, Some(ENHANCE_YOUR_CALM), "{name}");
    assert!(client.until(|_| false).is_none(), "{name}: the gate does not close");
    let mut canary = connect(gate);
    canary.shake_hands();
    canary.send(frame(HEADERS, WHOLE, 1, get()));
    assert_eq!(answer(&mut canary, 1), Some(200), "{name}");
}

#[test]
fn frames_that_carry_no_call_are_counted() {
    let (up, many) = (platform(), MANY as usize);
    let gate = Gate::before(&up);
    let open = frame(HEADERS, END_HEADERS, 1, upload());
    let floods = [
        ("PING", ping(b"ping-png").repeat(many)),
        ("echoes", frame(PING, ACK, 0, [0; 8]).repeat(many)),
        ("SETTINGS", settings(&[]).repeat(many)),
        ("SETTINGS that change", [settings(&[(4, 1)]), settings(&[(4, 9)])].concat().repeat(many)),
        ("PRIORITY", priority(3, 0, 7).repeat(many)),
        ("PRIORITY of many", calls(|stream| priority(stream + 2, stream, 7))),
        ("WINDOW_UPDATE", window(0, 1).repeat(many)),
        ("WINDOW_UPDATE of a stream", [open.clone(), window(1, 1).repeat(many)].concat()),
        ("unknown frames", frame(0x16, 0, 0, "").repeat(many)),
        ("RST_STREAM again and again", [open, reset(1, 8).repeat(many)].concat()),
        ("GOAWAY", [frame(HEADERS, WHOLE, 1, silent()), goaways()].concat()),
        ("all of them", [ping(b"ping-png"), settings(&[]), window(0, 1)].concat().repeat(many)),
    ];
    for (name, flood) in &floods {
        check(&gate, name, flood);
    }
    check_cut(&gate, "flood");
}

fn goaways() -> Vec<u8> {
    crate::wire::goaway(0, 0).repeat(MANY as usize)
}

#[test]
fn calls_that_are_given_up_at_once_are_counted() {
    let up = platform();
    let gate = Gate::before(&up);
    let given_up = |block: fn() -> Vec<u8>, flags| {
        calls(move |stream| [frame(HEADERS, flags, stream, block()), reset(stream, 8)].concat())
    };
    check(&gate, "answered", &given_up(get, WHOLE));
    check(&gate, "never answered", &given_up(silent, WHOLE));
    check(&gate, "with a body to come", &given_up(upload, END_HEADERS));
    assert!(up.seen().len() < 2000, "{} calls reached the platform", up.seen().len());
}

#[test]
fn calls_that_make_the_gate_reset_them_are_counted() {
    let up = platform();
    let gate = Gate::before(&up);
    let of = |stream| frame(HEADERS, END_HEADERS, stream, upload());
    let whole = |stream, block: Vec<u8>| frame(HEADERS, WHOLE, stream, block);
    let ways: [(&str, Vec<u8>); 5] = [
        ("a window too large", calls(|at| [of(at), window(at, 0x7fff_ffff)].concat())),
        ("a length that is wrong", calls(|at| whole(at, upload_with(&[("content-length", "5")])))),
        ("fields that are malformed", calls(|at| whole(at, get_with(&[("te", "all")])))),
        (
            "a stream that depends on itself",
            calls(|at| {
                let block = [&at.to_be_bytes()[..], &[1], &get()].concat();
                frame(HEADERS, WHOLE | WITH_PRIORITY, at, block)
            }),
        ),
        ("priority of itself", calls(|at| [of(at), priority(at, at, 1)].concat())),
    ];
    for (name, flood) in &ways {
        check(&gate, name, flood);
    }
}

#[test]
fn heads_without_end_and_fields_without_measure_are_refused() {
    let up = platform();
    let gate = Gate::before(&up);
    let begun = frame(HEADERS, END_STREAM, 1, get());
    let part = |fields: &[u8]| frame(CONTINUATION, 0, 1, fields);
    check(&gate, "empty parts", &[begun.clone(), part(b"").repeat(1000)].concat());
    let small = part(&literal(0, "x-more", "and more"));
    check(&gate, "small parts", &[begun.clone(), small.repeat(1000)].concat());
    let large = part(&literal(0, "x-more", &"x".repeat(16_000)));
    check(&gate, "large parts", &[begun, large.repeat(1000)].concat());
    // 4,000 bytes in the table, then each byte another of them.
    let bomb = [get(), literal(0x40, "x-bomb", &"x".repeat(4000)), vec![0xbe; 8000]].concat();
    check(&gate, "a bomb of fields", &frame(HEADERS, WHOLE, 1, bomb));
    assert!(up.seen().iter().all(|seen| seen.header("x-more").is_none()));
}

#[test]
fn empty_data_without_end_is_refused() {
    let up = platform();
    let gate = Gate::before(&up);
    let open = frame(HEADERS, END_HEADERS, 1, upload());
    check(&gate, "empty", &[open, frame(DATA, 0, 1, "").repeat(MANY as usize)].concat());
}

#[test]
fn a_lively_client_is_no_flood() {
    let up = platform();
    let gate = Gate::before(&up);
    let mut client = connect(&gate);
    client.shake_hands();
    client.send(ping(b"ping-png").repeat(1000));
    assert!(client.settle());
    for at in 0..100 {
        client.send([frame(HEADERS, WHOLE, stream(at), get()), window(0, 5)].concat());
        assert_eq!(answer(&mut client, stream(at)), Some(200));
    }
    for at in 100..200 {
        client.send(frame(HEADERS, WHOLE, stream(at), silent()));
    }
    assert!(client.settle());
    for at in 100..200 {
        client.send(reset(stream(at), 8));
    }
    client.send(frame(HEADERS, WHOLE, stream(200), get()));
    assert_eq!(answer(&mut client, stream(200)), Some(200));
}

/// A gate that waits for nobody but as it is told, and what a client says on a connection that was set up.
fn slow(
    up: &Upstream,
    but: impl FnOnce(&mut Settings),
    say: impl FnOnce(&mut Client),
) -> (Gate, Client) {
    let gate = Gate::with(up, |settings| {
        let times = &mut settings.timeouts;
        (times.head, times.send, times.idle) = (SHORT, SHORT, SHORT);
        (times.body, times.body_idle) = (SHORT, SHORT);
        (times.first_byte, times.answer_idle) = (SHORT, SHORT);
        but(settings);
    });
    let mut client = connect(&gate);
    client.shake_hands();
    say(&mut client);
    (gate, client)
}

#[test]
fn a_head_that_does_not_end_is_cut() {
    let up = platform();
    let (gate, mut client) = slow(&up, |_| {}, |client| client.send(frame(HEADERS, 0, 1, get())));
    assert!(client.until(|_| false).is_none());
    check_cut(&gate, "head");
}

#[test]
fn frames_without_calls_do_not_keep_a_connection() {
    let up = platform();
    let (gate, mut client) = slow(&up, |_| {}, |_| {});
    let _ = (0..500).all(|_| client.settle());
    assert!(client.until(|_| false).is_none());
    drop(client);
    check_cut(&gate, "head");
}

#[test]
fn a_body_that_does_not_come_is_answered() {
    let up = platform();
    // Nothing else is over before its body is.
    let but = |settings: &mut Settings| {
        (settings.timeouts.head, settings.timeouts.send) = (PATIENCE, PATIENCE);
    };
    let (_gate, mut client) = slow(&up, but, |client| {
        client.send(frame(HEADERS, END_HEADERS, 1, upload()));
        client.send(frame(DATA, 0, 1, "x"));
    });
    assert_eq!(answer(&mut client, 1), Some(408));
}

#[test]
fn a_client_that_gives_no_window_is_cut() {
    let up = platform();
    let but = |settings: &mut Settings| settings.timeouts.head = PATIENCE;
    let (gate, mut client) = slow(&up, but, |client| {
        client.send(settings(&[(4, 0)]));
        for at in 0..50 {
            client.send(frame(HEADERS, WHOLE, stream(at), large()));
        }
    });
    assert!(client.until(|_| false).is_none());
    check_cut(&gate, "stream");
}

#[test]
fn a_key_is_no_matter_of_the_table() {
    // A key that enters the table of a connection stays there: the next connection does not know it.
    let up = platform();
    let gate = Gate::before(&up);
    let mut first = connect(&gate);
    first.shake_hands();
    first.send(frame(HEADERS, WHOLE, 1, [get(), literal(0x40, "x-own", KEY)].concat()));
    assert_eq!(answer(&mut first, 1), Some(200));
    let mut second = connect(&gate);
    second.shake_hands();
    second.send(frame(HEADERS, WHOLE, 1, [get(), integer(0x80, 7, 62)].concat()));
    assert!(second.until(|frame| frame.kind == GOAWAY).is_some());
    assert!(second.seen.iter().all(|frame| frame.kind != SETTINGS));
}
