//! Why a store can't be opened or read, and what to do about it.

use std::path::{Path, PathBuf};

use portcullis_audit::Fault;

/// Why a store can't be opened or read. The file is as it was.
#[derive(Debug, Clone, Eq, PartialEq, thiserror::Error)]
pub enum StoreError {
    /// Another process serves it.
    #[error("`{}` is in use: another portcullis holds `{}`; stop that one first, or give this one a store of its own", path.display(), lock.display())]
    Locked {
        /// The store.
        path: PathBuf,
        /// The lock file.
        lock: PathBuf,
    },
    /// Written by a newer program.
    #[error("`{}` has schema version {found} and this program knows {known}; install the newer portcullis that wrote it", path.display())]
    Newer {
        /// The store.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// Ours.
        known: i64,
    },
    /// It holds an event that only a newer program knows.
    #[error("event {revision} of `{}` is of a kind this program does not know, `{kind}`; start the newer portcullis that wrote it (the file was left untouched)", path.display())]
    NewerEvent {
        /// The store.
        path: PathBuf,
        /// The first such event.
        revision: u64,
        /// Its kind.
        kind: String,
    },
    /// Some other file.
    #[error("`{}` is not a Portcullis store: {why}; name the right file, or move this one away to start a new log", path.display())]
    NotAStore {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        why: String,
    },
    /// Shorter than it says itself.
    #[error("`{}` is truncated: it has {bytes} bytes of {expected}; restore it from a backup (the file was left untouched)", path.display())]
    Truncated {
        /// The store.
        path: PathBuf,
        /// How long it is.
        bytes: u64,
        /// How long it should be.
        expected: u64,
    },
    /// Something in it was changed.
    #[error("`{}` is damaged{}; restore it from a backup (the file was left untouched)", path.display(), place(fault))]
    Damaged {
        /// The store.
        path: PathBuf,
        /// The first bad revision and why.
        fault: Fault,
    },
    /// The directory or file can't be made or written.
    #[error("can't write `{}`: {why}; check that the directory exists, its owner, and the free space", path.display())]
    NotWritable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
    /// The file can't be read.
    #[error("can't read `{}`: {why}", path.display())]
    NotReadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
    /// A directory is no backup, or can't become one.
    #[error("`{}` can't be used as a backup: {why}", dir.display())]
    Backup {
        /// The directory.
        dir: PathBuf,
        /// Why not.
        why: String,
    },
    /// Putting a backup back would lose events.
    #[error("the backup is older than `{}`: events {from} to {to} would be lost, and the {kept} holds and ends of keys among them would stay in force; say `--accept-loss` to put it back all the same", path.display())]
    Loses {
        /// The store.
        path: PathBuf,
        /// The first revision.
        from: u64,
        /// The last.
        to: u64,
        /// How many narrowings stay.
        kept: usize,
    },
    /// The guard beside it can't be believed.
    #[error("`{}` is damaged at line {line}: it keeps holds and revocations that an older copy of the store does not know; put back the copy of it that is whole, or move it away if the store was not put back to an older state", path.display())]
    GuardDamaged {
        /// The guard.
        path: PathBuf,
        /// The first line that is wrong.
        line: usize,
    },
    /// The guard beside it is of another log.
    #[error("`{}` guards the log `{in_guard}` and the configuration says `{configured}`; use the log's own name, or move the guard away with its store", path.display())]
    GuardOfAnother {
        /// The guard.
        path: PathBuf,
        /// The name of its log.
        in_guard: String,
        /// The configured name.
        configured: String,
    },
    /// The configured log key is not the one in force.
    #[error(
        "the configured log key is `{configured}` and the log is signed by `{in_log}`; configure that key again, or, to rotate, give it as the previous log key beside the new one"
    )]
    OtherKey {
        /// Public form of the configured one.
        configured: String,
        /// Public form of the one in force.
        in_log: String,
    },
    /// The configured name of the log is another.
    #[error("the log in `{}` is named `{in_log}` and the configuration says `{configured}`; use the log's own name", path.display())]
    OtherName {
        /// The store.
        path: PathBuf,
        /// The configured name.
        configured: String,
        /// Its name.
        in_log: String,
    },
}

impl StoreError {
    pub(crate) fn not_writable(path: &Path, why: impl ToString) -> Self {
        Self::NotWritable { path: path.to_owned(), why: why.to_string() }
    }

    pub(crate) fn not_readable(path: &Path, why: impl ToString) -> Self {
        Self::NotReadable { path: path.to_owned(), why: why.to_string() }
    }

    pub(crate) fn backup(dir: &Path, why: impl ToString) -> Self {
        Self::Backup { dir: dir.to_owned(), why: why.to_string() }
    }

    pub(crate) fn damaged(path: &Path, fault: Fault) -> Self {
        Self::Damaged { path: path.to_owned(), fault }
    }

    /// What SQLite says on reading, as one of ours. `revision` is what was being read.
    pub(crate) fn on_read(path: &Path, revision: Option<u64>, error: &sqlx::Error) -> Self {
        match sqlite_code(error) {
            Some(11 | 26) => {
                let why = format!("the file is not readable here ({})", said(error));
                Self::damaged(path, Fault { revision, why })
            }
            _ => Self::not_readable(path, said(error)),
        }
    }
}

/// SQLite's primary result code (the low byte of the extended one).
pub(crate) fn sqlite_code(error: &sqlx::Error) -> Option<i64> {
    let code = error.as_database_error()?.code()?;
    code.parse::<i64>().ok().map(|code| code & 0xff)
}

/// What SQLite says, in words an operator can act on.
pub(crate) fn said(error: &sqlx::Error) -> String {
    let words = match sqlite_code(error) {
        Some(5 | 6) => "another program holds the file locked",
        Some(8) => "the file or its directory is read-only",
        Some(10) => "the disk does not take or give data (input/output error, quota or size limit)",
        Some(13) => "there is no space left for the file (disk full, quota or size limit)",
        Some(14) => "the file can't be opened; check its path and owner",
        _ => {
            return error
                .as_database_error()
                .map_or_else(|| error.to_string(), |e| e.message().to_owned());
        }
    };
    words.to_owned()
}

/// Where it is damaged, and why.
fn place(fault: &Fault) -> String {
    if fault.revision.is_some() { format!(" at {fault}") } else { format!(": {fault}") }
}
