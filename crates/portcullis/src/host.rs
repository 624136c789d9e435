//! The machine, as the command line sees it: files, variables, standard input.
//!
//! Must not know commands.

use std::fs::File;
use std::io::{self, IsTerminal as _, Read, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use portcullis_audit::{Kept, LogVerifier, Verification};
use portcullis_cli::{Changes, Deployment, Host};
use portcullis_types::{Clock as _, Wall};
use portcullis_yaml::Fault;

use crate::clock::SystemClock;

/// Started with the first look at it.
static CLOCK: LazyLock<SystemClock> = LazyLock::new(SystemClock::start);

/// The real machine.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Machine;

impl Host for Machine {
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok().filter(|value| !value.is_empty())
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        std::fs::read(path)
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn Read>> {
        Ok(Box::new(File::open(path)?))
    }

    fn stream(&self) -> io::Result<Box<dyn Read>> {
        Ok(Box::new(io::stdin()))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<PathBuf>> {
        let entries = std::fs::read_dir(dir)?.map(|entry| entry.map(|entry| entry.path()));
        let mut paths = entries.collect::<io::Result<Vec<_>>>()?;
        paths.sort();
        Ok(paths)
    }

    fn is_dir(&self, path: &Path) -> bool {
        path.is_dir()
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn Write>> {
        let file = std::fs::OpenOptions::new().write(true).create_new(true).open(path)?;
        Ok(Box::new(io::BufWriter::new(file)))
    }

    fn create_private(&self, path: &Path) -> io::Result<Box<dyn Write>> {
        let mut options = std::fs::OpenOptions::new();
        let file = options.write(true).create_new(true).mode(0o600).open(path)?;
        Ok(Box::new(io::BufWriter::new(file)))
    }

    fn replace(&self, path: &Path) -> io::Result<Box<dyn Write>> {
        Ok(Box::new(File::create(path)?))
    }

    fn elapsed(&self) -> Option<Duration> {
        Some(Duration::from_nanos(CLOCK.now().mono.0))
    }

    fn now(&self) -> Wall {
        CLOCK.now().wall
    }

    fn watch(&self, dirs: &[PathBuf]) -> io::Result<Changes> {
        crate::changes::watch(dirs).map_err(io::Error::other)
    }

    fn input(&self) -> io::Result<String> {
        io::read_to_string(io::stdin())
    }

    fn deployment(&self, config: &Path) -> Result<Deployment, Vec<Fault>> {
        let config = crate::config::load(config)?;
        let token = config.base.join("secrets/admin-token");
        Ok(Deployment {
            admin: format!("http://{}", config.admin_listen),
            token_file: token.exists().then_some(token),
            routes: config.routes,
            policies: config.policies,
            root: config.base,
        })
    }

    fn secret(&self, ask: &str) -> io::Result<String> {
        if io::stdin().is_terminal() {
            return rpassword::prompt_password(ask);
        }
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        Ok(line)
    }

    fn keep(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        crate::offline::keep(path, content)
    }

    fn forget(&self, path: &Path) -> io::Result<()> {
        std::fs::remove_file(path)
    }

    fn publish(&self, path: &Path, content: &[u8]) -> io::Result<()> {
        crate::offline::publish(path, content)
    }

    fn verify(
        &self,
        db: &Path,
        trusted: Option<&LogVerifier>,
        kept: Vec<Kept>,
    ) -> Result<Verification, String> {
        crate::offline::verify(db, trusted, kept)
    }

    fn past(&self, db: &Path, when: serde_json::Value) -> Result<serde_json::Value, String> {
        crate::offline::past(db, when, self.now())
    }

    fn export(&self, db: &Path, line: &mut dyn FnMut(String) -> bool) -> Result<(), String> {
        crate::offline::export(db, line)
    }

    fn ledger(
        &self,
        dir: &Path,
        evidence: &serde_json::Value,
        others: &[serde_json::Value],
    ) -> Result<serde_json::Value, String> {
        crate::gate::ask_again(dir, evidence, others)
    }
}
