//! A body of lines, read in batches and in bounded memory.
//!
//! Must not know what a line says or what a batch is sent to.

use std::future::poll_fn;
use std::pin::Pin;
use std::time::Duration;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use http_body::Body as _;
use tokio::time::{sleep, timeout};

use crate::problem::{EntryFault, Problem};

/// The media type of lines of JSON.
pub(crate) const NDJSON: &str = "application/x-ndjson";
/// Longest line in bytes: a few members of short texts, and room for their names.
const LINE_BYTES_MAX: usize = 1024;
/// Most of a body that is read although it can't be taken any more.
const DRAINED_BYTES_MAX: usize = 512 << 20;
/// For how long a body that nobody knows the end of is.
const DRAINED_FOR_MAX: Duration = Duration::from_secs(10);
/// Most faults told at once.
const FAULTS_MAX: usize = 100;

/// Lines with their numbers in the body, from 1.
pub(crate) type Numbered<T> = Vec<(u64, T)>;

/// A body on its way in.
pub(crate) struct Lines {
    body: Body,
    rest: Vec<u8>,
    /// The number of the line that `rest` begins with, from 1.
    number: u64,
    ended: bool,
    /// The code of the problem when lines can't be taken.
    code: &'static str,
    /// How long a line waits for others, in a body that nobody knows the end of.
    patience: Option<Duration>,
}

impl Lines {
    /// The lines of a request.
    ///
    /// # Errors
    /// A [`Problem`] when the request says that it is something else.
    pub(crate) fn of(request: Request, code: &'static str) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
        let essence = kind.and_then(|kind| kind.split(';').next()).map(str::trim);
        if !essence.is_some_and(|essence| essence.eq_ignore_ascii_case(NDJSON)) {
            return Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "media_type_unknown",
                "The body's media type is not accepted",
                "send one JSON object a line with `Content-Type: application/x-ndjson`",
            ));
        }
        let (body, rest) = (request.into_body(), Vec::new());
        Ok(Self { body, rest, number: 1, ended: false, code, patience: None })
    }

    /// The same; where the body does not say how long it is, no line waits longer than that for a batch to
    /// become full: it is sent as things happen, and may go on for long.
    pub(crate) fn with_patience(self, patience: Duration) -> Self {
        let endless = self.body.size_hint().exact().is_none();
        Self { patience: endless.then_some(patience), ..self }
    }

    /// At most `count` lines with their numbers, read one by one; none at the end.
    pub(crate) async fn next<T>(
        &mut self,
        count: usize,
        read: impl Fn(&[u8]) -> Result<T, String>,
    ) -> Result<Numbered<T>, Problem> {
        let (mut batch, mut faults) = (Vec::new(), Vec::new());
        let mut over = None;
        while batch.len() < count && faults.len() < FAULTS_MAX {
            if self.take(count, &read, (&mut batch, &mut faults)) {
                continue;
            }
            if self.ended {
                break;
            }
            let any = !batch.is_empty() || !faults.is_empty();
            let Some(patience) = self.patience.filter(|_| any) else {
                self.read().await?;
                continue;
            };
            // From its first line on: lines that come one by one keep none before them waiting.
            let over = over.get_or_insert_with(|| Box::pin(sleep(patience)));
            tokio::select! {
                biased;
                read = self.read() => read?,
                () = over => break,
            }
        }
        if faults.is_empty() { Ok(batch) } else { Err(faulty(self.code, faults)) }
    }

    /// Takes the whole lines that have arrived; whether there was any.
    fn take<T>(
        &mut self,
        count: usize,
        read: &impl Fn(&[u8]) -> Result<T, String>,
        (batch, faults): (&mut Numbered<T>, &mut Vec<EntryFault>),
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
            if text.len() > LINE_BYTES_MAX {
                let message = format!("the line has more than {LINE_BYTES_MAX} bytes");
                faults.push(EntryFault { line, message });
            } else if !text.is_empty() {
                match read(text) {
                    Ok(read) => batch.push((line, read)),
                    Err(message) => faults.push(EntryFault { line, message }),
                }
            }
            taken = taken.saturating_add(end + 1).min(self.rest.len());
            self.number += 1;
        }
        self.rest.drain(..taken);
        taken > 0
    }

    /// Reads on, up to a bound, and drops what comes: who is still sending would not read the answer. Who
    /// sends as things happen may do so for hours, and is answered at the first pause.
    pub(crate) async fn drain(&mut self) {
        let (pause, most) =
            self.patience.map_or((Duration::MAX, Duration::MAX), |pause| (pause, DRAINED_FOR_MAX));
        let _answered_anyway = timeout(most, self.drain_until(pause)).await;
    }

    async fn drain_until(&mut self, pause: Duration) {
        let mut left = DRAINED_BYTES_MAX;
        while !self.ended && left > 0 {
            self.rest.clear();
            let Ok(Ok(())) = timeout(pause, self.read()).await else { return };
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
pub(crate) fn unreadable(error: &serde_json::Error) -> String {
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
pub(crate) fn faulty(code: &'static str, entries: Vec<EntryFault>) -> Problem {
    let which = match entries.as_slice() {
        [one] => format!("line {} can't be taken, and nothing of its batch was", one.line),
        some => format!("{} lines can't be taken, and nothing of their batch was", some.len()),
    };
    let status = StatusCode::UNPROCESSABLE_ENTITY;
    let mut problem = Problem::new(status, code, "Some lines can't be taken", which);
    problem.entries = entries;
    problem
}

#[cfg(test)]
mod tests;
