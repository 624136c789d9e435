//! What vanishes by itself: which classes, after how long, and what is no such thing.
#![allow(clippy::unwrap_used, reason = "a test may stop at the first surprise")]

use portcullis_catalogue::Catalogue;
use portcullis_yaml::{Faults, Source};

fn compiled(texts: &[&str]) -> Result<Catalogue, String> {
    let base = Source::new(
        "routes.yaml",
        "version: 1
classes: { story.one: A story, story.two: Two stories, post.one: A post, post.two: Two posts }
ledger: { digests: [story.*, post.one] }
operations:
  one: { method: GET, path: /one, class: story.one }
",
    );
    let more = texts.iter().map(|text| Source::new("more.yaml", *text));
    let sources: Vec<Source> = std::iter::once(base).chain(more).collect();
    Catalogue::compile(&sources).map_err(|faults| Faults(faults).to_string())
}

#[test]
fn classes_that_vanish_are_named_one_by_one_or_by_their_beginning_with_the_time_they_have() {
    assert!(compiled(&[]).unwrap().vanishing().is_none());
    let text = "version: 1\nvanishing: { after: 36h, classes: [story.*, post.one] }\n";
    let catalogue = compiled(&[text]).unwrap();
    let vanishing = catalogue.vanishing().unwrap();
    let is = |name: &str| vanishing.classes.contains(catalogue.class(name).unwrap());
    let named = ["story.one", "story.two", "post.one", "post.two"].map(is);
    assert_eq!((named, vanishing.after.to_string()), ([true, true, true, false], "36h".to_owned()));
}

#[test]
fn what_can_not_vanish_is_told_with_what_to_write() {
    let one = "version: 1\nvanishing: { after: 23h, classes: [story.one, post.two, story.one] }\n";
    let other = "version: 1\nvanishing: { after: 2d, classes: [story.on] }\n";
    insta::assert_snapshot!(compiled(&[one, other]).unwrap_err());
}
