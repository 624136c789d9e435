//! What is personal is no part of the log, and can be erased.

use portcullis_registry::{Event, Office, PeopleCommand, Roles};
use portcullis_types::PersonId;

use super::*;

const NAME: &str = "Ana Example-Surname";

fn ana() -> PersonId {
    PersonId::new("p-1").unwrap()
}

fn add() -> Command {
    let logins = vec!["ab".repeat(32)];
    PeopleCommand::Add { id: ana(), name: NAME.to_owned(), roles: Roles::NONE, logins }.into()
}

fn rename() -> Command {
    let name = Some(format!("{NAME} the Second"));
    PeopleCommand::Edit { id: ana(), name, roles: None, logins: None }.into()
}

/// Whether any file of the store holds the name.
fn written(path: &Path) -> bool {
    let folder = std::fs::read_dir(path.parent().unwrap()).unwrap();
    folder
        .map(|file| std::fs::read(file.unwrap().path()).unwrap())
        .any(|bytes| bytes.windows(NAME.len()).any(|window| window == NAME.as_bytes()))
}

#[tokio::test]
async fn a_name_is_in_no_leaf_and_once_erased_nowhere() {
    let (_dir, path) = place();
    let office = office(&path).await;
    ask(&office, add()).await.unwrap();
    ask(&office, rename()).await.unwrap();
    for event in office.events(Revision(1), 2).await.unwrap() {
        assert!(!event.leaf.contains("Example"), "{}", event.leaf);
        assert!(matches!(&event.event, Event::People(_)) && event.event.blobs().len() == 1);
    }
    let name = |office: &OfficeHandle| {
        office.snapshot().people().person("p-1").map(|person| person.name.to_string())
    };
    assert_eq!(name(&office).unwrap(), format!("{NAME} the Second"));
    office.close().await;
    let office = super::office(&path).await;
    assert_eq!(name(&office).unwrap(), format!("{NAME} the Second"), "it is read at a start");
    let login = "ab".repeat(32);
    assert!(office.snapshot().people().by_login(&login).is_some());
    assert!(written(&path));
    let done = ask(&office, PeopleCommand::Erase { id: ana() }.into()).await.unwrap();
    insta::assert_snapshot!(done.what, @"what is personal of `p-1` is erased; the id stays in the log");
    assert!(name(&office).is_none());
    assert!(!written(&path), "also while the gate runs");
    let before = summary(&office.snapshot());
    assert!(office.verify(Vec::new()).await.unwrap().is_clean());
    let again = ask(&office, PeopleCommand::Erase { id: ana() }.into()).await.unwrap_err();
    assert_eq!(again.code(), "unknown_person");
    office.close().await;
    let opened = open(&path).await.unwrap();
    assert_eq!(summary(&opened.state.snapshot()), before);
}

#[tokio::test]
async fn what_is_missing_and_was_not_erased_is_damage() {
    let (_dir, path) = place();
    let office = office(&path).await;
    ask(&office, add()).await.unwrap();
    office.close().await;
    let mut writer = crate::database::writer(&path).await.unwrap();
    sqlx::query("DELETE FROM blobs").execute(&mut writer).await.unwrap();
    crate::database::close(writer).await;
    let error = open(&path).await.unwrap_err().to_string();
    assert!(error.contains("revision 1") && error.contains("no event says"), "{error}");
    assert!(!Store::inspect(&path, None).await.unwrap().is_clean());
}
