//! The gate as a whole: what is opened in which order, and how it ends.
//!
//! The only place that joins store, judge, data plane and control plane.

mod agent;
mod aside;
mod back;
mod board;
pub(crate) mod bootstrap;
mod budgets;
mod care;
mod certs;
mod checker;
mod drift;
mod hooks;
mod issuer;
mod kept;
mod keymaker;
mod listed;
mod memory;
mod open;
mod pace;
mod page;
mod people;
mod plane;
mod platform;
mod preview;
mod probe;
mod recall;
mod reload;
mod repeats;
mod rotation;
pub(crate) mod set;
mod signals;
mod sink;
mod sockets;
mod traces;
mod usage;
mod weighed;
mod witnesses;

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use anyhow::Context;
use portcullis_judge::Judge;
use portcullis_proxy::{Metrics, Running};
use portcullis_registry::{
    Actor, ActorKind, Command, Done, Evidence as _, GrantsBatch, Office, UsageBook,
};
use portcullis_types::Revision;
use tokio::sync::oneshot;

use crate::config::Config;
use crate::talk;
use board::Board;
use keymaker::Minter;
use open::OpenStore;
pub(crate) use open::log_key;
use sink::Join;

/// A gate that serves. Ends with [`Gate::stop`].
pub(crate) struct Gate {
    runtime: tokio::runtime::Runtime,
    store: OpenStore,
    judge: Arc<Judge>,
    board: Arc<Board>,
    plane: Running,
    telling: Option<traces::Telling>,
    watching: Option<reload::Watching>,
    budgets: kept::Keeper,
    signals: signals::Recording,
    usage: kept::Keeper,
    stop_admin: oneshot::Sender<()>,
    public: SocketAddr,
    reached_at: String,
    admin: SocketAddr,
    key_env: String,
    drain: std::time::Duration,
}

impl Gate {
    /// Opens the store, puts the logged set in force, and serves.
    pub(crate) fn start(config: Config) -> anyhow::Result<Self> {
        let mut handed = sockets::HandedOver::from_environment()?;
        let admin_socket = handed.admin(config.admin_listen)?;
        let runtime = open::control_runtime()?;
        runtime.block_on(async { open::survive_file_limits() })?;
        let judge = issuer::trust(&config, &runtime, open::judge(&config)?)?;
        let board = Arc::new(Board::default());
        let cutter = Arc::new(OnceLock::new());
        let calls = Arc::new(UsageBook::new());
        let join = Arc::new(Join {
            judge: Arc::clone(&judge),
            board: Arc::clone(&board),
            usage: Arc::clone(&calls),
            cutter: Arc::clone(&cutter),
        });
        let store = runtime.block_on(open::open(&config, join))?;
        open::tell(&config, &store);
        let office: Arc<dyn Office> = Arc::new(store.office.clone());
        in_force(&config, &runtime, &office, &board)?;
        rotation::record(&config, &runtime, &office, &judge, &board)?;
        people::rule(&config, &runtime, &office)?;
        budgets::restore(&judge, &config.store);
        usage::restore(&calls, &config.store);
        let metrics = Arc::new(Metrics::new());
        let [remembers, remembers_partners] = repeats::open(&config, &runtime);
        let witnesses = witnesses::start(&config, &runtime, &office)?;
        let partners = Arc::new(aside::PartnerDoor::new(&aside::Parts {
            config: &config,
            judge: &judge,
            office: &office,
            usage: &calls,
            runtime: runtime.handle(),
            remembers: remembers_partners,
            witnesses: witnesses.clone(),
        }));
        let memory = memory::watch(&runtime, config.limits.memory_bytes);
        let names = (&office, &board);
        let shared =
            plane::Shared { judge: &judge, metrics: &metrics, usage: &calls, memory, names };
        let (entries, certificates) = certs::open(&config, &mut handed)?;
        handed.none_left()?;
        let (running, telling) =
            plane::start(&config, entries, &shared, Arc::clone(&partners) as _)?;
        let (public, reached_at) = (running.addr(), certs::reached_at(&config.listeners, &running));
        let _first = cutter.set(running.cutter());
        let hooks = hooks::start(&config, &runtime, &office)?;
        let platform = platform::start(&config, &runtime, &office)?;
        let figures = Arc::new(signals::Figures::new(config.holds_per_day as u64));
        let (stop_admin, stopped) = oneshot::channel();
        let admin = plane::control(
            &config,
            &plane::Parts {
                judge: Arc::clone(&judge),
                office: Arc::clone(&office),
                board: Arc::clone(&board),
                metrics,
                signals: Arc::clone(&figures),
                usage: Arc::clone(&calls),
                recaller: running.recaller(),
                looker: running.looker(),
                hook_figures: Arc::clone(hooks.figures()),
                hooks,
                remembers,
                witnesses,
                platform,
            },
        )?;
        partners.remember(Arc::clone(&admin.recall));
        let address = admin_socket.local_addr().context("the admin listener has no address")?;
        runtime.spawn(async move {
            let stop = async { stopped.await.unwrap_or(()) };
            if let Err(error) = admin.serve(admin_socket, stop).await {
                talk::error(&error.to_string());
            }
        });
        let signals = signals::record(signals::Parts {
            judge: Arc::clone(&judge),
            office: Arc::clone(&office),
            figures,
            runtime: runtime.handle().clone(),
        })?;
        let reload = reload::Reload {
            routes: config.routes.clone(),
            policies: config.policies.clone(),
            certificates,
            upstreams: listed::Listed::new(&config, running.exchanger()),
            board: Arc::clone(&board),
            office,
            runtime: runtime.handle().clone(),
        };
        Ok(Self {
            watching: Some(reload.watch()?),
            budgets: budgets::keep(&judge, &config.store)?,
            signals,
            usage: usage::keep(calls, &config.store)?,
            runtime,
            store,
            judge,
            board,
            plane: running,
            telling,
            stop_admin,
            public,
            reached_at,
            admin: address,
            key_env: config.key_env.clone(),
            drain: config.timeouts.drain.duration(),
        })
    }

    /// Where partners call.
    pub(crate) fn public(&self) -> SocketAddr {
        self.public
    }

    /// Every address that partners call, as a sentence names them.
    pub(crate) fn reached_at(&self) -> &str {
        &self.reached_at
    }

    /// Looks at all files again, whether they seem to have changed or not.
    pub(crate) fn look(&self) {
        if let Some(watching) = &self.watching {
            watching.look();
        }
    }

    /// Where operators call.
    pub(crate) fn admin(&self) -> SocketAddr {
        self.admin
    }

    /// Carries out a command of somebody on this machine.
    pub(crate) fn submit(&self, actor: Actor, command: Command) -> anyhow::Result<Done> {
        Ok(self.runtime.block_on(self.store.submit(actor, command))?)
    }

    /// Takes in what accounts granted.
    pub(crate) fn grant(&self, actor: Actor, batch: GrantsBatch) -> anyhow::Result<()> {
        self.runtime.block_on(self.store.office.change_grants(actor, batch))?;
        Ok(())
    }

    /// Makes keys for this gate.
    pub(crate) fn minter(&self) -> Minter {
        Minter { judge: Arc::clone(&self.judge), env: self.key_env.clone() }
    }

    /// Verifies the log: whether it is clean, and a line about it.
    pub(crate) fn verify(&self) -> anyhow::Result<(bool, String)> {
        let found = self.runtime.block_on(self.store.office.verify(Vec::new()))?;
        Ok((found.is_clean(), found.to_string()))
    }

    /// Calls under way finish within the drain time; then the log is closed.
    pub(crate) fn stop(mut self) {
        drop(self.watching.take());
        self.board.note(|notes| notes.stopping = true);
        let ended = self.plane.drain(self.drain);
        if ended.cut > 0 {
            talk::warn(&format!("{} connections were still open and were cut", ended.cut));
        }
        if let Some(telling) = self.telling.take() {
            telling.finish();
        }
        self.budgets.stop();
        self.signals.stop();
        self.usage.stop();
        // Last: what is held or revoked while calls end must be written down too.
        let _gone = self.stop_admin.send(());
        let lost = self.runtime.block_on(self.store.close());
        if lost > 0 {
            talk::error(&format!(
                "{lost} holds or revocations could not be written and are lost with this process; make room and repeat them"
            ));
        }
        self.runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    }
}

/// Sees to it that a set is in force: the logged one, or, in a new log, the one on disk.
fn in_force(
    config: &Config,
    runtime: &tokio::runtime::Runtime,
    office: &Arc<dyn Office>,
    board: &Arc<Board>,
) -> anyhow::Result<()> {
    let disk = set::read(&config.routes, &config.policies);
    let snapshot = office.snapshot();
    if let Some(policy) = snapshot.policy() {
        if let Some(fault) = board.notes().policy_fault {
            anyhow::bail!(
                "the set of revision {} in the log does not compile with this program, so nothing can be judged; start the version that wrote it, `portcullis apply` a set that both can read, then start this one again\n{fault}",
                policy.revision.0
            );
        }
        drift::tell(&disk, &policy.files, board);
        return Ok(());
    }
    let compiled = disk.and_then(|files| set::compile(&files, Revision(0)).map(|_| files));
    let files = compiled.map_err(|faults| {
        anyhow::anyhow!(
            "no set is in force yet, and the one on disk has faults\n{}",
            portcullis_yaml::Faults(faults)
        )
    })?;
    let actor = Actor { kind: ActorKind::Gate, id: "first start".to_owned() };
    let done = runtime.block_on(office.submit(actor, Command::PublishPolicy { files }))?;
    talk::info(&done.what);
    Ok(())
}
