//! A case from its opening to its bundle, as a person types and reads it.

use crate::gate::{Gate, TOKEN};
use crate::hand::Machine;

const WHY: &str = "--reason investigation --tell 'We look into unusual calls.'";
const BACK: &str = "--reason investigation-closed --tell 'Access comes back in stages.'";
const FOUND: &str = "--fact '12,304 places were read in one night.' --period 9h --indefinite-because 'nobody knows when the calls are explained'";
const PLAN: &str = "\
stages:
  - name: pilot
    clients: [acme-one]
    classes: [place.posts]
    factor: 20
    entry: {attestation: [acme-one]}
  - name: everybody
    factor: 50
    at_least: 3d
    exit: {signals: 1}
";

/// A gate with a partner that has two clients, and a machine that reaches it.
fn opened() -> (Gate, Machine) {
    let gate = Gate::open();
    let machine = Machine::at(&gate.url, TOKEN);
    for words in [
        "partner add acme --tier basic --use travel_search",
        "client add acme-one --partner acme --purpose 'dashboards for brands' --category agency",
        "client add acme-two --partner acme --purpose 'dashboards for brands' --category agency",
    ] {
        assert_eq!(machine.types(words).code, 0, "{words}");
    }
    machine.write("plan.yaml", PLAN);
    machine.write("calls.jsonl", "{\"place\": 77}\n");
    (gate, machine)
}

fn transcript(machine: &Machine, commands: &[&str]) -> String {
    let told = commands.iter().map(|words| {
        let typed = words.replace("WHY", WHY).replace("FOUND", FOUND).replace("BACK", BACK);
        format!("$ portcullis {words}\n{}", machine.types(&typed).whole())
    });
    told.collect::<Vec<_>>().join("\n\n")
}

#[test]
fn a_case_goes_from_its_opening_over_a_plan_to_its_end() {
    let (_gate, machine) = opened();
    insta::assert_snapshot!(transcript(
        &machine,
        &[
            "case list",
            "case open --title 'Sweep of places' --subject partner:acme --review-by 7d",
            "case open case-1",
            "case open c-2 --subject acme",
            "case note case-1 'The walk began on Monday.'",
            "case evidence add case-1 calls.jsonl",
            "case evidence read case-1 00 --purpose 'To show it.'",
            "partner hold acme --shape reads --case case-2 WHY FOUND",
            "partner hold acme --shape reads --case case-1 WHY FOUND",
            "case restore case-1 --plan calls.jsonl",
            "case restore case-1 --plan plan.yaml --dry-run",
            "case restore case-1 --plan plan.yaml",
            "case stage case-1 BACK",
            "case attest case-1 --client acme-one 'All copies of September were deleted.'",
            "case stage case-1 --dry-run BACK",
            "case stage case-1 BACK",
            "client show acme-two",
            "case close case-1 --why 'It is over.'",
            "case stage case-1 BACK",
            "case finish case-1 BACK",
            "case show case-1",
            "partner restore acme BACK",
            "case close case-1 --why 'It is over.'",
            "case note case-1 'Too late.'",
            "case list",
            "case list --closed",
        ]
    ));
}

#[test]
fn evidence_that_is_not_here_is_not_recorded_as_read() {
    let (_gate, machine) = opened();
    insta::assert_snapshot!(transcript(
        &machine,
        &[
            "case open",
            "case evidence add case-1 calls.jsonl --digest-only",
            "case evidence read case-1 zz --purpose 'To show it.'",
            "case evidence read case-1 b36b --purpose 'To show it.'",
            "audit list",
        ]
    ));
}

#[test]
fn each_fault_of_a_plan_is_told_with_its_place() {
    let (_gate, machine) = opened();
    for (name, text) in [
        ("wide.yaml", "stages:\n  - name: pilot\n    share: 120\n    clients: [acme one]\n"),
        (
            "wrong.yaml",
            "stages:\n  - name: pilot\n    factor: ten\n    at_lest: 3d\n  - entry: [x]\n",
        ),
        ("no.json", "{\"stage\": []}"),
        ("both.yaml", "stages:\n  - {name: pilot, share: 10, clients: [acme-one]}\n"),
    ] {
        machine.write(name, text);
    }
    let commands = ["wide.yaml", "wrong.yaml", "no.json", "both.yaml"]
        .map(|name| format!("case restore case-1 --plan {name}"));
    let mut commands: Vec<&str> = commands.iter().map(String::as_str).collect();
    commands.insert(0, "case open --subject partner:acme");
    insta::assert_snapshot!(transcript(&machine, &commands));
}

#[test]
fn a_bundle_is_verified_without_a_server_and_a_change_of_it_is_named() {
    let (gate, machine) = opened();
    for words in [
        "case open c-1 --subject partner:acme",
        "case note c-1 'The walk began on Monday.'",
        "case evidence add c-1 calls.jsonl",
        "partner hold acme --case c-1 WHY FOUND",
    ] {
        let said = machine.types(&words.replace("WHY", WHY).replace("FOUND", FOUND));
        assert_eq!(said.code, 0, "{}", said.whole());
    }
    let key = gate.office.log_key();
    let told = transcript(
        &machine,
        &["case export c-1 --out bundle", "case export c-1 --with-evidence --out whole"],
    );
    insta::assert_snapshot!(told);
    let verify = |file: &str| machine.types(&format!("audit verify {file} --key {key}")).whole();
    insta::assert_snapshot!(verify("bundle"));
    insta::assert_snapshot!(verify("whole"));
    let text = std::fs::read_to_string(machine.dir.path().join("whole")).unwrap();
    for (what, from, to) in [
        ("note", "began on Monday", "began on Sunday"),
        ("evidence", "{\\\"place\\\": 77}", "{\\\"place\\\": 78}"),
        ("leaf", "12,304", "12,305"),
        ("head", "\"case\":\"c-1\"", "\"case\":\"c-2\""),
    ] {
        assert!(text.contains(from), "{what}");
        machine.write("changed", text.replacen(from, to, 1));
        let said = verify("changed");
        assert!(said.starts_with("DAMAGED:") && said.ends_with("[exit 1]"), "{what}: {said}");
    }
    let other =
        portcullis_audit::LogKey::from_seed(key.split_once('+').unwrap().0, &[9; 32]).unwrap();
    let said = machine.types(&format!("audit verify whole --key {}", other.public()));
    assert!(said.whole().starts_with("DAMAGED:"), "{}", said.whole());
}

#[test]
fn many_are_put_on_hold_by_a_list_that_was_looked_at() {
    let (_gate, machine) = opened();
    for words in [
        "partner add globex --tier basic --use travel_search",
        "partner add initech --tier plus --use research",
        "partner hold globex WHY FOUND",
    ] {
        let said = machine.types(&words.replace("WHY", WHY).replace("FOUND", FOUND));
        assert_eq!(said.code, 0, "{}", said.whole());
    }
    let list =
        machine.types(&format!("partner hold-all --all-of tier=basic {WHY} {FOUND} -o json"));
    let digest = list.json()["list"].as_str().unwrap().to_owned();
    insta::assert_snapshot!(transcript(
        &machine,
        &[
            "partner hold-all --all-of tier=basic --all-of category=agency WHY FOUND",
            "partner hold-all --all-of tier=basic WHY",
            "partner hold-all --all-of tier=basic WHY FOUND",
            "partner hold-all --all-of tier=basic --list 0123456789abcdef WHY FOUND",
            "partner hold-all --all-of name=acme WHY FOUND",
            "partner hold-all --all-of use=research --yes WHY FOUND",
        ]
    ));
    let words = format!("partner hold-all --all-of tier=basic --list {digest} {WHY} {FOUND}");
    insta::assert_snapshot!(machine.types(&words).whole(), @r"
        partner `acme` and all its keys on hold: refused from the next call on; to be looked at again by 2024-04-14T12:00:00.000Z (revision 9)
        [exit 0]
        ");
    assert!(machine.types(&words).whole().contains("the list again"), "it is another one by now");
}
