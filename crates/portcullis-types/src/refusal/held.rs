//! A call that a standing closes: whose, what is closed, what still works, and what to do.
//!
//! Says the same of a call that is listed nowhere: who is on hold must not learn what is. Must not know
//! how a notice came about.

use std::sync::Arc;

use super::text::{sentence, upper_first};
use super::{Notice, Subject};
use crate::{Closes, StandingName};

/// What a standing closes of a call.
#[derive(Debug, Clone, Eq, PartialEq)]
pub struct Held {
    /// Whose standing: the widest of those that close the call.
    pub subject: Subject,
    /// What the partner is told of it.
    pub notice: Arc<Notice>,
    /// What else narrows this caller.
    pub others: Vec<Arc<Notice>>,
    /// Classes that stay open although the shape would close them.
    pub open: Vec<Arc<str>>,
    /// What of the call is closed, where another form of it may pass.
    pub part: Part,
}

/// What of a call is closed.
#[derive(Debug, Clone, Default, Eq, PartialEq)]
pub enum Part {
    /// All of it.
    #[default]
    Call,
    /// This field, as a dotted path.
    Field(Box<str>),
    /// What it reads back of what it writes.
    ReadBack,
}

impl Held {
    /// Of a standing that nothing else is known of.
    #[must_use]
    pub const fn of(subject: Subject, notice: Arc<Notice>) -> Self {
        Self { subject, notice, others: Vec::new(), open: Vec::new(), part: Part::Call }
    }

    /// What still works, item by item; empty where nothing does.
    #[must_use]
    pub fn works(&self) -> Vec<String> {
        self.working(|class| class.to_owned())
    }

    fn working(&self, class: impl Fn(&str) -> String) -> Vec<String> {
        if self.notice.state == StandingName::Terminated {
            return Vec::new();
        }
        let closed = |shut: fn(&Closes) -> bool| {
            std::iter::once(&self.notice).chain(&self.others).any(|notice| shut(&notice.closes))
        };
        let reads = closed(|closes| matches!(closes, Closes::All | Closes::Reads));
        let writes = closed(|closes| matches!(closes, Closes::All | Closes::Writes));
        let some = closed(|closes| matches!(closes, Closes::ReadsOf(_) | Closes::Classes(_)));
        let rest = if some { "other" } else { "all" };
        let mut works = match (reads, writes) {
            (false, false) => vec!["everything else of your agreement".to_owned()],
            (true, false) => vec![format!("{rest} writes")],
            (false, true) => vec![format!("{rest} reads")],
            (true, true) => Vec::new(),
        };
        if reads || writes {
            works.extend(self.open.iter().map(|name| class(name)));
        }
        works
    }

    pub(super) fn detail(&self) -> String {
        let Self { notice, .. } = self;
        let (since, tell) = (notice.since.rfc3339(), sentence(&notice.tell));
        if notice.state == StandingName::Terminated {
            return format!(
                "{} ended on {since} ({}): {tell} Ask the platform's partner team what remains to be done.",
                self.access(),
                notice.reason
            );
        }
        let mut text = format!("{} since {since} ({}): {tell}", self.what(), notice.reason);
        match &self.part {
            Part::Call => {}
            Part::Field(field) => {
                text.push_str(&format!(" It closes the field `{field}`: name the fields you need in `fields` and leave it out."));
            }
            Part::ReadBack => {
                text.push_str(" This call asks for more than the id of what it writes: send it with `fields=id` or without `fields`, and it passes.");
            }
        }
        let works = self.working(|class| format!("`{class}`"));
        if !works.is_empty() {
            text.push_str(&format!(" What still works: {}.", works.join(", ")));
        }
        if let Some(at) = notice.review_by {
            text.push_str(&format!(" It is looked at again by {}.", at.rfc3339()));
        }
        text.push_str(match notice.state {
            StandingName::Terminating => {
                " Your access is to end; ask the platform's partner team by when."
            }
            StandingName::Restricted | StandingName::Probation => {
                " A restriction can be lifted; nothing of yours was deleted."
            }
            _ => " A hold can be lifted; nothing of yours was deleted.",
        });
        text
    }

    fn access(&self) -> &'static str {
        match self.subject {
            Subject::Partner => "All access of your organisation",
            Subject::Client => "Access for this client",
            Subject::Key => "This key",
        }
    }

    /// What is closed to whom, up to the verb.
    fn what(&self) -> String {
        let closed = match self.notice.state {
            StandingName::Restricted | StandingName::Probation => "closed",
            _ => "on hold",
        };
        if self.notice.closes == Closes::All {
            return format!("{} is {closed}", self.access());
        }
        let whom = match self.subject {
            Subject::Partner => "your organisation",
            Subject::Client => "this client",
            Subject::Key => "this key",
        };
        let verb = match &self.notice.closes {
            Closes::Classes(classes) if classes.len() == 1 => "is",
            _ => "are",
        };
        format!("{} {verb} {closed} for {whom}", upper_first(&self.notice.closes.to_string()))
    }
}
