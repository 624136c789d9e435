//! What is said of how the ledger fares, and what to do about it.
//!
//! Must not know how any of it was found.

use std::collections::BTreeSet;

use portcullis_types::Wall;

use super::figures::Stands;
use super::folder::UNKNOWN;

/// Whether all is well, and what to do where it is not.
pub(super) fn told(
    stands: &Stands,
    waiting: u64,
    is_full: bool,
    stuck: Option<Wall>,
) -> (bool, String) {
    let mut faults = Vec::new();
    if let Some(why) = &stands.write {
        faults.push(format!(
            "what leaves is not written down, {waiting} answers wait: {why}; make room or put the folder back, and it goes on by itself: what waits is lost with this process"
        ));
    }
    if let Some(since) = stuck.filter(|_| stands.write.is_none()) {
        faults.push(format!(
            "what left since {} is not written down yet, and answers of the ledger say so: a write takes long; see what else writes to its disk, or whether that answers at all",
            since.rfc3339()
        ));
    }
    if let Some(why) = &stands.key {
        faults.push(format!("answers whose records are to be digested are refused: {why}"));
    }
    if is_full {
        faults.push("answers come faster than they are written: those that are only counted fall together, others are refused".to_owned());
    }
    if let Some(why) = &stands.roll {
        faults.push(format!("journals wait to become files: {why}"));
    }
    let unknown = |name: &&String| name.ends_with(&format!(".{UNKNOWN}"));
    let (unknown, damaged): (Vec<&String>, Vec<_>) = stands.aside.iter().partition(unknown);
    if let Some(first) = damaged.first() {
        faults.push(format!(
            "{} journals hold what can't be read, `{first}` first: deletions are not matched with that; keep them for an inquiry, and move them out of the folder",
            damaged.len()
        ));
    }
    if let Some(first) = unknown.first() {
        faults.push(format!(
            "{} journals were written by another version of this program, `{first}` first: no question tells what stands in them, and deletions are not matched with it; start a version that can read them, which rolls them",
            unknown.len()
        ));
    }
    let strange = stands.strange.as_deref().unwrap_or_default();
    let mut unread = stands.unreadable.iter().filter(|(set, _)| !strange.contains(set)).peekable();
    if let Some((_, why)) = unread.peek().copied() {
        let count = unread.count();
        faults.push(format!(
            "{count} sets of files can't be read, and no question about their time is answered: {why}; {VERIFY}"
        ));
    }
    if !strange.is_empty() {
        faults.push(unknown_sets(strange));
    }
    if let Some(why) = &stands.blind {
        faults.push(blind(why));
    }
    let until = stands.written.map_or_else(|| "nothing yet".to_owned(), |at| at.wall.rfc3339());
    let is_well = faults.is_empty();
    if is_well {
        faults.push(format!("written until {until}, {} files", stands.files));
    }
    // No reason to take no calls, and it ends by itself.
    if let Some(until) = stands.doubted {
        faults.push(doubt(until));
    }
    // Nor is this: none fails for it, and it may stay so as long as they would have been kept.
    if !stands.missing.is_empty() {
        faults.push(lack(&stands.missing));
    }
    (is_well, faults.join("; "))
}

/// What tells more of a set that can't be read.
pub(super) const VERIFY: &str = "`portcullis ledger verify` says which files are whole";

/// What is to be said where it can't be looked which sets of files there are.
pub(super) fn blind(why: &str) -> String {
    format!(
        "no question of the ledger is answered, since it can't be looked which sets of files there are: {why}"
    )
}

/// What is to be said of sets of files that the log does not have.
pub(super) fn unknown_sets(sets: &[String]) -> String {
    let first = sets.first().map_or("", String::as_str);
    format!(
        "the log does not have {} sets of the ledger's files, `{first}` first: no question about their time is answered, and deletions wait; where the log was put back from an older copy, `portcullis ledger adopt --all --why TEXT` has it take them up; else somebody put them there: move them out of the folder and keep them",
        sets.len()
    )
}

/// What is to be said where it is not known how late it is.
pub(super) fn doubt(until: Wall) -> String {
    format!(
        "nothing of the ledger goes by its age until {}, since the clock is not where it was or the gate was away: set it if it is wrong",
        until.rfc3339()
    )
}

/// What is to be said of sets of files that are gone.
pub(super) fn lack(missing: &BTreeSet<String>) -> String {
    let first = missing.first().map_or("", String::as_str);
    format!(
        "{} sets of the ledger's files are gone before their time, `{first}` first: no answer tells what stood in them, and deletions are not matched with it; put them back from a copy, unless `keep` was shorter when they went",
        missing.len()
    )
}

#[cfg(test)]
mod tests {
    use portcullis_types::Now;

    use super::*;

    #[test]
    fn how_the_ledger_fares_reads_like_this() {
        let well = Stands { written: Some(Now::default()), files: 4, ..Stands::default() };
        let line = |stands: &Stands, waiting, is_full| {
            let (ok, line) = told(stands, waiting, is_full, None);
            format!("{ok}: {line}")
        };
        insta::assert_snapshot!(line(&well, 0, false), @"true: written until 1970-01-01T00:00:00.000Z, 4 files");
        insta::assert_snapshot!(line(&Stands::default(), 0, false), @"true: written until nothing yet, 0 files");
        let full = Stands { write: Some("no space left".to_owned()), ..well.clone() };
        insta::assert_snapshot!(line(&full, 512, true), @"false: what leaves is not written down, 512 answers wait: no space left; make room or put the folder back, and it goes on by itself: what waits is lost with this process; answers come faster than they are written: those that are only counted fall together, others are refused");
        let stuck = |stands: &Stands| told(stands, 0, false, Some(Wall(5))).1;
        insta::assert_snapshot!(stuck(&well), @"what left since 1970-01-01T00:00:00.005Z is not written down yet, and answers of the ledger say so: a write takes long; see what else writes to its disk, or whether that answers at all");
        assert!(!stuck(&full).contains("takes long"), "it is said why");
        let doubted = Stands { doubted: Some(Wall(6)), ..well.clone() };
        insta::assert_snapshot!(line(&doubted, 0, false), @"true: written until 1970-01-01T00:00:00.000Z, 4 files; nothing of the ledger goes by its age until 1970-01-01T00:00:00.006Z, since the clock is not where it was or the gate was away: set it if it is wrong");
        let aside = ["a.journal.damaged", "b.journal.unknown"].map(str::to_owned).into();
        let odd = Stands {
            key: Some("the key can't be read".to_owned()),
            roll: Some("the store can't be written".to_owned()),
            aside,
            unreadable: [("a".to_owned(), "the set `a` can't be read".to_owned())].into(),
            ..well.clone()
        };
        let strange = Stands {
            unreadable: [("b".to_owned(), "the log does not have `b`".to_owned())].into(),
            strange: Some(vec!["b".to_owned()]),
            blind: Some("`going` is torn; move it away".to_owned()),
            ..well.clone()
        };
        insta::assert_snapshot!(line(&strange, 0, false), @"false: the log does not have 1 sets of the ledger's files, `b` first: no question about their time is answered, and deletions wait; where the log was put back from an older copy, `portcullis ledger adopt --all --why TEXT` has it take them up; else somebody put them there: move them out of the folder and keep them; no question of the ledger is answered, since it can't be looked which sets of files there are: `going` is torn; move it away");
        let lacks = Stands { missing: ["a", "b"].map(str::to_owned).into(), ..well };
        insta::assert_snapshot!(line(&lacks, 0, false), @"true: written until 1970-01-01T00:00:00.000Z, 4 files; 2 sets of the ledger's files are gone before their time, `a` first: no answer tells what stood in them, and deletions are not matched with it; put them back from a copy, unless `keep` was shorter when they went");
        insta::assert_snapshot!(line(&odd, 0, false), @"false: answers whose records are to be digested are refused: the key can't be read; journals wait to become files: the store can't be written; 1 journals hold what can't be read, `a.journal.damaged` first: deletions are not matched with that; keep them for an inquiry, and move them out of the folder; 1 journals were written by another version of this program, `b.journal.unknown` first: no question tells what stands in them, and deletions are not matched with it; start a version that can read them, which rolls them; 1 sets of files can't be read, and no question about their time is answered: the set `a` can't be read; `portcullis ledger verify` says which files are whole");
    }
}
