//! Files that somebody rewrote: questions return, whatever stands in them.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use portcullis_keys::DayKey;
use portcullis_types::{LedgerKind, Wall};

use super::made::{DAY, DAY_MS, Dice, key, rows};
use super::shelf::{Shelf, hour};
use crate::{
    Checked, LedgerError, Library, LibraryFault, Pieces, Row, Table, between, digested, holders,
    received, what, who,
};

/// A library of one hour whose files are checked while they are read.
struct CheckedShelf {
    files: Shelf,
    pieces: [Pieces; 5],
}

impl Library for CheckedShelf {
    type Reader = Checked<Bytes>;

    fn hours(&self, since: Wall, until: Wall) -> Result<Vec<Arc<str>>, LibraryFault> {
        self.files.hours(since, until)
    }

    fn open(&self, hour: &str, table: Table) -> Result<Checked<Bytes>, LibraryFault> {
        let at = Table::ALL.iter().position(|known| *known == table).unwrap();
        let bytes = self.files.open(hour, table)?;
        Ok(Checked::new(table.name(), bytes, self.pieces[at].clone())?)
    }

    fn day_key(&self, day: u32) -> Result<Option<Arc<DayKey>>, LibraryFault> {
        self.files.day_key(day)
    }

    fn unrolled(&self, _: Wall, _: Wall, _: &mut dyn FnMut(&Row)) -> Result<(), LibraryFault> {
        Ok(())
    }
}

/// Each question; which of them failed.
fn ask(shelf: &impl Library) -> Vec<LedgerError> {
    // Not all of the first day, so that sums are made answer by answer.
    let (since, until) = (Wall(u64::from(DAY) * DAY_MS + DAY_MS / 2), Wall(u64::MAX));
    let some = ["m3", "m4"];
    [
        who(shelf, "u3", since, until).err(),
        what(shelf, "acme", None, since, until).err(),
        between(shelf, Wall(0), until, None).err(),
        holders(shelf, LedgerKind::Record, &some, since, until).err(),
        holders(shelf, LedgerKind::Place, &["p1"], since, until).err(),
        received(shelf, &["post"], since, until).err(),
    ]
    .into_iter()
    .flatten()
    .chain(unread(shelf, since))
    .collect()
}

fn unread(shelf: &impl Library, since: Wall) -> Vec<LedgerError> {
    let mut unread = Vec::new();
    digested(shelf, since, &mut |why| unread.push(why)).unwrap();
    unread
}

fn whole() -> (Vec<Row>, Shelf) {
    let rows: Vec<_> = rows(7, 1500).into_iter().map(|made| made.row).collect();
    let mut shelf =
        Shelf { keys: (DAY..DAY + 5).map(|day| (day, key(day))).collect(), ..Shelf::default() };
    shelf.hours = BTreeMap::from([("1".into(), hour("1", &rows, (500, 1000)))]);
    (rows, shelf)
}

/// Writes over a few bytes: anywhere, or where a file says what it holds.
fn touch(file: &Bytes, dice: &mut Dice) -> Bytes {
    let mut bytes = file.to_vec();
    let length = bytes.len() as u64;
    let place = if dice.below(2) == 0 {
        dice.below(length)
    } else {
        length - 1 - dice.below(length.min(700))
    };
    let count = 1 + dice.below(4) as usize;
    bytes
        .iter_mut()
        .skip(place as usize)
        .take(count)
        .for_each(|byte| *byte = dice.below(256) as u8);
    bytes.into()
}

#[test]
fn whatever_is_written_over_in_an_hour_each_question_returns_and_names_the_hour_where_it_fails() {
    let (_, mut shelf) = whole();
    let files = shelf.hours.values().next().unwrap().clone();
    let mut dice = Dice(99);
    let mut failed = 0;
    for _ in 0..600 {
        let at = dice.below(5) as usize;
        let mut touched = files.clone();
        touched[at] = touch(&files[at], &mut dice);
        shelf.hours.insert("1".into(), touched);
        let faults = ask(&shelf);
        failed += usize::from(!faults.is_empty());
        for fault in faults {
            assert_eq!(fault.hour().map(|hour| &**hour), Some("1"), "{fault}");
        }
    }
    assert!(failed > 200, "{failed}");
}

#[test]
fn what_was_written_over_never_reaches_an_answer_where_pieces_are_checked() {
    let (_, files) = whole();
    let tables = files.hours.values().next().unwrap().clone();
    let pieces = tables.clone().map(|table| Pieces::of(&table[..]).unwrap());
    let mut shelf = CheckedShelf { files, pieces };
    assert!(ask(&shelf).is_empty());
    let mut dice = Dice(7);
    for _ in 0..200 {
        let mut touched = tables.clone();
        // What a question reads first: each one does.
        touched[0] = touch(&tables[0], &mut dice);
        if touched[0] == tables[0] {
            continue;
        }
        shelf.files.hours.insert("1".into(), touched);
        let faults = ask(&shelf);
        assert_eq!(faults.len(), 7);
        for fault in faults {
            assert!(fault.to_string().contains("`terms`: piece 0 (from byte 0) is not"), "{fault}");
        }
    }
}
