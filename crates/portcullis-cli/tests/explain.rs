//! A call that the running gate remembers, as it is told.

use std::sync::atomic::Ordering;

use crate::gate::{Gate, TOKEN};
use crate::hand::Machine;
use portcullis_control::{CallExplained, CallNow, CallSignal, CallStep, CallThen, CallWay};

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn step(stage: &str, what: &str, outcome: &str) -> CallStep {
    CallStep { stage: stage.into(), what: what.into(), outcome: outcome.into() }
}

/// A call that was refused by rules that were changed since.
fn refused() -> CallExplained {
    let target = "/v21.0/17841400000000001/media?limit=5";
    CallExplained {
        request: "req_refused".into(),
        at: "2024-03-31T12:00:00.000Z".into(),
        partner: "acme".into(),
        key: "k1".into(),
        method: text("GET"),
        target: text(target),
        then: CallThen {
            verdict: "rule_denied".into(),
            rule: text("plus/no-posts"),
            rules: vec!["plus/no-posts".into(), "plus/night".into()],
            shadowed: vec!["plus/new-one".into()],
            signals: vec![CallSignal {
                rule: "plus/probing".into(),
                signal: "refused".into(),
                evidence: "4 refused within 24h".into(),
            }],
            status: 403,
            whole: true,
            policy_revision: Some(3),
            ..CallThen::default()
        },
        // Refused on the spot.
        way: CallWay {
            credential: text("query"),
            total_us: 41,
            judge_ns: Some(2_640),
            ..CallWay::default()
        },
        policy_revision: Some(9),
        policies_changed: true,
        now: Some(CallNow {
            partner: "acme".into(),
            tier: text("plus"),
            at: "2024-03-31T13:00:00.000Z".into(),
            method: "GET".into(),
            target: target.into(),
            verdict: "allow".into(),
            rule: text("plus/own-posts"),
            steps: vec![
                step("request", "read in one way", "parameters: limit"),
                step("limits", "budgets and rolling rates", "all leave room for this call"),
            ],
            ..CallNow::default()
        }),
        ..CallExplained::default()
    }
}

/// A batch that passed, of an observed partner.
fn batch() -> CallExplained {
    let entry = |target: &str, told: Option<&str>| CallNow {
        method: "GET".into(),
        target: target.into(),
        verdict: told.map_or("allow", |_| "target_not_agreed").into(),
        rule: told.map_or_else(|| text("plus/own-posts"), |_| None),
        told: told.and_then(text),
        steps: vec![step("policy", "tier `plus`", "For tests")],
        ..CallNow::default()
    };
    let call = refused();
    let then = CallThen {
        verdict: "allow".into(),
        rule: text("plus"),
        observed: text("target_not_agreed"),
        status: 200,
        entries: 2,
        entries_refused: 1,
        items_dropped: 3,
        policy_revision: Some(9),
        ..CallThen::default()
    };
    let now = call.now.map(|now| CallNow {
        entries: vec![entry("/v21.0/1", None), entry("/v21.0/2", Some("It is not agreed."))],
        steps: Vec::new(),
        ..now
    });
    CallExplained {
        request: "req_batch".into(),
        client: text("bakery"),
        policies_changed: false,
        then,
        now,
        ..call
    }
}

/// A call whose text is not kept.
fn bare() -> CallExplained {
    CallExplained {
        request: "req_bare".into(),
        method: None,
        target: None,
        way: CallWay {
            credential: text("header"),
            total_us: 2_051_400,
            body_us: Some(999_960),
            judge_ns: Some(980),
            queue_us: Some(30_240),
            connect_us: Some(1_950),
            answer_us: Some(4_300),
            upstream: text("https://a.platform.example:443"),
            sent: 2,
            connections_opened: 3,
            trace: text("4bf92f3577b34da6a3ce929d0e0e4736"),
        },
        not_kept: text("it holds what may be a key where none belongs"),
        now: None,
        ..refused()
    }
}

#[test]
fn a_call_of_the_running_gate_is_told_as_it_was_decided_and_as_it_would_be_now() {
    let gate = Gate::open();
    let machine = Machine::at(&gate.url, TOKEN);
    gate.recall.calls.lock().unwrap().extend([refused(), batch(), bare()]);
    let mut told = Vec::new();
    for id in ["req_refused", "req_batch", "req_bare", "req_older", "../keys"] {
        let said = machine.types(&format!("explain --request {id}")).whole();
        told.push(format!("$ portcullis explain --request {id}\n{said}"));
    }
    gate.recall.off.store(true, Ordering::Relaxed);
    told.push(machine.types("explain --request req_older").whole());
    insta::assert_snapshot!(told.join("\n\n"));
    let json = machine.types("explain --request req_batch -o json").json();
    assert_eq!(json["now"]["entries"][1]["verdict"], "target_not_agreed");
    assert_eq!(json["then"]["entries_refused"], 1);
}
