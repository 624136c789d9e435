//! An hour that was written, as questions see it.
//!
//! Only the small table of terms is read when it is opened; the others when they are asked for.
//! Must not know what is asked.

use std::sync::Arc;

use parquet::file::reader::FileReader as _;
use portcullis_types::Wall;

use crate::error::{form, reading};
use crate::hour::meta::{HourMeta, META_KEY, Totals, VERSION};
use crate::hour::read::Opened;
use crate::hour::tables::Table;
use crate::hour::terms::{TermsLine, read_terms};
use crate::{LedgerError, Library};

/// An hour of a library.
pub struct HourFile<'a, L: Library> {
    library: &'a L,
    name: Arc<str>,
    meta: HourMeta,
    lines: Vec<TermsLine>,
    /// Names of classes, by the numbers that records have for them.
    pub(crate) classes: Vec<Arc<str>>,
}

impl<'a, L: Library> HourFile<'a, L> {
    /// Reads what the hour says about itself, and its terms.
    ///
    /// # Errors
    /// [`LedgerError`] where that is no hour file, or one of a newer format.
    pub fn read(library: &'a L, name: &Arc<str>) -> Result<Self, LedgerError> {
        reading(name, || Self::read_terms(library, name))
    }

    fn read_terms(library: &'a L, name: &Arc<str>) -> Result<Self, LedgerError> {
        let reader = open(library, name, Table::Terms)?;
        let table = Opened::new(reader, Table::Terms, false)?;
        let entries = table.file().metadata().file_metadata().key_value_metadata();
        let ours = entries.into_iter().flatten().find(|entry| entry.key == META_KEY);
        let text = ours.and_then(|entry| entry.value.as_deref());
        let text = text.ok_or(form("it doesn't say what it holds"))?;
        let meta: HourMeta = serde_json::from_str(text)
            .map_err(|_| form("what it says about itself can't be read"))?;
        if meta.version != VERSION {
            return Err(LedgerError::Version(meta.version));
        }
        let lines = read_terms(&table)?;
        let classes = meta.classes.iter().map(|class| Arc::from(class.as_str())).collect();
        Ok(Self { library, name: Arc::clone(name), meta, lines, classes })
    }

    /// What it holds.
    #[must_use]
    pub const fn meta(&self) -> &HourMeta {
        &self.meta
    }

    /// What left in it, for each partner once or more.
    pub fn partners(&self) -> impl Iterator<Item = (&Arc<str>, &Totals)> {
        self.lines.iter().map(|line| (&line.partner, &line.totals))
    }

    /// The same under which terms, and for which client.
    pub(crate) fn lines(&self) -> &[TermsLine] {
        &self.lines
    }

    /// Whether any call in it came from `since` on and before `until`.
    #[must_use]
    pub fn overlaps(&self, since: Wall, until: Wall) -> bool {
        self.meta.answers > 0 && self.meta.from < until && self.meta.to >= since
    }

    /// A line by the number that answers have for it.
    pub(crate) fn line(&self, number: u32) -> Result<&TermsLine, LedgerError> {
        let line = usize::try_from(number).ok().and_then(|at| self.lines.get(at));
        line.ok_or(form("an answer's terms are missing"))
    }

    /// All keys, by the numbers that answers have for them.
    pub(crate) fn keys(&self) -> Result<Vec<Arc<str>>, LedgerError> {
        let table = self.table(Table::Keys)?;
        let mut keys = Vec::new();
        for group in 0..table.groups() {
            for key in table.texts(group, 0)? {
                keys.push(key.ok_or(form("a key is missing"))?);
            }
        }
        Ok(keys)
    }

    pub(crate) fn class(&self, number: u32) -> Result<&Arc<str>, LedgerError> {
        let class = usize::try_from(number).ok().and_then(|at| self.classes.get(at));
        class.ok_or(form("a record's class is missing"))
    }

    pub(crate) fn table(&self, table: Table) -> Result<Opened<L::Reader>, LedgerError> {
        let reader = open(self.library, &self.name, table)?;
        Opened::new(reader, table, false)
    }

    /// The records, with the filters of their ids.
    pub(crate) fn filters(&self) -> Result<Opened<L::Reader>, LedgerError> {
        let reader = open(self.library, &self.name, Table::Records)?;
        Opened::new(reader, Table::Records, true)
    }
}

fn open<L: Library>(library: &L, name: &Arc<str>, table: Table) -> Result<L::Reader, LedgerError> {
    library.open(name, table).map_err(|fault| LedgerError::Library(fault).in_hour(name))
}

impl<L: Library> std::fmt::Debug for HourFile<'_, L> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HourFile").field("meta", &self.meta).finish_non_exhaustive()
    }
}
