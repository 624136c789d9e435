//! Journals that are kept aside: what another version wrote has its name again once this one can read it.
//!
//! Must not know how a journal becomes files.

use std::fs::{self, File};
use std::io;

use anyhow::Context as _;
use portcullis_ledger::{JournalFault, JournalReader};
use portcullis_types::Wall;

use super::folder::{DAMAGED, Folder, Part, UNKNOWN, day_name, day_of, sync};
use super::journal::abandoned;
use super::own_suffix;
use crate::talk;

/// Names of journals that are kept aside.
pub(super) fn names(folder: &Folder) -> io::Result<Vec<String>> {
    let mut names = folder.names()?;
    names.retain(|name| journal_of(name, DAMAGED).or(journal_of(name, UNKNOWN)).is_some());
    Ok(names)
}

/// Gives journals their names back that another version could not read and this one can, before anybody asks:
/// from there on questions read them like all others, also while they become files.
pub(super) fn take_back(
    folder: &Folder,
    is_anchored: &dyn Fn(&Part) -> Result<bool, String>,
) -> io::Result<()> {
    for name in folder.names()? {
        let Some(journal) = journal_of(&name, UNKNOWN) else { continue };
        // One that can't be had keeps no other one waiting.
        if let Err(why) = named_again(folder, &name, journal, is_anchored) {
            talk::error(&format!("the ledger's journal `{name}` stays aside for now: {why}"));
        }
    }
    Ok(())
}

fn named_again(
    folder: &Folder,
    name: &str,
    journal: &str,
    is_anchored: &dyn Fn(&Part) -> Result<bool, String>,
) -> anyhow::Result<()> {
    let Some(file) = abandoned(folder, name)? else { return Ok(()) };
    if is_unknown(&file)? {
        say_unknown(journal, name);
        return Ok(());
    }
    let part = Part::of_aside(name).context(
        "no journal of the ledger is called so; look at it by hand, and move it out of the folder",
    )?;
    let (start, mut own) = (part.start, part.journal());
    // Under a name that is taken it would be lost: what is anchored is not read from its journal any more.
    let taken = own != journal || fs::exists(folder.at(&own))?;
    if taken || is_anchored(&part).map_err(anyhow::Error::msg)? {
        let writer = format!("{}-{}", part.writer, own_suffix()?);
        own = Part { writer, ..part }.journal();
    }
    fs::rename(folder.at(name), folder.at(&own))?;
    sync(folder.path())?;
    say_back(name, &own, start);
    Ok(())
}

/// Says that a journal is read again, and for what that comes too late.
fn say_back(name: &str, own: &str, start: Wall) {
    talk::error(&format!(
        "the ledger's journal `{name}`, which another version could not read, is read again, as `{own}`; deletions posted meanwhile, after {}, were matched WITHOUT it, and what vanishes of {} is told without it where that was told already: have the platform post these deletions again, with ids of their own, and `portcullis ledger what` tells which partners received something that day",
        start.rfc3339(),
        day_name(day_of(start)),
    ));
}

fn is_unknown(file: &File) -> io::Result<bool> {
    match JournalReader::new(file) {
        Err(JournalFault::Unknown) => Ok(true),
        Err(JournalFault::Read(why)) => Err(why),
        Ok(_) | Err(JournalFault::Damaged { .. }) => Ok(false),
    }
}

/// Says that nothing of a journal can be read, and what can be done.
pub(super) fn say_unknown(journal: &str, aside: &str) {
    talk::error(&format!(
        "the ledger's journal `{journal}` was written by another version of this program: NOTHING of it is rolled, no question tells what stands in it, and deletions are not matched with it; it is kept as `{aside}`, and a gate of a version that can read it rolls it as it starts"
    ));
}

fn journal_of<'a>(name: &'a str, ending: &str) -> Option<&'a str> {
    name.strip_suffix(ending)?.strip_suffix('.')
}

#[cfg(test)]
mod tests {
    use portcullis_ledger::JOURNAL_HEAD;

    use super::*;

    /// What is in the folder once journals were taken back: names of journals with what stands in them, and
    /// what stays aside.
    fn taken_back(
        files: &[(&str, &[u8])],
        is_anchored: &dyn Fn(&Part) -> Result<bool, String>,
    ) -> (Vec<(String, u8)>, Vec<String>) {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(&dir.path().join("gate.ledger")).unwrap();
        for (name, bytes) in files {
            fs::write(folder.at(name), bytes).unwrap();
        }
        take_back(&folder, is_anchored).unwrap();
        let aside = names(&folder).unwrap();
        let mut journals = Vec::new();
        for name in folder.names().unwrap() {
            if let Some(part) = Part::of_journal(&name) {
                assert_eq!(part.start, Wall(0));
                journals.push((name.clone(), *fs::read(folder.at(&name)).unwrap().last().unwrap()));
            }
        }
        journals.sort_by_key(|(_, byte)| *byte);
        (journals, aside)
    }

    fn journal(byte: u8) -> Vec<u8> {
        [&JOURNAL_HEAD[..], &[byte]].concat()
    }

    const OURS: &str = "1970-01-01T00.gate-1.journal";
    const ASIDE: &str = "1970-01-01T00.gate-1.journal.unknown";
    const SECOND: &str = "1970-01-01T00.gate-1.journal.2.unknown";

    #[test]
    fn a_journal_has_its_name_again_and_one_whose_name_is_taken_has_one_of_its_own() {
        let files = [(ASIDE, journal(1)), (SECOND, journal(2))];
        let files = files.each_ref().map(|(name, bytes)| (*name, &bytes[..]));
        let (journals, aside) = taken_back(&files, &|_| Ok(false));
        let names: Vec<&str> = journals.iter().map(|(name, _)| name.as_str()).collect();
        assert!(aside.is_empty() && journals.len() == 2, "{aside:?} {journals:?}");
        assert!(names.contains(&OURS), "{names:?}");
        assert_eq!(journals.iter().map(|(_, byte)| *byte).collect::<Vec<_>>(), [1, 2]);
        // Another journal has the name, or the log has a set that does.
        let (there, ours) = (journal(1), journal(2));
        let (journals, aside) = taken_back(&[(OURS, &there), (ASIDE, &ours)], &|_| Ok(false));
        assert!(aside.is_empty() && journals.len() == 2, "{aside:?} {journals:?}");
        assert_eq!(journals[0], (OURS.to_owned(), 1));
        let (journals, aside) = taken_back(&[(ASIDE, &ours)], &|_| Ok(true));
        assert!(aside.is_empty() && journals.len() == 1 && journals[0].0 != OURS, "{journals:?}");
    }

    #[test]
    fn what_can_not_be_taken_back_stays_aside() {
        let mut foreign = JOURNAL_HEAD;
        foreign[14] += 1;
        let ours = journal(1);
        let odd = "of-another.journal.unknown";
        for (name, bytes) in [(SECOND, &foreign[..]), (odd, &ours)] {
            let (journals, aside) = taken_back(&[(name, bytes)], &|_| Ok(false));
            assert!(journals.is_empty() && aside == [name], "{journals:?} {aside:?}");
        }
        // Nobody knows whether its name is taken.
        let (journals, aside) = taken_back(&[(ASIDE, &ours)], &|_| Err("no log".to_owned()));
        assert!(journals.is_empty() && aside == [ASIDE], "{journals:?} {aside:?}");
    }
}
