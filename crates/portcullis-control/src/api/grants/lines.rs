//! A body of lines, read in batches and in bounded memory.
//!
//! Must not know what a batch is sent to.

use std::future::poll_fn;
use std::pin::Pin;

use axum::body::Body;
use axum::http::StatusCode;
use http_body::Body as _;
use portcullis_registry::{Grant, GrantLine, GrantName, Term};
use portcullis_types::Wall;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::moments;
use crate::names;
use crate::problem::{EntryFault, Problem};

/// Longest line in bytes: five members of at most 64 bytes, and room for their names.
const LINE_BYTES_MAX: usize = 1024;
/// Most of a body that is read although it can't be taken any more.
const DRAINED_BYTES_MAX: usize = 512 << 20;
/// Most faults told at once.
const FAULTS_MAX: usize = 100;

/// One grant, as a line.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line {
    /// The account's id at the platform.
    account: String,
    /// Who may act for it.
    partner: String,
    /// For which client of the partner; absent: for whichever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    /// Since when, a date or a time; absent: since ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    /// Until when, a date or a time; absent: until it is withdrawn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    /// Withdraws it; without a client, all of the account's grants to the partner.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    withdrawn: bool,
}

impl From<&Grant> for Line {
    fn from(Grant { name, term }: &Grant) -> Self {
        Self {
            account: name.account.clone(),
            partner: name.partner.to_string(),
            client: name.client.as_ref().map(ToString::to_string),
            from: term.from.map(Wall::rfc3339),
            until: term.until.map(Wall::rfc3339),
            withdrawn: false,
        }
    }
}

/// A body on its way in.
pub(crate) struct Lines {
    body: Body,
    rest: Vec<u8>,
    /// The number of the line that `rest` begins with, from 1.
    number: u64,
    ended: bool,
    now: Wall,
}

impl Lines {
    pub(crate) fn new(body: Body, now: Wall) -> Self {
        Self { body, rest: Vec::new(), number: 1, ended: false, now }
    }

    /// At most `count` lines with their numbers; none at the end. `withdrawals`: whether some may be.
    pub(crate) async fn next(
        &mut self,
        count: usize,
        withdrawals: bool,
    ) -> Result<Vec<(u64, GrantLine)>, Problem> {
        let (mut batch, mut faults) = (Vec::new(), Vec::new());
        while batch.len() < count && faults.len() < FAULTS_MAX {
            if self.take(count, withdrawals, (&mut batch, &mut faults)) {
                continue;
            }
            if self.ended {
                break;
            }
            self.read().await?;
        }
        if faults.is_empty() { Ok(batch) } else { Err(faulty(faults)) }
    }

    /// Takes the whole lines that have arrived; whether there was any.
    fn take(
        &mut self,
        count: usize,
        withdrawals: bool,
        (batch, faults): (&mut Vec<(u64, GrantLine)>, &mut Vec<EntryFault>),
    ) -> bool {
        let mut taken = 0;
        while batch.len() < count && faults.len() < FAULTS_MAX {
            let rest = self.rest.get(taken..).unwrap_or_default();
            let end = rest.iter().position(|byte| *byte == b'\n');
            let too_long = end.is_none() && rest.len() > LINE_BYTES_MAX;
            let whole = end.or_else(|| (self.ended || too_long).then_some(rest.len()));
            let Some(end) = whole.filter(|_| !rest.is_empty()) else { break };
            let text = rest.get(..end).unwrap_or_default().trim_ascii();
            let line = self.number;
            match self.line(text, withdrawals) {
                Ok(None) => {}
                Ok(Some(read)) => batch.push((line, read)),
                Err(message) => faults.push(EntryFault { line, message }),
            }
            taken = taken.saturating_add(end + 1).min(self.rest.len());
            self.number += 1;
        }
        self.rest.drain(..taken);
        taken > 0
    }

    fn line(&self, text: &[u8], withdrawals: bool) -> Result<Option<GrantLine>, String> {
        if text.is_empty() {
            return Ok(None);
        }
        if text.len() > LINE_BYTES_MAX {
            return Err(format!("the line has more than {LINE_BYTES_MAX} bytes"));
        }
        let line: Line = serde_json::from_slice(text).map_err(|error| unreadable(&error))?;
        let said = |problem: Problem| problem.detail.clone();
        let client = line.client.filter(|id| !id.is_empty());
        let name = GrantName {
            account: line.account,
            partner: names::id(&line.partner).map_err(said)?,
            client: client.map(|id| names::id(&id)).transpose().map_err(said)?,
        };
        if line.withdrawn {
            return match withdrawals {
                true => Ok(Some(GrantLine::Withdraw(name))),
                false => {
                    Err("a snapshot withdraws what it does not name: leave the line out".into())
                }
            };
        }
        let moment = |member: &str, text: Option<String>| {
            let text = text.filter(|text| !text.is_empty());
            text.map(|text| moments::moment(member, &text, self.now)).transpose().map_err(said)
        };
        let term = Term { from: moment("from", line.from)?, until: moment("until", line.until)? };
        Ok(Some(GrantLine::Grant(Grant { name, term })))
    }

    /// Reads on, up to a bound, and drops what comes: who is still sending would not read the answer.
    pub(crate) async fn drain(&mut self) {
        let mut left = DRAINED_BYTES_MAX;
        while !self.ended && left > 0 {
            self.rest.clear();
            if self.read().await.is_err() {
                return;
            }
            left = left.saturating_sub(self.rest.len());
        }
    }

    async fn read(&mut self) -> Result<(), Problem> {
        let body = &mut self.body;
        let frame = poll_fn(|context| Pin::new(&mut *body).poll_frame(context)).await;
        match frame {
            Some(Ok(frame)) => {
                if let Ok(bytes) = frame.into_data() {
                    self.rest.extend_from_slice(&bytes);
                }
                Ok(())
            }
            Some(Err(_)) => Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "body_cut",
                "The body ended before its end",
                "the connection ended within the body, or the body is too large",
            )),
            None => {
                self.ended = true;
                Ok(())
            }
        }
    }
}

/// Only names of members are told back, never what they hold.
fn unreadable(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let safe = ["unknown field", "missing field", "duplicate field"];
    if safe.iter().any(|start| text.starts_with(start)) {
        return text.split(" at line ").next().unwrap_or_default().to_owned();
    }
    if error.is_data() {
        return "a member has a value of the wrong kind: ids are texts".to_owned();
    }
    "it is no JSON object".to_owned()
}

/// Lines that can't be taken, as a problem.
pub(crate) fn faulty(entries: Vec<EntryFault>) -> Problem {
    let which = match entries.as_slice() {
        [one] => format!("line {} can't be taken, and nothing of its batch was", one.line),
        some => format!("{} lines can't be taken, and nothing of their batch was", some.len()),
    };
    let mut problem = Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "grants_faults",
        "Some lines can't be taken",
        which,
    );
    problem.entries = entries;
    problem
}
