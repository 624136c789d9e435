//! Two persons, at the command line: what waits for the second one, and how that is told.

use crate::gate::{Gate, TOKEN};
use crate::hand::Machine;
use portcullis_control::{AdminToken, ControlSettings};
use portcullis_registry::{Actor, ActorKind, PeopleCommand, PeopleRule};

const ANA: &str = "ana-token-0123456789abcdef0123456789";

/// A gate of two persons, and the machine of the first.
fn open() -> (Gate, Machine) {
    let tokens = vec![AdminToken::from_secret("ana", ANA).unwrap().of(Some("ana"))];
    let gate = Gate::with(ControlSettings { tokens, ..ControlSettings::default() });
    let ops = Machine::at(&gate.url, TOKEN);
    for line in [
        "person add ana --role investigator --role admin --role approver",
        "person add ben --role approver",
        "partner add acme --use publishing",
        "key issue --partner acme",
    ] {
        let said = ops.types(line);
        assert_eq!(said.code, 0, "{line}: {}", said.whole());
    }
    let by_start = Actor { kind: ActorKind::Gate, id: "start".to_owned() };
    let rule = PeopleRule { two_persons: true, alone: 10 };
    gate.office.carry_out(by_start, PeopleCommand::SetRule(rule).into()).unwrap();
    let machine = Machine::at(&gate.url, ANA);
    machine.write("ana-token", ANA);
    machine.write("places.csv", "p1\n");
    (gate, machine)
}

#[test]
fn what_waits_for_a_second_person_says_so_and_is_not_taken_for_done() {
    let (_gate, machine) = open();
    let key = machine.types("key list -o json").json()[0]["id"].as_str().unwrap().to_owned();
    let found = "--reason investigation --tell 'We look into it.' --fact 'Posts of 900 places were read.' --period 2024-03-30..2024-03-31 --metric 'distinct places' --value 900 --limit '200 a day' --evidence places.csv";
    let back = "--reason mistake --tell 'This was our mistake.'";
    let says = |line: &str, code: u32, words: &str| {
        let said = machine.types(line);
        assert_eq!(said.code, code, "{line}: {}", said.whole());
        assert!(said.whole().contains(words), "{line}: {}", said.whole());
        said.whole()
    };
    says(&format!("partner hold acme {found}"), 0, "`portcullis partner ratify acme`");
    let ahead = says(&format!("partner restore acme {back} --dry-run"), 0, "only be proposed");
    assert!(!ahead.contains("proposal approve"), "nobody can approve it yet: {ahead}");
    let line = format!("partner restore acme {back} --token-file ana-token");
    let waits = says(&line, 8, "portcullis proposal approve");
    assert!(!waits.contains("--token-file"), "the second person has another: {waits}");
    says(&format!("key revoke {key} {found}"), 8, "the key goes on working");
    let said = machine.types("key issue --partner acme -o json");
    assert_eq!(said.code, 8, "a program is told by the code too: {}", said.whole());
}
