//! Copies of a store: made while it is in use, and put back while it is not.
//!
//! A backup is a directory: the database, its newest checkpoint, measurements that lay beside, and a
//! manifest with the digest of each. Must not know when backups are made or where they are kept.

mod manifest;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use portcullis_audit::{LogVerifier, Verification};
use portcullis_types::Wall;
use serde::Serialize;
use sqlx::Connection as _;

use crate::database;
use crate::error::StoreError;
use crate::files::{self, Found, beside};
use crate::guard::{self, Kept};
use crate::open::Store;
use crate::recover::{Depth, Stopped, Walked, walk};

pub use manifest::{Copied, Manifest};

/// The database within a backup.
const DATABASE: &str = "portcullis.db";
/// Measurements beside a store that go with it.
const MEASURED: [&str; 2] = ["budgets", "usage"];
/// Small databases beside it that go with it: where partners and the platform are told of changes, and
/// what partners have to delete.
const QUEUES: [&str; 3] = ["hooks.db", "platform.hooks.db", "deletions.db"];
/// What goes when a backup is put back: a request that is sent again must not be answered by what
/// is lost.
const DROPPED: &str = "repeats.db";

/// What putting a backup back does, or did.
#[derive(Debug, Clone, Eq, PartialEq, Serialize)]
pub struct PutBack {
    /// What is in the backup.
    pub backup: Manifest,
    /// How many events the store had, as far as can be told; none: there was none.
    pub events_before: Option<u64>,
    /// First and last revision that are gone.
    pub lost: Option<(u64, u64)>,
    /// Holds and ends of keys among them, which stay in force.
    pub kept: usize,
    /// Where the store from before lies now.
    pub aside: Option<PathBuf>,
}

/// How a backup is to be put back.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// The public key of the log.
    pub log_key: &'a LogVerifier,
    /// Fingerprints of the configured peppers.
    pub peppers: &'a [String],
    /// Whether events may be lost.
    pub accept_loss: bool,
    /// Whether nothing is done but looked at.
    pub dry_run: bool,
}

impl Store {
    /// Copies a store into a new directory, as it is at one moment, also while a gate writes to it.
    /// The copy is verified as a whole.
    ///
    /// # Errors
    /// [`StoreError`]: the store can't be read or is damaged, or the directory is not empty.
    pub async fn backup(path: &Path, dir: &Path, now: Wall) -> Result<Manifest, StoreError> {
        if files::look(path)? == Found::Nothing {
            let why = "there is no store; `portcullis init` makes one";
            return Err(StoreError::not_readable(path, why));
        }
        let taken = fs::read_dir(dir).is_ok_and(|mut entries| entries.next().is_some());
        if taken {
            return Err(StoreError::backup(dir, "it holds files already; name a new directory"));
        }
        let copy = dir.join(DATABASE);
        files::make_directory(&copy)?;
        copy_database(path, &copy).await?;
        let found = Self::inspect(&copy, None).await?;
        whole(&copy, &found)?;
        let mut reader = database::reader(&copy).await?;
        let note = newest(&mut reader, &copy).await;
        database::close(reader).await;
        let checkpoint = note?;
        let unwritten = |error: io::Error| StoreError::backup(dir, error);
        files::write_checkpoint(&copy, &checkpoint).map_err(unwritten)?;
        let mut names = vec![DATABASE.to_owned(), format!("{DATABASE}.checkpoint")];
        for kind in MEASURED.into_iter().chain(QUEUES) {
            let (from, to) = (path.with_extension(kind), copy.with_extension(kind));
            if !from.exists() {
                continue;
            }
            if QUEUES.contains(&kind) {
                copy_database(&from, &to).await?;
            } else {
                copy_file(&from, &to).map_err(unwritten)?;
            }
            names.push(format!("portcullis.{kind}"));
        }
        let copied = names.into_iter().map(|name| {
            let sha256 = manifest::digest(&dir.join(&name))?;
            Ok(Copied { name, sha256 })
        });
        let manifest = Manifest {
            made: now.rfc3339(),
            events: found.events,
            checkpoint,
            peppers: peppers(&copy).await?,
            files: copied.collect::<io::Result<_>>().map_err(unwritten)?,
        };
        manifest.write(dir).map_err(unwritten)?;
        Ok(manifest)
    }

    /// Puts a backup in the place of a store that nobody serves. What the guard beside it keeps is in
    /// force again at the next start. The store from before is moved aside. What is only looked at may
    /// be served meanwhile.
    ///
    /// # Errors
    /// [`StoreError`]: a gate serves the store, the backup is not whole or of another log or pepper, or
    /// events would be lost and nobody said that they may.
    pub async fn restore(
        path: &Path,
        dir: &Path,
        wanted: Wanted<'_>,
    ) -> Result<PutBack, StoreError> {
        let backup = manifest::read(dir)?;
        let copy = dir.join(DATABASE);
        let found = Self::inspect(&copy, Some(wanted.log_key)).await?;
        whole(&copy, &found)?;
        if let Some(missing) = backup.peppers.iter().find(|one| !wanted.peppers.contains(one)) {
            let why = format!(
                "its keys were made under the pepper `{missing}`, which is not configured: no key would be known; configure it as `pepper` or `pepper_previous`"
            );
            return Err(StoreError::backup(dir, why));
        }
        let lock = if wanted.dry_run {
            None
        } else {
            files::make_directory(path)?;
            Some(files::lock(path)?)
        };
        let (mut kept, before) = present(path, wanted.log_key.name()).await?;
        let last = kept.size.checked_sub(1).filter(|last| *last >= backup.events);
        let lost = last.map(|last| (backup.events, last));
        let apart = |rev: u64| rev >= backup.events;
        let stays =
            kept.taken.records.iter().filter(|one| apart(one.rev) && !one.event.gives_back());
        let mut done =
            PutBack { kept: stays.count(), events_before: before, lost, aside: None, backup };
        if wanted.dry_run {
            return Ok(done);
        }
        if let (Some((from, to)), false) = (lost, wanted.accept_loss) {
            return Err(StoreError::Loses { path: path.to_owned(), from, to, kept: done.kept });
        }
        // The guard comes first: from here on no start gives back what was taken.
        let unwritten = |error: io::Error| StoreError::not_writable(path, error);
        kept.write(path).map_err(unwritten)?;
        done.aside = aside(path).map_err(unwritten)?;
        in_place(&copy, path).map_err(unwritten)?;
        files::write_checkpoint(path, &done.backup.checkpoint).map_err(unwritten)?;
        drop(lock);
        Ok(done)
    }
}

/// SQLite's own copy of one moment.
async fn copy_database(path: &Path, copy: &Path) -> Result<(), StoreError> {
    let mut reader = database::reader_beside(path).await?;
    // SQLite takes an empty file, and would make one of its own for everybody to read: a queue holds
    // the secrets of hooks.
    files::make_private(copy)?;
    let to = copy.to_string_lossy().into_owned();
    let copied = sqlx::query("VACUUM INTO ?").bind(to).execute(&mut reader).await;
    database::close(reader).await;
    copied.map_err(|error| StoreError::on_read(path, None, &error))?;
    let synced = File::open(copy).and_then(|file| file.sync_all());
    synced.map_err(|error| StoreError::not_writable(copy, error))
}

fn whole(path: &Path, found: &Verification) -> Result<(), StoreError> {
    match &found.fault {
        Some(fault) => Err(StoreError::damaged(path, fault.clone())),
        None => Ok(()),
    }
}

async fn newest(reader: &mut sqlx::SqliteConnection, path: &Path) -> Result<String, StoreError> {
    let size = database::last_checkpoint(reader, path).await?;
    let note = database::checkpoints(reader, path, size, 1).await?.pop();
    Ok(note.map(|(_, note)| note).unwrap_or_default())
}

/// Fingerprints of the peppers that keys of a store need.
async fn peppers(path: &Path) -> Result<Vec<String>, StoreError> {
    let mut reader = database::reader(path).await?;
    let walked = walk(&mut reader, path, Walked::default(), START).await;
    database::close(reader).await;
    let walked = walked.map_err(|stopped| stopped.into_error(path))?;
    let needed = walked.state.current().peppers().filter(|(_, keys)| *keys > 0);
    Ok(needed.map(|(name, _)| name.to_owned()).collect())
}

const START: Depth = Depth::Start { gather: u64::MAX };

/// The guard of the store there is, brought up to date from it, and how many events it has.
async fn present(path: &Path, name: &str) -> Result<(Kept, Option<u64>), StoreError> {
    let mut kept = guard::read(path)?.unwrap_or_else(|| Kept::new(name));
    if files::look(path).is_ok_and(|found| found == Found::Nothing) {
        return Ok((kept, None));
    }
    // A damaged store is what backups are for: whatever can be told of it counts.
    let signed = files::read_checkpoint(path)?;
    let signed = signed.and_then(|note| portcullis_audit::Checkpoint::claimed(&note).ok());
    let mut size = signed.map_or(0, |signed| signed.size);
    if let Ok(mut reader) = database::reader(path).await {
        let depth = Depth::Start { gather: kept.size };
        // One moment of it, where a gate goes on writing.
        let on_read = |error| StoreError::on_read(path, None, &error);
        let walked = match reader.begin().await.map_err(on_read) {
            Ok(mut view) => walk(&mut view, path, Walked::default(), depth).await,
            Err(error) => Err(Stopped::Error(error)),
        };
        database::close(reader).await;
        match walked {
            Ok(walked) => {
                size = size.max(walked.check.size());
                kept.take(walked.narrowings);
            }
            Err(Stopped::Fault(check, _)) => size = size.max(check.size()),
            Err(Stopped::Error(_)) => {}
        }
    }
    kept.size = kept.size.max(size);
    Ok((kept, Some(size)))
}

/// Moves what there is of a store aside.
fn aside(path: &Path) -> io::Result<Option<PathBuf>> {
    let aside = beside(path, ".before-restore");
    let _ = fs::remove_file(beside(path, "-shm"));
    for suffix in ["-wal", ""] {
        let from = beside(path, suffix);
        if from.exists() {
            fs::rename(from, beside(&aside, suffix))?;
        }
    }
    Ok(Some(aside).filter(|aside| aside.exists()))
}

/// Copies a database and what goes with it into place.
fn in_place(copy: &Path, path: &Path) -> io::Result<()> {
    for kind in MEASURED.into_iter().chain(QUEUES).chain([DROPPED]) {
        let (from, to) = (copy.with_extension(kind), path.with_extension(kind));
        for suffix in ["", "-wal", "-shm"] {
            files::remove(&beside(&to, suffix))?;
        }
        if from.exists() && kind != DROPPED {
            copy_file(&from, &to)?;
        }
    }
    // What witnesses signed says nothing of what is lost.
    files::remove(&files::cosigned_path(path))?;
    let fresh = beside(path, ".new");
    copy_file(copy, &fresh)?;
    fs::rename(fresh, path)
}

/// Copies a file, for its owner only, whoever may read what it is copied from.
fn copy_file(from: &Path, to: &Path) -> io::Result<()> {
    let mut to = files::private().truncate(true).open(to)?;
    io::copy(&mut File::open(from)?, &mut to)?;
    to.sync_all()
}
