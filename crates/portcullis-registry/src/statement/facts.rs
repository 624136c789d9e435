//! Facts from what the gate itself counted, so that nobody has to copy figures by hand.

use portcullis_types::{Revision, Wall};

use super::{Fact, Moment, Period};
use crate::events::Event;
use crate::signals::SignalSeen;

/// The fact that a watch saw. Its evidence is what it measured, in its own words.
pub(crate) fn fact_of_watch(seen: &SignalSeen, at: Wall) -> Fact {
    let SignalSeen { rule, signal, evidence, .. } = seen;
    Fact { evidence: Some(evidence.clone()), ..counted(rule, signal, evidence, at) }
}

/// The fact that a signal of the log stands for; its evidence is the event itself, by the hash of
/// its leaf. None for any other event.
#[must_use]
pub fn fact_of_signal(revision: Revision, at: Wall, hash: &str, event: &Event) -> Option<Fact> {
    let Event::SignalRaised { rule, signal, evidence, .. } = event else { return None };
    let statement =
        format!("The watch `{rule}` counted {evidence} (event {} of the log).", revision.0);
    let evidence_sha256 = Some(hash.to_owned());
    Some(Fact { statement, evidence_sha256, ..counted(rule, signal, evidence, at) })
}

fn counted(rule: &str, signal: &str, evidence: &str, at: Wall) -> Fact {
    let seen = Moment(at);
    Fact {
        statement: format!("The watch `{rule}` counted {evidence}."),
        period: Some(Period { from: seen, until: seen }),
        metric: Some(signal.replace('_', " ")),
        value: Some(evidence.to_owned()),
        limit: Some(format!("as watch `{rule}` sets it")),
        evidence_sha256: None,
        evidence: None,
    }
}
