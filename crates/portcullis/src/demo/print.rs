//! How the demo looks on a terminal: one line a verdict, the reason under a refusal.
//!
//! Must not decide anything.

use std::io::Write;

use owo_colors::OwoColorize;

use super::caller::Answer;
use super::script::{Expect, Step, Who};

/// Where the demo prints; colours only on a terminal.
pub(crate) struct Stage {
    out: anstream::AutoStream<std::io::Stdout>,
    pub(crate) unexpected: usize,
    pub(crate) shown: usize,
}

impl Stage {
    /// On standard output.
    pub(crate) fn new() -> Self {
        Self { out: anstream::AutoStream::auto(std::io::stdout()), unexpected: 0, shown: 0 }
    }

    /// A heading.
    pub(crate) fn heading(&mut self, text: &str) {
        self.line(&format!("\n{}", text.bold()));
    }

    /// A plain line. A reader who went away is not a fault of the demo.
    pub(crate) fn line(&mut self, text: &str) {
        let _gone = writeln!(self.out, "{text}");
        let _gone = self.out.flush();
    }

    /// A verdict, and whether it was the one expected.
    pub(crate) fn verdict(&mut self, step: &Step, answer: &Answer) -> bool {
        self.judged((name(step.who), step.tries), step.expect, answer)
    }

    /// The same of somebody who is no player of the demo's.
    pub(crate) fn judged(
        &mut self,
        (who, tries): (&str, &str),
        expect: Expect,
        answer: &Answer,
    ) -> bool {
        let as_expected = match expect {
            Expect::Pass => matches!(answer.status, 200..300) && answer.code.is_none(),
            Expect::Refused(code) => answer.code.as_deref() == Some(code),
        };
        let word = match (answer.status, &answer.code) {
            (200..300, None) => "PASS   ".green().to_string(),
            _ => "REFUSED".red().to_string(),
        };
        let code = answer.code.as_deref().unwrap_or("");
        self.line(&format!(
            "  {word} {} {:<16} {:<46} {}",
            answer.status,
            who,
            tries,
            code.dimmed()
        ));
        if let Some(detail) = &answer.detail {
            self.line(&format!("          {}", detail.dimmed()));
        }
        if let Some(seconds) = &answer.retry_after {
            self.line(&format!("          {}", format!("Retry-After: {seconds}").dimmed()));
        }
        self.count(as_expected, || format!("expected {expect:?}"));
        as_expected
    }

    /// Counts a check.
    pub(crate) fn count(&mut self, as_expected: bool, wanted: impl Fn() -> String) {
        self.shown += 1;
        if !as_expected {
            self.unexpected += 1;
            self.line(&format!("          {} {}", "UNEXPECTED:".red().bold(), wanted()));
        }
    }
}

/// The partner's name.
pub(crate) fn name(who: Who) -> &'static str {
    match who {
        Who::Honest => "harbour-studio",
        Who::Sweeper => "geo-harvest",
        Who::StorySaver => "story-keeper",
    }
}
