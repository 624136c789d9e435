//! What follows a signal, and how far it may go.

use super::*;

const DAY: u64 = SIGNAL_HOLDS_WINDOW;

pub(crate) fn seen(of: &str, then: &[SignalAction]) -> SignalSeen {
    SignalSeen {
        partner: partner_id(of),
        key: None,
        with: None,
        rule: "newsroom/places-in-order".to_owned(),
        signal: "id_walk".to_owned(),
        evidence: "steps 12, of 14".to_owned(),
        limit: "15 ids in order".to_owned(),
        window: "7d".parse().unwrap(),
        classes: Vec::new(),
        then: then.to_vec(),
        tell: Some("Places were read in order.".to_owned()),
    }
}

fn raise(seen: SignalSeen) -> Command {
    Command::RaiseSignal { seen, bounds: SignalBounds { holds_per_day: 3, uncounted: 0 } }
}

fn partners(count: u64) -> Desk {
    let mut desk = Desk::default();
    for n in 0..count {
        desk.ask(&partner(&format!("p{n}"), None)).unwrap();
    }
    desk
}

fn kinds(planned: &Planned) -> Vec<&'static str> {
    planned.events.iter().map(Event::name).collect()
}

fn is_held(desk: &Desk, n: u32) -> bool {
    desk.state.snapshot().partner(portcullis_types::PartnerIx(n)).unwrap().narrowed.is_some()
}

#[test]
fn a_hit_is_recorded_with_what_is_wanted_and_nothing_is_pretended() {
    let mut desk = partners(1);
    let mut with_key = seen("p0", &[SignalAction::Flag, SignalAction::OpenCase]);
    with_key.key = Some(key_id("key1"));
    let planned = desk.ask(&raise(with_key)).unwrap();
    insta::assert_snapshot!(planned.what, @"signal `newsroom/places-in-order` for partner `p0`: steps 12, of 14; case `case-1` opened");
    let json = serde_json::to_string(&desk.log.last().unwrap().1).unwrap();
    insta::assert_snapshot!(json, @r#"{"type":"signal.raised","partner":"p0","key":"key1","rule":"newsroom/places-in-order","signal":"id_walk","evidence":"steps 12, of 14","limit":"15 ids in order","window":"7d","then":["flag","open_case"],"case":"case-1"}"#);
    assert!(planned.narrows.is_none() && !is_held(&desk, 0));
    assert_eq!(desk.ask(&raise(seen("nobody", &[]))).unwrap_err().code(), "unknown_partner");
}

#[test]
fn a_hold_by_a_signal_can_be_lifted_like_any_other() {
    let mut desk = partners(1);
    let planned = desk.ask(&raise(seen("p0", &[SignalAction::Hold]))).unwrap();
    assert_eq!(kinds(&planned), ["signal.raised", "standing.held"]);
    insta::assert_snapshot!(planned.what, @"signal `newsroom/places-in-order` for partner `p0`: steps 12, of 14; partner `p0` and all its keys on hold: refused from the next call on; to be looked at again by 2023-11-28T22:13:20.000Z");
    insta::assert_snapshot!(planned.undo.unwrap(), @"portcullis partner restore p0 --reason mistake --tell 'The hold was our mistake and is lifted.'");
    let notice = planned.narrows.unwrap().notice;
    assert_eq!((notice.reason.as_str(), &*notice.tell), ("signal", "Places were read in order."));
    let again = desk.ask(&raise(seen("p0", &[SignalAction::Hold]))).unwrap();
    assert_eq!(kinds(&again), ["signal.raised"]);
    insta::assert_snapshot!(again.what, @"signal `newsroom/places-in-order` for partner `p0`: steps 12, of 14; it is on hold already");
    desk.ask(&restore(SubjectId::Partner(partner_id("p0")))).unwrap();
    assert!(!is_held(&desk, 0) && !is_held(&desk.replayed(), 0));
}

#[test]
fn a_rule_without_fit_words_still_holds_and_an_observed_partner_is_not_held() {
    let mut desk = partners(2);
    for tell in [None, Some("short".to_owned())] {
        let planned = raise(SignalSeen { tell, ..seen("p0", &[SignalAction::Hold]) });
        let planned = desk.state.handle(&somebody(), &planned, NOON).unwrap();
        assert!(planned.narrows.unwrap().notice.tell.starts_with("Unusual use of your access"));
    }
    let (partner, why) = (partner_id("p1"), "a month of watching".to_owned());
    desk.ask(&Command::SetMode { partner, mode: Mode::Observe, why }).unwrap();
    let planned = desk.ask(&raise(seen("p1", &[SignalAction::Hold]))).unwrap();
    insta::assert_snapshot!(planned.what, @"signal `newsroom/places-in-order` for partner `p1`: steps 12, of 14; not put on hold, since it is observed");
    assert!(!is_held(&desk, 1));
}

#[test]
fn signals_hold_so_many_partners_a_day_and_then_raise_the_alarm_once_an_hour() {
    let mut desk = partners(6);
    let hold = |desk: &mut Desk, n: u64, at: u64| {
        let planned = desk.at(Wall(at), &raise(seen(&format!("p{n}"), &[SignalAction::Hold])));
        kinds(&planned.unwrap()).join(" ")
    };
    let noon = NOON.0;
    for n in 0..3 {
        assert_eq!(hold(&mut desk, n, noon + n), "signal.raised standing.held");
    }
    assert_eq!(hold(&mut desk, 3, noon + 9), "signal.raised signal.capped");
    let json = serde_json::to_string(&desk.log.last().unwrap().1).unwrap();
    insta::assert_snapshot!(json, @r#"{"type":"signal.capped","partner":"p3","rule":"newsroom/places-in-order","held":3,"cap":3}"#);
    assert_eq!(hold(&mut desk, 4, noon + 10), "signal.raised", "told already");
    assert_eq!(hold(&mut desk, 5, noon + 9 + 3_600_000), "signal.raised signal.capped");
    // A restart forgets nothing of it.
    let mut again = desk.replayed();
    assert_eq!(again.state.snapshot().signals().held(Wall(noon + DAY - 1)), 3);
    assert_eq!(hold(&mut again, 3, noon + DAY - 1), "signal.raised signal.capped");
    assert_eq!(hold(&mut again, 3, noon + DAY), "signal.raised standing.held", "a day later");
}

#[test]
fn of_many_partners_a_tenth_may_be_held_and_zero_means_none() {
    #[track_caller]
    fn check(holds_per_day: u64, partners: usize, cap: u64) {
        assert_eq!(SignalBounds { holds_per_day, uncounted: 0 }.cap(partners), cap);
    }
    check(3, 6, 3);
    check(3, 39, 3);
    check(3, 400, 40);
    check(50, 400, 50);
    check(0, 400, 0);
    let mut desk = partners(1);
    for bounds in [
        SignalBounds { holds_per_day: 0, uncounted: 0 },
        SignalBounds { holds_per_day: 2, uncounted: 2 },
    ] {
        let command = Command::RaiseSignal { seen: seen("p0", &[SignalAction::Hold]), bounds };
        let planned = desk.at(NOON, &command).unwrap();
        assert!(planned.narrows.is_none(), "{bounds:?}");
    }
}

#[test]
fn signals_are_found_newest_first() {
    let mut desk = partners(2);
    for n in 0..600u64 {
        let mut seen = seen(&format!("p{}", n % 2), &[SignalAction::Flag]);
        seen.rule = format!("newsroom/rule-{}", n % 3);
        desk.ask(&raise(seen)).unwrap();
    }
    let snapshot = desk.replayed().state.snapshot();
    let signals = snapshot.signals();
    assert_eq!(signals.count(), 600);
    let all: Vec<u64> = signals.newest(None).map(|mark| mark.revision.0).collect();
    assert_eq!((all.len(), all[0], all[599]), (600, 601, 2));
    let some: Vec<_> = signals.newest(Some(Revision(300))).take(2).collect();
    assert_eq!((some[0].revision.0, some[1].revision.0), (299, 298));
    assert_eq!(signals.rule(some[0]), Some("newsroom/rule-0"));
    assert_eq!(signals.newest(Some(Revision(2))).count(), 0);
}

#[test]
fn a_rule_that_names_classes_closes_them_and_holds_fall_back_to_them() {
    let classes = vec![portcullis_types::ClassName::new("place.posts").unwrap()];
    let by = Actor { kind: ActorKind::Gate, id: "signal:newsroom/places-in-order".to_owned() };
    let closes = |desk: &Desk| {
        let partner = desk.state.snapshot().partner(portcullis_types::PartnerIx(0)).cloned();
        partner.unwrap().narrowed.unwrap().closes.to_string()
    };
    let mut desk = partners(1);
    let restrict = SignalSeen { classes, ..seen("p0", &[SignalAction::Restrict]) };
    let planned = desk.by(&by, NOON, &raise(restrict.clone())).unwrap();
    assert_eq!(kinds(&planned), ["signal.raised", "standing.restricted"]);
    assert_eq!(closes(&desk), "`place.posts`");
    let again = desk.by(&by, NOON, &raise(restrict.clone())).unwrap();
    assert_eq!(kinds(&again), ["signal.raised"], "closed already");
    let hold = SignalSeen { then: vec![SignalAction::Restrict, SignalAction::Hold], ..restrict };
    let planned = desk.by(&by, NOON, &raise(hold.clone())).unwrap();
    assert_eq!(kinds(&planned), ["signal.raised", "standing.held"]);
    assert_eq!(closes(&desk), "all reads and writes");
    let late = Wall(NOON.0 + 4 * 3_600_000);
    let run_out = |desk: &mut Desk| {
        for due in desk.state.due(late) {
            desk.as_clock(late, &due).unwrap();
        }
    };
    run_out(&mut desk);
    assert_eq!(closes(&desk), "all reads and writes", "something was closed before it");
    let mut desk = partners(1);
    desk.by(&by, NOON, &raise(hold)).unwrap();
    run_out(&mut desk);
    assert_eq!(closes(&desk), "`place.posts`");
}
