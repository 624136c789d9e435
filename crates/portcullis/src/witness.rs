//! `portcullis witness`: cosigns checkpoints of logs that it has seen only grow.
//!
//! Stands alone: no store, no configuration. The newest checkpoint of each log lies in a file of its
//! own and is on the disk before it is signed.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context;
use clap::Args;
use portcullis_audit::{AddCheckpoint, Checkpoint, LogVerifier, Witness, WitnessError, WitnessKey};
use portcullis_control::{CosignError, Cosigner, serve_witness};
use portcullis_types::Clock as _;
use sha2::{Digest as _, Sha256};

use crate::clock::SystemClock;
use crate::config::secret_in;
use crate::gate::set::hex;
use crate::offline::publish;
use crate::serve::Stop;
use crate::talk;

/// Options of `witness`.
#[derive(Debug, Args)]
pub(crate) struct WitnessArgs {
    /// Address and port to listen on; anybody may ask, only known logs are signed
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9911")]
    listen: SocketAddr,
    /// What this witness is called, such as `witness.example.com/w1`
    #[arg(long, value_name = "NAME")]
    name: String,
    /// The file with its secret key, 64 hex digits; `openssl rand -hex 32` makes one
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// The directory that keeps the newest checkpoint of each log; must never be set back
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
    /// The public key of a log, `name+id+key`; repeat for more, and for the next key of the same log
    #[arg(long, value_name = "VKEY", required = true)]
    log: Vec<String>,
}

/// Runs it.
pub(crate) fn run(args: &WitnessArgs) -> anyhow::Result<ExitCode> {
    let desk = Arc::new(Desk::open(args)?);
    let listener = TcpListener::bind(args.listen).with_context(|| {
        format!("the witness can't listen on {}; name another with `--listen`", args.listen)
    })?;
    let at = listener.local_addr().context("the listener has no address")?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .context("the runtime can't start")?;
    let mut stop = {
        let _inside = runtime.enter();
        Stop::watch()?
    };
    talk::info(&format!("cosigning on http://{at} as {}", desk.witness.key().public()));
    runtime.block_on(serve_witness(desk, listener, async move { stop.asked().await }))?;
    talk::info("stopped");
    Ok(ExitCode::SUCCESS)
}

/// The witness with its files.
struct Desk {
    witness: Witness,
    state: PathBuf,
    clock: SystemClock,
    /// One request at a time: what was compared must still be so when it is kept.
    turn: Mutex<()>,
    _lock: File,
}

impl Desk {
    fn open(args: &WitnessArgs) -> anyhow::Result<Self> {
        let secret = secret_in(&args.key, true)?;
        let key = WitnessKey::from_text(&args.name, secret.expose())
            .with_context(|| format!("`{}` with `--name {}`", args.key.display(), args.name))?;
        let logs = args.log.iter().map(|log| log.parse::<LogVerifier>());
        let logs = logs.collect::<Result<Vec<_>, _>>().context("`--log`")?;
        let state = args.state.clone();
        let told = || format!("`{}` can't be used", state.display());
        std::fs::create_dir_all(&state).with_context(told)?;
        let lock = File::create(state.join("lock")).with_context(told)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                anyhow::bail!(
                    "another witness uses `{}`; give this one a directory of its own",
                    state.display()
                )
            }
            Err(TryLockError::Error(error)) => return Err(error).with_context(told),
        }
        let (witness, clock) = (Witness::new(key, logs), SystemClock::start());
        Ok(Self { witness, state, clock, turn: Mutex::new(()), _lock: lock })
    }

    fn path(&self, origin: &str, kind: &str) -> PathBuf {
        // A log's name may hold any visible character; a file's may not.
        self.state.join(format!("{}.{kind}", hex(&Sha256::digest(origin))))
    }

    /// What was signed last. A file that can't be read must not pass for none.
    fn last(&self, path: &Path) -> Result<Option<Checkpoint>, CosignError> {
        match std::fs::read_to_string(path) {
            Ok(note) => Checkpoint::claimed(&note).map(Some).map_err(|error| not_kept(path, error)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(not_kept(path, error)),
        }
    }

    /// Two histories under the log's own signature are proof against it; the first is kept.
    fn accuse(&self, origin: &str, note: &str, error: &WitnessError) {
        let path = self.path(origin, "refused");
        if !path.exists()
            && let Err(error) = publish(&path, note.as_bytes())
        {
            talk::error(&format!("`{}` can't be written: {error}", path.display()));
        }
        talk::error(&format!(
            "the log `{origin}` was not signed: {error}; what it showed is kept in `{}`; where its operator put back a backup and says so, it takes another witness: \"Witnesses after a restore\" in docs/operating.md",
            path.display()
        ));
    }
}

impl Cosigner for Desk {
    fn add(&self, request: &str) -> Result<String, CosignError> {
        let request: AddCheckpoint = request.parse()?;
        let now = self.witness.opened(&request.note)?;
        let path = self.path(&now.origin, "checkpoint");
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let last = self.last(&path)?;
        if let Err(error) = Witness::grew(&request, &now, last.as_ref()) {
            if matches!(error, WitnessError::Forked(_) | WitnessError::NotShown(_)) {
                self.accuse(&now.origin, &request.note, &error);
            }
            return Err(error.into());
        }
        if last.as_ref() != Some(&now) {
            publish(&path, request.note.as_bytes()).map_err(|error| not_kept(&path, error))?;
        }
        Ok(self.witness.sign(&now, self.clock.now().wall.0 / 1000))
    }
}

fn not_kept(path: &Path, error: impl std::fmt::Display) -> CosignError {
    CosignError::NotKept(format!("`{}`: {error}", path.display()))
}
