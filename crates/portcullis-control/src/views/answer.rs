//! Answers of partners, as both APIs show them.
//!
//! Must not know routes.

use portcullis_registry::{
    AnswerBody, AnswerKind, AnswerRecord, Office, Outcome, Reply, Snapshot, SubjectId,
};
use portcullis_types::Wall;
use serde::Serialize;
use utoipa::ToSchema;

/// An answer to a notice, and what became of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Answer)]
pub(crate) struct AnswerView {
    /// Its number: the event that took it in.
    pub(crate) id: u64,
    /// Whose.
    partner: String,
    /// Whom the step concerns.
    #[schema(value_type = Object)]
    subject: Option<SubjectId>,
    /// The event of the step it is about.
    about: u64,
    /// `answer`, `appeal` or `acknowledgement`.
    kind: &'static str,
    /// `open`, `answered`, `upheld`, `denied`, or `read` where no reply is wanted.
    state: &'static str,
    /// When it came in, RFC 3339.
    at: String,
    /// By when the platform replies; null where no reply is wanted.
    due: Option<String>,
    /// Whether that time went by without a reply.
    overdue: bool,
    /// What was replied, in order.
    replies: Vec<ReplyView>,
    /// The event that gave something back after the appeal was upheld.
    followed: Option<u64>,
    /// SHA-256 of the answer as the platform keeps it.
    digest: String,
}

/// A reply.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Reply)]
struct ReplyView {
    /// Its event.
    revision: u64,
    /// When, RFC 3339.
    at: String,
    /// `upheld`, `denied`, or `noted` where it decides nothing.
    outcome: &'static str,
    /// What the platform wrote.
    tell: String,
    /// Who replied; only the platform's own people read this.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
}

/// An answer with what the partner wrote.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = AnswerWhole)]
pub(crate) struct AnswerWholeView {
    /// The answer.
    #[serde(flatten)]
    answer: AnswerView,
    /// What the partner wrote; null where it was erased.
    text: Option<String>,
    /// What belongs to it and stays with the partner.
    attachments: Vec<AttachmentView>,
}

/// Something that belongs to an answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Attachment)]
struct AttachmentView {
    /// What it is called.
    name: String,
    /// SHA-256, lower-case hex.
    sha256: String,
    /// How long it is.
    bytes: u64,
}

impl AnswerView {
    /// As the platform's own people see it.
    pub(crate) fn inside(record: &AnswerRecord, snapshot: &Snapshot) -> Self {
        Self::new(record, snapshot, |reply| Some(reply.by.id.clone()))
    }

    /// As the partner sees it.
    pub(crate) fn outside(record: &AnswerRecord, snapshot: &Snapshot) -> Self {
        Self::new(record, snapshot, |_| None)
    }

    fn new(
        record: &AnswerRecord,
        snapshot: &Snapshot,
        by: impl Fn(&Reply) -> Option<String>,
    ) -> Self {
        let partner = snapshot.partner(record.partner);
        let reply = |reply: &Reply| ReplyView {
            revision: reply.revision.0,
            at: reply.at.rfc3339(),
            outcome: reply.outcome.name(),
            tell: reply.tell.to_string(),
            by: by(reply),
        };
        Self {
            id: record.revision.0,
            partner: partner.map(|partner| partner.id.to_string()).unwrap_or_default(),
            subject: snapshot.subject_id(record.subject),
            about: record.about.0,
            kind: record.kind.name(),
            state: state(record),
            at: record.at.rfc3339(),
            due: record.due.map(Wall::rfc3339),
            overdue: record.overdue,
            replies: record.replies.iter().map(reply).collect(),
            followed: record.followed.map(|revision| revision.0),
            digest: record.digest.clone(),
        }
    }

    /// The same with what the partner wrote, read beside the log.
    pub(crate) async fn whole(self, office: &dyn Office) -> AnswerWholeView {
        let body = office.blob(self.digest.clone()).await.ok();
        let body = body.and_then(|body| serde_json::from_slice::<AnswerBody>(&body).ok());
        let attachments = body.iter().flat_map(|body| &body.attachments);
        let attachments = attachments.map(|one| AttachmentView {
            name: one.name.clone(),
            sha256: one.sha256.clone(),
            bytes: one.bytes,
        });
        let attachments = attachments.collect();
        AnswerWholeView { answer: self, text: body.map(|body| body.text), attachments }
    }
}

fn state(record: &AnswerRecord) -> &'static str {
    match (record.kind, record.decided()) {
        (_, Some(reply)) if reply.outcome == Outcome::Upheld => "upheld",
        (_, Some(_)) => "denied",
        (AnswerKind::Acknowledgement, None) => "read",
        (AnswerKind::Answer | AnswerKind::Appeal, None) if record.is_open() => "open",
        (AnswerKind::Answer | AnswerKind::Appeal, None) => "answered",
    }
}
