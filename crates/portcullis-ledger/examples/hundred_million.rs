//! Writes synthetic records as hour files into a directory, asks each question of them, and prints seconds,
//! sizes and the most memory held: `hundred_million DIRECTORY [RECORDS]`.
//!
//! A tool for whoever changes the format; no test runs it. Made-up traffic: pages of 25 records, half of
//! them of one account's media and half of a place's posts, a million records an hour, four partners.

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "a tool that measures: it reads the real clock, and stops at the first surprise"
)]

use std::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use portcullis_keys::DayKey;
use portcullis_ledger::{
    AskedPeople, Checked, FrameWriter, HourSinks, HourWriter, JOURNAL_HEAD, JournalReader, Library,
    LibraryFault, Pieced, Pieces, Row, RowRecord, Table, Terms, Whose, affected, between, holders,
    what, who,
};
use portcullis_types::{LedgerDigest, LedgerKind, LedgerLevel, RequestId, Wall};

type Outcome<T> = Result<T, Box<dyn Error>>;

const DAY: u32 = 20_000;
const HOUR_MS: u64 = 3_600_000;
const RECORDS_OF_HOUR: u64 = 1_041_666;
const PAGE: u64 = 25;
const PEOPLE: u64 = 2_000_000;

struct Directory(PathBuf);

impl Library for Directory {
    type Reader = Checked<File>;

    fn hours(&self, _: Wall, _: Wall) -> Result<Vec<Arc<str>>, LibraryFault> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let name = entry?.file_name();
            let hour = name.to_str().and_then(|name| name.strip_suffix(".terms.parquet"));
            names.extend(hour.map(Arc::from));
        }
        names.sort();
        Ok(names)
    }

    /// Checked as it is read, as the gate does it.
    fn open(&self, hour: &str, table: Table) -> Result<Checked<File>, LibraryFault> {
        let path = self.0.join(format!("{hour}.{}.parquet", table.name()));
        let pieces = Pieces::from_bytes(&fs::read(path.with_extension("pieces"))?);
        let pieces = pieces.ok_or("no hashes of pieces")?;
        Ok(Checked::new(hour, File::open(path)?, pieces)?)
    }

    fn day_key(&self, day: u32) -> Result<Option<Arc<DayKey>>, LibraryFault> {
        Ok(Some(Arc::new(key(day))))
    }

    fn unrolled(&self, _: Wall, _: Wall, _: &mut dyn FnMut(&Row)) -> Result<(), LibraryFault> {
        Ok(())
    }
}

fn key(day: u32) -> DayKey {
    DayKey::new(day, &[day as u8; 32])
}

/// Numbers that follow from a seed (xorshift64*).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, sides: u64) -> u64 {
        (self.next() >> 33) % sides
    }

    fn digest(&mut self) -> LedgerDigest {
        LedgerDigest::new(((u128::from(self.next()) << 64) | u128::from(self.next())).to_be_bytes())
    }
}

/// What pages are like.
#[derive(Clone, Copy)]
enum Mix {
    /// All records of one account.
    Media,
    /// Records of some twenty accounts at one place.
    Place,
    /// One like this, one like that.
    Both,
    /// No records, as at level `counts`.
    Counts,
}

struct Traffic {
    dice: Dice,
    whose: Vec<Arc<Whose>>,
    terms: Vec<Arc<Terms>>,
    class: Arc<str>,
    /// The digests of people and places of a day, in place of keyed ones: as random and quicker to make.
    people: Vec<LedgerDigest>,
    places: Vec<LedgerDigest>,
    day: u32,
}

impl Traffic {
    fn new(day: u32, people: u64, salt: u64) -> Self {
        let mut dice = Dice(u64::from(day) * 7919 + salt);
        // The first ones are real, so that there is something to ask about.
        let key = key(day);
        let people = (0..people)
            .map(
                |of| if of < 1000 { key.digest(LedgerKind::Owner, &id(of)) } else { dice.digest() },
            )
            .collect();
        let places = (0..20_000).map(|_| dice.digest()).collect();
        let whose = (0..10_000).map(|of| Arc::new(whose(of))).collect();
        let terms = (0..30).map(|of| Arc::new(terms(of))).collect();
        Self { dice, whose, terms, class: "post".into(), people, places, day }
    }

    fn row(&mut self, at: Wall, number: u64, mix: Mix) -> Row {
        let dice = &mut self.dice;
        let media = match mix {
            Mix::Media => true,
            Mix::Place => false,
            Mix::Both | Mix::Counts => dice.below(2) == 0,
        };
        let digested = !matches!(mix, Mix::Counts);
        let (count, people) = (if digested { PAGE } else { 0 }, self.people.len() as u64);
        let owner = dice.below(people);
        let place = dice.below(20_000) as usize;
        let mut owners = [owner; 20];
        if !media {
            owners.iter_mut().for_each(|owner| *owner = dice.below(people));
        }
        let records = (0..count)
            .map(|_| RowRecord {
                class: Arc::clone(&self.class),
                id: Some(dice.digest()),
                owner: Some(self.people[owners[dice.below(20) as usize] as usize]),
                place: (!media).then(|| self.places[place]),
                cell: (!media).then_some((place as u32) * 300),
            })
            .collect();
        let call = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        Row {
            at,
            request: request(number % 2, call),
            whose: Arc::clone(&self.whose[dice.below(10_000) as usize]),
            terms: Arc::clone(&self.terms[dice.below(30) as usize]),
            rows: PAGE as u32,
            owners: if media { 1 } else { 18 },
            places: u32::from(!media),
            bytes: 9_000 + dice.below(12_000),
            whole: true,
            answers: 1,
            day: self.day,
            records,
        }
    }
}

fn request(thread: u64, call: u64) -> RequestId {
    let digit = |bits: u64| char::from(b"0123456789abcdefghjkmnpqrstvwxyz"[(bits & 31) as usize]);
    let digits = (0..8).map(|at| digit(((thread + 77) * 0x1234_5678_9abc) >> (at * 5)));
    let text: String = digits.chain((0..8).map(|at| digit(call >> (at * 5)))).collect();
    RequestId::new(&format!("req_{text}"))
}

fn id(number: u64) -> String {
    format!("1784{number:08}")
}

fn whose(of: u64) -> Whose {
    Whose {
        partner: ["acme", "zenith", "orbit", "lumen"][(of % 4) as usize].into(),
        client: (!of.is_multiple_of(3)).then(|| format!("client-{}", of % 3).into()),
        key: format!("key_{of:012}").into(),
    }
}

fn terms(of: u64) -> Terms {
    Terms {
        node: "gate-1".into(),
        operation: format!("listPlacePosts{of}").into(),
        class: ["place.posts", "media.by_account"][(of % 2) as usize].into(),
        rule: "partner-standard/2".into(),
        policy: 17,
        policy_digest: "sha256:6bf1b9a3c1c35ae6bb3b8a5f0e0c6f0e".into(),
        level: LedgerLevel::Digests,
        counted: true,
        fields: vec!["post.caption".into(), "post.location".into()],
    }
}

fn sinks(directory: &Path, hour: &str) -> Outcome<HourSinks<Pieced<File>>> {
    let sink = |table: Table| -> Outcome<_> {
        let path = directory.join(format!("{hour}.{}.parquet", table.name()));
        Ok(Pieced::new(File::create(path)?))
    };
    Ok(HourSinks {
        terms: sink(Table::Terms)?,
        keys: sink(Table::Keys)?,
        answers: sink(Table::Answers)?,
        records: sink(Table::Records)?,
        digests: sink(Table::Digests)?,
    })
}

/// Writes rows through a journal in memory to an hour file, and tells bytes and nanoseconds of a core's work
/// for each record; at level `counts`, for each answer.
fn measure(directory: &Path, name: &str, mix: Mix, people: u64, rows: u64) -> Outcome<()> {
    let mut traffic = Traffic::new(DAY, people, 5);
    let made: Vec<Row> = (0..rows)
        .map(|number| traffic.row(Wall(u64::from(DAY) * 86_400_000 + number * 3), number, mix))
        .collect();
    let items = made.iter().map(|row| row.records.len().max(1)).sum::<usize>() as f64;
    let begin = worked();
    let (mut journal, mut frame) = (JOURNAL_HEAD.to_vec(), FrameWriter::new());
    for rows in made.chunks(1000) {
        rows.iter().for_each(|row| frame.push(row));
        frame.finish(journal.len() as u64, &mut journal);
    }
    let written = worked() - begin;
    drop(made);
    let begin = worked();
    let mut writer = HourWriter::new("gate-1", name, sinks(directory, name)?)?;
    let mut reader = JournalReader::new(&journal[..])?;
    let mut reading = worked() - begin;
    loop {
        let before = worked();
        let frame = reader.next_frame()?;
        reading += worked() - before;
        let Some(rows) = frame else { break };
        for row in &rows {
            writer.push(row)?;
        }
    }
    writer.finish()?;
    let rolled = worked() - begin;
    let mut sizes = Vec::new();
    for table in Table::ALL {
        let path = directory.join(format!("{name}.{}.parquet", table.name()));
        sizes.push(fs::metadata(&path)?.len() as f64 / items);
        fs::remove_file(path)?;
    }
    println!(
        "{name}: {:.1} bytes in files ({sizes:.2?}: terms, answers, records, digests), {:.1} in the journal; ns: journal {:.0}, its reading {:.0}, hour file {:.0}",
        sizes.iter().sum::<f64>(),
        journal.len() as f64 / items,
        written / items,
        reading / items,
        (rolled - reading) / items,
    );
    Ok(())
}

fn write(directory: &Path, records: u64) -> Outcome<()> {
    let (mut left, mut hour, mut number) = (records / PAGE, 0, 0);
    let mut traffic = Traffic::new(DAY, PEOPLE, 0);
    while left > 0 {
        let day = DAY + (hour / 24) as u32;
        if traffic.day != day {
            traffic = Traffic::new(day, PEOPLE, 0);
        }
        let name = format!("{day}T{:02}.gate-1", hour % 24);
        let mut writer = HourWriter::new("gate-1", &name, sinks(directory, &name)?)?;
        let pages = (RECORDS_OF_HOUR / PAGE).min(left);
        for page in 0..pages {
            let at = (u64::from(DAY) * 24 + hour) * HOUR_MS + page * HOUR_MS / pages;
            writer.push(&traffic.row(Wall(at), number, Mix::Both))?;
            number += 1;
        }
        let (_, HourSinks { terms, keys, answers, records, digests }) = writer.finish()?;
        for (table, sink) in Table::ALL.into_iter().zip([terms, keys, answers, records, digests]) {
            let path = directory.join(format!("{name}.{}.pieces", table.name()));
            fs::write(path, sink.finish().1.to_bytes())?;
        }
        (left, hour) = (left - pages, hour + 1);
    }
    Ok(())
}

/// Nanoseconds that this thread was on a core: others on the same machine then cost it little.
fn worked() -> f64 {
    let spent = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    spent.split_whitespace().next().and_then(|ns| ns.parse().ok()).unwrap_or_default()
}

/// The most memory held so far, and the memory held now, in MiB.
fn memory() -> (u64, u64) {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or(0)
            / 1024
    };
    (line("VmHWM:"), line("VmRSS:"))
}

fn asked<T>(name: &str, question: impl FnOnce() -> T, told: impl FnOnce(T) -> String) {
    // From here on, the most memory is that of this question.
    let _ = fs::write("/proc/self/clear_refs", "5");
    let (begin, before) = (Instant::now(), worked());
    let answer = question();
    let (seconds, work) = (begin.elapsed().as_secs_f64(), (worked() - before) / 1e9);
    println!(
        "{name}: {seconds:.2} s ({work:.2} s of a core), {} MiB at most; {}",
        memory().0,
        told(answer)
    );
}

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let directory = PathBuf::from(arguments.next().ok_or("name a directory to write into")?);
    let records = arguments.next().map_or(Ok(100_000_000), |text| text.parse())?;
    fs::create_dir_all(&directory)?;
    let hour = RECORDS_OF_HOUR / PAGE;
    measure(&directory, "counts", Mix::Counts, 1000, 2_000_000)?;
    measure(&directory, "media, an account for each page", Mix::Media, 5_000_000, hour)?;
    measure(&directory, "places, 50000 owners an hour", Mix::Place, 50_000, hour)?;
    measure(&directory, "places, 200000 owners an hour", Mix::Place, 200_000, hour)?;
    measure(&directory, "places, hardly any owner twice", Mix::Place, 50_000_000, hour)?;
    measure(&directory, "both, 200000 owners an hour", Mix::Both, 200_000, hour)?;
    let library = Directory(directory.join("hours"));
    fs::create_dir_all(&library.0)?;
    if library.hours(Wall(0), Wall(0)).is_ok_and(|hours| hours.is_empty()) {
        let begin = Instant::now();
        write(&library.0, records)?;
        println!("written in {:.0} s, {} MiB at most", begin.elapsed().as_secs_f64(), memory().0);
    }
    let size = fs::read_dir(&library.0)?.filter_map(|entry| entry.ok()?.metadata().ok());
    let bytes = size.map(|of| of.len()).sum::<u64>() as f64;
    println!("{:.2} GB, {:.1} bytes a record", bytes / 1e9, bytes / records as f64);
    let (since, until) = (Wall(0), Wall(u64::MAX));
    let known = id(7);
    asked(
        "who",
        || who(&library, &known, since, until),
        |of| of.map_or_else(|fault| fault.to_string(), |of| format!("{} records", of.records)),
    );
    asked(
        "who, a stranger",
        || who(&library, "nobody", since, until),
        |of| of.map_or_else(|fault| fault.to_string(), |of| format!("{} records", of.records)),
    );
    asked(
        "what",
        || what(&library, "acme", None, since, until),
        |of| {
            of.map_or_else(
                |fault| fault.to_string(),
                |of| {
                    format!(
                        "{} rows, {} owner days, {} cells",
                        of.sums.rows, of.sums.owner_days, of.sums.cells_count
                    )
                },
            )
        },
    );
    let half = Wall(u64::from(DAY) * 86_400_000 + HOUR_MS / 2);
    asked(
        "between, all partners",
        || between(&library, half, until, None),
        |of| {
            of.map_or_else(
                |fault| fault.to_string(),
                |of| format!("{} rows, {} owner days", of.sums.rows, of.sums.owner_days),
            )
        },
    );
    let people: Vec<String> = (0..100_000).map(id).collect();
    let people: Vec<_> = people.iter().map(|id| (id.as_str(), Some("EU"))).collect();
    let of_people =
        AskedPeople { partner: None, client: None, people: &people, since, until, list: false };
    asked(
        "affected, 100000 people",
        || affected(&library, &of_people),
        |of| of.map_or_else(|fault| fault.to_string(), |of| format!("{} affected", of.affected)),
    );
    asked(
        "holders of a record",
        || holders(&library, LedgerKind::Record, &["nothing"], since, until),
        |of| of.map_or_else(|fault| fault.to_string(), |of| format!("{} held", of.held.len())),
    );
    asked(
        "holders of an account's",
        || holders(&library, LedgerKind::Owner, &[&known], since, until),
        |of| of.map_or_else(|fault| fault.to_string(), |of| format!("{} held", of.held.len())),
    );
    Ok(())
}
