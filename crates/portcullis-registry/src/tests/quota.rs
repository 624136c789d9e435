//! A partner's own keys bring about so many events a day and no more.

use insta::assert_snapshot;

use super::*;
use crate::{
    ANSWERS_KEPT_PER_DAY, ANSWERS_PER_DAY, ActorKind, AnswerCommand, AnswerKind,
    KEY_EVENTS_PER_DAY, PARTNER_EVENTS_PER_DAY,
};

fn with_key(n: u64) -> Actor {
    Actor { kind: ActorKind::Partner, id: format!("acme/key{n}") }
}

/// A partner with three keys, on hold as of event 4.
fn desk() -> Desk {
    let mut desk = Desk::default();
    desk.ask(&partner("acme", None)).unwrap();
    for n in 1..=3 {
        desk.ask(&key(n, "acme", None, None)).unwrap();
    }
    desk.ask(&hold(SubjectId::Partner(partner_id("acme")))).unwrap();
    desk
}

/// Clients declared with a key until no more are taken: how many, and whether the last said so.
fn declare(desk: &mut Desk, now: Wall, n: u64) -> (u64, Rejected) {
    let mut taken = 0;
    loop {
        let one = client(&format!("acme-{n}-{taken}"), "acme", None);
        match desk.by(&with_key(n), now, &one) {
            Ok(planned) => taken += planned.events.len() as u64,
            Err(refused) => return (taken, refused),
        }
    }
}

fn appeal(n: usize) -> Command {
    let partner = partner_id("acme");
    let (kind, about, text) = (AnswerKind::Appeal, Revision(4), format!("Appeal {n}."));
    let attachments = Vec::new();
    AnswerCommand::Receive { partner, kind, about, text, attachments, due: NOON }.into()
}

#[test]
fn a_key_takes_half_of_a_partners_day_and_all_of_them_the_whole() {
    let mut desk = desk();
    let (taken, refused) = declare(&mut desk, NOON, 1);
    assert_eq!(taken, KEY_EVENTS_PER_DAY, "with the event that says so");
    assert_snapshot!(refused, @"key `key1` alone, which may take half of what partner `acme` may, brought about 100 changes today, and no more are taken before 2023-11-15T00:00:00.000Z; ending a key is always taken");
    let said = desk.log.iter().filter(|(_, event, _)| event.name() == "quota.reached").count();
    assert_eq!(said, 1);
    let (taken, _) = declare(&mut desk, NOON, 2);
    assert_eq!(taken, PARTNER_EVENTS_PER_DAY - KEY_EVENTS_PER_DAY);
    let (taken, refused) = declare(&mut desk, NOON, 3);
    assert_eq!(taken, 0);
    assert_snapshot!(refused, @"the keys of partner `acme` brought about 200 changes today, and no more are taken before 2023-11-15T00:00:00.000Z; ending a key is always taken");
    let (taken, again) = declare(&mut desk.replayed(), NOON, 3);
    assert_eq!((taken, again.code()), (0, "events_quota"), "a restart gives nothing anew");
    desk.by(&with_key(1), NOON, &revoke("key1")).unwrap();
    desk.ask(&client("by-operators", "acme", None)).unwrap();
    let tomorrow = Wall(NOON.0 + 86_400_000);
    desk.by(&with_key(2), tomorrow, &client("acme-new", "acme", None)).unwrap();
}

#[test]
fn a_key_that_renews_itself_gets_no_more_of_the_day_by_it() {
    let mut desk = desk();
    let new = NewSecret { id: key_id("key4"), digest: digest(4), pepper: "aabbccdd".to_owned() };
    let renew = KeyCommand::Rotate { key: key_id("key1"), new, until: None };
    let written = desk.by(&with_key(1), NOON, &renew.into()).unwrap().events.len() as u64;
    let (taken, refused) = declare(&mut desk, NOON, 4);
    assert_eq!((written + taken, refused.code()), (KEY_EVENTS_PER_DAY, "events_quota"));
    assert_eq!(declare(&mut desk, NOON, 1).0, 0, "the two are one");
    assert_eq!(declare(&mut desk, NOON, 2).0, PARTNER_EVENTS_PER_DAY - KEY_EVENTS_PER_DAY);
}

#[test]
fn who_took_a_partners_whole_day_has_not_taken_its_appeal() {
    let mut desk = desk();
    for n in 0..ANSWERS_PER_DAY {
        desk.by(&with_key(1), NOON, &appeal(n)).unwrap();
    }
    assert_eq!(desk.by(&with_key(1), NOON, &appeal(90)).unwrap_err().code(), "answers_many");
    for n in 1..=2 {
        declare(&mut desk, NOON, n);
    }
    for n in 0..ANSWERS_KEPT_PER_DAY {
        desk.by(&with_key(3), NOON, &appeal(100 + n)).unwrap();
    }
    let refused = desk.by(&with_key(3), NOON, &appeal(110)).unwrap_err();
    assert_eq!(refused.code(), "answers_many");
    desk.ask(&restore(SubjectId::Partner(partner_id("acme")))).unwrap();
    let refused = desk.by(&with_key(2), NOON, &appeal(120)).unwrap_err();
    assert_eq!(refused.code(), "answers_many", "the hold is no longer in force");
}
