//! The log, asked from the command line: what happened to whom, and how things stood then.

use crate::gate::{Gate, NOON, TOKEN};
use crate::hand::Machine;
use portcullis_types::Wall;

/// Each command a minute after the one before.
fn story() -> (Gate, Machine) {
    let gate = Gate::open();
    let machine = Machine::at(&gate.url, TOKEN);
    machine.write("places.csv", "p1\np2\n");
    for (at, line) in (1..).zip([
        "partner add acme --use publishing --tier basic",
        "client add shop --partner acme --purpose Posts --category brand",
        "partner add other --use newsroom",
        "partner warn acme --reason bulk-location --tell 'Too many places were read at once.' --fact 'Posts of 12,304 places in 41 towns were read in one night.' --period 2024-03-30..2024-03-31 --metric 'distinct places' --value 12304 --limit '200 a day' --evidence places.csv",
    ]) {
        gate.clock.set_wall(Wall(NOON.0 + at * 60_000));
        let said = machine.types(line);
        assert_eq!(said.code, 0, "{line}: {}", said.whole());
    }
    (gate, machine)
}

#[test]
fn how_a_partner_stood_then_is_shown() {
    let (_gate, machine) = story();
    let said = [
        "audit at --date 2024-03-31T12:03:30Z --partner acme",
        "audit at 5 --client shop",
        "audit at --date 2024-03-31T12:30:00Z",
        "audit at --date 2024-03-30",
        "audit at 1 --partner acme",
        "audit at 99",
        "audit at 1 --db nowhere.db",
    ]
    .map(|line| format!("$ portcullis {line}\n{}\n", machine.types(line).whole()));
    insta::assert_snapshot!(said.concat());
    let json = machine.types("audit at 5 --partner acme --output json");
    assert!(json.data.contains("\"partners_total\": 2"), "{}", json.whole());
}

#[test]
fn what_happened_is_found() {
    let (_gate, machine) = story();
    let said = [
        "audit query --subject acme",
        "audit query --type partner. --count 1",
        "audit query --text NIGHT",
        "audit query --subject acmee",
        "audit query --since 2024-04-02 --until 2024-04-01",
        "audit query --subject shop --since 2024-03-31 --until 2024-04-01 --actor ops",
        "audit query --case c-1",
        "audit query --since then",
        "audit query --count 0",
    ]
    .map(|line| format!("$ portcullis {line}\n{}\n", machine.types(line).whole()));
    insta::assert_snapshot!(said.concat());
}
