//! Facts from what the gate itself counted, so that nobody has to copy figures by hand.
//!
//! A partner reads them: the name of a watch is none of its business.

use portcullis_types::{Revision, Span, Wall};

use super::{Fact, Moment, Period};
use crate::events::Event;
use crate::signals::SignalSeen;

/// The fact that a watch saw. Its evidence is what it measured, in its own words.
pub(crate) fn fact_of_watch(seen: &SignalSeen, at: Wall) -> Fact {
    let SignalSeen { signal, evidence, limit, window, .. } = seen;
    let counted = Counted { signal, evidence, limit: Some(limit), window: Some(*window) };
    Fact { evidence: Some(evidence.clone()), ..counted.fact(at, "") }
}

/// The fact that a signal of the log stands for; its evidence is the event itself, by the hash of
/// its leaf. None for any other event.
#[must_use]
pub fn fact_of_signal(revision: Revision, at: Wall, hash: &str, event: &Event) -> Option<Fact> {
    let Event::SignalRaised { signal, evidence, limit, window, .. } = event else { return None };
    let counted = Counted { signal, evidence, limit: limit.as_deref(), window: *window };
    let whence = format!(" (event {} of the log)", revision.0);
    Some(Fact { evidence_sha256: Some(hash.to_owned()), ..counted.fact(at, &whence) })
}

/// What a watch counted; signals of earlier versions have neither limit nor window.
struct Counted<'a> {
    signal: &'a str,
    evidence: &'a str,
    limit: Option<&'a str>,
    window: Option<Span>,
}

impl Counted<'_> {
    fn fact(&self, at: Wall, whence: &str) -> Fact {
        let back = self.window.map_or(0, Span::milliseconds);
        let within = self.window.map(|window| format!(" within {window}")).unwrap_or_default();
        let limit = self.limit.map(|limit| format!("{limit}{within}"));
        Fact {
            statement: format!("The gate counted {}{within}{whence}.", self.evidence),
            period: Some(Period {
                from: Moment(Wall(at.0.saturating_sub(back))),
                until: Moment(at),
            }),
            metric: Some(self.signal.replace('_', " ")),
            value: Some(self.evidence.to_owned()),
            limit: Some(
                limit.unwrap_or_else(|| "less than that, as the platform set it".to_owned()),
            ),
            evidence_sha256: None,
            evidence: None,
        }
    }
}
