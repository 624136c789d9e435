//! What the command line needs from the machine it runs on.
//!
//! The binary fills it with the real file system and environment, tests with a directory of their
//! own. Must not know commands.

use std::io::{self, Cursor, Read, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use portcullis_audit::{Kept, LogVerifier, Verification};
use portcullis_types::Wall;
use portcullis_yaml::Fault;
use serde_json::Value;

/// Waits for the next change; no: there will be none.
pub type Changes = Box<dyn FnMut() -> bool>;

/// Files, variables, standard input, and what only the binary can read.
pub trait Host {
    /// The value of an environment variable.
    fn variable(&self, name: &str) -> Option<String>;

    /// The whole of a file.
    ///
    /// # Errors
    /// As the file system says.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// A file to be read piece by piece.
    ///
    /// # Errors
    /// As the file system says.
    fn open(&self, path: &Path) -> io::Result<Box<dyn Read>> {
        Ok(Box::new(Cursor::new(self.read(path)?)))
    }

    /// Standard input, to be read piece by piece.
    ///
    /// # Errors
    /// As the system says.
    fn stream(&self) -> io::Result<Box<dyn Read>> {
        Ok(Box::new(Cursor::new(self.input()?.into_bytes())))
    }

    /// The entries of a directory, sorted by name.
    ///
    /// # Errors
    /// As the file system says.
    fn list(&self, dir: &Path) -> io::Result<Vec<PathBuf>>;

    /// Whether a directory is there.
    fn is_dir(&self, path: &Path) -> bool;

    /// Makes a new file; an existing one is an error.
    ///
    /// # Errors
    /// As the file system says.
    fn create(&self, path: &Path) -> io::Result<Box<dyn Write>>;

    /// The same, for nobody else to read.
    ///
    /// # Errors
    /// As the file system says.
    fn create_private(&self, path: &Path) -> io::Result<Box<dyn Write>> {
        self.create(path)
    }

    /// Makes a file of results anew, in place of one that is there.
    ///
    /// # Errors
    /// As the file system says.
    fn replace(&self, path: &Path) -> io::Result<Box<dyn Write>> {
        self.create(path)
    }

    /// Time since the program began, for telling how fast something went; none where nobody wants
    /// to know.
    fn elapsed(&self) -> Option<Duration> {
        None
    }

    /// The time of day, for what is asked about now.
    fn now(&self) -> Wall {
        Wall::default()
    }

    /// Watches directories from now on. What it gives waits for the next change in one of them, and
    /// says no when nothing will change any more.
    ///
    /// # Errors
    /// When the directories can't be watched.
    fn watch(&self, dirs: &[PathBuf]) -> io::Result<Changes> {
        let _ = dirs;
        Ok(Box::new(|| false))
    }

    /// A line that nobody should see: at a terminal it is asked for with these words.
    ///
    /// # Errors
    /// As the system says, or when it is not UTF-8.
    fn secret(&self, ask: &str) -> io::Result<String> {
        let _ = ask;
        self.input()
    }

    /// Puts a file that only its owner may read in the place of one that may be there, with the
    /// directories above it.
    ///
    /// # Errors
    /// As the file system says.
    fn keep(&self, path: &Path, content: &[u8]) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// As the file system says.
    fn forget(&self, path: &Path) -> io::Result<()>;

    /// The whole of standard input as text.
    ///
    /// # Errors
    /// As the system says, or when it is not UTF-8.
    fn input(&self) -> io::Result<String>;

    /// Reads a deployment's configuration with the server's own reader.
    ///
    /// # Errors
    /// All faults of the file.
    fn deployment(&self, config: &Path) -> Result<Deployment, Vec<Fault>>;

    /// Puts a whole file in the place of one that may be there, with the directories above it. Who
    /// reads meanwhile, or after a crash, finds the old content or the new one.
    ///
    /// # Errors
    /// As the file system says.
    fn publish(&self, path: &Path, content: &[u8]) -> io::Result<()>;

    /// Verifies the log in a database file, without changing the file, as the server does, and
    /// compares it with what was kept elsewhere.
    ///
    /// # Errors
    /// Why the file can't be looked at, and what to do. A damaged log is no error but a finding.
    fn verify(
        &self,
        db: &Path,
        trusted: Option<&LogVerifier>,
        kept: Vec<Kept>,
    ) -> Result<Verification, String>;

    /// The state of then by the log in a database file, as `GET /v1/audit/at` tells it; `when` has the
    /// members of its query.
    ///
    /// # Errors
    /// Why it can't be told.
    fn past(&self, db: &Path, when: Value) -> Result<Value, String> {
        let _ = when;
        Err(format!("`{}` can't be read from here", db.display()))
    }

    /// Compares the files that an answer was read from with a copy of the ledger's folder, looks whether one
    /// of `others` holds answers of that time as well, and asks the question anew: `faults`, and the `answer`
    /// where there are none.
    ///
    /// # Errors
    /// Why the folder can't be read.
    fn ledger(&self, dir: &Path, evidence: &Value, others: &[Value]) -> Result<Value, String> {
        let _ = (evidence, others);
        Err(format!("`{}` can't be read from here", dir.display()))
    }

    /// Hands out the log in a database file as the lines of an export. `line` says whether to go on.
    ///
    /// # Errors
    /// Why the file can't be read.
    fn export(&self, db: &Path, line: &mut dyn FnMut(String) -> bool) -> Result<(), String>;
}

/// The parts of a deployment's configuration that a client needs.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// The directory that names in it are relative to.
    pub root: PathBuf,
    /// The folder of route files.
    pub routes: PathBuf,
    /// The folder of policy files.
    pub policies: PathBuf,
    /// The admin API's URL, such as `http://127.0.0.1:9901`.
    pub admin: String,
    /// Where the admin token lies, where it lies in a file.
    pub token_file: Option<PathBuf>,
}
