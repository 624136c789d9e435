//! What a partner changes about what is its own, with each key so many times an hour: each becomes an
//! event.
//!
//! Must not know what is changed.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use axum::http::StatusCode;
use portcullis_registry::{Actor, ActorKind, Command, Done, OfficeError};
use portcullis_types::{KeyIx, Wall};
use serde::Serialize;
use utoipa::ToSchema;

use super::Api;
use super::asker::Asker;
use crate::problem::Problem;

/// Most changes with a key in an hour: no key floods the log, nor keeps another from a change.
const PER_HOUR: usize = 20;
const HOUR: u64 = 3_600_000;
/// Seconds after which a change may be taken again: one gate follows another within that.
const SOON: u64 = 1;

/// What a change came to.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OwnChange {
    /// The event's number in the log; null while it is not durable.
    revision: Option<u64>,
    /// Whether it would survive a crash now.
    durable: bool,
    /// The effect, in one line.
    what: String,
}

/// When each key changed something, within the hour.
#[derive(Debug, Default)]
pub(super) struct Changes(Mutex<HashMap<KeyIx, VecDeque<Wall>>>);

impl Changes {
    /// Takes one.
    ///
    /// # Errors
    /// The seconds until one would be taken.
    fn take(&self, key: KeyIx, now: Wall) -> Result<(), u64> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = all.entry(key).or_default();
        own.retain(|at| now.0.saturating_sub(at.0) < HOUR);
        if own.len() < PER_HOUR {
            own.push_back(now);
            return Ok(());
        }
        let first = own.front().map_or(0, |at| at.0 + HOUR);
        Err(first.saturating_sub(now.0).div_ceil(1000).max(1))
    }

    /// Gives one back that was not done.
    fn give_back(&self, key: KeyIx, at: Wall) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = all.get_mut(&key)
            && let Some(place) = own.iter().position(|taken| *taken == at)
        {
            own.remove(place);
        }
    }
}

impl Api {
    /// Carries out a wish about what is the asker's own; the caller has seen to that.
    pub(super) async fn change(
        &self,
        asker: &Asker,
        command: Command,
    ) -> Result<OwnChange, Problem> {
        // Whoever found a key must not keep its owner from ending it.
        let counted = (!command.ends_key()).then(|| (asker.at, asker.wall()));
        if let Some((key, now)) = counted {
            self.changes.take(key, now).map_err(too_many)?;
        }
        let id = format!("{}/{}", asker.partner.id, asker.key.id());
        let actor = Actor { kind: ActorKind::Partner, id };
        let done = self.parts.office.submit(actor, command).await;
        if let (Err(_), Some((key, now))) = (&done, counted) {
            self.changes.give_back(key, now);
        }
        done.map(Into::into).map_err(|error| refused(&error))
    }
}

impl From<Done> for OwnChange {
    fn from(done: Done) -> Self {
        let revision = done.revision.map(|revision| revision.0);
        Self { revision, durable: done.durable, what: done.what }
    }
}

fn too_many(seconds: u64) -> Problem {
    let problem = Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too_many_changes",
        "Too many changes within an hour",
        format!(
            "at most {PER_HOUR} changes an hour are taken from a key; try again in {seconds} s, use another key of yours, or ask the platform's partner team; ending a key is always taken"
        ),
    );
    problem.again_after(seconds)
}

/// What the office did not do. Its texts go on with what an operator may do, which is cut off.
fn refused(error: &OfficeError) -> Problem {
    let (status, title) = match error {
        OfficeError::Rejected(rejected) if rejected.is_conflict() => {
            (StatusCode::CONFLICT, "The state is not what this wish expects")
        }
        OfficeError::Rejected(_) => (StatusCode::UNPROCESSABLE_ENTITY, "This can't be done"),
        _ => (StatusCode::SERVICE_UNAVAILABLE, "The gate can't take changes now"),
    };
    if status == StatusCode::SERVICE_UNAVAILABLE {
        let problem =
            Problem::new(status, error.code(), title, "nothing was changed; try again soon");
        return problem.again_after(SOON);
    }
    let text = error.to_string();
    let what = text.split("; ").next().unwrap_or_default();
    let detail = format!("{what}; ask the platform's partner team if you expect otherwise");
    Problem::new(status, error.code(), title, detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_changes_more_than_so_many_things_in_an_hour() {
        let changes = Changes::default();
        let (one, other) = (KeyIx(1), KeyIx(2));
        for at in 0..20 {
            assert_eq!(changes.take(one, Wall(at)), Ok(()));
        }
        assert_eq!(changes.take(one, Wall(20)), Err(3600));
        assert_eq!(changes.take(other, Wall(20)), Ok(()), "another key is not kept from it");
        changes.give_back(one, Wall(7));
        assert_eq!(changes.take(one, Wall(20)), Ok(()), "what was refused does not count");
        let refused = changes.take(one, Wall(20)).unwrap_err();
        let answer = axum::response::IntoResponse::into_response(too_many(refused));
        assert_eq!(answer.headers()["retry-after"], "3600");
        assert_eq!(changes.take(one, Wall(HOUR)), Ok(()));
    }
}
