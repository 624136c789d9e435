//! The gate as a whole: what is opened in which order, and how it ends.
//!
//! The only place that joins store, judge, data plane and control plane.

mod agent;
mod aside;
mod asked;
mod back;
mod board;
pub(crate) mod bootstrap;
mod budgets;
mod care;
mod certs;
mod checker;
mod deletions;
mod drift;
mod force;
pub(crate) mod heap;
mod hooks;
mod issuer;
mod kept;
mod keymaker;
mod ledger;
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
mod stop;
mod traces;
pub(crate) mod upgrade;
mod usage;
mod weighed;
mod witnesses;

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use anyhow::Context;
use portcullis_control::Control;
use portcullis_judge::Judge;
use portcullis_proxy::{Metrics, Running};
use portcullis_registry::{Holders, Office, UsageBook};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;
use tokio::task::{AbortHandle, JoinHandle};

use crate::config::Config;
use crate::talk;
use board::Board;
pub(crate) use ledger::ask_again;
use open::OpenStore;
pub(crate) use open::log_key;
use sink::Join;
use upgrade::Predecessor;

/// A gate that serves. Ends with [`Gate::stop`].
pub(crate) struct Gate {
    runtime: Runtime,
    store: OpenStore,
    judge: Arc<Judge>,
    board: Arc<Board>,
    join: Arc<Join>,
    plane: Running,
    telling: Option<traces::Telling>,
    ledger: Option<ledger::Threads>,
    watching: Option<reload::Watching>,
    budgets: Option<kept::Keeper>,
    signals: Option<signals::Recording>,
    usage: Option<kept::Keeper>,
    /// What looks for work in the log and tells others of it.
    errands: Vec<AbortHandle>,
    stop_admin: Option<oneshot::Sender<()>>,
    admin_ends: JoinHandle<()>,
    admin_socket: TcpListener,
    /// With which the sockets of listeners are handed over.
    words: Vec<String>,
    program: PathBuf,
    public: SocketAddr,
    reached_at: String,
    admin: SocketAddr,
    key_env: String,
    drain: std::time::Duration,
}

impl Gate {
    /// Opens the store, puts the logged set in force, and serves.
    pub(crate) fn start(config: Config) -> anyhow::Result<Self> {
        Self::start_with(config, None)
    }

    /// The same with somebody else than the ledger who knows what partners received.
    fn start_with(config: Config, holders: Option<Arc<dyn Holders>>) -> anyhow::Result<Self> {
        let before = Predecessor::from_environment()?;
        let (mut handed, program) = (sockets(before.as_ref())?, upgrade::program()?);
        let (entries, certificates) = certs::open(&config, &mut handed)?;
        let admin_socket = handed.admin(config.admin_listen)?;
        let runtime = open::control_runtime()?;
        heap::tend(&runtime);
        runtime.block_on(async { open::survive_file_limits() })?;
        let issuers = Arc::new(issuer::Seen::default());
        let judge = issuer::trust(&config, &runtime, open::judge(&config)?, &issuers)?;
        let board = Arc::new(Board::default());
        let cutter = Arc::new(OnceLock::new());
        let calls = Arc::new(UsageBook::new());
        let join = Arc::new(Join {
            judge: Arc::clone(&judge),
            board: Arc::clone(&board),
            usage: Arc::clone(&calls),
            cutter: Arc::clone(&cutter),
            before: before.as_ref().map(Predecessor::teller),
        });
        handed.none_left()?;
        let words = upgrade::words(&config.listeners, &entries.0);
        let store =
            runtime.block_on(open::open(&config, Arc::clone(&join) as _, before.as_ref()))?;
        open::tell(&config, &store);
        let office: Arc<dyn Office> = Arc::new(store.office.clone());
        take_up(&config, &runtime, &office, (&judge, &board, &calls))?;
        let metrics = Arc::new(Metrics::new());
        let [remembers, remembers_partners] = repeats::open(&config, &runtime);
        let mut errands = Vec::new();
        let witnesses = witnesses::start(&config, &runtime, &office, &mut errands)?;
        let ledger = ledger::start(&config, &runtime, (&judge, &office, &board))?;
        let holders = holders.or_else(|| ledger.as_ref().map(ledger::Ledger::holders));
        let deletions =
            deletions::start((&config, holders), (&office, &board), &runtime, &mut errands)?;
        let partners = Arc::new(aside::PartnerDoor::new(&aside::Parts {
            config: &config,
            judge: &judge,
            office: &office,
            usage: &calls,
            runtime: runtime.handle(),
            remembers: remembers_partners,
            witnesses: witnesses.clone(),
            deletions: Arc::clone(&deletions),
        }));
        let memory = memory::watch(&runtime, config.limits.memory_bytes);
        let names = (&office, &board);
        let shared = plane::Shared {
            judge: &judge,
            metrics: &metrics,
            usage: &calls,
            memory,
            names,
            ledger: &ledger,
        };
        let (running, telling) =
            plane::start(&config, entries, &shared, Arc::clone(&partners) as _)?;
        let (public, reached_at) = (running.addr(), certs::reached_at(&config.listeners, &running));
        let _first = cutter.set(running.cutter());
        let hooks = hooks::start(&config, &runtime, &office, &mut errands)?;
        let platform = platform::start(&config, &runtime, &office, &mut errands)?;
        let figures = Arc::new(signals::Figures::new(config.holds_per_day as u64));
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
                issuers,
                ledger: ledger.as_ref().map(ledger::Ledger::told),
                deletions,
            },
        )?;
        partners.remember(Arc::clone(&admin.recall));
        let address = admin_socket.local_addr().context("the admin listener has no address")?;
        let (stop_admin, admin_ends) = serve_admin(admin, &admin_socket, &runtime)?;
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
        let gate = Self {
            watching: Some(reload.watch()?),
            budgets: Some(budgets::keep(&judge, &config.store)?),
            signals: Some(signals),
            usage: Some(usage::keep(calls, &config.store)?),
            join,
            errands,
            admin_ends,
            admin_socket,
            words,
            program,
            runtime,
            store,
            judge,
            board,
            plane: running,
            telling,
            ledger: ledger.map(|ledger| ledger.threads),
            stop_admin: Some(stop_admin),
            public,
            reached_at,
            admin: address,
            key_env: config.key_env.clone(),
            drain: config.timeouts.drain.duration(),
        };
        if let Some(before) = before {
            before.serving()?;
        }
        Ok(gate)
    }
}

/// The sockets that are open already: those of the gate that this one follows, else those that whoever
/// started it handed over.
fn sockets(before: Option<&Predecessor>) -> anyhow::Result<sockets::HandedOver> {
    match before {
        Some(before) => before.sockets(),
        None => sockets::HandedOver::from_environment(),
    }
}

/// Takes up what was before: the logged set, the rules of the configuration that stand in the log, and what
/// was measured.
fn take_up(
    config: &Config,
    runtime: &Runtime,
    office: &Arc<dyn Office>,
    (judge, board, calls): (&Arc<Judge>, &Arc<Board>, &Arc<UsageBook>),
) -> anyhow::Result<()> {
    force::in_force(config, runtime, office, board)?;
    rotation::record(config, runtime, office, judge, board)?;
    people::rule(config, runtime, office)?;
    budgets::restore(judge, &config.store);
    usage::restore(calls, &config.store);
    Ok(())
}

/// Has the admin API listen. Yields what ends it, and when it has ended.
fn serve_admin(
    admin: Control,
    socket: &TcpListener,
    runtime: &Runtime,
) -> anyhow::Result<(oneshot::Sender<()>, JoinHandle<()>)> {
    let (stop, stopped) = oneshot::channel();
    let listens = socket.try_clone().context("the admin listener is gone")?;
    let ends = runtime.spawn(async move {
        let stop = async { stopped.await.unwrap_or(()) };
        if let Err(error) = admin.serve(listens, stop).await {
            talk::error(&error.to_string());
        }
    });
    Ok((stop, ends))
}
