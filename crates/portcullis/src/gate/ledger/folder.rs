//! The ledger's folder: what its files are called, and how one is written so that it is whole or not
//! there.
//!
//! Must not know what is in a file.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _};
use std::path::{Path, PathBuf};

use portcullis_types::Wall;

pub(super) const DAY: u64 = 86_400_000;
/// Endings of the two kinds of files.
pub(super) const JOURNAL: &str = "journal";
const PARQUET: &str = "parquet";
/// What a journal is called that holds what can't be read.
pub(super) const DAMAGED: &str = "damaged";
/// And one that another version of this program wrote.
pub(super) const UNKNOWN: &str = "unknown";

/// What one process wrote in one time.
#[derive(Debug, Clone, Eq, PartialEq, Ord, PartialOrd)]
pub(super) struct Part {
    /// When the time begins.
    pub start: Wall,
    /// Which process.
    pub writer: String,
}

/// The folder.
#[derive(Debug, Clone)]
pub(super) struct Folder(PathBuf);

impl Part {
    /// The name of its journal.
    pub(super) fn journal(&self) -> String {
        format!("{}.{JOURNAL}", self.hour())
    }

    /// The name of the file with one of its tables.
    pub(super) fn table(&self, table: &str) -> String {
        format!("{}.{table}.{PARQUET}", self.hour())
    }

    /// Its name without the ending of any file.
    pub(super) fn hour(&self) -> String {
        format!("{}.{}", moment(self.start), self.writer)
    }

    /// Of a journal, by its name.
    pub(super) fn of_journal(name: &str) -> Option<Self> {
        Self::of(name.strip_suffix(JOURNAL)?.strip_suffix('.')?)
    }

    /// Of a journal that is kept aside.
    pub(super) fn of_aside(name: &str) -> Option<Self> {
        Self::of(name.split_once(&format!(".{JOURNAL}."))?.0)
    }

    /// Of any of its files.
    pub(super) fn of_file(name: &str) -> Option<Self> {
        let (part, _table) = name.strip_suffix(PARQUET)?.strip_suffix('.')?.rsplit_once('.')?;
        Self::of(part)
    }

    /// By what all its files begin with.
    pub(super) fn of_hour(text: &str) -> Option<Self> {
        Self::of(text)
    }

    fn of(text: &str) -> Option<Self> {
        let (start, writer) = text.split_once('.')?;
        let start = read_moment(start)?;
        (!writer.is_empty()).then(|| Self { start, writer: writer.to_owned() })
    }
}

impl Folder {
    /// Makes it where it is missing: for nobody else to look into.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let folder = Self(path.to_path_buf());
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder.keys())?;
        Ok(folder)
    }

    /// One that is there, such as a copy; nothing is made in it.
    pub(super) fn at_rest(path: &Path) -> io::Result<Self> {
        fs::read_dir(path)?;
        Ok(Self(path.to_path_buf()))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn keys(&self) -> PathBuf {
        self.0.join("keys")
    }

    pub(super) fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Names of all files in it, in order: those of one time beside each other.
    pub(super) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let entry = entry?;
            if entry.file_type()?.is_file() {
                names.extend(entry.file_name().into_string());
            }
        }
        names.sort();
        Ok(names)
    }

    /// Writes a file beside itself, and gives it its name once it is durable.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let new = self.at(&format!("{name}.new"));
        let mut file = File::create(&new)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&new, self.at(name))?;
        sync(&self.0)
    }

    /// Keeps a journal aside, and tells under which name. What has that name already stays: it may be all that
    /// there is of something.
    pub(super) fn put_aside(&self, journal: &str, ending: &str) -> io::Result<String> {
        let mut aside = format!("{journal}.{ending}");
        let mut number = 1;
        while fs::exists(self.at(&aside))? {
            number += 1;
            aside = format!("{journal}.{number}.{ending}");
        }
        fs::rename(self.at(journal), self.at(&aside))?;
        sync(&self.0)?;
        Ok(aside)
    }

    /// Removes a file, if it is there.
    pub(super) fn remove(&self, name: &str) -> io::Result<()> {
        match fs::remove_file(self.at(name)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => sync(&self.0),
        }
    }
}

/// Makes names in a folder durable.
pub(super) fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// A day as people write it.
pub(super) fn day_name(day: u32) -> String {
    let mut text = Wall(u64::from(day) * DAY).rfc3339();
    text.truncate(10);
    text
}

/// The day of a moment, as UTC counts.
pub(super) fn day_of(at: Wall) -> u32 {
    u32::try_from(at.0 / DAY).unwrap_or(u32::MAX)
}

/// A day by its name.
pub(super) fn read_day(text: &str) -> Option<u32> {
    let read = (text.len() == 10).then(|| read_moment(&format!("{text}T00")))??;
    Some(day_of(read))
}

/// `2026-11-22T20`, or down to the second where the time does not begin with an hour.
fn moment(at: Wall) -> String {
    let text = at.rfc3339();
    let (hour, rest) = text.split_at_checked(13).unwrap_or((&text, ""));
    if rest == ":00:00.000Z" {
        return hour.to_owned();
    }
    text.get(..19).unwrap_or(&text).replace(':', "-")
}

fn read_moment(text: &str) -> Option<Wall> {
    let (date, time) = text.split_once('T')?;
    let time = match time.len() {
        2 => format!("{time}:00:00"),
        _ => time.replace('-', ":"),
    };
    let at: jiff::Timestamp = format!("{date}T{time}Z").parse().ok()?;
    let read = Wall(u64::try_from(at.as_millisecond()).ok()?);
    (moment(read) == text).then_some(read)
}

/// When the time begins that a moment is in. None goes over midnight: what was written down on a day is known
/// by where it stands.
pub(super) const fn begins(now: Wall, roll: u64) -> Wall {
    let midnight = now.0 / DAY * DAY;
    Wall(midnight + (now.0 - midnight) / roll * roll)
}

/// A file from its beginning, whoever else reads it.
pub(super) struct FromStart<'a> {
    file: &'a File,
    at: u64,
}

impl<'a> FromStart<'a> {
    pub(super) const fn of(file: &'a File) -> Self {
        Self { file, at: 0 }
    }
}

impl Read for FromStart<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(into, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_by_its_name_and_no_other_text_is_one() {
        let part = |start| Part { start: Wall(start), writer: "gate-1-a9f3".to_owned() };
        let hour = part(1_795_377_600_000);
        assert_eq!(hour.journal(), "2026-11-22T20.gate-1-a9f3.journal");
        assert_eq!(hour.table("answers"), "2026-11-22T20.gate-1-a9f3.answers.parquet");
        let odd = part(1_795_377_605_000);
        assert_eq!(odd.journal(), "2026-11-22T20-00-05.gate-1-a9f3.journal");
        for part in [hour, odd] {
            assert_eq!(Part::of_journal(&part.journal()), Some(part.clone()));
            assert_eq!(Part::of_file(&part.table("records")), Some(part));
        }
        for name in ["journal", "2026-11-22T20.journal", "2026-11-22T25.a.journal", "x.a.journal"] {
            assert_eq!(Part::of_journal(name), None, "{name}");
        }
    }

    #[test]
    fn a_journal_that_is_put_aside_takes_the_place_of_no_other_one() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(&dir.path().join("gate.ledger")).unwrap();
        let part = Part { start: Wall(0), writer: "gate-1".to_owned() };
        let journal = part.journal();
        let mut asides = Vec::new();
        for text in ["one", "two", "three"] {
            fs::write(folder.at(&journal), text).unwrap();
            let aside = folder.put_aside(&journal, DAMAGED).unwrap();
            assert_eq!(Part::of_aside(&aside), Some(part.clone()));
            asides.push(aside);
        }
        assert_eq!(folder.names().unwrap().len(), 3);
        let texts = asides.iter().map(|aside| fs::read_to_string(folder.at(aside)).unwrap());
        assert_eq!(texts.collect::<Vec<_>>(), ["one", "two", "three"]);
        assert!(asides.iter().all(|aside| aside.ends_with(".damaged")), "{asides:?}");
    }

    #[test]
    fn a_day_is_named_as_people_do() {
        assert_eq!(day_name(20_779), "2026-11-22");
        assert_eq!(read_day("2026-11-22"), Some(20_779));
        for text in ["2026-11-31", "2026-1-22", "20261122", ""] {
            assert_eq!(read_day(text), None, "{text}");
        }
    }

    #[test]
    fn a_file_is_whole_or_not_there() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(&dir.path().join("gate.ledger")).unwrap();
        folder.write("a", b"one").unwrap();
        folder.write("a", b"two").unwrap();
        assert_eq!(fs::read(folder.at("a")).unwrap(), b"two");
        assert_eq!(folder.names().unwrap(), ["a"], "nothing else is left behind");
        folder.remove("a").unwrap();
        folder.remove("a").unwrap();
        assert!(folder.names().unwrap().is_empty());
    }

    #[test]
    fn a_time_begins_with_its_day_whatever_goes_into_one() {
        let minutes = |of: u64| of * 60_000;
        let day = 20_000 * DAY;
        for (now, roll, start) in
            [(61, 60, 60), (59, 60, 0), (3, 50, 0), (99, 50, 50), (1439, 7, 1435)]
        {
            let found = begins(Wall(day + minutes(now)), minutes(roll));
            assert_eq!(found, Wall(day + minutes(start)), "{now} {roll}");
        }
    }
}
