//! Answers questions for the admin API, few at a time and never on a thread of the data plane.
//!
//! Must not know who may ask.

use std::collections::BTreeSet;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use portcullis_control::{LedgerDesk, LedgerFault, LedgerQuestion, LedgerTaken};
use portcullis_ledger::LedgerError;
use portcullis_registry::{Anchor, Office};
use portcullis_types::{Clock as _, Span, Wall};
use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::adopt;
use super::anchors::Anchors;
use super::answered::answered;
use super::aside;
use super::believed;
use super::evidence;
use super::figures::Figures;
use super::folder::{Folder, day_name, day_of};
use super::going::looked;
use super::keys::Keys;
use super::library::Shelf;
use super::turns::Turns;
use super::verify::verify;
use crate::clock::SystemClock;

/// Questions that are answered at once.
pub(super) const AT_ONCE: usize = 2;
/// How often it is looked whether a journal goes that was rolled just now.
const LOOK: Duration = Duration::from_millis(20);

/// Who answers.
pub(super) struct Desk {
    pub(super) folder: Folder,
    pub(super) keys: Arc<Keys>,
    pub(super) anchors: Arc<Anchors>,
    pub(super) office: Arc<dyn Office>,
    pub(super) runtime: Handle,
    pub(super) figures: Arc<Figures>,
    pub(super) clock: SystemClock,
    pub(super) keep: Span,
    pub(super) turns: Turns,
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoAnswer {
    #[error("the ledger can't be read: {0}")]
    Io(#[from] io::Error),
    #[error("{0}")]
    Ledger(#[from] LedgerError),
    #[error("the log can't be read: {0}")]
    Log(String),
    #[error("an answer can't be told: {0}")]
    Json(#[from] serde_json::Error),
    #[error("nothing of that time is anchored yet")]
    NotAnchored,
    #[error("{0}")]
    NoSuchSet(String),
    #[error("the log has the set")]
    InLog,
    #[error("{0}")]
    NotWhole(String),
    #[error("the system has no random bytes: {0}")]
    NoSalt(getrandom::Error),
    #[error(
        "the question failed, and another one may not; `portcullis ledger verify` tells whether a file was touched"
    )]
    Failed,
}

impl NoAnswer {
    /// The set of files that can't be read; none: it was something else.
    fn hour(&self) -> Option<Arc<str>> {
        match self {
            Self::Ledger(why) => why.hour().cloned(),
            Self::Io(_)
            | Self::Log(_)
            | Self::Json(_)
            | Self::NotAnchored
            | Self::NoSuchSet(_)
            | Self::InLog
            | Self::NotWhole(_)
            | Self::NoSalt(_)
            | Self::Failed => None,
        }
    }
}

impl LedgerDesk for Desk {
    fn status(&self) -> Value {
        let not_in_log = self.shelf().ok().map(|shelf| shelf.not_in_log());
        let (ok, line) = self.figures.line();
        let stands = self.figures.stands().clone();
        let days = self.keys.days().unwrap_or_default();
        let state = self.office.snapshot();
        let (answers, records) = self.anchored(Wall(0)).map_or((0, 0), |all| {
            all.iter().fold((0, 0), |sum, one| (sum.0 + one.answers, sum.1 + one.records))
        });
        json!({
            "ok": ok,
            "wrong": if ok { Value::Null } else { line.into() },
            "dir": PathBuf::from(self.folder.path()).display().to_string(),
            "written_until": stands.written.map(|at| at.wall.rfc3339()),
            "journals": stands.journals,
            "files": stands.files,
            "bytes": stands.file_bytes,
            "answers": answers,
            "records": records,
            "days": days.into_iter().map(day_name).collect::<Vec<_>>(),
            "shredded": state.ledger().shredded().map(|day| day_name(day_of(day))).collect::<Vec<_>>(),
            "preserved": stands.preserved.iter().map(|one| one.view(&state)).collect::<Vec<_>>(),
            "damaged": stands.aside,
            "unreadable": stands.unreadable.keys().collect::<Vec<_>>(),
            "missing": stands.missing,
            // None: it can't be looked, and `wrong` says why.
            "not_in_log": not_in_log,
        })
    }

    fn ask(&self, question: &LedgerQuestion) -> Result<Value, LedgerFault> {
        self.in_turn(|| self.answer(question))
    }

    fn evidence(&self, question: &LedgerQuestion) -> Result<LedgerTaken, LedgerFault> {
        self.in_turn(|| evidence::take(self, question))
    }

    fn unanchored(&self, set: &str) -> Result<Anchor, LedgerFault> {
        self.in_turn(|| adopt::unanchored(self, set))
    }
}

impl Desk {
    /// Few at a time.
    fn in_turn<T>(&self, answer: impl Fn() -> Result<T, NoAnswer>) -> Result<T, LedgerFault> {
        let Some(_turn) = self.turns.take() else {
            return Err(LedgerFault::Busy(self.turns.max()));
        };
        let hour = |why: &NoAnswer| why.hour();
        let answer = || looked(&answer, hour);
        let answer = catch_unwind(AssertUnwindSafe(answer)).unwrap_or(Err(NoAnswer::Failed));
        answer.map_err(|why| self.refused(&why))
    }

    fn refused(&self, why: &NoAnswer) -> LedgerFault {
        match why {
            NoAnswer::NotAnchored => LedgerFault::NotAnchored,
            NoAnswer::InLog => LedgerFault::InLog,
            NoAnswer::NoSuchSet(which) => LedgerFault::NoSuchSet(which.clone()),
            NoAnswer::NotWhole(how) => LedgerFault::NotWhole(how.clone()),
            NoAnswer::Ledger(ledger) => {
                self.figures.unread(ledger);
                LedgerFault::Unreadable(why.to_string())
            }
            NoAnswer::Io(_)
            | NoAnswer::Log(_)
            | NoAnswer::Json(_)
            | NoAnswer::NoSalt(_)
            | NoAnswer::Failed => LedgerFault::Failed(why.to_string()),
        }
    }

    fn answer(&self, question: &LedgerQuestion) -> Result<Value, NoAnswer> {
        // Before the look and after the answer: what could not be read or written at either is in none.
        let unwritten = self.figures.unwritten();
        let before = self.figures.stands().aside.clone();
        let (shelf, missing) = self.looked()?;
        if *question == LedgerQuestion::Verify {
            let pause = || self.runtime.block_on(async { tokio::time::sleep(LOOK).await });
            let anchored = self.anchored(Wall(0))?;
            let found = verify(&self.folder, &shelf, &anchored, self.kept()?, &pause)?;
            for (part, what) in found.damaged.iter().filter(|(part, _)| shelf.has(part)) {
                self.figures.damaged(&part.hour(), what);
            }
            return Ok(found.told(&shelf));
        }
        let mut told = answered(&shelf, question)?;
        if let Value::Object(told) = &mut told {
            let unwritten = unwritten.or_else(|| self.figures.unwritten());
            told.insert("damaged".to_owned(), json!(self.aside(before)?));
            told.insert("missing".to_owned(), json!(missing));
            told.insert("unwritten_since".to_owned(), json!(unwritten.map(Wall::rfc3339)));
        }
        Ok(told)
    }

    /// Files of times before that may be gone.
    fn kept(&self) -> io::Result<Wall> {
        believed::kept(&self.folder, self.clock.wall(), self.keep)
    }

    /// Journals that were aside at a look, or are now that it was read.
    pub(super) fn aside(&self, then: Vec<String>) -> io::Result<BTreeSet<String>> {
        Ok(then.into_iter().chain(aside::names(&self.folder)?).collect())
    }

    /// What there is now; no byte of a set is read that the log does not vouch for.
    pub(super) fn shelf(&self) -> Result<Shelf, NoAnswer> {
        Ok(self.looked()?.0)
    }

    /// The same, and which sets are gone before their time.
    fn looked(&self) -> Result<(Shelf, BTreeSet<String>), NoAnswer> {
        let look = || Ok((Shelf::look(&self.folder, &self.keys)?, self.kept()?));
        let (shelf, kept) =
            look().inspect_err(|why: &io::Error| self.figures.blinded(&why.to_string()))?;
        let shelf = shelf.rooted(&self.anchors, &*self.office, &self.runtime);
        let shelf = shelf.inspect_err(|why| self.figures.blinded(why)).map_err(NoAnswer::Log)?;
        let missing = self.figures.looked(shelf.missing(kept), shelf.not_in_log());
        Ok((shelf, missing))
    }

    pub(super) fn anchored(&self, from: Wall) -> Result<Vec<super::anchors::Anchored>, NoAnswer> {
        let all = self.anchors.within(from, Wall(u64::MAX), &*self.office, &self.runtime);
        all.map_err(NoAnswer::Log)
    }
}
