//! Opening a store: lock, look, walk, and only then write.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use portcullis_audit::{LogKey, Peaks};
use portcullis_registry::{Actor, ActorKind, Blob, Event, Place, RotatedSecret, State};
use portcullis_types::{Revision, Wall};
use sqlx::SqliteConnection;

use crate::append::{AppendError, Batch, Log};
use crate::database;
use crate::error::StoreError;
use crate::files::{self, Found, Lock};
use crate::guard::{self, Guard, Kept, Taken};
use crate::recover::{Depth, Walked, walk};

/// Where the store is and who signs.
#[derive(Debug)]
pub struct Options {
    /// The SQLite file. Beside it lie `.lock`, `.checkpoint`, `.guard`, and SQLite's own `-wal` and `-shm`.
    pub path: PathBuf,
    /// The key that signs the log; its name is the log's name.
    pub log_key: LogKey,
    /// The key before it: given once to rotate, and for as long as both are to sign.
    pub previous_log_key: Option<LogKey>,
}

/// An open store: the lock and the end of the log. Nobody else can write to it.
#[derive(Debug)]
pub struct Store {
    pub(crate) log: Log,
    pub(crate) guard: Option<Guard>,
    pub(crate) lock: Lock,
}

/// A policy set that is in force: revision, names and texts.
pub type Policy = Option<(Revision, Vec<(String, Arc<str>)>)>;

/// What opening yields.
#[derive(Debug)]
pub struct Opened {
    /// To be handed to the writer.
    pub store: Store,
    /// The state, folded from the log.
    pub state: State,
    /// The policy set in force: revision, names and texts.
    pub policy: Policy,
    /// What happened.
    pub recovered: Recovered,
}

/// What opening did.
#[derive(Debug, Clone, Copy, Default, Eq, PartialEq)]
pub struct Recovered {
    /// Whether the log was begun just now.
    pub created: bool,
    /// Whether the log key was rotated just now.
    pub rotated: bool,
    /// How many events there are.
    pub events: u64,
    /// The first and last revision that were acknowledged once and are gone.
    pub lost: Option<(u64, u64)>,
    /// How many narrowings that the log did not know were put in force again.
    pub put_back: usize,
}

impl Store {
    /// Opens a store, or begins one where there is none. A damaged file is not written to.
    ///
    /// # Errors
    /// [`StoreError`]: every variant says what to do.
    pub async fn open(options: Options, now: Wall) -> Result<Opened, StoreError> {
        Self::open_after(options, None, now).await
    }

    /// The same, where some of the log was read before.
    pub(crate) async fn open_after(
        options: Options,
        known: Option<Walked>,
        now: Wall,
    ) -> Result<Opened, StoreError> {
        let Options { path, log_key, previous_log_key } = options;
        files::make_directory(&path)?;
        let lock = files::lock(&path)?;
        let beside = files::read_checkpoint(&path)?;
        let kept = guard::read(&path)?;
        let name = log_key.public().name().to_owned();
        let kept = kept.unwrap_or_else(|| Kept::new(&name));
        let walked = match files::look(&path)? {
            Found::Nothing => None,
            Found::Database => {
                // What the guard does not know must be read anew.
                let known = known.filter(|known| known.check.size() <= kept.size);
                let reader = database::reader(&path).await?;
                recover(reader, &path, (known, beside.clone()), Depth::Start { gather: kept.size })
                    .await?
            }
        };
        // A log of another name is refused as such below.
        let in_log = walked.as_ref().and_then(|(walked, _)| walked.check.key());
        if kept.name != name && in_log.is_none_or(|key| key.name() == name) {
            let (path, in_guard) = (guard::path_of(&path), kept.name);
            return Err(StoreError::GuardOfAnother { path, in_guard, configured: name });
        }
        let (mut opened, events, narrowings) = match walked {
            Some((mut walked, policy)) => {
                let narrowings = std::mem::take(&mut walked.narrowings);
                let keys = (log_key, previous_log_key);
                let events = walked.check.size();
                (resume(path, lock, keys, walked, policy, now).await?, events, narrowings)
            }
            None => {
                refuse_vanished(&path, beside.as_deref())?;
                (begin(path, lock, log_key, now).await?, 0, Taken::default())
            }
        };
        opened.put_back(kept, (events, narrowings), now).await?;
        Ok(opened)
    }
}

/// Reads all there is after what is known, through a connection that can't write.
pub(crate) async fn recover(
    mut reader: SqliteConnection,
    path: &Path,
    (known, beside): (Option<Walked>, Option<String>),
    depth: Depth,
) -> Result<Option<(Walked, Policy)>, StoreError> {
    let found = async {
        // Somebody else may be writing: what is read is of one moment.
        database::at_one_moment(&mut reader, path).await?;
        if database::schema(&mut reader, path).await?.is_none() {
            return Ok(None);
        }
        let mut known = known.unwrap_or_default();
        known.check.beside(beside.as_deref()).map_err(|fault| StoreError::damaged(path, fault))?;
        let walked = match walk(&mut reader, path, known, depth).await {
            Ok(walked) => walked,
            Err(stopped) => return Err(stopped.into_error(path)),
        };
        let mut policy = None;
        if let Some(set) = walked.state.current().policy() {
            let mut files = Vec::with_capacity(set.files.len());
            for file in &set.files {
                // The walk has compared its digest; only text was ever put in.
                let body = database::blob(&mut reader, path, &file.sha256).await?;
                let text = String::from_utf8_lossy(&body.unwrap_or_default()).into_owned();
                files.push((file.name.clone(), Arc::from(text)));
            }
            policy = Some((set.revision, files));
        }
        Ok(Some((walked, policy)))
    };
    let found = found.await;
    database::close(reader).await;
    found
}

/// A log that was there is not begun anew.
fn refuse_vanished(path: &Path, beside: Option<&str>) -> Result<(), StoreError> {
    let Some(note) = beside else { return Ok(()) };
    let signed = portcullis_audit::Checkpoint::claimed(note).map_or(0, |found| found.size);
    let why = format!(
        "the log is gone: a checkpoint beside it is signed for {signed} events and 0 are there"
    );
    Err(StoreError::damaged(path, portcullis_audit::Fault { revision: Some(0), why }))
}

async fn begin(path: PathBuf, lock: Lock, key: LogKey, now: Wall) -> Result<Opened, StoreError> {
    files::make_private(&path)?;
    let connection = database::writer(&path).await?;
    let origin = key.public().name().to_owned();
    let opened = Event::LogOpened { origin, log_key: key.public().to_string() };
    let log = Log {
        connection,
        path,
        peaks: Peaks::default(),
        key,
        previous: None,
        last: Wall::default(),
        note: String::new(),
        fresh: true,
    };
    let recovered = Recovered { created: true, events: 1, ..Recovered::default() };
    let state = State::new();
    let mut out =
        Opened { store: Store { log, guard: None, lock }, state, policy: None, recovered };
    out.record(own(), (vec![opened], Vec::new()), now).await?;
    Ok(out)
}

async fn resume(
    path: PathBuf,
    lock: Lock,
    (key, previous): (LogKey, Option<LogKey>),
    walked: Walked,
    policy: Policy,
    now: Wall,
) -> Result<Opened, StoreError> {
    let Walked { check, state, last, .. } = walked;
    let peaks = check.peaks().clone();
    let (in_force, before) = (check.key().cloned(), check.key_before().cloned());
    let verification = check.finish(None);
    if let Some(fault) = verification.fault {
        return Err(StoreError::damaged(&path, fault));
    }
    let mut rotated = false;
    let previous = match &in_force {
        Some(in_log) if in_log == key.public() => {
            previous.filter(|old| Some(old.public()) == before.as_ref())
        }
        Some(in_log) if in_log.name() != key.public().name() => {
            let configured = key.public().name().to_owned();
            return Err(StoreError::OtherName {
                path,
                configured,
                in_log: in_log.name().to_owned(),
            });
        }
        in_log => match previous.filter(|old| Some(old.public()) == in_log.as_ref()) {
            Some(old) => {
                rotated = true;
                Some(old)
            }
            None => {
                let configured = key.public().to_string();
                let in_log = in_log.as_ref().map_or_else(String::new, ToString::to_string);
                return Err(StoreError::OtherKey { configured, in_log });
            }
        },
    };
    let connection = database::writer(&path).await?;
    let recovered = Recovered { rotated, events: peaks.size(), ..Recovered::default() };
    let note = String::new();
    let log = Log { connection, path, peaks, key, previous, last, note, fresh: false };
    let store = Store { log, guard: None, lock };
    let mut out = Opened { store, state, policy, recovered };
    if rotated {
        let public = out.store.log.key.public();
        let (fingerprint, log_key) = (public.fingerprint(), Some(public.to_string()));
        let what = RotatedSecret::LogKey;
        let rotated = Event::SecretRotated { what, fingerprint, log_key };
        out.record(own(), (vec![rotated], Vec::new()), now).await?;
    }
    Ok(out)
}

/// Who begins a log and rotates its key.
fn own() -> Actor {
    Actor { kind: ActorKind::Gate, id: "store".to_owned() }
}

impl Opened {
    /// Appends and folds events of the gate's own.
    pub(crate) async fn record(
        &mut self,
        actor: Actor,
        (events, blobs): (Vec<Event>, Vec<Blob>),
        now: Wall,
    ) -> Result<(), StoreError> {
        let log = &mut self.store.log;
        let path = log.path.clone();
        let first = log.next();
        let at = now.max(log.last);
        let batch = Batch { at, actor, approved: None, events, blobs, grants: Vec::new() };
        let not_written = |error: AppendError| StoreError::not_writable(&path, error);
        log.append(&batch).await.map_err(not_written)?;
        for (revision, event) in (first.0..).map(Revision).zip(&batch.events) {
            let place = Place { revision, ts: at, by: &batch.actor, approver: None };
            let folded = self.state.apply(place, event, &|_| None);
            folded.map_err(|error| StoreError::not_writable(&path, error))?;
        }
        self.recovered.events = log.next().0;
        Ok(())
    }
}
