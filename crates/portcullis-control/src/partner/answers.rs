//! Answers of the asker to what happened to its access, each with its clock and what was replied.
//!
//! Must not know who replies.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use portcullis_registry::{AnswerCommand, AnswerKind, AnswerRecord, Attachment, SubjectIx};
use portcullis_types::Revision;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Ctx;
use super::asker::{Asker, Reader};
use super::changes::OwnChange;
use super::keys::Which;
use super::receipts::{is_about, missing, none};
use crate::api::{before, limit};
use crate::extract::{Body, Params};
use crate::problem::{Document, Problem};
use crate::views::{AnswerView, AnswerWholeView, Page};

/// An answer to a notice.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewAnswer {
    /// `answer`, `appeal` to have somebody else look at it, or `acknowledgement`.
    #[schema(value_type = String)]
    kind: AnswerKind,
    /// The event's number, as `me` and `notices` tell it.
    about: u64,
    /// What the platform is to know, at most 64 KiB; may be absent from an acknowledgement.
    #[serde(default)]
    text: String,
    /// What belongs to it, by its digest; the files stay with you until the platform asks for them.
    #[serde(default)]
    attachments: Vec<NewAttachment>,
}

/// A file that belongs to an answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewAttachment {
    /// What it is called.
    name: String,
    /// SHA-256, lower-case hex.
    sha256: String,
    /// How long it is.
    bytes: u64,
}

/// An answer that was taken in.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AnswerTaken {
    /// The answer.
    answer: Option<AnswerView>,
    /// The change.
    change: OwnChange,
}

/// Answers a notice, appeals against it, or says that it was read; works in every state
#[utoipa::path(post, path = "/partner/v1/answers", tag = "answers", security(("key" = [])),
    request_body = NewAnswer,
    responses((status = 201, body = AnswerTaken), (status = "4XX", body = Document)))]
pub(super) async fn add(
    State(api): Ctx,
    Reader(asker): Reader,
    Body(new): Body<NewAnswer>,
) -> Result<(StatusCode, Json<AnswerTaken>), Problem> {
    asker.speaks_for_others()?;
    let (about, kind) = (Revision(new.about), new.kind);
    let office = &api.parts.office;
    let logged = office.event(about).await.map_err(|error| missing(&error))?;
    if !is_about(&asker, &logged.event) {
        return Err(none());
    }
    let attachments = new.attachments.into_iter();
    let attachments =
        attachments.map(|NewAttachment { name, sha256, bytes }| Attachment { name, sha256, bytes });
    if let Some(SubjectIx::Partner(_)) = asker.snapshot.answers().of_step(about) {
        asker.speaks_for_all()?;
    }
    let command = AnswerCommand::Receive {
        partner: asker.partner.id.clone(),
        kind,
        about,
        text: new.text,
        attachments: attachments.collect(),
        due: api.parts.promise.reply_by(asker.wall()),
    };
    let change = api.change(&asker, command.into()).await?;
    let snapshot = office.snapshot();
    let mut newest = snapshot.answers().newest(None);
    let own = newest
        .find(|one| one.partner == asker.key.partner && (one.about, one.kind) == (about, kind));
    let answer = own.map(|record| AnswerView::outside(record, &snapshot));
    Ok((StatusCode::CREATED, Json(AnswerTaken { answer, change })))
}

/// Your answers and what was replied, newest first
#[utoipa::path(get, path = "/partner/v1/answers", tag = "answers", security(("key" = [])),
    params(Which), responses((status = 200, body = Page<AnswerView>), (status = "4XX", body = Document)))]
pub(super) async fn list(
    Reader(asker): Reader,
    Params(which): Params<Which>,
) -> Result<Json<Page<AnswerView>>, Problem> {
    let count = limit(which.limit)?;
    let before = before(which.after.as_deref())?;
    let mut found = asker.snapshot.answers().newest(before).filter(|one| asker.wrote(one));
    let data: Vec<AnswerView> = found
        .by_ref()
        .take(count)
        .map(|record| AnswerView::outside(record, &asker.snapshot))
        .collect();
    let next = found.next().and(data.last()).map(|last| last.id.to_string());
    Ok(Json(Page { data, next }))
}

/// An answer of yours, as it was taken in
#[utoipa::path(get, path = "/partner/v1/answers/{id}", tag = "answers", security(("key" = [])),
    params(("id" = u64, Path, description = "The answer's number")),
    responses((status = 200, body = AnswerWholeView), (status = "4XX", body = Document)))]
pub(super) async fn show(
    State(api): Ctx,
    Reader(asker): Reader,
    Path(id): Path<String>,
) -> Result<Json<AnswerWholeView>, Problem> {
    let id = id.parse().map(Revision).map_err(|_| none())?;
    let record = asker.snapshot.answers().find(id).filter(|record| asker.wrote(record));
    let view = AnswerView::outside(record.ok_or_else(none)?, &asker.snapshot);
    Ok(Json(view.whole(&*api.parts.office).await))
}

impl Asker {
    /// Whether an answer is one that this key may see: its partner's, or its client's.
    pub(super) fn wrote(&self, record: &AnswerRecord) -> bool {
        let of = match record.subject {
            SubjectIx::Partner(_) => None,
            SubjectIx::Client(at) => Some(at),
            SubjectIx::Key(at) => self.snapshot.key(at).and_then(|key| key.client),
        };
        record.partner == self.key.partner
            && self.key.client.is_none_or(|client| of == Some(client))
    }

    /// Those of them that still wait for the platform, the oldest first.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &AnswerRecord> {
        self.snapshot.answers().open().filter(|record| self.wrote(record))
    }
}
