//! Events into state. The one place where state changes.
//!
//! An event that was once accepted must fold for ever, so the fold only checks that what it names
//! exists; the rules of the day stand in `plan`. It never loosens by accident: a second hold
//! replaces the words, a second revocation changes nothing, and nothing brings a revoked key back.

mod answers;
mod cases;
mod changes;
mod deletions;
mod keys;
mod people;
mod persons;
mod retention;
mod standing;

use std::sync::Arc;

use portcullis_types::{Notice, ReasonCode, StandingName};

use crate::events::Event;
use crate::guard::{GuardEvent, LogLost};
use crate::hooks::HookEvent;
use crate::records::{Credential, GrantsLogged, PepperIx, PolicyInForce};
use crate::signals::SignalAction;
use crate::snapshot::Snapshot;
use crate::state::{FoldError, Place, State};

use standing::{concerned, running};

impl Place<'_> {
    fn bad(self, why: impl Into<String>) -> FoldError {
        FoldError { revision: self.revision, why: why.into() }
    }
}

impl State {
    /// Takes one event in. `blob` finds content by its digest.
    ///
    /// # Errors
    /// [`FoldError`] when the event is out of order, or names what does not exist: the log is
    /// damaged or not ours. The state is then not to be used any further.
    pub fn apply(
        &mut self,
        place: Place<'_>,
        event: &Event,
        blob: &dyn Fn(&str) -> Option<Arc<[u8]>>,
    ) -> Result<(), FoldError> {
        let Place { revision, ts, .. } = place;
        let expected = self.now.revision.map_or(0, |last| last.0 + 1);
        if revision.0 != expected {
            return Err(place.bad(format!("revision {expected} is missing")));
        }
        let place = match event {
            Event::Guard(GuardEvent::Applied { by, approver, .. }) => {
                Place { by, approver: approver.as_ref(), ..place }
            }
            _ => place,
        };
        let event = event.again();
        let subject = concerned(event);
        let find = |now: &Snapshot| subject.as_ref().and_then(|id| now.subject_ix(id));
        let before = find(&self.now).map(|at| running(&self.now, at)).unwrap_or_default();
        self.change(place, event, blob)?;
        self.rewind(find(&self.now), before);
        self.touch(place, event);
        self.count_own(place);
        self.file(place, event);
        self.stepped(place, event);
        self.keep_body(place, event, blob);
        self.now.revision = Some(revision);
        self.now.at = self.now.at.max(ts);
        Ok(())
    }

    fn change(
        &mut self,
        place: Place<'_>,
        event: &Event,
        blob: &dyn Fn(&str) -> Option<Arc<[u8]>>,
    ) -> Result<(), FoldError> {
        match event {
            Event::LogOpened { origin, .. } => {
                if place.revision.0 != 0 {
                    return Err(place.bad("a log is opened once, by its first event"));
                }
                self.now.origin = Some(Arc::from(origin.as_str()));
            }
            Event::PartnerAdded { .. } | Event::PartnerEdited { .. } => {
                self.partner(place, event)?
            }
            Event::ClientAdded { .. } => self.client(place, event)?,
            Event::FactsDeclared { subject, facts, blob: sha256 } => {
                self.facts(place, subject, (facts.as_ref(), sha256.as_deref()), blob)?;
            }
            Event::ModeSet { partner, mode, .. } => self.mode(place, partner, *mode)?,
            Event::GrantsChanged { total, digest, .. } => {
                let (revision, at) = (place.revision, place.ts);
                let logged = GrantsLogged { revision, at, total: *total, digest: digest.clone() };
                self.now.grants = Some(Arc::new(logged));
            }
            Event::KeyIssued { .. } => self.key(place, event)?,
            Event::KeysImported { blob: sha256, tier, r#use, count, pepper, .. } => {
                let body = blob(sha256).ok_or_else(|| place.bad("its list of keys is missing"))?;
                let create = tier.as_ref().zip(*r#use);
                self.import(place, (&body, *count), create, pepper)?;
            }
            Event::Standing(event) => self.standing_event(place, event)?,
            Event::Credential(event) => self.key_event(place, event)?,
            Event::KeyRevoked { key, reason, tell, .. } => {
                self.end(place, key, Credential::Revoked, ended(place, reason, tell))?;
            }
            Event::SignalRaised { .. } => self.signal(place, event)?,
            Event::SignalCapped { .. } => self.now.signals.cap(place.ts),
            // Counted with every other event of the partner's.
            Event::QuotaReached { .. } => {}
            Event::PolicyPublished { files, set } => {
                self.now.policy = Some(Arc::new(PolicyInForce {
                    revision: place.revision,
                    since: place.ts,
                    set: set.clone(),
                    files: files.clone(),
                }));
            }
            Event::People(event) => self.person_event(place, event, blob)?,
            Event::Answer(event) => self.answer_event(place, event)?,
            Event::Case(event) => self.case_event(place, event, blob)?,
            Event::Retention(event) => self.erased(place, event),
            Event::Ledger(event) => self.ledger_event(place, event),
            Event::Deletion(event) => self.deletion_event(place, event)?,
            Event::Guard(GuardEvent::Lost { from, to }) => {
                self.now.lost = Some(LogLost { from: *from, to: *to, at: place.ts });
                self.all_confirmed();
            }
            // Taken for what it puts in force again before it comes here.
            Event::Guard(GuardEvent::Applied { .. }) | Event::Later(_) => {}
            Event::Change(event) => self.change_event(place, event, blob),
            Event::Agreement(event) => self.announced(place, event),
            // Hooks are kept beside the log.
            Event::Hook(HookEvent::Platform(event)) => self.platform_event(place, event)?,
            Event::Hook(_) => {}
            Event::SecretRotated { what, fingerprint, .. } => {
                Arc::make_mut(&mut self.now.secrets).insert(*what, fingerprint.clone());
            }
        }
        Ok(())
    }

    fn signal(&mut self, place: Place<'_>, event: &Event) -> Result<(), FoldError> {
        let Event::SignalRaised { partner, rule, then, wanted, .. } = event else { return Ok(()) };
        let at = self.now.partner_ix(partner);
        let at = at.ok_or_else(|| place.bad(format!("unknown partner `{partner}`")))?;
        self.now.signals.push(place.revision, at, rule);
        if then.contains(&SignalAction::Hold) && !wanted.contains(&SignalAction::Hold) {
            self.now.signals.hold(place.ts, at);
        }
        Ok(())
    }

    /// Counts keys that aren't revoked by the pepper they were made under.
    fn peppered(&mut self, pepper: &str, keys: u64) -> PepperIx {
        let peppers = Arc::make_mut(&mut self.now.peppers);
        let known = peppers.iter().position(|(name, _)| &**name == pepper);
        let at = known.unwrap_or_else(|| {
            peppers.push((Arc::from(pepper), 0));
            peppers.len() - 1
        });
        if let Some((_, count)) = peppers.get_mut(at) {
            *count += keys;
        }
        // Nobody rotates 254 times; who does sees the last ones counted as none.
        u8::try_from(at).map_or(PepperIx::NONE, PepperIx)
    }
}

fn numbered(place: Place<'_>, len: usize) -> Result<u32, FoldError> {
    u32::try_from(len).map_err(|_| place.bad("there are more records than can be numbered"))
}

/// Of the end of a key.
fn ended(place: Place<'_>, reason: &ReasonCode, tell: &str) -> Arc<Notice> {
    let hold = Notice::hold(place.ts, reason.clone(), Arc::from(tell));
    let (state, revision) = (StandingName::Terminated, Some(place.revision));
    Arc::new(Notice { state, revision, ..hold })
}
