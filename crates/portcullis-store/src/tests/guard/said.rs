//! What was said with a narrowing comes back with it: statement of reasons, and who approved it.

use portcullis_registry::{
    Fact, PeopleCommand, PeopleRule, RecordKind, Retention, Role, StatementDraft, Withheld,
    WithheldField,
};
use portcullis_types::{PersonId, Span};

use super::*;

const DAY: u64 = 86_400_000;

fn person(id: &str) -> Actor {
    Actor { kind: ActorKind::Person, id: id.to_owned() }
}

/// The digest of the statement that a subject's standing rests on, and its text.
async fn said(office: &OfficeHandle, subject: &SubjectId) -> Option<Vec<u8>> {
    let snapshot = office.snapshot();
    let revision = snapshot.notice(snapshot.subject_ix(subject)?)?.revision?;
    let logged = office.event(revision).await.unwrap();
    Some(office.blob(logged.event.statement()?.to_owned()).await.unwrap())
}

async fn started(opened: Opened) -> OfficeHandle {
    Writer::start(opened, Arc::new(()), Arc::new(Turned::default())).await.unwrap()
}

/// A store as it was before these commands, opened again; each subject's statement from before.
async fn lost(
    path: &Path,
    since: Vec<Command>,
    of: &[SubjectId],
) -> (OfficeHandle, Vec<Option<Vec<u8>>>) {
    begun(path).await.close().await;
    let yesterday = crate::files::beside(path, ".yesterday");
    copied(path, &yesterday);
    let office = office(path).await;
    for command in since {
        ask(&office, command).await.unwrap();
    }
    let mut before = Vec::new();
    for subject in of {
        before.push(said(&office, subject).await);
    }
    office.close().await;
    copied(&yesterday, path);
    (started(open(path).await.unwrap()).await, before)
}

#[tokio::test]
async fn the_statement_of_a_lost_hold_is_read_as_before() {
    let (_dir, path) = place();
    let subjects = [partner(), key(1)];
    let since = vec![hold(partner()), hold(key(1)), revoke(2)];
    let (office, before) = lost(&path, since, &subjects).await;
    for (subject, before) in subjects.iter().zip(before) {
        assert!(before.is_some());
        assert_eq!(said(&office, subject).await, before, "{subject}");
        let again = ask(&office, hold(subject.clone())).await.unwrap_err();
        assert!(again.to_string().contains("already"), "{again}");
    }
    assert!(office.verify(Vec::new()).await.unwrap().is_clean());
    office.close().await;
    // Put back a second time: the guard has it still.
    copied(&crate::files::beside(&path, ".yesterday"), &path);
    let office = started(open(&path).await.unwrap()).await;
    assert!(said(&office, &key(1)).await.is_some());
    office.close().await;
}

#[tokio::test]
async fn a_statement_that_is_too_long_for_the_guard_can_be_given_anew() {
    let (_dir, path) = place();
    let long = || Fact { statement: "Places 1, 2 and 3. ".repeat(100), ..found().facts[0].clone() };
    let draft = StatementDraft { facts: (0..10).map(|_| long()).collect(), ..found() };
    let bare = |subject: SubjectId| match hold(subject) {
        Command::Stated { command, .. } => *command,
        other => other,
    };
    let subjects = [partner(), key(1)];
    let since = subjects.iter().map(|one| bare(one.clone()).stated(draft.clone())).collect();
    let (office, before) = lost(&path, since, &subjects).await;
    for (subject, before) in subjects.iter().zip(before) {
        assert!(before.unwrap().len() > 16 << 10);
        assert_eq!(said(&office, subject).await, None, "it holds, and its text is gone");
        ask(&office, hold(subject.clone())).await.unwrap();
        assert!(said(&office, subject).await.is_some());
    }
    office.close().await;
}

#[tokio::test]
async fn who_approved_a_lost_hold_is_known_again() {
    let (_dir, path) = place();
    let office = begun(&path).await;
    for id in ["ana", "ben", "cho"] {
        let roles = [Role::Investigator, Role::Approver].into_iter().collect();
        let (name, logins) = (id.to_owned(), Vec::new());
        let add = PeopleCommand::Add { id: PersonId::new(id).unwrap(), name, roles, logins };
        ask(&office, add.into()).await.unwrap();
    }
    let rule = PeopleCommand::SetRule(PeopleRule { two_persons: true, alone: 9 });
    office.submit(crate::guarded::actor(), rule.into()).await.unwrap();
    office.close().await;
    let yesterday = crate::files::beside(&path, ".yesterday");
    copied(&path, &yesterday);
    let office = self::office(&path).await;
    let kept = Withheld {
        field: WithheldField::Facts,
        ground: "witnesses of another inquiry would be known".to_owned(),
        until: Moment(Wall(office.snapshot().at().0 + 20 * DAY)),
    };
    let Command::Stated { statement, command } = hold(partner()) else { panic!() };
    let held = command.stated(StatementDraft { withheld: vec![kept], ..*statement });
    let done = office.submit(person("ana"), held).await.unwrap();
    let (digest, proposal) = (done.proposed.unwrap().digest, done.revision.unwrap());
    let approve = PeopleCommand::Approve { proposal, digest };
    office.submit(person("ben"), approve.into()).await.unwrap();
    office.close().await;
    copied(&yesterday, &path);
    let opened = open(&path).await.unwrap();
    assert_eq!(opened.recovered.put_back, 1);
    let told = told(opened, 9).await;
    assert!(told.contains(r#""approver":{"id":"ben","kind":"person"}"#), "{told}");
    assert!(told.contains(r#""by":{"id":"ana","kind":"person"}"#), "{told}");
}

#[tokio::test]
async fn a_statement_that_was_erased_is_not_in_the_guard_either() {
    let (_dir, path) = place();
    let office = begun(&path).await;
    for command in [hold(partner()), hold(key(1))] {
        ask(&office, command).await.unwrap();
    }
    let named = |subject: &SubjectId| {
        let kept = crate::guard::read(&path).unwrap().unwrap();
        let of = |record: &&Record| record.event.guards().as_ref() == Some(subject);
        let record = kept.taken.records.iter().find(of).unwrap();
        let sha256 = record.event.statement().unwrap().to_owned();
        let has = kept.taken.has(&sha256);
        (sha256, has)
    };
    let (sha256, has) = named(&partner());
    assert!(has && named(&key(1)).1);
    office.close().await;
    let mut guard = crate::guard::read(&path).unwrap().unwrap().guard(&path);
    guard.forget(&[&sha256]).unwrap();
    assert!(!named(&partner()).1 && named(&key(1)).1);
    // What is added later goes behind what is there now.
    guard.keep(Taken::default(), (6, "note")).unwrap();
    assert_eq!(crate::guard::read(&path).unwrap().unwrap().size, 6);
}

/// A year after everything else here, and ten minutes later at each look.
#[derive(Debug, Default)]
struct NextYear(AtomicU64);

impl Clock for NextYear {
    fn now(&self) -> Now {
        let looks = self.0.fetch_add(1, Ordering::Relaxed);
        let wall = Wall(1_700_000_000_000 + 366 * DAY + looks * 600_000);
        Now { wall, mono: Mono(looks * 600_000_000_000) }
    }
}

#[tokio::test]
async fn what_was_kept_long_enough_leaves_the_guard_with_the_log() {
    let (_dir, path) = place();
    let office = begun(&path).await;
    ask(&office, hold(key(1))).await.unwrap();
    let held = office.events(Revision(4), 1).await.unwrap().remove(0).event;
    ask(&office, restore(key(1))).await.unwrap();
    office.close().await;
    let in_guard = || {
        let text = std::fs::read_to_string(path_of(&path)).unwrap();
        text.matches(held.statement().unwrap()).count()
    };
    assert_eq!(in_guard(), 2, "the statement, and the step that names it");
    let mut opened = open(&path).await.unwrap();
    let kept = Some(Span::from_seconds(200 * 86_400));
    opened.state.take_retention(Retention::default().with(RecordKind::Statements, kept));
    let office = Writer::start(opened, Arc::new(()), Arc::new(NextYear::default())).await.unwrap();
    for partner in ["zeta", "eta"] {
        ask(&office, add_partner(partner)).await.unwrap();
    }
    assert_eq!(in_guard(), 0);
    assert!(office.blob(held.statement().unwrap().to_owned()).await.is_err());
    office.close().await;
    assert!(Store::inspect(&path, None).await.unwrap().is_clean());
}
