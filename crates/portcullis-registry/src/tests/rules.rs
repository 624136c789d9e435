//! What may be asked, what may not, and what the operator reads.

use portcullis_types::{Closes, Subject};

use super::*;

/// A desk with two partners, a client and two keys.
fn desk() -> Desk {
    let mut desk = Desk::default();
    for command in [
        partner("acme", scopes("media:read profile:read")),
        partner("zenith", None),
        client("shop", "acme", scopes("media:read")),
        key(1, "acme", Some("shop"), None),
        key(2, "zenith", None, scopes("profile:read")),
    ] {
        desk.ask(&command).unwrap();
    }
    desk
}

#[track_caller]
fn check(command: &Command, code: &str) {
    let got = desk().ask(command).map(|planned| planned.what);
    assert_eq!(got.clone().err().map(|e| e.code()), Some(code), "{got:?}");
}

fn a_key(id: &str) -> SubjectId {
    SubjectId::Key(key_id(id))
}

#[test]
fn what_does_not_exist_is_named_with_its_nearest_neighbour() {
    let told = |command: &Command| desk().ask(command).unwrap_err().to_string();
    insta::assert_snapshot!(told(&hold(SubjectId::Partner(partner_id("acmo")))), @"unknown partner `acmo`; did you mean `acme`?");
    insta::assert_snapshot!(told(&hold(a_key("kye1"))), @"unknown key `kye1`; `portcullis key list` shows them");
    insta::assert_snapshot!(told(&hold(a_key("key3"))), @"unknown key `key3`; did you mean `key1`?");
    insta::assert_snapshot!(told(&key(3, "acme", Some("shap"), None)), @"unknown client `shap`; did you mean `shop`?");
    check(&key(3, "nobody", None, None), "unknown_partner");
    check(&client("c", "nobody", None), "unknown_partner");
    check(&revoke("nothing"), "unknown_key");
    check(&hold(SubjectId::Client(ClientId::new("none").unwrap())), "unknown_client");
}

#[test]
fn a_reason_from_the_list_and_a_text_for_the_partner_are_needed() {
    let with = |reason: &str, tell: &str| {
        Command::hold(a_key("key1"), ReasonCode::new(reason).unwrap(), tell)
    };
    let told = |command: &Command| desk().ask(command).unwrap_err().to_string();
    insta::assert_snapshot!(told(&with("bulk-locations", "You asked for too many places.")), @"unknown reason code `bulk-locations`; did you mean `bulk-location`?");
    insta::assert_snapshot!(told(&with("because", "You asked for too many places.")), @"unknown reason code `because`; use one of `bulk-location`, `ephemeral-content`, `back-channel`, `undeclared-use`, `key-exposed`, `rate-abuse`, `contract-review`, `security-incident`, `partner-request`, `customer-complaint`, `signal`, `investigation`, `investigation-closed`, `appeal-upheld`, `agreement-changed`, `mistake`");
    insta::assert_snapshot!(told(&with("investigation", "  \n  because  ")), @"say to the partner what happened, in at least 10 characters; they read it in every refusal");
    check(&with("investigation", &"long ".repeat(1000)), "text_too_long");
    for hidden in ["\u{1b}[31m", "\u{202e}", "\u{200b}", "\u{2066}", "\u{feff}", "\u{e0041}"] {
        let text = format!("a text with {hidden} colours");
        check(&with("investigation", &text), "text_unprintable");
    }
    check(&with("investigation", "eight by"), "text_missing");
}

#[test]
fn scopes_narrow_and_never_widen() {
    check(&client("c", "acme", scopes("story:read")), "widens");
    check(&key(3, "acme", None, scopes("story:read")), "widens");
    check(&key(3, "acme", Some("shop"), scopes("profile:read")), "widens");
    check(&key(3, "zenith", Some("shop"), None), "client_of_other_partner");
    let mut desk = desk();
    desk.ask(&key(3, "acme", Some("shop"), scopes("media:read"))).unwrap();
    desk.ask(&key(4, "zenith", None, scopes("story:read"))).unwrap();
    desk.ask(&key(5, "acme", None, scopes(""))).unwrap();
    let snapshot = desk.state.snapshot();
    let narrowed = snapshot.key(snapshot.key_ix(&key_id("key5")).unwrap()).unwrap().scopes.unwrap();
    assert_eq!(snapshot.scope_list(narrowed), Some(&[][..]), "an empty list means none at all");
}

#[test]
fn each_id_and_each_secret_is_taken_once() {
    check(&partner("acme", None), "exists");
    check(&client("shop", "zenith", None), "exists");
    check(&key(1, "acme", None, None), "exists");
    let Command::IssueKey { partner, client, scopes, expires, pepper, label, .. } =
        key(9, "acme", None, None)
    else {
        panic!()
    };
    let copy = |id: &str, digest: String| Command::IssueKey {
        id: key_id(id),
        digest,
        partner: partner.clone(),
        client: client.clone(),
        scopes: scopes.clone(),
        start: KeyStart::AtOnce,
        expires,
        pepper: pepper.clone(),
        label: label.clone(),
        binding: Default::default(),
        identity: None,
    };
    check(&copy("other", digest(1)), "key_known");
    check(&copy("other", "XYZ".to_owned()), "digest_unreadable");
    check(&copy("other", digest(10).to_uppercase().replace('0', "A")), "digest_unreadable");
}

#[test]
fn standing_goes_back_and_forth_and_a_revocation_does_not() {
    let mut desk = desk();
    let held = desk.ask(&hold(a_key("key1"))).unwrap();
    assert_eq!(held.what, "key `key1` on hold: refused from the next call on");
    insta::assert_snapshot!(held.undo.unwrap(), @"portcullis key restore key1 --reason mistake --tell 'The hold was our mistake and is lifted.'");
    insta::assert_snapshot!(desk.ask(&hold(a_key("key1"))).unwrap_err(), @"key `key1` is already on hold since 2023-11-14T22:13:20.000Z (investigation); restore it first to hold it for another reason");
    let restored = desk.ask(&restore(a_key("key1"))).unwrap();
    let again = restored.undo.unwrap();
    assert!(
        again.starts_with("portcullis key hold key1 --reason investigation --tell '"),
        "{again}"
    );
    insta::assert_snapshot!(desk.ask(&restore(a_key("key1"))).unwrap_err(), @"key `key1` is not on hold; there is nothing to restore");
    desk.ask(&revoke("key1")).unwrap();
    let later = Wall(NOON.0 + 5000);
    insta::assert_snapshot!(desk.at(later, &revoke("key1")).unwrap_err(), @"key `key1` is already revoked since 2023-11-14T22:13:20.000Z (key-exposed); the first revocation stands");
    insta::assert_snapshot!(desk.ask(&restore(a_key("key1"))).unwrap_err(), @"key `key1` is revoked since 2023-11-14T22:13:20.000Z and never returns; issue a new key instead");
    assert_eq!(desk.ask(&hold(a_key("key1"))).unwrap_err().code(), "revoked_never_returns");
}

#[test]
fn the_widest_hold_is_what_the_caller_reads_and_the_operator_is_told() {
    let mut desk = desk();
    let (acme, shop) =
        (SubjectId::Partner(partner_id("acme")), SubjectId::Client(ClientId::new("shop").unwrap()));
    for subject in [acme.clone(), shop.clone(), a_key("key1")] {
        desk.ask(&hold(subject)).unwrap();
    }
    let standing = |desk: &Desk| match desk.state.current().standing(KeyIx(0), NOON) {
        Standing::Narrowed { by } => by.iter().next().map(|(subject, _)| subject),
        _ => None,
    };
    assert_eq!(standing(&desk), Some(Subject::Partner));
    let told = desk.ask(&restore(a_key("key1"))).unwrap().what;
    insta::assert_snapshot!(told, @"key `key1` restored, and still refused: partner `acme` is on hold");
    desk.ask(&restore(acme)).unwrap();
    assert_eq!(standing(&desk), Some(Subject::Client));
    desk.ask(&restore(shop)).unwrap();
    assert_eq!(desk.state.current().standing(KeyIx(0), NOON), Standing::Good);
    let issued = {
        desk.ask(&hold(SubjectId::Partner(partner_id("zenith")))).unwrap();
        desk.ask(&key(7, "zenith", None, None)).unwrap().what
    };
    insta::assert_snapshot!(issued, @"key `key7` issued to partner `zenith`; the partner is on hold, so it is refused for now");
}

#[test]
fn a_key_ends_at_its_expiry_and_dates_lie_ahead() {
    let mut desk = desk();
    let Command::IssueKey { id, partner, client, scopes, digest, pepper, label, .. } =
        key(8, "acme", None, None)
    else {
        panic!()
    };
    let until = |at: u64| Command::IssueKey {
        start: KeyStart::AtOnce,
        expires: Some(Wall(at)),
        id: id.clone(),
        partner: partner.clone(),
        client: client.clone(),
        scopes: scopes.clone(),
        digest: digest.clone(),
        pepper: pepper.clone(),
        label: label.clone(),
        binding: Default::default(),
        identity: None,
    };
    insta::assert_snapshot!(desk.ask(&until(NOON.0)).unwrap_err(), @"the expiry 2023-11-14T22:13:20.000Z is not in the future; it is 2023-11-14T22:13:20.000Z now");
    desk.ask(&until(NOON.0 + 10)).unwrap();
    let at = |ms: u64| desk.state.current().standing(KeyIx(2), Wall(NOON.0 + ms));
    assert_eq!((at(9), at(10)), (Standing::Good, Standing::Expired { at: Wall(NOON.0 + 10) }));
    let Command::Stand { subject, reason, tell, .. } = hold(a_key("key1")) else { panic!() };
    let mut to = Wish::hold(Closes::All);
    if let Wish::Suspended { review_by, .. } = &mut to {
        *review_by = Some(Wall(1));
    }
    check(&Command::Stand { subject, to, reason, tell, case: None }, "in_past");
}

#[test]
fn an_import_is_whole_or_nothing() {
    let import = |keys: Vec<ImportedKey>, create: bool| Command::ImportKeys {
        keys,
        pepper: "p".to_owned(),
        create_partners: create.then(|| (TierName::new("standard").unwrap(), Use::Newsroom)),
    };
    let a = |n, of| imported(n, of, ImportedState::Active);
    check(&import(vec![], true), "import_empty");
    check(&import(vec![a(50, "acme"), a(50, "acme")], true), "import_known");
    check(&import(vec![a(50, "acme"), a(1, "acme")], true), "import_known");
    let told = desk().ask(&import(vec![a(50, "acme"), a(51, "zenit")], false)).unwrap_err();
    insta::assert_snapshot!(told, @"nothing was imported: key 2 is for unknown partner `zenit`; did you mean `zenith`?");
    let mut desk = desk();
    let ended = imported(52, "fresh", ImportedState::Revoked);
    let planned = desk.ask(&import(vec![a(50, "acme"), a(51, "fresh"), ended], true)).unwrap();
    assert_eq!(planned.what, "3 keys imported, 1 partner added");
    let snapshot = desk.state.snapshot();
    let fresh = snapshot.partner(snapshot.partner_ix(&partner_id("fresh")).unwrap()).unwrap();
    assert_eq!((&*fresh.name, fresh.facts.purpose.as_deref()), ("fresh", Some("newsroom")));
    assert_eq!(snapshot.standing(KeyIx(2), NOON), Standing::Good);
    assert!(matches!(snapshot.standing(KeyIx(4), NOON), Standing::Revoked(_)));
    assert_eq!(desk.ask(&restore(a_key("imp52"))).unwrap_err().code(), "revoked_never_returns");
    assert_eq!((snapshot.keys().count(), snapshot.unlearned()), (5, 0));
}

#[test]
fn a_policy_set_is_named_by_its_content() {
    let publish = |files: &[(&str, &str)]| Command::PublishPolicy {
        files: files.iter().map(|(name, text)| ((*name).to_owned(), Arc::from(*text))).collect(),
    };
    check(&publish(&[]), "policy_empty");
    check(&publish(&[("a", "x"), ("a", "y")]), "policy_file_name");
    for name in ["", "/etc/passwd", "../up.yaml", "a//b", "a b", "a\\b", "./a"] {
        check(&publish(&[(name, "x")]), "policy_file_name");
    }
    let mut desk = desk();
    let first = desk.ask(&publish(&[("b", "2"), ("a", "1")])).unwrap();
    let again = desk.ask(&publish(&[("a", "1"), ("b", "2")])).unwrap();
    assert_eq!((first.events.len(), again.events.len()), (1, 0), "order does not matter");
    insta::assert_snapshot!(again.what, @"this set is in force already, since event 5");
    let set = desk.state.current().policy().unwrap().set.clone();
    desk.ask(&publish(&[("a", "1"), ("b", "3")])).unwrap();
    assert_ne!(desk.state.current().policy().unwrap().set, set);
    let many: Vec<_> = (0..300).map(|n| format!("policies/tier-{n:03}.yaml")).collect();
    let many: Vec<_> = many.iter().map(|name| (name.as_str(), "x")).collect();
    check(&publish(&many), "event_too_large");
}

#[test]
fn an_edit_changes_what_it_names_and_keeps_the_hold() {
    let edit = |name: Option<&str>, scopes: Option<Option<Vec<ScopeName>>>| Command::EditPartner {
        id: partner_id("acme"),
        name: name.map(str::to_owned),
        tier: None,
        declared_use: None,
        r#use: None,
        scopes,
        facts: None,
    };
    check(&edit(None, None), "nothing_changes");
    check(&edit(Some(" "), None), "name_missing");
    let mut desk = desk();
    desk.ask(&hold(SubjectId::Partner(partner_id("acme")))).unwrap();
    desk.ask(&edit(Some("Acme Travel"), Some(None))).unwrap();
    let snapshot = desk.state.snapshot();
    let record = snapshot.partners().next().unwrap().1;
    assert_eq!(
        (&*record.name, record.scopes.is_none(), record.narrowed.is_some()),
        ("Acme Travel", true, true)
    );
}

#[test]
fn the_log_key_is_not_rotated_by_a_command_and_other_secrets_are_recorded() {
    let rotate = |what| Command::RecordRotation { what, fingerprint: "0011aabb".to_owned() };
    check(&rotate(RotatedSecret::LogKey), "log_key_rotates_at_start");
    assert_eq!(desk().ask(&rotate(RotatedSecret::Pepper)).unwrap().events.len(), 1);
}

#[test]
fn an_event_that_names_nothing_known_does_not_fold() {
    let fold = |revision: u64, event: &Event| {
        let mut desk = desk();
        let error = desk.state.apply(place(revision), event, &|_| None).unwrap_err();
        error.to_string()
    };
    let hold = |subject| {
        let reason = ReasonCode::new("investigation").unwrap();
        let (from, tell) = (portcullis_types::StandingName::Good, String::new());
        Event::Standing(StandingEvent::Held(Stood::new(subject, from, reason, tell)))
    };
    insta::assert_snapshot!(fold(5, &hold(a_key("key9"))), @"event 5 can't be folded: unknown key `key9`");
    insta::assert_snapshot!(fold(9, &hold(a_key("key1"))), @"event 9 can't be folded: revision 5 is missing");
    let import = Event::KeysImported {
        blob: "00".into(),
        count: 1,
        partners_created: 0,
        tier: None,
        r#use: None,
        pepper: String::new(),
    };
    insta::assert_snapshot!(fold(5, &import), @"event 5 can't be folded: its list of keys is missing");
    let opened = Event::LogOpened { origin: String::new(), log_key: String::new() };
    insta::assert_snapshot!(fold(5, &opened), @"event 5 can't be folded: a log is opened once, by its first event");
}

#[test]
fn an_edit_names_the_edit_that_puts_it_back() {
    let edit = |id: &str| Command::EditPartner {
        id: partner_id(id),
        name: Some("It's another".to_owned()),
        tier: None,
        declared_use: None,
        r#use: Some(Use::Research),
        scopes: Some(scopes("media:read")),
        facts: None,
    };
    let undo = |id: &str| desk().ask(&edit(id)).unwrap().undo.unwrap();
    insta::assert_snapshot!(undo("acme"), @"portcullis partner edit acme --name 'Some Partner' --use publishing --scope media:read --scope profile:read --reason mistake --tell 'The edit of the agreement was our mistake and is taken back.' --fact 'The edit of the agreement was our mistake and is taken back.' --period now");
    insta::assert_snapshot!(undo("zenith"), @"portcullis partner edit zenith --name 'Some Partner' --use publishing --all-scopes --reason mistake --tell 'The edit of the agreement was our mistake and is taken back.' --fact 'The edit of the agreement was our mistake and is taken back.' --period now");
}
