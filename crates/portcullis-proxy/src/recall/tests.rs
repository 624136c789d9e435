//! The ring of the last calls.

use portcullis_judge::Trace;
use portcullis_types::{KeyIx, Wall};

use super::texts::Texts;
use super::*;

fn outcome(trace: &Trace) -> Outcome<'_> {
    Outcome {
        at: Wall(5),
        trace,
        verdict: "permit",
        status: 200,
        whole: true,
        more: None,
        entries: (0, 0),
        items_dropped: 0,
        spent: Spent::default(),
    }
}

#[test]
fn the_last_calls_are_found_by_their_id_and_older_ones_are_not() {
    let recall = Recall::new(3).unwrap();
    for id in ["req_1", "req_2", "req_3", "req_2", "req_4"] {
        let place = recall.ask(id.as_bytes(), None);
        recall.outcome(place, KeyIx(7), outcome(&Trace::default()));
    }
    let found = |id: &str| recall.find(id.as_bytes()).is_some();
    let all = ["req_1", "req_2", "req_3", "req_4", "req_", "req_40", ""].map(found);
    assert_eq!(all, [false, true, true, true, false, false, false]);
}

#[test]
fn texts_are_read_back_across_the_end_until_they_are_written_over() {
    let mut texts = Texts::new(10);
    let mut places = Vec::new();
    for text in ["abcd", "efgh", "ijkl"] {
        places.push(texts.end);
        texts.push(text.as_bytes());
    }
    let read = |at: usize| texts.get(places[at], 4).map(|b| String::from_utf8(b).unwrap());
    assert_eq!(read(0), None, "its beginning is gone");
    assert_eq!((read(1), read(2)), (Some("efgh".into()), Some("ijkl".into())));
    assert_eq!(texts.get(texts.end, 1), None, "what was not written yet");
    texts.push(&[b'x'; 25]);
    assert_eq!(texts.get(texts.end - 10, 10), Some(vec![b'x'; 10]));
}

#[test]
fn what_few_calls_have_to_tell_is_kept_for_them_only() {
    let recall = Recall::new(2).unwrap();
    let refused = Trace { refused: true, rule: Some("tier/deny".into()), ..Trace::default() };
    for (id, trace) in [("a", Trace::default()), ("b", refused)] {
        let place = recall.ask(id.as_bytes(), None);
        recall.outcome(place, KeyIx(0), outcome(&trace));
    }
    assert!(recall.find(b"a").unwrap().came.more.is_none());
    let told = recall.find(b"b").unwrap().came.more.unwrap();
    assert_eq!(told.rule.as_deref(), Some("tier/deny"));
}

#[test]
fn no_calls_are_no_ring() {
    assert!(Recall::new(0).is_none());
}

#[test]
fn a_row_stays_small() {
    assert!(size_of::<Row>() <= 200, "{} bytes", size_of::<Row>());
}
