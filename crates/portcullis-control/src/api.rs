//! The routes, one file for each resource.
//!
//! Must not know layers.

pub(crate) mod answers;
pub(crate) mod audit;
pub(crate) mod binding;
pub(crate) mod calls;
pub(crate) mod cases;
pub(crate) mod changes;
pub(crate) mod clients;
pub(crate) mod coverage;
pub(crate) mod deletions;
pub(crate) mod facts;
pub(crate) mod grants;
pub(crate) mod health;
pub(crate) mod hooks;
pub(crate) mod identity;
pub(crate) mod import;
pub(crate) mod keys;
pub(crate) mod ledger;
pub(crate) mod log;
pub(crate) mod me;
pub(crate) mod notices;
pub(crate) mod partners;
pub(crate) mod past;
pub(crate) mod people;
pub(crate) mod policies;
pub(crate) mod proposals;
pub(crate) mod query;
pub(crate) mod retention;
pub(crate) mod rotation;
pub(crate) mod signals;
pub(crate) mod statements;
pub(crate) mod told;
pub(crate) mod transitions;
pub(crate) mod usage;

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use portcullis_registry::{Command, Done, OfficeError, PeopleRejected, Rejected, Terms};
use portcullis_types::{Revision, Wall};

use crate::auth::Caller;
use crate::problem::Problem;
use crate::router::Shared;

type Ctx = State<Arc<Shared>>;

/// Most entries of one answer.
const PAGE_MAX: usize = 1000;
const PAGE: usize = 100;

pub(crate) fn limit(limit: Option<usize>) -> Result<usize, Problem> {
    match limit {
        None => Ok(PAGE),
        Some(n @ 1..=PAGE_MAX) => Ok(n),
        Some(n) => Err(Problem::unreadable(format!("`limit` is {n}: send 1 to {PAGE_MAX}"))),
    }
}

/// The number before which a list that begins with the newest goes on.
pub(crate) fn before(after: Option<&str>) -> Result<Option<Revision>, Problem> {
    let before = after.map(|after| after.parse().map(Revision)).transpose();
    before.map_err(|_| {
        Problem::unreadable("`after` is no place in the list: send the `next` of the part before")
    })
}

impl Shared {
    fn now(&self) -> Wall {
        self.control.clock.now().wall
    }

    async fn submit(&self, caller: &Caller, command: impl Into<Command>) -> Result<Done, Problem> {
        self.submit_on(caller, command.into(), caller.terms()?).await
    }

    async fn submit_on(
        &self,
        caller: &Caller,
        command: Command,
        terms: Terms,
    ) -> Result<Done, Problem> {
        self.control.office.submit_on(caller.actor(), command, terms).await.map_err(refused)
    }
}

/// What the office did not do, as a problem.
fn refused(error: OfficeError) -> Problem {
    let (status, title) = match &error {
        OfficeError::Rejected(rejected) if rejected.is_unknown_subject() => {
            (StatusCode::NOT_FOUND, "There is no such thing")
        }
        OfficeError::Rejected(Rejected::GrantsMoved { .. }) => {
            (StatusCode::PRECONDITION_FAILED, "The grants were changed since")
        }
        OfficeError::Rejected(Rejected::People(PeopleRejected::ChangedSince { .. })) => {
            (StatusCode::PRECONDITION_FAILED, "It was changed since")
        }
        OfficeError::Rejected(Rejected::People(rejected)) if rejected.is_forbidden() => {
            (StatusCode::FORBIDDEN, "It takes somebody else")
        }
        OfficeError::Rejected(Rejected::Answer(rejected)) if rejected.is_forbidden() => {
            (StatusCode::FORBIDDEN, "It takes somebody else")
        }
        OfficeError::Rejected(rejected) if rejected.is_conflict() => {
            (StatusCode::CONFLICT, "The state is not what this wish expects")
        }
        OfficeError::Rejected(_) => (StatusCode::UNPROCESSABLE_ENTITY, "This can't be done"),
        OfficeError::NoSuchEvent { .. } | OfficeError::NoSuchBlob(_) => {
            (StatusCode::NOT_FOUND, "There is no such thing")
        }
        OfficeError::NotWritten(_) | OfficeError::PendingFull { .. } => {
            (StatusCode::SERVICE_UNAVAILABLE, "The store can't be written")
        }
        OfficeError::NotRead(_) => (StatusCode::SERVICE_UNAVAILABLE, "The store can't be read"),
        OfficeError::Closed => (StatusCode::SERVICE_UNAVAILABLE, "The gate is shutting down"),
    };
    let mut problem = Problem::new(status, error.code(), title, error.to_string());
    if error == OfficeError::Closed {
        // Another process has it by then, or will.
        problem = problem.again_after(1);
    }
    if let OfficeError::Rejected(rejected) = error {
        problem.nearest = near(rejected);
    }
    problem
}

fn near(rejected: Rejected) -> Option<String> {
    match rejected {
        Rejected::UnknownPartner { near, .. }
        | Rejected::UnknownClient { near, .. }
        | Rejected::UnknownKey { near, .. }
        | Rejected::UnknownReason { near, .. }
        | Rejected::ImportPartner { near, .. } => near,
        _ => None,
    }
}

/// Work that would hold up the runtime.
pub(crate) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    tokio::task::spawn_blocking(work).await.map_err(|_| {
        Problem::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "A fault of the gate",
            "nothing was changed; look at the gate's log",
        )
    })
}
