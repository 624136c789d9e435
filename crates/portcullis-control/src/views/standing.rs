//! A standing as the admin API shows it: what is closed, who brought it about, which clocks run.

use portcullis_registry::{ClockName, Course, PlatformSeen};
use portcullis_types::{ClassName, Closes, Notice, StandingName, Wall};
use serde::Serialize;
use utoipa::ToSchema;

/// A hold or a revocation as the partner is told of it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct NoticeView {
    /// Since when, RFC 3339.
    since: String,
    /// The reason code.
    reason: String,
    /// The text written for the partner.
    tell: String,
    /// When the hold is looked at again.
    review_by: Option<String>,
    /// The event that says so.
    revision: Option<u64>,
}

impl From<&Notice> for NoticeView {
    fn from(notice: &Notice) -> Self {
        Self {
            since: notice.since.rfc3339(),
            reason: notice.reason.to_string(),
            tell: notice.tell.to_string(),
            review_by: notice.review_by.map(Wall::rfc3339),
            revision: notice.revision.map(|revision| revision.0),
        }
    }
}

/// What became of a message to the platform itself.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct PlatformView {
    /// The event it was told of.
    about: u64,
    /// When it answered, or was given up, RFC 3339.
    at: String,
    /// The status it answered with; null: it could not be told.
    status: Option<u16>,
}

impl From<&PlatformSeen> for PlatformView {
    fn from(seen: &PlatformSeen) -> Self {
        Self { about: seen.about.0, at: seen.at.rfc3339(), status: seen.status }
    }
}

/// How a partner or client came to its standing, and what is due.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct StandingView {
    /// Which stage of the way back.
    stage: Option<u8>,
    /// Who brought it about.
    by: String,
    /// What is closed, in words.
    closed: String,
    /// Continuity classes that are closed too.
    even: Vec<String>,
    /// What is left of rates and budgets, in per cent; null: all of them.
    factor: Option<u8>,
    /// What stays open, in words.
    open: &'static str,
    /// What stays closed of a hold that nobody else confirms in time.
    fallback: Option<String>,
    /// What is due.
    clocks: Vec<ClockView>,
    /// What the partner is told.
    notice: NoticeView,
}

/// A moment by which something is to happen.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct ClockView {
    /// `ratification`, `review`, `acknowledgement` or `notice`.
    clock: &'static str,
    /// By when.
    at: String,
    /// Whether time is over.
    ran_out: bool,
}

impl From<&Course> for StandingView {
    fn from(course: &Course) -> Self {
        let notice = &*course.notice;
        let names = [
            ClockName::Ratification,
            ClockName::Review,
            ClockName::Acknowledgement,
            ClockName::Notice,
        ];
        let clocks = names.into_iter().filter_map(|name| {
            let clock = course.clock(name)?;
            let (at, ran_out) = (clock.at.rfc3339(), clock.ran_out);
            Some(ClockView { clock: name.name(), at, ran_out })
        });
        let waits = course.ratify.is_some_and(|clock| !clock.ran_out);
        let fallback = course.falls_back_to().filter(|_| waits);
        Self {
            stage: course.stage,
            by: course.by.id.clone(),
            closed: notice.closes.to_string(),
            even: notice
                .even
                .iter()
                .filter(|class| !named(notice, class))
                .map(ToString::to_string)
                .collect(),
            factor: notice.factor.map(portcullis_types::Percent::get),
            open: open(notice),
            fallback: fallback.map(|closes| closes.to_string()),
            clocks: clocks.collect(),
            notice: NoticeView::from(notice),
        }
    }
}

/// What is closed by name need not be told again.
fn named(notice: &Notice, class: &ClassName) -> bool {
    match &notice.closes {
        Closes::ReadsOf(classes) | Closes::Classes(classes) => classes.contains(class),
        Closes::Nothing | Closes::All | Closes::Reads | Closes::Writes => false,
    }
}

fn open(notice: &Notice) -> &'static str {
    if notice.state == StandingName::Terminated {
        "nothing"
    } else if notice.closes.is_nothing() {
        "everything"
    } else if notice.closes == Closes::All {
        "the continuity classes that are not named"
    } else {
        "everything else, and the continuity classes that are not named"
    }
}

/// The word for a standing.
pub(super) fn state(course: Option<&Course>) -> &'static str {
    course.map(|course| course.state).unwrap_or_default().name()
}
