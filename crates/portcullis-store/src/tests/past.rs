//! The state of then, and the state of now folded anew.

use portcullis_registry::{LogPoint, SubjectId};
use portcullis_types::PartnerId;

use super::*;

#[tokio::test]
async fn every_state_of_then_is_the_one_that_was_in_force() {
    let (_dir, path) = place();
    let office = office(&path).await;
    let mut were = vec![office.snapshot()];
    for command in [
        add_partner("acme"),
        issue_key("acme", 1),
        hold(key(1)),
        restore(key(1)),
        hold(SubjectId::Partner(PartnerId::new("acme").unwrap())),
        add_partner("other"),
    ] {
        ask(&office, command).await.unwrap();
        were.push(office.snapshot());
    }
    for was in &were {
        let revision = was.revision().unwrap();
        let then = office.past(LogPoint::Revision(revision)).await.unwrap();
        assert_eq!(then.fingerprint(), was.fingerprint(), "revision {}", revision.0);
        // By time it is the last of those that happened within the same millisecond.
        let then = office.past(LogPoint::Time(was.at())).await.unwrap();
        let last = were.iter().rfind(|other| other.at() == was.at()).unwrap();
        assert_eq!(then.revision(), last.revision());
    }
    let (newest, before) = (were.last().unwrap(), office.past(LogPoint::Time(Wall(0))).await);
    let later = office.past(LogPoint::Time(Wall(u64::MAX))).await.unwrap();
    assert_eq!(later.fingerprint(), newest.fingerprint());
    assert_eq!(before.unwrap().revision(), None);
    let asked = Revision(99);
    let refused = office.past(LogPoint::Revision(asked)).await.unwrap_err();
    assert_eq!(refused, OfficeError::NoSuchEvent { asked, newest: newest.revision() });
    let found = office.verify(Vec::new()).await.unwrap();
    assert!(found.is_clean() && found.replayed, "{found}");
    office.close().await;
    let then = Store::past(&path, LogPoint::Revision(Revision(3))).await.unwrap();
    assert_eq!(then.fingerprint(), were[were.len() - 4].fingerprint());
    let refused = Store::past(&path, LogPoint::Revision(asked)).await.unwrap_err().to_string();
    assert!(refused.ends_with("events, and 100 were asked for"), "{refused}");
}

#[tokio::test]
async fn a_state_that_the_log_does_not_lead_to_is_found() {
    let (_dir, path) = place();
    let office = office(&path).await;
    ask(&office, add_partner("acme")).await.unwrap();
    let (_other_dir, other_path) = place();
    let other = super::office(&other_path).await;
    ask(&other, add_partner("ecma")).await.unwrap();
    office.shared().publish(other.snapshot());
    let found = office.verify(Vec::new()).await.unwrap();
    assert!(found.to_string().contains("is not what it leads to"), "{found}");
}
