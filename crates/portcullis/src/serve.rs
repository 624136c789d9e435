//! `portcullis serve`: runs the gate until it is told to stop.
//!
//! Must not know how the parts are joined.

use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::{Config, load};
use crate::gate::Gate;
use crate::talk;

/// Options of `serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {}

/// Runs it.
pub(crate) fn run(_: &ServeArgs, config: Option<&Path>) -> anyhow::Result<ExitCode> {
    let path = config.unwrap_or(Path::new("portcullis.yaml"));
    let gate = Gate::start(read(path)?)?;
    talk::info(&format!(
        "serving partners on {}, operators on http://{}",
        gate.reached_at(),
        gate.admin()
    ));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the runtime for signals can't start")?;
    runtime.block_on(async {
        let mut look = signal(SignalKind::hangup()).context("SIGHUP can't be watched")?;
        loop {
            tokio::select! {
                stopped = stop_signal() => break stopped,
                _ = look.recv() => gate.look(),
            }
        }
    })?;
    talk::info("stopping: calls under way may finish");
    gate.stop();
    talk::info("stopped");
    Ok(ExitCode::SUCCESS)
}

/// Reads a configuration; all its faults in one error.
pub(crate) fn read(path: &Path) -> anyhow::Result<Config> {
    load(path).map_err(|faults| {
        anyhow::anyhow!("the gate does not start\n{}", portcullis_yaml::Faults(faults))
    })
}

/// Waits for SIGTERM or SIGINT.
pub(crate) async fn stop_signal() -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("SIGTERM can't be watched")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("SIGINT can't be watched")?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}
