//! What time runs out for, done by the writer: once, and after a restart too.

use std::sync::atomic::Ordering;

use portcullis_registry::{ChangeCommand, PeopleCommand, PeopleRule, Wish};
use portcullis_types::{ClassName, Closes};

use super::*;

const DAY_SECONDS: u64 = 86_400;

/// How many events of that name there are, and what the partner has closed.
async fn seen(office: &OfficeHandle, name: &str) -> (usize, String) {
    let events = office.events(Revision(0), 100).await.unwrap();
    let count = events.iter().filter(|logged| logged.event.name() == name).count();
    let snapshot = office.snapshot();
    let partner = snapshot.partner(portcullis_types::PartnerIx(0)).unwrap();
    (count, partner.narrowed.as_ref().map(|n| n.closes.to_string()).unwrap_or_default())
}

#[tokio::test]
async fn an_unconfirmed_hold_falls_back_once_also_when_the_gate_was_down() {
    let (_dir, path) = place();
    let clock = Arc::new(Turned::default());
    let start = async |clock: &Arc<Turned>| {
        let opened = open(&path).await.unwrap();
        Writer::start(opened, Arc::new(()), Arc::clone(clock) as Arc<dyn Clock>).await.unwrap()
    };
    let office = start(&clock).await;
    let rule = PeopleRule { two_persons: true, alone: 2 };
    ask(&office, Command::People(PeopleCommand::SetRule(rule))).await.unwrap();
    for id in ["acme", "zenith"] {
        ask(&office, add_partner(id)).await.unwrap();
    }
    let to = Wish::Suspended {
        closes: Closes::All,
        even: Vec::new(),
        fallback: vec![ClassName::new("place.posts").unwrap()],
        review_by: None,
    };
    let reason = ReasonCode::new("investigation").unwrap();
    let tell = "We are looking into unusual calls.".to_owned();
    let subject = SubjectId::Partner(PartnerId::new("acme").unwrap());
    let step = Command::Stand { subject, to, reason, tell, case: None };
    ask(&office, step.stated(found())).await.unwrap();
    assert_eq!(seen(&office, "standing.restricted").await, (0, "all reads and writes".to_owned()));
    office.close().await;
    clock.0.fetch_add(DAY_SECONDS, Ordering::Relaxed);
    let office = start(&clock).await;
    // Any wish finds the clocks run out before it is judged.
    ask(&office, add_partner("third")).await.unwrap();
    assert_eq!(seen(&office, "standing.restricted").await, (1, "`place.posts`".to_owned()));
    clock.0.fetch_sub(3600, Ordering::Relaxed);
    ask(&office, add_partner("fourth")).await.unwrap();
    assert_eq!(seen(&office, "standing.restricted").await, (1, "`place.posts`".to_owned()));
    let events = office.events(Revision(0), 100).await.unwrap();
    let fell = events.iter().find(|logged| logged.event.name() == "standing.restricted").unwrap();
    assert_eq!(fell.actor, Actor::clock());
}

#[tokio::test]
async fn a_change_that_was_announced_comes_once_also_when_the_gate_was_down_on_its_day() {
    let (_dir, path) = place();
    let clock = Arc::new(Turned::default());
    let start = async |clock: &Arc<Turned>| {
        let opened = open(&path).await.unwrap();
        Writer::start(opened, Arc::new(()), Arc::clone(clock) as Arc<dyn Clock>).await.unwrap()
    };
    let office = start(&clock).await;
    ask(&office, add_partner("acme")).await.unwrap();
    ask(&office, issue_key("acme", 1)).await.unwrap();
    let edit = Command::EditPartner {
        id: PartnerId::new("acme").unwrap(),
        name: None,
        tier: None,
        r#use: None,
        declared_use: None,
        scopes: Some(Some(vec!["media:read".parse().unwrap()])),
        facts: None,
    };
    let told = portcullis_registry::Told {
        reason: ReasonCode::new("agreement-changed").unwrap(),
        tell: "Your agreement covers less from then on.".to_owned(),
        case: None,
        statement: found(),
    };
    let command =
        Command::Told { told: Box::new(told), narrowed: Vec::new(), command: Box::new(edit) };
    let effective = Wall(1_700_000_000_000 + 30 * DAY_SECONDS * 1000);
    let scheduled = ChangeCommand::Schedule { effective, command: Box::new(command) };
    ask(&office, scheduled.into()).await.unwrap();
    assert_eq!(seen(&office, "agreement.announced").await.0, 1);
    office.close().await;
    clock.0.fetch_add(40 * DAY_SECONDS, Ordering::Relaxed);
    let office = start(&clock).await;
    assert_eq!(office.snapshot().changes().iter().count(), 1, "it waits over a restart");
    ask(&office, add_partner("third")).await.unwrap();
    assert_eq!(seen(&office, "change.carried_out").await.0, 1);
    clock.0.fetch_sub(20 * DAY_SECONDS, Ordering::Relaxed);
    ask(&office, add_partner("fourth")).await.unwrap();
    assert_eq!(seen(&office, "change.carried_out").await.0, 1);
    assert_eq!(seen(&office, "agreement.narrowed").await.0, 1);
    let snapshot = office.snapshot();
    let partner = snapshot.partner(portcullis_types::PartnerIx(0)).unwrap();
    assert_eq!(partner.scopes.as_deref().map(<[_]>::len), Some(1));
}
