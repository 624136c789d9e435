//! Keys over time: activated, rotated with an overlap, revoked, given up as compromised.
//!
//! The last two are final; no step leads back from them.

use portcullis_types::{KeyId, KeyIx, Notice, StandingName, Wall};

use super::binding::bound;
use super::standing::{Why, ahead};
use super::undo_by_fact;
use crate::events::Event;
use crate::key_record::KeyRecord;
use crate::office::NarrowKind;
use crate::records::{Credential, SubjectIx};
use crate::rejected::Rejected;
use crate::standing::{CredentialRejected, DAY, KeyCommand, KeyEvent, NewSecret};
use crate::state::{Narrowing, Planned, State};
use crate::texts;
use crate::words::{Actor, ActorKind, KeyStart};

/// Most days that an old and a new key both work.
const OVERLAP_DAYS_MAX: u64 = 14;
/// Most keys that a line names.
const NAMED_MAX: usize = 10;
/// So many days both work where nobody says otherwise.
const OVERLAP_DAYS: u64 = 7;

impl State {
    pub(super) fn credential(
        &self,
        by: &Actor,
        command: &KeyCommand,
        now: Wall,
    ) -> Result<Planned, Rejected> {
        match command {
            KeyCommand::Activate { key } => self.activate(key, now),
            KeyCommand::Rotate { key, new, until } => self.rotate(key, new, *until, now),
            KeyCommand::Compromised { key, reason, tell, case, reissue } => {
                let why = self.why(reason, tell, case.as_deref())?;
                self.compromised((by, key), why, reissue.as_ref(), now)
            }
            KeyCommand::Bind { key, binding, tell } => self.bind(key, binding, tell, now),
        }
    }

    fn activate(&self, id: &KeyId, now: Wall) -> Result<Planned, Rejected> {
        let (_, key) = self.living(id, now)?;
        if key.credential != Credential::Pending {
            return Err(CredentialRejected::NotPending { key: id.clone() }.into());
        }
        let event = Event::Credential(KeyEvent::Activated { key: id.clone() });
        let tell = "This key was activated too early.";
        let undo = undo_by_fact("key hold", id.as_str(), tell, " --review-by 7d");
        let what = format!("key `{id}` works from the next call on");
        Ok(Planned { undo: Some(undo), ..Planned::one(event, what) })
    }

    fn rotate(
        &self,
        id: &KeyId,
        new: &NewSecret,
        until: Option<Wall>,
        now: Wall,
    ) -> Result<Planned, Rejected> {
        let (_, key) = self.living(id, now)?;
        match key.credential {
            Credential::Rotating => {
                let until = key.expires.unwrap_or(now);
                return Err(CredentialRejected::RotatingAlready { key: id.clone(), until }.into());
            }
            Credential::Pending => {
                return Err(CredentialRejected::RotatesPending { key: id.clone() }.into());
            }
            Credential::Active
            | Credential::Expired
            | Credential::Revoked
            | Credential::Compromised => {}
        }
        let most = super::standing::later(now, OVERLAP_DAYS_MAX);
        let until = ahead("end of the overlap", until, now)?;
        if let Some(at) = until.filter(|at| *at > most) {
            return Err(
                CredentialRejected::OverlapTooLong { at, most, days: OVERLAP_DAYS_MAX }.into()
            );
        }
        let until = until.unwrap_or(Wall(now.0.saturating_add(OVERLAP_DAYS * DAY)));
        // A rotation never makes the old key last longer.
        let until = key.expires.map_or(until, |ends| ends.min(until));
        let issued = self.successor(key, new, now)?;
        let (key, successor) = (id.clone(), new.id.clone());
        let what = format!(
            "key `{successor}` issued in place of `{id}`, which works until {}",
            until.rfc3339()
        );
        let rotated = Event::Credential(KeyEvent::Rotated { key, successor, until });
        let created = vec![new.id.clone()];
        Ok(Planned { events: vec![issued, rotated], created, ..Planned::nothing(&what) })
    }

    fn compromised(
        &self,
        (by, id): (&Actor, &KeyId),
        why: Why<'_>,
        reissue: Option<&NewSecret>,
        now: Wall,
    ) -> Result<Planned, Rejected> {
        let (at, key) = self.unended(id, &why)?;
        let issued = reissue.map(|new| self.successor(key, new, now)).transpose()?;
        let narrows = Some(end(at, &why, now));
        let successor = reissue.map(|new| new.id.clone());
        let new = successor.as_ref().map(|id| format!("; key `{id}` issued in its place"));
        // Whoever had the secret may have renewed it, save the key that asks: it was not given up.
        let renewed = self.renewals(key).into_iter().map(|key| key.id());
        let renewed: Vec<KeyId> = renewed.take_while(|key| !is_with(by, key)).collect();
        let with = match &*renewed {
            [] => String::new(),
            all => format!("; so is what it was renewed into by itself: {}", listed(all)),
        };
        let what = format!(
            "key `{id}` given up as compromised: refused from the next call on{with}{}",
            new.unwrap_or_default()
        );
        let given_up = |key: &KeyId, successor| {
            Event::Credential(KeyEvent::Compromised {
                key: key.clone(),
                reason: why.reason.clone(),
                tell: why.tell.clone(),
                successor,
                case: why.case.clone(),
                statement: None,
            })
        };
        let first = given_up(id, successor.clone());
        let renewed = renewed.into_iter().map(|key| given_up(&key, None));
        let events = issued.into_iter().chain([first]).chain(renewed).collect();
        let created = successor.into_iter().collect();
        Ok(Planned { events, created, narrows, ..Planned::nothing(&what) })
    }

    pub(super) fn revoke(&self, id: &KeyId, why: Why<'_>, now: Wall) -> Result<Planned, Rejected> {
        let (at, key) = self.unended(id, &why)?;
        let narrows = Some(end(at, &why, now));
        let left = self.left(key);
        let event = Event::KeyRevoked {
            key: id.clone(),
            reason: why.reason.clone(),
            tell: why.tell,
            case: why.case,
            statement: None,
        };
        let what = format!("key `{id}` revoked for ever: refused from the next call on{left}");
        Ok(Planned { narrows, ..Planned::one(event, what) })
    }

    /// The keys that a key was renewed into by itself, and those by themselves.
    pub(crate) fn line(&self, key: &KeyRecord) -> impl Iterator<Item = &KeyRecord> {
        let next = |key: &KeyRecord| {
            let more = key.more.as_ref().filter(|more| more.renewed_itself)?;
            self.now.key(more.successor?)
        };
        std::iter::successors(next(key), move |key| next(key))
    }

    /// Those of them that did not end by a decision.
    fn renewals(&self, key: &KeyRecord) -> Vec<&KeyRecord> {
        self.line(key).filter(|key| !key.credential.is_final()).collect()
    }

    /// What goes on to work where a key is held or revoked that renewed itself.
    pub(super) fn left(&self, key: &KeyRecord) -> String {
        let left: Vec<KeyId> = self.renewals(key).into_iter().map(|key| key.id()).collect();
        match &*left {
            [] => String::new(),
            all => format!(
                "; what it was renewed into by itself works on ({}): end that too where somebody else had the key",
                listed(all)
            ),
        }
    }

    /// A key that did not end by a decision: the first of those stands.
    fn unended(&self, id: &KeyId, why: &Why<'_>) -> Result<(KeyIx, &KeyRecord), Rejected> {
        let (at, key) = self.known_key(id)?;
        if key.credential.is_final() {
            let since = key.ended.as_ref().map_or(key.issued, |notice| notice.since);
            let reason =
                key.ended.as_ref().map_or_else(|| why.reason.clone(), |n| n.reason.clone());
            return Err(Rejected::AlreadyRevoked { key: id.clone(), since, reason });
        }
        Ok((at, key))
    }

    /// A key that did not end at all.
    pub(super) fn living(&self, id: &KeyId, now: Wall) -> Result<(KeyIx, &KeyRecord), Rejected> {
        let (at, key) = self.known_key(id)?;
        if key.credential.is_final() {
            let since = key.ended.as_ref().map_or(key.issued, |notice| notice.since);
            return Err(Rejected::RevokedNeverReturns { key: id.clone(), since });
        }
        match key.expires {
            Some(at) if at <= now || key.credential == Credential::Expired => {
                Err(CredentialRejected::Over { key: id.clone(), at }.into())
            }
            _ => Ok((at, key)),
        }
    }

    /// A key like another, with a secret of its own.
    fn successor(&self, key: &KeyRecord, new: &NewSecret, now: Wall) -> Result<Event, Rejected> {
        let owner = self.now.partner(key.partner).map(|partner| partner.id.clone());
        let client = key.client.and_then(|at| self.now.client(at)).map(|client| client.id.clone());
        let scopes = key.scopes.and_then(|at| self.now.scope_list(at)).map(<[_]>::to_vec);
        if let Some(identity) = key.identity() {
            let (key, identity) = (key.id(), identity.to_string());
            return Err(CredentialRejected::NoSecret { key, identity }.into());
        }
        if key.narrowed.is_some() {
            return Err(CredentialRejected::HeldFirst { key: key.id() }.into());
        }
        // Whoever replaces a key does not let it begin sooner, or again.
        if let Some(at) = key.expires.filter(|at| *at <= now) {
            return Err(CredentialRejected::Over { key: key.id(), at }.into());
        }
        let starts = key.more.as_ref().and_then(|more| more.starts);
        let start = match (key.credential, starts) {
            (Credential::Pending, None) => KeyStart::WhenActivated,
            (Credential::Pending, Some(from)) if now < from => KeyStart::At(from),
            _ => KeyStart::AtOnce,
        };
        self.fresh(&new.id, &new.digest)?;
        Ok(Event::KeyIssued {
            key: new.id.clone(),
            partner: owner.ok_or(Rejected::Full("keys"))?,
            client,
            scopes,
            start,
            expires: match key.credential {
                Credential::Rotating => key.more.as_ref().and_then(|more| more.ends),
                _ => key.expires,
            },
            digest: new.digest.clone(),
            pepper: texts::label("pepper's fingerprint", &new.pepper)?,
            label: key.label.as_deref().unwrap_or_default().to_owned(),
            binding: bound(key),
            identity: None,
        })
    }
}

/// Whether it is this key that asks.
fn is_with(by: &Actor, key: &KeyId) -> bool {
    let asks = by.id.split_once('/').map(|(_, key)| key);
    by.kind == ActorKind::Partner && asks == Some(key.as_str())
}

fn listed(keys: &[KeyId]) -> String {
    let named = keys.iter().take(NAMED_MAX).map(|key| format!("`{key}`"));
    let named = named.collect::<Vec<_>>().join(", ");
    match keys.len().saturating_sub(NAMED_MAX) {
        0 => named,
        rest => format!("{named} and {rest} more"),
    }
}

/// The end of a key, as it bites.
fn end(at: KeyIx, why: &Why<'_>, now: Wall) -> Narrowing {
    Narrowing {
        subject: SubjectIx::Key(at),
        kind: NarrowKind::Revoke,
        notice: Notice { state: StandingName::Terminated, ..why.notice(now) }.into(),
    }
}
