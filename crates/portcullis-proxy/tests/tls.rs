//! TLS in front: who is shown which certificate, who gets in, and what stays when files change.

use std::io::{Read, Write};
use std::time::Duration;

use crate::support::certs::{
    Authority, Client, Paper, Wish, clients, front, listener, material, pem,
};
use crate::support::{Gate, PROFILE, Upstream, get};
use portcullis_judge::CredentialAt;
use portcullis_proxy::{TlsFront, TlsMaterial};
use rustls::HandshakeKind;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::version::{TLS12, TLS13};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

/// A gate behind TLS with that front.
fn gate(up: &Upstream, tls: &TlsFront) -> Gate {
    Gate::with(up, |settings| {
        settings.threads = 2;
        settings.listeners = vec![listener(tls)];
    })
}

/// A call over HTTP/1.1; the head's first line, or why there is none.
async fn call(stream: &mut TlsStream<TcpStream>, lines: &str) -> std::io::Result<String> {
    stream.write_all(get(PROFILE, lines).as_bytes()).await?;
    let mut text = Vec::new();
    while !text.ends_with(b"{}") {
        if stream.read_buf(&mut text).await? == 0 {
            break;
        }
    }
    Ok(String::from_utf8(text).unwrap().lines().next().unwrap_or_default().to_owned())
}

async fn one(client: &Client, gate: &Gate, name: &'static str) -> std::io::Result<String> {
    let mut stream = client.connect(gate.running().addr(), name).await?;
    call(&mut stream, "").await
}

const OK: &str = "HTTP/1.1 200 OK";

fn shown(stream: &TlsStream<TcpStream>) -> CertificateDer<'static> {
    stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

fn is(paper: &Paper, stream: &TlsStream<TcpStream>) -> bool {
    shown(stream) == CertificateDer::from_pem_slice(paper.chain.as_bytes()).unwrap()
}

#[tokio::test]
async fn both_versions_are_spoken_and_the_protocol_is_agreed_on() {
    let (up, authority) = (Upstream::plain(), Authority::new());
    let gate = gate(&up, &front(&material(&[&authority.for_names(&["gate.test"])])));
    for version in [&TLS12, &TLS13] {
        for (asked, agreed) in [
            (&["h2", "http/1.1"][..], Some("h2")),
            (&["http/1.1", "h2"], Some("h2")),
            (&["http/1.1"], Some("http/1.1")),
            (&["http/1.0", "http/1.1"], Some("http/1.1")),
            (&[], None),
        ] {
            let client = Client::new(&authority, &[version], None).asking_for(asked);
            let mut stream = client.connect(gate.running().addr(), "gate.test").await.unwrap();
            let tls = stream.get_ref().1;
            assert_eq!(tls.protocol_version(), Some(version.version));
            assert_eq!(tls.alpn_protocol(), agreed.map(str::as_bytes), "{asked:?}");
            if agreed != Some("h2") {
                assert_eq!(call(&mut stream, "").await.unwrap(), OK);
            }
        }
        let client = Client::new(&authority, &[version], None).asking_for(&["spdy/3"]);
        let why = client.connect(gate.running().addr(), "gate.test").await.unwrap_err();
        assert!(why.to_string().contains("NoApplicationProtocol"), "{why}");
    }
}

#[tokio::test]
async fn http_2_is_spoken_where_it_was_agreed_on_and_only_there() {
    use http_body_util::{BodyExt, Empty};
    use hyper::body::Bytes;
    use hyper_util::rt::{TokioExecutor, TokioIo};
    let (up, authority) = (Upstream::plain(), Authority::new());
    let gate = gate(&up, &front(&material(&[&authority.for_names(&["gate.test"])])));
    let client = Client::plain(&authority).asking_for(&["h2"]);
    let stream = client.connect(gate.running().addr(), "gate.test").await.unwrap();
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    for _ in 0..3 {
        let request = http::Request::get(format!("https://gate.test{PROFILE}"))
            .header("authorization", format!("Bearer {}", crate::support::KEY))
            .body(Empty::<Bytes>::new())
            .unwrap();
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.version()), (200, http::Version::HTTP_2));
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "{}");
    }
    // RFC 9113 §3.2: over TLS it is agreed on, not begun.
    let client = Client::plain(&authority);
    let mut stream = client.connect(gate.running().addr(), "gate.test").await.unwrap();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(
        answer.starts_with(b"HTTP/1.1 400") || answer.starts_with(b"HTTP/1.1 505"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_certificate_is_chosen_by_the_name_that_is_asked_for() {
    let (up, authority) = (Upstream::plain(), Authority::new());
    let first = authority.for_names(&["gate.test", "second.gate.test"]);
    let wild = authority.for_names(&["*.api.test", "api.test"]);
    let exact = authority.for_names(&["v1.api.test"]);
    let gate = gate(&up, &front(&material(&[&first, &wild, &exact])));
    let client = Client::plain(&authority);
    for (name, paper) in [
        ("gate.test", Some(&first)),
        ("second.gate.test", Some(&first)),
        ("GATE.test", Some(&first)),
        ("api.test", Some(&wild)),
        ("v2.api.test", Some(&wild)),
        ("v1.api.test", Some(&exact)),
        // The first is shown, which this client does not accept for another name.
        ("two.labels.api.test", None),
        ("elsewhere.test", None),
        ("127.0.0.1", None),
    ] {
        let connected = client.connect(gate.running().addr(), name).await;
        match (connected, paper) {
            (Ok(stream), Some(paper)) => assert!(is(paper, &stream), "{name}"),
            (Err(why), None) => {
                assert!(why.to_string().contains("not valid for"), "{name}: {why}");
            }
            (Ok(_), None) => panic!("{name} was accepted"),
            (Err(why), Some(_)) => panic!("{name}: {why}"),
        }
    }
}

/// The first lines that TLS of an older version begins with.
fn old_hello(minor: u8) -> Vec<u8> {
    let mut hello = vec![3, minor];
    hello.extend([7; 32]);
    // No session, four old suites, no compression, no extensions.
    hello.extend([0, 0, 8, 0xc0, 0x13, 0xc0, 0x14, 0, 0x2f, 0, 0x35, 1, 0]);
    let length = u8::try_from(hello.len()).unwrap();
    let mut record = vec![22, 3, 1, 0, length + 4, 1, 0, 0, length];
    record.extend(hello);
    record
}

#[test]
fn older_versions_and_plain_http_are_turned_away() {
    let (up, authority) = (Upstream::plain(), Authority::new());
    let gate = gate(&up, &front(&material(&[&authority.for_names(&["gate.test"])])));
    for (what, bytes) in [
        ("SSL 3", old_hello(0)),
        ("TLS 1.0", old_hello(1)),
        ("TLS 1.1", old_hello(2)),
        ("TLS 1.2 with old suites", old_hello(3)),
        ("HTTP", get(PROFILE, "").into_bytes()),
        ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec()),
    ] {
        let mut stream = std::net::TcpStream::connect(gate.running().addr()).unwrap();
        stream.write_all(&bytes).unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(answer.is_empty() || (answer[0], answer.len()) == (21, 7), "{what}: {answer:?}");
    }
    assert!(up.seen().is_empty());
}

#[test]
fn who_does_not_finish_the_handshake_is_cut() {
    let (up, authority) = (Upstream::plain(), Authority::new());
    let tls = front(&material(&[&authority.for_names(&["gate.test"])]));
    let mut gate = Gate::with(&up, |settings| {
        settings.listeners = vec![listener(&tls)];
        settings.timeouts.head = Duration::from_millis(100);
    });
    for begin in [&b""[..], b"\x16\x03\x01\x02\x00\x01"] {
        let mut peer = gate.connect();
        peer.send(begin);
        assert!(peer.is_closed(), "{begin:?}");
    }
    gate.end();
    let cut = r#"portcullis_connections_cut_total{at="handshake"} 2"#;
    assert!(gate.metrics.render().contains(cut), "{}", gate.metrics.render());
}

#[tokio::test]
async fn clients_are_known_by_certificates_that_an_authority_gave_them() {
    let up = Upstream::plain();
    let (ours, theirs, strangers) = (Authority::new(), Authority::new(), Authority::new());
    let server = ours.for_names(&["gate.test"]);
    let good = theirs.issue(&Wish { uri: Some("spiffe://acme/app"), ..Wish::client("app.acme") });
    let by_uri =
        theirs.issue(&Wish { names: vec![], uri: Some("spiffe://acme"), ..Wish::client("") });
    let cases = [
        ("none", None, true, false),
        ("good", Some(good), true, true),
        ("by its URI", Some(by_uri), true, true),
        ("of a stranger", Some(strangers.issue(&Wish::client("app.acme"))), false, false),
        ("expired", Some(theirs.issue(&Wish { ends: 2023, ..Wish::client("a") })), false, false),
        ("nameless", Some(theirs.issue(&Wish { names: vec![], ..Wish::client("") })), false, false),
        ("of a server", Some(theirs.issue(&Wish::server(&["app.acme"]))), false, false),
    ];
    for required in [false, true] {
        let asked = TlsMaterial { clients: clients(&theirs, required), ..material(&[&server]) };
        for version in [&TLS12, &TLS13] {
            let mut gate = gate(&up, &front(&asked));
            for (what, paper, optional_in, required_in) in &cases {
                let client = Client::new(&ours, &[version], paper.as_ref());
                let got = one(&client, &gate, "gate.test").await;
                let wanted = if required { required_in } else { optional_in };
                let is_in = got.as_ref().is_ok_and(|line| line == OK);
                assert_eq!(is_in, *wanted, "{what}, required: {required}: {got:?}");
            }
            gate.end();
            let records = gate.log.text();
            assert_eq!(records.matches("\"certificate\":\"sha256:").count(), 2, "{records}");
        }
    }
}

#[tokio::test]
async fn a_key_that_is_bound_to_a_certificate_is_refused_without_it() {
    let (up, ours, theirs) = (Upstream::plain(), Authority::new(), Authority::new());
    let server = ours.for_names(&["gate.test"]);
    let asked = TlsMaterial { clients: clients(&theirs, false), ..material(&[&server]) };
    let mut gate = gate(&up, &front(&asked));
    gate.office.bind(&[], &["dns:app.acme"]);
    let papers = ["app.acme", "app.zenith"].map(|name| theirs.issue(&Wish::client(name)));
    for (shown, expected) in [
        (Some(&papers[0]), "HTTP/1.1 200"),
        (Some(&papers[1]), "HTTP/1.1 403"),
        (None, "HTTP/1.1 403"),
    ] {
        let client = Client::new(&ours, &[&TLS13], shown);
        // The second time by a ticket.
        for _ in 0..2 {
            let mut stream = client.connect(gate.running().addr(), "gate.test").await.unwrap();
            stream.write_all(get(PROFILE, "").as_bytes()).await.unwrap();
            let mut line = [0; 12];
            stream.read_exact(&mut line).await.unwrap();
            assert_eq!(String::from_utf8_lossy(&line), expected);
        }
    }
}

#[tokio::test]
async fn a_certificate_stands_in_a_keys_place_for_its_holder_alone() {
    let (up, ours, theirs) = (Upstream::plain(), Authority::new(), Authority::new());
    let server = ours.for_names(&["gate.test"]);
    let asked = TlsMaterial { clients: clients(&theirs, false), ..material(&[&server]) };
    let mut gate = gate(&up, &front(&asked));
    gate.office.by_certificate("dns:app.acme");
    let papers = ["app.acme", "app.zenith"].map(|name| theirs.issue(&Wish::client(name)));
    let plain = format!("GET {PROFILE} HTTP/1.1\r\nhost: gate.test\r\n\r\n");
    let wrong = get(PROFILE, "x-api-key: another\r\n");
    for (shown, request, expected) in [
        (Some(&papers[0]), &plain, "HTTP/1.1 200"),
        (Some(&papers[1]), &plain, "HTTP/1.1 401"),
        (None, &plain, "HTTP/1.1 401"),
        (Some(&papers[0]), &wrong, "HTTP/1.1 401"),
    ] {
        let client = Client::new(&ours, &[&TLS13], shown);
        let mut stream = client.connect(gate.running().addr(), "gate.test").await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap().into());
        }
        assert!(head.starts_with(expected), "{request}: {head}");
        if expected.ends_with("200") {
            let named = |line: &str| Some(line.strip_prefix("x-request-id: ")?.to_owned());
            let id = head.lines().find_map(named).unwrap();
            // The end of a call may come after that of its answer.
            let recaller = gate.running().recaller();
            let call = loop {
                if let Some(call) = recaller.recall(&id, crate::support::PATIENCE) {
                    break call;
                }
            };
            assert_eq!(call.way.credential, Some(CredentialAt::Certificate));
        }
    }
}

#[tokio::test]
async fn who_comes_back_is_known_on_every_thread_and_after_an_exchange() {
    let (up, authority) = (Upstream::plain(), Authority::new());
    let paper = authority.for_names(&["gate.test"]);
    let tls = front(&material(&[&paper]));
    let gate = gate(&up, &tls);
    for version in [&TLS12, &TLS13] {
        let client = Client::new(&authority, &[version], None);
        assert_eq!(one(&client, &gate, "gate.test").await.unwrap(), OK);
        tls.exchange(&material(&[&paper])).unwrap();
        // As many as make it sure that both threads were asked.
        for _ in 0..16 {
            let mut stream = client.connect(gate.running().addr(), "gate.test").await.unwrap();
            assert_eq!(call(&mut stream, "").await.unwrap(), OK);
            assert_eq!(stream.get_ref().1.handshake_kind(), Some(HandshakeKind::Resumed));
        }
    }
    let page = gate.metrics.render();
    for (outcome, count) in [("full", 2), ("resumed", 32)] {
        let line = format!("portcullis_tls_handshakes_total{{outcome=\"{outcome}\"}} {count}");
        assert!(page.contains(&line), "{line}: {page}");
    }
}

#[tokio::test]
async fn who_comes_back_is_held_against_the_authorities_of_now() {
    let up = Upstream::plain();
    let (ours, before, after) = (Authority::new(), Authority::new(), Authority::new());
    let server = ours.for_names(&["gate.test"]);
    let paper = before.issue(&Wish::client("app.acme"));
    let asks = |clients| TlsMaterial { clients, ..material(&[&server]) };
    for version in [&TLS12, &TLS13] {
        for (what, at_first, then) in [
            ("others", clients(&before, true), clients(&after, true)),
            ("others, not required", clients(&before, false), clients(&after, false)),
            ("required now", None, clients(&before, true)),
        ] {
            let tls = front(&asks(at_first));
            let gate = gate(&up, &tls);
            let client = Client::new(&ours, &[version], Some(&paper));
            assert_eq!(one(&client, &gate, "gate.test").await.unwrap(), OK, "{what}");
            tls.exchange(&asks(then)).unwrap();
            let got = one(&client, &gate, "gate.test").await;
            assert!(!got.as_ref().is_ok_and(|line| line == OK), "{what}: {got:?}");
        }
    }
}

#[tokio::test]
async fn an_exchange_is_seen_by_who_comes_and_by_nobody_else() {
    let (up, authority) = (Upstream::plain(), Authority::new());
    let (old, new) = (authority.for_names(&["gate.test"]), authority.for_names(&["gate.test"]));
    let tls = front(&material(&[&old]));
    let mut gate = gate(&up, &tls);
    let addr = gate.running().addr();
    let fresh = || Client::plain(&authority);
    let mut open = Vec::new();
    for _ in 0..100 {
        let mut stream = fresh().connect(addr, "gate.test").await.unwrap();
        assert!(is(&old, &stream));
        assert_eq!(call(&mut stream, "").await.unwrap(), OK);
        open.push(stream);
    }
    let faulty = Paper { key: old.key.clone(), ..new.clone() };
    assert!(tls.exchange(&material(&[&faulty])).is_err());
    assert!(is(&old, &fresh().connect(addr, "gate.test").await.unwrap()));
    let over = authority.issue(&Wish { ends: 2023, ..Wish::server(&["gate.test"]) });
    let why = tls.exchange(&material(&[&over])).unwrap_err().to_string();
    assert!(why.contains("`chain.pem` ended at 2023-12-31T00:00:00.000Z"), "{why}");
    let ends = |day: &str| {
        gate.metrics.render().contains(&format!(
            "portcullis_tls_certificate_ends_seconds{{certificate=\"chain.pem\"}} {day}"
        ))
    };
    assert!(ends("1924905600"), "the last day of 2030: {}", gate.metrics.render());
    tls.exchange(&material(&[&new])).unwrap();
    assert!(is(&new, &fresh().connect(addr, "gate.test").await.unwrap()));
    for stream in &mut open {
        assert_eq!(call(stream, "").await.unwrap(), OK, "an open connection stays");
    }
    drop(open);
    gate.end();
}

#[tokio::test]
async fn nobody_new_is_let_in_while_the_last_calls_finish() {
    let (go, steps) = std::sync::mpsc::channel();
    let steps = std::sync::Mutex::new(Some(steps));
    let up = Upstream::new(move |_| {
        let pieces = [&b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{ "[..], b"{}"];
        let pieces = pieces.map(<[u8]>::to_vec).to_vec();
        crate::support::Reply::Steps(pieces, steps.lock().unwrap().take().unwrap())
    });
    let authority = Authority::new();
    let mut gate = gate(&up, &front(&material(&[&authority.for_names(&["gate.test"])])));
    let addr = gate.running().addr();
    let client = Client::plain(&authority);
    let mut open = client.connect(addr, "gate.test").await.unwrap();
    open.write_all(get(PROFILE, "").as_bytes()).await.unwrap();
    let mut text = Vec::new();
    while !text.ends_with(b"{ ") {
        assert!(open.read_buf(&mut text).await.unwrap() > 0);
    }
    let drained = gate.drain();
    go.send(()).unwrap();
    open.read_to_end(&mut text).await.unwrap();
    assert!(text.ends_with(b"{ {}"), "whole, and ended as TLS ends");
    assert_eq!(drained.join().unwrap().cut, 0);
}

#[test]
fn material_that_tls_cannot_stand_on_is_refused_with_its_name() {
    let authority = Authority::new();
    let paper = authority.for_names(&["gate.test"]);
    let other = authority.for_names(&["gate.test"]);
    let paper_of = |chain: &str, key: &str| Paper { chain: chain.to_owned(), key: key.to_owned() };
    let nameless = authority.for_names(&[]);
    let check = |material: &TlsMaterial, words: &[&str]| {
        let why = TlsFront::new(material, std::sync::Arc::new(crate::support::Still)).unwrap_err();
        for word in words {
            assert!(why.to_string().contains(word), "no `{word}` in: {why}");
        }
        assert!(!why.to_string().contains(&paper.key[40..80]), "{why}");
    };
    check(&material(&[]), &["no certificate is named"]);
    check(&material(&[&paper_of("", &paper.key)]), &["chain.pem", "BEGIN CERTIFICATE"]);
    check(&material(&[&paper_of(&paper.key, &paper.key)]), &["chain.pem", "no certificate"]);
    check(&material(&[&paper_of(&paper.chain, "")]), &["key.pem", "no private key"]);
    check(&material(&[&paper_of(&paper.chain, &paper.chain)]), &["key.pem", "no private key"]);
    check(&material(&[&paper_of(&paper.chain, &other.key)]), &["key.pem", "chain.pem"]);
    check(&material(&[&paper_of(&paper.chain, &paper.key[..120])]), &["key.pem", "PEM"]);
    check(&material(&[&paper, &nameless]), &["no DNS name", "chain.pem"]);
    let bare = portcullis_proxy::Clients { authorities: pem("clients.pem", ""), required: true };
    check(
        &TlsMaterial { clients: Some(bare), ..material(&[&paper]) },
        &["clients.pem", "no certificate"],
    );
    assert!(
        TlsFront::new(&material(&[&nameless]), std::sync::Arc::new(crate::support::Still)).is_ok()
    );
}
