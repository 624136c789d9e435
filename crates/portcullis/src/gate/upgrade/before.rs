//! The gate before this one, as the one that follows sees it.
//!
//! Must not open the store or listen anywhere.

use std::io;
use std::net::TcpListener;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context;
use portcullis_registry::GrantChange;

use super::line::{Heard, Line};
use super::{FOLDED, GREETING, LET_GO, LOOK, SERVING, SOCKET, SOCKETS_END, VARIABLE, WITHDRAWN};
use crate::gate::sockets::HandedOver;

/// How often it is looked whether the other is still there.
const EVERY: Duration = Duration::from_secs(1);

/// The gate that hands over.
pub(crate) struct Predecessor {
    line: Arc<Line>,
}

/// Tells the gate before what it must know for as long as calls are under way there.
pub(crate) struct Teller {
    line: Arc<Line>,
    ended: AtomicBool,
}

impl Predecessor {
    /// The gate that started this one, if it was one.
    pub(crate) fn from_environment() -> anyhow::Result<Option<Self>> {
        if std::env::var_os(VARIABLE).is_none() {
            return Ok(None);
        }
        let inherited = io::stdin().as_fd().try_clone_to_owned().and_then(Line::new);
        let line = Arc::new(inherited.context("the gate before can't be heard")?);
        Ok(Some(Self { line }))
    }

    /// The sockets that it listens at.
    pub(crate) fn sockets(&self) -> anyhow::Result<HandedOver> {
        let (greeting, _) = self.next()?;
        anyhow::ensure!(
            greeting == GREETING,
            "the gate before says `{greeting}`, and this program knows `{GREETING}`: stop that one and start this one"
        );
        let mut found = HandedOver::default();
        loop {
            let (word, socket) = self.next()?;
            if word == SOCKETS_END {
                return Ok(found);
            }
            let told = word.strip_prefix(SOCKET).and_then(|told| told.trim().split_once(' '));
            let (told, socket) = told.zip(socket).with_context(|| unknown(&word))?;
            found.add(told.1.to_owned(), TcpListener::from(socket), told.0 == "shared")?;
        }
    }

    /// Tells it that all that is logged is known here; comes back once it writes no more.
    pub(crate) fn let_go(&self) -> anyhow::Result<()> {
        self.line.say(FOLDED).context("the gate before is gone")?;
        let (word, _) = self.next()?;
        anyhow::ensure!(word == LET_GO, unknown(&word));
        Ok(())
    }

    /// Tells it that calls are served here.
    pub(crate) fn serving(&self) -> anyhow::Result<()> {
        self.line.say(SERVING).context("the gate before is gone")
    }

    pub(crate) fn teller(&self) -> Teller {
        Teller { line: Arc::clone(&self.line), ended: AtomicBool::new(false) }
    }

    fn next(&self) -> anyhow::Result<(String, Option<std::os::fd::OwnedFd>)> {
        loop {
            match self.line.hear(EVERY).context("the gate before can't be heard")? {
                Heard::Word(word, socket) => return Ok((word, socket)),
                Heard::Nothing => {}
                Heard::Ended => anyhow::bail!("the gate before ended, or goes on by itself"),
            }
        }
    }
}

fn unknown(word: &str) -> String {
    format!("the gate before says `{word}`, which this program does not know")
}

impl Teller {
    /// There is more in the log.
    pub(crate) fn look(&self) {
        self.say(LOOK);
    }

    /// Grants are no part of the log, so those that end are told one by one.
    pub(crate) fn withdrawn(&self, change: &GrantChange<'_>) {
        let client = change.client.map_or_else(|| "-".to_owned(), |client| client.0.to_string());
        self.say(&format!("{WITHDRAWN}{} {client} {}", change.partner.0, change.account));
    }

    fn say(&self, word: &str) {
        if !self.ended.load(Ordering::Relaxed) && self.line.say(word).is_err() {
            self.ended.store(true, Ordering::Relaxed);
        }
    }
}
