//! Answers of partners and what partners were told, as an operator reads them.

use crate::gate::{Gate, NOON, TOKEN};
use crate::hand::Machine;
use portcullis_registry::{
    Actor, ActorKind, AnswerCommand, AnswerKind, Attachment, Command, Event, Office as _,
};
use portcullis_types::{PartnerId, Revision, Wall};

const WEEK: u64 = 7 * 86_400_000;

fn answer(gate: &Gate, kind: AnswerKind, about: u64, text: &str) {
    let command = AnswerCommand::Receive {
        partner: PartnerId::new("acme").unwrap(),
        kind,
        about: Revision(about),
        text: text.to_owned(),
        attachments: vec![Attachment {
            name: "places.csv".to_owned(),
            sha256: "ab".repeat(32),
            bytes: 812,
        }],
        due: Wall(NOON.0 + WEEK),
    };
    let actor = Actor { kind: ActorKind::Partner, id: "acme/key1".to_owned() };
    gate.office.carry_out(actor, command.into()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_listed_read_and_replied_to_and_notices_are_shown_as_partners_read_them() {
    let gate = Gate::open();
    let machine = Machine::at(&gate.url, TOKEN);
    let mut told = Vec::new();
    let mut types = |words: &str| {
        let said = machine.types(words);
        told.push(format!("$ portcullis {words}\n{}", said.whole()));
    };
    types("answer list");
    machine.types("partner add acme --tier plus --use newsroom");
    machine.types("partner warn acme --reason investigation --tell 'You call faster than agreed.' --fact 'There were 900 calls in one minute.' --period 1h");
    let events = gate.office.events(Revision(0), 100).await.unwrap();
    let warned = events.iter().find(|one| matches!(one.event, Event::Standing(_))).unwrap();
    let warned = warned.revision.0;
    answer(&gate, AnswerKind::Answer, warned, "It was one of our jobs.\nIt was stopped.");
    answer(&gate, AnswerKind::Appeal, warned, "We were told that we may.");
    let (first, appeal) = (warned + 1, warned + 2);
    gate.clock.set_wall(Wall(NOON.0 + WEEK));
    let due = AnswerCommand::RunOut { answer: Revision(appeal) };
    gate.office.carry_out(Actor::clock(), Command::from(due)).unwrap();
    types("answer list --partner acme");
    types(&format!("answer show {first}"));
    types(&format!("answer reply {first} --uphold --tell 'Thank you for looking into it.'"));
    types(&format!("answer reply {first} --note --tell 'Thank you for looking into it.'"));
    types(&format!("answer reply {appeal} --deny --tell 'The agreement says ten a second.'"));
    types(&format!("answer reply {appeal} --uphold --tell 'The agreement says ten a second.'"));
    types(&format!("answer show {appeal}"));
    types("answer list --open");
    types("answer show 99");
    types("notice list acme");
    types("notice list acne");
    types("notice show 0");
    insta::assert_snapshot!(told.join("\n\n"));
    let notice = machine.types(&format!("notice show {warned} -o json")).json();
    assert_eq!(notice["change"]["tell"], "You call faster than agreed.");
    assert_eq!(notice["statement"]["reason"], "investigation");
    assert_eq!(
        machine.types("notice list acme --limit 1 -o json").json().as_array().unwrap().len(),
        1
    );
}
