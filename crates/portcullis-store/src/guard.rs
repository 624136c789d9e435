//! The guard beside the store: narrowings that were acknowledged, and how far the log had come.
//!
//! Lines that are only added to, each synced before its narrowing is answered, so that an older copy
//! of the store never gives back what was taken since. Each line begins with a digest over itself and
//! the line before. Must not know what is due of it; `guarded` does.

mod taken;

use std::collections::HashSet;
use std::fs;
use std::io::{self, ErrorKind, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use portcullis_audit::Hash;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::StoreError;
use crate::files::{beside, private, replace};
use taken::last_of_each;
pub(crate) use taken::{Record, Taken};

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
    /// The statement of reasons of such a step.
    Statement { sha256: String, body: String },
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
    pub(crate) taken: Taken,
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
    store: PathBuf,
    end: End,
    /// Lines that could not be written yet.
    missed: Vec<Line>,
    /// Statements that are written, or among those lines.
    known: HashSet<String>,
    /// Narrowings of subjects that nobody knows now.
    pub(crate) waits: Taken,
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
    let mut taken = Taken::default();
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
            Line::Narrowing(record) => taken.records.push(*record),
            Line::Statement { sha256, body } => {
                taken.statements.insert(sha256, body);
            }
        }
        kept.end = End { sum: expected, bytes: kept.end.bytes + line.len() as u64 };
    }
    kept.take(taken);
    Ok(Some(kept))
}

fn narrowing(record: Record) -> Line {
    Line::Narrowing(Box::new(record))
}

fn statement((sha256, body): (String, String)) -> Line {
    Line::Statement { sha256, body }
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
    pub(crate) fn take(&mut self, later: Taken) {
        let mut records = std::mem::take(&mut self.taken.records);
        records.extend(later.records);
        self.taken.records = last_of_each(records);
        self.taken.statements.extend(later.statements);
    }

    /// Whether it was not written yet.
    pub(crate) fn is_new(&self) -> bool {
        self.lines == 0
    }

    /// Whether most lines say nothing any more.
    pub(crate) fn is_idle(&self) -> bool {
        self.lines > 2 * self.taken.records.len() + IDLE_LINES_MAX
    }

    /// Writes the guard anew, in one step.
    pub(crate) fn write(&mut self, store: &Path) -> io::Result<()> {
        // What was given back since need not be kept.
        self.taken.records.retain(|record| !record.event.gives_back());
        self.taken.thin();
        let head = [
            Line::Log { name: self.name.clone() },
            Line::Checkpoint { size: self.size, note: self.note.clone() },
        ];
        let statements = self.taken.statements.clone().into_iter().map(statement);
        let records = self.taken.records.iter().cloned().map(narrowing);
        let lines: Vec<Line> = head.into_iter().chain(statements).chain(records).collect();
        let mut end = End::default();
        replace(&path_of(store), &end.add(&lines)?)?;
        (self.end, self.lines) = (end, lines.len());
        Ok(())
    }

    /// The guard, to be added to.
    pub(crate) fn guard(self, store: &Path) -> Guard {
        let known = self.taken.statements.keys().cloned().collect();
        let mut waits = self.taken;
        waits.records.retain(|record| record.waits);
        waits.thin();
        Guard { store: store.to_owned(), end: self.end, missed: Vec::new(), known, waits }
    }
}

impl Guard {
    /// Keeps narrowings, with how far the log has come. What can't be written now is written with
    /// the next.
    pub(crate) fn keep(
        &mut self,
        Taken { records, statements }: Taken,
        (size, note): (u64, &str),
    ) -> io::Result<()> {
        let news = statements.into_iter().filter(|(sha256, _)| self.known.insert(sha256.clone()));
        self.missed.extend(news.map(statement));
        self.missed.extend(records.into_iter().map(narrowing));
        let checkpoint = Line::Checkpoint { size, note: note.to_owned() };
        let lines: Vec<Line> = self.missed.iter().cloned().chain([checkpoint]).collect();
        let mut end = self.end.clone();
        let bytes = end.add(&lines)?;
        let mut file = private().open(path_of(&self.store))?;
        // Whatever an earlier attempt left half written goes.
        file.set_len(self.end.bytes)?;
        file.seek(io::SeekFrom::End(0))?;
        file.write_all(&bytes)?;
        file.sync_data()?;
        self.end = end;
        self.missed.clear();
        Ok(())
    }

    /// Whether the statement of that digest is kept.
    pub(crate) fn knows(&self, sha256: &str) -> bool {
        self.known.contains(sha256)
    }

    /// Forgets statements that an event says are gone.
    pub(crate) fn forget(&mut self, gone: &[&str]) -> Result<(), StoreError> {
        if !gone.iter().any(|sha256| self.known.contains(*sha256)) {
            return Ok(());
        }
        let is_gone = |sha256: &String| gone.contains(&sha256.as_str());
        self.waits.statements.retain(|sha256, _| !is_gone(sha256));
        self.missed
            .retain(|line| !matches!(line, Line::Statement { sha256, .. } if is_gone(sha256)));
        let Some(mut kept) = read(&self.store)? else { return Ok(()) };
        kept.taken.statements.retain(|sha256, _| !is_gone(sha256));
        let written = kept.write(&self.store);
        written.map_err(|error| StoreError::not_writable(&path_of(&self.store), error))?;
        self.end = kept.end;
        let missed = self.missed.iter().filter_map(|line| match line {
            Line::Statement { sha256, .. } => Some(sha256),
            _ => None,
        });
        self.known = kept.taken.statements.keys().chain(missed).cloned().collect();
        Ok(())
    }

    /// Whether something could not be written yet.
    pub(crate) fn lags(&self) -> bool {
        !self.missed.is_empty()
    }
}
