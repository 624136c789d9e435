//! Platforms behind TLS, behind a socket of this machine, and such as speak HTTP/2.

use std::sync::Arc;
use std::time::Duration;

use crate::support::certs::{Authority, Paper, Wish, pem};
use crate::support::platform::{Over, Platform, server};
use crate::support::{Gate, PLATFORM, PROFILE, PUBLISH, Peer, Still, TIER, UPLOAD, get, post};
use bytes::Bytes;
use http::Response;
use portcullis_proxy::{
    BackMaterial, Bounds, Certificate, Check, Codec, Settings, TlsBack, Weighted,
};

const NAME: &str = "platform.test";

/// What the gate needs to believe that authority, and what it shows.
fn material(authority: &Authority, own: Option<&Paper>) -> BackMaterial {
    let own = own.map(|paper| Certificate {
        chain: pem("gate.pem", &paper.chain),
        key: pem("gate-key.pem", &paper.key),
    });
    BackMaterial { authorities: pem("platform-ca.pem", &authority.pem), own }
}

fn back(material: &BackMaterial, http2: bool) -> TlsBack {
    TlsBack::new(material, NAME, http2, Arc::new(Still)).unwrap()
}

/// A gate before a platform of that name, reached there.
fn gate(at: &str, change: impl FnOnce(&mut Settings)) -> Gate {
    let at = at.parse().unwrap();
    Gate::start("https://platform.test:9", TIER, |settings| {
        settings.upstreams.list = vec![Weighted { at, weight: 1 }];
        change(settings);
    })
}

fn url(platform: &Platform, scheme: &str) -> String {
    format!("{scheme}://{}", platform.addr.unwrap())
}

/// Calls of every kind through a gate, each answered with that text.
#[track_caller]
fn check(gate: &Gate, platform: &Platform, version: &str, text: &str) {
    for _ in 0..5 {
        let read = gate.get(PROFILE);
        assert_eq!((read.status, read.text().as_str(), read.whole), (200, text, true), "{version}");
    }
    let write = gate.call(&post(PUBLISH, "Content-Length: 9\r\n", "caption=x"));
    assert_eq!(write.status, 200, "{version}: {}", write.text());
    let film = "x".repeat(300_000);
    let lines = format!("Content-Type: video/mp4\r\nContent-Length: {}\r\n", film.len());
    assert_eq!(gate.call(&post(UPLOAD, &lines, &film)).status, 200, "{version}");
    let asked = platform.asked();
    assert_eq!(asked.len(), 7);
    assert!(asked.iter().all(|asked| asked.version == version), "{asked:?}");
    assert_eq!((asked[5].body, asked[6].body), (9, 300_000));
    let secret = format!("Bearer {PLATFORM}");
    assert!(asked.iter().all(|asked| asked.secret.as_ref() == Some(&secret)));
}

#[test]
fn a_platform_is_reached_by_tls_that_its_authority_vouches_for() {
    let authority = Authority::new();
    let paper = authority.for_names(&[NAME]);
    for codec in [Codec::Own, Codec::Hyper] {
        let text = "a film".repeat(60_000);
        let over = Over::Tls(server(&paper, "http/1.1", None));
        let platform = Platform::says(over, false, &text);
        let tls = back(&material(&authority, None), false);
        let gate = gate(&url(&platform, "https"), |settings| {
            settings.codec = codec;
            settings.upstreams.tls = Some(tls);
        });
        check(&gate, &platform, "HTTP/1.1", &text);
        assert!(platform.asked().iter().all(|asked| asked.host == "platform.test:9"));
        assert!(platform.connections() < 4, "connections are used again");
    }
}

#[test]
fn nothing_is_sent_to_whom_the_authority_does_not_vouch_for() {
    let (authority, other) = (Authority::new(), Authority::new());
    for (paper, believed) in [
        (authority.for_names(&["another.test"]), &authority),
        (authority.for_names(&[NAME]), &other),
        (authority.issue(&Wish { ends: 2020, ..Wish::server(&[NAME]) }), &authority),
    ] {
        let over = Over::Tls(server(&paper, "http/1.1", None));
        let platform = Platform::says(over, false, "{}");
        let tls = back(&material(believed, None), false);
        let gate = gate(&url(&platform, "https"), |settings| settings.upstreams.tls = Some(tls));
        assert_eq!(gate.get(PROFILE).code(), "upstream_unreachable");
        assert!(platform.asked().is_empty());
    }
    // Where nobody is believed, nobody is called.
    let platform = Platform::says(Over::Tcp, false, "{}");
    let gate = gate(&url(&platform, "https"), |_| {});
    assert_eq!(gate.get(PROFILE).code(), "upstream_unreachable");
    assert!(platform.asked().is_empty());
}

#[test]
fn the_gate_shows_a_certificate_where_it_has_one_and_another_after_an_exchange() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let own = clients.issue(&Wish::client("gate.test"));
    let over = Over::Tls(server(&authority.for_names(&[NAME]), "http/1.1", Some(&clients)));
    let platform = Platform::says(over, false, "{}");
    let tls = back(&material(&authority, None), false);
    let shown = tls.clone();
    let gate = gate(&url(&platform, "https"), |settings| settings.upstreams.tls = Some(shown));
    assert_eq!(gate.get(PROFILE).status, 502);
    tls.exchange(&material(&authority, Some(&own))).unwrap();
    assert_eq!(gate.get(PROFILE).status, 200);
    assert_eq!(platform.asked().len(), 1);
    let unfit = BackMaterial { authorities: pem("none.pem", "nothing"), own: None };
    assert!(tls.exchange(&unfit).is_err());
    assert_eq!(gate.get(PROFILE).status, 200, "what was in force stays");
}

#[test]
fn a_platform_is_reached_by_a_socket_of_this_machine() {
    let folder = tempfile::tempdir().unwrap();
    for codec in [Codec::Own, Codec::Hyper, Codec::Http2] {
        let path = folder.path().join(format!("{codec:?}.sock"));
        let text = "a film".repeat(60_000);
        let http2 = codec == Codec::Http2;
        let platform = Platform::says(Over::Unix(path.clone()), http2, &text);
        let gate = gate(&format!("unix:{}", path.display()), |settings| settings.codec = codec);
        check(&gate, &platform, if http2 { "HTTP/2.0" } else { "HTTP/1.1" }, &text);
    }
    let gate = gate("unix:/nowhere/at/all.sock", |_| {});
    assert_eq!(gate.get(PROFILE).code(), "upstream_unreachable");
}

#[test]
fn many_calls_share_a_connection_of_http2() {
    let authority = Authority::new();
    for secure in [false, true] {
        let text = "a film".repeat(60_000);
        let paper = authority.for_names(&[NAME]);
        let over = if secure { Over::Tls(server(&paper, "h2", None)) } else { Over::Tcp };
        let platform = Platform::says(over, true, &text);
        let tls = back(&material(&authority, None), true);
        let gate = gate(&url(&platform, if secure { "https" } else { "http" }), |settings| {
            settings.codec = Codec::Http2;
            settings.upstreams.tls = Some(tls);
        });
        check(&gate, &platform, "HTTP/2.0", &text);
        assert!(platform.asked().iter().all(|asked| asked.host == "platform.test:9"));
        let mut peers: Vec<Peer> = (0..20).map(|_| gate.connect()).collect();
        peers.iter_mut().for_each(|peer| peer.send(get(PROFILE, "")));
        assert!(peers.iter_mut().all(|peer| peer.answer().status == 200));
        assert_eq!(platform.connections(), 1);
    }
}

#[test]
fn a_platform_of_http2_that_agrees_on_something_else_is_not_called() {
    let authority = Authority::new();
    let paper = authority.for_names(&[NAME]);
    let platform = Platform::says(Over::Tls(server(&paper, "http/1.1", None)), false, "{}");
    let tls = back(&material(&authority, None), true);
    let gate = gate(&url(&platform, "https"), |settings| {
        settings.codec = Codec::Http2;
        settings.upstreams.tls = Some(tls);
    });
    assert_eq!(gate.get(PROFILE).code(), "upstream_unreachable");
    assert!(platform.asked().is_empty());
}

#[test]
fn an_answer_of_http2_that_is_cut_leaves_the_connection() {
    let platform = Platform::new(Over::Tcp, true, |asked| {
        let length = if asked.path.contains("media") { 4_000_000 } else { 2 };
        Response::builder()
            .header("content-type", "video/mp4")
            .body(Bytes::from(vec![b'x'; length]))
            .unwrap()
    });
    let gate = gate(&url(&platform, "http"), |settings| settings.codec = Codec::Http2);
    let mut leaving = gate.connect();
    leaving.send(get(&format!("{PROFILE}/media"), ""));
    assert_eq!(leaving.head().unwrap().0, 200);
    drop(leaving);
    for _ in 0..5 {
        assert_eq!(gate.get(PROFILE).text(), "xx");
    }
    assert_eq!(platform.connections(), 1);
}

#[test]
fn a_platform_of_http2_is_asked_how_it_is_in_http2() {
    let platform = Platform::new(Over::Tcp, true, |asked| {
        let status = if asked.path == "/healthz" { 503 } else { 200 };
        Response::builder().status(status).body(Bytes::from_static(b"{}")).unwrap()
    });
    let gate = gate(&url(&platform, "http"), |settings| {
        settings.codec = Codec::Http2;
        settings.upstreams.bounds = Bounds { calls: 4, ..Bounds::default() };
        settings.upstreams.check = Some(Check {
            path: "/healthz".into(),
            every: Duration::from_millis(10),
            within: crate::support::PATIENCE,
            bad: 1,
            good: 1,
        });
    });
    while !gate.metrics.render().contains("portcullis_upstream_up{upstream=\"http://127.0.0.1:")
        || gate
            .metrics
            .render()
            .lines()
            .any(|line| line.starts_with("portcullis_upstream_up") && line.ends_with(" 1"))
    {
        std::thread::yield_now();
    }
    assert!(platform.asked().iter().all(|asked| asked.secret.is_none()), "it shows no credential");
    // The only one is called all the same.
    assert_eq!(gate.get(PROFILE).status, 200);
}
