//! Signals as they are listed.

use crate::gate::{Gate, TOKEN};
use crate::hand::Machine;
use portcullis_registry::{Actor, ActorKind, Command, SignalAction, SignalBounds, SignalSeen};
use portcullis_types::PartnerId;

fn raise(gate: &Gate, of: &str, rule: &str, then: &[SignalAction]) {
    let seen = SignalSeen {
        partner: PartnerId::new(of).unwrap(),
        key: None,
        with: (rule == "plus/same-list").then(|| PartnerId::new("globex").unwrap()),
        rule: rule.to_owned(),
        signal: "id_walk".to_owned(),
        evidence: "steps 12, of 14".to_owned(),
        limit: "15 ids in order".to_owned(),
        window: "7d".parse().unwrap(),
        classes: Vec::new(),
        then: then.to_vec(),
        tell: None,
    };
    let actor = Actor { kind: ActorKind::Gate, id: format!("signal:{rule}") };
    let bounds = SignalBounds { holds_per_day: 1, uncounted: 0 };
    gate.office.carry_out(actor, Command::RaiseSignal { seen, bounds }).unwrap();
}

#[test]
fn signals_are_listed_newest_first_with_what_became_of_them() {
    let gate = Gate::open();
    let machine = Machine::at(&gate.url, TOKEN);
    let mut told = vec![machine.types("signal list").whole()];
    for partner in ["acme", "globex"] {
        machine.types(&format!("partner add {partner} --tier plus --use newsroom"));
    }
    raise(&gate, "acme", "plus/in-order", &[SignalAction::Flag, SignalAction::OpenCase]);
    raise(&gate, "acme", "plus/same-list", &[]);
    raise(&gate, "acme", "plus/polling", &[SignalAction::Hold]);
    raise(&gate, "globex", "plus/polling", &[SignalAction::Hold, SignalAction::Restrict]);
    for words in [
        "signal list",
        "signal list --partner globex",
        "signal list --rule plus/same-list",
        "signal list --limit 1",
        "signal list --partner globx",
        "audit list --from 6",
    ] {
        told.push(format!("$ portcullis {words}\n{}", machine.types(words).whole()));
    }
    insta::assert_snapshot!(told.join("\n\n"));
    let json = machine.types("signal list --limit 2 -o json").json();
    assert_eq!(json.as_array().unwrap().len(), 2);
    assert_eq!(json[0]["not_held"], "capped");
    assert_eq!(json[1]["held"], true);
}

#[test]
fn many_signals_are_listed_in_parts_and_none_twice() {
    let gate = Gate::open();
    let machine = Machine::at(&gate.url, TOKEN);
    machine.types("partner add acme --tier plus --use newsroom");
    for _ in 0..1203 {
        raise(&gate, "acme", "plus/in-order", &[SignalAction::Flag]);
    }
    let all = machine.types("signal list --limit 5000 -o json").json();
    let revisions: Vec<u64> =
        all.as_array().unwrap().iter().map(|signal| signal["revision"].as_u64().unwrap()).collect();
    assert_eq!(revisions.len(), 1203);
    assert!(revisions.windows(2).all(|pair| pair[0] == pair[1] + 1));
}
