//! Keys of days, each in a file of its own: made before a day's first use, and dropped once nobody is to
//! tell any more what its digests are of.
//!
//! A key that was used is durable. One that is made for a day of which there are digests already says from
//! when on it serves: the one before was lost. Must not know what is digested.

mod held;

use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use portcullis_keys::DayKey;
use portcullis_types::Wall;
use zeroize::Zeroizing;

use super::folder::{Folder, day_name, read_day, sync};

/// The ending of a key's file.
const ENDING: &str = ".key";

/// Behind the key's bytes: from which moment on it serves, in milliseconds since 1970, big-endian.
const SINCE_BYTES: usize = 8;
/// A key's file.
const FILE_BYTES: usize = DayKey::BYTES + SINCE_BYTES;

/// The keys there are.
pub(super) struct Keys {
    dir: PathBuf,
    known: Mutex<BTreeMap<u32, Known>>,
    /// What is wrong with files of keys in use, by day: each is said once.
    faults: Mutex<BTreeMap<u32, String>>,
    /// One at a time writes keys again: both would do so under the same name first.
    again: Mutex<()>,
}

/// A key of a day, and from which moment of it on it serves.
#[derive(Clone)]
struct Known {
    key: Arc<DayKey>,
    since: Wall,
    /// What stands in its file.
    file: Arc<Zeroizing<Vec<u8>>>,
}

/// Why a key can't be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeyFault {
    #[error(
        "the key `{path}` can't be read: {why}; put it back as it was, or nobody can tell what left that day"
    )]
    Unreadable { path: PathBuf, why: io::Error },
    #[error(
        "the key `{0}` is not 40 bytes, nor 32 as older ones are; put it back as it was, or move it away: what was digested with it can't be told any more"
    )]
    Torn(PathBuf),
    #[error("the key `{0}` can be read by others; run `chmod 600 {0}`")]
    Mode(PathBuf),
    #[error("the key `{0}` was wiped and is still there; remove it, and another is made")]
    Wiped(PathBuf),
    #[error("no key can be made in `{path}`: {why}; make room there, and let this program write")]
    NotMade { path: PathBuf, why: io::Error },
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").field("dir", &self.dir).finish_non_exhaustive()
    }
}

impl Keys {
    pub(super) fn new(folder: &Folder) -> Self {
        Self {
            dir: folder.keys(),
            known: Mutex::default(),
            faults: Mutex::default(),
            again: Mutex::default(),
        }
    }

    /// The key of a day; none: it is gone, or there never was one.
    pub(super) fn of(&self, day: u32) -> Result<Option<Arc<DayKey>>, KeyFault> {
        Ok(self.known(day)?.map(|known| known.key))
    }

    /// From which moment on the key of a day serves: the beginning of time, unless the first was lost.
    pub(super) fn since(&self, day: u32) -> Result<Wall, KeyFault> {
        Ok(self.known(day)?.map_or(Wall(0), |known| known.since))
    }

    fn known(&self, day: u32) -> Result<Option<Known>, KeyFault> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = known.get(&day) {
            return Ok(Some(key.clone()));
        }
        let read = self.read(day)?;
        if let Some(key) = &read {
            known.insert(day, key.clone());
        }
        Ok(read)
    }

    /// The key of a day, which is made where there is none; `since` tells from when on it serves.
    pub(super) fn make(&self, day: u32, since: &dyn Fn() -> Wall) -> Result<Arc<DayKey>, KeyFault> {
        // Once for the key that is there, and once for the one that this or another process makes.
        for _ in 0..2 {
            if let Some(key) = self.of(day)? {
                return Ok(key);
            }
            match self.write(day, since()) {
                // Another process made it in between: that one is the key.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(why) => return Err(KeyFault::NotMade { path: self.dir.clone(), why }),
                Ok(()) => {}
            }
        }
        self.of(day)?.ok_or_else(|| KeyFault::Wiped(self.path(day)))
    }

    /// Days that have one, in order.
    pub(super) fn days(&self) -> io::Result<Vec<u32>> {
        let mut days = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            let name = entry?.file_name();
            let day = name.to_str().and_then(|name| read_day(name.strip_suffix(ENDING)?));
            days.extend(day);
        }
        days.sort_unstable();
        Ok(days)
    }

    /// Drops the key of a day for good.
    pub(super) fn shred(&self, day: u32) -> io::Result<()> {
        let path = self.path(day);
        // Where the disk writes in place, nothing is left of it; where it does not, its name at least.
        if let Ok(mut file) = OpenOptions::new().write(true).open(&path) {
            file.write_all(&[0; FILE_BYTES])?;
            file.sync_all()?;
        }
        fs::remove_file(&path).or_else(|error| match error.kind() {
            ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        })?;
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(&day);
        sync(&self.dir)
    }

    fn read(&self, day: u32) -> Result<Option<Known>, KeyFault> {
        match self.bytes(day) {
            Ok(bytes) => self.parsed(day, bytes),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(why) => Err(KeyFault::Unreadable { path: self.path(day), why }),
        }
    }

    /// What stands in a key's file, and no more than is needed to see that it is none.
    fn bytes(&self, day: u32) -> io::Result<Zeroizing<Vec<u8>>> {
        // All of it has room: what grows leaves copies behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(2 * FILE_BYTES));
        let most = FILE_BYTES as u64 + 1;
        File::open(self.path(day))?.take(most).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn parsed(&self, day: u32, bytes: Zeroizing<Vec<u8>>) -> Result<Option<Known>, KeyFault> {
        let path = self.path(day);
        let torn = || KeyFault::Torn(path.clone());
        let (secret, since) = bytes.split_first_chunk::<{ DayKey::BYTES }>().ok_or_else(torn)?;
        let since = match since {
            // From before it was told.
            [] => Wall(0),
            since => Wall(u64::from_be_bytes(since.try_into().map_err(|_| torn())?)),
        };
        // A dropped key is zeros for a moment.
        if *secret == [0; DayKey::BYTES] {
            return Ok(None);
        }
        let mode = fs::metadata(&path).map(|meta| meta.permissions().mode());
        if mode.is_ok_and(|mode| mode & 0o077 != 0) {
            return Err(KeyFault::Mode(path));
        }
        let key = Arc::new(DayKey::new(day, secret));
        Ok(Some(Known { key, since, file: Arc::new(bytes) }))
    }

    /// A key of a day, durable before it has its name.
    fn write(&self, day: u32, since: Wall) -> io::Result<()> {
        let mut file = Zeroizing::new([0; FILE_BYTES]);
        let (secret, at) = file.split_at_mut(DayKey::BYTES);
        getrandom::fill(secret).map_err(io::Error::other)?;
        at.copy_from_slice(&since.0.to_be_bytes());
        let path = self.path(day);
        let new = path.with_extension(format!("{}.new", std::process::id()));
        let written = put(&new, file.as_slice()).and_then(|()| fs::hard_link(&new, &path));
        let removed = fs::remove_file(&new);
        written.and(removed)?;
        sync(&self.dir)
    }

    fn path(&self, day: u32) -> PathBuf {
        self.dir.join(format!("{}{ENDING}", day_name(day)))
    }
}

fn put(path: &PathBuf, bytes: &[u8]) -> io::Result<()> {
    let mut file: File =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use portcullis_types::LedgerKind;

    use super::*;

    fn first() -> Wall {
        Wall(0)
    }

    fn keys() -> (tempfile::TempDir, Folder) {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(&dir.path().join("gate.ledger")).unwrap();
        (dir, folder)
    }

    #[test]
    fn a_key_that_was_wiped_and_is_still_there_is_named_with_what_to_do() {
        let (_dir, folder) = keys();
        let keys = Keys::new(&folder);
        keys.make(20_779, &first).unwrap();
        fs::write(keys.path(20_779), [0; FILE_BYTES]).unwrap();
        let fault = Keys::new(&folder).make(20_779, &first).unwrap_err().to_string();
        assert!(fault.contains("was wiped and is still there; remove it"), "{fault}");
    }

    #[test]
    fn a_day_has_one_key_whoever_asks_first_and_another_day_has_another() {
        let (_dir, folder) = keys();
        let (one, other) = (Keys::new(&folder), Keys::new(&folder));
        assert!(one.of(20_779).unwrap().is_none(), "asking makes none");
        let digest =
            |keys: &Keys, day| keys.make(day, &first).unwrap().digest(LedgerKind::Owner, "17841");
        let first = digest(&one, 20_779);
        assert_eq!(first, digest(&other, 20_779));
        assert_ne!(first, digest(&one, 20_780));
        assert_eq!(Keys::new(&folder).days().unwrap(), [20_779, 20_780]);
        let file = folder.keys().join("2026-11-22.key");
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
        let names = fs::read_dir(folder.keys()).unwrap().count();
        assert_eq!(names, 2, "nothing else is left behind");
    }

    #[test]
    fn a_key_says_from_when_on_it_serves_and_one_from_before_that_was_told_serves_all_day() {
        let (_dir, folder) = keys();
        Keys::new(&folder).make(20_779, &|| Wall(1_795_000_000_123)).unwrap();
        assert_eq!(Keys::new(&folder).since(20_779).unwrap(), Wall(1_795_000_000_123));
        let path = folder.keys().join("2026-11-23.key");
        fs::write(&path, [7; 32]).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(Keys::new(&folder).since(20_780).unwrap(), Wall(0));
        fs::write(&path, [7; 39]).unwrap();
        assert!(Keys::new(&folder).since(20_780).is_err());
    }

    #[test]
    fn a_key_that_was_dropped_is_gone_for_everybody() {
        let (_dir, folder) = keys();
        let keys = Keys::new(&folder);
        keys.make(20_779, &first).unwrap();
        keys.shred(20_779).unwrap();
        keys.shred(20_779).unwrap();
        assert!(keys.of(20_779).unwrap().is_none());
        assert!(keys.days().unwrap().is_empty());
    }

    #[test]
    fn a_key_that_can_not_be_read_is_told_of_and_never_made_anew() {
        let (_dir, folder) = keys();
        let path = folder.keys().join("2026-11-22.key");
        fs::write(&path, "short").unwrap();
        let fault = Keys::new(&folder).make(20_779, &first).unwrap_err().to_string();
        assert!(fault.contains("is not 40 bytes"), "{fault}");
        fs::write(&path, [7; 32]).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let fault = Keys::new(&folder).make(20_779, &first).unwrap_err().to_string();
        assert!(fault.contains("chmod 600"), "{fault}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(Keys::new(&folder).make(20_779, &first).is_ok());
        fs::remove_dir_all(folder.keys()).unwrap();
        let fault = Keys::new(&folder).make(20_779, &first).unwrap_err().to_string();
        assert!(fault.contains("no key can be made"), "{fault}");
    }
}
