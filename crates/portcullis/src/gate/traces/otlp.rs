//! Spans as a collector reads them: OTLP in JSON, with the semantic conventions for HTTP.
//!
//! What a conventional span would hold of paths, queries and addresses of clients is left out: ids of
//! people stand there. Must not know how spans are sent.

use std::sync::Arc;

use portcullis_catalogue::Operation;
use portcullis_judge::Rules;
use portcullis_proxy::{CallSpan, Leg, SpanId, TraceId};
use portcullis_registry::Office;
use portcullis_types::{Mono, OperationIx};
use serde_json::{Value, json};

use super::super::board::Board;
use crate::clock::SystemClock;

/// Kinds of spans.
const SERVER: u8 = 2;
const CLIENT: u8 = 3;
/// The status of a span that failed.
const FAILED: u8 = 2;

/// What spans are told with beside what they hold.
pub(super) struct Names {
    service: String,
    scheme: &'static str,
    office: Arc<dyn Office>,
    board: Arc<Board>,
}

/// How many spans that are.
pub(super) fn count(batch: &[CallSpan]) -> u64 {
    batch.iter().map(|call| 1 + call.legs.len() as u64).sum()
}

/// How many spans of a batch that it took a collector says that it refused.
pub(super) fn refused(answer: &str) -> u64 {
    let answer: Value = serde_json::from_str(answer).unwrap_or_default();
    let Some(refused) = answer.pointer("/partialSuccess/rejectedSpans") else { return 0 };
    let text = refused.as_str().and_then(|text| text.parse().ok());
    refused.as_u64().or(text).unwrap_or(0)
}

impl Names {
    pub(super) fn new(
        service: String,
        public_url: &str,
        (office, board): (Arc<dyn Office>, Arc<Board>),
    ) -> Self {
        let scheme = if public_url.starts_with("https://") { "https" } else { "http" };
        Self { service, scheme, office, board }
    }

    /// What is posted.
    pub(super) fn body(&self, batch: &[CallSpan], clock: &SystemClock) -> Value {
        let mut spans = Vec::new();
        let start = clock.start_unix_ns();
        let at = move |moment: Mono| (start + u128::from(moment.0)).to_string();
        for call in batch {
            let rules = call.policy.and_then(|revision| self.board.rules_of(revision));
            spans.push(self.server(call, rules.as_deref(), at));
            spans.extend(call.legs.iter().map(|leg| client(call, leg, rules.as_deref(), at)));
        }
        let mut resource = Attributes::default();
        resource.text("service.name", &self.service);
        resource.text("service.version", env!("CARGO_PKG_VERSION"));
        let scope = json!({ "name": "portcullis", "version": env!("CARGO_PKG_VERSION") });
        json!({ "resourceSpans": [{
            "resource": { "attributes": resource.0 },
            "scopeSpans": [{ "scope": scope, "spans": spans }],
        }] })
    }

    /// The call, as the gate served it.
    fn server(&self, call: &CallSpan, rules: Option<&Rules>, at: impl Fn(Mono) -> String) -> Value {
        let operation = operation(rules, call.operation);
        let mut with = Attributes::of(call.method, "http.route", operation);
        with.text("url.scheme", self.scheme);
        with.text("network.protocol.version", if call.http2 { "2" } else { "1.1" });
        with.number("http.response.status_code", call.status.into());
        with.text("portcullis.request_id", &call.request_id);
        with.text("portcullis.verdict", call.verdict);
        let snapshot = self.office.snapshot();
        if let Some(partner) = call.partner.and_then(|ix| snapshot.partner(ix)) {
            with.text("portcullis.partner", partner.id.as_str());
        }
        if let Some(class) = call.class.zip(rules) {
            with.text("portcullis.class", class.1.catalogue.class_name(class.0));
        }
        if let Some(revision) = call.policy {
            with.number("portcullis.policy_revision", revision.0);
        }
        if let Some(ns) = call.judge_ns {
            with.number("portcullis.judge_ns", ns);
        }
        if !call.whole {
            with.truth("portcullis.whole", false);
        }
        let failed = call.status >= 500;
        if failed {
            with.text("error.type", call.verdict);
        }
        let link = |(trace, id): (TraceId, SpanId)| json!({ "traceId": trace.to_string(), "spanId": id.to_string() });
        json!({
            "traceId": call.trace.to_string(),
            "spanId": call.id.to_string(),
            // An empty one is none.
            "parentSpanId": call.parent.map(|parent| parent.to_string()).unwrap_or_default(),
            "links": call.link.map(link).into_iter().collect::<Vec<_>>(),
            "flags": 1,
            "name": name(call, operation),
            "kind": SERVER,
            "startTimeUnixNano": at(call.start),
            "endTimeUnixNano": at(call.end),
            "attributes": with.0,
            "status": status(failed),
        })
    }
}

/// A call of the platform that it led to.
fn client(call: &CallSpan, leg: &Leg, rules: Option<&Rules>, at: impl Fn(Mono) -> String) -> Value {
    let operation = operation(rules, leg.operation.or(call.operation));
    // By the method that was meant, which for an entry of a batch is not that of the batch.
    let method = operation.map_or(call.method, |operation| operation.method.as_str());
    let mut with = Attributes::of(method, "url.template", operation);
    if let Some(upstream) = &leg.upstream {
        let (host, port) = address(upstream);
        with.text("server.address", host);
        if let Some(port) = port {
            with.number("server.port", port.into());
        }
    }
    if let Some(status) = leg.status {
        with.number("http.response.status_code", status.into());
    }
    if leg.times > 1 {
        with.number("http.request.resend_count", u64::from(leg.times) - 1);
    }
    for (name, us) in [("queue_us", leg.queue_us), ("connect_us", leg.connect_us)] {
        if us > 0 {
            with.number(&format!("portcullis.{name}"), us.into());
        }
    }
    if let Some(answered) = leg.answered.filter(|_| leg.status.is_some()) {
        let us = answered.0.saturating_sub(leg.sent.0) / 1000;
        with.number("portcullis.answer_us", us);
    }
    let bad = leg.status.filter(|status| *status >= 400).map(|status| status.to_string());
    let failed = leg.failed.map(str::to_owned).or(bad);
    if let Some(failed) = &failed {
        with.text("error.type", failed);
    }
    json!({
        "traceId": call.trace.to_string(),
        "spanId": leg.id.to_string(),
        "parentSpanId": call.id.to_string(),
        "flags": 1,
        "name": name(call, operation),
        "kind": CLIENT,
        "startTimeUnixNano": at(leg.sent),
        "endTimeUnixNano": at(leg.end.unwrap_or(call.end).max(leg.sent)),
        "attributes": with.0,
        "status": status(failed.is_some()),
    })
}

fn operation(rules: Option<&Rules>, ix: Option<OperationIx>) -> Option<&Operation> {
    rules?.catalogue.operation(ix?)
}

/// Few names, however many paths are called.
fn name(call: &CallSpan, operation: Option<&Operation>) -> String {
    let method = if call.method == "_OTHER" { "HTTP" } else { call.method };
    operation.map_or_else(
        || method.to_owned(),
        |operation| format!("{} {}", operation.method.as_str(), operation.template),
    )
}

fn status(failed: bool) -> Value {
    if failed { json!({ "code": FAILED }) } else { json!({}) }
}

/// Host and port of an upstream; a socket of this machine has a path.
fn address(upstream: &str) -> (&str, Option<u16>) {
    let rest = upstream.split_once("://").map_or(upstream, |(_, rest)| rest);
    match rest.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?))) {
        Some((host, port)) => (host, Some(port)),
        None => (rest.strip_prefix("unix:").unwrap_or(rest), None),
    }
}

/// What a span says.
#[derive(Default)]
struct Attributes(Vec<Value>);

impl Attributes {
    /// What both sides of a call say.
    fn of(method: &str, template: &str, operation: Option<&Operation>) -> Self {
        let mut with = Self::default();
        with.text("http.request.method", method);
        if let Some(operation) = operation {
            with.text(template, &operation.template);
            with.text("portcullis.operation", operation.name.as_str());
        }
        with
    }

    fn put(&mut self, key: &str, value: Value) {
        self.0.push(json!({ "key": key, "value": value }));
    }

    fn text(&mut self, key: &str, value: &str) {
        self.put(key, json!({ "stringValue": value }));
    }

    /// 64 bits are a text in JSON.
    fn number(&mut self, key: &str, value: u64) {
        self.put(key, json!({ "intValue": value.to_string() }));
    }

    fn truth(&mut self, key: &str, value: bool) {
        self.put(key, json!({ "boolValue": value }));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upstream_is_a_host_and_a_port_or_a_path() {
        for (upstream, host, port) in [
            ("http://127.0.0.1:9000", "127.0.0.1", Some(9000)),
            ("https://api.example:443", "api.example", Some(443)),
            ("http://[::1]:80", "[::1]", Some(80)),
            ("unix:/run/p.sock", "/run/p.sock", None),
        ] {
            assert_eq!(address(upstream), (host, port), "{upstream}");
        }
    }

    #[test]
    fn a_collector_may_refuse_some_of_what_it_took() {
        for (answer, count) in [
            ("", 0),
            ("{}", 0),
            (r#"{"partialSuccess":{"rejectedSpans":"3"}}"#, 3),
            (r#"{"partialSuccess":{"rejectedSpans":2}}"#, 2),
            (r#"{"partialSuccess":{"rejectedSpans":"x"}}"#, 0),
        ] {
            assert_eq!(refused(answer), count, "{answer}");
        }
    }
}
