//! What the platform and whoever follows a trace are told of a call.

use crate::support::{Gate, KEY, MEDIA, NOWHERE, Nobody, PROFILE, Seen, TIER, Upstream, get, post};
use portcullis_proxy::{CallSpan, Ended, Settings, Spans};
use serde_json::Value;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

/// The fields of a caller that stands in a trace.
fn fields(flags: &str) -> String {
    format!("traceparent: 00-{TRACE}-{SPAN}-{flags}\r\ntracestate: vendor=1\r\n")
}

fn trusting(settings: &mut Settings) {
    settings.trusted = vec!["127.0.0.0/8".parse().unwrap()];
}

/// The spans of a gate that ends.
fn told(mut gate: Gate, spans: &Spans) -> Vec<CallSpan> {
    gate.end();
    let mut told = Vec::new();
    loop {
        match spans.next(crate::support::PATIENCE) {
            Ok(span) => told.extend(span),
            Err(Ended) => return told,
        }
    }
}

/// What the platform was told, without its version.
fn parent(seen: &Seen) -> [String; 3] {
    let parts: Vec<_> = seen.header("traceparent").unwrap().split('-').map(str::to_owned).collect();
    assert_eq!((parts.len(), parts[0].as_str()), (4, "00"));
    [parts[1].clone(), parts[2].clone(), parts[3].clone()]
}

#[test]
fn a_gate_that_does_not_trace_passes_on_what_came_and_adds_nothing() {
    let up = Upstream::plain();
    let gate = Gate::start(&up.url(), TIER, |_| {});
    gate.call(&get(PROFILE, &fields("01")));
    gate.get(PROFILE);
    let seen = up.seen();
    assert_eq!(seen[0].header("traceparent"), Some(&*format!("00-{TRACE}-{SPAN}-01")));
    assert_eq!(seen[0].header("tracestate"), Some("vendor=1"));
    assert_eq!((seen[1].header("traceparent"), seen[1].header("tracestate")), (None, None));
}

#[test]
fn a_believed_callers_trace_goes_on_and_its_word_on_what_is_kept_holds() {
    for (part, flags, is_told) in [(0.0, "01", true), (1.0, "00", false)] {
        let up = Upstream::plain();
        let (gate, spans) = Gate::traced(&up.url(), (part, 8), trusting);
        gate.call(&get(PROFILE, &fields(flags)));
        let [trace, span, told_flags] = parent(&up.one());
        assert_eq!((trace.as_str(), told_flags.as_str()), (TRACE, flags));
        assert_ne!(span, SPAN, "the platform is called by the gate");
        assert_eq!(up.one().header("tracestate"), Some("vendor=1"));
        let told = told(gate, &spans);
        assert_eq!(told.len(), usize::from(is_told));
        if let [call] = &*told {
            assert_eq!(call.trace.to_string(), TRACE);
            assert_eq!(call.parent.unwrap().to_string(), SPAN);
            assert_eq!((call.legs[0].id.to_string(), call.link), (span, None));
        }
    }
}

#[test]
fn anybody_elses_trace_is_left_behind_and_only_named() {
    let up = Upstream::plain();
    let (gate, spans) = Gate::traced(&up.url(), (1.0, 8), |_| {});
    gate.call(&get(PROFILE, &fields("00")));
    gate.get(PROFILE);
    let seen = up.seen();
    let [trace, span, flags] = parent(&seen[0]);
    assert_ne!(trace, TRACE);
    assert_eq!((flags.as_str(), seen[0].header("tracestate")), ("01", None));
    assert_ne!(parent(&seen[1])[0], trace, "each call begins a trace");
    let told = told(gate, &spans);
    assert_eq!((told[0].trace.to_string(), told[0].legs[0].id.to_string()), (trace, span));
    assert_eq!(told[0].parent, None);
    let (trace, span) = told[0].link.unwrap();
    assert_eq!((trace.to_string(), span.to_string()), (TRACE.to_owned(), SPAN.to_owned()));
    assert_eq!(told[1].link, None);
}

#[test]
fn a_trace_that_can_be_read_in_two_ways_is_none() {
    let up = Upstream::plain();
    let (gate, _spans) = Gate::traced(&up.url(), (1.0, 8), trusting);
    let twice = format!("{0}traceparent: 00-{TRACE}-{SPAN}-01\r\n", fields("01"));
    for lines in [&*twice, "traceparent: 00-0-0-01\r\ntracestate: vendor=1\r\n"] {
        gate.call(&get(PROFILE, lines));
        let seen = up.seen().pop().unwrap();
        assert_ne!(parent(&seen)[0], TRACE);
        assert_eq!(seen.head.matches("traceparent").count(), 1, "{}", seen.head);
        assert_eq!(seen.header("tracestate"), None);
    }
}

#[test]
fn a_span_tells_what_came_of_a_call_and_nothing_that_a_caller_wrote() {
    let up = Upstream::plain();
    let (gate, spans) = Gate::traced(&up.url(), (1.0, 8), |_| {});
    let id = gate
        .get(&format!("{MEDIA}?after=a-word-of-mine"))
        .header("x-request-id")
        .unwrap()
        .to_owned();
    gate.call(&format!(
        "WORD {PROFILE} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {KEY}\r\n\r\n"
    ));
    gate.get(NOWHERE);
    gate.call("GET /v21.0/me HTTP/1.1\r\nHost: a\r\n\r\n");
    let told = told(gate, &spans);
    let [read, word, nowhere, nobody] = &*told else { panic!("{told:#?}") };
    assert_eq!((&*read.request_id, read.method, read.verdict), (&*id, "GET", "permit"));
    assert_eq!((read.status, read.whole, read.http2), (200, true, false));
    assert!(read.partner.is_some() && read.operation.is_some() && read.class.is_some());
    assert!(read.policy.is_some() && read.judge_ns.is_some());
    let [leg] = &*read.legs else { panic!("{read:#?}") };
    assert_eq!((leg.status, leg.failed, leg.times), (Some(200), None, 1));
    assert_eq!(leg.upstream.as_deref(), Some(&*up.url()));
    assert_eq!((word.method, word.legs.len()), ("_OTHER", 0));
    assert_eq!((nowhere.operation, nowhere.legs.len()), (None, 0));
    assert_eq!((nobody.partner, nobody.verdict, nobody.status), (None, "key_missing", 401));
    let all = format!("{told:?}");
    for secret in [KEY, "17841000000000001", "a-word-of-mine", "WORD", "127.0.0.1\""] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
}

#[test]
fn a_platform_that_cannot_be_reached_is_seen_in_the_span_of_its_call() {
    let nobody = Nobody::new();
    let (gate, spans) = Gate::traced(&nobody.url(), (1.0, 8), |_| {});
    gate.get(PROFILE);
    let told = told(gate, &spans);
    assert_eq!((told[0].verdict, told[0].status), ("upstream_unreachable", 502));
    let leg = &told[0].legs[0];
    assert_eq!((leg.status, leg.failed, leg.times), (None, Some("upstream_unreachable"), 0));
    assert_eq!(leg.upstream.as_deref(), Some(&*nobody.url()));
}

#[test]
fn each_entry_of_a_batch_is_a_call_of_its_own() {
    let up = Upstream::plain();
    let (gate, spans) = Gate::traced(&up.url(), (1.0, 8), |_| {});
    let entry = |path: &str| format!(r#"{{"method":"GET","relative_url":"{}"}}"#, &path[1..]);
    let batch = format!("batch=[{},{},{}]", entry(PROFILE), entry(NOWHERE), entry(MEDIA));
    let length = batch.len();
    gate.call(&post("/v21.0", &format!("Content-Length: {length}\r\n"), &batch));
    let told = told(gate, &spans);
    let [call] = &*told else { panic!("{told:#?}") };
    let mut ids: Vec<_> = up.seen().iter().map(|seen| parent(seen)[1].clone()).collect();
    let mut legs: Vec<_> = call.legs.iter().map(|leg| leg.id.to_string()).collect();
    ids.sort();
    legs.sort();
    assert_eq!((ids.len(), &ids), (2, &legs));
    assert!(call.legs.iter().all(|leg| leg.status == Some(200) && leg.end.is_some()), "{call:#?}");
    assert_ne!(call.legs[0].operation, call.legs[1].operation);
}

#[test]
fn a_full_way_out_drops_spans_and_counts_them_and_no_call_waits() {
    let up = Upstream::plain();
    let (gate, spans) = Gate::traced(&up.url(), (1.0, 2), |_| {});
    let metrics = std::sync::Arc::clone(&gate.metrics);
    for _ in 0..5 {
        assert_eq!(gate.get(PROFILE).status, 200);
    }
    assert_eq!(told(gate, &spans).len(), 2);
    spans.told(1);
    spans.lost(1);
    let page = metrics.render();
    for line in ["portcullis_spans_dropped_total 4", "portcullis_spans_exported_total 1"] {
        assert!(page.contains(line), "{line} in {page}");
    }
}

#[test]
fn the_trace_is_on_record_and_told_with_the_call() {
    let up = Upstream::plain();
    let (mut gate, _spans) = Gate::traced(&up.url(), (0.0, 8), trusting);
    let id = |answer: crate::support::Answer| answer.header("x-request-id").unwrap().to_owned();
    let sampled = id(gate.call(&get(PROFILE, &fields("01"))));
    let other = id(gate.get(PROFILE));
    let trace_of = |id: &str| loop {
        if let Some(call) = gate.running().recaller().recall(id, crate::support::PATIENCE) {
            return call.came.more.and_then(|more| more.trace_id);
        }
    };
    assert_eq!((trace_of(&sampled).as_deref(), trace_of(&other)), (Some(TRACE), None));
    gate.end();
    let log = gate.log.text();
    let traces: Vec<_> = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["trace"].clone())
        .collect();
    assert_eq!(traces, [Value::from(TRACE), Value::Null]);
}
