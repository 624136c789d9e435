//! `portcullis serve`: runs the gate until it is told to stop.
//!
//! Must not know how the parts are joined.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use crate::config::{Config, load};
use crate::gate::Gate;
use crate::gate::upgrade::{Successor, notify};
use crate::talk;

/// Options of `serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {}

/// Runs it.
pub(crate) fn run(_: &ServeArgs, config: Option<&Path>) -> anyhow::Result<ExitCode> {
    let path = config.unwrap_or(Path::new("portcullis.yaml"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the runtime for signals can't start")?;
    // Before anybody knows of this process: without a stream these signals end it.
    let mut heard = {
        let _inside = runtime.enter();
        Heard::listen()?
    };
    let mut gate = Gate::start(read(path)?)?;
    // Before anybody is told that there is somebody to stop.
    let mut stop = {
        let _inside = runtime.enter();
        Stop::watch()?
    };
    talk::info(&format!(
        "serving partners on {}, operators on http://{}",
        gate.reached_at(),
        gate.admin()
    ));
    // One that follows is made the service by the gate before.
    if !gate.follows() {
        notify::ready();
    }
    while let Some(next) = runtime.block_on(watch(&gate, &mut stop, &mut heard))? {
        match gate.hand_over(next) {
            Ok(ended) => return Ok(ended),
            Err(goes_on) => gate = *goes_on,
        }
    }
    talk::info("stopping: calls under way may finish");
    gate.stop();
    talk::info("stopped");
    Ok(ExitCode::SUCCESS)
}

/// Signals that must never end the process.
struct Heard {
    follow: Signal,
    look: Signal,
}

impl Heard {
    /// Within a runtime.
    fn listen() -> anyhow::Result<Self> {
        let follow = signal(SignalKind::user_defined2()).context("SIGUSR2 can't be watched")?;
        let look = signal(SignalKind::hangup()).context("SIGHUP can't be watched")?;
        Ok(Self { follow, look })
    }
}

/// Does what signals say, until the gate is to stop, or another is there to follow it.
async fn watch(
    gate: &Gate,
    stop: &mut Stop,
    heard: &mut Heard,
) -> anyhow::Result<Option<Successor>> {
    let mut coming = false;
    let (tell, mut ready) = mpsc::channel(1);
    loop {
        tokio::select! {
            () = stop.asked() => return Ok(None),
            _ = heard.look.recv() => gate.look(),
            _ = heard.follow.recv(), if !coming => match begin(gate, tell.clone()) {
                Ok(()) => coming = true,
                Err(error) => talk::error(&format!("not handed over: {error:#}")),
            },
            Some(next) = ready.recv() => match next {
                Ok(next) => return Ok(Some(next)),
                Err(why) => {
                    coming = false;
                    talk::error(&format!("not handed over, this gate goes on: {why}"));
                }
            },
        }
    }
}

/// Starts the next gate and has it read the log, which may take its time.
fn begin(gate: &Gate, tell: mpsc::Sender<Result<Successor, String>>) -> anyhow::Result<()> {
    let next = gate.successor()?;
    talk::info(&format!("process {} is to follow and reads the log", next.id()));
    let waiting = move || {
        let folded = match next.folded() {
            Ok(()) => Ok(next),
            Err(why) => {
                next.end();
                Err(why)
            }
        };
        let _stopped = tell.blocking_send(folded);
    };
    let thread = std::thread::Builder::new().name("following".to_owned()).spawn(waiting);
    thread.map(drop).context("no thread to wait for the next gate")
}

/// Reads a configuration; all its faults in one error.
pub(crate) fn read(path: &Path) -> anyhow::Result<Config> {
    load(path).map_err(|faults| {
        anyhow::anyhow!("the gate does not start\n{}", portcullis_yaml::Faults(faults))
    })
}

/// SIGTERM and SIGINT.
pub(crate) struct Stop([Signal; 2]);

impl Stop {
    /// Watches for them from now on; within a runtime.
    pub(crate) fn watch() -> anyhow::Result<Self> {
        let terminate = signal(SignalKind::terminate()).context("SIGTERM can't be watched")?;
        let interrupt = signal(SignalKind::interrupt()).context("SIGINT can't be watched")?;
        Ok(Self([terminate, interrupt]))
    }

    /// Waits for either.
    pub(crate) async fn asked(&mut self) {
        let Self([terminate, interrupt]) = self;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    }
}
