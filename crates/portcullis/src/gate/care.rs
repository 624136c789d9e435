//! What the platform owes partners, as figures: replies, reviews, and messages to hooks.
//!
//! All but the hooks' part is read from the state, so that a restart changes none of it. Must not
//! know how a message is sent.

use portcullis_registry::{AnswerKind, AnswerRecord, Course, Snapshot};
use portcullis_types::Wall;

use super::hooks;
use super::page::Page;

/// What is owed at a moment.
struct Owed {
    open: [u64; 2],
    overdue: u64,
    /// Seconds since the oldest came in.
    oldest: u64,
    /// Of answers and appeals that were replied to: how many, and after how many seconds together.
    replied: (u64, u64),
    upheld: u64,
    reviews: u64,
}

impl Owed {
    fn at(snapshot: &Snapshot, now: Wall) -> Self {
        let answers = snapshot.answers();
        let open = |kind| answers.open().filter(|one| one.kind == kind).count() as u64;
        let first = |one: &AnswerRecord| Some(seconds(one.at, one.replies.first()?.at));
        let waits = answers.newest(None).filter_map(first);
        let upheld = |one: &&AnswerRecord| {
            one.decided().is_some_and(|reply| reply.outcome == portcullis_registry::Outcome::Upheld)
        };
        let courses = snapshot.partners().filter_map(|(_, partner)| partner.course.as_deref());
        let clients = snapshot.clients().filter_map(|(_, client)| client.course.as_deref());
        let ran_out = |course: &&Course| course.review.is_some_and(|review| review.ran_out);
        Self {
            open: [open(AnswerKind::Answer), open(AnswerKind::Appeal)],
            overdue: answers.open().filter(|one| is_late(one)).count() as u64,
            oldest: answers.open().next().map_or(0, |one| seconds(one.at, now)),
            replied: waits.fold((0, 0), |(count, sum), wait| (count + 1, sum + wait)),
            upheld: answers.newest(None).filter(upheld).count() as u64,
            reviews: courses.chain(clients).filter(ran_out).count() as u64,
        }
    }
}

/// Whether nobody replied in time, nor since.
fn is_late(one: &AnswerRecord) -> bool {
    one.overdue && one.replies.is_empty()
}

fn seconds(from: Wall, to: Wall) -> u64 {
    to.0.saturating_sub(from.0) / 1000
}

/// Whether partners are replied to in time, and a line about it.
pub(super) fn line(snapshot: &Snapshot, now: Wall) -> (bool, String) {
    let owed = Owed::at(snapshot, now);
    let open: u64 = owed.open.iter().sum();
    let mut told = format!("{open} answers of partners wait, {} of them overdue", owed.overdue);
    if owed.overdue > 0 {
        told.push_str("; `portcullis answer list --open` shows them");
    }
    if owed.reviews > 0 {
        told.push_str(&format!("; {} holds were to be looked at again", owed.reviews));
    }
    (owed.overdue == 0 && owed.reviews == 0, told)
}

/// The figures in Prometheus' text format.
pub(super) fn page(snapshot: &Snapshot, hooks: &hooks::Figures, now: Wall) -> String {
    let owed = Owed::at(snapshot, now);
    let [answers, appeals] = owed.open;
    let kinds = [("{kind=\"answer\"}", answers), ("{kind=\"appeal\"}", appeals)];
    let kinds = kinds.map(|(labels, value)| (labels.to_owned(), value));
    let mut page = Page::default();
    page.each(("answers_open", "gauge"), "Answers of partners that wait for the platform.", &kinds);
    let about = "Answers of partners that nobody replied to in time.";
    page.one(("answers_overdue", "gauge"), about, owed.overdue);
    let about = "Age of the oldest answer of a partner that waits.";
    page.one(("answers_oldest_seconds", "gauge"), about, owed.oldest);
    let about = "Answers of partners that were replied to.";
    page.one(("answers_replied_total", "counter"), about, owed.replied.0);
    let about = "Time to the first reply, of all answers together.";
    page.one(("answers_reply_seconds_total", "counter"), about, owed.replied.1);
    page.one(("appeals_upheld_total", "counter"), "Appeals that were upheld.", owed.upheld);
    let about = "Holds whose review date passed.";
    page.one(("reviews_overdue", "gauge"), about, owed.reviews);
    let about = "Messages that hooks of partners took since the start.";
    page.one(("hook_messages_total", "counter"), about, hooks.sent());
    let about = "Tries to hand a message to a hook that failed since the start.";
    page.one(("hook_failures_total", "counter"), about, hooks.failed());
    let about = "Messages that wait to be taken by a hook.";
    page.one(("hook_waiting", "gauge"), about, hooks.waiting());
    let about = "Age of the oldest message that waits.";
    page.one(("hook_oldest_seconds", "gauge"), about, hooks.age(now));
    let about = "Messages that no hook took and that are not tried any more.";
    page.one(("hook_given_up", "gauge"), about, hooks.given_up());
    page.text()
}
