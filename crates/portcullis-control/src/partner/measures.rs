//! What was taken away from the asker, and which clocks run.
//!
//! Must not know what an operation is.

use std::sync::Arc;

use portcullis_registry::{Course, Snapshot, Standing};
use portcullis_types::{Notice, Percent, Revision, Subject, Wall};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::Api;
use super::asker::Asker;
use super::notices::readable;

/// What was taken away from somebody.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Measure {
    /// From whom: `partner`, `client` or `key`.
    of: String,
    /// How it stands since: `warned`, `restricted`, `suspended` and so on.
    state: &'static str,
    /// Since when, RFC 3339.
    since: String,
    /// The reason code.
    reason: String,
    /// What that stands for.
    reason_about: Option<String>,
    /// What the platform wrote to you.
    tell: String,
    /// What is closed, in words.
    closes: String,
    /// What is closed although it usually stays open.
    even: Vec<String>,
    /// What is left of rates and budgets, in a hundred; null: all of it.
    factor: Option<u8>,
    /// When it is looked at again.
    review_by: Option<String>,
    /// The event of the log that says so; null while it is not durable.
    revision: Option<u64>,
    /// The statement of reasons: what is withheld for a time is left out, with the ground and the end
    /// of that. Null where there is none, or it can't be read now.
    #[schema(value_type = Option<Object>)]
    statement: Option<Value>,
}

/// Something that ends or is looked at.
#[derive(Debug, Eq, PartialEq, Ord, PartialOrd, Serialize, ToSchema)]
pub(super) struct Clock {
    /// When, RFC 3339.
    at: String,
    /// What.
    what: String,
}

/// What ends or is looked at, the next first.
pub(super) fn clocks(asker: &Asker, measures: &[(Subject, Arc<Notice>)]) -> Vec<Clock> {
    let now = asker.wall();
    let mut clocks = Vec::new();
    let mut add = |what: String, at: Option<Wall>| {
        if let Some(at) = at.filter(|at| *at > now) {
            clocks.push(Clock { at: at.rfc3339(), what });
        }
    };
    for (of, course) in asker.courses() {
        let due = [
            ("the measure on the {of} ends or is confirmed by somebody else", course.ratify),
            ("the measure on the {of} is looked at again", course.review),
            ("the warning of the {of} is to be acknowledged", course.acknowledge),
            ("from then on, access of the {of} may be ended", course.until),
        ];
        for (what, clock) in due {
            add(what.replace("{of}", &of.to_string()), clock.map(|clock| clock.at));
        }
    }
    for (of, notice) in measures.iter().filter(|(of, _)| *of == Subject::Key) {
        add(format!("the measure on the {of} is looked at again"), notice.review_by);
    }
    for answer in asker.waiting().filter(|answer| answer.replies.is_empty()) {
        let (kind, about) = (answer.kind, answer.about.0);
        add(format!("your {kind} about event {about} is replied to"), answer.due);
    }
    add("this key ends".to_owned(), asker.key.expires);
    add("what you declared is to be reviewed".to_owned(), asker.partner.facts.review_by);
    if let Some(client) = &asker.client {
        add(
            "what was declared for the client is to be reviewed".to_owned(),
            client.facts.review_by,
        );
    }
    clocks.sort();
    clocks
}

impl Measure {
    pub(super) fn new(of: Subject, notice: &Notice, snapshot: &Snapshot) -> Self {
        let about = snapshot.reasons().get(notice.reason.as_str());
        Self {
            of: of.to_string(),
            state: notice.state.name(),
            since: notice.since.rfc3339(),
            reason: notice.reason.to_string(),
            reason_about: about.map(|reason| reason.about.to_string()),
            tell: notice.tell.to_string(),
            closes: notice.closes.to_string(),
            even: notice.even.iter().map(ToString::to_string).collect(),
            factor: notice.factor.map(Percent::get),
            review_by: notice.review_by.map(Wall::rfc3339),
            revision: notice.revision.map(|revision| revision.0),
            statement: None,
        }
    }

    /// Adds its statement of reasons. How one stands is told also while the store can't be read.
    pub(super) async fn explain(&mut self, api: &Api, now: Wall) {
        let Some(revision) = self.revision.map(Revision) else { return };
        let office = &*api.parts.office;
        let Ok(logged) = office.event(revision).await else { return };
        if let Some(digest) = logged.event.statement() {
            self.statement = readable(office, digest, now).await.ok().flatten();
        }
    }

    /// What the partner may tell its own customers about it.
    pub(super) fn impact_note(&self) -> Option<&str> {
        self.statement.as_ref()?.get("impact_note")?.as_str()
    }

    /// Since when it is.
    pub(super) fn since(&self) -> &str {
        &self.since
    }
}

impl Asker {
    /// How partner and client came to stand as they do.
    fn courses(&self) -> impl Iterator<Item = (Subject, &Course)> {
        let client = self.client.as_ref().and_then(|client| client.course.as_deref());
        let each = [(Subject::Partner, self.partner.course.as_deref()), (Subject::Client, client)];
        each.into_iter().filter_map(|(of, course)| Some((of, course?)))
    }

    /// What was taken away, the widest first.
    pub(super) fn measures(&self) -> Vec<(Subject, Arc<Notice>)> {
        match &self.standing {
            Standing::Revoked(_) | Standing::Unknown => Vec::new(),
            // How partner and client stand is told whatever becomes of the key.
            _ => {
                let told = self.courses().map(|(of, course)| (of, Arc::clone(&course.notice)));
                let key = self.key.narrowed.iter().map(|notice| (Subject::Key, Arc::clone(notice)));
                told.chain(key).collect()
            }
        }
    }

    /// What is left of rates and budgets.
    pub(super) fn factor(&self) -> Option<Percent> {
        self.measures().iter().filter_map(|(_, notice)| notice.factor).min()
    }
}
