//! How late it is, for whoever drops what was kept long enough: what is dropped never comes back, so that it
//! must not go by a clock that is wrong.
//!
//! The last moment that was believed stands in a file beside what is kept, so that a start does not take any
//! clock for right. Must not know what is dropped.

use std::fs;
use std::io::{self, ErrorKind};

use portcullis_types::{Now, Span, Wall};

use super::folder::{DAY, Folder};
use super::keys::Keys;
use crate::talk;

/// The file with the last moment that was believed.
const FILE: &str = "believed";
/// How far from that moment a clock is believed at once: an hour. The file is written each minute.
const NEAR: u64 = DAY / 24;
/// How long it is waited else for somebody to set the clock, in milliseconds: six hours.
const DOUBT: u64 = DAY / 4;

/// What is believed of the wall clock.
#[derive(Debug)]
pub(super) struct Believed {
    folder: Folder,
    /// The last look, or the first one since somebody set the clock.
    since: Now,
    is_believed: bool,
    /// Whether it was said that the moment can't be written down.
    unwritten: bool,
}

impl Believed {
    /// Of a gate that begins now. Where nothing is kept yet, nothing can go too soon; whoever can't look
    /// takes it that there is something.
    pub(super) fn new(folder: &Folder, keys: &Keys, begun: Now) -> Self {
        let names = folder.names().is_ok_and(|names| names.is_empty());
        let is_believed = names && keys.days().is_ok_and(|days| days.is_empty());
        Self { folder: folder.clone(), since: begun, is_believed, unwritten: false }
    }

    /// The moment by which what is old may go: now, or by a clock that is not believed the last moment that was.
    pub(super) fn by(&mut self, now: Now) -> io::Result<Wall> {
        let last = last(&self.folder)?;
        if !self.believes(now, last) {
            return Ok(last.unwrap_or_default().min(now.wall));
        }
        // Before anything goes by it. A full disk keeps nothing from going, which makes room.
        match self.folder.write(FILE, now.wall.rfc3339().as_bytes()) {
            Err(why) if !std::mem::replace(&mut self.unwritten, true) => talk::error(&format!(
                "`{}` can't be written: {why}; files that go may be called gone before their time, and the next start doubts its clock",
                self.folder.at(FILE).display()
            )),
            Err(_) => {}
            Ok(()) => self.unwritten = false,
        }
        Ok(now.wall)
    }

    /// When a clock that is not believed will be, if nobody sets it before.
    pub(super) fn doubted(&self) -> Option<Wall> {
        (!self.is_believed).then(|| Wall(self.since.wall.0 + DOUBT))
    }

    fn believes(&mut self, now: Now, last: Option<Wall>) -> bool {
        if now.has_parted(self.since) {
            (self.is_believed, self.since) = (false, now);
        }
        let waited = now.mono.0 >= self.since.mono.0 + DOUBT * 1_000_000;
        if waited || last.is_some_and(|last| now.wall.0.abs_diff(last.0) <= NEAR) {
            self.is_believed = true;
        }
        if self.is_believed {
            self.since = now;
        }
        self.is_believed
    }
}

/// What began before may be gone: it was old enough by the last moment that was believed, and is by now.
pub(super) fn kept(folder: &Folder, now: Wall, keep: Span) -> io::Result<Wall> {
    // Whoever can write there must not hide what he takes away.
    let by = last(folder)?.unwrap_or(now).min(now);
    Ok(Wall(by.0.saturating_sub(keep.milliseconds())))
}

/// The last moment that was believed, by this process or one before it.
fn last(folder: &Folder) -> io::Result<Option<Wall>> {
    let path = folder.at(FILE);
    let text = match fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(why) => {
            return Err(io::Error::new(why.kind(), format!("`{}`: {why}", path.display())));
        }
    };
    let at = text.trim().parse::<jiff::Timestamp>().ok();
    let at = at.and_then(|at| u64::try_from(at.as_millisecond()).ok()).map(Wall);
    at.map(Some).ok_or_else(|| {
        io::Error::other(format!(
            "`{}` holds no moment such as {}; move it out of the folder",
            path.display(),
            Wall(0).rfc3339()
        ))
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use portcullis_types::Mono;

    use super::*;

    const BEGUN: u64 = 20_000 * DAY;
    const HOUR: u64 = DAY / 24;

    /// Some hours after the beginning, by a wall clock that is as many milliseconds ahead.
    fn at(hours: u64, ahead: i64) -> Now {
        let passed = hours * HOUR;
        let wall = Wall((BEGUN + passed).checked_add_signed(ahead).unwrap());
        Now { wall, mono: Mono(passed * 1_000_000) }
    }

    fn days(days: i64) -> i64 {
        days * DAY.cast_signed()
    }

    /// A folder in which a moment stands, and something else.
    fn folder(last: Option<u64>) -> (tempfile::TempDir, Folder) {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(&dir.path().join("gate.ledger")).unwrap();
        folder.write("2020-01-01T00.gate-1.journal", b"").unwrap();
        if let Some(last) = last {
            folder.write(FILE, Wall(last).rfc3339().as_bytes()).unwrap();
        }
        (dir, folder)
    }

    fn begin(folder: &Folder, begun: Now) -> Believed {
        Believed::new(folder, &Arc::new(Keys::new(folder)), begun)
    }

    /// By when things go in a gate that begins at the first of these moments, at each of them.
    fn by(last: Option<u64>, moments: &[Now]) -> Vec<u64> {
        let (_dir, folder) = folder(last);
        let mut believed = begin(&folder, moments[0]);
        moments.iter().map(|now| believed.by(*now).unwrap().0).collect()
    }

    #[test]
    fn a_gate_that_begins_near_the_last_moment_believes_its_clock_and_another_one_after_six_hours()
    {
        let hour = HOUR.cast_signed();
        for (away, at_once) in [
            (0, true),
            (hour, true),
            (hour + 1, false),
            (days(2), false),
            (days(40), false),
            (-hour, true),
            (-hour - 1, false),
        ] {
            let last = BEGUN.checked_add_signed(-away).unwrap();
            let [first, later] = [at(0, 0), at(6, 0)];
            let found = by(Some(last), &[first, later]);
            let then = if at_once { first.wall.0 } else { last.min(first.wall.0) };
            assert_eq!(found, [then, later.wall.0], "{away}");
        }
        assert_eq!(by(None, &[at(0, 0), at(5, 0), at(6, 0)]), [0, 0, at(6, 0).wall.0]);
    }

    #[test]
    fn where_nothing_is_kept_yet_any_clock_is_believed() {
        let (_dir, folder) = folder(None);
        folder.remove("2020-01-01T00.gate-1.journal").unwrap();
        assert_eq!(begin(&folder, at(0, 0)).by(at(0, 0)).unwrap(), at(0, 0).wall);
        assert_eq!(last(&folder).unwrap(), Some(at(0, 0).wall));
    }

    #[test]
    fn a_start_during_the_doubt_doubts_as_well() {
        let (_dir, folder) = folder(Some(BEGUN));
        for _ in 0..3 {
            let mut believed = begin(&folder, at(0, days(40)));
            assert_eq!(believed.by(at(0, days(40))).unwrap(), Wall(BEGUN));
            assert_eq!(believed.by(at(5, days(40))).unwrap(), Wall(BEGUN));
            assert_eq!(believed.doubted(), Some(at(6, days(40)).wall));
        }
        let mut right = begin(&folder, at(1, 0));
        assert_eq!(right.by(at(1, 0)).unwrap(), at(1, 0).wall);
        assert_eq!(right.doubted(), None);
    }

    #[test]
    fn a_clock_that_jumps_drops_nothing_more_until_it_is_right_again_or_nobody_sets_it_for_long() {
        let last = at(1, 0).wall.0;
        for (ahead, believed) in [(HOUR, true), (HOUR + 1, false), (40 * DAY, false)] {
            let moved = at(1, ahead.cast_signed());
            let found = by(Some(BEGUN), &[at(0, 0), at(1, 0), moved, at(2, 0)]);
            let then = if believed { moved.wall.0 } else { last };
            assert_eq!(found, [BEGUN, last, then, at(2, 0).wall.0], "{ahead}");
        }
        let found = by(Some(BEGUN), &[at(0, 0), at(1, days(40)), at(6, days(40)), at(7, days(40))]);
        assert_eq!(found, [BEGUN, BEGUN, BEGUN, at(7, days(40)).wall.0]);
        let back = at(2, days(-40));
        assert_eq!(by(Some(BEGUN), &[at(0, 0), at(1, 0), back])[2], back.wall.0);
    }

    #[test]
    fn a_clock_that_drifts_is_believed_however_far_it_drifts_in_the_end() {
        let minutes = |hours: u64| (hours * HOUR / 4).cast_signed();
        let moments: Vec<Now> = (0..24).map(|hours| at(hours, minutes(hours))).collect();
        assert_eq!(
            by(Some(BEGUN), &moments),
            moments.iter().map(|now| now.wall.0).collect::<Vec<_>>()
        );
    }

    #[test]
    fn a_clock_that_is_set_right_is_believed_at_once_and_one_that_is_set_otherwise_waits_anew() {
        let wrong = at(0, days(40));
        assert_eq!(
            by(Some(BEGUN), &[wrong, at(1, 0), at(2, 0)])[1..],
            [at(1, 0), at(2, 0)].map(|now| now.wall.0)
        );
        let moved = days(80);
        let found = by(Some(BEGUN), &[wrong, at(5, moved), at(10, moved), at(11, moved)]);
        assert_eq!(found, [BEGUN, BEGUN, BEGUN, at(11, moved).wall.0]);
        let of_1970 = Now { wall: Wall(5), mono: Mono(0) };
        assert_eq!(by(Some(BEGUN), &[of_1970, at(1, 0)]), [5, at(1, 0).wall.0]);
    }

    #[test]
    fn what_may_be_gone_is_what_was_old_by_a_moment_that_was_believed_and_is_by_now() {
        let keep = Span::from_milliseconds(DAY);
        for (last, now, from) in [
            (Some(BEGUN), BEGUN + HOUR, BEGUN - DAY),
            (Some(BEGUN), BEGUN + 40 * DAY, BEGUN - DAY),
            (Some(BEGUN + 40 * DAY), BEGUN, BEGUN - DAY),
            (None, BEGUN, BEGUN - DAY),
        ] {
            let (_dir, folder) = folder(last);
            assert_eq!(kept(&folder, Wall(now), keep).unwrap(), Wall(from), "{last:?} {now}");
        }
        let (_dir, folder) = folder(None);
        fs::write(folder.at(FILE), "yesterday").unwrap();
        let why = kept(&folder, Wall(BEGUN), keep).unwrap_err().to_string();
        assert!(why.contains("holds no moment such as 1970-01-01T00:00:00.000Z; move it"), "{why}");
    }
}
