//! What belongs to the account that a call names: which classes may say so, and what is no such thing.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use portcullis_catalogue::Catalogue;
use portcullis_yaml::{Faults, Source};

const BASE: &str = r##"version: 1
classes:
  person.plain: A person
  post.plain: A post
  post.author: Who made it
  post.list: Posts of a person
  post.near: Posts at a place
  post.found: A person's posts, found by its name
  post.other: Posts by a path of their own
  post.sent: Posting
  spot.plain: A place
ledger: { digests: [person.*, post.*, spot.*] }
types:
  person:
    ids: ["1####"]
    default: [id]
    fields: { person.plain: [id] }
    edges:
      posts: { class: post.list, holds: post, modifiers: [limit] }
      other: { class: post.found, holds: person, modifiers: [name], named_by: name }
  post:
    ids: ["2####"]
    default: [id]
    fields: { post.plain: [id] }
    edges: { owner: { class: post.author, holds: person, inline: true } }
  spot:
    ids: ["3####"]
    default: [id]
    fields: { spot.plain: [id] }
operations:
  one: { method: GET, path: "/{id}", target: id, class_by_type: { person: person.plain }, answer: target }
  near: { method: GET, path: "/{id}/near", target: id, class_by_type: { spot: post.near }, answer: post }
  list: { method: GET, path: "/{id}/list", target: id, class_by_type: { person: post.other }, answer: post }
  send: { method: POST, path: "/{id}/list", target: id, class_by_type: { person: post.sent }, answer: post, default: [] }
"##;

fn compiled(texts: &[&str]) -> Result<Catalogue, String> {
    let more = texts.iter().map(|text| Source::new("more.yaml", *text));
    let sources: Vec<Source> =
        std::iter::once(Source::new("routes.yaml", BASE)).chain(more).collect();
    Catalogue::compile(&sources).map_err(|faults| Faults(faults).to_string())
}

#[test]
fn what_an_operation_or_an_edge_gives_of_an_account_may_be_said_to_belong_to_it() {
    let owned = |texts: &[&str]| {
        let catalogue = compiled(texts).unwrap();
        let classes = catalogue.classes().map(|class| class.as_str().to_owned());
        let is = |class: &String| catalogue.is_owned(catalogue.class(class).unwrap());
        classes.filter(is).collect::<Vec<_>>()
    };
    assert!(owned(&[]).is_empty());
    let text = "version: 1\nledger: { owned: [post.list, post.other] }\n";
    assert_eq!(owned(&[text]), ["post.list", "post.other"]);
}

#[test]
fn what_can_not_belong_to_an_account_that_is_named_is_told_with_what_to_write() {
    let text = "version: 1
classes: { note.list: Notes of a person }
ledger:
  owned:
    - note.list
    - post.near
    - post.found
    - post.sent
    - person.plain
    - post.*
    - post.lits
    - unclassified
    - post.list
    - post.list
";
    insta::assert_snapshot!(compiled(&[text]).unwrap_err());
}

#[test]
fn an_operation_that_is_faulty_is_no_second_fault() {
    let faulty = "version: 1
ledger: { owned: [post.near] }
operations:
  bad: { method: GET, path: no, class: post.near }
";
    let told = compiled(&[faulty]).unwrap_err();
    assert!(told.contains("1 fault in 1 file") && !told.contains("PC0218"), "{told}");
}
