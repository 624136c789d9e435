//! What stands before HTTP: several listeners, proxies that announce whom they bring, and how many
//! may come from one address.

use std::time::Duration;

use crate::support::certs::{Authority, Client, front, listener, material};
use crate::support::{Gate, PROFILE, Peer, Upstream, get};
use portcullis_proxy::Listener;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const HOSTS: &[&str] = &["127.0.0.0/8"];

fn announced(by: &[&str]) -> Listener {
    let proxy_protocol = by.iter().map(|net| net.parse().unwrap()).collect();
    Listener { proxy_protocol, ..Listener::plain("127.0.0.1:0".parse().unwrap()) }
}

fn gate(up: &Upstream, by: &[&str]) -> Gate {
    Gate::with(up, |settings| {
        settings.listeners = vec![announced(by)];
        settings.threads = 2;
        settings.limits.connections_per_address = 2;
    })
}

/// A header of version 1 for a client at that address.
fn line(client: &str) -> String {
    let family = if client.contains(':') { "TCP6" } else { "TCP4" };
    let here = if client.contains(':') { "::1" } else { "10.0.0.1" };
    format!("PROXY {family} {client} {here} 4711 443\r\n")
}

#[test]
fn whom_a_proxy_announces_is_who_calls() {
    let up = Upstream::plain();
    let mut gate = gate(&up, HOSTS);
    let v2 =
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0f\xc0\0\x02\x09\x0a\0\0\x01\x01\x02\x03\x04\x03\0\0";
    let local = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";
    let cases: [(Vec<u8>, &str); 6] = [
        (line("192.0.2.7").into_bytes(), "192.0.2.7"),
        (line("2001:db8::7").into_bytes(), "2001:db8::7"),
        (line("::ffff:192.0.2.8").into_bytes(), "192.0.2.8"),
        (b"PROXY UNKNOWN\r\n".to_vec(), "127.0.0.1"),
        (v2.to_vec(), "192.0.2.9"),
        (local.to_vec(), "127.0.0.1"),
    ];
    for (header, _) in &cases {
        for pieces in [vec![&header[..]], header.chunks(1).collect()] {
            let mut peer = gate.connect();
            for piece in pieces {
                peer.send(piece);
            }
            peer.send(get(PROFILE, ""));
            assert_eq!(peer.answer().status, 200);
        }
    }
    gate.end();
    for (seen, (_, whom)) in up.seen().iter().zip(cases.iter().flat_map(|case| [case, case])) {
        assert_eq!(seen.header("x-forwarded-for"), Some(*whom));
    }
    for (_, whom) in cases {
        assert!(gate.log.text().contains(&format!("\"peer\":\"{whom}\"")), "{whom}");
    }
}

#[test]
fn nobody_comes_in_unannounced() {
    let up = Upstream::plain();
    let trusted = gate(&up, HOSTS);
    for begin in
        [get(PROFILE, ""), "PROXY TCP4 192.0.2.7\r\n".to_owned(), "\r\n\r\n\0\r\nQUIx".into()]
    {
        let mut peer = trusted.connect();
        peer.send(begin);
        assert!(peer.is_closed());
    }
    let stranger = gate(&up, &["10.0.0.0/8"]);
    let mut peer = stranger.connect();
    peer.send(line("192.0.2.7") + &get(PROFILE, ""));
    assert!(peer.is_closed());
    for (mut gate, count) in [(trusted, 3), (stranger, 1)] {
        gate.end();
        let line = format!("turned_away_total{{why=\"announcement\"}} {count}\n");
        assert!(gate.metrics.render().contains(&line), "{line}");
    }
    // Where nobody is trusted, a header is a request like any other, and a bad one.
    let plain = Gate::before(&up);
    let mut peer = plain.connect();
    peer.send(line("192.0.2.7") + &get(PROFILE, ""));
    assert_eq!(peer.answer().status, 400);
    assert!(up.seen().is_empty());
}

#[test]
fn who_announces_nothing_in_time_is_cut() {
    let up = Upstream::plain();
    let mut gate = Gate::with(&up, |settings| {
        settings.listeners = vec![announced(HOSTS)];
        settings.timeouts.head = Duration::from_millis(100);
    });
    for begin in ["", "PROXY TCP4 192.0"] {
        let mut peer = gate.connect();
        peer.send(begin);
        assert!(peer.is_closed());
    }
    gate.end();
    assert!(gate.metrics.render().contains("cut_total{at=\"announcement\"} 2"));
}

/// A connection of a client at that address, after a call.
fn answered(gate: &Gate, client: &str) -> Option<Peer> {
    let mut peer = gate.connect();
    peer.send(line(client) + &get(PROFILE, ""));
    peer.try_answer().map(|answer| assert_eq!(answer.status, 200)).map(|()| peer)
}

#[test]
fn an_address_has_so_many_connections_and_no_more() {
    let up = Upstream::plain();
    let mut gate = gate(&up, HOSTS);
    let first = answered(&gate, "192.0.2.7").unwrap();
    let _second = answered(&gate, "192.0.2.7").unwrap();
    assert!(answered(&gate, "192.0.2.7").is_none(), "over all threads");
    let _other = answered(&gate, "192.0.2.8").unwrap();
    let _net = [answered(&gate, "2001:db8::1").unwrap(), answered(&gate, "2001:db8::2").unwrap()];
    assert!(answered(&gate, "2001:db8::3").is_none());
    let _local: Vec<Peer> = (0..4).map(|_| answered(&gate, "127.0.0.1").unwrap()).collect();
    drop(first);
    // Its place is free once the gate has seen it go.
    while answered(&gate, "192.0.2.7").is_none() {}
    let page = gate.metrics.render();
    assert!(page.contains("turned_away_total{why=\"address\"}"), "{page}");
    drop((_second, _other, _net, _local));
    gate.end();
}

#[tokio::test]
async fn an_announcement_comes_before_tls_and_listeners_keep_to_themselves() {
    let (up, authority) = (Upstream::plain(), Authority::new());
    let tls = front(&material(&[&authority.for_names(&["gate.test"])]));
    let both = Listener { tls: Some(tls.clone()), ..announced(HOSTS) };
    let mut gate = Gate::with(&up, |settings| {
        settings.listeners.extend([listener(&tls), both]);
        settings.threads = 2;
    });
    let [plain, secure, both] = *gate.running().addrs() else { panic!("three listeners") };
    let mut peer = Peer::connect(plain);
    peer.send(get(PROFILE, ""));
    assert_eq!(peer.answer().status, 200);
    let client = Client::plain(&authority);
    assert!(client.connect(secure, "gate.test").await.is_ok());
    assert!(client.connect(plain, "gate.test").await.is_err());
    assert!(client.connect(both, "gate.test").await.is_err());
    let mut stream = tokio::net::TcpStream::connect(both).await.unwrap();
    stream.write_all(line("192.0.2.7").as_bytes()).await.unwrap();
    let mut stream = client.over(stream, "gate.test").await.unwrap();
    stream.write_all(get(PROFILE, "Connection: close\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    gate.end();
    let forwarded = up.seen().last().unwrap().header("x-forwarded-for").map(str::to_owned);
    assert_eq!(forwarded.as_deref(), Some("192.0.2.7"));
}

#[test]
fn connections_are_shared_out_among_threads_whatever_chance_says() {
    let up = Upstream::plain();
    let mut gate = Gate::with(&up, |settings| {
        settings.threads = 4;
        let Listener { address, .. } = announced(HOSTS);
        settings.listeners = vec![Listener::plain(address), announced(HOSTS)];
    });
    let at = |number: usize| gate.running().addrs()[number];
    let mut peers: Vec<(Peer, String)> = Vec::new();
    for number in 0..64 {
        let mut peer = Peer::connect(at(number % 2));
        if number % 2 == 1 {
            peer.send(line("192.0.2.7"));
        }
        peer.send(get(PROFILE, ""));
        assert_eq!(peer.answer().status, 200);
        peers.push((peer, get(PROFILE, "")));
    }
    // Chance would have each of 64 connections come to a thread that has no more than others.
    let handed = gate.metrics.render();
    let handed = handed.lines().find_map(|line| {
        line.strip_prefix("portcullis_connections_handed_over_total ")?.parse::<u32>().ok()
    });
    assert!((1..64).contains(&handed.unwrap()), "{handed:?}");
    for (peer, call) in &mut peers {
        peer.send(&*call);
        assert_eq!(peer.answer().status, 200);
    }
    let running = gate.running.take().unwrap();
    assert_eq!(running.drain(crate::support::PATIENCE).cut, 0);
}
