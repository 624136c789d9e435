//! Journals that are kept aside: what another version wrote has its name again once this one can read it.
//!
//! Must not know how a journal becomes files.

use std::fs::{self, File};
use std::io;

use portcullis_ledger::{JournalFault, JournalReader};

use super::folder::{DAMAGED, Folder, Part, UNKNOWN, sync};
use super::journal::abandoned;
use crate::talk;

/// Names of journals that are kept aside.
pub(super) fn names(folder: &Folder) -> io::Result<Vec<String>> {
    let mut names = folder.names()?;
    names.retain(|name| journal_of(name, DAMAGED).or(journal_of(name, UNKNOWN)).is_some());
    Ok(names)
}

/// Gives journals their names back that another version could not read and this one can, before anybody asks:
/// from there on questions read them like all others, also while they become files.
pub(super) fn take_back(folder: &Folder) -> io::Result<()> {
    for name in folder.names()? {
        let Some(journal) = journal_of(&name, UNKNOWN) else { continue };
        // One that can't be had keeps no other one waiting.
        if let Err(why) = named_again(folder, &name, journal) {
            talk::error(&format!("the ledger's journal `{name}` stays aside for now: {why}"));
        }
    }
    Ok(())
}

fn named_again(folder: &Folder, name: &str, journal: &str) -> io::Result<()> {
    let Some(file) = abandoned(folder, name)? else { return Ok(()) };
    if is_unknown(&file)? {
        say_unknown(journal, name);
    } else if Part::of_journal(journal).is_some() && !fs::exists(folder.at(journal))? {
        fs::rename(folder.at(name), folder.at(journal))?;
        sync(folder.path())?;
        talk::info(&format!(
            "the ledger's journal `{journal}`, which another version could not read, is read again"
        ));
    }
    Ok(())
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
