//! Who of the platform acted is in no leaf that a partner may have, and in every event that an operator
//! reads.

use portcullis_registry::{CaseCommand, Event, Evidence, Narrowed, Office, Told, Wish};
use portcullis_types::{Closes, PartnerId};

use super::*;

fn case(event: &Event) -> String {
    serde_json::to_value(event).unwrap()["case"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_receipt_tells_no_operator_and_no_case_and_an_operator_reads_both() {
    let (_dir, path) = place();
    let office = office(&path).await;
    ask(&office, add_partner("acme")).await.unwrap();
    ask(&office, issue_key("acme", 1)).await.unwrap();
    let subject = SubjectId::Partner(PartnerId::new("acme").unwrap());
    let open = CaseCommand::Open {
        id: Some("unusual-calls".parse().unwrap()),
        title: "Sweep".to_owned(),
        owner: None,
        subjects: vec![subject.clone()],
        signals: Vec::new(),
        review_by: None,
    };
    ask(&office, open.into()).await.unwrap();
    let hold = Command::Stand {
        subject,
        to: Wish::hold(Closes::All),
        reason: ReasonCode::new("investigation").unwrap(),
        tell: "We are looking into unusual calls.".to_owned(),
        case: Some("unusual-calls".to_owned()),
    };
    let held = ask(&office, hold.stated(found())).await.unwrap().revision.unwrap();
    let logged = office.event(held).await.unwrap();
    assert_eq!(logged.actor.id, "ops");
    assert_eq!(case(&logged.event), "unusual-calls");
    let receipt = office.receipt(held).await.unwrap();
    let leaf = String::from_utf8(receipt.leaf.unwrap()).unwrap();
    assert_eq!(leaf, logged.leaf);
    assert!(!leaf.contains("\"ops\"") && !leaf.contains("unusual-calls"), "{leaf}");
    let opening = logged.opening.unwrap();
    assert!(opening.contains("\"ops\"") && opening.contains("unusual-calls"), "{opening}");
    let before = summary(&office.snapshot());
    assert!(office.verify(Vec::new()).await.unwrap().replayed);
    office.close().await;
    let office = super::office(&path).await;
    assert_eq!(summary(&office.snapshot()), before, "a start reads what is sealed");
    let again = office.event(held).await.unwrap();
    assert_eq!((again.actor.id.as_str(), case(&again.event).as_str()), ("ops", "unusual-calls"));
    office.close().await;
}

#[tokio::test]
async fn a_receipt_does_not_tell_what_of_the_policies_leaves_a_partner_less() {
    let (_dir, path) = place();
    let office = office(&path).await;
    ask(&office, add_partner("acme")).await.unwrap();
    ask(&office, issue_key("acme", 1)).await.unwrap();
    let edit = Command::EditPartner {
        id: PartnerId::new("acme").unwrap(),
        name: None,
        tier: None,
        r#use: None,
        declared_use: None,
        scopes: Some(Some(Vec::new())),
        facts: None,
    };
    let told = Told {
        reason: ReasonCode::new("agreement-changed").unwrap(),
        tell: "Your agreement covers less from today on.".to_owned(),
        case: None,
        statement: found(),
    };
    let why = "lose what the rule `sweep` let through".to_owned();
    let narrowed = vec![Narrowed::new(PartnerId::new("acme").unwrap(), [why])];
    let command = Box::new(edit);
    let wish = Command::Told { told: Box::new(told), narrowed, command };
    ask(&office, wish).await.unwrap();
    let logged = office.event(Revision(3)).await.unwrap();
    let whole = serde_json::to_string(&logged.event).unwrap();
    assert!(whole.contains("`sweep`"), "{whole}");
    assert!(!logged.leaf.contains("`sweep`"), "{}", logged.leaf);
    office.close().await;
}

#[tokio::test]
async fn what_is_sealed_and_was_touched_is_damage_at_its_event() {
    let (_dir, path) = place();
    let office = office(&path).await;
    ask(&office, add_partner("acme")).await.unwrap();
    let leaf = office.event(Revision(1)).await.unwrap().leaf;
    office.close().await;
    let digest = portcullis_audit::sealed(leaf.as_bytes()).unwrap();
    let mut writer = crate::database::writer(&path).await.unwrap();
    let sql = "UPDATE events SET opening = CAST(replace(CAST(opening AS TEXT), 'ops', 'eva') AS BLOB) WHERE rev = 1";
    sqlx::query(sql).execute(&mut writer).await.unwrap();
    crate::database::close(writer).await;
    let found = Store::inspect(&path, None).await.unwrap();
    let told = found.to_string().replace(digest, "DIGEST");
    insta::assert_snapshot!(told, @"damaged at revision 1: what the leaf seals under the digest `DIGEST` is missing or was changed");
}
