//! Signing in, and what holds for every command: who asks, and what its wish builds on.

use crate::gate::{Gate, TOKEN};
use crate::hand::Machine;

/// One that knows where the gate is, and not with which token.
fn stranger(gate: &Gate) -> Machine {
    let mut machine = Machine::at(&gate.url, TOKEN);
    machine.variables.remove("PORTCULLIS_ADMIN_TOKEN");
    machine.variables.insert("HOME".to_owned(), "home".to_owned());
    machine
}

fn transcript(gate: &Gate, machine: &Machine, commands: &[&str]) -> String {
    let port = gate.url.rsplit(':').next().unwrap();
    let told = commands
        .iter()
        .map(|words| format!("$ portcullis {words}\n{}", machine.types(words).whole()));
    told.collect::<Vec<_>>().join("\n\n").replace(port, "PORT")
}

#[test]
fn who_signs_in_needs_no_token_until_signing_out() {
    let gate = Gate::open();
    let mut machine = stranger(&gate);
    machine.input = format!("{TOKEN}\n");
    let commands = ["whoami", "login", "whoami", "partner list", "logout", "whoami", "logout"];
    insta::assert_snapshot!(transcript(&gate, &machine, &commands));
}

#[test]
fn a_token_that_the_gate_does_not_know_is_not_kept() {
    let gate = Gate::open();
    let mut machine = stranger(&gate);
    let mut told = Vec::new();
    for input in ["ptc_admin_of_another_gate", "two words", ""] {
        machine.input = input.to_owned();
        told.push(transcript(&gate, &machine, &["login"]));
    }
    insta::assert_snapshot!(told.join("\n\n"));
    assert!(!machine.dir.path().join("home").exists());
}

#[test]
fn a_token_goes_to_the_gate_it_was_given_for_and_to_no_other() {
    let (gate, other) = (Gate::open(), Gate::open());
    let mut machine = stranger(&gate);
    machine.input = TOKEN.to_owned();
    assert_eq!(machine.types("login").code, 0);
    assert_eq!(machine.types("whoami").code, 0);
    let said = machine.types(&format!("whoami --admin {}", other.url));
    assert_eq!(said.code, 4, "{}", said.whole());
}

#[test]
fn a_wish_that_builds_on_what_has_changed_is_refused_whatever_it_is() {
    let gate = Gate::open();
    let machine = Machine::at(&gate.url, TOKEN);
    for words in ["partner add acme --tier basic --use travel_search", "case open c-1"] {
        assert_eq!(machine.types(words).code, 0, "{words}");
    }
    let hold = "partner hold acme --reason investigation --tell 'Too many places were read at once.' --fact '12,304 places were read in one night.' --period 9h";
    let told = [
        format!("{hold} --if-revision 2"),
        format!("{hold} --if-revision 3"),
        format!("{hold} --if-revision 3"),
        "partner facts acme --set locations=77 --if-revision 3".to_owned(),
        "client add shop --partner acme --if-revision 3".to_owned(),
        "case note c-1 'Nothing yet.' --if-revision 3".to_owned(),
        "partner show acme --if-revision 1 -o json".to_owned(),
        "grant list --if-revision 3".to_owned(),
    ]
    .map(|words| {
        let said = machine.types(&words);
        let words = words.replace(hold, "partner hold acme WHY FOUND");
        match words.contains("json") {
            true => format!("$ portcullis {words}\n[exit {}]", said.code),
            false => format!("$ portcullis {words}\n{}", said.whole()),
        }
    });
    insta::assert_snapshot!(told.join("\n\n"));
}
