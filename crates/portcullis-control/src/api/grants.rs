//! Grants: read, fed whole, changed. One JSON object a line, both ways.
//!
//! A feed of millions passes in batches, so that nothing else waits for it. Must not know how grants
//! are kept or how they reach the judge.

mod lines;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use portcullis_registry::{
    Actor, GrantsBatch, GrantsDone, GrantsPart, GrantsWanted, Office, OfficeError, Rejected,
    SnapshotFeed,
};
use portcullis_types::{Revision, Wall};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Ctx, refused};
use crate::auth::Caller;
use crate::extract::Params;
use crate::lines::{Lines, NDJSON, faulty};
use crate::names;
use crate::problem::{Document, EntryFault, Problem};
use crate::stream;
use crate::views::counted;

pub(crate) use lines::Line;

/// Lines of one batch: a hold waits for no more than one, a fifth of a second at most.
const BATCH: usize = 5000;
/// Grants read at once.
const PAGE: usize = 5000;
/// The code of the problem when lines can't be taken.
const FAULTS: &str = "grants_faults";

/// Which grants.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Only of this account.
    account: Option<String>,
    /// Only to this partner.
    partner: Option<String>,
    /// Only for this client.
    client: Option<String>,
    /// At most this many; all when absent.
    limit: Option<u64>,
}

/// All grants, or some of them, in order of account, partner, client; `ETag` is their version
#[utoipa::path(get, path = "/v1/grants", tag = "grants", security(("admin_token" = [])),
    params(Which),
    responses((status = 200, body = Line, content_type = "application/x-ndjson", description = "One object a line. What changes while it is read may be in it or not."), (status = "4XX", body = Document)))]
pub(crate) async fn list(
    State(shared): Ctx,
    Params(which): Params<Which>,
) -> Result<Response, Problem> {
    let wanted = GrantsWanted {
        after: None,
        account: which.account,
        partner: which.partner.map(|id| names::id(&id)).transpose()?,
        client: which.client.map(|id| names::id(&id)).transpose()?,
        count: PAGE,
    };
    let limit = which.limit.unwrap_or(u64::MAX);
    if limit == 0 {
        return Err(Problem::unreadable("`limit` is 0: send 1 or more, or leave it out"));
    }
    let version = shared.control.office.snapshot().grants().map_or(0, |logged| logged.revision.0);
    let body = stream::grants(shared, wanted, limit);
    Ok((etag(version), [(header::CONTENT_TYPE, NDJSON)], body).into_response())
}

fn etag(version: u64) -> HeaderMap {
    let value = HeaderValue::try_from(format!("\"{version}\"")).ok();
    value.into_iter().map(|value| (header::ETAG, value)).collect()
}

/// What a feed came to.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct Fed {
    /// The version of the grants now; send it as `If-Match` with the next change.
    version: u64,
    /// How many are new.
    granted: u64,
    /// How many have another term.
    renewed: u64,
    /// How many are withdrawn: refused from the next call on.
    withdrawn: u64,
    /// How many lines said what was so already.
    unchanged: u64,
    /// How many grants there are now.
    total: u64,
    /// How many lines were read.
    lines: u64,
    /// The same in one line.
    what: String,
}

/// How a snapshot may end.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Ending {
    /// Whether it may name less than half of the grants there are; 409 and nothing withdrawn if not.
    #[serde(default)]
    thin: bool,
}

/// Feeds all grants there are: those that are not named are withdrawn once the last line was read
#[utoipa::path(put, path = "/v1/grants", tag = "grants", security(("admin_token" = [])),
    params(Ending, ("If-Match" = Option<String>, Header, description = "The version the snapshot builds on; 412 when grants were changed since")),
    request_body(content = Line, content_type = "application/x-ndjson", description = "One object a line, `withdrawn` in none. Lines are in force batch by batch while they are read; changes sent meanwhile win over them."),
    responses((status = 200, body = Fed), (status = "4XX", body = Document)))]
pub(crate) async fn snapshot(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    Params(ending): Params<Ending>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let on = version(&headers)?;
    let mut feeding = Feeding::new(&*shared.control.office, caller.actor(), (on, shared.now()));
    let mut lines = Lines::of(request, FAULTS)?;
    match feeding.snapshot(&mut lines, ending.thin).await {
        Ok(()) => Ok(feeding.answer()),
        Err(problem) => {
            lines.drain().await;
            Err(feeding.stopped(problem, true))
        }
    }
}

/// Gives and withdraws grants; up to 5,000 lines are taken whole or not at all
#[utoipa::path(post, path = "/v1/grants/changes", tag = "grants", security(("admin_token" = [])),
    params(("If-Match" = Option<String>, Header, description = "The version the change builds on; 412 when grants were changed since")),
    request_body(content = Line, content_type = "application/x-ndjson", description = "One object a line. More than 5,000 lines are in force batch by batch while they are read."),
    responses((status = 200, body = Fed), (status = "4XX", body = Document)))]
pub(crate) async fn change(
    State(shared): Ctx,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let on = version(&headers)?;
    let mut feeding = Feeding::new(&*shared.control.office, caller.actor(), (on, shared.now()));
    let mut lines = Lines::of(request, FAULTS)?;
    match feeding.changes(&mut lines).await {
        Ok(()) => Ok(feeding.answer()),
        Err(problem) => {
            lines.drain().await;
            Err(feeding.stopped(problem, false))
        }
    }
}

fn version(headers: &HeaderMap) -> Result<Option<Revision>, Problem> {
    let Some(value) = headers.get(header::IF_MATCH) else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim_matches('"');
    text.parse().map(Revision).map(Some).map_err(|_| {
        Problem::unreadable("`If-Match` is no version of the grants: send the `ETag` of `GET /v1/grants`, or the `version` of the last answer")
    })
}

/// A feed on its way in.
struct Feeding<'a> {
    office: &'a dyn Office,
    actor: Actor,
    on: Option<Revision>,
    now: Wall,
    fed: Fed,
}

impl<'a> Feeding<'a> {
    fn new(office: &'a dyn Office, actor: Actor, (on, now): (Option<Revision>, Wall)) -> Self {
        Self { office, actor, on, now, fed: Fed::default() }
    }

    async fn snapshot(&mut self, lines: &mut Lines, thin: bool) -> Result<(), Problem> {
        let feed = SnapshotFeed::new();
        let mut part = GrantsPart::SnapshotBegins(feed.clone());
        loop {
            let now = self.now;
            let batch = lines.next(BATCH, |text| lines::line(text, false, now)).await?;
            let ended = batch.is_empty();
            if !ended || matches!(part, GrantsPart::SnapshotBegins(_)) {
                self.send(batch, part).await?;
            }
            if ended {
                break;
            }
            part = GrantsPart::SnapshotGoesOn(feed.clone());
        }
        let ends = GrantsPart::SnapshotEnds { feed, thin };
        while self.send(Vec::new(), ends.clone()).await? {}
        Ok(())
    }

    async fn changes(&mut self, lines: &mut Lines) -> Result<(), Problem> {
        loop {
            let now = self.now;
            let batch = lines.next(BATCH, |text| lines::line(text, true, now)).await?;
            if batch.is_empty() {
                return Ok(());
            }
            self.send(batch, GrantsPart::Changes).await?;
        }
    }

    /// Sends a batch; whether a snapshot has more to withdraw.
    async fn send(
        &mut self,
        lines: Vec<(u64, portcullis_registry::GrantLine)>,
        part: GrantsPart,
    ) -> Result<bool, Problem> {
        let (numbers, lines): (Vec<u64>, Vec<_>) = lines.into_iter().unzip();
        // A change of several batches must not be taken for somebody else's by its own later ones.
        let on = match part {
            GrantsPart::Changes | GrantsPart::SnapshotBegins(_) => self.on,
            GrantsPart::SnapshotGoesOn(_) | GrantsPart::SnapshotEnds { .. } => None,
        };
        let batch = GrantsBatch { lines, on, part };
        let done = self.office.change_grants(self.actor.clone(), batch).await;
        let done = done.map_err(|error| at_line(error, &numbers))?;
        let GrantsDone { version, granted, renewed, withdrawn, unchanged, total, more } = done;
        self.on = self.on.map(|_| version.unwrap_or(Revision(0)));
        let fed = &mut self.fed;
        fed.version = version.map_or(0, |version| version.0);
        fed.granted += granted;
        fed.renewed += renewed;
        fed.withdrawn += withdrawn;
        fed.unchanged += unchanged;
        fed.total = total;
        fed.lines += numbers.len() as u64;
        Ok(more)
    }

    fn answer(mut self) -> Response {
        let Fed { granted, renewed, withdrawn, unchanged, total, .. } = self.fed;
        self.fed.what = format!(
            "{granted} granted, {renewed} renewed, {withdrawn} withdrawn, {unchanged} unchanged; {} now",
            counted(total, "grant")
        );
        (etag(self.fed.version), Json(self.fed)).into_response()
    }

    /// Says what holds of a feed that stopped halfway.
    fn stopped(&self, mut problem: Problem, snapshot: bool) -> Problem {
        let before = match self.fed.lines {
            0 => return problem,
            1 => "1 line before that is".to_owned(),
            lines => format!("{lines} lines before that are"),
        };
        let nothing = snapshot && self.fed.withdrawn == 0;
        let nothing = if nothing { ", and nothing was withdrawn" } else { "" };
        problem.detail.push_str(&format!("; {before} in force{nothing}"));
        problem
    }
}

/// The line of a batch that could not be taken, with its number in the body.
fn at_line(error: OfficeError, numbers: &[u64]) -> Problem {
    if let OfficeError::Rejected(Rejected::GrantLine { index, why }) = &error
        && let Some(line) = numbers.get(*index)
    {
        return faulty(FAULTS, vec![EntryFault { line: *line, message: why.to_string() }]);
    }
    refused(error)
}
