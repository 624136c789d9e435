//! `portcullis-plaza`: the sample platform as a program of its own.
//!
//! Reads its arguments, starts the platform, waits to be stopped. Must not know what is answered.

use std::fs;
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use jiff::Timestamp;
use portcullis_plaza::{Plaza, PlazaError, Settings, Source};

/// The sample platform: a Graph-shaped API over invented data, bad habits included.
#[derive(Debug, Parser)]
#[command(name = "portcullis-plaza", version)]
struct Arguments {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:9700")]
    listen: SocketAddr,
    /// File with the one token that the platform believes.
    #[arg(long, value_name = "FILE")]
    token_file: PathBuf,
    /// Folder of JSON lines; without it the data is made by seed.
    #[arg(long, value_name = "DIR")]
    fixtures: Option<PathBuf>,
    /// Let the clock stand still at this moment, such as 2024-03-31T12:00:00Z.
    #[arg(long, value_name = "RFC3339")]
    now: Option<Timestamp>,
    /// What paging links start with; without it `http://` and the address.
    #[arg(long, value_name = "URL")]
    public_base: Option<String>,
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Nobody is left to tell if this fails too.
            let _ = writeln!(io::stderr(), "error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Result<(), PlazaError> {
    let read = |source| PlazaError::Read { path: arguments.token_file.clone(), source };
    let token = fs::read_to_string(&arguments.token_file).map_err(read)?;
    let mut settings = Settings::new(token.trim());
    settings.listen = arguments.listen;
    settings.public_base = arguments.public_base;
    settings.now = arguments.now;
    settings.fixtures = arguments.fixtures.map_or(Source::Seed, Source::Dir);
    settings.keep_requests = 0;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|source| PlazaError::Runtime { source })?;
    runtime.block_on(async {
        let plaza = Plaza::start(settings).await?;
        // A closed pipe is no reason to stop serving.
        let _ = writeln!(io::stdout(), "plaza listens on http://{}", plaza.addr());
        if let Some(show) = plaza.showcase() {
            let _ = writeln!(io::stdout(), "{show:#?}");
        }
        // Without signals it serves until it is killed.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        plaza.stop().await;
        Ok(())
    })
}
