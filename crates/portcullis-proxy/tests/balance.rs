//! Several upstreams: which takes a call, what becomes of one that ails, and how often a call is sent.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use crate::support::{Gate, MEDIA, Nobody, PROFILE, PUBLISH, Reply, TIER, Upstream, get, post};
use portcullis_proxy::{Attribute, Check, Codec, Settings, Spread, Upstreams, Weighted};

const BOTH: [Codec; 2] = [Codec::Own, Codec::Hyper];

/// A gate before a platform whose own name nobody listens at, with these upstreams.
fn gate(urls: &[String], change: impl FnOnce(&mut Settings)) -> Gate {
    let one = |url: &String| Weighted { at: url.parse().unwrap(), weight: 1 };
    let list = urls.iter().map(one).collect();
    Gate::start("http://platform.test:9", TIER, |settings| {
        settings.upstreams.list = list;
        change(settings);
    })
}

fn figure(gate: &Gate, name: &str) -> u64 {
    let text = gate.metrics.render();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap().parse().unwrap()
}

/// How many of the upstreams that are shown take calls, and how many are shown.
fn up(gate: &Gate) -> (usize, usize) {
    let text = gate.metrics.render();
    let shown = text.lines().filter(|line| line.starts_with("portcullis_upstream_up{"));
    let up: Vec<bool> = shown.map(|line| line.ends_with(" 1")).collect();
    (up.iter().filter(|up| **up).count(), up.len())
}

/// Waits until all of the upstreams are shown, and that many of them take calls.
fn wait_for_up(gate: &Gate, wanted: usize, of: usize) {
    while up(gate) != (wanted, of) {
        std::thread::yield_now();
    }
}

#[test]
fn calls_go_to_each_upstream_and_name_the_platform_as_their_host() {
    for codec in BOTH {
        let ups = [Upstream::plain(), Upstream::plain(), Upstream::plain()];
        let urls = ups.each_ref().map(Upstream::url);
        let gate = gate(&urls, |settings| settings.codec = codec);
        // Each is drawn a third of the time: fewer than four of a hundred, once in 10^13 runs.
        for _ in 0..100 {
            assert_eq!(gate.get(PROFILE).status, 200);
        }
        for up in &ups {
            assert!(up.seen().len() > 3, "{codec:?}: {}", up.seen().len());
            assert_eq!(up.seen()[0].header("host"), Some("platform.test:9"));
        }
    }
}

#[test]
fn the_upstream_that_is_busy_is_spared() {
    let slow = || {
        Upstream::new(|seen| match seen.line().contains("media") {
            true => Reply::Never,
            false => Reply::json("{}"),
        })
    };
    let ups = [slow(), slow()];
    let gate = gate(&ups.each_ref().map(Upstream::url), |_| {});
    let mut waiting = gate.connect();
    waiting.send(get(MEDIA, ""));
    while ups.iter().all(|up| up.seen().is_empty()) {
        std::thread::yield_now();
    }
    let busy = usize::from(ups[0].seen().is_empty());
    for _ in 0..20 {
        assert_eq!(gate.get(PROFILE).status, 200);
    }
    assert_eq!((ups[busy].seen().len(), ups[1 - busy].seen().len()), (1, 20));
}

#[test]
fn a_call_that_could_not_be_sent_goes_to_another_upstream() {
    for codec in BOTH {
        let (nobody, up) = (Nobody::new(), Upstream::plain());
        let gate = gate(&[nobody.url(), up.url()], |settings| settings.codec = codec);
        for _ in 0..10 {
            // Even a write: not a byte of it went out.
            let answer = gate.call(&post(PUBLISH, "Content-Length: 9\r\n", "caption=x"));
            assert_eq!(answer.status, 200, "{codec:?}: {}", answer.text());
            assert_eq!(gate.get(PROFILE).status, 200, "{codec:?}");
        }
        assert_eq!(up.seen().len(), 20);
        assert_eq!(figure(&gate, "portcullis_upstream_failures_total"), 0);
    }
}

#[test]
fn an_upstream_that_cannot_be_connected_to_is_left_out_until_it_can() {
    let nobody = Nobody::new();
    let gate = gate(&[nobody.url()], |_| {});
    for _ in 0..5 {
        assert_eq!(gate.get(PROFILE).code(), "upstream_unreachable");
    }
    wait_for_up(&gate, 0, 1);
    // Nobody tries on behalf of a call.
    let answer = gate.get(PROFILE);
    assert_eq!((answer.status, answer.code().as_str()), (503, "upstream_busy"));
    assert!(matches!(answer.header("retry-after"), Some("1" | "2" | "3")), "{answer:?}");
    let up = nobody.serve(|_| Reply::json("{}"));
    wait_for_up(&gate, 1, 1);
    assert_eq!(gate.get(PROFILE).status, 200);
    assert_eq!(up.seen().len(), 1);
}

#[test]
fn a_read_whose_connection_was_closed_goes_to_another_and_a_write_nowhere() {
    let (bad, good) = (Upstream::new(|_| Reply::Close), Upstream::plain());
    let gate = gate(&[bad.url(), good.url()], |_| {});
    let calls = 12;
    for _ in 0..calls {
        assert_eq!(gate.get(PROFILE).status, 200);
    }
    assert_eq!(good.seen().len(), calls, "each once");
    assert!(bad.seen().len() <= 5, "after five it is spared: {}", bad.seen().len());
    let write = Upstream::new(|_| Reply::Close);
    let gate = self::gate(&[write.url(), good.url()], |_| {});
    let before = good.seen().len();
    let mut lost = 0;
    for _ in 0..calls {
        let answer = gate.call(&post(PUBLISH, "Content-Length: 9\r\n", "caption=x"));
        lost += usize::from(answer.code() == "upstream_malformed");
    }
    assert_eq!((write.seen().len(), good.seen().len() - before), (lost, calls - lost));
}

#[test]
fn the_same_attribute_goes_to_the_same_upstream() {
    for attribute in [Attribute::Partner, Attribute::Key, Attribute::Path] {
        let ups = [Upstream::plain(), Upstream::plain(), Upstream::plain()];
        let gate = gate(&ups.each_ref().map(Upstream::url), |settings| {
            settings.upstreams.spread = Spread::By(attribute);
        });
        for at in 0..10 {
            assert_eq!(gate.get(&format!("{PROFILE}?fields=id&x={at}")).status, 400);
            assert_eq!(gate.get(PROFILE).status, 200);
        }
        let mut seen: Vec<usize> = ups.iter().map(|up| up.seen().len()).collect();
        seen.sort_unstable();
        assert_eq!(seen, [0, 0, 10], "{attribute:?}");
    }
}

#[test]
fn an_upstream_that_says_it_is_ill_gets_no_calls_as_long_as_another_is_well() {
    let (ill, asked) = (Arc::new(AtomicBool::new(true)), Arc::new(Mutex::new(Vec::new())));
    let (is_ill, heard) = (Arc::clone(&ill), Arc::clone(&asked));
    let up = Upstream::new(move |seen| {
        if !seen.line().contains("/healthz") {
            return Reply::json("{}");
        }
        heard.lock().unwrap().push(seen.clone());
        let status = if is_ill.load(Ordering::SeqCst) { "503 Ill" } else { "204 Well" };
        Reply::Bytes(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").into())
    });
    let well = Upstream::plain();
    let gate = gate(&[up.url(), well.url()], |settings| {
        settings.upstreams.check = Some(Check {
            path: "/healthz?deep=1".into(),
            every: Duration::from_millis(10),
            within: crate::support::PATIENCE,
            bad: 2,
            good: 2,
        });
    });
    wait_for_up(&gate, 1, 2);
    let before = up.seen().iter().filter(|seen| !seen.line().contains("healthz")).count();
    assert_eq!(before, 0);
    for _ in 0..20 {
        assert_eq!(gate.get(PROFILE).status, 200);
    }
    assert!(up.seen().iter().all(|seen| seen.line().contains("healthz")));
    let check = asked.lock().unwrap()[0].clone();
    assert_eq!(check.line(), "GET /healthz?deep=1 HTTP/1.1");
    assert_eq!(check.header("host"), Some("platform.test:9"));
    assert!(!check.head.contains(crate::support::PLATFORM), "it shows no credential");
    ill.store(false, Ordering::SeqCst);
    wait_for_up(&gate, 2, 2);
}

#[test]
fn a_call_takes_so_long_and_no_longer_however_often_a_piece_comes() {
    let kept = Mutex::new(Vec::new());
    let up = Upstream::new(move |_| {
        let (go, steps) = mpsc::channel();
        kept.lock().unwrap().push(go);
        let head = "HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: 10\r\n\r\n12345";
        Reply::Steps(vec![head.into()], steps)
    });
    let cut_after = |total| {
        let gate = gate(&[up.url()], |settings| {
            settings.timeouts.total = Duration::from_millis(total);
            settings.timeouts.answer_idle = crate::support::PATIENCE;
            settings.timeouts.first_byte = crate::support::PATIENCE;
        });
        gate.get(PROFILE)
    };
    // On a machine with much else to do a short time may be over before the answer begins.
    let mut answers = [200, 2_000, 20_000].into_iter().map(cut_after);
    let answer = answers.find(|answer| answer.status == 200).unwrap();
    assert_eq!((answer.text().as_str(), answer.whole), ("12345", false));
    let silent = Upstream::new(|_| Reply::Never);
    let gate = self::gate(&[silent.url()], |settings| {
        settings.timeouts.total = Duration::from_millis(200);
        settings.timeouts.first_byte = crate::support::PATIENCE;
    });
    assert_eq!(gate.get(PROFILE).code(), "upstream_slow");
}

#[test]
fn a_name_is_looked_up_and_each_of_its_addresses_tried() {
    let up = Upstream::plain();
    let gate = gate(&[format!("http://localhost:{}", up.addr.port())], |settings| {
        settings.upstreams.resolve_every = Duration::from_millis(10);
    });
    for _ in 0..5 {
        assert_eq!(gate.get(PROFILE).status, 200);
    }
    // Whoever is asked for names may not answer at all.
    let nowhere = self::gate(&["http://nowhere.invalid:80".into()], |settings| {
        settings.timeouts.connect = Duration::from_secs(1);
    });
    assert_eq!(nowhere.get(PROFILE).code(), "upstream_unreachable");
}

/// An address that swallows whoever connects: its row is full, and nobody takes from it.
struct Swallows {
    addr: std::net::SocketAddr,
    listener: socket2::Socket,
    _row: Vec<std::net::TcpStream>,
}

impl Swallows {
    fn new() -> Self {
        let listener = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None);
        let listener = listener.unwrap();
        let any: std::net::SocketAddr = "127.0.0.1:0".parse().unwrap();
        listener.bind(&any.into()).unwrap();
        listener.listen(0).unwrap();
        let addr = listener.local_addr().unwrap().as_socket().unwrap();
        let mut row = Vec::new();
        while let Ok(stream) =
            std::net::TcpStream::connect_timeout(&addr, Duration::from_millis(100))
        {
            row.push(stream);
        }
        Self { addr, listener, _row: row }
    }
}

#[test]
fn an_upstream_that_swallows_connections_keeps_nobody_from_another_and_comes_back() {
    let (swallows, good) = (Swallows::new(), Upstream::plain());
    let gate = gate(&[format!("http://{}", swallows.addr), good.url()], |settings| {
        settings.timeouts.connect = Duration::from_millis(50);
    });
    // It is left out once it was drawn five times, however long that takes.
    let mut calls = 0;
    while up(&gate) != (1, 2) {
        assert_eq!(gate.get(PROFILE).status, 200);
        calls += 1;
    }
    assert_eq!(good.seen().len(), calls);
    // Somebody takes from the row again.
    swallows.listener.listen(128).unwrap();
    wait_for_up(&gate, 2, 2);
}

#[test]
fn upstreams_are_exchanged_while_calls_go_on() {
    let (go, steps) = mpsc::channel();
    let steps = Mutex::new(steps);
    let before = Upstream::new(move |seen| {
        if seen.line().contains("media") {
            steps.lock().unwrap().recv().unwrap();
        }
        Reply::json("{}")
    });
    let after = Upstream::plain();
    let gate = gate(&[before.url()], |settings| {
        settings.upstreams.bounds.calls = 1;
        settings.upstreams.bounds.partner_percent = 100;
        settings.upstreams.bounds.wait = crate::support::PATIENCE;
    });
    // One is under way there, and one waits for it.
    let mut peers = [gate.connect(), gate.connect()];
    peers[0].send(get(MEDIA, ""));
    while before.seen().is_empty() {
        std::thread::yield_now();
    }
    peers[1].send(get(PROFILE, ""));
    while figure(&gate, "portcullis_requests_waiting") != 1 {
        std::thread::yield_now();
    }
    let list = vec![Weighted { at: after.url().parse().unwrap(), weight: 1 }];
    gate.running().exchanger().exchange(Upstreams { list, ..Upstreams::default() });
    while !gate.metrics.render().contains(&format!("upstream=\"{}\"", after.url())) {
        std::thread::yield_now();
    }
    for _ in 0..5 {
        assert_eq!(gate.get(PROFILE).status, 200);
    }
    assert_eq!((before.seen().len(), after.seen().len()), (1, 5));
    assert!(!gate.metrics.render().contains(&before.url()), "nobody looks after it any more");
    go.send(()).unwrap();
    assert!(peers.iter_mut().all(|peer| peer.answer().status == 200));
    assert_eq!((before.seen().len(), after.seen().len()), (2, 5), "both end where they were");
}
