//! `portcullis store`: copies of the store, made while the gate runs and put back while it doesn't, and
//! what would be erased from it.
//!
//! Must not know how a store is laid out.

mod retention;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};
use portcullis_keys::Pepper;
use portcullis_store::{Manifest, PutBack, Store, Wanted};
use portcullis_types::Clock;

use crate::clock::SystemClock;
use crate::config::Config;
use crate::gate::log_key;
use crate::serve;

/// Copies of the store, and how long what is in it is kept.
#[derive(Debug, Args)]
pub(crate) struct StoreArgs {
    #[command(subcommand)]
    command: StoreCommand,
}

#[derive(Debug, Subcommand)]
enum StoreCommand {
    /// Copy the store into a new directory, also while the gate runs, and verify the copy
    Backup {
        /// The directory; it must not hold anything yet
        dir: PathBuf,
    },
    /// Put a backup in the place of the store; holds and revocations made since stay in force
    Restore {
        /// The directory of the backup
        dir: PathBuf,
        /// Go on although events would be lost
        #[arg(long)]
        accept_loss: bool,
        /// Say what would be lost, and change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Show how long things are kept, what would be erased now and what keeps the rest; changes nothing
    Retention,
}

/// Runs it.
pub(crate) fn run(args: &StoreArgs, config: Option<&Path>, json: bool) -> anyhow::Result<ExitCode> {
    let config = serve::read(config.unwrap_or(Path::new("portcullis.yaml")))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the runtime for the store can't start")?;
    let text = match &args.command {
        StoreCommand::Backup { dir } => {
            let now = SystemClock::start().now().wall;
            let made = runtime.block_on(Store::backup(&config.store, dir, now))?;
            if json { serde_json::to_string_pretty(&made)? } else { made_text(&made, dir) }
        }
        StoreCommand::Retention => {
            let now = SystemClock::start().now().wall;
            let found = runtime.block_on(retention::report(&config, now))?;
            if json { serde_json::to_string_pretty(&found)? } else { retention::text(&found) }
        }
        StoreCommand::Restore { dir, accept_loss, dry_run } => {
            let (accept_loss, dry_run) = (*accept_loss, *dry_run);
            let key = log_key(&config, &config.secrets.log_key, "secrets.log_key")?;
            let peppers = peppers(&config)?;
            let wanted = Wanted { log_key: key.public(), peppers: &peppers, accept_loss, dry_run };
            let done = runtime.block_on(Store::restore(&config.store, dir, wanted))?;
            if json { serde_json::to_string_pretty(&done)? } else { done_text(&done, dry_run) }
        }
    };
    writeln!(anstream::stdout(), "{text}").context("standard output is closed")?;
    Ok(ExitCode::SUCCESS)
}

/// Fingerprints of the configured peppers.
fn peppers(config: &Config) -> anyhow::Result<Vec<String>> {
    let secrets = &config.secrets;
    let configured = [Some(&secrets.pepper), secrets.pepper_previous.as_ref()];
    let fingerprint = |secret: &crate::config::Secret| {
        let pepper = Pepper::from_text(secret.expose()).context("a pepper can't be used")?;
        Ok(pepper.fingerprint().to_owned())
    };
    configured.into_iter().flatten().map(fingerprint).collect()
}

fn made_text(made: &Manifest, dir: &Path) -> String {
    format!(
        "{} events are backed up in `{}`, and the copy verifies\nit holds grants and the secrets of hooks: keep it as you keep the store, and keep `secrets/` apart from it",
        made.events,
        dir.display()
    )
}

fn done_text(done: &PutBack, dry_run: bool) -> String {
    let mut lines = Vec::new();
    let events = done.backup.events;
    lines.push(match (done.events_before, dry_run) {
        (Some(before), false) => format!("put back: {events} events, where {before} were"),
        (None, false) => format!("put back: {events} events, where there was no store"),
        (Some(before), true) => format!("{events} events would take the place of {before}"),
        (None, true) => format!("{events} events would be put where there is no store"),
    });
    lines.push(match done.lost {
        Some((from, to)) => format!(
            "events {from} to {to} are lost by it; of these, {} holds and ends of keys are in force again when the gate starts",
            done.kept
        ),
        None => "no event is lost by it".to_owned(),
    });
    lines.extend(done.aside.as_ref().map(|aside| {
        format!("the store from before lies in `{}`: keep it for an inquiry", aside.display())
    }));
    lines.join("\n")
}
