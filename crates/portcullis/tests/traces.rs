//! Spans of calls reach a collector, and one that does not take them costs no call.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::sync::mpsc::{Receiver, channel};

use crate::common::http::{Connection, get, once};
use crate::common::{House, PATIENCE, Platform};
use serde_json::{Value, json};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

/// A collector that answers each post with the next of these, the last one for ever, and hands over
/// what came: the head and the body.
fn collector(answers: &[&str]) -> (String, Receiver<(String, Value)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answers: Vec<String> = answers.iter().map(|&answer| answer.to_owned()).collect();
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for (at, stream) in listener.incoming().enumerate() {
            let mut stream = BufReader::new(stream.unwrap());
            let (mut head, mut length) = (String::new(), 0);
            loop {
                let from = head.len();
                stream.read_line(&mut head).unwrap();
                let line = head[from..].to_ascii_lowercase();
                if let Some(value) = line.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).unwrap();
            // Told before it is answered: whoever sees that the gate has its answer finds it here. Nobody
            // may want to know any more.
            let _gone = tell.send((head, serde_json::from_slice(&body).unwrap()));
            let answer = answers.get(at).or(answers.last()).unwrap();
            stream.get_mut().write_all(answer.as_bytes()).unwrap();
        }
    });
    (url, told)
}

fn answer(status: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

/// A house whose gate tells that collector of each call.
fn house(platform: &Platform, url: &str) -> House {
    let house = House::init(&platform.url());
    let telemetry =
        format!("\ntelemetry: {{ traces: '{url}/', sample: 1, service: gate-a }}\nsignals:\n");
    house.edit("portcullis.yaml", "\nsignals:\n", &telemetry);
    house
}

/// What a span says, by name.
fn said(span: &Value) -> BTreeMap<String, Value> {
    let attributes = span["attributes"].as_array().unwrap().iter();
    let pair = |one: &Value| {
        let value = one["value"].as_object().unwrap().values().next().unwrap().clone();
        (one["key"].as_str().unwrap().to_owned(), value)
    };
    attributes.map(pair).collect()
}

/// One to a line.
fn lines(said: &BTreeMap<String, Value>) -> String {
    said.iter().map(|(name, value)| format!("{name}: {value}\n")).collect()
}

#[test]
fn a_call_is_two_spans_that_say_what_it_was_and_nothing_that_its_caller_wrote() {
    let platform = Platform::start(None);
    let (url, told) = collector(&[&answer("200 OK", "{}")]);
    let house = house(&platform, &url);
    house.edit("portcullis.yaml", "trusted_proxies: []", "trusted_proxies: [127.0.0.1]");
    house.edit(
        "portcullis.yaml",
        "secrets:\n",
        "secrets:\n  collector: { file: secrets/collector }\n",
    );
    let secret = house.dir().join("secrets/collector");
    std::fs::write(&secret, "Bearer only-the-collector-knows\n").unwrap();
    std::fs::set_permissions(&secret, PermissionsExt::from_mode(0o600)).unwrap();
    let mut gate = house.serve();
    let target = format!("/v21.0/{}?fields=username", crate::common::ACCOUNT);
    let call = get(&target, &house.key);
    let parent = format!("\r\ntraceparent: 00-{TRACE}-{SPAN}-01\r\n\r\n");
    let mut connection = Connection::open(house.public);
    connection.send(call.replace("\r\n\r\n", &parent).as_bytes());
    let passed = connection.answer();
    drop(connection);
    assert_eq!(passed.status, 200, "{passed:?}");
    // Its end may come after the end of its answer.
    let explain = ["explain", "--request", &passed.header("x-request-id").unwrap()];
    let way = loop {
        let output = house.cli(&explain);
        if output.status.success() {
            break crate::common::text(&output);
        }
    };
    assert!(way.contains(&format!("in trace {TRACE}")), "{way}");
    let refused = once(house.public, "/v21.0/17841400000099999?fields=username", &house.key);
    assert_eq!(refused.status, 403);
    assert_eq!(gate.terminate(), Some(0));

    let mut spans = Vec::new();
    let mut all = String::new();
    for (head, body) in told.try_iter() {
        assert!(head.starts_with("POST /v1/traces HTTP/1.1\r\n"), "{head}");
        let head = head.to_ascii_lowercase();
        assert!(head.contains("content-type: application/json"), "{head}");
        assert!(head.contains("authorization: bearer only-the-collector-knows"), "{head}");
        let resource = &body["resourceSpans"][0];
        let of = &resource["resource"]["attributes"][0];
        assert_eq!(of, &json!({ "key": "service.name", "value": { "stringValue": "gate-a" } }));
        spans.extend(resource["scopeSpans"][0]["spans"].as_array().unwrap().clone());
        all.push_str(&body.to_string());
    }
    let [server, client, other] = &*spans else { panic!("{spans:#?}") };
    let name = "GET /{version}/{node_id}";
    assert_eq!((&server["name"], &server["kind"]), (&json!(name), &json!(2)));
    assert_eq!((&server["traceId"], &server["parentSpanId"]), (&json!(TRACE), &json!(SPAN)));
    assert_eq!((&client["name"], &client["kind"]), (&json!(name), &json!(3)));
    assert_eq!((&client["traceId"], &client["parentSpanId"]), (&json!(TRACE), &server["spanId"]));
    let time = |span: &Value, name: &str| span[name].as_str().unwrap().parse::<u64>().unwrap();
    let (start, end) = (time(server, "startTimeUnixNano"), time(server, "endTimeUnixNano"));
    let (sent, done) = (time(client, "startTimeUnixNano"), time(client, "endTimeUnixNano"));
    assert!(start <= sent && sent <= done && done <= end, "{spans:#?}");

    let mut outer = said(server);
    assert!(outer.remove("portcullis.judge_ns").is_some());
    assert_eq!(outer["portcullis.request_id"], passed.header("x-request-id").unwrap());
    outer.remove("portcullis.request_id");
    insta::assert_snapshot!(lines(&outer), @r#"
    http.request.method: "GET"
    http.response.status_code: "200"
    http.route: "/{version}/{node_id}"
    network.protocol.version: "1.1"
    portcullis.class: "profile.basic"
    portcullis.operation: "getNode"
    portcullis.partner: "first-partner"
    portcullis.policy_revision: "1"
    portcullis.verdict: "permit"
    url.scheme: "http"
    "#);
    let mut inner = said(client);
    let (host, port) = (inner.remove("server.address"), inner.remove("server.port"));
    let addr = platform.running.addr();
    assert_eq!(host.unwrap(), addr.ip().to_string());
    assert_eq!(port.unwrap(), addr.port().to_string());
    assert!(inner.remove("portcullis.answer_us").is_some());
    inner.remove("portcullis.connect_us");
    insta::assert_snapshot!(lines(&inner), @r#"
    http.request.method: "GET"
    http.response.status_code: "200"
    portcullis.operation: "getNode"
    url.template: "/{version}/{node_id}"
    "#);

    let why = said(other);
    assert_eq!(why["portcullis.verdict"], "target_not_agreed");
    assert_eq!((&other["parentSpanId"], &other["links"]), (&json!(""), &json!([])));
    assert_ne!(other["traceId"], TRACE);
    for secret in [&house.key, crate::common::ACCOUNT, "17841400000099999", "username", "only-the"]
    {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
}

#[test]
fn a_collector_that_is_busy_is_asked_again_and_one_that_refuses_costs_only_spans() {
    let platform = Platform::start(None);
    let busy = answer("503 Service Unavailable", "");
    let took = answer("200 OK", r#"{"partialSuccess":{"rejectedSpans":"1"}}"#);
    let (url, told) = collector(&[&busy, &took, &answer("400 Bad Request", "")]);
    let house = house(&platform, &url);
    let gate = house.serve();
    let call = || assert_eq!(once(house.public, "/v21.0/me?fields=id", &house.key).status, 200);
    call();
    let first = told.recv_timeout(PATIENCE).unwrap();
    assert_eq!(told.recv_timeout(PATIENCE).unwrap().1, first.1, "the same once more");
    gate.wait_for("takes no spans: it answered 503").unwrap();
    let page = |line: &str| {
        while !once(house.admin, "/metrics", "").body.lines().any(|shown| shown == line) {
            std::thread::yield_now();
        }
    };
    page("portcullis_spans_exported_total 1");
    page("portcullis_spans_dropped_total 1");
    call();
    told.recv_timeout(PATIENCE).unwrap();
    page("portcullis_spans_dropped_total 3");
    page("portcullis_spans_exported_total 1");
}

#[test]
fn a_gate_whose_collector_is_gone_serves_and_stops() {
    let platform = Platform::start(None);
    let house = house(&platform, &format!("http://{}", crate::common::free_port()));
    let mut gate = house.serve();
    for _ in 0..3 {
        assert_eq!(once(house.public, "/v21.0/me?fields=id", &house.key).status, 200);
    }
    assert_eq!(gate.terminate(), Some(0));
    assert!(gate.talk().contains("takes no spans"), "{}", gate.talk());
}
