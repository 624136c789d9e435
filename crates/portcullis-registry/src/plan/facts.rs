//! Declaring facts, and the mode a partner is in.

use portcullis_types::{Facts, PartnerId, Wall};

use super::standing::shut;
use super::{EVENT_BYTES_MAX, length, quoted};
use crate::events::Event;
use crate::facts::{checked, facts_blob};
use crate::records::SubjectIx;
use crate::rejected::Rejected;
use crate::state::{Blob, Planned, State};
use crate::texts;
use crate::words::{Mode, SubjectId};

/// What a partner is told that was observed by mistake.
const TOLD_AGAIN: &str = "--reason mistake --tell 'What your policies refuse passed for a time, by mistake; it is refused again.' --fact 'The calls of that time were watched and not refused.' --period now";

impl State {
    pub(super) fn declare_facts(
        &self,
        subject: &SubjectId,
        facts: &Facts,
        now: Wall,
    ) -> Result<Planned, Rejected> {
        let old = self.facts_of(subject)?;
        let (event, blob, facts) = declared(subject, facts, old, now)?;
        if facts == *old {
            return Err(Rejected::NothingChanges(subject.clone()));
        }
        let what = format!("{subject} {}", told(&facts));
        Ok(Planned { blobs: blob.into_iter().collect(), ..Planned::one(event, what) })
    }

    fn facts_of(&self, subject: &SubjectId) -> Result<&Facts, Rejected> {
        match subject {
            SubjectId::Partner(id) => Ok(&*self.known_partner(id)?.1.facts),
            SubjectId::Client(id) => Ok(&*self.known_client(id)?.1.facts),
            SubjectId::Key(key) => Err(Rejected::FactsOfKey { key: key.clone() }),
        }
    }

    pub(super) fn set_mode(
        &self,
        id: &PartnerId,
        mode: Mode,
        why: &str,
    ) -> Result<Planned, Rejected> {
        let (at, partner) = self.known_partner(id)?;
        if partner.mode == mode {
            return Err(Rejected::SameMode { partner: id.clone(), mode: mode.name() });
        }
        let why = texts::label("reason", why)?;
        if why.is_empty() {
            return Err(Rejected::WhyMissing);
        }
        let (what, undo) = match mode {
            Mode::Observe => (
                format!(
                    "partner `{id}` is observed: its calls are judged and recorded, but only keys and holds are enforced"
                ),
                "enforce",
            ),
            Mode::Enforce => (
                format!("policies are enforced on partner `{id}` from the next call on"),
                "observe",
            ),
        };
        let held = self.standing_held(SubjectIx::Partner(at));
        let what = if held { format!("{what}; it is on hold, and stays so") } else { what };
        let undo = format!("portcullis partner {undo} {id} --why {}", quoted("a mistake"));
        let undo = Some(match mode {
            Mode::Observe => format!("{undo} {TOLD_AGAIN}"),
            Mode::Enforce => undo,
        });
        let event = Event::ModeSet { partner: id.clone(), mode, why };
        Ok(Planned { undo, ..Planned::one(event, what) })
    }

    fn standing_held(&self, at: SubjectIx) -> bool {
        let SubjectIx::Partner(at) = at else { return false };
        self.now.partner(at).is_some_and(|partner| shut(partner.narrowed.as_ref()))
    }
}

/// The event of a declaration, the blob of a long one, and the facts as they are kept.
pub(super) fn declared(
    subject: &SubjectId,
    facts: &Facts,
    old: &Facts,
    now: Wall,
) -> Result<(Event, Option<Blob>, Facts), Rejected> {
    let mut facts = checked(facts)?;
    // A file that lists places and names no use must not move a partner to another tier.
    facts.purpose = facts.purpose.or_else(|| old.purpose.clone());
    if let Some(at) = facts.review_by.filter(|at| *at <= now && old.review_by != Some(*at)) {
        return Err(Rejected::InPast { what: "review date", at, now });
    }
    let here =
        Event::FactsDeclared { subject: subject.clone(), facts: Some(facts.clone()), blob: None };
    if length(&here) <= EVENT_BYTES_MAX {
        return Ok((here, None, facts));
    }
    let what = |error: serde_json::Error| Rejected::FactsUnfit { what: error.to_string() };
    let blob = Blob::new(facts_blob(&facts).map_err(what)?);
    let sha256 = Some(blob.sha256.clone());
    let event = Event::FactsDeclared { subject: subject.clone(), facts: None, blob: sha256 };
    Ok((event, Some(blob), facts))
}

fn told(facts: &Facts) -> String {
    let mut parts = Vec::new();
    parts.extend(facts.purpose.as_ref().map(|purpose| format!("use `{purpose}`")));
    parts.extend(facts.lists.iter().map(|(list, entries)| format!("{list} {}", entries.len())));
    parts.extend(facts.figures.iter().map(|(name, value)| format!("{name} {value}")));
    parts.extend(facts.group.as_ref().map(|group| format!("group `{group}`")));
    let review = facts.review_by.map(|at| format!("review by {}", at.rfc3339()));
    parts.extend(review);
    if parts.is_empty() {
        return "declares nothing".to_owned();
    }
    format!("declares {}", parts.join(", "))
}
