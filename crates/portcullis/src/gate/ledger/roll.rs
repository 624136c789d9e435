//! Journals that nobody writes any more become files, of this process and of those that are gone.
//!
//! Files first, then the event that anchors them, then the journal goes: at each moment what left is told
//! by one of the two. Must not know who asks.

use std::fs::File;
use std::io::{self, BufReader, BufWriter};
use std::sync::Arc;

use portcullis_ledger::{
    Ending, HourMeta, HourSinks, HourWriter, JournalFault, JournalReader, LedgerError, Pieced,
    Pieces, Row, Table,
};
use portcullis_registry::{Actor, ActorKind, Anchor, AnchoredFile, LedgerCommand, Office};
use tokio::runtime::Handle;

use super::anchors::Anchors;
use super::aside::say_unknown;
use super::folder::{DAMAGED, Folder, Part, UNKNOWN, sync};
use super::journal::abandoned;
use crate::talk;

/// The ending of what holds the hashes of a file's pieces.
pub(super) const PIECES: &str = "pieces";

/// What it works with.
pub(super) struct Roller {
    pub(super) folder: Folder,
    pub(super) node: String,
    pub(super) office: Arc<dyn Office>,
    pub(super) anchors: Arc<Anchors>,
    pub(super) runtime: Handle,
}

/// What became of a journal.
#[derive(Debug, Default)]
pub(super) struct Rolled {
    /// Its end was torn off.
    pub torn: bool,
}

/// What of a journal could be read.
#[derive(Debug, Clone, Copy)]
enum Read {
    Whole,
    /// Not all of it.
    Damaged,
    /// Nothing: another version wrote it.
    Unknown,
}

/// Why a journal is not rolled.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotRolled {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Ledger(#[from] LedgerError),
    #[error("its journal {0}")]
    Journal(#[from] JournalFault),
    #[error("the log doesn't take what it holds: {0}")]
    Log(String),
}

/// One of an hour's files while it is written.
type Sink = Pieced<BufWriter<File>>;

impl Roller {
    /// Rolls a journal, if nobody writes it; none: somebody does, it is gone, or nothing of it can be read.
    pub(super) fn roll(&self, name: &str) -> Result<Option<Rolled>, NotRolled> {
        let Some(part) = Part::of_journal(name) else { return Ok(None) };
        let Some(journal) = abandoned(&self.folder, name)? else { return Ok(None) };
        if self.is_anchored(&part)? {
            // It ended between the event and the end of the journal.
            self.folder.remove(name)?;
            return Ok(Some(Rolled::default()));
        }
        let mut rolled = Rolled::default();
        let mut hour = None;
        let mut records = 0;
        let read = read(&journal, &mut rolled, &mut |row| {
            let hour = match &mut hour {
                Some(hour) => hour,
                none => none.insert(self.begin(&part)?),
            };
            records += row.records.len() as u64;
            Ok(hour.push(row)?)
        })?;
        if let Some(hour) = hour {
            let answers = hour.answers();
            let (_meta, sinks): (HourMeta, _) = hour.finish()?;
            let files = self.name(&part, sinks)?;
            self.anchor(&part, files, (answers, records))?;
        }
        match read {
            Read::Whole => self.folder.remove(name)?,
            Read::Damaged => {
                let aside = self.folder.put_aside(name, DAMAGED)?;
                talk::error(&format!(
                    "the ledger's journal `{name}` holds what can't be read; what can be is rolled, and it is kept as `{aside}`"
                ));
            }
            Read::Unknown => {
                say_unknown(name, &self.folder.put_aside(name, UNKNOWN)?);
                return Ok(None);
            }
        }
        Ok(Some(rolled))
    }

    fn is_anchored(&self, part: &Part) -> Result<bool, NotRolled> {
        let found = self.anchors.of(part, &*self.office, &self.runtime);
        found.map(|found| found.is_some()).map_err(NotRolled::Log)
    }

    fn begin(&self, part: &Part) -> Result<HourWriter<Sink>, NotRolled> {
        let sink = |table: Table| -> io::Result<Sink> {
            let file = File::create(self.folder.at(&new(&part.table(table.name()))))?;
            Ok(Pieced::new(BufWriter::new(file)))
        };
        let sinks = HourSinks {
            terms: sink(Table::Terms)?,
            keys: sink(Table::Keys)?,
            answers: sink(Table::Answers)?,
            records: sink(Table::Records)?,
            digests: sink(Table::Digests)?,
        };
        Ok(HourWriter::new(&self.node, &part.hour(), sinks)?)
    }

    /// Makes the files durable, the hashes of their pieces too, and gives them their names.
    fn name(&self, part: &Part, sinks: HourSinks<Sink>) -> Result<Vec<AnchoredFile>, NotRolled> {
        let HourSinks { terms, keys, answers, records, digests } = sinks;
        let tables = [
            (Table::Terms, terms),
            (Table::Keys, keys),
            (Table::Answers, answers),
            (Table::Records, records),
            (Table::Digests, digests),
        ];
        let mut files = Vec::new();
        for (table, sink) in tables {
            let name = part.table(table.name());
            let (out, pieces): (BufWriter<File>, Pieces) = sink.finish();
            let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.sync_all()?;
            self.folder.write(&format!("{name}.{PIECES}"), &pieces.to_bytes())?;
            std::fs::rename(self.folder.at(&new(&name)), self.folder.at(&name))?;
            files.push(AnchoredFile { name, bytes: pieces.bytes(), root: pieces.root().to_hex() });
        }
        sync(self.folder.path())?;
        Ok(files)
    }

    fn anchor(
        &self,
        part: &Part,
        files: Vec<AnchoredFile>,
        (answers, records): (u64, u64),
    ) -> Result<(), NotRolled> {
        let (hour, writer) = (part.start, part.writer.clone());
        let command =
            LedgerCommand::Anchor(Anchor { hour, writer, files, answers, records, why: None });
        let done = self.runtime.block_on(self.office.submit(actor(), command.into()));
        done.map(drop).map_err(|error| NotRolled::Log(error.to_string()))
    }
}

/// As whom the gate writes of its ledger.
pub(super) fn actor() -> Actor {
    Actor { kind: ActorKind::Gate, id: "ledger".to_owned() }
}

/// Shows each row of a journal.
fn read(
    journal: &File,
    rolled: &mut Rolled,
    each: &mut dyn FnMut(&Row) -> Result<(), NotRolled>,
) -> Result<Read, NotRolled> {
    let mut reader = match JournalReader::new(BufReader::new(journal)) {
        Ok(reader) => reader,
        // One of another version: left in its place, no question could be answered.
        Err(JournalFault::Unknown) => return Ok(Read::Unknown),
        // The disk may give it the next time.
        Err(why) => return Err(why.into()),
    };
    let mut damaged = false;
    loop {
        match reader.next_frame() {
            Ok(Some(rows)) => rows.iter().try_for_each(&mut *each)?,
            Ok(None) => break,
            Err(JournalFault::Damaged { at }) => {
                damaged = true;
                talk::error(&format!("a journal of the ledger is damaged at byte {at}"));
            }
            Err(error) => return Err(error.into()),
        }
    }
    if let Some(Ending::Torn { at }) = reader.ending() {
        rolled.torn = true;
        talk::warn(&format!(
            "a journal of the ledger was torn off after byte {at} by the end of its process; nothing that was durable is missing"
        ));
    }
    Ok(if damaged { Read::Damaged } else { Read::Whole })
}

fn new(name: &str) -> String {
    format!("{name}.new")
}
