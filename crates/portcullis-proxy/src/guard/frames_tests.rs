//! Which frames end a connection, and where.

use super::*;

fn frame(kind: u8, flags: u8, length: u8) -> Vec<u8> {
    let head = [0, 0, length, kind, flags, 0, 0, 0, 0];
    [&head[..], &vec![0; usize::from(length)]].concat()
}

/// Where the frames end, given in pieces of that size, counted from the first of them.
fn ends(frames: &[u8], piece: usize) -> Option<(usize, Fault)> {
    let mut reader = Reader::new(0);
    assert_eq!(reader.follow(&[0; PREFACE_BYTES], 0), None);
    frames.chunks(piece).enumerate().find_map(|(at, piece_)| {
        let (passed, fault) = reader.follow(piece_, 0)?;
        Some((at * piece + passed, fault))
    })
}

#[test]
fn what_carries_no_call_is_bounded() {
    let costs = [(0, 1), (1, 0), (2, 1), (3, 4), (4, 1), (6, 1), (8, 1), (9, 0), (0x16, 1)];
    for (kind, cost) in costs {
        let length = [0, 7, 5, 4, 6, 0, 8, 0, 4, 7].get(usize::from(kind)).copied();
        let one = frame(kind, 0, length.unwrap_or(3));
        let flood = one.repeat(3000);
        let fine = match cost {
            0 => None,
            _ => Some(((2000 / cost + 1) * one.len(), Fault::Flood)),
        };
        assert_eq!(ends(&flood, flood.len()), fine, "{kind}");
    }
}

#[test]
fn data_and_its_end_are_free() {
    for frames in [frame(0, 0, 1), frame(0, 1, 0)] {
        assert_eq!(ends(&frames.repeat(5000), 1000), None);
    }
}

#[test]
fn who_says_of_each_answer_that_it_was_taken_is_no_flood() {
    let taken = frame(8, 0, 4);
    let call = [frame(1, 5, 7), taken.clone(), taken.clone()].concat();
    assert_eq!(ends(&call.repeat(5000), 1000), None);
    let end = Some((1999 * 55, Fault::Flood));
    assert_eq!(ends(&[call, taken].concat().repeat(5000), 1_000_000), end);
}

#[test]
fn a_frame_of_a_wrong_size_ends_the_frames_where_it_begins() {
    let cases = [(2, 0, 4), (3, 0, 5), (4, 0, 5), (4, 1, 6), (6, 0, 7), (7, 0, 7), (8, 0, 3)];
    for (kind, flags, length) in cases {
        let frames = [frame(6, 0, 8), frame(kind, flags, length)].concat();
        assert_eq!(ends(&frames, frames.len()), Some((17, Fault::Size)), "{kind} {length}");
        assert_eq!(ends(&frames, 17), Some((17, Fault::Size)), "{kind} {length} apart");
    }
}

#[test]
fn however_a_flood_is_cut_into_pieces_it_ends() {
    let flood = frame(6, 0, 8).repeat(4000);
    for piece in [1, 2, 5, 9, 16, 17, 18, 1000] {
        assert_eq!(ends(&flood, piece), Some((2001 * 17, Fault::Flood)), "{piece}");
    }
}

#[test]
fn time_and_answers_give_the_allowance_back() {
    let mut reader = Reader::new(0);
    reader.skip = 0;
    let pings = |count| frame(6, 0, 8).repeat(count);
    assert_eq!(reader.follow(&pings(2000), 0), None);
    assert_eq!(reader.follow(&pings(20), 100), None, "200 a second");
    reader.wrote(63);
    assert_eq!(reader.spare, 0);
    reader.wrote(1);
    assert_eq!(reader.follow(&pings(1), 100), None);
    reader.wrote(1 << 30);
    assert_eq!(reader.spare, ALLOWANCE);
}
