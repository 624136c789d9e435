//! An answer as evidence: read from anchored files alone, with what they were, so that anybody who has
//! them can ask again.
//!
//! Must not know of cases.

use std::collections::BTreeSet;

use portcullis_control::{LedgerQuestion, LedgerTaken};
use portcullis_ledger::Library as _;
use portcullis_types::Wall;
use serde_json::{Map, Value, json};

use super::anchors::Anchored;
use super::answered::{answered, spell};
use super::desk::{Desk, NoAnswer};
use super::folder::Part;
use super::library::{PART_MAX, Shelf};
use crate::gate::set::hex;

/// Members of a question that hold moments.
const MOMENTS: [&str; 4] = ["since", "until", "from", "to"];

/// Answers a question from what is anchored.
pub(super) fn take(desk: &Desk, question: &LedgerQuestion) -> Result<LedgerTaken, NoAnswer> {
    let (since, until) = question.time();
    // First, so that all of these are on the shelf; what is anchored from here on is not in the answer, and
    // whoever checks it is told up to where to look.
    let anchored = desk.anchored(Wall(0))?;
    let anchored_to = anchored.iter().map(|one| one.revision.0).max().unwrap_or_default();
    let aside = desk.figures.stands().aside.clone();
    let all = desk.shelf()?;
    // Nor is left out without a word what a question would be refused for.
    for part in all.strange().filter(|part| part.start.0 + PART_MAX > since.0) {
        all.overlaps(part, since, until)?;
    }
    let (mut sets, mut gone, mut parts) = (Vec::new(), Vec::new(), BTreeSet::new());
    for one in may_hold(anchored, since) {
        if !all.parts().contains(&one.part) {
            // Its time was over.
            if one.part.start < until {
                gone.push(one.part.hour());
            }
        } else if all.overlaps(&one.part, since, until)? {
            sets.push(set(&one));
            parts.insert(one.part);
        }
    }
    if sets.is_empty() {
        return Err(NoAnswer::NotAnchored);
    }
    let not_anchored = not_anchored(&all, since, until)?;
    let answer = answered(&all.only(parts), question)?;
    let count = sets.len() as u64;
    let mut members = Map::new();
    for (name, value) in [
        ("question", written(question)?),
        ("answer", answer),
        ("sets", sets.into()),
        ("anchored_to", anchored_to.into()),
        ("gone", gone.into()),
        ("not_anchored", not_anchored.into()),
        ("damaged", json!(desk.aside(aside)?)),
        ("salt", salt()?.into()),
    ] {
        members.insert(name.to_owned(), value);
    }
    Ok(LedgerTaken { members, sets: count })
}

/// Those that may hold answers from a moment on: a call may have come long before its answer ended, so
/// that later ones all may.
pub(super) fn may_hold(anchored: Vec<Anchored>, since: Wall) -> impl Iterator<Item = Anchored> {
    anchored.into_iter().filter(move |one| one.part.start.0 + PART_MAX > since.0)
}

/// A question with moments as people write them.
pub(super) fn written(question: &LedgerQuestion) -> Result<Value, serde_json::Error> {
    let mut written = serde_json::to_value(question)?;
    spell(&mut written, "");
    Ok(written)
}

/// Reads what [`written`] writes; none: it is something else.
pub(super) fn read(written: &Value) -> Option<LedgerQuestion> {
    let mut written = written.as_object()?.clone();
    for (_, value) in written.iter_mut().filter(|(name, _)| MOMENTS.contains(&name.as_str())) {
        let at: jiff::Timestamp = value.as_str()?.parse().ok()?;
        *value = u64::try_from(at.as_millisecond()).ok()?.into();
    }
    serde_json::from_value(Value::Object(written)).ok()
}

/// A set of files, as the log has it; `adopted`: why a person had it taken up.
fn set(one: &Anchored) -> Value {
    let mut set = json!({ "set": one.part.hour(), "event": one.revision.0, "files": &*one.files });
    if let (Some(set), Some(why)) = (set.as_object_mut(), &one.adopted) {
        set.insert("adopted".to_owned(), why.as_ref().into());
    }
    set
}

/// A set of files by its name and event.
pub(super) fn read_set(value: &Value) -> Option<Anchored> {
    let part = Part::of_hour(value.get("set")?.as_str()?)?;
    let revision = portcullis_types::Revision(value.get("event")?.as_u64()?);
    let files: Vec<portcullis_registry::AnchoredFile> =
        serde_json::from_value(value.get("files")?.clone()).ok()?;
    let (files, at) = (files.into(), part.start);
    Some(Anchored { part, revision, files, answers: 0, records: 0, adopted: None, at })
}

/// Answers of that time that are in journals yet.
fn not_anchored(shelf: &Shelf, since: Wall, until: Wall) -> Result<u64, NoAnswer> {
    let mut answers = 0;
    let mut each = |row: &portcullis_ledger::Row| {
        if (since..until).contains(&row.at) {
            answers += u64::from(row.answers);
        }
    };
    let read = shelf.unrolled(since, until, &mut each);
    read.map_err(portcullis_ledger::LedgerError::Library)?;
    Ok(answers)
}

/// Who has the log alone can't try which file has the digest that stands there.
fn salt() -> Result<String, NoAnswer> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(NoAnswer::NoSalt)?;
    Ok(hex(&bytes))
}

#[cfg(test)]
mod tests {
    use portcullis_control::LedgerPerson;

    use super::*;

    #[test]
    fn a_question_is_read_as_it_was_written() {
        let (since, until) = (Wall(1_795_377_600_123), Wall(1_795_377_605_000));
        let partner = || "acme".parse().unwrap();
        let person = |id: &str, region: Option<&str>| LedgerPerson {
            id: id.to_owned(),
            region: region.map(str::to_owned),
        };
        let people = vec![person("1", None), person("2", Some("EU"))];
        for question in [
            LedgerQuestion::Who { owner: "17841".to_owned(), since, until },
            LedgerQuestion::What { partner: partner(), client: None, since, until },
            LedgerQuestion::Between { from: since, to: until, partner: Some(partner()) },
            LedgerQuestion::Affected {
                partner: Some(partner()),
                client: Some("bakery".parse().unwrap()),
                people,
                since,
                until,
                list: true,
            },
        ] {
            let written = written(&question).unwrap();
            assert!(written.to_string().contains("2026-11-22T20:00:05.000Z"), "{written}");
            assert_eq!(read(&written), Some(question));
        }
        assert_eq!(read(&json!({ "question": "who", "owner": "1", "since": 3, "until": 4 })), None);
    }

    #[test]
    fn as_many_people_may_be_asked_about_as_are_looked_for_at_once() {
        assert_eq!(portcullis_control::LEDGER_PEOPLE_MAX, portcullis_ledger::IDS_MAX);
    }
}
