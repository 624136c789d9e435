//! A journal that was written in two ways, one that was cut, and one that was touched.

use portcullis_types::{ClassIx, LedgerRecord, LedgerRecords};

use crate::journal::frame::{END, HEAD_BYTES, head_of};
use crate::journal::{Ending, JOURNAL_HEAD, JournalFault, JournalReader};
use crate::tests::{journal, some_rows};
use crate::{FrameWriter, Row, RowRecord};

/// What can be read of it, how it ended, and where it is damaged.
fn read(bytes: &[u8]) -> (Vec<Row>, Ending, Vec<u64>) {
    let mut reader = JournalReader::new(bytes).unwrap();
    let (mut rows, mut damaged) = (Vec::new(), Vec::new());
    loop {
        match reader.next_frame() {
            Ok(Some(frame)) => rows.extend(frame),
            Ok(None) => return (rows, reader.ending().unwrap(), damaged),
            Err(JournalFault::Damaged { at }) => damaged.push(at),
            Err(fault) => panic!("{fault}"),
        }
    }
}

#[test]
fn rows_read_as_they_were_written() {
    let rows = some_rows(3, 500);
    for of_frame in [1, 7, 500] {
        let (bytes, _) = journal(&rows, of_frame);
        let (found, ending, damaged) = read(&bytes);
        assert!(found == rows && damaged.is_empty());
        assert_eq!(ending, Ending::Whole);
    }
    assert_eq!(read(&[]).1, Ending::Whole);
    let mut nothing = Vec::new();
    FrameWriter::new().finish(0, &mut nothing);
    assert!(nothing.is_empty());
}

#[test]
fn records_are_written_as_they_were_told_byte_for_byte_as_one_by_one() {
    const CLASSES: [&str; 3] = ["post", "story", "profile"];
    let (mut one_by_one, mut told) = (FrameWriter::new(), FrameWriter::new());
    for row in some_rows(4, 500) {
        let mut records = LedgerRecords::new(row.day, 0);
        for RowRecord { class, id, owner, place, cell } in row.records.iter().cloned() {
            let class = CLASSES.iter().position(|name| *name == &*class).unwrap();
            let class = ClassIx(u16::try_from(class).unwrap());
            records.push(&LedgerRecord { class, id, owner, place, cell });
        }
        one_by_one.push(&row);
        let row = Row { records: Vec::new(), ..row };
        told.push_told(&row, &records, |class| CLASSES[class.at()].into());
    }
    let bytes = [one_by_one, told].map(|mut writer| {
        let mut bytes = Vec::new();
        writer.finish(0, &mut bytes);
        bytes
    });
    assert!(bytes[0] == bytes[1] && bytes[0].len() > 10_000);
}

#[test]
fn a_journal_cut_at_any_byte_gives_the_whole_frames_before_it_and_tells_the_torn_one() {
    let rows = some_rows(5, 24);
    let (bytes, ends) = journal(&rows, 4);
    for cut in 0..bytes.len() {
        let (found, ending, damaged) = read(&bytes[..cut]);
        let whole = ends.iter().filter(|end| **end <= cut).count();
        assert!(found == rows[..whole * 4], "cut at {cut}");
        let before = ends.iter().copied().rfind(|end| *end <= cut);
        let before =
            before.unwrap_or(if cut < JOURNAL_HEAD.len() { 0 } else { JOURNAL_HEAD.len() });
        let at = before as u64;
        let expected = if cut == before { Ending::Whole } else { Ending::Torn { at } };
        assert_eq!((ending, damaged), (expected, vec![]), "cut at {cut}");
    }
}

#[test]
fn an_end_that_never_reached_the_disk_reads_as_zeros_and_is_torn() {
    let rows = some_rows(5, 24);
    let (mut bytes, ends) = journal(&rows, 4);
    let (from, end) = (ends[4], bytes.len());
    for zeros in from..end - 4 {
        bytes[zeros..].fill(0);
        bytes.resize(end, 0);
        let (found, ending, damaged) = read(&bytes);
        assert!(found == rows[..20] && damaged.is_empty(), "zeros from {zeros}");
        assert_eq!(ending, Ending::Torn { at: from as u64 });
        bytes = journal(&rows, 4).0;
    }
}

#[test]
fn a_wrong_byte_is_damage_and_the_other_frames_are_read() {
    let rows = some_rows(5, 24);
    let (mut bytes, ends) = journal(&rows, 4);
    // All but the mark at the very end, without which the last frame was not written wholly.
    for at in JOURNAL_HEAD.len()..bytes.len() - 4 {
        bytes[at] ^= 4;
        let frame = ends.iter().filter(|end| **end <= at).count();
        let begins = if frame == 0 { JOURNAL_HEAD.len() } else { ends[frame - 1] };
        let (found, ending, damaged) = read(&bytes);
        let others = rows.chunks(4).enumerate().filter(|(number, _)| *number != frame);
        assert!(
            found == others.flat_map(|(_, rows)| rows.to_vec()).collect::<Vec<_>>(),
            "byte {at}"
        );
        assert_eq!((ending, damaged), (Ending::Whole, vec![begins as u64]), "byte {at}");
        bytes[at] ^= 4;
    }
}

#[test]
fn a_frame_elsewhere_is_not_taken_for_one() {
    let (bytes, ends) = journal(&some_rows(5, 12), 4);
    // The second frame twice: it says where it belongs.
    let (first, second) = (&bytes[..ends[1]], &bytes[ends[0]..ends[1]]);
    let (found, ending, damaged) = read(&[first, second].concat());
    assert_eq!((found.len(), ending, damaged), (8, Ending::Whole, vec![ends[1] as u64]));
}

#[test]
fn a_journal_of_another_version_is_unknown_and_one_whose_head_is_destroyed_is_damaged_and_read() {
    let rows = some_rows(5, 24);
    let (bytes, _) = journal(&rows, 4);
    for version in (0..=255).filter(|version| *version != JOURNAL_HEAD[14]) {
        let mut bytes = bytes.clone();
        bytes[14] = version;
        assert!(matches!(JournalReader::new(&bytes[..]), Err(JournalFault::Unknown)), "{version}");
    }
    let head = JOURNAL_HEAD.len();
    for at in (0..head).filter(|at| *at != 14) {
        let mut bytes = bytes.clone();
        bytes[at] ^= 4;
        assert!(read(&bytes) == (rows.clone(), Ending::Whole, vec![0]), "byte {at}");
    }
    let zeros = [&[0; 16], &bytes[head..]].concat();
    assert!(read(&zeros) == (rows.clone(), Ending::Whole, vec![0]));
    // With the head of the first frame, too.
    let zeros = [&[0; 20], &bytes[20..]].concat();
    assert!(read(&zeros) == (rows[4..].to_vec(), Ending::Whole, vec![0, head as u64]));
    for other in [&b"PAR1 and more of it"[..], b"PAR1", &[0; 16]] {
        let (found, _, damaged) = read(other);
        assert!(found.is_empty() && damaged.contains(&0), "{other:?}");
    }
}

#[test]
fn a_frame_that_somebody_rewrote_with_a_new_crc_is_read_or_damage_and_what_is_read_can_be_rolled() {
    let rows = some_rows(5, 60);
    let (bytes, _) = journal(&rows, 60);
    let from = JOURNAL_HEAD.len();
    let mut seed = 77_u64;
    let mut below = |sides: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) as usize % sides
    };
    let (mut read, mut damaged) = (0, 0);
    for _ in 0..1000 {
        let mut bytes = bytes.clone();
        let body = from + HEAD_BYTES..bytes.len() - END.len();
        for _ in 0..=below(3) {
            bytes[body.start + below(body.len())] = below(256) as u8;
        }
        let whole = &bytes[from + HEAD_BYTES..];
        let head = head_of(whole.len() as u32, crc32fast::hash(whole), from as u64);
        bytes[from..from + HEAD_BYTES].copy_from_slice(&head);
        let mut reader = JournalReader::new(&bytes[..]).unwrap();
        match reader.next_frame() {
            Ok(rows) => {
                read += 1;
                crate::tests::rolled(&rows.unwrap());
            }
            Err(fault) => {
                damaged += 1;
                assert!(matches!(fault, JournalFault::Damaged { .. }), "{fault}");
            }
        }
    }
    assert!(read > 100 && damaged > 100, "{read} {damaged}");
}
