//! What waits: proposals that went stale, and what a change comes to when it is let through late.

use super::agreement::edit;
use super::people::{Gate, files, person, told};
use super::*;

#[test]
fn what_went_stale_waits_for_nobody_and_does_not_block_its_renewal() {
    let mut gate = Gate::open();
    let wider = told(edit(None, Some("plus")), Vec::new());
    let stale = gate.proposed(&wider);
    let waiting = |gate: &Gate| gate.state.current().people().waiting(gate.now);
    let again = gate.ask(&person("cho"), &wider).unwrap_err();
    assert_eq!((again.code(), waiting(&gate)), ("proposed_already", 1));
    let renamed = Command::EditPartner {
        id: partner_id("acme"),
        name: Some("Acme and Sons".to_owned()),
        tier: None,
        r#use: None,
        declared_use: None,
        scopes: None,
        facts: None,
    };
    gate.ask(&person("cho"), &renamed).unwrap();
    assert_eq!(gate.approve("ben", &stale).unwrap_err().code(), "proposal_stale");
    assert_eq!(waiting(&gate), 0, "a stale one waits for nobody");
    let renewed = gate.proposed(&wider);
    assert_eq!((renewed.digest == stale.digest, waiting(&gate)), (true, 1));
    gate.approve("ben", &renewed).unwrap();
    assert_eq!(gate.everything(), gate.replayed());
}

#[test]
fn a_set_that_leaves_others_less_than_when_it_was_proposed_is_not_approved() {
    #[track_caller]
    fn check(now: &[&str], text: Option<&str>) {
        let mut gate = Gate::open();
        let less = |name: &&str| Narrowed::new(partner_id(name), ["lose a class".to_owned()]);
        let proposal = gate.proposed(&told(files("tier: less"), vec![less(&"acme")]));
        let narrowed = now.iter().map(less).collect();
        let again = Some(Ok(Weighed { proved_narrower: false, narrowed }));
        let approve =
            PeopleCommand::Approve { proposal: proposal.id, digest: proposal.digest.clone() };
        let terms = Terms { again, ..Terms::default() };
        let done = gate.on(&person("ben"), &approve.into(), &terms);
        let shown = done.err().map(|refused| (refused.code(), refused.to_string()));
        let whom = shown.as_ref().and_then(|(code, shown)| {
            assert_eq!(*code, "proposal_stale");
            shown.split("was made: ").nth(1)?.split("; propose").next()
        });
        assert_eq!(whom, text);
    }
    check(&["acme"], None);
    check(&["acme", "b"], Some("`b` now too"));
    check(&["b"], Some("`b` now too, `acme` no longer"));
    check(&[], Some("`acme` no longer"));
}
