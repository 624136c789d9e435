//! One gate follows another without a call lost: the next is started by the one that serves, is given
//! its sockets, reads the log beside it, takes the writer once it lets go, and serves; then the first
//! answers what it has, and ends.
//!
//! Whatever fails before the writer is let go of changes nothing. Must not know how calls are served.

mod after;
mod before;
mod line;
pub(crate) mod notify;

use std::os::fd::AsFd;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use portcullis_proxy::Listener;
use portcullis_registry::{GrantChange, Office as _, Sink as _};
use portcullis_store::Follower;
use portcullis_types::{ClientIx, PartnerIx};
use tokio::runtime::Handle;

use super::Gate;
use super::sink::Join;
use crate::config::ListenerOf;
use crate::talk;
pub(crate) use after::Successor;
pub(super) use after::program;
pub(crate) use before::{Predecessor, Teller};
use line::{Heard, Line};

/// Tells a process that it follows another, to which its standard input leads.
const VARIABLE: &str = "PORTCULLIS_FOLLOWS";
/// Changes with the words.
const GREETING: &str = "portcullis hand-over 1";
const SOCKET: &str = "socket ";
const SOCKETS_END: &str = "no more sockets";
const FOLDED: &str = "folded";
const LET_GO: &str = "let go";
const SERVING: &str = "serving";
const LOOK: &str = "look";
const WITHDRAWN: &str = "withdrawn ";

/// How often the log is looked at, told or not.
const EVERY: Duration = Duration::from_millis(100);
/// How long calls of operators that are under way may take.
const ADMIN_ENDS: Duration = Duration::from_secs(5);
/// How long the next gate may take from the lock to the first call.
const TAKES_OVER: Duration = Duration::from_secs(120);

/// The words with which the sockets of listeners are handed over.
pub(super) fn words(of: &[ListenerOf], listeners: &[Listener]) -> Vec<String> {
    let word = |(of, listener): (&ListenerOf, &Listener)| {
        let whose = if listener.shared { "shared" } else { "own" };
        format!("{SOCKET}{whose} {}", of.socket.as_deref().unwrap_or(super::sockets::NAMELESS))
    };
    of.iter().zip(listeners).map(word).collect()
}

impl Gate {
    /// Whether another gate handed over to this one.
    pub(crate) fn follows(&self) -> bool {
        self.join.before.is_some()
    }

    /// Starts the program that stands where this one was started from, to follow it.
    pub(crate) fn successor(&self) -> anyhow::Result<Successor> {
        self.start_next(&self.program)
    }

    fn start_next(&self, program: &Path) -> anyhow::Result<Successor> {
        let admin = format!("{SOCKET}own {}", super::sockets::NAMELESS);
        let each = self.words.iter().zip(self.plane.sockets());
        let each = each.flat_map(|(word, sockets)| sockets.iter().map(move |one| (word, one)));
        let each = each.chain([(&admin, &self.admin_socket)]);
        let sockets: Vec<_> = each.map(|(word, one)| (word.clone(), one.as_fd())).collect();
        Successor::start(program, &sockets)
    }

    /// Lets the next gate take over, answers what is under way, and ends; or goes on, where nothing was
    /// let go of.
    pub(crate) fn hand_over(mut self, next: Successor) -> Result<ExitCode, Box<Self>> {
        if !self.store.office.health().durable {
            talk::error("not handed over: the store takes nothing, and holds wait to be written");
            next.end();
            return Err(Box::new(self));
        }
        let Some(follower) = self.let_go() else {
            talk::error("the store takes nothing any more: stopping instead of handing over");
            next.end();
            self.plane.drain(self.drain);
            self.ledger.into_iter().for_each(super::ledger::Threads::finish);
            self.runtime.block_on(self.store.close());
            return Ok(ExitCode::FAILURE);
        };
        let mut beside = Beside { follower, join: Arc::clone(&self.join) };
        let Some(next) = self.handed(next, &mut beside) else {
            self.plane.drain(self.drain);
            self.ledger.into_iter().for_each(super::ledger::Threads::finish);
            return Ok(ExitCode::FAILURE);
        };
        notify::main_process(next.id());
        talk::info(&format!("process {} serves; calls under way here may finish", next.id()));
        Ok(self.end_beside(next.line, beside))
    }

    /// Ends everything that writes, the log last.
    fn let_go(&mut self) -> Option<Follower> {
        drop(self.watching.take());
        self.board.note(|notes| notes.stopping = true);
        for errand in self.errands.drain(..) {
            errand.abort();
        }
        self.signals.take().into_iter().for_each(super::signals::Recording::stop);
        let _gone = self.stop_admin.take().map(|stop| stop.send(()));
        let admin = &mut self.admin_ends;
        let ended = async { tokio::time::timeout(ADMIN_ENDS, admin).await };
        let _cut = self.runtime.block_on(ended);
        if let Some(ledger) = &mut self.ledger {
            ledger.stop_keeping();
        }
        let follower = self.runtime.block_on(self.store.office.let_go());
        // After the log, so that next to no call is missing.
        for kept in [self.budgets.take(), self.usage.take()].into_iter().flatten() {
            kept.stop();
        }
        follower
    }

    /// Has the next gate serve; where it fails on the way, this very program, started anew.
    fn handed(&self, next: Successor, beside: &mut Beside) -> Option<Successor> {
        let why = match next.serves(TAKES_OVER, |word| beside.hear(word)) {
            Ok(()) => return Some(next),
            Err(why) => why,
        };
        next.end();
        talk::error(&format!("the next gate could not take over: {why}; this program starts anew"));
        let again = self.start_next(Path::new("/proc/self/exe"));
        let again = again.map_err(|error| format!("{error:#}")).and_then(|again| {
            again.folded()?;
            again.serves(TAKES_OVER, |word| beside.hear(word))?;
            Ok(again)
        });
        let failed = |why: &String| talk::error(&format!("that failed too, stopping: {why}"));
        again.inspect_err(failed).ok()
    }

    /// Answers what is under way while the log is followed.
    fn end_beside(self, line: Line, beside: Beside) -> ExitCode {
        let (tell, told) = channel();
        let (stop, runtime) = (tell.clone(), self.runtime.handle().clone());
        let following = std::thread::Builder::new()
            .name("following".to_owned())
            .spawn(move || beside.follow(&line, &runtime, &stop));
        if let Err(error) = following {
            talk::error(&format!("the log can't be followed, calls under way are cut: {error}"));
            return ExitCode::FAILURE;
        }
        let (plane, telling, within) = (self.plane, self.telling, self.drain);
        let ledger = self.ledger;
        let draining = std::thread::Builder::new().name("draining".to_owned()).spawn(move || {
            let cut = plane.drain_beside(within).cut;
            telling.into_iter().for_each(super::traces::Telling::finish);
            ledger.into_iter().for_each(super::ledger::Threads::finish);
            let _gone = tell.send(Ok(cut));
        });
        let ended = match draining {
            Ok(_) => told.recv().unwrap_or(Ok(0)),
            Err(error) => Err(error.to_string()),
        };
        self.runtime.shutdown_background();
        match ended {
            Ok(0) => ExitCode::SUCCESS,
            Ok(cut) => {
                talk::warn(&format!("{cut} connections were still open and were cut"));
                ExitCode::SUCCESS
            }
            Err(why) => {
                // What can't be known to be allowed is not answered.
                talk::error(&format!("the log can't be followed, calls under way are cut: {why}"));
                ExitCode::FAILURE
            }
        }
    }
}

/// What is left of the writer, for as long as calls are under way.
struct Beside {
    follower: Follower,
    join: Arc<Join>,
}

impl Beside {
    /// Takes in what the next gate writes, until it can't.
    fn follow(mut self, line: &Line, runtime: &Handle, failed: &Sender<Result<u64, String>>) {
        // Nobody ever speaks there: it is what is waited at once the line has ended.
        let (_quiet, pause) = channel::<()>();
        loop {
            match line.hear(EVERY) {
                Ok(Heard::Word(word, _)) => self.hear(&word),
                Ok(Heard::Nothing) => {}
                Ok(Heard::Ended) | Err(_) => {
                    let _over: Result<(), RecvTimeoutError> = pause.recv_timeout(EVERY);
                }
            }
            if let Err(error) = runtime.block_on(self.follower.look()) {
                let _gone = failed.send(Err(error.to_string()));
                return;
            }
        }
    }

    fn hear(&mut self, word: &str) {
        let Some(told) = word.strip_prefix(WITHDRAWN) else { return };
        let mut told = told.splitn(3, ' ');
        let partner = told.next().and_then(|partner| partner.parse().ok());
        let (client, account) = (told.next(), told.next());
        if let (Some(partner), Some(client), Some(account)) = (partner, client, account) {
            let (partner, client) = (PartnerIx(partner), client.parse().ok().map(ClientIx));
            self.join.grants(&[GrantChange { account, partner, client, term: None }]);
            self.join.cut();
        }
    }
}
