//! Opens what a gate stands on: secrets made into keys, the store, the runtime of the control plane.
//!
//! Must not listen anywhere.

use std::sync::Arc;

use anyhow::Context;
use portcullis_audit::LogKey;
use portcullis_judge::{Bounds, Judge};
use portcullis_keys::{Pepper, Peppers};
use portcullis_registry::{Actor, BoxFuture, Command, Done, Office, OfficeError, Sink};
use portcullis_store::{OfficeHandle, Options, Recovered, Store, Writer};
use portcullis_types::Clock;

use super::upgrade::Predecessor;
use super::{force, set};
use crate::clock::SystemClock;
use crate::config::{Config, Secret};
use crate::talk;

/// An open store with its writer running.
pub(crate) struct OpenStore {
    pub office: OfficeHandle,
    pub recovered: Recovered,
}

impl OpenStore {
    /// Writes what waits and frees the lock; how many holds and revocations could not be written.
    pub(crate) async fn close(self) -> usize {
        self.office.close().await
    }
}

impl OpenStore {
    /// Submits a command.
    pub(crate) fn submit(
        &self,
        actor: Actor,
        command: Command,
    ) -> BoxFuture<'_, Result<Done, OfficeError>> {
        self.office.submit(actor, command)
    }
}

/// Opens the store and starts its writer on the current runtime.
///
/// Where a gate before this one serves the store, it lets go once all is read here.
pub(crate) async fn open(
    config: &Config,
    sink: Arc<dyn Sink>,
    before: Option<&Predecessor>,
) -> anyhow::Result<OpenStore> {
    let clock = Arc::new(SystemClock::start());
    let options = Options {
        path: config.store.clone(),
        log_key: log_key(config, &config.secrets.log_key, "secrets.log_key")?,
        previous_log_key: match &config.secrets.log_key_previous {
            Some(secret) => Some(log_key(config, secret, "secrets.log_key_previous")?),
            None => None,
        },
    };
    let mut opened = match before {
        None => Store::open(options, clock.now().wall).await?,
        Some(before) => {
            let following = Store::follow(options).await?;
            if let Some((revision, files)) = following.policy() {
                let compiled = set::compile(files, *revision);
                compiled.map_err(|faults| {
                    force::unreadable(*revision, &portcullis_yaml::Faults(faults).to_string())
                })?;
            }
            talk::info(&format!("{} events are read; taking over", following.events()));
            before.let_go()?;
            following.take(clock.now().wall).await?
        }
    };
    opened.state.take_reasons(config.reasons.clone());
    opened.state.take_retention(config.retention);
    opened.state.take_deletion_rules(config.deletions.clone());
    let recovered = opened.recovered;
    let office = Writer::start(opened, sink, clock).await?;
    Ok(OpenStore { office, recovered })
}

/// The key that signs the log.
pub(crate) fn log_key(config: &Config, secret: &Secret, name: &str) -> anyhow::Result<LogKey> {
    let key = LogKey::from_text(&config.log_name, secret.expose());
    key.with_context(|| format!("`{name}` can't be used"))
}

/// A judge with the configured peppers; it refuses everything until it has rules and a state.
pub(crate) fn judge(config: &Config) -> anyhow::Result<Arc<Judge>> {
    let pepper = |secret: &Secret, name: &str| {
        Pepper::from_text(secret.expose()).with_context(|| format!("`{name}` can't be used"))
    };
    let current = pepper(&config.secrets.pepper, "secrets.pepper")?;
    let previous = match &config.secrets.pepper_previous {
        Some(secret) => Some(pepper(secret, "secrets.pepper_previous")?),
        None => None,
    };
    let bounds = Bounds { body_bytes_max: config.limits.judged_body_bytes, ..Bounds::default() };
    Ok(Arc::new(Judge::new(Peppers::new(current, previous), bounds)))
}

/// A file that may not grow further is an error to handle, not the end of the process.
pub(crate) fn survive_file_limits() -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    // Having a handler is enough: writes then fail with an error that the store knows.
    let mut exceeded =
        signal(SignalKind::from_raw(libc::SIGXFSZ)).context("SIGXFSZ can't be caught")?;
    tokio::spawn(async move { while exceeded.recv().await.is_some() {} });
    Ok(())
}

/// The runtime of the control plane; calls of partners never run on it.
pub(crate) fn control_runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name("control")
        .enable_all()
        .build()
        .context("the control plane's runtime can't start")
}

/// Says what the log is found to hold.
pub(super) fn tell(config: &Config, store: &OpenStore) {
    talk::info(&format!(
        "the log in `{}` holds {} events and verifies",
        config.store.display(),
        store.recovered.events
    ));
    if let Some((from, to)) = store.recovered.lost {
        talk::error(&format!(
            "the store is older than it was: events {from} to {to} were acknowledged once and are gone; {} holds and ends of keys among them are in force again, and the loss is in the log",
            store.recovered.put_back
        ));
    }
    if store.recovered.rotated {
        talk::info(
            "rotation of the log key recorded: the log is signed by both keys as long as `log_key_previous` is configured; remove it once all who check the log have the new key",
        );
    }
}
