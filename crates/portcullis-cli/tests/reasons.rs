//! Reasons as they are typed, refused, shown and taken over from what was counted.

use crate::gate::{Gate, TOKEN};
use crate::hand::Machine;
use portcullis_registry::{Actor, ActorKind, Command, SignalAction, SignalBounds, SignalSeen};
use portcullis_types::PartnerId;

const WHY: &str =
    "--reason bulk-location --tell 'Posts of far more places than declared were read.'";
const FILE: &str = "facts:
  - statement: Posts of 12,304 places in 41 towns were read in one night.
    period: { from: 2024-03-30, until: 2024-03-31 }
    metric: distinct places
    value: '12304'
    limit: 200 a day
    evidence: one line of evidence
withheld:
  - field: facts
    ground: witnesses of another inquiry would be known
    until: 2024-04-20
required_actions:
  - action: Delete posts of places outside the declared towns.
    due: 2024-04-10
";

fn signal(gate: &Gate, of: &str) {
    let seen = SignalSeen {
        partner: PartnerId::new(of).unwrap(),
        key: None,
        with: None,
        rule: "plus/in-order".to_owned(),
        signal: "id_walk".to_owned(),
        evidence: "steps 12, of 14".to_owned(),
        limit: "15 ids in order".to_owned(),
        window: "7d".parse().unwrap(),
        classes: Vec::new(),
        then: vec![SignalAction::Flag],
        tell: None,
    };
    let actor = Actor { kind: ActorKind::Gate, id: "signals".to_owned() };
    let bounds = SignalBounds { holds_per_day: 1, uncounted: 0 };
    gate.office.carry_out(actor, Command::RaiseSignal { seen, bounds }).unwrap();
}

#[test]
fn what_is_missing_is_said_at_once_and_what_was_counted_need_not_be_copied() {
    let gate = Gate::open();
    let machine = Machine::at(&gate.url, TOKEN);
    machine.write("statement.yaml", FILE);
    machine.write("counted.txt", "place,town\n1,Berlin\n");
    for partner in ["acme", "globex"] {
        machine.types(&format!("partner add {partner} --tier plus --use newsroom"));
        signal(&gate, partner);
    }
    let commands = [
        format!("partner hold acme {WHY}"),
        format!("partner hold acme {WHY} --fact 'It violated our policies.' --value many"),
        format!("partner restrict acme --factor 50 {WHY} --facts-from 3"),
        format!("partner hold acme {WHY} --facts-from 2"),
        format!("partner hold acme {WHY} --facts-from 5"),
        format!("partner hold acme {WHY} --facts-from 99"),
        format!("partner hold acme {WHY} --fact 'Posts of 12,304 places were read.' --period soon"),
        format!("partner hold acme {WHY} --statement nowhere.yaml"),
        format!(
            "partner hold acme {WHY} --facts-from 3 --shape reads --even place.posts --impact-note 'Reading of places pauses until we talked; publishing goes on.'"
        ),
        "partner restore acme --reason mistake --tell 'It was our own mistake.'".to_owned(),
    ];
    let mut told: Vec<String> = Vec::new();
    for words in &commands {
        let said = machine.types(words).whole();
        told.push(format!("$ portcullis {}\n{said}", words.replace(WHY, "WHY")));
    }
    insta::assert_snapshot!(told.join("\n\n"));
    // What the answer names as its undo can be typed as it is.
    let undo = told.last().unwrap().lines().find_map(|line| line.strip_prefix("undo: portcullis "));
    // The statement says that a machine found it, at once and where it is taken over again.
    let first = format!("partner warn globex {WHY} --facts-from 5");
    for words in [&*first, undo.unwrap()] {
        let shown = machine.types(&format!("{words} --dry-run")).whole();
        assert!(shown.contains("detection: full"), "{shown}");
    }
    let again = machine.types(undo.unwrap());
    assert_eq!(again.code, 0, "{}", again.whole());
    // A watch found it, also where the facts are taken over once more.
    for step in [6, 8] {
        let event = machine.types(&format!("audit show {step} -o json")).json();
        let digest = event["event"]["statement"].as_str().unwrap();
        let statement = machine.types(&format!("statement show {digest} --whole -o json")).json();
        assert_eq!(statement["automation"]["detection"], "full", "{step}: {statement}");
        assert_eq!(statement["automation"]["decision"], "none", "a person decided");
    }
    let measured = format!(
        "partner warn globex {WHY} --fact 'Posts of 12,304 places were read.' --period 2024-03-30..now --metric 'distinct places' --value 12304 --limit '200 a day' --evidence counted.txt"
    );
    let warned = machine.types(&measured);
    assert_eq!(warned.code, 0, "{}", warned.whole());
}

#[test]
fn a_statement_is_shown_as_its_partner_reads_it_and_whole() {
    let gate = Gate::open();
    let machine = Machine::at(&gate.url, TOKEN);
    machine.write("statement.yaml", FILE);
    machine.types("partner add acme --tier plus --use newsroom");
    let held = machine.types(&format!("partner hold acme {WHY} --statement statement.yaml"));
    assert_eq!(held.code, 0, "{}", held.whole());
    let event = machine.types("audit show 3 -o json").json();
    let digest = event["event"]["statement"].as_str().unwrap();
    let shown = ["", " --whole"]
        .map(|option| machine.types(&format!("statement show {digest}{option}")).whole());
    insta::assert_snapshot!(shown.join("\n\n"));
    let mut refused = vec![machine.types("statement show 17").whole()];
    refused.push(machine.types(&format!("statement show {}", "ab".repeat(32))).whole());
    insta::assert_snapshot!(refused.join("\n\n"), @r"
        error: the digest of a statement is 64 hex digits; `portcullis audit show` tells it
        [exit 2]

        error: there is no content with digest `abababababababababababababababababababababababababababababababab` in the store
        [exit 1]
        ");
}
