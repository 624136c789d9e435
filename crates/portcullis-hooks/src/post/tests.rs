//! Tries over real sockets: hooks that take, refuse, hang, send on, lie about where they are.

mod certificate;

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use super::*;

const PATIENT: Duration = Duration::from_secs(20);
const HASTY: Duration = Duration::from_millis(300);

/// What a hook received.
#[derive(Debug)]
struct Received {
    head: String,
    body: String,
}

/// Reads one request.
fn read(stream: &mut impl Read) -> Received {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while reader.read_line(&mut head).unwrap_or(0) > 2 {}
    let length = head.to_lowercase().lines().find_map(|line| {
        line.strip_prefix("content-length:").map(|length| length.trim().parse().unwrap())
    });
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).unwrap();
    Received { head, body: String::from_utf8(body).unwrap() }
}

/// A hook that reads each request and answers so; what it read comes out.
fn hook(answer: &'static [u8]) -> (SocketAddr, Receiver<Received>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let (tell, told) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let received = read(&mut stream);
            let _ = stream.write_all(answer);
            if tell.send(received).is_err() {
                return;
            }
        }
    });
    (at, told)
}

fn loopback() -> Reach {
    Reach::new(vec!["127.0.0.0/8".parse().unwrap()])
}

fn poster(reach: Reach, patience: Duration) -> Poster {
    Poster::new(reach, &Roots::Only(Vec::new()), patience).unwrap()
}

fn message() -> Message {
    Message {
        id: "ntc_17".to_owned(),
        seconds: 1_711_886_400,
        body: r#"{"type":"partner.test"}"#.to_owned(),
    }
}

fn secret() -> HookSecret {
    HookSecret::new(&[7; 32]).unwrap()
}

fn try_at(poster: &Poster, url: &str) -> Outcome {
    poster.post(&Target::read(url).unwrap(), &[secret()], &message())
}

#[test]
fn a_hook_gets_id_time_signature_and_body() {
    let (at, told) = hook(b"HTTP/1.1 204 No Content\r\n\r\n");
    let outcome = try_at(&poster(loopback(), PATIENT), &format!("http://{at}/in?x=1"));
    assert_eq!(outcome, Outcome::Delivered(204));
    let Received { head, body } = told.recv().unwrap();
    assert_eq!(body, message().body);
    let head = head.to_lowercase();
    assert!(head.starts_with("post /in?x=1 http/1.1\r\n"), "{head}");
    let signature = secret().sign("ntc_17", 1_711_886_400, &body).to_lowercase();
    for line in [
        "content-type: application/json",
        "webhook-id: ntc_17",
        "webhook-timestamp: 1711886400",
        &format!("webhook-signature: {signature}"),
    ] {
        assert!(head.lines().any(|found| found == line), "{line} in {head}");
    }
}

#[test]
fn what_a_hook_answers_is_what_is_known_of_it() {
    let rows: [(&'static [u8], Outcome); 6] = [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 99999999\r\n\r\nx", Outcome::Delivered(200)),
        (b"HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n", Outcome::Answered(410)),
        (b"HTTP/1.1 500 No\r\ncontent-length: 0\r\n\r\n", Outcome::Answered(500)),
        (b"HTTP/1.1 304 No\r\n\r\n", Outcome::Answered(304)),
        (b"", Outcome::Failed("the connection failed: ".to_owned())),
        (b"SSH-2.0-x\r\n", Outcome::Failed(String::new())),
    ];
    for (answer, expected) in rows {
        let (at, _told) = hook(answer);
        let found = try_at(&poster(loopback(), PATIENT), &format!("http://{at}/"));
        match (&found, &expected) {
            (Outcome::Failed(why), Outcome::Failed(begin)) => {
                assert!(why.starts_with(begin.as_str()), "{why}");
            }
            _ => assert_eq!(found, expected),
        }
    }
}

#[test]
fn nobody_follows_to_where_a_hook_sends_on() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let to = elsewhere.local_addr().unwrap();
    let answer = format!("HTTP/1.1 307 On\r\nlocation: http://{to}/\r\ncontent-length: 0\r\n\r\n");
    let (at, _told) = hook(answer.leak().as_bytes());
    let outcome = try_at(&poster(loopback(), PATIENT), &format!("http://{at}/"));
    assert_eq!(outcome, Outcome::Answered(307));
    assert!(elsewhere.accept().is_err(), "nobody came");
}

#[test]
fn a_hook_that_hangs_or_drips_is_left() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let outcome = try_at(&poster(loopback(), HASTY), &format!("http://{at}/"));
    assert_eq!(outcome, Outcome::Failed("it did not answer in time".to_owned()));

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        read(&mut stream);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nx-more: ");
        while stream.write_all(b"and more ").is_ok() {}
    });
    let Outcome::Failed(why) = try_at(&poster(loopback(), PATIENT), &format!("http://{at}/"))
    else {
        panic!("an endless head is no answer")
    };
    assert_eq!(why, "the head of its answer is too long");
}

#[test]
fn addresses_out_of_reach_are_never_connected_to() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    let strict = poster(Reach::default(), PATIENT);
    let hosts = ["127.0.0.1", "localhost", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "127.1"];
    for host in hosts {
        for scheme in ["http", "https"] {
            let outcome = try_at(&strict, &format!("{scheme}://{host}:{port}/"));
            let Outcome::Failed(why) = outcome else { panic!("{scheme} {host}: {outcome:?}") };
            assert!(why.contains("hooks.allow") || why.contains("no address"), "{host}: {why}");
        }
    }
    let Outcome::Failed(why) = try_at(&poster(loopback(), PATIENT), "http://169.254.169.254/")
    else {
        panic!("metadata")
    };
    assert!(why.contains("`169.254.169.254`"), "{why}");
    assert!(listener.accept().is_err(), "nobody came");
}

#[test]
fn why_an_address_cannot_be_called_is_said_in_words() {
    let look = |names: Nowhere, url: &str| {
        let poster = Poster::with(loopback(), &Roots::Only(Vec::new()), PATIENT, names).unwrap();
        poster.look(&Target::read(url).unwrap()).unwrap_err()
    };
    let unknown =
        "its name has no address; check how it is written, and that this machine can look it up";
    assert_eq!(look(Nowhere(None), "https://no-such.example/"), unknown);
    let plain =
        "`10.0.0.1` is called without TLS; only loopback can be, where `hooks.allow` lists it";
    let at = SocketAddr::from(([10, 0, 0, 1], 80));
    assert_eq!(look(Nowhere(Some(at)), "http://hook.example/"), plain);
}

/// A name with one address, or one that the system can't look up.
#[derive(Debug)]
struct Nowhere(Option<SocketAddr>);

impl Resolver for Nowhere {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let mut found = self.empty();
        found.push(self.0.ok_or_else(|| Error::Io(std::io::Error::other("look-up failed")))?);
        Ok(found)
    }
}

/// A name that has other addresses at each look.
#[derive(Debug)]
struct Fickle(Mutex<Vec<Vec<SocketAddr>>>);

impl Resolver for Fickle {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let mut found = self.empty();
        for at in self.0.lock().unwrap().remove(0) {
            found.push(at);
        }
        Ok(found)
    }
}

#[test]
fn a_name_that_changes_its_address_is_connected_to_where_it_was_looked_at() {
    let (at, told) = hook(b"HTTP/1.1 204 No Content\r\n\r\n");
    let (inside, public) =
        (SocketAddr::from(([10, 0, 0, 1], 80)), SocketAddr::from(([1, 1, 1, 1], 80)));
    let names = Fickle(Mutex::new(vec![vec![at], vec![inside], vec![public, inside]]));
    let roots = Roots::Only(Vec::new());
    let poster = Poster::with(loopback(), &roots, PATIENT, names).unwrap();
    // Looked up once a try: a second look would take the next answer.
    assert_eq!(try_at(&poster, "http://hook.example/"), Outcome::Delivered(204));
    assert!(told.recv().unwrap().head.to_lowercase().contains("host: hook.example"));
    for _ in 0..2 {
        let outcome = try_at(&poster, "https://hook.example/");
        let Outcome::Failed(why) = outcome else { panic!("{outcome:?}") };
        assert!(why.contains("`10.0.0.1` is not on the open internet"), "{why}");
    }
}

#[test]
fn a_certificate_must_be_of_the_host_and_of_somebody_believed() {
    let (der, server) = certificate::for_host("localhost");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let connection = rustls::ServerConnection::new(Arc::clone(&server)).unwrap();
            let mut stream = rustls::StreamOwned::new(connection, stream.unwrap());
            let mut byte = [0];
            if stream.read_exact(&mut byte).is_ok() {
                read(&mut stream);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
            }
        }
    });
    let reach = || Reach::new(vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()]);
    let told = |roots: &Roots, host: &str| {
        let poster = Poster::new(reach(), roots, PATIENT).unwrap();
        try_at(&poster, &format!("https://{host}:{port}/"))
    };
    let known = Roots::Only(vec![der]);
    assert_eq!(told(&known, "localhost"), Outcome::Delivered(200));
    let refused = |outcome: Outcome, word: &str| {
        let Outcome::Failed(why) = outcome else { panic!("{outcome:?}") };
        assert!(why.contains(word), "{why}");
    };
    refused(told(&known, "127.0.0.1"), "not valid for name");
    refused(told(&Roots::Only(Vec::new()), "localhost"), "UnknownIssuer");
}

#[test]
fn an_answer_is_read_where_it_is_asked_for_and_short() {
    let poster = poster(loopback(), PATIENT);
    let ask = |answer: &'static [u8]| {
        let (at, _told) = hook(answer);
        let target = Target::read(&format!("http://{at}/x")).unwrap();
        poster.ask(&target, &[secret()], &message())
    };
    let said = ask(b"HTTP/1.1 202 Accepted\r\nContent-Length: 11\r\n\r\n{\"ended\":3}");
    assert_eq!(said, (Outcome::Delivered(202), Some(br#"{"ended":3}"#.to_vec())));
    let none = ask(b"HTTP/1.1 204 No Content\r\n\r\n");
    assert_eq!(none, (Outcome::Delivered(204), None));
    let long = format!("HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n{}", "x".repeat(5000));
    assert_eq!(ask(long.leak().as_bytes()), (Outcome::Delivered(200), None));
    // It broke off: the status stands, half an answer does not.
    let half = ask(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{\"e");
    assert_eq!(half, (Outcome::Delivered(200), None));
}
