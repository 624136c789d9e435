//! The records of somebody, or of something: who, affected and holders are folds of these.
//!
//! Must not know what is made of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use parquet::file::reader::ChunkReader;
use portcullis_types::{LedgerDigest, LedgerKind, Wall};

use crate::ask::asked::{Asked, Hit, IDS_MAX};
use crate::ask::groups::{Groups, groups, ids_in, numbers_in};
use crate::ask::heads::Heads;
use crate::error::reading;
use crate::hour::{Opened, TermsLine, Wanted, column};
use crate::{HourFile, LedgerError, Library, Row, Table};

/// Shows all of them; days whose key is gone are given back.
pub(crate) fn hits<L: Library>(
    library: &L,
    asked: &Asked<'_>,
    each: &mut dyn FnMut(&Hit<'_>),
) -> Result<BTreeSet<u32>, LedgerError> {
    if asked.ids.len() > IDS_MAX {
        return Err(LedgerError::TooManyIds(asked.ids.len()));
    }
    let mut search =
        Search { library, asked, each, days: Vec::new(), shredded: BTreeSet::new(), answers: 0 };
    let hours = library.hours(asked.since, asked.until).map_err(LedgerError::Library)?;
    for hour in hours {
        let file = HourFile::read(library, &hour)?;
        if file.overlaps(asked.since, asked.until) {
            reading(&hour, || search.hour(&file))?;
        }
    }
    search.rest()?;
    Ok(search.shredded)
}

struct Search<'a, L> {
    library: &'a L,
    asked: &'a Asked<'a>,
    each: &'a mut dyn FnMut(&Hit<'_>),
    /// The ids as digests of the last days: hours come in their order.
    days: Vec<(u32, Option<Under>)>,
    shredded: BTreeSet<u32>,
    answers: u64,
}

/// The ids as digests under a key.
#[derive(Clone)]
struct Under {
    wanted: Arc<Wanted>,
    /// What was digested before was so under another key, which is gone.
    since: Wall,
}

/// Days whose digests are kept at hand: an hour has one or two.
const DAYS_KEPT: usize = 3;

impl<L: Library> Search<'_, L> {
    /// The ids as digests of a day; none: its key is gone.
    fn wanted(&mut self, day: u32) -> Result<Option<Under>, LedgerError> {
        if let Some((_, known)) = self.days.iter().find(|(known, _)| *known == day) {
            return Ok(known.clone());
        }
        let key = self.library.day_key(day).map_err(LedgerError::Library)?;
        let digest = |key: &portcullis_keys::DayKey, id: &str| {
            u128::from_be_bytes(*key.digest(self.asked.kind, id).bytes())
        };
        let since = self.library.key_since(day).map_err(LedgerError::Library)?;
        let wanted = key.map(|key| {
            let digests =
                self.asked.ids.iter().zip(0..).map(|(id, which)| (digest(&key, id), which));
            Under { wanted: Arc::new(Wanted::new(digests.collect())), since }
        });
        if self.days.len() >= DAYS_KEPT {
            self.days.remove(0);
        }
        self.days.push((day, wanted.clone()));
        Ok(wanted)
    }

    fn hour(&mut self, hour: &HourFile<'_, L>) -> Result<(), LedgerError> {
        let asked = self.asked;
        let told = |line: &TermsLine| asked.is_told(&line.partner, line.client.as_deref());
        if !hour.lines().iter().any(|line| line.totals.records > 0 && told(line)) {
            return Ok(());
        }
        let mut wanted = Vec::new();
        for day in &hour.meta().days {
            if day.first >= asked.until || day.last < asked.since {
                continue;
            }
            match self.wanted(day.day)? {
                Some(under) => {
                    if day.first.max(asked.since) < under.since {
                        self.shredded.insert(day.day);
                    }
                    wanted.push(under.wanted);
                }
                None => drop(self.shredded.insert(day.day)),
            }
        }
        let Some(groups) = groups(hour, asked.kind, &wanted)? else { return Ok(()) };
        let records = hour.table(Table::Records)?;
        let mut rest = None;
        for group in 0..records.groups() {
            let rows = match &groups {
                Groups::Ids(groups) if groups.contains(&group) => ids_in(&records, group, &wanted)?,
                Groups::Ids(_) => continue,
                Groups::Numbers(column, numbers) => numbers_in(&records, group, *column, numbers)?,
            };
            if !rows.is_empty() {
                let rest = match &mut rest {
                    Some(rest) => rest,
                    None => rest.insert(Rest::read(hour, asked.with_requests)?),
                };
                self.group(hour, &records, group, &rows, rest)?;
            }
        }
        self.answers += hour.meta().answers;
        Ok(())
    }

    /// Shows the records at these rows of a row group.
    fn group(
        &mut self,
        hour: &HourFile<'_, L>,
        records: &Opened<L::Reader>,
        group: usize,
        rows: &[(usize, u32)],
        Rest { heads, keys }: &mut Rest<L::Reader>,
    ) -> Result<(), LedgerError> {
        let answers = records.numbers(group, column::records::ANSWER)?;
        let classes = records.numbers(group, column::records::CLASS)?;
        for (row, which) in rows {
            let (Some(answer), Some(class)) = (answers.get(*row), classes.get(*row)) else {
                return Err(LedgerError::Form("a column is shorter than another"));
            };
            let answer = u64::from(*answer);
            let head = heads.head(answer)?;
            if head.at < self.asked.since || head.at >= self.asked.until {
                continue;
            }
            let TermsLine { partner, client, terms, .. } = hour.line(head.line)?;
            if !self.asked.is_told(partner, client.as_deref()) {
                continue;
            }
            let (key, request) = heads.request(answer).unzip();
            (self.each)(&Hit {
                at: head.at,
                partner,
                client: client.as_ref(),
                key: key.and_then(|key| keys.get(usize::try_from(key).ok()?)),
                terms,
                class: hour.class(*class)?,
                day: head.day,
                which: *which,
                answer: self.answers + answer,
                request: request.as_ref(),
            });
        }
        Ok(())
    }

    /// What is in no hour yet.
    fn rest(&mut self) -> Result<(), LedgerError> {
        let (library, asked) = (self.library, self.asked);
        let mut fault = None;
        let mut each = |row: &Row| {
            if fault.is_none() {
                fault = self.row(row).err();
            }
        };
        library.unrolled(asked.since, asked.until, &mut each).map_err(LedgerError::Library)?;
        fault.map_or(Ok(()), Err)
    }

    fn row(&mut self, row: &Row) -> Result<(), LedgerError> {
        self.answers += 1;
        let asked = self.asked;
        let outside = row.at < asked.since || row.at >= asked.until || row.records.is_empty();
        if outside || !asked.is_told(&row.whose.partner, row.whose.client.as_deref()) {
            return Ok(());
        }
        let under = self.wanted(row.day)?.filter(|under| under.since <= row.at);
        let Some(Under { wanted, .. }) = under else {
            self.shredded.insert(row.day);
            return Ok(());
        };
        for record in &row.records {
            let digest = match asked.kind {
                LedgerKind::Record => record.id,
                LedgerKind::Owner => record.owner,
                LedgerKind::Place => record.place,
            };
            let which = |digest: LedgerDigest| wanted.get(u128::from_be_bytes(*digest.bytes()));
            if let Some(which) = digest.and_then(which) {
                (self.each)(&Hit {
                    at: row.at,
                    partner: &row.whose.partner,
                    client: row.whose.client.as_ref(),
                    key: Some(&row.whose.key),
                    terms: &row.terms,
                    class: &record.class,
                    day: row.day,
                    which,
                    answer: self.answers,
                    request: Some(&row.request),
                });
            }
        }
        Ok(())
    }
}

/// What of an hour is read only where it holds something.
struct Rest<R: ChunkReader> {
    heads: Heads<R>,
    keys: Vec<Arc<str>>,
}

impl<R: ChunkReader + 'static> Rest<R> {
    fn read<L: Library<Reader = R>>(
        hour: &HourFile<'_, L>,
        with_requests: bool,
    ) -> Result<Self, LedgerError> {
        let heads = Heads::new(hour.table(Table::Answers)?, with_requests);
        let keys = if with_requests { hour.keys()? } else { Vec::new() };
        Ok(Self { heads, keys })
    }
}
