//! Which way a call went, told of the last calls.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use crate::support::{
    Answer, Gate, KEY, MEDIA, NOWHERE, Nobody, PROFILE, PUBLISH, Reply, TIER, Upstream, get, post,
};
use portcullis_judge::CredentialAt;
use portcullis_proxy::{Bounds, Codec, RecalledWay, Settings};
use portcullis_types::{Clock, Mono, Now};

/// A clock on which a millisecond passes between two looks.
#[derive(Default)]
struct Counting(AtomicU64);

impl Clock for Counting {
    fn now(&self) -> Now {
        let looks = self.0.fetch_add(1, Ordering::SeqCst);
        let Now { wall, mono } = crate::support::Still.now();
        Now { wall, mono: Mono(mono.0 + looks * 1_000_000) }
    }
}

fn gate(upstream: &str, change: impl FnOnce(&mut Settings)) -> Gate {
    Gate::timed(upstream, TIER, Arc::new(Counting::default()), change)
}

/// The way of the call that was answered so; its end may come after the end of its answer.
fn way(gate: &Gate, answer: &Answer) -> RecalledWay {
    let id = answer.header("x-request-id").unwrap();
    loop {
        if let Some(call) = gate.running().recaller().recall(id, crate::support::PATIENCE) {
            return call.way;
        }
    }
}

#[test]
fn a_call_tells_where_it_was_sent_and_what_it_waited_for() {
    for codec in [Codec::Own, Codec::Hyper] {
        let up = Upstream::plain();
        let gate = gate(&up.url(), |settings| settings.codec = codec);
        let first = way(&gate, &gate.get(PROFILE));
        assert_eq!(first.upstream.as_deref(), Some(&*up.url()), "{codec:?}");
        assert_eq!((first.sent, first.queue_us, first.body_us), (1, None, None), "{codec:?}");
        assert!(first.judge_ns.is_some() && first.answer_us.is_some(), "{first:?}");
        assert!(Some(first.total_us) >= first.answer_us, "{first:?}");
        if codec == Codec::Own {
            assert!(first.opened == 1 && first.connect_us.is_some(), "{first:?}");
            let second = way(&gate, &gate.get(PROFILE));
            assert_eq!((second.opened, second.connect_us), (0, None), "on what was open");
        }
        let body = post(PUBLISH, "Content-Length: 9\r\n", "caption=x");
        assert!(way(&gate, &gate.call(&body)).body_us.is_some(), "{codec:?}");
    }
}

#[test]
fn the_place_of_the_key_is_told_and_not_the_key() {
    let up = Upstream::plain();
    let gate = gate(&up.url(), |_| {});
    let query = format!("GET {PROFILE}?access_token={KEY} HTTP/1.1\r\nHost: a\r\n\r\n");
    let form = format!("caption=x&access_token={KEY}");
    let length = form.len();
    let body = format!(
        "POST {PUBLISH} HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n\r\n{form}"
    );
    for (call, place) in [
        (get(PROFILE, ""), CredentialAt::Header),
        (query, CredentialAt::Query),
        (body, CredentialAt::Body),
    ] {
        assert_eq!(way(&gate, &gate.call(&call)).credential, Some(place), "{call}");
    }
}

#[test]
fn a_call_that_was_sent_again_or_never_says_so() {
    // The second call finds its connection closed, and goes again on another.
    let up = Upstream::new(|seen| match seen.connection {
        0 if seen.line().contains("media") => Reply::Close,
        _ => Reply::json("{}"),
    });
    let before = gate(&up.url(), |_| {});
    before.get(PROFILE);
    let again = way(&before, &before.get(MEDIA));
    assert_eq!((again.sent, again.opened), (2, 1), "{again:?}");

    let nobody = Nobody::new();
    let before = gate(&nobody.url(), |_| {});
    let never = way(&before, &before.get(PROFILE));
    assert_eq!(never.upstream.as_deref(), Some(&*nobody.url()), "{never:?}");
    assert_eq!((never.sent, never.opened, never.answer_us), (0, 1, None), "{never:?}");

    let refused = way(&before, &before.get(NOWHERE));
    assert_eq!((refused.upstream, refused.sent, refused.opened), (None, 0, 0));
}

#[test]
fn a_call_that_waited_for_its_turn_says_how_long() {
    let (go, steps) = mpsc::channel::<()>();
    let steps = Mutex::new(steps);
    let up = Upstream::new(move |seen| {
        if seen.line().contains("media") {
            steps.lock().unwrap().recv().unwrap();
        }
        Reply::json("{}")
    });
    let bounds = Bounds {
        calls: 1,
        partner_percent: 100,
        wait: crate::support::PATIENCE,
        ..Bounds::default()
    };
    let gate = gate(&up.url(), |settings| settings.upstreams.bounds = bounds);
    let mut first = gate.connect();
    first.send(get(MEDIA, ""));
    while up.seen().is_empty() {
        std::thread::yield_now();
    }
    let mut second = gate.connect();
    second.send(get(PROFILE, ""));
    while !gate.metrics.render().contains("portcullis_requests_waiting 1") {
        std::thread::yield_now();
    }
    go.send(()).unwrap();
    assert_eq!(way(&gate, &first.answer()).queue_us, None);
    let waited = way(&gate, &second.answer());
    assert!(waited.queue_us.is_some() && waited.sent == 1, "{waited:?}");
    assert!(Some(waited.total_us) > waited.queue_us, "{waited:?}");
}
