//! The binary: reads the command line, joins the crates, serves.
//!
//! The only place that sees everything; nobody sees it.
#![cfg_attr(
    test,
    allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        reason = "a test may stop at the first surprise"
    )
)]

mod changes;
mod clock;
mod config;
mod demo;
mod gate;
mod host;
mod init;
mod offline;
mod serve;
mod starter;
mod store;
mod talk;
mod witness;

use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use portcullis_cli::{Common, Format, Out};

/// Gives memory back after a flood, and costs less per call than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The gate between a platform's API and its partners
#[derive(Debug, Parser)]
#[command(name = "portcullis", version, arg_required_else_help = true, max_term_width = 100)]
struct Arguments {
    #[command(flatten)]
    common: Common,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Write a new deployment in front of a platform, with a first partner and key
    Init(init::InitArgs),
    /// Run the gate
    Serve(serve::ServeArgs),
    /// Cosign the checkpoints of logs that only grow, so that nobody is shown another history
    Witness(witness::WitnessArgs),
    /// Back the store up, and put a backup back
    Store(store::StoreArgs),
    /// Watch the gate at work: a sample platform, three partners, a hold and a restore
    Demo(demo::DemoArgs),
    #[command(flatten)]
    Client(Box<portcullis_cli::Command>),
}

fn main() -> ExitCode {
    gate::heap::huge_pages(false);
    let arguments = Arguments::parse();
    let result = match arguments.command {
        Command::Init(args) => init::run(&args, arguments.common.output == Format::Json),
        Command::Serve(args) => serve::run(&args, arguments.common.config.as_deref()),
        Command::Witness(args) => witness::run(&args),
        Command::Store(args) => {
            let config = arguments.common.config.as_deref();
            store::run(&args, config, arguments.common.output == Format::Json)
        }
        Command::Demo(args) => demo::run(&args),
        Command::Client(command) => {
            let mut out = Out::terminal(arguments.common.output);
            return portcullis_cli::run(&command, &arguments.common, &host::Machine, &mut out);
        }
    };
    result.unwrap_or_else(|error| {
        let _gone = writeln!(anstream::stderr(), "error: {error:#}");
        ExitCode::from(portcullis_cli::exit::FINDINGS)
    })
}
