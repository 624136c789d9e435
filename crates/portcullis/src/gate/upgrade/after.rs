//! The gate after this one, as the one that hands over sees it.
//!
//! Must not let go of anything itself.

use std::io;
use std::os::fd::BorrowedFd;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::Context;

use super::line::{Heard, Line};
use super::{FOLDED, GREETING, LET_GO, SERVING, SOCKETS_END, VARIABLE};

/// How often it is looked whether the other is still there.
const EVERY: Duration = Duration::from_millis(100);

/// A gate that is to follow.
pub(crate) struct Successor {
    child: Child,
    pub(super) line: Line,
}

impl Successor {
    /// Starts a program as this one was started, and hands it the sockets: a word for each.
    pub(super) fn start(
        program: &Path,
        sockets: &[(String, BorrowedFd<'_>)],
    ) -> anyhow::Result<Self> {
        let (line, far) = Line::pair().context("no line to the next gate")?;
        let mut command = Command::new(program);
        command.args(std::env::args_os().skip(1)).env(VARIABLE, "stdin").stdin(Stdio::from(far));
        // What this one was given by a service manager, it hands on itself.
        for name in ["LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PID"] {
            command.env_remove(name);
        }
        let started = command.spawn();
        let child = started.with_context(|| format!("`{}` can't be started", program.display()))?;
        // The other end is the child's alone.
        drop(command);
        let successor = Self { child, line };
        let handed = || -> io::Result<()> {
            successor.line.say(GREETING)?;
            for (word, socket) in sockets {
                successor.line.hand(word, *socket)?;
            }
            successor.line.say(SOCKETS_END)
        };
        if let Err(error) = handed() {
            successor.end();
            return Err(error).context("the next gate ended before it had the sockets");
        }
        Ok(successor)
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Comes back once it has read the log, however long that takes.
    pub(crate) fn folded(&self) -> Result<(), String> {
        self.wait(FOLDED, None, |_| {})
    }

    /// Tells it that nobody writes any more; comes back once it serves. What it says meanwhile is
    /// passed on.
    pub(super) fn serves(&self, within: Duration, heard: impl FnMut(&str)) -> Result<(), String> {
        self.line.say(LET_GO).map_err(|error| error.to_string())?;
        self.wait(SERVING, Some(within), heard)
    }

    fn wait(
        &self,
        awaited: &str,
        within: Option<Duration>,
        mut heard: impl FnMut(&str),
    ) -> Result<(), String> {
        #[expect(clippy::disallowed_methods, reason = "waits for another process, in real time")]
        let started = Instant::now();
        loop {
            match self.line.hear(EVERY).map_err(|error| error.to_string())? {
                Heard::Word(word, _) if word == awaited => return Ok(()),
                Heard::Word(word, _) => heard(&word),
                Heard::Nothing if within.is_some_and(|within| started.elapsed() > within) => {
                    return Err(format!("it did not come to it within {within:?}"));
                }
                Heard::Nothing => {}
                Heard::Ended => return Err("it ended; what it said stands above".to_owned()),
            }
        }
    }

    /// Ends it, if it has not ended by itself.
    pub(crate) fn end(mut self) {
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// What is to be started next: the file that this program was started as, whatever stands there by then.
pub(crate) fn program() -> anyhow::Result<PathBuf> {
    let named = std::env::args_os().next().map(PathBuf::from);
    match named.filter(|named| named.components().count() > 1) {
        Some(named) => Ok(named),
        None => std::env::current_exe().context("this program's own file is unknown"),
    }
}
