//! A partner's own keys bring about so many events a day and no more.

use insta::assert_snapshot;

use super::*;
use crate::{ActorKind, PARTNER_EVENTS_PER_DAY};

fn acme() -> Actor {
    Actor { kind: ActorKind::Partner, id: "acme/key1".to_owned() }
}

/// One more client, declared by the partner.
fn more(desk: &mut Desk, now: Wall, n: u64) -> Result<Planned, Rejected> {
    desk.by(&acme(), now, &client(&format!("acme-{n}"), "acme", None))
}

#[test]
fn a_partner_that_writes_without_end_is_stopped_for_the_day_and_can_still_end_its_keys() {
    let mut desk = Desk::default();
    desk.ask(&partner("acme", None)).unwrap();
    desk.ask(&key(1, "acme", None, None)).unwrap();
    let mut last = 0;
    while let Ok(planned) = more(&mut desk, NOON, last) {
        let said = planned.events.iter().any(|event| event.name() == "quota.reached");
        assert_eq!(said, last + 2 == PARTNER_EVENTS_PER_DAY, "{last}");
        last += 1;
    }
    assert_eq!(last, PARTNER_EVENTS_PER_DAY - 1, "and the event that says so");
    let refused = more(&mut desk, NOON, last).unwrap_err();
    assert_snapshot!(refused, @"the keys of partner `acme` brought about 200 changes today, and no more are taken before 2023-11-15T00:00:00.000Z; ending a key is always taken");
    let again = more(&mut desk.replayed(), NOON, last).unwrap_err();
    assert_eq!(again.code(), "events_quota", "a restart gives nothing anew");
    desk.by(&acme(), NOON, &revoke("key1")).unwrap();
    desk.ask(&client("by-operators", "acme", None)).unwrap();
    more(&mut desk, Wall(NOON.0 + 86_400_000), last).unwrap();
}
