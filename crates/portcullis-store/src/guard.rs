//! The guard beside the store: narrowings that were acknowledged, and how far the log had come.
//!
//! Lines that are only added to, each synced before its narrowing is answered, so that an older copy
//! of the store never gives back what was taken since. Each line begins with a digest over itself and
//! the line before. Must not know what is due of it; `guarded` does.

use std::collections::HashMap;
use std::fs;
use std::io::{self, ErrorKind, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use portcullis_audit::Hash;
use portcullis_registry::{Actor, Event, GuardEvent, SubjectId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::StoreError;
use crate::files::{beside, private, replace};

/// Hex digits of a line's digest.
const SUM_DIGITS: usize = 16;
/// Lines that say nothing any more, before the file is written anew at a start.
const IDLE_LINES_MAX: usize = 1000;

/// One line.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "line", deny_unknown_fields)]
enum Line {
    /// Whose guard it is: the name of the log.
    Log { name: String },
    /// How far the log had come.
    Checkpoint { size: u64, note: String },
    /// Access taken away, or given back after that.
    Narrowing(Box<Record>),
}

/// A narrowing as it is kept.
#[derive(Debug, Clone, Eq, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Its revision; the one it was to have, where it waits.
    pub(crate) rev: u64,
    /// Whether it is not in the log: not yet, or not any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) waits: bool,
    /// Who acted.
    pub(crate) by: Actor,
    /// What happened.
    pub(crate) event: Event,
}

impl Record {
    /// Of an event; one that was put in force again is kept as what it was.
    pub(crate) fn of(rev: u64, waits: bool, (by, event): (&Actor, &Event)) -> Self {
        let by = match event {
            Event::Guard(GuardEvent::Applied { by, .. }) => by,
            _ => by,
        };
        Self { rev, waits, by: by.clone(), event: event.again().clone() }
    }
}

/// What a guard says.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kept {
    /// The name of the log.
    pub(crate) name: String,
    /// How many events the log had, at least.
    pub(crate) size: u64,
    /// The newest checkpoint it knows.
    pub(crate) note: String,
    /// The last of each subject, in order.
    pub(crate) records: Vec<Record>,
    lines: usize,
    end: End,
}

/// Where the next line goes.
#[derive(Debug, Clone, Default)]
struct End {
    sum: String,
    bytes: u64,
}

/// A guard that is written to.
#[derive(Debug)]
pub(crate) struct Guard {
    path: PathBuf,
    end: End,
    /// Lines that could not be written yet.
    missed: Vec<Line>,
    /// Narrowings of subjects that nobody knows now.
    pub(crate) waits: Vec<Record>,
}

/// The file that guards a store.
pub(crate) fn path_of(store: &Path) -> PathBuf {
    beside(store, ".guard")
}

/// Reads the guard of a store, where there is one. A last line without its end was never answered
/// for, and is left out.
pub(crate) fn read(store: &Path) -> Result<Option<Kept>, StoreError> {
    let path = path_of(store);
    let bytes = match fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::not_readable(&path, error)),
    };
    let mut kept = Kept::default();
    let mut records = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let Some(text) = line.strip_suffix(b"\n") else { break };
        kept.lines += 1;
        let at = kept.lines;
        let damaged = || StoreError::GuardDamaged { path: path.clone(), line: at };
        let (sum, text) = text.split_at_checked(SUM_DIGITS).ok_or_else(damaged)?;
        let text = text.strip_prefix(b" ").ok_or_else(damaged)?;
        let expected = kept.end.sum_of(text);
        if sum != expected.as_bytes() {
            return Err(damaged());
        }
        match serde_json::from_slice(text).map_err(|_| damaged())? {
            Line::Log { name } => kept.name = name,
            Line::Checkpoint { size, note } => (kept.size, kept.note) = (size, note),
            Line::Narrowing(record) => records.push(*record),
        }
        kept.end = End { sum: expected, bytes: kept.end.bytes + line.len() as u64 };
    }
    kept.records = last_of_each(records);
    Ok(Some(kept))
}

fn narrowing(record: Record) -> Line {
    Line::Narrowing(Box::new(record))
}

/// The last record of each subject, in order. Whatever comes after the end of a key, it stays ended.
fn last_of_each(records: Vec<Record>) -> Vec<Record> {
    let mut last: HashMap<SubjectId, (usize, bool)> = HashMap::new();
    for (at, record) in records.iter().enumerate() {
        let Some(subject) = record.event.guards() else { continue };
        let ends = record.event.is_final();
        let last = last.entry(subject).or_insert((at, ends));
        if ends || !last.1 {
            *last = (at, ends);
        }
    }
    let is_last = |at: usize, record: &Record| {
        let last = record.event.guards().and_then(|subject| last.get(&subject));
        last.is_some_and(|last| last.0 == at)
    };
    let numbered = records.into_iter().enumerate();
    numbered.filter(|(at, record)| is_last(*at, record)).map(|(_, record)| record).collect()
}

impl End {
    /// The digest over the line before and this one.
    fn sum_of(&self, text: &[u8]) -> String {
        let digest = Sha256::new().chain_update(&self.sum).chain_update(text).finalize();
        Hash(digest.into()).to_hex().chars().take(SUM_DIGITS).collect()
    }

    /// The bytes of more lines; the end is then behind them.
    fn add(&mut self, lines: &[Line]) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        for line in lines {
            let text = serde_json::to_vec(line).map_err(io::Error::other)?;
            self.sum = self.sum_of(&text);
            bytes.extend(self.sum.bytes().chain([b' ']));
            bytes.extend(text);
            bytes.push(b'\n');
        }
        self.bytes += bytes.len() as u64;
        Ok(bytes)
    }
}

impl Kept {
    /// A guard for a log that had none.
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Takes in later narrowings.
    pub(crate) fn take(&mut self, later: Vec<Record>) {
        let mut records = std::mem::take(&mut self.records);
        records.extend(later);
        self.records = last_of_each(records);
    }

    /// Whether it was not written yet.
    pub(crate) fn is_new(&self) -> bool {
        self.lines == 0
    }

    /// Whether most lines say nothing any more.
    pub(crate) fn is_idle(&self) -> bool {
        self.lines > 2 * self.records.len() + IDLE_LINES_MAX
    }

    /// Writes the guard anew, in one step.
    pub(crate) fn write(&mut self, store: &Path) -> io::Result<()> {
        // What was given back since need not be kept.
        self.records.retain(|record| !record.event.gives_back());
        let head = [
            Line::Log { name: self.name.clone() },
            Line::Checkpoint { size: self.size, note: self.note.clone() },
        ];
        let records = self.records.iter().cloned().map(narrowing);
        let lines: Vec<Line> = head.into_iter().chain(records).collect();
        let mut end = End::default();
        replace(&path_of(store), &end.add(&lines)?)?;
        (self.end, self.lines) = (end, lines.len());
        Ok(())
    }

    /// The guard, to be added to.
    pub(crate) fn guard(self, store: &Path) -> Guard {
        let waits = self.records.into_iter().filter(|record| record.waits).collect();
        Guard { path: path_of(store), end: self.end, missed: Vec::new(), waits }
    }
}

impl Guard {
    /// Keeps narrowings, with how far the log has come. What can't be written now is written with
    /// the next.
    pub(crate) fn keep(
        &mut self,
        records: Vec<Record>,
        (size, note): (u64, &str),
    ) -> io::Result<()> {
        self.missed.extend(records.into_iter().map(narrowing));
        let checkpoint = Line::Checkpoint { size, note: note.to_owned() };
        let lines: Vec<Line> = self.missed.iter().cloned().chain([checkpoint]).collect();
        let mut end = self.end.clone();
        let bytes = end.add(&lines)?;
        let mut file = private().open(&self.path)?;
        // Whatever an earlier attempt left half written goes.
        file.set_len(self.end.bytes)?;
        file.seek(io::SeekFrom::End(0))?;
        file.write_all(&bytes)?;
        file.sync_data()?;
        self.end = end;
        self.missed.clear();
        Ok(())
    }

    /// Whether something could not be written yet.
    pub(crate) fn lags(&self) -> bool {
        !self.missed.is_empty()
    }
}
