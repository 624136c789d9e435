//! What goes on to the platform, and what comes back.

use std::sync::mpsc::channel;

use crate::support::{
    Gate, KEY, MEDIA, NOWHERE, PLATFORM, PROFILE, PUBLISH, Reply, TIER, UPLOAD, Upstream, World,
    get, post,
};
use portcullis_proxy::{Family, Listener, Placement, PlatformCredential};

#[test]
fn a_permitted_call_goes_on_with_the_platforms_credential() {
    let up = Upstream::new(|_| Reply::json(r#"{"id":"1"}"#));
    let gate = Gate::before(&up);
    let answer =
        gate.call(&get(PROFILE, "Accept: */*\r\nCookie: a=b\r\nAccept-Encoding: gzip\r\n"));
    assert_eq!((answer.status, answer.text().as_str()), (200, r#"{"id":"1"}"#));
    assert!(answer.header("x-request-id").unwrap().starts_with("req_"));
    assert_eq!(answer.header("ratelimit-policy"), Some(r#""calls-per-hour";q=100000;w=3600"#));
    assert_eq!(
        answer.header("x-app-usage"),
        Some(r#"{"call_count":0,"total_time":0,"total_cputime":0}"#)
    );
    let seen = up.one();
    assert_eq!(seen.line(), format!("GET {PROFILE} HTTP/1.1"));
    for (name, value) in [
        ("host", up.addr.to_string().as_str()),
        ("authorization", &format!("Bearer {PLATFORM}")),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-proto", "http"),
        ("x-forwarded-host", "gate.test"),
        ("accept-encoding", "gzip"),
        ("cookie", "a=b"),
        ("x-request-id", answer.header("x-request-id").unwrap()),
    ] {
        assert_eq!(seen.header(name), Some(value), "{name}");
    }
    assert_eq!(seen.header("content-length"), None);
}

#[test]
fn the_partners_key_reaches_the_platform_from_no_place() {
    let up = Upstream::plain();
    let gate = Gate::before(&up);
    let form = format!("caption=hi&access_token={KEY}");
    let json = format!(r#"{{"caption":"hi","access_token":"{KEY}"}}"#);
    let length = |body: &str| format!("Content-Length: {}\r\n", body.len());
    let bare = |line: &str, lines: &str, body: &str| {
        format!("{line} HTTP/1.1\r\nHost: g\r\n{lines}\r\n{body}")
    };
    let calls = [
        get(PROFILE, ""),
        bare(&format!("GET {PROFILE}"), &format!("X-Api-Key: {KEY}\r\n"), ""),
        bare(&format!("GET {PROFILE}?access_token={KEY}&fields=id"), "", ""),
        bare(&format!("POST {PUBLISH}"), &length(&form), &form),
        bare(
            &format!("POST {PUBLISH}"),
            &format!("Content-Type: application/json\r\n{}", length(&json)),
            &json,
        ),
        bare(&format!("POST {PUBLISH}?access_token={KEY}"), "Content-Length: 0\r\n", ""),
        get(PROFILE, &format!("X-Api-Key: {KEY}\r\nX_Api_Key: {KEY}\r\n")),
        bare(
            &format!("GET {PROFILE}?access_token={KEY}"),
            &format!("Connection: x-key\r\nX-Key: {KEY}\r\n"),
            "",
        ),
    ];
    for call in &calls {
        let answer = gate.call(call);
        assert_eq!(answer.status, 200, "{call}\n{answer:?}");
    }
    assert_eq!(up.seen().len(), calls.len());
    assert!(!up.bytes().contains(KEY), "{}", up.bytes());
    let posted = up.seen().into_iter().find(|seen| seen.head.starts_with("POST")).unwrap();
    assert_eq!(String::from_utf8_lossy(&posted.body), "caption=hi");
}

#[test]
fn a_credential_that_belongs_in_the_query_goes_there_and_never_comes_back() {
    let up = Upstream::new(|seen| {
        let next = format!(
            "http://{}{}",
            seen.header("host").unwrap(),
            seen.line().split(' ').nth(1).unwrap()
        );
        Reply::json(&format!(r#"{{"data":[{{"n":1.50}}],"paging":{{"next":"{next}"}}}}"#))
    });
    let gate = Gate::with(&up, |settings| {
        let place = Placement::Query("access_token".into());
        settings.credential = PlatformCredential::new(PLATFORM, place).unwrap();
        settings.public_url = Some("https://api.example.com/graph".parse().unwrap());
    });
    let answer = gate.get(&format!("/graph{MEDIA}?after=x"));
    assert_eq!(
        answer.text(),
        format!(
            r#"{{"data":[{{"n":1.50}}],"paging":{{"next":"https://api.example.com/graph{MEDIA}?after=x"}}}}"#
        )
    );
    assert_eq!(up.one().line(), format!("GET {MEDIA}?after=x&access_token={PLATFORM} HTTP/1.1"));
    assert_eq!(up.one().header("authorization"), None);
}

#[test]
fn links_lead_to_the_host_the_partner_used_where_no_other_is_set() {
    let up = Upstream::new(|_| {
        let pieces = [r#"{"paging":{"next":"https:\/\/gra"#, r#"ph.example\/v21.0\/1?a=b"}}"#];
        let chunks = pieces.map(|piece| format!("{:x}\r\n{piece}\r\n", piece.len())).concat();
        let head =
            "HTTP/1.1 200 OK\r\nContent-Type: text/javascript; charset=UTF-8\r\nETag: \"x\"\r\n";
        Reply::Bytes(format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n").into())
    });
    let gate = Gate::before(&up);
    let answer = gate.get(MEDIA);
    assert_eq!(answer.text(), r#"{"paging":{"next":"http://gate.test/v21.0/1?a=b"}}"#);
    assert_eq!((answer.header("etag"), answer.header("transfer-encoding")), (None, None));
    assert_eq!(up.one().header("accept-encoding"), Some("identity"));
}

#[test]
fn an_answer_whose_links_cannot_be_read_does_not_leave() {
    let json = "Content-Type: application/json\r\n";
    for (head, body, code) in [
        (format!("{json}Content-Encoding: gzip\r\n"), "{}".to_owned(), "upstream_malformed"),
        (json.to_owned(), "<html>".to_owned(), "upstream_malformed"),
        (json.to_owned(), format!(r#"{{"debug":"{PLATFORM}"}}"#), "upstream_malformed"),
        (String::new(), "{".to_owned(), "upstream_malformed"),
    ] {
        let bytes =
            format!("HTTP/1.1 200 OK\r\n{head}Content-Length: {}\r\n\r\n{body}", body.len());
        let up = Upstream::new(move |_| Reply::Bytes(bytes.clone().into()));
        let answer = Gate::before(&up).get(MEDIA);
        assert_eq!((answer.status, answer.code().as_str()), (502, code), "{head}{body}");
        assert!(!answer.text().contains(PLATFORM));
    }
}

#[test]
fn an_answer_streams_piece_by_piece() {
    let (go, steps) = channel();
    let steps = std::sync::Mutex::new(Some(steps));
    let up = Upstream::new(move |_| {
        let head = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: 10\r\n\r\n12345"
            .to_vec();
        Reply::Steps(vec![head, b"67890".to_vec()], steps.lock().unwrap().take().unwrap())
    });
    let gate = Gate::before(&up);
    let mut peer = gate.connect();
    peer.send(get(PROFILE, ""));
    assert_eq!(peer.head().unwrap().0, 200);
    // The platform waits until this has come through.
    assert_eq!(peer.read(5), b"12345");
    go.send(()).unwrap();
    assert_eq!(peer.read(5), b"67890");
}

#[test]
fn an_upload_streams_piece_by_piece() {
    let up = Upstream::plain();
    let gate = Gate::before(&up);
    let mut peer = gate.connect();
    let lines = "Content-Type: video/mp4\r\nTransfer-Encoding: chunked\r\n";
    peer.send(post(UPLOAD, lines, "3\r\nabc\r\n"));
    while !up.bytes().contains("abc") {
        std::thread::yield_now();
    }
    peer.send("2\r\nde\r\n0\r\nX-Trailer: dropped\r\n\r\n");
    let answer = peer.answer();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(up.one().body, b"abcde");
    assert!(!up.bytes().contains("railer"));
    peer.send(post(UPLOAD, "Content-Type: video/mp4\r\nContent-Length: 2\r\n", "xy"));
    let answer = peer.answer();
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(up.seen()[1].header("content-length"), Some("2"));
    assert_eq!(up.seen()[1].connection, 0, "one connection serves both");
}

#[test]
fn a_refusal_says_why_in_the_shape_of_the_family() {
    let up = Upstream::plain();
    let gate = Gate::before(&up);
    let answer = gate.get("/v21.0/17841000000000001/posts");
    let body = answer.json();
    assert_eq!((answer.status, body["code"].as_str()), (403, Some("class_not_granted")));
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(body["error"]["fbtrace_id"].as_str(), answer.header("x-request-id"));
    assert!(body["error"]["message"].as_str().unwrap().contains("place.posts"));

    let answer =
        gate.call(&format!("GET {PROFILE}?access_token=wrong HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_eq!((answer.status, answer.code().as_str()), (401, "key_unknown"));
    assert_eq!(
        answer.header("www-authenticate"),
        Some(r#"Bearer realm="portcullis", error="invalid_token""#)
    );
    assert!(!answer.text().contains("wrong"));

    let gate = Gate::with(&up, |settings| settings.family = Family::Problem);
    assert!(gate.get(NOWHERE).json().get("error").is_none());
    assert!(up.seen().is_empty());
}

#[test]
fn a_head_request_gets_a_head() {
    let up =
        Upstream::new(|_| Reply::Bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n".to_vec()));
    let gate = Gate::before(&up);
    let mut peer = gate.connect();
    peer.send(get(PROFILE, "").replacen("GET", "HEAD", 1));
    let (status, head) = peer.head().unwrap();
    assert!(status == 200 && head.to_lowercase().contains("content-length: 7"), "{head}");
    peer.send(get(NOWHERE, "").replacen("GET", "HEAD", 1));
    assert_eq!(peer.head().unwrap().0, 403);
    peer.send(get(NOWHERE, ""));
    assert_eq!(peer.answer().code(), "operation_unlisted", "no body was left over");
}

/// A platform that redirects to there; `UP` is its own address.
fn redirecting(to: &str) -> Upstream {
    let to = to.to_owned();
    Upstream::new(move |seen| {
        let to = to.replace("UP", seen.header("host").unwrap());
        Reply::Bytes(
            format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n").into(),
        )
    })
}

/// Redirects, and what a partner sees of them whatever credential the platform wants.
const REDIRECTS: [(&str, Option<&str>); 9] = [
    ("http://UP/v21.0/2?a=b", Some("http://gate.test/v21.0/2?a=b")),
    ("http://UP/v21.0/2?Access%5FToken=theirs&a=b#f", Some("http://gate.test/v21.0/2?a=b")),
    ("http://UP", Some("http://gate.test")),
    ("/v21.0/2?appsecret_proof=theirs", Some("http://gate.test/v21.0/2")),
    ("//UP/v21.0/2", Some("http://gate.test/v21.0/2")),
    ("?after=x", None),
    (
        "https://elsewhere.test/a?access_token=theirs",
        Some("https://elsewhere.test/a?access_token=theirs"),
    ),
    ("elsewhere", Some("elsewhere")),
    ("/", Some("http://gate.test/")),
];

#[test]
fn a_redirect_leads_back_to_the_gate() {
    for (to, seen) in REDIRECTS {
        let up = redirecting(to);
        assert_eq!(Gate::before(&up).get(PROFILE).header("location"), seen, "{to}");
    }
}

#[test]
fn a_redirect_stays_where_the_platform_wants_no_credential() {
    for (to, seen) in REDIRECTS {
        let up = redirecting(to);
        let gate = Gate::with(&up, |settings| settings.credential = PlatformCredential::none());
        assert_eq!(gate.get(PROFILE).header("location"), seen, "{to}");
    }
}

#[test]
fn a_redirect_never_tells_the_platforms_credential() {
    let by = |to: &str, place: Placement| {
        let up = redirecting(&to.replace("SECRET", PLATFORM));
        let gate = Gate::with(&up, |settings| {
            settings.credential = PlatformCredential::new(PLATFORM, place).unwrap();
        });
        gate.get(PROFILE).header("location").map(str::to_owned)
    };
    for (to, seen) in [
        ("http://UP/v21.0/2?access_token=SECRET&a=b", Some("http://gate.test/v21.0/2?a=b")),
        ("http://UP/v21.0/2?tok=1&a=SECRET", None),
        ("http://UP/SECRET", None),
        ("https://elsewhere.test/?access_token=SECRET", None),
    ] {
        assert_eq!(by(to, Placement::Bearer).as_deref(), seen, "{to}");
        assert_eq!(by(to, Placement::Query("tok".into())).as_deref(), seen, "{to}");
    }
    let query = Placement::Query("tok".into());
    let seen = by("http://UP/v21.0/2?ToK=SECRET&token=1", query);
    assert_eq!(seen.as_deref(), Some("http://gate.test/v21.0/2?token=1"));
}

#[test]
fn only_a_trusted_peer_says_who_calls() {
    let up = Upstream::plain();
    let lines = "X-Forwarded-For: 9.9.9.9\r\nX-Forwarded-Proto: https\r\nX-Request-Id: mine\r\nX-Real-IP: 1.1.1.1\r\n";
    let answer = Gate::before(&up).call(&get(PROFILE, lines));
    assert_ne!(answer.header("x-request-id"), Some("mine"));
    let trusting =
        Gate::with(&up, |settings| settings.trusted = vec!["127.0.0.0/8".parse().unwrap()]);
    assert_eq!(trusting.call(&get(PROFILE, lines)).header("x-request-id"), Some("mine"));
    let seen = up.seen();
    assert!(!seen[0].head.contains("9.9.9.9") && !seen[0].head.contains("1.1.1.1"));
    assert!(seen[1].head.contains("9.9.9.9") && seen[1].head.contains("127.0.0.1"));
    assert_eq!(seen[1].header("x-forwarded-proto"), Some("https"));
}

#[test]
fn a_key_that_is_bound_to_networks_is_refused_from_elsewhere() {
    #[track_caller]
    fn check(trusted: &[&str], said: &str, expected: u16) {
        let up = Upstream::plain();
        let mut gate = Gate::with(&up, |settings| {
            settings.trusted = trusted.iter().map(|net| net.parse().unwrap()).collect();
        });
        gate.office.bind(&["203.0.113.0/24"], &[]);
        let answer = gate.call(&get(PROFILE, &format!("X-Forwarded-For: {said}\r\n")));
        let text = answer.text();
        assert_eq!(answer.status, expected, "{trusted:?} {said}: {text}");
        assert_eq!(text.contains("network_not_allowed"), expected == 403, "{text}");
        assert_eq!(up.seen().len(), usize::from(expected == 200));
    }
    let own = &["127.0.0.0/8"][..];
    check(own, "203.0.113.9", 200);
    check(own, "198.51.100.7, 203.0.113.9", 200);
    check(own, "203.0.113.9, 198.51.100.7", 403);
    check(own, "somebody", 403);
    check(&[], "203.0.113.9", 403);
}

#[test]
fn each_call_leaves_one_record_without_a_key() {
    let up = Upstream::plain();
    let mut gate = Gate::before(&up);
    gate.get(&format!("{PROFILE}?fields=id"));
    gate.call(&format!("GET {NOWHERE}?access_token={KEY} HTTP/1.1\r\nHost: a\r\n\r\n"));
    gate.call("GET / HTTP/1.1\r\n\r\n");
    gate.end();
    let log = gate.log.text();
    let records: Vec<serde_json::Value> =
        log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |member: &str| records.iter().map(|r| r[member].to_string()).collect::<Vec<_>>();
    assert_eq!(
        of("verdict"),
        [r#""permit""#, r#""operation_unlisted""#, r#""request_unreadable""#]
    );
    assert_eq!(of("partner"), [r#""acme""#, r#""acme""#, "null"]);
    assert_eq!(of("operation"), [r#""getNode""#, "null", "null"]);
    assert_eq!(of("status"), ["200", "403", "400"]);
    assert!(!log.contains(KEY) && !log.contains(PLATFORM) && !log.contains("private"), "{log}");
    let metrics = gate.metrics.render();
    assert!(metrics.contains(
        r#"portcullis_requests_total{code_class="2xx",operation="getNode",verdict="permit"} 1"#
    ));
    assert!(metrics.contains(r#"portcullis_refusals_total{reason="request_unreadable"} 1"#));
    assert!(
        metrics.contains("portcullis_open_connections 0")
            && metrics.contains("portcullis_requests_in_flight 0"),
        "{metrics}"
    );
}

#[test]
fn a_range_passes_where_nothing_of_the_answer_is_read_and_else_the_whole_is_asked_for() {
    const FILES: World<'_> = World {
        routes: r##"
version: 1
classes: { profile.basic: Names, media.list: Posts, publish: Posting }
operations:
  file: { method: GET, path: /file, class: media.list }
"##,
        scopes: r##"
version: 1
scopes:
  all: { about: All, classes: [profile.basic, media.list, publish] }
"##,
        tier: TIER,
    };
    let parts = "--b\r\nContent-Range: bytes 0-0/10\r\n\r\n0\r\n--b--\r\n";
    for (range, answer, body) in [
        ("bytes=2-4", "206 Partial Content\r\nContent-Range: bytes 2-4/10", "234"),
        (
            "bytes=0-0,9-9",
            "206 Partial Content\r\nContent-Type: multipart/byteranges; boundary=b",
            parts,
        ),
        ("bytes=10-", "416 Range Not Satisfiable\r\nContent-Range: bytes */10", ""),
        ("bytes=9-", "200 OK\r\nAccept-Ranges: bytes", "0123456789"),
    ] {
        let length = body.len();
        let head = format!("HTTP/1.1 {answer}\r\nContent-Length: {length}\r\n\r\n{body}");
        let up = Upstream::new(move |_| Reply::Bytes(head.clone().into()));
        let gate = Gate::within(&up, FILES, |_| {});
        let asked = format!("Range: {range}\r\nIf-Range: \"e\"\r\n");
        let got = gate.call(&get("/file", &asked));
        assert!(answer.starts_with(&got.status.to_string()), "{range}: {got:?}");
        assert!(got.whole && got.text() == body, "{range}: {got:?}");
        let (name, value) = answer.split_once("\r\n").unwrap().1.split_once(": ").unwrap();
        assert_eq!(got.header(name), Some(value), "{range}");
        let seen = up.one();
        assert_eq!((seen.header("range"), seen.header("if-range")), (Some(range), Some("\"e\"")));
    }
    let up = Upstream::new(|_| Reply::json(r#"{"data":[]}"#));
    let got = Gate::before(&up).call(&get(MEDIA, "Range: bytes=2-4\r\nIf-Range: \"e\"\r\n"));
    assert_eq!((got.status, got.text().as_str()), (200, r#"{"data":[]}"#));
    assert_eq!((up.one().header("range"), up.one().header("if-range")), (None, None));
}

#[test]
fn it_is_reached_and_reaches_the_platform_over_ipv6() {
    let up = Upstream::on(std::net::TcpListener::bind("[::1]:0").unwrap(), |_| Reply::json("{}"));
    let mut gate = Gate::with(&up, |settings| {
        settings.listeners = vec![Listener::plain("[::1]:0".parse().unwrap())];
    });
    assert!(gate.running().addr().is_ipv6());
    let answer = gate.call(&get(PROFILE, "X-Forwarded-For: 2001:db8::1\r\n"));
    assert_eq!(answer.status, 200, "{answer:?}");
    let seen = up.one();
    assert_eq!(seen.header("host"), Some(up.addr.to_string().as_str()));
    assert_eq!(seen.header("x-forwarded-for"), Some("::1"));
    gate.end();
    assert!(gate.log.text().contains(r#""::1""#), "{}", gate.log.text());
}
