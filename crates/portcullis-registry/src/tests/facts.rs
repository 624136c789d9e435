//! What can be declared, and how it is kept.

use std::collections::BTreeMap;

use super::*;

fn acme() -> SubjectId {
    SubjectId::Partner(partner_id("acme"))
}

fn desk() -> Desk {
    let mut desk = Desk::default();
    for command in [partner("acme", None), client("shop", "acme", None), key(1, "acme", None, None)]
    {
        desk.ask(&command).unwrap();
    }
    desk
}

fn list(name: &str, entries: &[&str]) -> Facts {
    let entries = entries.iter().map(|&entry| entry.to_owned()).collect();
    Facts { lists: BTreeMap::from([(name.to_owned(), entries)]), ..Facts::default() }
}

fn declare(subject: SubjectId, facts: Facts) -> Command {
    Command::DeclareFacts { subject, facts }
}

fn facts_of(desk: &Desk) -> Facts {
    let snapshot = desk.state.snapshot();
    let at = snapshot.partner_ix(&partner_id("acme")).unwrap();
    (*snapshot.partner(at).unwrap().facts).clone()
}

#[test]
fn what_is_declared_is_kept_in_order_in_lower_case_and_once() {
    let mut desk = desk();
    let mut facts = list("hashtags", &["#Berlin", "  mitte", "berlin", "@Acme"]);
    facts.figures.insert("calls_per_hour".to_owned(), 100);
    facts.group = Some("hotels".to_owned());
    facts.review_by = Some(Wall(NOON.0 + 1));
    let planned = desk.ask(&declare(acme(), facts)).unwrap();
    insta::assert_snapshot!(planned.what, @"partner `acme` declares use `publishing`, hashtags 3, calls_per_hour 100, group `hotels`, review by 2023-11-14T22:13:20.001Z");
    let kept = facts_of(&desk);
    assert_eq!(kept.lists["hashtags"], ["acme", "berlin", "mitte"]);
    assert_eq!(kept.purpose.as_deref(), Some("publishing"), "a use that is not named stays");
    let again = desk.ask(&declare(acme(), kept.clone())).unwrap_err();
    assert_eq!(again.code(), "nothing_changes");
    let json = serde_json::to_string(&desk.log.last().unwrap().1).unwrap();
    insta::assert_snapshot!(json, @r#"{"type":"facts.declared","subject":{"kind":"partner","id":"acme"},"facts":{"use":"publishing","review_by":1700000000001,"figures":{"calls_per_hour":100},"lists":{"hashtags":["acme","berlin","mitte"]},"group":"hotels"}}"#);
    assert_eq!(facts_of(&desk.replayed()), kept);
    let mut later = kept.clone();
    later.purpose = Some("a-use-nobody-knows".to_owned());
    desk.at(Wall(NOON.0 + 5), &declare(acme(), later)).unwrap();
    assert_eq!(facts_of(&desk).purpose.as_deref(), Some("a-use-nobody-knows"));
}

#[test]
fn a_long_declaration_lies_beside_the_log() {
    let mut desk = desk();
    let entries: Vec<String> = (0..10_000).map(|n| format!("{n:015}")).collect();
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    desk.ask(&declare(acme(), list("locations", &entries))).unwrap();
    let event = &desk.log.last().unwrap().1;
    assert!(serde_json::to_string(event).unwrap().len() < 200, "{event:?}");
    assert_eq!(event.blobs().len(), 1);
    assert_eq!(facts_of(&desk).lists["locations"].len(), 10_000);
    assert_eq!(facts_of(&desk.replayed()), facts_of(&desk));
    let mut broken = desk.replayed();
    broken.blobs.clear();
    let fault = broken.state.apply(place(4), event, &|_| None).unwrap_err();
    insta::assert_snapshot!(fault, @"event 4 can't be folded: its facts are missing");
}

#[test]
fn facts_of_another_shape_are_refused_with_what_to_write() {
    let told = |facts: Facts| desk().ask(&declare(acme(), facts)).unwrap_err().to_string();
    insta::assert_snapshot!(told(list("Places", &["1"])), @"these facts can't be kept: `Places` is no name of a list: use 1 to 64 of a-z, 0-9, `_`, `-`, and start with a letter");
    insta::assert_snapshot!(told(list("places", &["1", " "])), @"these facts can't be kept: entry 2 of list `places` has 0 bytes; write 1 to 100");
    insta::assert_snapshot!(told(list("places", &["new york"])), @"these facts can't be kept: entry 1 of list `places` holds spaces or control characters; write one id or name an entry");
    insta::assert_snapshot!(told(list("places", &["1"; 10_001])), @"these facts can't be kept: list `places` has 10001 entries and at most 10000 are kept; agree on fewer");
    let lapsed = Facts { review_by: Some(NOON), ..Facts::default() };
    insta::assert_snapshot!(told(lapsed), @"the review date 2023-11-14T22:13:20.000Z is not in the future; it is 2023-11-14T22:13:20.000Z now");
    let of_key = desk().ask(&declare(SubjectId::Key(key_id("key1")), Facts::default()));
    insta::assert_snapshot!(of_key.unwrap_err(), @"key `key1` declares no facts; declare them for its partner or client");
}

#[test]
fn clients_declare_beside_their_partner() {
    let mut desk = desk();
    let shop = SubjectId::Client(ClientId::new("shop").unwrap());
    desk.ask(&declare(shop, list("locations", &["7"]))).unwrap();
    let snapshot = desk.state.snapshot();
    let at = snapshot.client_ix(&ClientId::new("shop").unwrap()).unwrap();
    assert_eq!(snapshot.client(at).unwrap().facts.lists["locations"], ["7"]);
    assert!(facts_of(&desk).lists.is_empty());
}

#[test]
fn a_partner_is_observed_for_a_reason_and_enforced_again() {
    let mut desk = desk();
    let set = |mode, why: &str| Command::SetMode {
        partner: partner_id("acme"),
        mode,
        why: why.to_owned(),
    };
    let mode = |desk: &Desk| {
        let snapshot = desk.state.snapshot();
        snapshot.partner(portcullis_types::PartnerIx(0)).unwrap().mode
    };
    insta::assert_snapshot!(desk.ask(&set(Mode::Enforce, "x")).unwrap_err(), @"partner `acme` is in mode `enforce` already; nothing to change");
    insta::assert_snapshot!(desk.ask(&set(Mode::Observe, " ")).unwrap_err(), @"the reason is empty; write in a few words why, for who reads the log later");
    desk.ask(&hold(acme())).unwrap();
    let planned = desk.ask(&set(Mode::Observe, "a month of watching")).unwrap();
    insta::assert_snapshot!(planned.what, @"partner `acme` is observed: its calls are judged and recorded, but only keys and holds are enforced; it is on hold, and stays so");
    insta::assert_snapshot!(planned.undo.unwrap(), @"portcullis partner enforce acme --why 'a mistake' --reason mistake --tell 'What your policies refuse passed for a time, by mistake; it is refused again.' --fact 'The calls of that time were watched and not refused.' --period now");
    assert_eq!(mode(&desk), Mode::Observe);
    let snapshot = desk.state.snapshot();
    assert!(matches!(snapshot.standing(KeyIx(0), NOON), Standing::Narrowed { .. }));
    desk.ask(&Command::EditPartner {
        id: partner_id("acme"),
        name: Some("Another".to_owned()),
        tier: Some(None),
        declared_use: None,
        r#use: None,
        scopes: None,
        facts: None,
    })
    .unwrap();
    assert_eq!(mode(&desk), Mode::Observe, "an edit leaves the mode");
    let planned = desk.ask(&set(Mode::Enforce, "the month is over")).unwrap();
    insta::assert_snapshot!(planned.what, @"policies are enforced on partner `acme` from the next call on; it is on hold, and stays so");
    assert_eq!(mode(&desk.replayed()), Mode::Enforce);
}
