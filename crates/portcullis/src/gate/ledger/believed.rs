//! How late it is, for whoever drops what was kept long enough: what is dropped never comes back, so that it
//! must not go by a clock that is wrong.
//!
//! The last moment that was believed stands in a file beside what is kept, so that a start does not take any
//! clock for right. Must not know what is dropped.

use std::fs;
use std::io::{self, ErrorKind};

use portcullis_types::{Mono, Now, Span, Wall};

use super::folder::{DAY, Folder};
use crate::talk;

/// The file with the last moment that was believed.
const FILE: &str = "believed";
/// How long after that moment a gate begins again without a doubt.
const AWAY_MAX: u64 = 2 * DAY;
/// How far before it: clocks are set a little.
const BACK_MAX: u64 = DAY / 24;
/// How long it is waited else, in nanoseconds, for somebody to set the clock: ten minutes.
const DOUBT: u64 = 600_000_000_000;

/// What is believed of the wall clock.
#[derive(Debug)]
pub(super) struct Believed {
    folder: Folder,
    /// Since when nobody has set it.
    begun: Now,
    /// Since when it is believed.
    since: Option<Now>,
    /// Whether it was said that the moment can't be written down.
    unwritten: bool,
}

impl Believed {
    /// Of a gate that begins now.
    pub(super) fn new(folder: &Folder, begun: Now) -> Self {
        let folder = folder.clone();
        Self { folder, begun, since: None, unwritten: false }
    }

    /// Says what becomes of what is old where the clock may be ahead.
    pub(super) fn say(&mut self) {
        let now = self.begun;
        if let Ok(Some(last)) = last(&self.folder)
            && !self.is_believed(now, Some(last))
        {
            talk::info(&format!(
                "the clock shows {}, and what the ledger keeps was looked after last at {}: if the clock is wrong, set it; what is too old by it goes in ten minutes",
                now.wall.rfc3339(),
                last.rfc3339()
            ));
        }
    }

    /// The moment by which what is old may go: now, or by a clock that is not believed the last moment that was.
    pub(super) fn by(&mut self, now: Now) -> io::Result<Wall> {
        let last = last(&self.folder)?;
        if !self.is_believed(now, last) {
            return Ok(last.unwrap_or_default().min(now.wall));
        }
        // Before anything goes by it. A full disk keeps nothing from going, which makes room.
        match self.folder.write(FILE, now.wall.rfc3339().as_bytes()) {
            Err(why) if !std::mem::replace(&mut self.unwritten, true) => talk::error(&format!(
                "`{}` can't be written: {why}; files that go may be called gone before their time, and the next start may doubt its clock",
                self.folder.at(FILE).display()
            )),
            Err(_) => {}
            Ok(()) => self.unwritten = false,
        }
        Ok(now.wall)
    }

    fn is_believed(&mut self, now: Now, last: Option<Wall>) -> bool {
        if let Some(since) = self.since {
            // Set right, it is believed again.
            return !now.has_parted(since);
        }
        if now.has_parted(self.begun) {
            self.begun = now;
        }
        let near = |last: Wall| {
            (last.0.saturating_sub(BACK_MAX)..=last.0.saturating_add(AWAY_MAX))
                .contains(&now.wall.0)
        };
        let waited = now.mono >= Mono(self.begun.mono.0 + DOUBT);
        if waited || last.is_some_and(near) {
            self.since = Some(now);
        }
        self.since.is_some()
    }
}

/// What began before may be gone: it was old enough by the last moment that was believed, and is by now.
pub(super) fn kept(folder: &Folder, now: Wall, keep: Span) -> io::Result<Wall> {
    // Whoever can write there must not hide what he takes away.
    let by = last(folder)?.unwrap_or_default().min(now);
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
    use super::*;

    const BEGUN: u64 = 20_000 * DAY;
    const MINUTE: u64 = 60_000;
    const HOUR: u64 = 60 * MINUTE;

    /// Some minutes after the beginning, by a wall clock that is as many milliseconds ahead.
    fn at(minutes: u64, ahead: i64) -> Now {
        let passed = minutes * MINUTE;
        let wall = Wall((BEGUN + passed).checked_add_signed(ahead).unwrap());
        Now { wall, mono: Mono(passed * 1_000_000) }
    }

    fn days(days: i64) -> i64 {
        days * DAY.cast_signed()
    }

    /// A folder in which a moment stands.
    fn folder(last: Option<u64>) -> (tempfile::TempDir, Folder) {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(&dir.path().join("gate.ledger")).unwrap();
        if let Some(last) = last {
            folder.write(FILE, Wall(last).rfc3339().as_bytes()).unwrap();
        }
        (dir, folder)
    }

    /// By when things go in a gate that begins at the first of these moments, at each of them.
    fn by(last: Option<u64>, moments: &[Now]) -> Vec<u64> {
        let (_dir, folder) = folder(last);
        let mut believed = Believed::new(&folder, moments[0]);
        moments.iter().map(|now| believed.by(*now).unwrap().0).collect()
    }

    #[test]
    fn a_gate_that_begins_near_the_last_moment_believes_its_clock_and_another_one_after_ten_minutes()
     {
        for (away, at_once) in [
            (0, true),
            (AWAY_MAX.cast_signed(), true),
            (AWAY_MAX.cast_signed() + 1, false),
            (days(40), false),
            (-BACK_MAX.cast_signed(), true),
            (-BACK_MAX.cast_signed() - 1, false),
        ] {
            let last = BEGUN.checked_add_signed(-away).unwrap();
            let [first, ninth, tenth] = [at(0, 0), at(9, 0), at(10, 0)];
            let found = by(Some(last), &[first, ninth, tenth]);
            let doubted = |now: Now| if at_once { now.wall.0 } else { last.min(now.wall.0) };
            assert_eq!(found, [doubted(first), doubted(ninth), tenth.wall.0], "{away}");
        }
        assert_eq!(by(None, &[at(0, 0), at(9, 0), at(10, 0)]), [0, 0, at(10, 0).wall.0]);
    }

    #[test]
    fn a_start_during_the_doubt_doubts_as_well() {
        let (_dir, folder) = folder(Some(BEGUN));
        for _ in 0..3 {
            let mut believed = Believed::new(&folder, at(0, days(40)));
            assert_eq!(believed.by(at(0, days(40))).unwrap(), Wall(BEGUN));
            assert_eq!(believed.by(at(9, days(40))).unwrap(), Wall(BEGUN));
        }
        let mut right = Believed::new(&folder, at(1, 0));
        assert_eq!(right.by(at(1, 0)).unwrap(), at(1, 0).wall);
    }

    #[test]
    fn a_clock_that_jumps_drops_nothing_more_until_it_is_right_again() {
        let last = at(1, 0).wall.0;
        for (ahead, believed) in [(HOUR, true), (HOUR + 1, false), (40 * DAY, false)] {
            let moved = at(2, ahead.cast_signed());
            let found = by(Some(BEGUN), &[at(0, 0), at(1, 0), moved, at(30, 0)]);
            let then = if believed { moved.wall.0 } else { last };
            assert_eq!(found, [BEGUN, last, then, at(30, 0).wall.0], "{ahead}");
        }
        let back = at(2, days(-40));
        assert_eq!(by(Some(BEGUN), &[at(0, 0), at(1, 0), back])[2], back.wall.0);
    }

    #[test]
    fn a_clock_that_is_set_right_during_the_doubt_is_believed_at_once_and_else_waits_anew() {
        let wrong = at(0, days(40));
        let found = by(Some(BEGUN), &[wrong, at(5, 0), at(6, 0)]);
        assert_eq!(found, [BEGUN, at(5, 0).wall.0, at(6, 0).wall.0]);
        let moved = days(80);
        let found = by(Some(BEGUN), &[wrong, at(5, moved), at(14, moved), at(15, moved)]);
        assert_eq!(found, [BEGUN, BEGUN, BEGUN, at(15, moved).wall.0]);
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
            (None, BEGUN, 0),
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
