//! Budgets as bytes, so that a restart forgets nothing.
//!
//! The form, all numbers little-endian: `PTCB`, version (1 byte), the latest moment (8), number of limits
//! (2); each limit: length of its name (1), name, what it counts (1), whether for each target (1), window
//! in milliseconds (8), level of the sample (1), what counts for every target (8) and since when (8),
//! number of entries (4), entries: moment (8), target (16), amount (8); at last the CRC-32 of all of it (4).
//! Must not know where the bytes are kept.

use portcullis_types::{Counts, RateId, Span, Wall};

use super::account::{Account, Entry, Way};
use super::bounded::Source;
use super::key::TargetKey;
use super::spec::Limit;
use super::subject::Budgets;

const MAGIC: &[u8; 4] = b"PTCB";
const VERSION: u8 = 1;
const ENTRY_BYTES: usize = 32;

/// Why saved budgets were not taken over. What is in memory is as it was.
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
pub enum LoadError {
    /// Something else.
    #[error("these bytes are not saved budgets: name the file that the gate wrote")]
    NotBudgets,
    /// Of a version this program does not know.
    #[error(
        "these budgets were saved in version {found} of their form, and this gate reads version \
         {VERSION}: start the gate that wrote them, or delete them, and budgets start anew"
    )]
    Version {
        /// Theirs.
        found: u8,
    },
    /// Cut off or altered.
    #[error(
        "the saved budgets are damaged ({what}): restore them from a copy, or delete them, and \
         budgets start anew"
    )]
    Damaged {
        /// Where it shows.
        what: &'static str,
    },
}

/// One limit as it was saved.
struct Saved {
    limit: Limit,
    level: u32,
    extra: u64,
    extra_at: u64,
    entries: Vec<Entry>,
}

impl Budgets {
    /// Appends what is counted now.
    pub fn save(&self, out: &mut Vec<u8>) {
        let from = out.len();
        let mut state = self.lock();
        if let Some(moved) = state.moved.clone() {
            drop(state);
            return moved.save(out);
        }
        let now = state.now;
        out.extend_from_slice(MAGIC);
        out.push(VERSION);
        out.extend_from_slice(&now.to_le_bytes());
        let limits = u16::try_from(state.accounts.len()).unwrap_or(u16::MAX);
        out.extend_from_slice(&limits.to_le_bytes());
        for (named, account) in self.specs().named().iter().zip(&mut state.accounts) {
            account.expire(now);
            write(out, &named.limit, account);
        }
        let sum = crc32fast::hash(out.get(from..).unwrap_or_default());
        out.extend_from_slice(&sum.to_le_bytes());
    }

    /// Adds what was saved to what is counted here: for the start of the gate, before or after the
    /// first calls. Limits are found by their names, as when a policy changes; what was saved of a limit
    /// that is no longer there is left out. A moment after `now` is taken as `now`, so that a clock
    /// that was wrong does not stop the windows from rolling.
    ///
    /// # Errors
    /// [`LoadError`]; then what is in memory is as it was.
    pub fn load(&self, bytes: &[u8], now: Wall) -> Result<(), LoadError> {
        let saved = read(bytes, now.0)?;
        let mut state = self.lock();
        let now = state.moment(now);
        for (named, account) in self.specs().named().iter().zip(&mut state.accounts) {
            let Some(saved) = saved.iter().find(|saved| saved.limit.id == named.limit.id) else {
                continue;
            };
            let mut both =
                Account::from_others(named, self.specs(), [saved.source(), account.source()]);
            both.expire(now);
            *account = both;
        }
        Ok(())
    }
}

impl Saved {
    fn source(&self) -> Source<'_> {
        Source {
            way: Way::of(&self.limit),
            entries: &self.entries,
            extra: self.extra,
            extra_at: self.extra_at,
            level: self.level,
        }
    }
}

fn write(out: &mut Vec<u8>, limit: &Limit, account: &Account) {
    let id = limit.id.as_str().as_bytes();
    out.push(u8::try_from(id.len()).unwrap_or(u8::MAX));
    out.extend(id.iter().take(usize::from(u8::MAX)));
    out.push(match limit.counts {
        Counts::Targets => 0,
        Counts::Rows => 1,
        Counts::Calls => 2,
    });
    out.push(u8::from(limit.each_target));
    out.extend_from_slice(&account.window.to_le_bytes());
    out.push(u8::try_from(account.level).unwrap_or(63));
    out.extend_from_slice(&account.extra.to_le_bytes());
    out.extend_from_slice(&account.extra_at.to_le_bytes());
    out.extend_from_slice(&u32::try_from(account.order.len()).unwrap_or(u32::MAX).to_le_bytes());
    for entry in &account.order {
        out.extend_from_slice(&entry.at.to_le_bytes());
        out.extend_from_slice(&entry.key.0.to_le_bytes());
        out.extend_from_slice(&entry.amount.to_le_bytes());
    }
}

fn read(bytes: &[u8], now: u64) -> Result<Vec<Saved>, LoadError> {
    let mut head = Reader { rest: bytes };
    if head.array::<4>() != Ok(*MAGIC) {
        return Err(LoadError::NotBudgets);
    }
    let found = u8::from_le_bytes(head.array()?);
    if found != VERSION {
        return Err(LoadError::Version { found });
    }
    let (body, sum) = bytes.split_last_chunk::<4>().ok_or(CUT_OFF)?;
    if crc32fast::hash(body) != u32::from_le_bytes(*sum) {
        return Err(LoadError::Damaged { what: "the check sum differs" });
    }
    let mut reader = Reader { rest: body.get(5..).ok_or(CUT_OFF)? };
    let _latest = u64::from_le_bytes(reader.array()?);
    let limits = u16::from_le_bytes(reader.array()?);
    let saved = (0..limits).map(|_| reader.saved(now)).collect::<Result<Vec<_>, _>>()?;
    if reader.rest.is_empty() {
        return Ok(saved);
    }
    Err(LoadError::Damaged { what: "something follows their end" })
}

const CUT_OFF: LoadError = LoadError::Damaged { what: "they are cut off" };

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn take(&mut self, length: usize) -> Result<&[u8], LoadError> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(CUT_OFF)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], LoadError> {
        let (taken, rest) = self.rest.split_first_chunk::<N>().ok_or(CUT_OFF)?;
        self.rest = rest;
        Ok(*taken)
    }

    fn u64(&mut self) -> Result<u64, LoadError> {
        self.array().map(u64::from_le_bytes)
    }

    fn saved(&mut self, now: u64) -> Result<Saved, LoadError> {
        let length = usize::from(u8::from_le_bytes(self.array()?));
        let name = std::str::from_utf8(self.take(length)?).ok();
        let id = name.and_then(|name| RateId::new(name).ok());
        let id = id.ok_or(LoadError::Damaged { what: "a limit has no name" })?;
        let counts = match self.array()? {
            [0] => Counts::Targets,
            [1] => Counts::Rows,
            [2] => Counts::Calls,
            _ => return Err(LoadError::Damaged { what: "a limit counts nothing known" }),
        };
        let each_target = self.array()? != [0];
        let window = Span::from_milliseconds(self.u64()?);
        let level = u32::from(u8::from_le_bytes(self.array()?));
        let (extra, extra_at) = (self.u64()?, self.u64()?.min(now));
        let length = u32::from_le_bytes(self.array()?);
        // Before anything is allocated for it.
        let bytes = usize::try_from(length).ok().and_then(|n| n.checked_mul(ENTRY_BYTES));
        let mut entries = Reader { rest: self.take(bytes.ok_or(CUT_OFF)?)? };
        let entries = (0..length).map(|_| entries.entry(now)).collect::<Result<_, _>>()?;
        let limit = Limit { id, counts, each_target, window };
        Ok(Saved { limit, level, extra, extra_at, entries })
    }

    fn entry(&mut self, now: u64) -> Result<Entry, LoadError> {
        let at = self.u64()?.min(now);
        let key = TargetKey(u128::from_le_bytes(self.array()?));
        Ok(Entry { at, key, amount: self.u64()? })
    }
}
